"""The background job that reads moments for the times they mention, new ones and all those before.

It is quick (some thousands a second), steps aside for a person who waits, and what is to do follows
from the record, so that a crash loses nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime

from secondme.errors import SecondMeError
from secondme.ingest.embedding import Priority
from secondme.memory import timex
from secondme.record import Record
from secondme.record.clock import to_ms
from secondme.record.times import StoredTime

_BATCH = 200


def mentioned(text: str, said: datetime) -> Iterable[StoredTime]:
    """The times that a text mentions, said at an aware time, as the record keeps them."""
    for found in timex.find(text, said):
        since, until = to_ms(found.since), to_ms(found.until)
        yield StoredTime(found.start, found.end, since, until, found.grain)


class Reading:
    """The job: moments that are due → their times in the record."""

    def __init__(self, record: Record, priority: Priority) -> None:
        self._record = record
        self._priority = priority
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.error: str | None = None

    def start(self) -> None:
        """Begin working in a thread of its own; what an older reader has made is made anew."""
        self._record.times.made_by(timex.VERSION)
        self._thread = threading.Thread(target=self._run, name="times", daemon=True)
        self._thread.start()
        self.wake()

    def wake(self) -> None:
        """There may be something to do."""
        self._wake.set()

    def stop(self) -> None:
        """End after the batch in hand."""
        self._stop.set()
        self._wake.set()
        if self._thread:
            self._thread.join(10)

    def read_some(self) -> bool:
        """Read the next moments that are due; False if there are none."""
        numbers = self._record.times.due(_BATCH)
        if not numbers:
            return False
        moments = self._record.moments.by_number(numbers)
        found: dict[int, list[StoredTime]] = {n: [] for n in numbers}
        for n, moment in moments.items():
            found[n] = list(mentioned(moment.text, moment.time))
        self._record.times.put(found)
        return True

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(30)
            self._wake.clear()
            try:
                self._priority.give_way(self._stop)
                while not self._stop.is_set() and self.read_some():
                    self._priority.give_way(self._stop)
                self.error = None
            except SecondMeError as error:
                self.error = error.line()
                self._stop.wait(5)
                self._wake.set()
