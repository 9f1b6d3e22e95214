"""What every background job is: a thread that works whenever it is woken, and can be waited for."""

from __future__ import annotations

import threading
import time
from typing import ClassVar

from secondme.errors import SecondMeError

_COUNTING = 10.0
"""Who waits counts what is left once in so many times as long as that takes."""


class Job:
    """Work in a thread of its own. What there is to do follows from the record, so that it survives any
    crash. A job says in `_run` how it works until `_stop` is set, woken by `_wake`."""

    NAME: ClassVar[str]
    """The thread's name, and what has stopped when `error` is told."""

    def __init__(self) -> None:
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.error: str | None = None
        """Why the work in hand failed; it is tried again."""

    def start(self) -> None:
        """Begin working."""
        self._thread = threading.Thread(target=self._run, name=self.NAME, daemon=True)
        self._thread.start()
        self.wake()

    def wake(self) -> None:
        """There may be something to do."""
        self.error = None
        self._wake.set()

    def pending(self) -> int:
        """How many live moments are still to be worked on, where that is counted."""
        return 0

    def wait(self, stop: threading.Event, seconds: float) -> int:
        """Wait up to so long for the work to be done; returns what is pending then.

        Raises `SecondMeError` when the job fails, since waiting longer would not help.
        """
        deadline = time.monotonic() + seconds
        while True:
            counted = time.monotonic()
            left = self.pending()
            now = time.monotonic()
            if not left or now >= deadline or stop.is_set():
                return left
            if self.error:
                raise SecondMeError(f"{self.NAME} stopped: {self.error}")
            # In a large memory counting takes its time, which the work needs more.
            stop.wait(max(min(0.1, seconds), _COUNTING * (now - counted)))

    def stop(self) -> None:
        """End after the part in hand."""
        self._stop.set()
        self._wake.set()
        if self._thread:
            self._thread.join(10)

    def _run(self) -> None:
        raise NotImplementedError
