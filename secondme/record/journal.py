"""The journal: every change, append-only, each able to be taken back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from secondme.errors import NotFoundError, RefusedError
from secondme.record.clock import new_id, now_ms
from secondme.record.db import Row, Store

CHANGES = (
    "add", "note", "chat", "mark", "forget", "source-remove", "watch", "unwatch",
    "fact-confirm", "fact-reject", "fact-edit", "entity-merge", "entity-split",
)  # fmt: skip
UNDOABLE = (*CHANGES, "undo", "redo")


@dataclass(frozen=True, slots=True)
class Entry:
    """One change: `data` holds what undoing it needs beyond the marks on the rows themselves."""

    id: str
    time: int
    kind: str
    client: str
    summary: str
    data: dict[str, Any]
    undone_by: str | None

    @property
    def undoable(self) -> bool:
        return self.kind in UNDOABLE and self.undone_by is None

    @classmethod
    def of(cls, row: Row) -> Entry:
        return cls(**{**dict(row), "data": json.loads(row["data"])})


class Journal:
    """Writing and reading the journal."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(self, kind: str, client: str, summary: str = "", **data: Any) -> str:
        """Write an entry and return its id; its summary may be filled in later with `finish`."""
        entry = new_id()
        with self._store.write() as db:
            db.execute(
                "insert into journal (id, time, kind, client, summary, data) values (?,?,?,?,?,?)",
                (entry, now_ms(), kind, client, summary, json.dumps(data)),
            )
        return entry

    def finish(self, entry: str, summary: str, /, **data: Any) -> None:
        """Say what an entry has done."""
        with self._store.write() as db:
            db.execute(
                "update journal set summary = ?, data = ? where id = ?",
                (summary, json.dumps(data), entry),
            )

    def discard(self, entry: str) -> None:
        """Take out an entry that changed nothing."""
        with self._store.write() as db:
            db.execute("delete from journal where id = ?", (entry,))

    def get(self, entry: str) -> Entry:
        """The entry with that id or unique beginning of one. Raises `NotFoundError`."""
        rows = self._store.query(
            "select * from journal where id >= ? and id < ? limit 2",
            (entry.lower(), entry.lower() + "~"),
        )
        if len(rows) != 1:
            what = "no change has" if not rows else "several changes have"
            raise NotFoundError(
                f"{what} an id beginning {entry!r}", hint="`secondme log` lists them"
            )
        return Entry.of(rows[0])

    def newest(
        self, limit: int, *, before: str | None = None, kind: str | None = None
    ) -> list[Entry]:
        """Entries, newest first, older than `before` if it is given."""
        rows = self._store.query(
            "select * from journal where (:before is null or id < :before)"
            " and (:kind is null or kind = :kind) order by id desc limit :limit",
            {"before": before, "kind": kind, "limit": limit},
        )
        return [Entry.of(row) for row in rows]

    def last_undoable(self) -> Entry:
        """The newest change that can be taken back. Raises `NotFoundError` when there is none."""
        return self._last(CHANGES, "there is no change to take back")

    def last_undo(self) -> Entry:
        """The newest undo that holds. Raises `NotFoundError` when there is none."""
        return self._last(("undo",), "no change has been taken back, so none can be done again")

    def _last(self, kinds: Sequence[str], otherwise: str) -> Entry:
        rows = self._store.query(
            f"select * from journal where undone_by is null and kind in ({','.join('?' * len(kinds))})"
            " order by id desc limit 1",
            kinds,
        )
        if not rows:
            raise NotFoundError(otherwise)
        return Entry.of(rows[0])

    def marks(self, entry: Entry) -> list[str]:
        """The ids under which a change stands in the record: its own and those by which it was done
        again."""
        rows = self._store.query(
            "select id from journal where kind = 'redo' and json_extract(data, '$.entry') = ?",
            (entry.id,),
        )
        return [entry.id, *(row[0] for row in rows)]

    def mark_undone(self, entry: Entry, by: str) -> None:
        """Note that a change was taken back, however often it was done again before. Raises
        `RefusedError` if it cannot be."""
        if entry.undone_by is not None:
            raise RefusedError(f"change {entry.id} was taken back already")
        if entry.kind not in UNDOABLE:
            raise RefusedError(f"a change of kind {entry.kind!r} cannot be taken back")
        with self._store.write() as db:
            db.executemany(
                "update journal set undone_by = ? where id = ? and undone_by is null",
                [(by, id_) for id_ in self.marks(entry)],
            )

    def mark_done(self, entry: Entry) -> None:
        """Note that a change that was taken back holds again."""
        with self._store.write() as db:
            db.execute("update journal set undone_by = null where id = ?", (entry.id,))
