"""Moments that say nearly the same: each is noted with the first of its kind, and all of them are kept."""

from __future__ import annotations

from collections.abc import Sequence

from secondme.record.db import Store


class Alike:
    """Writing and reading which moments say the same. Derived: made anew at will."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def waiting(self, embedder: str, limit: int, after: int = 0) -> list[int]:
        """Live moments with a vector that were not compared yet, in order of number."""
        rows = self._store.query(
            "select m.n from moments m where m.live = 1 and m.n > ? and not exists"
            " (select 1 from alike a where a.n = m.n) and exists"
            " (select 1 from vectors v where v.n = m.n and v.embedder = ?) order by m.n limit ?",
            (after, embedder, limit),
        )
        return [row[0] for row in rows]

    def count_waiting(self) -> int:
        """How many live moments were not compared yet."""
        return int(
            self._store.value(
                "select count(*) from moments m where live = 1 and not exists"
                " (select 1 from alike a where a.n = m.n)"
            )
        )

    def put(self, firsts: dict[int, int]) -> None:
        """Note the first moment that says the same, by number; its own number for one alone."""
        with self._store.write() as db:
            db.executemany(
                "insert or replace into alike select m.n, ? from moments m where m.n = ? and m.live = 1",
                [(first, n) for n, first in firsts.items()],
            )

    def firsts(self, numbers: Sequence[int]) -> dict[int, int]:
        """The first that says the same, for each of the moments that were compared."""
        rows = self._store.query_in("select n, first from alike where n in ({})", list(numbers))
        return {row[0]: row[1] for row in rows}

    def others(self, n: int) -> list[int]:
        """The live moments that say the same as this one, by number."""
        rows = self._store.query(
            "select a.n from alike a join moments m on m.n = a.n where m.live = 1 and a.n != ?"
            " and a.first = (select first from alike where n = ?) order by a.n",
            (n, n),
        )
        return [row[0] for row in rows]
