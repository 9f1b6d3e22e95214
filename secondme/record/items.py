"""Items: what came in, whole, in versions, and the places at which it lies.

Taking the same bytes in twice changes nothing. A changed file becomes a new version of its item:
moments that it still holds keep their ids, those it no longer holds are retired and stay.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from secondme.errors import NotFoundError
from secondme.plugin import Moment
from secondme.record import originals
from secondme.record.clock import moment_id, new_id, now_ms, to_ms, zone_name
from secondme.record.db import Row, Store
from secondme.record.moments import WINDOW_BEFORE

Change = Literal["new", "changed", "same", "moved"]


@dataclass(frozen=True)
class Arrival:
    """An item as it comes in; `path`, `size` and `mtime_ns` are None, 0 and 0 for what is no file."""

    name: str
    title: str | None
    importer: str
    media_type: str
    data: bytes
    modified_ms: int
    source_id: str | None
    path: str | None = None
    mtime_ns: int = 0

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@dataclass(slots=True)
class Taken:
    """What taking an item in has changed."""

    change: Change
    item_id: str
    added: int = 0
    retired: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """A file that was read: when its size and time are as they were, it need not be read again."""

    path: str
    item_id: str
    size: int
    mtime_ns: int
    gone: bool


_ERASED_PATH = "<erased> "


class Items:
    """Writing and reading items."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def place(self, path: str) -> Place | None:
        """What is known of the file at this path, unless its item was removed."""
        rows = self._store.query(
            "select p.* from places p join items i on i.id = p.item_id"
            " where p.path in (?, ?) and i.removed_by is null order by p.path = ? desc",
            (path, erased_path(path), path),
        )
        return None if not rows else _place(rows[0])

    def places_under(self, folder: str) -> dict[str, Place]:
        """Every known file below a folder, by path."""
        rows = self._store.query(
            "select p.* from places p join items i on i.id = p.item_id"
            " where substr(p.path, 1, ?) = ? and i.removed_by is null",
            (len(folder) + 1, folder.rstrip("/") + "/"),
        )
        return {row["path"]: _place(row) for row in rows}

    def mark_gone(self, paths: Iterable[str]) -> None:
        """Note that files are no longer there; what they held stays remembered."""
        with self._store.write() as db:
            db.executemany(
                "update places set gone_at = ? where path = ? and gone_at is null",
                [(now_ms(), path) for path in paths],
            )

    def holds(self, arrival: Arrival) -> bool:
        """Whether these bytes are remembered already, as this importer reads them."""
        return bool(
            self._store.value(
                "select 1 from items where sha256 = ? and importer = ? and removed_by is null",
                (arrival.sha256, arrival.importer),
            )
        )

    def known(self, arrival: Arrival) -> Taken | None:
        """If these bytes are remembered already, the place is noted and no reading is needed."""
        with self._store.write() as db:
            row = db.execute(
                "select i.id, i.name, p.path is not null as here from items i left join places p"
                " on p.item_id = i.id and p.path = ? where i.sha256 = ? and i.removed_by is null"
                " and i.importer = ? order by here desc limit 1",
                (arrival.path, arrival.sha256, arrival.importer),
            ).fetchone()
            if row is None:
                return None
            if arrival.path is None or not row["name"]:  # of an erased item no path is kept
                return Taken("same", row["id"])
            self._put_place(db, row["id"], arrival)
            return Taken("same" if row["here"] else "moved", row["id"])

    def take(self, arrival: Arrival, moments: Sequence[Moment], journal: str) -> Taken:
        """Store an item with its moments: new, or as the next version of the item at its path.

        Call inside a `write` block that covers the journal entry. Moments need aware times.
        """
        with self._store.write() as db:
            previous = self._previous(db, arrival)
            if previous is None:
                item_id, version = new_id(), 1
            else:
                item_id, version = previous["id"], previous["version"] + 1
            self._put_original(db, arrival, item_id)
            values = (
                arrival.source_id,
                arrival.name,
                arrival.title,
                arrival.importer,
                arrival.media_type,
                version,
                arrival.sha256,
                arrival.modified_ms,
            )
            if previous is None:
                db.execute(
                    "insert into items (source_id, name, title, importer, media_type, version, sha256,"
                    " modified, id) values (?,?,?,?,?,?,?,?,?)",
                    (*values, item_id),
                )
            else:
                db.execute(
                    "update items set source_id = coalesce(?, source_id), name = ?, title = ?,"
                    " importer = ?, media_type = ?, version = ?, sha256 = ?, modified = ?,"
                    " removed_by = null where id = ?",
                    (*values, item_id),
                )
            db.execute(
                "insert into versions values (?,?,?,?,?,?)",
                (item_id, version, arrival.sha256, len(arrival.data), journal, now_ms()),
            )
            if arrival.path is not None:
                self._put_place(db, item_id, arrival)
            added, retired = _put_moments(
                db, item_id, version, moments, journal, fresh=previous is None
            )
            self._blank_erased(db, item_id, version, arrival.sha256)
        return Taken("new" if previous is None else "changed", item_id, added, retired)

    def _previous(self, db: sqlite3.Connection, arrival: Arrival) -> Row | None:
        """The item that this arrival is a newer version of: the one that lies at its path alone."""
        if arrival.path is None:
            return None
        row: Row | None = db.execute(
            "select i.* from places p join items i on i.id = p.item_id where p.path in (?, ?)"
            " and i.removed_by is null and not exists (select 1 from places o"
            " where o.item_id = i.id and o.path not in (?, ?) and o.gone_at is null)",
            (arrival.path, erased_path(arrival.path)) * 2,
        ).fetchone()
        return row

    def _put_original(self, db: sqlite3.Connection, arrival: Arrival, item_id: str) -> None:
        originals.put(db, arrival.data)
        self._fold_grown(db, arrival, item_id)

    def _fold_grown(self, db: sqlite3.Connection, arrival: Arrival, item_id: str) -> None:
        """When a file only grew, its older versions are beginnings of this one: keep the bytes once."""
        last = db.execute(
            "select size, sha256 from versions where item_id = ? order by version desc limit 1",
            (item_id,),
        ).fetchone()
        if last is None or last["size"] >= len(arrival.data):
            return
        if hashlib.sha256(arrival.data[: last["size"]]).hexdigest() != last["sha256"]:
            return
        db.execute(
            "update versions set sha256 = ? where item_id = ? and sha256 = ?",
            (arrival.sha256, item_id, last["sha256"]),
        )
        originals.drop_unused(db)

    def _blank_erased(
        self, db: sqlite3.Connection, item_id: str, version: int, sha256: str
    ) -> None:
        """A new version of a file still holds what was erased for good: not in this record."""
        spans = db.execute(
            "select start, end from moments where item_id = ? and version = ? and text = ''",
            (item_id, version),
        ).fetchall()
        if originals.blank_version(db, item_id, sha256, [(r[0], r[1]) for r in spans]) is not None:
            originals.drop_unused(db)

    def _put_place(self, db: sqlite3.Connection, item_id: str, arrival: Arrival) -> None:
        db.execute(
            "insert into places (path, item_id, source_id, size, mtime_ns) values (?,?,?,?,?)"
            " on conflict (path) do update set item_id = excluded.item_id,"
            " source_id = coalesce(excluded.source_id, source_id), size = excluded.size,"
            " mtime_ns = excluded.mtime_ns, gone_at = null",
            (arrival.path, item_id, arrival.source_id, len(arrival.data), arrival.mtime_ns),
        )

    def original(self, item_id: str, version: int | None = None) -> bytes:
        """The bytes of an item's version, by default the newest. Raises `NotFoundError`."""
        rows = self._store.query(
            "select o.codec, o.data, v.size from versions v join originals o on o.sha256 = v.sha256"
            " where v.item_id = ? and (? is null or v.version = ?) order by v.version desc limit 1",
            (item_id, version, version),
        )
        if not rows:
            raise NotFoundError(f"the original of item {item_id} is no longer kept")
        return originals.unpacked(rows[0]["codec"], rows[0]["data"])[: rows[0]["size"]]

    def get(self, item_id: str) -> dict[str, Any]:
        """An item's row with its versions and places. Raises `NotFoundError`."""
        rows = self._store.query("select * from items where id = ?", (item_id,))
        if not rows:
            raise NotFoundError(f"there is no item {item_id!r}")
        versions = self._store.query(
            "select version, sha256, size, taken_at from versions where item_id = ? order by version",
            (item_id,),
        )
        places = self._store.query(
            "select path, gone_at from places where item_id = ? order by path", (item_id,)
        )
        return {
            **dict(rows[0]),
            "versions": [dict(v) for v in versions],
            "places": [dict(p) for p in places],
        }

    def count(self) -> int:
        """How many items are remembered."""
        return int(
            self._store.value("select count(*) from items where removed_by is null and name != ''")
        )


