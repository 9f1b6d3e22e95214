"""What a view of recall is, and the pool of candidates that all views judge."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from secondme.memory.terms import keys
from secondme.record import Record
from secondme.record.moments import Filter

Scores = NDArray[np.float64]
Vector = NDArray[np.float32]
AHEAD = 4
"""How many moments after a candidate a late view looks at."""
EARLIER = 2
"""As many moments before a good candidate are candidates too: its vector was made with them."""


def no_vector() -> Vector | None:
    """The vector of a question where nothing embeds it."""
    return None


@dataclass(frozen=True, slots=True)
class Query:
    """A question as the views get it. `vector` gives the embedder's (unit length), or None without one;
    the first call may wait for it.

    With `all`, nothing ranks lower for its age or its marks, and what says the same is not merged.
    """

    text: str
    now: datetime
    filter: Filter = field(default_factory=Filter)
    vector: Callable[[], Vector | None] = no_vector
    all: bool = False


class Pool:
    """The candidates, in order of number, with their neighbours in their sessions and all vectors.

    Everything is held in arrays over `near`: the candidates and the moments around them.
    """

    def __init__(
        self,
        record: Record,
        numbers: Iterable[int],
        found: Mapping[str, Mapping[int, float]],
        embedder: str,
        ahead: int = 0,
        known: Mapping[int, float] | None = None,
    ) -> None:
        """`found` is each view's own score of what it found; moments and vectors so far `ahead` of
        candidates are read, vectors but for those of which the cosine is `known`."""
        self.found = found
        self._record = record
        self._embedder = embedder
        self._known = dict(known or {})
        self._cosines: Scores | None = None
        self._texts: list[str] | None = None
        self._keys: list[frozenset[str]] | None = None
        self._held: Held | None = None
        self._ahead = ahead
        self._read(sorted(numbers))
        self.total: Scores = np.zeros(len(self.numbers))
        """What the views that have judged so far make of each candidate."""

    def _read(self, numbers: list[int]) -> None:
        """Take these as the candidates and read who stands where from there on, and what else was
        found beside them."""
        around = {n + k for n in numbers for k in range(self._ahead + 1)}
        beside = {n + k for n in numbers for k in (-1, 1)}
        around |= beside & set[int]().union(*self.found.values())
        rows = self._record.store.query_in(
            "select n, item_id, session, seq, speaker, time from moments where n in ({}) and live = 1",
            sorted(around),
        )
        rows.sort(key=itemgetter(0))
        sessions: dict[tuple[str, str], int] = {}
        self.near = np.array([r[0] for r in rows], np.int64)
        self._session = np.array(
            [sessions.setdefault((r[1], r[2]), len(sessions)) for r in rows], np.int64
        )
        self._seq = np.array([r[3] for r in rows], np.int64)
        self._speakers = [r[4] for r in rows]
        self._times = [r[5] for r in rows]
        self.numbers = np.array(numbers, np.int64)
        self._at = np.searchsorted(self.near, self.numbers)

    def narrowed(self, chosen: NDArray[np.intp], filter_: Filter) -> Pool:
        """A pool of the chosen candidates (by place) and of those that stand just before them in their
        sessions and pass the filter, with moments and vectors ahead."""
        best = self.numbers[chosen].tolist()
        near = {n - k for n in best for k in range(EARLIER + 1)}
        passing = self._record.moments.passing(sorted(near), filter_)
        pool = Pool(self._record, passing, self.found, self._embedder, AHEAD, self._known)
        pool._keep(pool._leading_to(set(best)))
        return pool

    def _leading_to(self, numbers: set[int]) -> NDArray[np.bool_]:
        """Which candidates are among the numbers or stand just before one in its session."""
        kept = np.array([n in numbers for n in self.numbers.tolist()], bool)
        for offset in range(1, EARLIER + 1):
            places, there = self.neighbours(offset)
            kept |= there & np.array([n in numbers for n in self.near[places].tolist()], bool)
        return kept

    def _keep(self, chosen: NDArray[np.bool_]) -> None:
        self.numbers, self._at = self.numbers[chosen], self._at[chosen]
        self.total = np.zeros(len(self.numbers))

    def __len__(self) -> int:
        return len(self.numbers)

    def neighbours(self, offset: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """For each candidate, the place in `near` of the moment so many after it in its session (before
        it, when negative), and whether there is one."""
        places = np.searchsorted(self.near, self.numbers + offset)
        places[places == len(self.near)] = 0
        there = (
            (self.near[places] == self.numbers + offset)
            & (self._session[places] == self._session[self._at])
            & (self._seq[places] == self._seq[self._at] + offset)
        )
        return places, there

    def spread(self, scores: Mapping[int, float]) -> Scores:
        """Scores by number as an array over `near`; 0 where there is none."""
        return np.array([scores.get(n, 0.0) for n in self.near.tolist()])

    def own(self, near: Scores) -> Scores:
        """Of an array over `near`, the candidates' own values."""
        return near[self._at]

    def speakers(self) -> list[str | None]:
        """Who said each candidate."""
        return [self._speakers[i] for i in self._at]

    def named(self) -> frozenset[str]:
        """The keys of the names of all who speak."""
        return frozenset[str]().union(*(keys(s) for s in set(self.speakers()) if s))

    def times(self) -> list[int]:
        """When each candidate was, in ms."""
        return [self._times[i] for i in self._at]

    def texts(self) -> list[str]:
        """What each candidate says."""
        if self._texts is None:
            rows = self._record.store.query_in(
                "select n, text from moments where n in ({})", self.numbers.tolist()
            )
            by_number: dict[int, str] = {row[0]: row[1] for row in rows}
            self._texts = [by_number.get(n, "") for n in self.numbers.tolist()]
        return self._texts

    def terms(self) -> list[frozenset[str]]:
        """The keys of the terms that each candidate has."""
        if self._keys is None:
            self._keys = [keys(text) for text in self.texts()]
        return self._keys

    def held(self) -> Held:
        """The same as numbers, for those who look through all of them."""
        if self._held is None:
            self._held = Held.of(self.terms())
        return self._held

    def cosines(self, vector: Vector) -> Scores:
        """Each moment's cosine with a vector, over `near`; NaN for one that has no vector yet."""
        if self._cosines is None:
            wanted = np.zeros(len(self.near), bool)
            wanted[self._at] = True
            for offset in range(1, self._ahead + 1):
                places, there = self.neighbours(offset)
                wanted[places[there]] = True
            unknown = [n for n in self.near[wanted].tolist() if n not in self._known]
            numbers, matrix = self._record.vectors.matrix(self._embedder, unknown)
            if numbers:
                self._known.update(zip(numbers, (matrix @ vector).tolist(), strict=True))
            self._cosines = np.array([self._known.get(n, math.nan) for n in self.near.tolist()])
        return self._cosines


