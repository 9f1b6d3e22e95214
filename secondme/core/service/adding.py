"""Taking things in: files, folders, what comes through a pipe, notes."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Iterator
from pathlib import Path

from secondme.core.app import Core
from secondme.core.service import Call, Event, use_case
from secondme.errors import BadInputError, NotFoundError
from secondme.ingest.intake import Said, Tally
from secondme.ingest.progress import progress


@use_case
def add(
    core: Core, call: Call, *, paths: list[str], wait: bool = False, force: bool = False
) -> Iterator[Event]:
    """Take in files and folders; `wait` until every moment has its vector."""
    started = time.perf_counter()
    resolved = [_absolute(path) for path in paths]
    _check_embedder(core, wait)
    tally, journal = Tally(), None
    for event in core.intake.add(resolved, call.client, force=force, stop=call.stop):
        if event["event"] == "tally":
            tally, journal = event["tally"], event["journal"]
        else:
            yield event
    if wait:
        yield from _embedding_progress(core, call)
    yield {"event": "result", **_result(core, tally, journal, started)}


@use_case
def add_bytes(
    core: Core, call: Call, *, data: str, name: str, wait: bool = False, force: bool = False
) -> Iterator[Event]:
    """Take in what came through a pipe (base64), under a name whose ending says what it is."""
    started = time.perf_counter()
    _check_embedder(core, wait)
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise BadInputError("the data is not valid base64") from None
    tally, journal = core.intake.add_bytes(content, name, call.client, force=force)
    if wait:
        yield from _embedding_progress(core, call)
    yield {"event": "result", **_result(core, tally, journal, started)}


@use_case
def note(
    core: Core, call: Call, *, text: str, who: str | None = None, time: str | None = None
) -> Event:
    """Remember one moment, now or at the time given."""
    when = core.now(time)
    (id_,), journal = core.intake.say("note", [Said(text, who)], call.client, when=when)
    return {"id": id_, "time": when.isoformat(), "journal": journal}


@use_case
def embed(core: Core, call: Call) -> Iterator[Event]:
    """Wait, with progress, until every moment has its vector."""
    _check_embedder(core, True)
    yield from _embedding_progress(core, call)
    yield {"event": "result", "pending": core.embedding.pending()}


def _check_embedder(core: Core, wait: bool) -> None:
    if wait and core.models.path(core.config.embedder) is None:
        raise NotFoundError(
            f"the embedder {core.config.embedder!r} has not been fetched",
            hint=f"`secondme model fetch {core.config.embedder}`, or add without --wait",
        )


def _embedding_progress(core: Core, call: Call) -> Iterator[Event]:
    core.taken()
    total = core.embedding.pending()
    start = time.monotonic()
    while not call.stop.is_set():
        left = core.embedding.wait(call.stop, 0.25)
        total = max(total, left)
        if left == 0:
            break
        yield progress("embedding", total - left, total, start)
    yield from _reading_progress(core, call)


def _reading_progress(core: Core, call: Call) -> Iterator[Event]:
    """Until everything is read for facts."""
    total, start = core.facts.pending(), time.monotonic()
    while not call.stop.is_set() and (left := core.facts.wait(call.stop, 0.25)):
        total = max(total, left)
        yield progress("facts", total - left, total, start)


def _result(core: Core, tally: Tally, journal: str | None, started: float) -> Event:
    return {
        "summary": tally.summary(),
        "items": {
            "new": tally.new,
            "changed": tally.changed,
            "moved": tally.moved,
            "unchanged": tally.same,
        },
        "moments": {"added": tally.added, "retired": tally.retired},
        "skipped": [{"path": s.path, "reason": s.reason} for s in tally.skipped],
        "pending": core.embedding.pending(),
        "journal": journal,
        "took_ms": round((time.perf_counter() - started) * 1000, 1),
    }


def _absolute(path: str) -> Path:
    if not Path(path).is_absolute():
        raise BadInputError(f"the path {path!r} is not absolute")
    if path.encode("utf-8", "ignore").decode() != path:
        raise BadInputError(f"the path {path!r} is not valid UTF-8", hint="rename it")
    return Path(path)
