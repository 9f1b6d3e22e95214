"""Erasing what was forgotten longer ago than it can be undone."""

from __future__ import annotations

from secondme.record.db import Store

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
        count = db.execute(
            "update moments set text = '', context = null, speaker = null, external_id = null,"
            " start = null, end = null, meta = '{}', session = ''"
            f" where text != '' and forgotten_by in ({_OLD})",
            (before_ms,),
        ).rowcount
        if count:
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
