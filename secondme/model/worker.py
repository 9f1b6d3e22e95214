"""Models run in worker processes of their own: this is the side of the process that uses them.

A `Worker` starts its process (`secondme.model.worker_main`) on first use, sends it requests and
routes what comes back. A process that dies, is killed or hangs costs the requests in flight, each of
which fails with one line; the next request starts a fresh one. Idle processes are unloaded. The two
talk in the frames of `secondme.model.frames`.
"""

from __future__ import annotations

import contextlib
import itertools
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from secondme.errors import WorkerError
from secondme.model.frames import encode_frame
from secondme.model.process import Child, Failure, Pending, Reply

LOAD_TIMEOUT = 120.0
"""Seconds that a model may take to load, if the request timeout is not longer."""
_CANCEL_POLL = 0.05

State = Literal["off", "starting", "ready", "busy"]


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """A worker as it stands. Sizes are in MB of 2^20 bytes and None where they cannot be known.

    `resident_mb` counts all memory of the process, mapped model files included; `anonymous_mb` only
    what the system cannot drop and read again.
    """

    role: str
    pid: int | None
    state: State
    resident_mb: float | None
    budget_mb: float | None
    model: str
    anonymous_mb: float | None = None


class Worker:
    """A model in a process of its own, shared by any number of threads.

    `role` names what it does (`secondme.model.worker_main.ROLES`). `spec` says what to load: JSON
    values and paths; "name" is the model's, "budget_mb" its budget, and "factory" ("module:function")
    takes the place of the role's own. `timeout` is in seconds without any sign of life from a
    request, `idle_after` in seconds without use until the process is unloaded (0: never). The
    process's stderr goes to `log_file` (mode 0600, kept below 2 MB), or nowhere.
    """

    def __init__(
        self,
        role: str,
        spec: Mapping[str, Any],
        *,
        timeout: float,
        idle_after: float,
        log_file: Path | None = None,
        load_timeout: float | None = None,
    ) -> None:
        self.role = role
        self.timeout = timeout
        self.idle_after = idle_after
        self.log_file = log_file
        self.load_timeout = max(timeout, LOAD_TIMEOUT) if load_timeout is None else load_timeout
        self._spec = dict(spec)
        self._changed = threading.Condition()
        self._child: Child | None = None
        self._closed = False
        self._ids = itertools.count(1)

    @property
    def name(self) -> str:
        """The name of the model, as the spec has it."""
        return str(self._spec.get("name", ""))

    def start(self) -> None:
        """Load the model in the background, if it is not; a failure shows with the next request."""
        with self._changed:
            if not self._closed and (self._child is None or self._child.over):
                self._launch()

    def loaded(self) -> dict[str, Any]:
        """What the role says about its loaded model. Loads it. Raises as `call` does."""
        with self._changed:
            child = self._ready_child(None)
            assert child is not None
            return dict(child.info)

    def call(
        self,
        method: str,
        params: Mapping[str, Any],
        payload: bytes = b"",
        *,
        timeout: float | None = None,
    ) -> tuple[dict[str, Any], bytes]:
        """Ask and wait for the answer: its value and its payload.

        Raises `WorkerError` when the process dies or does not answer, `ModelError` when the model
        cannot be loaded, and whatever `SecondMeError` the role raises.
        """
        replies = self._replies(method, params, payload, timeout, None)
        with contextlib.closing(replies):
            for reply in replies:
                if reply.last:
                    return reply.value, reply.payload
        raise WorkerError(f"the {self.role} worker gave no answer")

    def stream(
        self,
        method: str,
        params: Mapping[str, Any],
        *,
        cancel: threading.Event | None = None,
        timeout: float | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Ask and yield the parts of the answer as they come. Raises as `call` does.

        Setting `cancel` tells the role to stop; what it still says (how far it came) is yielded.
        Cancelled before anything was sent, nothing is. Closing the iterator stops the role, too.
        """
        with contextlib.closing(self._replies(method, params, b"", timeout, cancel)) as replies:
            for reply in replies:
                if not reply.last:
                    yield reply.value

    def status(self) -> WorkerStatus:
        """How the worker stands; starts nothing."""
        with self._changed:
            child = self._child
            state: State = "off"
            pid = None
            if child is not None and not child.over:
                pid = child.process.pid if child.process is not None else None
                state = "starting" if not child.ready else "busy" if child.pending else "ready"
            budget, model = self._spec.get("budget_mb"), self.name
        resident, anonymous = resident_mb(pid) if pid is not None else (None, None)
        return WorkerStatus(self.role, pid, state, resident, budget, model, anonymous)

    def amend(self, values: Mapping[str, Any]) -> None:
        """Load the model with these values of its spec when it is loaded next; what runs, runs on."""
        with self._changed:
            self._spec = {**self._spec, **values}

    def reconfigure(self, spec: Mapping[str, Any]) -> None:
        """Use another model from now on.

        Requests in flight end on the old one; later ones wait for that, so that no two models are in
        memory at once, and load the new one.
        """
        with self._changed:
            self._spec = dict(spec)
            if self._child is not None:
                self._child.draining = True
                if not self._child.ready:
                    self._child.end(Failure(f"the {self.role} worker changes its model"))
            self._changed.notify_all()

    def close(self) -> None:
        """End the process, and fail what is in flight. The worker cannot be used afterwards."""
        with self._changed:
            self._closed = True
            if self._child is not None:
                self._child.end(Failure(f"the {self.role} worker is closed"))
                self._changed.wait_for(lambda: self._child is None or self._child.gone, timeout=5)
            self._changed.notify_all()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _launch(self) -> Child:
        opening = encode_frame({"open": {"role": self.role, "spec": self._spec}})
        self._child = Child(
            self.role,
            opening,
            self._changed,
            load_timeout=self.load_timeout,
            idle_after=self.idle_after,
            log_file=self.log_file,
        )
        return self._child

    def _ready_child(self, cancel: threading.Event | None) -> Child | None:
        """The loaded process, started if need be, or None if cancelled first. The lock is held."""
        poll = _CANCEL_POLL if cancel is not None else None
        waited_for: Child | None = None
        while True:
            if self._closed:
                raise WorkerError(f"the {self.role} worker is closed")
            if cancel is not None and cancel.is_set():
                return None
            child = self._child
            if waited_for is not None and waited_for.over and waited_for.failure is not None:
                if not waited_for.draining:
                    raise waited_for.failure.error()
                waited_for = None
            if child is None or child.gone or (child.over and not child.draining):
                waited_for = self._launch()
            elif not child.draining:
                if child.ready:
                    return child
                waited_for = child
            self._changed.wait(poll)

    def _replies(
        self,
        method: str,
        params: Mapping[str, Any],
        payload: bytes,
        timeout: float | None,
        cancel: threading.Event | None,
    ) -> Generator[Reply]:
        pending = Pending(next(self._ids), timeout or self.timeout, 0.0)
        frame = encode_frame({"id": pending.id, "method": method, "params": params}, payload)
        with self._changed:
            child = self._ready_child(cancel)
            if child is None:
                return
            pending.heard = child.used = time.monotonic()
            child.pending[pending.id] = pending
            self._changed.notify_all()
        ended = told = False
        stop = encode_frame({"id": pending.id, "cancel": True})
        try:
            child.send(frame)
            while not ended:
                if cancel is not None and cancel.is_set() and not told:
                    child.send(stop)
                    told = True
                try:
                    poll = _CANCEL_POLL if cancel is not None and not told else None
                    reply = pending.replies.get(timeout=poll)
                except queue.Empty:
                    continue
                ended = isinstance(reply, Failure) or reply.last
                if isinstance(reply, Failure):
                    raise reply.error()
                yield reply
        finally:
            with self._changed:
                child.pending.pop(pending.id, None)
                child.used = time.monotonic()
                self._changed.notify_all()
            if not ended and not told:
                child.send(stop)


def resident_mb(pid: int) -> tuple[float | None, float | None]:
    """Resident memory of a process in MB: all of it, and what is anonymous (None if not known)."""
    try:
        lines = (
            Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
        )
    except OSError:
        if sys.platform in ("linux", "win32"):
            return None, None
        listed = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return (int(listed.stdout) / 1024 if listed.stdout.strip().isdigit() else None), None
    sizes = dict(line.split(":", 1) for line in lines if ":" in line)

    def size(key: str) -> float | None:
        return int(sizes[key].split()[0]) / 1024 if key in sizes else None

    return size("VmRSS"), size("RssAnon")
