"""The background job that thinks the memory through: how far it is, and waiting for it."""

from __future__ import annotations

import time
from collections.abc import Iterator

from secondme.core.app import Core
from secondme.core.service import Call, Event, use_case
from secondme.errors import SecondMeError
from secondme.ingest.progress import progress


@use_case
def consolidate(core: Core, call: Call, *, now: bool = False) -> Iterator[Event]:
    """What is left to do, by step; with `now`, wait with progress until nothing is.

    Raises `SecondMeError` when the job fails, since waiting longer would not help.
    """
    job, started = core.consolidation, time.monotonic()
    left = job.left()
    if now:
        total = dict(left)
        job.wake()
        while not call.stop.is_set() and (any(left.values()) or not job.rested):
            for name, count in left.items():
                total[name] = max(total.get(name, 0), count)
                if count:
                    yield progress(name, total[name] - count, total[name], started)
            if error := job.error or core.embedding.error:
                raise SecondMeError(f"consolidating stopped: {error}")
            call.stop.wait(0.2)
            left = job.left()
    yield {
        "event": "result",
        "left": left,
        "working": job.working,
        "pending": core.embedding.pending(),
        "error": job.error,
        "seconds": round(time.monotonic() - started, 2),
    }
