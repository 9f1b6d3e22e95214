"""Times that moments mention, as the record keeps them: where they stand and what they mean.

What is still to be read follows from the record: triggers note every new moment, and every one whose
words or whose own time have changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from secondme.record.clock import from_ms
from secondme.record.db import Store

_MAKER = "times"


@dataclass(frozen=True, slots=True)
class StoredTime:
    """Characters `start` up to `end` of a moment's text, which mean the time from `from_ms` up to
    `until_ms` (ms since 1970, UTC), as fine as `granularity`."""

    start: int
    end: int
    from_ms: int
    until_ms: int
    granularity: str


class Times:
    """Writing and reading the times that moments mention."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def due(self, limit: int) -> list[tuple[int, str, datetime]]:
        """Moments that are still to be read, lowest number first: number, text, and their own time."""
        rows = self._store.query(
            "select m.n, m.text, m.time, m.zone from times_due d join moments m on m.n = d.n"
            " order by d.n limit ?",
            (limit,),
        )
        return [(row[0], row[1], from_ms(row[2], row[3])) for row in rows]

    def count_due(self) -> int:
        """How many moments are still to be read."""
        return int(self._store.value("select count(*) from times_due"))

    def put(self, found: Mapping[int, Iterable[StoredTime]]) -> None:
        """Store what each of these moments mentions; they are read then."""
        rows = [
            (n, t.start, t.end, t.from_ms, t.until_ms, t.granularity)
            for n, times in found.items()
            for t in times
        ]
        with self._store.write() as db:
            db.executemany("delete from times where n = ?", [(n,) for n in found])
            db.executemany(
                "insert or replace into times select ?1, ?2, ?3, ?4, ?5, ?6"
                " where exists (select 1 from moments where n = ?1)",
                rows,
            )
            db.executemany("delete from times_due where n = ?", [(n,) for n in found])

    def made_by(self, version: int) -> None:
        """Have every moment read again unless this version of the reader has made what is there."""
        with self._store.write() as db:
            row = db.execute("select version from makers where name = ?", (_MAKER,)).fetchone()
            if row is not None and row[0] == version:
                return
            db.execute("insert or replace into makers values (?, ?)", (_MAKER, version))
            db.execute("insert or ignore into times_due select n from moments where text != ''")

    def of(self, numbers: Sequence[int]) -> dict[int, list[StoredTime]]:
        """What each of these moments mentions, in the order of its text."""
        rows = self._store.query_in(
            "select n, start, end, from_ms, until_ms, granularity from times where n in ({})",
            list(numbers),
        )
        found: dict[int, list[StoredTime]] = defaultdict(list)
        for n, *rest in sorted(tuple(row) for row in rows):
            found[n].append(StoredTime(*rest))
        return dict(found)

    def within(self, from_ms: int, until_ms: int, limit: int) -> list[int]:
        """Live moments of that time, or that mention a time which begins in it; none when there are
        more than `limit` of either, since then the time alone says too little."""
        found: set[int] = set()
        for sql in (
            "select n from moments where time >= ? and time < ? and live = 1 limit ?",
            "select t.n from times t join moments m on m.n = t.n"
            " where t.from_ms >= ? and t.from_ms < ? and m.live = 1 limit ?",
        ):
            rows = self._store.query(sql, (from_ms, until_ms, limit + 1))
            if len(rows) <= limit:
                found |= {row[0] for row in rows}
        return sorted(found)

    def ahead(self, ms: int, limit: int) -> list[tuple[int, StoredTime]]:
        """The first mentions of days from a time on, soonest first, each with its live moment's number."""
        rows = self._store.query(
            "select t.n, t.start, t.end, t.from_ms, t.until_ms, t.granularity from times t"
            " join moments m on m.n = t.n where t.from_ms >= ? and t.granularity = 'day' and m.live = 1"
            " order by t.from_ms, t.n limit ?",
            (ms, limit),
        )
        return [(row[0], StoredTime(*tuple(row)[1:])) for row in rows]

    def over(self, ms: int, since: int) -> list[int]:
        """The numbers of live moments that mention a time which began at `since` or later, before `ms`, and
        lasts beyond that."""
        rows = self._store.query(
            "select distinct t.n from times t join moments m on m.n = t.n"
            " where t.from_ms >= ? and t.from_ms < ? and t.until_ms > ? and m.live = 1 order by t.from_ms",
            (since, ms, ms),
        )
        return [row[0] for row in rows]
