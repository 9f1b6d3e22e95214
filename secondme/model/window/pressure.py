"""Giving way when the system is short of memory."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

_SECONDS = 1.0


def available_bytes() -> int | None:
    """Memory that programs can still get without anything being swapped out; None where not known."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    sizes = dict(line.split(":", 1) for line in lines)
    return int(sizes["MemAvailable"].split()[0]) * 1024 if "MemAvailable" in sizes else None


def watch(
    floor: int,
    press: Callable[[int], None],
    *,
    available: Callable[[], int | None] = available_bytes,
    ended: threading.Event | None = None,
    every: float = _SECONDS,
) -> threading.Thread:
    """Tell `press` again and again how many bytes are missing to `floor` bytes of available memory
    (below 0: how many there are beyond), in a thread of its own, until it has `ended`."""
    over = ended or threading.Event()

    def run() -> None:
        while not over.wait(every):
            if (there := available()) is not None:
                press(floor - there)

    thread = threading.Thread(target=run, name="pressure", daemon=True)
    thread.start()
    return thread
