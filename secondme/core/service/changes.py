"""Forgetting, the journal, and taking changes back."""

from __future__ import annotations

from typing import Any

from secondme.core.app import Core
from secondme.core.erasing import copies, erase_for_good
from secondme.core.service import Call, Event, use_case
from secondme.core.service.moments import find, make_filter, moment_json
from secondme.errors import BadInputError, NotFoundError
from secondme.record.clock import from_ms, now_ms, zone_name
from secondme.record.erase import long_forgotten
from secondme.record.journal import Entry

_PREVIEW = 20


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
        return result
    if hard:
        done, entry, left = erase_for_good(core, numbers, call.client)
        core.embedding.wake()
        return {**result, "count": done.moments, "moments": [], "left": left, "journal": entry}
    with core.record.store.write() as db:
        moments = "moment" if len(numbers) == 1 else "moments"
        entry = core.record.journal.begin("forget", call.client, f"forgot {len(numbers)} {moments}")
        db.executemany(
            "update moments set live = 0, forgotten_by = ? where n = ?",
            [(entry, n) for n in numbers],
        )
    core.embedding.wake()
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
    entries = core.record.journal.newest(max(1, min(limit, 1000)), before=before, kind=kind)
    return {"entries": [_json(core, e) for e in entries]}


@use_case
def undo(core: Core, call: Call, *, id: str | None = None) -> Event:
    """Take back the last change, or the one with this id."""
    journal = core.record.journal
    entry = journal.get(id) if id else journal.last_undoable()
    with core.record.store.write():
        by = journal.begin("undo", call.client, f"took back: {entry.summary}", entry=entry.id)
        journal.mark_undone(entry, by)
        restored = _take_back(core, entry, by)
    core.embedding.wake()
    return {"undone": _json(core, entry), "moments": restored, "journal": by}


def _take_back(core: Core, entry: Entry, by: str) -> int:
    """Reverse one change; returns how many moments it touched."""
    store = core.record.store
    with store.write() as db:
        if entry.kind in ("add", "note", "chat"):
            count = store.value("select count(*) from moments where added_by = ?", (entry.id,))
            core.intake.take_back(entry, by)
            return int(count)
        if entry.kind == "mark":
            return core.record.uses.take_back(entry.id)
        restored = 0
        if entry.kind in ("forget", "source-remove"):
            restored = db.execute(
                "update moments set forgotten_by = null, live = retired_by is null and not exists"
                " (select 1 from items i where i.id = item_id and i.removed_by is not null)"
                " where forgotten_by = ? and text != ''",
                (entry.id,),
            ).rowcount
            erased = "select count(*) from moments where forgotten_by = ? and text = ''"
            if not restored and (lost := store.value(erased, (entry.id,))):
                raise NotFoundError(f"the {lost} moments were erased for good")
        if entry.kind == "source-remove":
            source = entry.data["source"]
            core.record.sources.restore(**source, items=entry.data["items"])
            if source["watched"]:
                core.watcher.watch(core.record.sources.find(source["id"]))
        if entry.kind == "watch":
            core.record.sources.set_watched(entry.data["source"], False)
            core.watcher.unwatch(entry.data["source"])
        return restored


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
