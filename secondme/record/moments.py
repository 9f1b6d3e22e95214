"""Moments as the record keeps them, and reading them back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from secondme.errors import NotFoundError
from secondme.record.clock import from_ms
from secondme.record.db import Row, Store

WINDOW_BEFORE = 2
"""A moment's vector is of itself and this many moments before it in its session."""


@dataclass(frozen=True, slots=True)
class StoredMoment:
    """A moment with its place in the record: `n` is its number in the indexes, `ms` its time."""

    n: int
    id: str
    item_id: str
    seq: int
    session: str
    external_id: str | None
    speaker: str | None
    ms: int
    zone: str
    context: str | None
    text: str
    span: tuple[int, int] | None
    meta: dict[str, Any]
    live: bool
    source: str
    path: str | None

    @property
    def time(self) -> datetime:
        """When, in the zone that it was given in."""
        return from_ms(self.ms, self.zone)

    @property
    def tells(self) -> bool:
        """Whether the person or a source says it: no question to Second Me, and no answer of it."""
        return self.meta.get("turn") in (None, "statement")

    @classmethod
    def of(cls, row: Row) -> StoredMoment:
        span = None if row["start"] is None else (row["start"], row["end"])
        return cls(
            row["n"],
            row["id"],
            row["item_id"],
            row["seq"],
            row["session"],
            row["external_id"],
            row["speaker"],
            row["time"],
            row["zone"],
            row["context"],
            row["text"],
            span,
            json.loads(row["meta"]),
            bool(row["live"]),
            row["name"],
            row["path"],
        )


@dataclass(frozen=True, slots=True)
class Filter:
    """Which moments to consider: times in ms (from inclusive, until exclusive), speaker, source; and
    whether what says nothing is among them: questions to Second Me, and its refusals to answer."""

    since: int | None = None
    until: int | None = None
    who: str | None = None
    source: str | None = None
    silent: bool = True

    def __bool__(self) -> bool:
        """Whether it was asked for less than everything; what is silent does not count."""
        return any(v is not None for v in (self.since, self.until, self.who, self.source))

    def where(self) -> tuple[str, list[Any]]:
        """SQL conditions on `moments m`, each beginning with `and`, and their values."""
        sql, values = "", list[Any]()
        for condition, value in (
            ("m.time >= ?", self.since),
            ("m.time < ?", self.until),
            (
                "m.speaker like ? escape '\\'",
                None if self.who is None else f"%{escape_like(self.who)}%",
            ),
        ):
            if value is not None:
                sql += f" and {condition}"
                values.append(value)
        if self.source is not None:
            like = f"%{escape_like(self.source)}%"
            sql += (
                " and m.item_id in (select id from items where source_id = ? or name like ? escape '\\'"
                " union all select item_id from places where path like ? escape '\\')"
            )
            values += [self.source, like, like]
        if not self.silent:
            sql += (
                " and coalesce(json_extract(m.meta, '$.turn'), '') not in ('question', 'refusal')"
            )
        return sql, values


