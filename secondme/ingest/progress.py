"""The one shape in which long work tells how far it is."""

from __future__ import annotations

import time
from typing import Any


def progress(
    stage: str, done: int, total: int, started: float, what: str = "", share: float | None = None
) -> dict[str, Any]:
    """A progress event: `rate` is a second since `started` (of the monotonic clock).

    The time left follows from the `share` of the work that is done, by default `done` of `total`.
    """
    elapsed = time.monotonic() - started
    if share is None:
        share = done / total if total else 0.0
    return {
        "event": "progress",
        "stage": stage,
        "done": done,
        "total": total,
        "rate": round(done / elapsed, 1) if elapsed else 0.0,
        "seconds_left": round(elapsed * (1 - share) / share, 1) if share else None,
        "what": what,
    }
