"""Export and import: everything as plain JSON lines, and the original files."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from secondme.core.app import Core
from secondme.core.service import Call, Event, use_case
from secondme.errors import BadInputError
from secondme.ingest.progress import progress
from secondme.record.transfer import read_export, write_export


@use_case
def export(core: Core, call: Call, *, path: str) -> Iterator[Event]:
    """Write the whole memory into a new folder."""
    target = Path(path)
    if not target.is_absolute():
        raise BadInputError(f"the path {path!r} is not absolute")
    for event in _counted(write_export(core.record.store, target, call.stop), path):
        if event["event"] == "result":
            core.record.journal.begin("export", call.client, f"exported to {path}", path=path)
        yield event


@use_case
def import_(core: Core, call: Call, *, path: str) -> Iterator[Event]:
    """Bring an exported memory back: same ids, same recall; what is here already stays as it is."""
    yield from _counted(read_export(core.record.store, Path(path), call.stop), path)
    core.taken()


def _counted(steps: Iterator[tuple[str, int, int]], path: str) -> Iterator[Event]:
    """Progress events from (table, done, total), and the result with what was counted."""
    started = time.monotonic()
    counts: dict[str, int] = {}
    last = 0.0
    for table, done, total in steps:
        counts[table] = done
        now = time.monotonic()
        if now - last > 0.2:
            last = now
            yield progress(table, done, total, started, path)
    yield {
        "event": "result",
        "path": path,
        "counts": counts,
        "seconds": round(time.monotonic() - started, 2),
    }