def erased_path(path: str) -> str:
    """What stands for the path of a file that was erased whole: a hash, by which it is known again."""
    if path.startswith(_ERASED_PATH):
        return path
    return (
        _ERASED_PATH + hashlib.blake2b(path.encode("utf-8", "replace"), digest_size=16).hexdigest()
    )


def _place(row: Row) -> Place:
    return Place(
        row["path"], row["item_id"], row["size"], row["mtime_ns"], row["gone_at"] is not None
    )


def _put_moments(
    db: sqlite3.Connection,
    item_id: str,
    version: int,
    moments: Sequence[Moment],
    journal: str,
    *,
    fresh: bool,
) -> tuple[int, int]:
    """Make the item's live moments be these; returns how many were added and how many retired."""
    rows = [
        _row(item_id, seq, version, key, m, journal) for seq, (key, m) in enumerate(_keyed(moments))
    ]
    if fresh:
        db.executemany(_INSERT, rows)
        return len(rows), 0
    before = _windows(db, item_id)
    held = {
        r["id"]: r
        for r in db.execute(
            "select id, n, live, forgotten_by, text != '' as text from moments where item_id = ?",
            (item_id,),
        )
    }
    new = [row for row in rows if row[0] not in held]
    kept = [row for row in rows if row[0] in held]
    gone = [id_ for id_, r in held.items() if r["live"] and id_ not in {row[0] for row in rows}]
    added = len(new) + sum(not held[r[0]]["live"] and not held[r[0]]["forgotten_by"] for r in kept)
    db.executemany(
        "update moments set live = 0, retired_by = ? where id = ?", [(journal, id_) for id_ in gone]
    )
    stones = [row for row in kept if not held[row[0]]["text"]]
    db.executemany(
        "update moments set seq = ?, start = ?, end = ?, version = ? where id = ?",
        [(row[2], row[10], row[11], row[13], row[0]) for row in stones],
    )
    db.executemany(
        "update moments set seq = ?, session = ?, time = ?, zone = ?, context = ?, start = ?, end = ?,"
        " meta = ?, version = ?, live = forgotten_by is null, retired_by = null where id = ?",
        [(*row[2:4], *row[6:9], *row[10:14], row[0]) for row in kept if held[row[0]]["text"]],
    )
    db.executemany(_INSERT, new)
    after = _windows(db, item_id)
    moved = [(n,) for n, window in after.items() if n in before and before[n] != window]
    db.executemany("delete from vectors where n = ?", moved)
    return added, len(gone)


