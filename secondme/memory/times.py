"""The background job that reads moments for the times they mention, new ones and all those before.

It is quick (some thousands a second), steps aside for a person who waits, and what is to do follows
from the record, so that a crash loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from secondme.errors import SecondMeError
from secondme.ingest.embedding import Priority
from secondme.ingest.job import Job
from secondme.memory import timex
from secondme.record import Record
from secondme.record.clock import to_ms
from secondme.record.times import StoredTime

_BATCH = 100
_PAUSE = 0.3
"""Seconds without anything new after which an intake is taken to be done."""
_PATIENCE = 20
_REST = 0.01
"""Seconds between batches in which others have the processor to themselves."""


def mentioned(text: str, said: datetime) -> Iterable[StoredTime]:
    """The times that a text mentions, said at an aware time, as the record keeps them."""
    for found in timex.find(text, said):
        since, until = to_ms(found.since), to_ms(found.until)
        yield StoredTime(found.start, found.end, since, until, found.grain)


class Reading(Job):
    """The job: moments that are due → their times in the record."""

    NAME = "reading for times"

    def __init__(self, record: Record, priority: Priority) -> None:
        super().__init__()
        self._record = record
        self._priority = priority

    def start(self) -> None:
        """Begin working; what an older reader has made is made anew."""
        self._record.times.made_by(timex.VERSION)
        super().start()

    def read_some(self) -> bool:
        """Read the next moments that are due; False if there are none."""
        due = self._record.times.due(_BATCH)
        if due:
            self._record.times.put({n: list(mentioned(text, said)) for n, text, said in due})
        return bool(due)

    def _settle(self) -> None:
        """Let an intake that is under way go first, for a while."""
        for _ in range(_PATIENCE):
            self._wake.clear()
            if self._stop.wait(_PAUSE) or not self._wake.is_set():
                return

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(30)
            self._settle()
            try:
                self._priority.give_way(self._stop)
                while not self._stop.is_set() and self.read_some():
                    self._stop.wait(_REST)
                    self._priority.give_way(self._stop)
                self.error = None
            except SecondMeError as error:
                self.error = error.line()
                self._stop.wait(5)
                self._wake.set()