@dataclass(frozen=True, slots=True)
class Held:
    """Which terms some texts have: all `terms` by their keys, each once, and for each that a text has its
    place among these (`term`) and that of the text (`text`)."""

    terms: Sequence[str]
    term: NDArray[np.intp]
    text: NDArray[np.intp]
    texts: int

    @classmethod
    def of(cls, keys: Sequence[frozenset[str]]) -> Held:
        places: dict[str, int] = {}
        term = [places.setdefault(key, len(places)) for some in keys for key in some]
        text = np.repeat(np.arange(len(keys)), [len(some) for some in keys])
        return cls(list(places), np.array(term, np.intp), text, len(keys))


class View(Protocol):
    """One way of finding moments and of judging candidates; a view is a small module.

    A candidate's score is the sum over views of `weight` times `judge`, which is standardised over the
    pool (zero mean, unit deviation) where `standardise` says so. A view that is `late` judges only the
    best of what the others make of it, since it looks at more of the record. Standardised, a view counts
    no more than `ceiling` deviations, so that an odd vector does not outweigh an exact word. One whose
    finding waits for other processes is `aside`: it finds while the others do.
    """

    name: str
    weight: float
    standardise: bool
    late: bool
    ceiling: float
    aside: bool = False

    def find(self, query: Query) -> Mapping[int, float]:
        """Candidates by number, with this view's own score; none from a view that only judges."""
        return {}

    def judge(self, query: Query, pool: Pool) -> Scores:
        """A score for each candidate of the pool, in its order; NaN where there is nothing to measure."""
        ...