_INSERT = (
    "insert into moments (id, item_id, seq, session, external_id, speaker, time, zone, context, text,"
    " start, end, meta, version, added_by) values (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
)


def _keyed(moments: Iterable[Moment]) -> Iterable[tuple[str, Moment]]:
    """Each moment with a key that stays the same when the item is read again."""
    seen: Counter[tuple[str | None, str | None, str]] = Counter()
    for moment in moments:
        what = (moment.external_id, moment.speaker, moment.text)
        yield f"{moment.external_id}\0{moment.speaker}\0{moment.text}\0{seen[what]}", moment
        seen[what] += 1


def _row(
    item_id: str, seq: int, version: int, key: str, moment: Moment, journal: str
) -> tuple[Any, ...]:
    if moment.time is None or moment.time.tzinfo is None:
        raise ValueError("a moment needs an aware time before it is stored")
    start, end = moment.span or (None, None)
    context = moment.meta.get("heading") or moment.meta.get("subject")
    return (
        moment_id(item_id, key),
        item_id,
        seq,
        moment.session,
        moment.external_id,
        moment.speaker,
        to_ms(moment.time),
        zone_name(moment.time),
        None if context is None else str(context),
        moment.text,
        start,
        end,
        json.dumps(dict(moment.meta), ensure_ascii=False, default=str),
        version,
        journal,
    )


def _windows(db: sqlite3.Connection, item_id: str) -> dict[int, tuple[int, ...]]:
    """Which moments before it each live moment's vector was made with."""
    recent: dict[str, tuple[int, ...]] = {}
    out = {}
    for n, session in db.execute(
        "select n, session from moments where item_id = ? and live = 1 order by seq", (item_id,)
    ):
        out[n] = recent.get(session, ())
        recent[session] = (*out[n], n)[-WINDOW_BEFORE:]
    return out
