"""Forgetting, the journal, and taking changes back."""

from __future__ import annotations

from typing import Any

from secondme.core.app import Core
from secondme.core.erasing import copies, erase_for_good
from secondme.core.service import Call, Event, use_case
from secondme.core.service.moments import find, make_filter
from secondme.core.service.parts import moment_json, note_read
from secondme.errors import BadInputError, NotFoundError, RefusedError
from secondme.record.clock import from_ms, now_ms, to_ms, zone_name
from secondme.record.erase import long_forgotten
from secondme.record.journal import Entry
from secondme.record.reads import Read
from secondme.wording import counted

_PREVIEW = 20
_FIRST = 3
"""Moments of a read that are shown, each with so many characters."""
_LENGTH = 400
_INTAKES = ("add", "note", "chat")
_NAMINGS = ("entity-merge", "entity-split")


@use_case
def forget(
    core: Core,
    call: Call,
    *,
    ids: list[str] | None = None,
    query: str | None = None,
    k: int = 10,
    source: str | None = None,
    before: str | None = None,
    after: str | None = None,
    who: str | None = None,
    forgotten: bool = False,
    hard: bool = False,
    dry_run: bool = False,
) -> Event:
    """Forget moments by id, by what a query recalls, or all that pass the filters.

    With `hard` they are erased for good, at once and everywhere; `forgotten` chooses those that were
    forgotten before. With `dry_run` nothing changes and the answer says what would go.
    """
    if forgotten and not hard:
        raise BadInputError("what is forgotten already can only be erased", hint="add --hard")
    filters = {"source": source, "before": before, "after": after, "who": who}
    numbers = (
        long_forgotten(core.record.store, now_ms() + 1)
        if forgotten
        else _chosen(core, ids or [], query, k, **filters)
    )
    if not numbers:
        raise NotFoundError("nothing matches, so nothing is forgotten")
    preview = core.record.moments.by_number(numbers[:_PREVIEW])
    result: Event = {
        "count": len(numbers),
        "moments": [moment_json(preview[n]) for n in numbers[:_PREVIEW] if n in preview],
        "undo_days": 0 if hard else core.config.undo_days,
        "hard": hard,
        "journal": None,
    }
    if hard:
        result |= {"left": [], "copies": copies(core)}
    if dry_run:
        note_read(core, call, "forget", result["moments"])
        return result
    if hard:
        done, entry, left = erase_for_good(core, numbers, call.client)
        core.embedding.wake()
        return {**result, "count": done.moments, "moments": [], "left": left, "journal": entry}
    with core.record.store.write() as db:
        summary = f"forgot {counted(len(numbers), 'moment')}"
        entry = core.record.journal.begin("forget", call.client, summary)
        db.executemany(
            "update moments set live = 0, forgotten_by = ? where n = ?",
            [(entry, n) for n in numbers],
        )
    core.taken()
    return {**result, "journal": entry}


def _chosen(
    core: Core, ids: list[str], query: str | None, k: int, **filters: str | None
) -> list[int]:
    filter_ = make_filter(core, **filters)
    if sum((bool(ids), query is not None, bool(filter_))) == 0:
        raise BadInputError(
            "say what to forget", hint="ids, --query, --source, --who, --before or --after"
        )
    if ids:
        return list(dict.fromkeys(core.record.moments.get(id_).n for id_ in ids))
    if query is not None:
        return [hit.moment.n for hit in find(core, query, k, filter_, None)[0]]
    return core.record.moments.matching(filter_, -1)


@use_case
def log(
    core: Core, call: Call, *, limit: int = 20, before: str | None = None, kind: str | None = None
) -> Event:
    """The journal, newest first."""
    if before:
        before = core.record.journal.get(before).id
    entries = core.record.journal.newest(max(1, min(limit, 1000)), before=before, kind=kind)
    return {"entries": [_json(core, e) for e in entries]}


@use_case
def reads(
    core: Core, call: Call, *, limit: int = 20, before: str | None = None, kind: str | None = None
) -> Event:
    """What was read by which client, newest first, from before a time; with the first moments of each."""
    until = to_ms(core.now(before)) if before else None
    found = core.record.reads.newest(max(1, min(limit, 1000)), before=until, kind=kind)
    return {"reads": [_read_json(core, read) for read in found]}


def _read_json(core: Core, read: Read) -> dict[str, Any]:
    """A read as JSON has it; of what is forgotten no words are shown."""
    first = core.record.moments.by_number(list(read.moments)[:_FIRST]).values()
    return {
        "time": from_ms(read.time, zone_name(core.now())).isoformat(timespec="milliseconds"),
        "client": read.client,
        "kind": read.kind,
        "moments": list(read.moments.values()),
        "first": [{**moment_json(m), "text": m.text[:_LENGTH]} for m in first if m.live],
    }


