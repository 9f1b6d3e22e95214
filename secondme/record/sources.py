"""Sources: folders, files and conversations that items come from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from secondme.errors import NotFoundError
from secondme.record.clock import new_id, now_ms
from secondme.record.db import Store
from secondme.record.moments import escape_like


@dataclass(frozen=True, slots=True)
class Source:
    """Where items come from; `path` is a path, or a name in `<>` for what has none."""

    id: str
    kind: str
    path: str
    watched: bool
    added_at: int
    error: str | None
    items: int
    moments: int


_SELECT = (
    "select s.*, (select count(*) from items i where i.source_id = s.id and i.removed_by is null"
    " and i.name != '') items,"
    " (select count(*) from moments m join items i on i.id = m.item_id"
    " where i.source_id = s.id and m.live = 1) moments from sources s"
)


_HOLDS = "(path = ? or substr(?, 1, length(path) + 1) = path || '/')"
"""That a source is a path, or a folder that it lies in; the path is bound twice."""


class Sources:
    """Writing and reading sources."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def ensure(self, kind: str, path: str) -> str:
        """The id of the source at this path, made if need be."""
        with self._store.write() as db:
            row = db.execute("select id from sources where path = ?", (path,)).fetchone()
            if row:
                return str(row[0])
            id_ = new_id()
            db.execute(
                "insert into sources (id, kind, path, added_at) values (?,?,?,?)",
                (id_, kind, path, now_ms()),
            )
            return id_

    def all(self) -> list[Source]:
        """Every source, oldest first."""
        return [
            Source(**{**dict(r), "watched": bool(r["watched"])})
            for r in self._store.query(f"{_SELECT} order by s.id")
        ]

    def find(self, name: str) -> Source:
        """The source with this path, id, or unique end of its path. Raises `NotFoundError`."""
        like = f"%{escape_like(name)}"
        rows = self._store.query(f"{_SELECT} where s.path = ? or s.id = ?", (name, name.lower()))
        if not rows:
            rows = self._store.query(
                f"{_SELECT} where s.path like ? escape '\\' or s.id like ?",
                (like, f"{name.lower()}%"),
            )
        if len(rows) != 1:
            what = "there is no source" if not rows else "several sources are called"
            raise NotFoundError(f"{what} {name!r}", hint="`secondme sources` lists them")
        return Source(**{**dict(rows[0]), "watched": bool(rows[0]["watched"])})

    def covering(self, path: str) -> str | None:
        """The id of the folder source that this path lies in, the nearest one."""
        row = self._store.query(
            f"select id from sources where kind = 'folder' and {_HOLDS}"
            " order by length(path) desc limit 1",
            (path, path),
        )
        return None if not row else str(row[0][0])

    def watching(self, path: str) -> bool:
        """Whether this path lies in a folder that is watched."""
        return bool(
            self._store.value(
                f"select count(*) from sources where watched = 1 and {_HOLDS}", (path, path)
            )
        )

    def there(self, ids: Iterable[str | None]) -> set[str | None]:
        """Those of the ids that are still a source's; None, for what has no source, is one of them."""
        wanted = set(ids)
        rows = self._store.query_in(
            "select id from sources where id in ({})", list(wanted - {None})
        )
        return {row["id"] for row in rows} | wanted & {None}

    def set_watched(self, id_: str, watched: bool) -> None:
        """Say whether a folder is watched."""
        with self._store.write() as db:
            db.execute(
                "update sources set watched = ?, error = null where id = ?", (int(watched), id_)
            )

    def set_error(self, id_: str, error: str | None) -> None:
        """Note why a source cannot be read or watched, or that it can again."""
        with self._store.write() as db:
            db.execute("update sources set error = ? where id = ?", (error, id_))

    def delete(self, id_: str) -> None:
        """Take the source out; its items stay, without a source."""
        with self._store.write() as db:
            db.execute("delete from sources where id = ?", (id_,))

    def restore(self, id: str, kind: str, path: str, watched: bool, items: list[str]) -> None:
        """Bring back a source that was deleted, with the items that were its own."""
        with self._store.write() as db:
            db.execute(
                "insert or ignore into sources (id, kind, path, watched, added_at) values (?,?,?,?,?)",
                (id, kind, path, int(watched), now_ms()),
            )
            db.executemany(
                "update items set source_id = ? where id = ?", [(id, item) for item in items]
            )
