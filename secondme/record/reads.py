"""What was read: which client was given which moments, when and how. It holds no questions and no words."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from dataclasses import dataclass

from secondme.errors import RecordError
from secondme.record.clock import now_ms
from secondme.record.db import Store

_TOGETHER = 5.0
"""Seconds in which reads of the same kind by the same client are one: those of somebody who types."""
_KEPT = 90 * 86_400_000

log = logging.getLogger("secondme")


@dataclass(frozen=True, slots=True)
class Read:
    """What a client was given: `time` in ms, `kind` the use case, `moments` by number with their ids."""

    time: int
    client: str
    kind: str
    moments: dict[int, str]


class Reads:
    """Writing and reading the log of reads, which goes back 90 days.

    A read is kept in memory first and written seconds later, so that nobody who reads waits for the disk;
    a crash in between loses it. Erasing a moment erases that it was read.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._held: dict[tuple[str, str], tuple[int, set[str]]] = {}
        self._timer: threading.Timer | None = None

    def note(self, client: str, kind: str, ids: Iterable[str]) -> None:
        """Note that a client is given these moments; nothing for none."""
        given = set(ids)
        if not given:
            return
        with self._lock:
            self._held.setdefault((client, kind), (now_ms(), set()))[1].update(given)
            if self._timer is None:
                self._timer = threading.Timer(_TOGETHER, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Write what was noted, and let go of what is old. A record that cannot be written loses it."""
        with self._lock:
            held, self._held = self._held, {}
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        if not held:
            return
        rows = [
            (time, client, kind, id_) for (client, kind), (time, ids) in held.items() for id_ in ids
        ]
        try:
            with self._store.write() as db:
                db.executemany(
                    "insert or ignore into reads select ?, ?, ?, n from moments"
                    " where id = ? and text != ''",
                    rows,
                )
                db.execute("delete from reads where time < ?", (now_ms() - _KEPT,))
        except RecordError as error:
            log.warning("reads were not noted: %s", error)

    def newest(
        self, limit: int, *, before: int | None = None, kind: str | None = None
    ) -> list[Read]:
        """Reads, newest first, from before a time in ms if it is given."""
        self.flush()
        heads = self._store.query(
            "select time, client, kind from reads where (:before is null or time < :before)"
            " and (:kind is null or kind = :kind) group by time, client, kind"
            " order by time desc, client desc, kind desc limit :limit",
            {"before": before, "kind": kind, "limit": limit},
        )
        return [self._whole(time, client, kind) for time, client, kind in heads]

    def _whole(self, time: int, client: str, kind: str) -> Read:
        rows = self._store.query(
            "select n, m.id from reads r join moments m using (n)"
            " where r.time = ? and r.client = ? and r.kind = ?",
            (time, client, kind),
        )
        return Read(time, client, kind, {row[0]: row[1] for row in rows})
