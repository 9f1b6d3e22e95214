"""What is done with moments while nobody waits: a job of several steps, each a small class.

It yields at once to a person who is waiting. What is to do follows from the record alone, so that it
survives any crash and goes on where it was.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

from secondme.errors import SecondMeError
from secondme.ingest.embedding import Priority
from secondme.ingest.job import Job

log = logging.getLogger("secondme")


class Step(Protocol):
    """One kind of thinking. `name` is what progress is shown under."""

    name: str

    def left(self) -> int:
        """How many moments are still to be looked at."""
        ...

    def some(self) -> bool:
        """Do a part that takes well under a second; False when there is nothing to do."""
        ...


class Consolidation(Job):
    """The background job: its steps in order, whenever moments have come, changed or gone."""

    NAME = "consolidation"

    def __init__(self, steps: Sequence[Step], priority: Priority) -> None:
        super().__init__()
        self.steps = steps
        self._priority = priority
        self.working = ""
        self.rested = False
        """Whether every step has found nothing more to do since the job was last woken."""

    def wake(self) -> None:
        """There may be something to do."""
        self.rested = False
        super().wake()

    def left(self) -> dict[str, int]:
        """How many moments each step has still to look at."""
        return {step.name: step.left() for step in self.steps}

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(60)
            self._wake.clear()
            try:
                for step in self.steps:
                    self._finish(step)
                self.error = None
                self.rested = not self._wake.is_set()
            except SecondMeError as error:
                self.error = error.line()
                log.warning("consolidating: %s", error)
            except Exception as error:
                self.error = f"{type(error).__name__}: {error}"
                log.exception("consolidating failed")
            finally:
                self.working = ""

    def _finish(self, step: Step) -> None:
        self.working = step.name
        while not self._stop.is_set():
            self._priority.give_way(self._stop)
            if self._stop.is_set() or not step.some():
                return
