"""One process of a model worker, from its start to its end."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from secondme import errors
from secondme.config import private_dir
from secondme.errors import SecondMeError, WorkerError
from secondme.model.frames import FrameError, read_frame

_LOG_LIMIT = 1 << 20
_LAST_MOMENTS = 5.0
_SPINS = "1000"
"""How long the model's threads spin for one another before they sleep. With OpenMP's own choice a busy
machine makes tokens several times more slowly than with this; a quiet one is 5 % faster."""
_AGAIN = "the next request starts it again"


@dataclass(frozen=True, slots=True)
class Failure:
    """An error to be raised in one or several threads, each of which gets an exception of its own."""

    message: str
    hint: str = ""
    kind: type[SecondMeError] = WorkerError

    def error(self) -> SecondMeError:
        return self.kind(self.message, hint=self.hint)


@dataclass(slots=True)
class Reply:
    """What came for a request: a part of a stream, or its end with value and payload."""

    value: dict[str, Any]
    payload: bytes = b""
    last: bool = False


@dataclass(slots=True)
class Pending:
    """A request in flight. `heard` is when its last frame came, or when it was sent."""

    id: int
    timeout: float
    heard: float
    started: bool = False
    replies: queue.SimpleQueue[Reply | Failure] = field(default_factory=queue.SimpleQueue)


class Child:
    """One process of a worker from its start, which is at once, to its end.

    `opening` is the frame that says what to load. Two threads serve the process: one starts it,
    reads its frames and buries it; the other watches the clock. It must be the first that starts it:
    Linux ends a process that asked to die with its parent when the *thread* ends that started it.
    What is public here is guarded by the lock of the condition `changed`, which is told of it.
    """

    def __init__(
        self,
        role: str,
        opening: bytes,
        changed: threading.Condition,
        *,
        load_timeout: float,
        idle_after: float,
        log_file: Path | None,
    ) -> None:
        self.role = role
        self.changed = changed
        self.pending: dict[int, Pending] = {}
        self.ready = False
        self.draining = False
        self.over = False
        self.gone = False
        self.failure: Failure | None = None
        self.info: dict[str, Any] = {}
        self.process: subprocess.Popen[bytes] | None = None
        self.used = self.heard = time.monotonic()
        self._opening = opening
        self._load_timeout = load_timeout
        self._idle_after = idle_after
        self._log_file = log_file
        self._writing = threading.Lock()
        for target in (self._run, self._watch):
            threading.Thread(target=target, name=f"{role}-worker", daemon=True).start()

    def send(self, frame: bytes) -> None:
        """Write a frame; when the process has gone, its end is reported to what is pending."""
        process = self.process
        if process is None or process.stdin is None:
            return
        with self._writing, contextlib.suppress(OSError, ValueError):
            process.stdin.write(frame)
            process.stdin.flush()

    def end(self, failure: Failure | None) -> None:
        """Stop the process and fail what is pending. The lock is held; the first reason counts."""
        if not self.over:
            self.over = True
            self.failure = failure
            for pending in self.pending.values():
                pending.replies.put(failure or Failure(f"the {self.role} worker was stopped"))
            self.pending.clear()
            if self.process is not None:
                self.process.kill()
            self.changed.notify_all()

    def _run(self) -> None:
        failure: Failure | None = Failure(f"the {self.role} worker cannot be started")
        try:
            process = self._spawn()
            with self.changed:
                self.process = process
                if self.over:
                    process.kill()
            self.send(self._opening)
            failure = self._read(process) or self._death(_bury(process))
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
        except OSError as error:
            failure = Failure(f"the {self.role} worker cannot be started: {error}")
        finally:
            with self.changed:
                self.end(failure)
                self.gone = True
                self.changed.notify_all()

    def _spawn(self) -> subprocess.Popen[bytes]:
        # -P: modules are never taken from the folder that the command happens to run in.
        command = [sys.executable, "-P", "-m", "secondme.model.worker_main"]
        environment = {"GOMP_SPINCOUNT": _SPINS, **os.environ}
        with _open_log(self._log_file) as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                start_new_session=True,  # a Ctrl-C at the terminal is not for the models
            )

    def _read(self, process: subprocess.Popen[bytes]) -> Failure | None:
        """Route frames until the pipe ends; a reason, if the process did not speak in frames."""
        assert process.stdout is not None
        try:
            while (frame := read_frame(process.stdout)) is not None:
                self._route(*frame)
        except (FrameError, KeyError, TypeError, ValueError):
            process.kill()
            _bury(process)
            return Failure(
                f"the {self.role} worker sent something that is not a message; it was stopped, {_AGAIN}"
            )
        return None

    def _route(self, header: dict[str, Any], payload: bytes) -> None:
        kind = header["is"]
        with self.changed:
            self.heard = time.monotonic()
            if kind == "ready":
                self.info, self.ready, self.used = dict(header["info"]), True, self.heard
                self.changed.notify_all()
                return
            failure = _carried(header) if kind == "error" else None
            if failure is not None and (header.get("fatal") or not self.ready):
                self.end(failure)
                return
            pending = self.pending.get(header["id"])
            if pending is None:  # nobody waits for it any more
                return
            pending.heard = self.heard
            if failure is not None:
                pending.replies.put(failure)
            elif kind == "start":
                pending.started = True
            elif kind in ("part", "done"):
                pending.replies.put(Reply(dict(header["value"]), payload, last=kind == "done"))
            else:
                raise FrameError(f"a frame of kind {kind!r}")

    def _death(self, code: int) -> Failure:
        if code < 0:
            name = _signal_name(-code)
            how = "was killed, probably out of memory" if name == "SIGKILL" else f"ended by {name}"
        else:
            how = f"ended with exit status {code}"
        log = self._log_file
        return Failure(
            f"the {self.role} worker {how}; {_AGAIN}", f"its log is {log}" if log else ""
        )

    def _watch(self) -> None:
        """Stop the process when it is too slow to load or to answer, idle, or drained."""
        with self.changed:
            while not self.over:
                now = time.monotonic()
                due, failure = self._next_end()
                if due <= now:
                    self.end(failure)
                else:
                    self.changed.wait(None if due == float("inf") else due - now)

    def _next_end(self) -> tuple[float, Failure | None]:
        """When the process is to be stopped as things stand, and why (None: its work is done)."""
        if not self.ready:
            limit = self._load_timeout
            reason = f"the {self.role} worker did not load its model in {limit:g} s"
            return self.used + limit, Failure(f"{reason}; it was stopped, {_AGAIN}")
        if not self.pending:
            if self.draining:
                return 0.0, None
            idle = self._idle_after
            return (self.used + idle if idle else float("inf")), None
        # A request that waits for its turn is alive as long as the process says anything at all.
        due, late = min(
            (
                ((p.heard if p.started else max(p.heard, self.heard)) + p.timeout, p)
                for p in self.pending.values()
            ),
            key=lambda item: item[0],
        )
        reason = f"the {self.role} worker did not answer in {late.timeout:g} s"
        return due, Failure(f"{reason}; it was stopped, {_AGAIN}")


def _bury(process: subprocess.Popen[bytes]) -> int:
    """Wait for a process that closed its end of the pipe, and return how it ended."""
    try:
        return process.wait(timeout=_LAST_MOMENTS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _carried(header: Mapping[str, Any]) -> Failure:
    kind = getattr(errors, str(header.get("kind")), None)
    if not (isinstance(kind, type) and issubclass(kind, SecondMeError)):
        kind = WorkerError
    return Failure(str(header["message"]), str(header.get("hint", "")), kind)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


@contextlib.contextmanager
def _open_log(file: Path | None) -> Iterator[IO[bytes] | int]:
    if file is None:
        yield subprocess.DEVNULL
        return
    private_dir(file.parent)
    with contextlib.suppress(FileNotFoundError):
        if file.stat().st_size > _LOG_LIMIT:
            file.replace(file.with_name(file.name + ".1"))
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:  # noqa: PTH123
        yield log
