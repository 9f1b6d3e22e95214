"""Vectors as the record keeps them: float16, by moment and embedder; the index is built from these."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from secondme.record.db import Row, Store

Floats = NDArray[np.float32]


class Vectors:
    """Writing and reading vectors, and which of them the index holds."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, embedder: str, numbers: Sequence[int], vectors: Floats) -> None:
        """Store one row of `vectors` (float32, n by dimensions) a moment; not yet in the index."""
        blobs = vectors.astype("<f2")
        with self._store.write() as db:
            db.executemany(
                "insert into vectors (n, embedder, vector, indexed)"
                " select n, ?, ?, 0 from moments where n = ? and text != ''"
                " on conflict (n, embedder) do update set vector = excluded.vector, indexed = 0",
                [(embedder, blob.tobytes(), n) for n, blob in zip(numbers, blobs, strict=True)],
            )

    def get(self, embedder: str, numbers: Sequence[int]) -> dict[int, Floats]:
        """Vectors by moment number, those that exist."""
        rows = self._store.query_in(
            "select n, vector from vectors where n in ({}) and embedder = ?",
            list(numbers),
            embedder,
        )
        return {row[0]: np.frombuffer(row[1], "<f2").astype(np.float32) for row in rows}

    def matrix(self, embedder: str, numbers: Sequence[int]) -> tuple[list[int], Floats]:
        """Those of the moments that have a vector, in order of number, and the vectors as rows."""
        rows = self._store.query_in(
            "select n, vector from vectors where n in ({}) and embedder = ?",
            list(numbers),
            embedder,
        )
        return _stacked(sorted(rows, key=itemgetter(0)))

    def missing(self, embedder: str, limit: int, after: int = 0) -> list[int]:
        """Live moments without a vector, in order of number, beyond `after`."""
        rows = self._store.query(
            "select n from moments m where n > ? and live = 1 and not exists"
            " (select 1 from vectors v where v.n = m.n and v.embedder = ?) order by n limit ?",
            (after, embedder, limit),
        )
        return [row[0] for row in rows]

    def count_missing(self, embedder: str) -> int:
        """How many live moments have no vector yet."""
        return int(
            self._store.value(
                "select count(*) from moments m where live = 1 and not exists"
                " (select 1 from vectors v where v.n = m.n and v.embedder = ?)",
                (embedder,),
            )
        )

    def unindexed(self, embedder: str, limit: int) -> tuple[list[int], Floats]:
        """Vectors of live moments that the index lacks: numbers, and float32 rows."""
        rows = self._store.query(
            "select v.n, v.vector from vectors v join moments m on m.n = v.n"
            " where v.embedder = ? and v.indexed = 0 and m.live = 1 order by v.n limit ?",
            (embedder, limit),
        )
        return _stacked(rows)

    def count_unindexed(self, embedder: str) -> int:
        """How many vectors of live moments the index lacks."""
        return int(
            self._store.value(
                "select count(*) from vectors v join moments m on m.n = v.n"
                " where v.embedder = ? and v.indexed = 0 and m.live = 1",
                (embedder,),
            )
        )

    def count(self, embedder: str) -> int:
        """How many vectors of an embedder there are, of moments that live and that do not."""
        return int(
            self._store.value("select count(*) from vectors where embedder = ?", (embedder,))
        )

    def stale(self, embedder: str, limit: int) -> list[int]:
        """Moments that the index holds though they are live no more."""
        rows = self._store.query(
            "select v.n from vectors v join moments m on m.n = v.n"
            " where v.embedder = ? and v.indexed = 1 and m.live = 0 limit ?",
            (embedder, limit),
        )
        return [r[0] for r in rows]

    def mark(self, embedder: str, numbers: Sequence[int], indexed: bool) -> None:
        """Note whether the index holds these."""
        with self._store.write() as db:
            db.executemany(
                "update vectors set indexed = ? where n = ? and embedder = ?",
                [(int(indexed), n, embedder) for n in numbers],
            )

    def mark_all(self, embedder: str, indexed_numbers: set[int]) -> set[int]:
        """Make the marks agree with what the index really holds; returns what only the index has."""
        rows = self._store.query("select n, indexed from vectors where embedder = ?", (embedder,))
        wrong = [
            (int(r[0] in indexed_numbers), r[0])
            for r in rows
            if bool(r[1]) != (r[0] in indexed_numbers)
        ]
        with self._store.write() as db:
            db.executemany(
                "update vectors set indexed = ? where n = ? and embedder = ?",
                [(flag, n, embedder) for flag, n in wrong],
            )
        return indexed_numbers - {r[0] for r in rows}

    def expected(self, embedder: str) -> int:
        """How many vectors the index should hold by the record's marks."""
        return int(
            self._store.value(
                "select count(*) from vectors where embedder = ? and indexed = 1", (embedder,)
            )
        )

    def sample(self, embedder: str, size: int) -> list[tuple[int, Floats]]:
        """Vectors spread evenly over all that the index should hold."""
        numbers = [
            r[0]
            for r in self._store.query(
                "select n from vectors where embedder = ? and indexed = 1 order by n", (embedder,)
            )
        ]
        if not numbers:
            return []
        step = max(1, len(numbers) // size)
        chosen = numbers[::step][:size]
        if numbers[-1] not in chosen:
            chosen.append(numbers[-1])
        return sorted(self.get(embedder, chosen).items())

    def embedders(self) -> list[str]:
        """Every embedder that vectors are stored for."""
        return [r[0] for r in self._store.query("select distinct embedder from vectors")]

    def drop(self, embedder: str) -> None:
        """Forget every vector of an embedder."""
        with self._store.write() as db:
            db.execute("delete from vectors where embedder = ?", (embedder,))


def _stacked(rows: Sequence[Row]) -> tuple[list[int], Floats]:
    """Rows of (number, blob) as numbers and a float32 matrix."""
    if not rows:
        return [], np.empty((0, 0), np.float32)
    matrix = np.frombuffer(b"".join([r[1] for r in rows]), "<f2").reshape(len(rows), -1)
    return [r[0] for r in rows], matrix.astype(np.float32)