@use_case
def undo(core: Core, call: Call, *, id: str | None = None) -> Event:
    """Take back the last change, or the one with this id; an undo is taken back by doing its change again."""
    journal = core.record.journal
    entry = journal.get(id) if id else journal.last_undoable()
    if entry.kind == "undo":
        _, count, by = _redone(core, call, entry)
        return {"undone": _json(core, entry), "moments": count, "journal": by}
    change = journal.get(entry.data["entry"]) if entry.kind == "redo" else entry
    with core.record.store.write():
        summary = f"took back: {change.summary}"
        by = journal.begin("undo", call.client, summary)
        journal.mark_undone(change, by)
        count, moments = _take_back(core, change, by)
        journal.finish(by, summary, entry=change.id, moments=moments)
    core.taken()
    return {"undone": _json(core, entry), "moments": count, "journal": by}


@use_case
def redo(core: Core, call: Call, *, id: str | None = None) -> Event:
    """Do the change again that was taken back last, or the one with this id (its own, or its undo's)."""
    journal = core.record.journal
    undo_ = journal.get(id) if id else journal.last_undo()
    if undo_.kind != "undo":
        if undo_.undone_by is None:
            raise RefusedError(f"change {undo_.id} was not taken back, so it cannot be done again")
        undo_ = journal.get(undo_.undone_by)
    entry, moments, by = _redone(core, call, undo_)
    return {"redone": _json(core, entry), "moments": moments, "journal": by}


def _redone(core: Core, call: Call, undo_: Entry) -> tuple[Entry, int, str]:
    """Do a change again; gives it, how many moments that touched, and the journal entry's id."""
    journal = core.record.journal
    if undo_.undone_by is not None:
        raise RefusedError(f"what {undo_.id} took back was done again already")
    entry = journal.get(undo_.data["entry"])
    with core.record.store.write():
        summary = f"did again: {entry.summary}"
        by = journal.begin("redo", call.client, summary, entry=entry.id)
        journal.mark_undone(undo_, by)
        journal.mark_done(entry)
        moments = _do_again(core, entry, undo_, by)
    core.taken()
    return journal.get(entry.id), moments, by


def _take_back(core: Core, entry: Entry, by: str) -> tuple[int, list[str]]:
    """Reverse one change; gives how many moments it touched, and the ids of those no longer forgotten."""
    if entry.kind in _INTAKES:
        count = core.record.store.value(
            "select count(*) from moments where added_by = ?", (entry.id,)
        )
        core.intake.take_back(entry, by)
        return int(count), []
    if entry.kind == "mark":
        return core.record.uses.take_back(entry.id), []
    moments = _remember_again(core, entry)
    if entry.kind == "source-remove":
        source = entry.data["source"]
        core.record.sources.restore(**source, items=entry.data["items"])
        if source["watched"]:
            core.watcher.watch(core.record.sources.find(source["id"]))
    if entry.kind in _NAMINGS:
        core.record.entities.move_back(entry.id)
    if entry.kind in ("watch", "unwatch"):
        _set_watched(core, entry.data["source"], entry.kind == "unwatch")
    return len(moments), moments


def _do_again(core: Core, entry: Entry, undo_: Entry, by: str) -> int:
    """Do one change again that `undo_` took back; gives how many moments it touched."""
    if entry.kind in _INTAKES:
        return core.intake.bring_back(undo_, by)
    if entry.kind == "mark":
        core.record.uses.add(entry.data["verdict"], entry.data["ids"], entry.id)
        return len(entry.data["ids"])
    with core.record.store.write() as db:
        forgotten = db.executemany(
            "update moments set live = 0, forgotten_by = ? where id = ? and forgotten_by is null",
            [(by, id_) for id_ in undo_.data.get("moments", ())],
        ).rowcount
    if entry.kind == "source-remove":
        core.record.sources.delete(entry.data["source"]["id"])
        core.watcher.unwatch(entry.data["source"]["id"])
    if entry.kind in _NAMINGS:
        core.record.entities.move_again(entry.id)
    if entry.kind in ("watch", "unwatch"):
        _set_watched(core, entry.data["source"], entry.kind == "watch")
    return max(forgotten, 0)


def _set_watched(core: Core, source: str, watched: bool) -> None:
    core.record.sources.set_watched(source, watched)
    if watched:
        core.watcher.watch(core.record.sources.find(source))
    else:
        core.watcher.unwatch(source)


def _remember_again(core: Core, entry: Entry) -> list[str]:
    """Bring back what a change has forgotten; gives the moments' ids. What is erased stays so.

    Raises `NotFoundError` when all of it is."""
    store, marks = core.record.store, core.record.journal.marks(entry)
    rows = store.query_in("select id, text from moments where forgotten_by in ({})", marks)
    lost = sum(not row["text"] for row in rows)
    if lost and lost == len(rows):
        raise NotFoundError(f"{'it was' if lost == 1 else 'they were'} erased for good")
    rows = [row for row in rows if row["text"]]
    with store.write() as db:
        db.executemany(
            "update moments set forgotten_by = null, live = retired_by is null and not exists"
            " (select 1 from items i where i.id = item_id and i.removed_by is not null) where id = ?",
            [(row["id"],) for row in rows],
        )
    return [row["id"] for row in rows]


def _json(core: Core, entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "time": from_ms(entry.time, zone_name(core.now())).isoformat(timespec="seconds"),
        "kind": entry.kind,
        "client": entry.client,
        "summary": entry.summary,
        "undoable": entry.undoable,
        "undone_by": entry.undone_by,
    }
