"""What a view of recall is, and the pool of candidates that all views judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from secondme.record import Record
from secondme.record.moments import Filter

Scores = NDArray[np.float64]
AHEAD = 4
"""How many moments after a candidate are looked at."""
EARLIER = 2
"""As many moments before a candidate are candidates too: its vector was made with them."""
_BEHIND = EARLIER + 1


@dataclass(frozen=True, slots=True)
class Query:
    """A question as the views get it. `vector` is the embedder's (unit length), or None without one."""

    text: str
    now: datetime
    filter: Filter = field(default_factory=Filter)
    vector: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class _Row:
    item: str
    session: str
    seq: int
    speaker: str | None


class Pool:
    """The candidates, by number, with their neighbours in their session and their vectors."""

    def __init__(
        self,
        record: Record,
        numbers: Sequence[int],
        found: Mapping[str, Mapping[int, float]],
        embedder: str,
    ) -> None:
        """`found` is each view's own score of what it found."""
        self.numbers = list(numbers)
        self.found = found
        self._record = record
        self._embedder = embedder

    def take_in_earlier(self) -> None:
        """Make candidates of those moments that stand just before one in its session."""
        near = {self.neighbour(n, -k) for n in self.numbers for k in range(1, EARLIER + 1)}
        self.numbers = sorted({*self.numbers, *(n for n in near if n is not None)})

    def __len__(self) -> int:
        return len(self.numbers)

    @cached_property
    def _rows(self) -> dict[int, _Row]:
        near = {n + k for n in self.numbers for k in range(-_BEHIND, AHEAD + 1)}
        rows = self._record.store.query_in(
            "select n, item_id, session, seq, speaker from moments where n in ({}) and live = 1",
            sorted(near),
        )
        return {row[0]: _Row(row[1], row[2], row[3], row[4]) for row in rows}

    def neighbour(self, n: int, offset: int) -> int | None:
        """The moment so many places after (or before) one in the same session, if there is one."""
        here, there = self._rows.get(n), self._rows.get(n + offset)
        if here is None or there is None:
            return None
        same = (here.item, here.session, here.seq + offset) == (
            there.item,
            there.session,
            there.seq,
        )
        return n + offset if same else None

    def speaker(self, n: int) -> str | None:
        """Who said it."""
        row = self._rows.get(n)
        return None if row is None else row.speaker

    @cached_property
    def vectors(self) -> dict[int, NDArray[np.float32]]:
        """Vectors of the candidates and those after them in their sessions."""
        wanted = set(self.numbers)
        for n in self.numbers:
            wanted.update(m for k in range(1, AHEAD + 1) if (m := self.neighbour(n, k)) is not None)
        return self._record.vectors.get(self._embedder, sorted(wanted))

    def cosines(self, vector: NDArray[np.float32]) -> dict[int, float]:
        """Each stored vector's cosine with this one."""
        if not self.vectors:
            return {}
        numbers = list(self.vectors)
        matrix = np.stack([self.vectors[n] for n in numbers])
        cosines = matrix @ vector / np.maximum(np.linalg.norm(matrix, axis=1), 1e-9)
        return dict(zip(numbers, cosines.tolist(), strict=True))


class View(Protocol):
    """One way of finding moments and of judging candidates; a view is a small module.

    A candidate's score is the sum over views of `weight` times `judge`, which is standardised over the
    pool (zero mean, unit deviation) where `standardise` says so.
    """

    name: str
    weight: float
    standardise: bool

    def find(self, query: Query) -> Mapping[int, float]:
        """Candidates by number, with this view's own score; empty for a view that only judges."""
        ...

    def judge(self, query: Query, pool: Pool) -> Scores:
        """A score for each candidate of the pool, in its order."""
        ...
