"""A thin client of the core: finds it by its socket, starts it when it is not there, talks HTTP.

Only the standard library is imported, so that a command costs little more than starting Python.
"""

from __future__ import annotations

import http.client
import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from secondme import __version__, errors
from secondme.config import Config, private_dir

_START_SECONDS = 60.0
_SILENCE = 30.0
"""Seconds without a word after which it is asked whether the core is alive; a stream says so every 5."""
_LONGEST = 900.0
"""Seconds that one call may take, whatever the core is doing: the longest reads a whole memory."""
VERSION_HEADER = "X-SecondMe-Version"
CLIENT_HEADER = "X-SecondMe-Client"


class _Connection(http.client.HTTPConnection):
    """HTTP over the core's Unix socket, or over loopback with its token."""

    def __init__(self, config: Config, timeout: float | None) -> None:
        super().__init__("core", timeout=timeout)
        self._config = config
        self.token = ""

    def connect(self) -> None:
        if self._config.uses_tcp:
            place = json.loads(self._config.tcp_file.read_text(encoding="utf-8"))
            self.token = place["token"]
            self.sock = socket.create_connection(("127.0.0.1", place["port"]), timeout=self.timeout)
            return
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._config.socket))


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
        response, connection = self._post(use_case, params, start)
        try:
            body = json.loads(response.read())
        except (ValueError, OSError, http.client.HTTPException) as error:
            raise _lost(error) from error
        finally:
            connection.close()
        if response.status != 200:
            raise _error(body)
        result: dict[str, Any] = body
        return result

    def stream(
        self, use_case: str, /, *, start: bool = True, **params: Any
    ) -> Generator[dict[str, Any]]:
        """The events of a use case, as they come; closing the iterator stops the work.

        Raises as `call` does.
        """
        response, connection = self._post(use_case, params, start)
        try:
            if response.status != 200:
                raise _error(json.loads(response.read()))
            last = None
            for line in response:
                event: dict[str, Any] = json.loads(line)
                last = event.get("event")
                if last == "error":
                    raise _error(event)
                if last != "alive":
                    yield event
            if last != "result":
                raise errors.CoreError("the core ended in the middle of its work", hint="try again")
        except (ValueError, OSError, http.client.HTTPException) as error:
            raise _lost(error) from error
        finally:
            connection.close()

    def running(self) -> dict[str, Any] | None:
        """Version and process id of the core that is running, or None. Never starts one."""
        connection = _Connection(self.config, timeout=5)
        try:
            connection.connect()
            connection.request("GET", "/v1/ping", headers=self._headers(connection))
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
        except (OSError, ValueError, KeyError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        return answer

    def ensure(self) -> None:
        """Start a core if none is running. Raises `CoreError` when it does not come up."""
        if self.running() is None:
            self._start()

    def stop(self, timeout: float = 15.0) -> bool:
        """End the core, of whatever version; False if none was running."""
        if self.running() is None:
            return False
        connection = _Connection(self.config, timeout=timeout)
        try:
            connection.connect()
            connection.request("POST", "/v1/stop", body=b"{}", headers=self._headers(connection))
            connection.getresponse().read()
        except (OSError, http.client.HTTPException) as error:
            raise _lost(error) from error
        finally:
            connection.close()
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if not lock_holder(self.config):
                return True
            time.sleep(0.05)
        raise errors.CoreError(
            f"the core did not end in {timeout:.0f} s", hint="`secondme doctor --fix`"
        )

    def _headers(self, connection: _Connection) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            VERSION_HEADER: __version__,
            CLIENT_HEADER: self._name,
        }
        if connection.token:
            headers["Authorization"] = f"Bearer {connection.token}"
        return headers

    def _post(
        self, use_case: str, params: dict[str, Any], start: bool
    ) -> tuple[http.client.HTTPResponse, _Connection]:
        for last in (False, False, True):
            connection = self._connected(start)
            try:
                response = self._sent(connection, use_case, params)
            except http.client.RemoteDisconnected as error:
                connection.close()
                raise _lost(error) from error
            except (ConnectionResetError, BrokenPipeError) as error:
                # A core that was ending closed without having read the request: another may have it.
                connection.close()
                if last or not start:
                    raise _lost(error) from error
                continue
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                raise _lost(error) from error
            except BaseException:
                connection.close()
                raise
            break
        version = response.getheader(VERSION_HEADER)
        if version != __version__:
            connection.close()
            raise errors.CoreError(
                f"the running core is version {version}, this command is {__version__}",
                hint="`secondme core restart` starts the right one",
            )
        return response, connection

    def _connected(self, start: bool) -> _Connection:
        """A connection to the core, which is started if need be. Raises `CoreError`."""
        connection = _Connection(self.config, timeout=_SILENCE)
        try:
            connection.connect()
        except (OSError, ValueError, KeyError) as error:
            connection.close()
            if not start:
                raise errors.CoreError(
                    "the core is not running", hint="`secondme core start`"
                ) from error
            self._start()
            connection = _Connection(self.config, timeout=_SILENCE)
            try:
                connection.connect()
            except OSError as again:
                raise _lost(again) from again
        return connection

    def _sent(
        self, connection: _Connection, use_case: str, params: dict[str, Any]
    ) -> http.client.HTTPResponse:
        """Send the request and wait for its answer to begin."""
        body = json.dumps(params).encode()
        connection.request("POST", f"/v1/{use_case}", body=body, headers=self._headers(connection))
        self._await(connection)
        return connection.getresponse()

    def _await(self, connection: _Connection) -> None:
        """Wait for the answer to begin. Raises `CoreError` when the core hangs, or works for too long."""
        deadline = time.monotonic() + _LONGEST
        while not select.select([connection.sock], [], [], _SILENCE)[0]:
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


def _error(body: dict[str, Any]) -> errors.SecondMeError:
    kind: type[errors.SecondMeError] = getattr(errors, str(body.get("kind", "")), errors.CoreError)
    return kind(body.get("error", "the core failed"), hint=body.get("hint", ""))


def _hangs() -> errors.CoreError:
    return errors.CoreError(
        f"the core has not said a word for {_SILENCE:.0f} s: it hangs",
        hint="`secondme doctor --fix` ends it; what was acknowledged is safe",
    )


def _lost(error: Exception) -> errors.CoreError:
    if isinstance(error, TimeoutError):
        return _hangs()
    return errors.CoreError(
        f"the connection to the core was lost: {error or type(error).__name__}",
        hint="what was acknowledged is safe; try again",
    )
