"""A thin client of the core: finds it by its socket, starts it when it is not there, talks HTTP.

Only the standard library is imported, so that a command costs little more than starting Python.
"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from secondme import __version__, errors
from secondme.config import Config, private_dir

if TYPE_CHECKING:
    import subprocess

_START_SECONDS = 60.0
_SILENCE = 30.0
"""Seconds without a word after which it is asked whether the core is alive; a stream says so every 5."""
_LONGEST = 900.0
"""Seconds that one call may take, whatever the core is doing: the longest reads a whole memory."""
VERSION_HEADER = "X-SecondMe-Version"
CLIENT_HEADER = "X-SecondMe-Client"


class _Connection:
    """One request to the core and its answer, over its Unix socket, or over loopback with its token.

    It speaks HTTP/1.0, where an answer ends with its connection. The standard library's client would
    import email and TLS for it, which takes longer than all the rest of a quick command.
    """

    def __init__(self, config: Config, timeout: float | None) -> None:
        """Raises `OSError` or `ValueError` when no core can be reached."""
        self._headers: dict[str, str] = {}
        if config.uses_tcp:
            place = json.loads(config.tcp_file.read_text(encoding="utf-8"))
            self._headers["Authorization"] = f"Bearer {place['token']}"
            address = ("127.0.0.1", int(place["port"]))
            self._socket = socket.create_connection(address, timeout=timeout)
            return
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout)
        try:
            self._socket.connect(str(config.socket))
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> _Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fileno(self) -> int:
        """The descriptor to wait on for the answer."""
        return self._socket.fileno()

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> _Answer:
        """Send a request and read the head of its answer. Raises `OSError` or `ValueError`."""
        self.send(method, path, headers, body)
        return self.answer()

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> None:
        """Send a request."""
        fields = {**headers, **self._headers, "Content-Length": str(len(body))}
        head = [f"{method} {path} HTTP/1.0", *(f"{name}: {text}" for name, text in fields.items())]
        self._socket.sendall("\r\n".join([*head, "", ""]).encode("latin-1") + body)

    def answer(self) -> _Answer:
        """Read the head of the answer."""
        return _Answer(self._socket.makefile("rb"))

    def close(self) -> None:
        """End the connection, and with it whatever the core does for it."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


class _Answer:
    """The status and headers (names in small letters) of an answer, and its body still to be read."""

    def __init__(self, file: BinaryIO) -> None:
        self.body = file
        first = file.readline().split()
        if len(first) < 2 or not first[0].startswith(b"HTTP/"):
            raise ConnectionError("the core closed it without an answer")
        self.status = int(first[1])
        self.headers: dict[str, str] = {}
        while line := file.readline().decode("latin-1").strip():
            name, _, text = line.partition(":")
            self.headers[name.lower()] = text.strip()


