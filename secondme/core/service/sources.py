"""Sources: what is watched, and taking a source out."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from secondme.core.app import Core
from secondme.core.service import Call, Event, use_case
from secondme.errors import BadInputError, RefusedError
from secondme.ingest.likely import likely
from secondme.record.clock import from_ms, zone_name
from secondme.record.sources import Source

_PACKAGE = Path(__file__).parents[2]
_DEMOS = (_PACKAGE / "demo", _PACKAGE.parent / "assets" / "demo")
"""Where the demo life lies: in what was installed, or in the repository."""


@use_case
def sources(core: Core, call: Call) -> Event:
    """Every source, with how much it holds and whether it is watched."""
    return {"sources": [_json(core, s) for s in core.record.sources.all()]}


@use_case
def sources_likely(core: Core, call: Call) -> Event:
    """Where the person's own words are likely to lie on this machine, and the demo life."""
    return {
        "places": [asdict(place) for place in likely(Path.home())],
        "demo": next((str(path) for path in _DEMOS if path.is_dir()), None),
    }


@use_case
def watch(core: Core, call: Call, *, path: str) -> Event:
    """Watch a folder from now on: what changes there is taken in."""
    root = Path(path)
    if not root.is_dir():
        raise BadInputError(f"{path} is no folder that can be watched")
    with core.record.store.write():
        id_ = core.record.sources.ensure("folder", path)
        core.record.sources.set_watched(id_, True)
        core.record.journal.begin("watch", call.client, f"watching {path}", source=id_)
    source = core.record.sources.find(id_)
    core.watcher.watch(source)
    return {"source": _json(core, source)}


@use_case
def unwatch(core: Core, call: Call, *, source: str) -> Event:
    """Watch a folder no more; the source and what came from it stay."""
    found = core.record.sources.find(source)
    if not found.watched:
        raise RefusedError(f"{found.path} is not watched")
    with core.record.store.write():
        core.record.sources.set_watched(found.id, False)
        core.record.journal.begin(
            "unwatch", call.client, f"no longer watching {found.path}", source=found.id
        )
    core.watcher.unwatch(found.id)
    return {"source": _json(core, core.record.sources.find(found.id))}


@use_case
def source_remove(core: Core, call: Call, *, source: str, forget: bool = False) -> Event:
    """Take a source out and stop watching it; with `forget`, what came from it is forgotten too."""
    found = core.record.sources.find(source)
    store = core.record.store
    with store.write() as db:
        items = [r[0] for r in store.query("select id from items where source_id = ?", (found.id,))]
        entry = core.record.journal.begin(
            "source-remove",
            call.client,
            f"removed the source {found.path}" + (" and what came from it" if forget else ""),
            source={
                "id": found.id,
                "kind": found.kind,
                "path": found.path,
                "watched": found.watched,
            },
            items=items,
        )
        count = 0
        if forget:
            count = db.execute(
                "update moments set live = 0, forgotten_by = ? where forgotten_by is null and item_id in"
                " (select id from items where source_id = ?)",
                (entry, found.id),
            ).rowcount
        core.record.sources.delete(found.id)
    core.watcher.unwatch(found.id)
    core.taken()
    return {"source": _json(core, found), "forgotten": count, "journal": entry}


def _json(core: Core, source: Source) -> dict[str, Any]:
    added = from_ms(source.added_at, zone_name(core.now()))
    return {
        "id": source.id,
        "kind": source.kind,
        "path": source.path,
        "watched": source.watched,
        "items": source.items,
        "moments": source.moments,
        "added": added.isoformat(timespec="seconds"),
        "error": source.error,
    }
