"""Erasing: what is forgotten for good leaves no byte in the record's rows.

What stays of a moment is an empty stone: its id, so that reading its file again does not bring it back.
What stays of an item of which nothing is remembered is its hash and the hash of its path. The pages
that the bytes stood on are made anew by `Store.vacuum`; indexes are others' to clear.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from secondme.record import originals
from secondme.record.db import Row, Store
from secondme.record.entities import ME
from secondme.record.items import erased_path
from secondme.record.moments import WINDOW_BEFORE

ERASED = "erased"
"""What stands in the journal where words of an erased moment stood."""


@dataclass(slots=True)
class Erased:
    """How much was erased: moments, items of which nothing is left, originals blanked and dropped."""

    moments: int = 0
    items: int = 0
    blanked: int = 0
    dropped: int = 0


def long_forgotten(store: Store, before_ms: int) -> list[int]:
    """Moments, by number, that were forgotten before a time in ms and are not erased yet."""
    rows = store.query(
        "select n from moments where text != '' and forgotten_by in"
        " (select id from journal where time < ? and kind in ('forget', 'source-remove', 'redo'))",
        (before_ms,),
    )
    return [row[0] for row in rows]


def erase(store: Store, numbers: Sequence[int], entry: str) -> Erased:
    """Erase moments, and copies of them that are recalled no more, under a journal entry.

    Their text, speaker, times, vectors and whatever refers to them go, with the vectors of moments
    that were embedded together with them. In the original that they come from their bytes become
    spaces; where a moment has no span the original is dropped, and so are older versions of the file.
    When nothing is left of an item, its name, path and originals go too, from the journal as well.
    """
    done = Erased()
    with store.write() as db:
        rows = _with_dead_copies(store, numbers)
        gone = [row["n"] for row in rows]
        items: defaultdict[str, list[Row]] = defaultdict(list)
        for row in rows:
            items[row["item_id"]].append(row)
        others = _embedded_with(db, rows)
        db.executemany(
            "delete from episodes where n = (select episode from episode_moments where n = ?)",
            [(n,) for n in gone],
        )
        for table, column in _referring(db):
            _delete_in(db, table, column, gone)
        _clear_names(db)
        _delete_in(db, "vectors", "n", others)
        _forget_words_of_journal(db, gone)
        db.executemany(
            "update moments set text = '', context = null, speaker = null, external_id = null,"
            " start = null, end = null, meta = '{}', session = '', time = 0, zone = 'UTC', live = 0,"
            " forgotten_by = coalesce(forgotten_by, ?) where n = ?",
            [(entry, n) for n in gone],
        )
        for item_id, erased in items.items():
            if db.execute(
                "select 1 from moments where item_id = ? and text != '' limit 1", (item_id,)
            ).fetchone():
                _erase_part(db, item_id, erased, done)
            else:
                _erase_item(db, item_id)
                done.items += 1
        originals.drop_unused(db)
    done.moments = len(gone)
    return done


def _with_dead_copies(store: Store, numbers: Sequence[int]) -> list[Row]:
    """The rows to erase: those chosen, and those with the same text that are not live."""
    columns = "n, id, item_id, session, seq, start, end, version, text"
    chosen = store.query_in(
        f"select {columns} from moments where n in ({{}}) and text != ''", list(numbers)
    )
    texts = list({row["text"] for row in chosen})
    dead = store.query_in(f"select {columns} from moments where text in ({{}}) and live = 0", texts)
    return list({row["n"]: row for row in (*chosen, *dead)}.values())


def _embedded_with(db: sqlite3.Connection, rows: Sequence[Row]) -> list[int]:
    """The moments after these whose vectors were made of these too."""
    found: set[int] = set()
    for row in rows:
        last = db.execute(
            "select max(seq) from (select seq from moments where item_id = ? and session = ?"
            " and seq > ? and live = 1 order by seq limit ?)",
            (row["item_id"], row["session"], row["seq"], WINDOW_BEFORE),
        ).fetchone()[0]
        found.update(
            r[0]
            for r in db.execute(
                "select n from moments where item_id = ? and session = ? and seq > ? and seq <= ?",
                (row["item_id"], row["session"], row["seq"], last or row["seq"] + WINDOW_BEFORE),
            )
        )
    return sorted(found)


def _referring(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """Every table and column that refers to moments: rows about what is erased go with it."""
    tables = [r[0] for r in db.execute("select name from sqlite_master where type = 'table'")]
    return [
        (table, key["from"])
        for table in tables
        for key in db.execute(f"select * from pragma_foreign_key_list('{table}')")
        if key["table"] == "moments"
    ]


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


def _delete_in(db: sqlite3.Connection, table: str, column: str, numbers: Sequence[int]) -> None:
    db.executemany(f"delete from {table} where {column} = ?", [(n,) for n in numbers])


def _forget_words_of_journal(db: sqlite3.Connection, gone: Sequence[int]) -> None:
    """A note's entry, and that of taking it back, hold the beginning of what it said."""
    entries = {
        row[0]
        for n in gone
        for row in db.execute(
            "select added_by from moments m join journal j on j.id = m.added_by"
            " where m.n = ? and j.kind in ('note', 'chat')",
            (n,),
        )
    }
    for entry in entries:
        db.execute("update journal set summary = ? where id = ?", (ERASED, entry))
        db.execute(
            "update journal set summary = ? where kind in ('undo', 'redo')"
            " and json_extract(data, '$.entry') = ?",
            (ERASED, entry),
        )