def escape_like(text: str) -> str:
    """Text for a LIKE pattern whose escape character is a backslash."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


_COLUMNS = (
    "select m.*, i.name, (select path from places p where p.item_id = m.item_id"
    " order by p.gone_at is not null, p.path limit 1) as path"
    " from moments m join items i on i.id = m.item_id"
)


class Moments:
    """Reading moments."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._names: list[str] = []
        self._names_up_to = 0

    def count(self) -> int:
        """How many can be recalled."""
        return int(self._store.value("select count(*) from moments where live = 1"))

    def by_number(self, numbers: Sequence[int]) -> dict[int, StoredMoment]:
        """Moments by their number; those that are not there are left out."""
        rows = self._store.query_in(f"{_COLUMNS} where m.n in ({{}})", list(numbers))
        return {row["n"]: StoredMoment.of(row) for row in rows}

    def get(self, id_: str) -> StoredMoment:
        """The moment with that id, or the one whose id begins so. Raises `NotFoundError`."""
        prefix = id_.lower()
        rows = self._store.query(
            f"{_COLUMNS} where m.id >= ? and m.id < ? and m.text != '' limit 2",
            (prefix, prefix + "~"),
        )
        if len(rows) == 1 or (rows and rows[0]["id"] == prefix):
            return StoredMoment.of(rows[0])
        what = "no moment has" if not rows else "several moments have"
        raise NotFoundError(f"{what} an id beginning {id_!r}", hint="`secondme recall` shows ids")

    def around(self, moment: StoredMoment, before: int, after: int) -> list[StoredMoment]:
        """Live moments of the same item, up to so many before and after, in order, without itself."""
        back = self._store.query(
            f"{_COLUMNS} where m.item_id = ? and m.seq < ? and m.live = 1 and m.n != ?"
            " order by m.seq desc limit ?",
            (moment.item_id, moment.seq, moment.n, before),
        )
        on = self._store.query(
            f"{_COLUMNS} where m.item_id = ? and m.seq > ? and m.live = 1 and m.n != ?"
            " order by m.seq limit ?",
            (moment.item_id, moment.seq, moment.n, after),
        )
        return [StoredMoment.of(r) for r in (*reversed(back), *on)]

    def matching(self, filter_: Filter, limit: int) -> list[int]:
        """Numbers of live moments that pass the filter, newest first."""
        condition, values = filter_.where()
        rows = self._store.query(
            f"select m.n from moments m where m.live = 1{condition} order by m.time desc limit ?",
            (*values, limit),
        )
        return [row[0] for row in rows]

    def between(self, since: int, until: int) -> list[StoredMoment]:
        """Live moments of a span (ms; `until` exclusive), oldest first."""
        rows = self._store.query(
            f"{_COLUMNS} where m.live = 1 and m.time >= ? and m.time < ?"
            " order by m.time, m.item_id, m.seq",
            (since, until),
        )
        return [StoredMoment.of(row) for row in rows]

    def said_by(
        self, names: Sequence[str], *, since: int, until: int, newest: bool, limit: int
    ) -> list[StoredMoment]:
        """Live moments of a span (ms; `until` exclusive) whose speaker has one of these names: so many of
        the newest, or of the oldest."""
        rows = self._store.query_in(
            f"{_COLUMNS} where m.speaker in ({{}}) and m.live = 1 and m.time >= ? and m.time < ?"
            f" order by m.time {'desc' if newest else 'asc'} limit ?",
            list(names),
            since,
            until,
            limit,
        )
        return [StoredMoment.of(row) for row in rows]

    def repeated(self) -> list[int]:
        """The numbers of live entries of calendars that repeat."""
        rows = self._store.query(
            "select m.n from items i join moments m on m.item_id = i.id where i.importer = 'calendar'"
            " and m.live = 1 and json_extract(m.meta, '$.rrule') is not null"
        )
        return [row[0] for row in rows]

    def nearest_time(self, ms: int, *, later: bool) -> int | None:
        """The time of the next live moment after, or the last one before, this time."""
        choose, side = ("min", ">") if later else ("max", "<")
        found = self._store.value(
            f"select {choose}(time) from moments where live = 1 and time {side} ?", (ms,)
        )
        return None if found is None else int(found)

    def density(self, step: int, span: tuple[int, int] | None) -> list[tuple[int, str, int]]:
        """How many live moments there are by step of time (so many ms) and by importer."""
        since, until = span or (-(2**62), 2**62)
        rows = self._store.query(
            "select (m.time - (m.time % ?1 + ?1) % ?1) / ?1, i.importer, count(*)"
            " from moments m join items i on i.id = m.item_id"
            " where m.live = 1 and m.time >= ?2 and m.time < ?3 group by 1, 2",
            (step, since, until),
        )
        return [(row[0], row[1], row[2]) for row in rows]

    def passing(self, numbers: Sequence[int], filter_: Filter) -> set[int]:
        """Those of the numbers that are live and pass the filter."""
        condition, values = filter_.where()
        rows = self._store.query_in(
            f"select m.n from moments m where m.n in ({{}}) and m.live = 1{condition}",
            list(numbers),
            *values,
        )
        return {row[0] for row in rows}

    def speakers(self) -> list[tuple[str, int]]:
        """Everyone who speaks, with the number of their live moments, most first."""
        rows = self._store.query(
            "select speaker, count(*) c from moments where live = 1 and speaker is not null"
            " group by speaker order by c desc"
        )
        return [(row[0], row[1]) for row in rows]

    def speaker_names(self) -> list[str]:
        """Everyone who ever spoke; quick, since only new moments can bring a new name."""
        newest = self._store.value("select max(n) from moments") or 0
        if newest != self._names_up_to:
            rows = self._store.query(
                "with recursive each(speaker) as (select min(speaker) from moments union all"
                " select (select min(m.speaker) from moments m where m.speaker > each.speaker) from each"
                " where each.speaker is not null) select speaker from each where speaker is not null"
            )
            self._names, self._names_up_to = [row[0] for row in rows], newest
        return self._names

    def names_changed(self) -> None:
        """Some who spoke may do so no more: look again."""
        self._names_up_to = -1

    def windows(self, numbers: Iterable[int]) -> dict[int, list[StoredMoment]]:
        """Each moment preceded by up to two live ones before it in its session, oldest first."""
        wanted = self.by_number(list(numbers))
        out: dict[int, list[StoredMoment]] = {}
        for n, moment in wanted.items():
            rows = self._store.query(
                f"{_COLUMNS} where m.item_id = ? and m.seq < ? and m.session = ? and m.live = 1"
                " order by m.seq desc limit ?",
                (moment.item_id, moment.seq, moment.session, WINDOW_BEFORE),
            )
            out[n] = [*(StoredMoment.of(r) for r in reversed(rows)), moment]
        return out