class CoreClient:
    """Calls the core's use cases by name."""

    def __init__(
        self, config: Config, name: str = "cli", *, on_start: Callable[[], None] | None = None
    ) -> None:
        """`name` stands in the journal as the client; `on_start` is called when a core has to be started."""
        self.config = config
        self._name = name
        self._on_start = on_start

    def call(self, use_case: str, /, *, start: bool = True, **params: Any) -> dict[str, Any]:
        """The result of one use case. Raises a `SecondMeError` of the kind that the core raised, and
        `CoreError` when the core is not there or hangs."""
        answer, connection = self._post(use_case, params, start)
        with connection:
            try:
                result: dict[str, Any] = json.loads(answer.body.read())
            except (ValueError, OSError) as error:
                raise lost(error) from error
        if answer.status != 200:
            raise error_of(result)
        return result

    def stream(
        self, use_case: str, /, *, start: bool = True, **params: Any
    ) -> Generator[dict[str, Any]]:
        """The events of a use case, as they come; closing the iterator stops the work.

        Raises as `call` does.
        """
        answer, connection = self._post(use_case, params, start)
        try:
            if answer.status != 200:
                raise error_of(json.loads(answer.body.read()))
            last = None
            for line in answer.body:
                event: dict[str, Any] = json.loads(line)
                last = event.get("event")
                if last == "error":
                    raise error_of(event)
                if last != "alive":
                    yield event
            if last != "result":
                raise errors.CoreError("the core ended in the middle of its work", hint="try again")
        except (ValueError, OSError) as error:
            raise lost(error) from error
        finally:
            connection.close()

    def running(self) -> dict[str, Any] | None:
        """Version and process id of the core that is running, or None. Never starts one."""
        try:
            with _Connection(self.config, timeout=5) as connection:
                answer = connection.ask("GET", "/v1/ping", self._headers)
                running: dict[str, Any] = json.loads(answer.body.read())
        except (OSError, ValueError, KeyError):
            return None
        return running

    def ensure(self) -> None:
        """Start a core if none is running. Raises `CoreError` when it does not come up."""
        if self.running() is None:
            self._start()

    def stop(self, timeout: float = 15.0) -> bool:
        """End the core, of whatever version; False if none was running."""
        if self.running() is None:
            return False
        try:
            with _Connection(self.config, timeout=timeout) as connection:
                connection.ask("POST", "/v1/stop", self._headers, b"{}").body.read()
        except (OSError, ValueError) as error:
            raise lost(error) from error
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if not lock_holder(self.config):
                return True
            time.sleep(0.01)
        raise errors.CoreError(
            f"the core did not end in {timeout:.0f} s", hint="`secondme doctor --fix`"
        )

    @property
    def _headers(self) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            VERSION_HEADER: __version__,
            CLIENT_HEADER: self._name,
        }

    def _post(
        self, use_case: str, params: dict[str, Any], start: bool
    ) -> tuple[_Answer, _Connection]:
        body = json.dumps(params).encode()
        for last in (False, False, True):
            connection = self._connected(start)
            try:
                connection.send("POST", f"/v1/{use_case}", self._headers, body)
                self._await(connection)
                answer = connection.answer()
            except (ConnectionResetError, BrokenPipeError) as error:
                # A core that was ending closed without having read the request: another may have it.
                connection.close()
                if last or not start:
                    raise lost(error) from error
                continue
            except (OSError, ValueError) as error:
                connection.close()
                raise lost(error) from error
            except BaseException:
                connection.close()
                raise
            break
        version = answer.headers.get(VERSION_HEADER.lower())
        if version != __version__:
            connection.close()
            raise errors.CoreError(
                f"the running core is version {version}, this command is {__version__}",
                hint="`secondme core restart` starts the right one",
            )
        return answer, connection

    def _connected(self, start: bool) -> _Connection:
        """A connection to the core, which is started if need be and if `start` says so."""
        try:
            return _Connection(self.config, timeout=_SILENCE)
        except (OSError, ValueError, KeyError) as error:
            if not start:
                raise errors.CoreError(
                    "the core is not running", hint="`secondme core start`"
                ) from error
        self._start()
        try:
            return _Connection(self.config, timeout=_SILENCE)
        except (OSError, ValueError, KeyError) as error:
            raise lost(error) from error

    def _await(self, connection: _Connection) -> None:
        """Wait for the answer to begin. Raises `CoreError` when the core hangs, or works for too long."""
        deadline = time.monotonic() + _LONGEST
        while not select.select([connection], [], [], _SILENCE)[0]:
            if self.running() is None:
                raise _hangs()
            if time.monotonic() > deadline:
                raise errors.CoreError(
                    f"the core has not answered in {_LONGEST / 60:.0f} minutes",
                    hint="`secondme core restart`",
                )

    def _start(self) -> None:
        """Start a core and wait until it answers; two that start at once end up with one.

        A core that is just ending still has the lock: one started beside it goes, and another follows.
        """
        if self._on_start:
            self._on_start()
        log = private_dir(self.config.log_dir) / "core.log"
        process = self._launch(log)
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self.running() is not None:
                return
            code = process.poll()
            if code == 0 and lock_holder(self.config) is None:
                process = self._launch(log)
            elif code:
                why = _last_line(log) or f"the core could not start (exit {code})"
                raise errors.CoreError(why, hint=f"its log is {log}")
            time.sleep(0.02)
        raise errors.CoreError(
            f"the core did not answer within {_START_SECONDS:.0f} s", hint=f"its log is {log}"
        )

    def _launch(self, log: Path) -> subprocess.Popen[bytes]:
        import subprocess

        mode = os.O_CREAT | os.O_APPEND | os.O_WRONLY
        with os.fdopen(os.open(log, mode, 0o600), "ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "secondme.core"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                cwd=Path(self.config.data_dir).anchor,
            )


def lock_holder(config: Config) -> int | None:
    """The process id of the core that holds the data directory's lock, or None when nobody does."""
    try:
        import fcntl
    except ImportError:
        return _pid_in(config.lock_file) if config.tcp_file.exists() else None
    try:
        descriptor = os.open(config.lock_file, os.O_RDWR)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return _pid_in(config.lock_file) or -1
    finally:
        os.close(descriptor)
    return None


def _pid_in(file: Path) -> int | None:
    try:
        return int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _last_line(log: Path) -> str | None:
    """The reason that a core which could not start has written last."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    return next(
        (line.removeprefix("error: ") for line in reversed(lines) if line.startswith("error: ")),
        None,
    )


def error_of(body: dict[str, Any]) -> errors.SecondMeError:
    """The error that the core has answered with."""
    kind: type[errors.SecondMeError] = getattr(errors, str(body.get("kind", "")), errors.CoreError)
    return kind(body.get("error", "the core failed"), hint=body.get("hint", ""))


def _hangs() -> errors.CoreError:
    return errors.CoreError(
        f"the core has not said a word for {_SILENCE:.0f} s: it hangs",
        hint="`secondme doctor --fix` ends it; what was acknowledged is safe",
    )


def lost(error: Exception) -> errors.CoreError:
    """The error for a connection that broke."""
    if isinstance(error, TimeoutError):
        return _hangs()
    return errors.CoreError(
        f"the connection to the core was lost: {error or type(error).__name__}",
        hint="what was acknowledged is safe; try again",
    )
