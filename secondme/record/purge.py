"""Erasing what was forgotten longer ago than it can be undone."""

from __future__ import annotations

import sqlite3

from secondme.record.db import Store
from secondme.record.entities import ME

_OLD = "select id from journal where time < ? and kind in ('forget', 'source-remove', 'redo')"


def purge(store: Store, before_ms: int) -> int:
    """Erase the text, vectors and, where nothing else is left of their item, the originals of moments
    that were forgotten before a time in ms; returns how many moments.

    The rows stay as empty stones, so that reading their file again does not bring them back.
    """
    with store.write() as db:
        db.execute(
            f"delete from vectors where n in (select n from moments where forgotten_by in ({_OLD}))",
            (before_ms,),
        )
        gone = f"n in (select n from moments where forgotten_by in ({_OLD}))"
        for table in ("claims", "mentions", "readings"):
            db.execute(f"delete from {table} where {gone}", (before_ms,))
        count = db.execute(
            "update moments set text = '', context = null, speaker = null, external_id = null,"
            " start = null, end = null, meta = '{}', session = ''"
            f" where text != '' and forgotten_by in ({_OLD})",
            (before_ms,),
        ).rowcount
        if count:
            _clear_names(db)
            said = (
                "select id from journal where kind in ('note', 'chat') and id in"
                " (select added_by from moments where text = '')"
            )
            db.execute(
                f"update journal set summary = 'erased' where id in ({said})"
                f" or kind in ('undo', 'redo') and json_extract(data, '$.entry') in ({said})"
            )
            db.execute(
                "delete from versions where not exists (select 1 from moments m"
                " where m.item_id = versions.item_id and m.text != '')"
            )
            db.execute(
                "delete from originals where not exists"
                " (select 1 from versions v where v.sha256 = originals.sha256)"
            )
    return int(count)


def _clear_names(db: sqlite3.Connection) -> None:
    """Erase decisions about what no moment says any more, and names that nothing uses."""
    db.execute(
        "delete from decisions where not exists (select 1 from claims c where c.subject ="
        " decisions.subject and c.relation = decisions.relation"
        " and c.object_key = decisions.object_key)"
    )
    db.execute(
        "delete from names where key != ? and not exists (select 1 from mentions t where t.key = names.key)"
        " and not exists (select 1 from claims c where names.key in (c.subject, c.object_name))",
        (ME,),
    )
    db.execute(
        "delete from entities where not exists (select 1 from names n where n.entity_id = entities.id)"
    )