def _erase_part(db: sqlite3.Connection, item_id: str, rows: Sequence[Row], done: Erased) -> None:
    """Blank the moments' bytes in the newest original; older ones hold them at places not known."""
    newest = db.execute(
        "select v.version, v.sha256 from versions v join items i on i.id = v.item_id"
        " and i.version = v.version where i.id = ?",
        (item_id,),
    ).fetchone()
    if newest is None:
        return
    done.dropped += db.execute(
        "delete from versions where item_id = ? and sha256 != ?", (item_id, newest["sha256"])
    ).rowcount
    there = [row for row in rows if row["version"] == newest["version"]]
    blanked = originals.blank_version(
        db, item_id, newest["sha256"], [(r["start"], r["end"]) for r in there]
    )
    done.blanked += blanked is True
    done.dropped += blanked is False


def _erase_item(db: sqlite3.Connection, item_id: str) -> None:
    """Nothing is left of an item: its name, its paths and its originals go."""
    name, source = db.execute(
        "select name, source_id from items where id = ?", (item_id,)
    ).fetchone()
    entries = [
        r[0] for r in db.execute("select taken_by from versions where item_id = ?", (item_id,))
    ]
    paths = [r[0] for r in db.execute("select path from places where item_id = ?", (item_id,))]
    _forget_names_in_journal(db, [p for p in paths if p != erased_path(p)], name, entries)
    db.execute("delete from versions where item_id = ?", (item_id,))
    db.execute("update items set name = '', title = null, modified = 0 where id = ?", (item_id,))
    for path in paths:
        db.execute(
            "update or replace places set path = ?, source_id = null where path = ?",
            (erased_path(path), path),
        )
    db.execute(
        "delete from sources where id = ? and kind = 'file' and not exists"
        " (select 1 from items i where i.source_id = sources.id and i.name != '')",
        (source,),
    )


def _forget_names_in_journal(
    db: sqlite3.Connection, paths: Sequence[str], name: str, entries: Sequence[str]
) -> None:
    """Take a file's paths out of every entry, and its name out of those that took it in."""
    for row in db.execute("select id, summary, data from journal").fetchall():
        words = sorted([*paths, *([name] if row["id"] in entries and name else [])], key=len)
        summary, data = row["summary"], json.loads(row["data"])
        for word in reversed(words):
            summary, data = summary.replace(word, ERASED), _without(data, word)
        if (summary, data) != (row["summary"], json.loads(row["data"])):
            db.execute(
                "update journal set summary = ?, data = ? where id = ?",
                (summary, json.dumps(data), row["id"]),
            )


def _without(value: object, word: str) -> object:
    """A value of JSON with the word replaced in each of its texts."""
    if isinstance(value, str):
        return value.replace(word, ERASED)
    if isinstance(value, list):
        return [_without(each, word) for each in value]
    if isinstance(value, dict):
        return {key: _without(each, word) for key, each in value.items()}
    return value
