"""What was used: moments that an answer cited, that were opened, or that the person marked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

from secondme.record.clock import now_ms
from secondme.record.db import Store

Kind = Literal["cited", "opened", "good", "wrong"]


class Uses:
    """Writing and reading the log of uses. It holds no questions."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, kind: Kind, ids: Sequence[str], journal: str | None = None) -> None:
        """Note a use of these moments now; marks have an entry in the journal."""
        with self._store.write() as db:
            db.executemany(
                "insert or ignore into uses select n, ?, ?, ? from moments where id = ? and text != ''",
                [(kind, now_ms(), journal, id_) for id_ in ids],
            )

    def take_back(self, journal: str) -> int:
        """Take out the marks of a journal entry; returns how many."""
        with self._store.write() as db:
            return db.execute("delete from uses where journal = ?", (journal,)).rowcount

    def of(self, numbers: Sequence[int]) -> dict[int, list[tuple[Kind, int]]]:
        """Each moment's uses, as kind and time in ms, in order of time."""
        found = defaultdict(list)
        for n, kind, time in self._store.query_in(
            "select n, kind, time from uses where n in ({}) order by time", list(numbers)
        ):
            found[n].append((kind, time))
        return dict(found)
