"""Recall: several views find candidates and judge them; a weighted sum of z-scores ranks them.

Nothing outside the candidates of the two indexes is ever scored, so that the cost does not grow with
the memory. Each view is one module beside this one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from secondme.index.fulltext import FullText
from secondme.memory.recall.coverage import Coverage
from secondme.memory.recall.deeds import Deeds
from secondme.memory.recall.episode import Episode
from secondme.memory.recall.fitting import Fitting
from secondme.memory.recall.following import Following
from secondme.memory.recall.kinds import Kinds
from secondme.memory.recall.meaning import Meaning, Nearest
from secondme.memory.recall.people import People
from secondme.memory.recall.statement import Statement
from secondme.memory.recall.strength import Strength
from secondme.memory.recall.times import Asked, Times
from secondme.memory.recall.view import Pool, Query, Scores, View
from secondme.memory.recall.walk import Walk
from secondme.memory.recall.words import Words
from secondme.record import Record
from secondme.record.moments import StoredMoment

__all__ = ["Asked", "Hit", "Query", "Recall"]

CANDIDATES = 200
"""How many each index may propose."""
NARROWED = 100
"""How many of the candidates are looked at closely, with the moments before each."""
_FLOOR = -2.0
"""Deviations below the mean that a view can push a candidate: in a large memory the nearest are all
alike, and without this the one moment that has the question's rare word would fall below them all."""
_EXACT = 2000
"""When a filter leaves at most this many moments, all of them are candidates."""


_Scored = Mapping[str, Scores]


@dataclass(frozen=True, slots=True)
class Hit:
    """A recalled moment. `parts` is each view's share of the score, `signals` what it measured, and
    `found_by` the views that proposed the moment, with its rank there from 1."""

    moment: StoredMoment
    score: float
    parts: Mapping[str, float]
    signals: Mapping[str, float]
    found_by: Mapping[str, int] = field(default_factory=dict)


class Recall:
    """Finds the moments that a question is about."""

    def __init__(
        self,
        record: Record,
        fulltext: FullText,
        nearest: Nearest,
        speakers: Callable[[], Sequence[str]],
        views: Sequence[View] | None = None,
    ) -> None:
        self._record = record
        self.took: dict[str, float] = {}
        """Seconds that each view took to find candidates, and ranking them, in the last call."""
        self._times = Times(record, fulltext.search)
        self.views: Sequence[View] = views or (
            Words(fulltext, CANDIDATES),
            Meaning(nearest, CANDIDATES),
            Following(),
            Episode(fulltext, record.episodes),
            People(speakers),
            Coverage(),
            Statement(),
            Fitting(record.times),
            Deeds(record.claims),
            Kinds(),
            Strength(record.uses),
            self._times,
            Walk(),
        )

    @property
    def asked_times(self) -> Sequence[Asked]:
        """The times that the last question named, as they were understood."""
        return self._times.asked

    def __call__(self, query: Query, k: int, embedder: str) -> list[Hit]:
        """The best `k` moments, best first; those that say the same as a better one are left out."""
        found = self._found(query)
        start = time.perf_counter()
        numbers = self._candidates(query, found)
        if not numbers:
            return []
        pool = Pool(self._record, numbers, found, embedder)
        hits = self._hits(*self._judged(query, pool, max(k, NARROWED)), k, merge=not query.all)
        self.took["ranking"] = time.perf_counter() - start
        return hits

    def _found(self, query: Query) -> Mapping[str, Mapping[int, float]]:
        """What each view proposes; those that wait for other processes do so beside the others."""

        def find(view: View) -> Mapping[int, float]:
            start = time.perf_counter()
            found = view.find(query)
            self.took[view.name] = time.perf_counter() - start
            return found

        with ThreadPoolExecutor(1, "recall") as aside:
            waited = {v.name: aside.submit(find, v) for v in self.views if v.aside}
            found = {v.name: find(v) for v in self.views if not v.aside}
            return found | {name: future.result() for name, future in waited.items()}

    def _judged(self, query: Query, pool: Pool, narrow: int) -> tuple[Pool, _Scored, _Scored]:
        """The narrowed pool, and each view's raw judgement and share of the score there.

        All candidates are judged by the quick views; the best of them, with those just before them, by
        all. The quick views' scale stays that of the whole pool, where that has one.
        """
        quick = [v for v in self.views if not v.late]
        first = {v.name: v.judge(query, pool) for v in quick}
        scale = {v.name: _scale(first[v.name]) for v in quick}
        parts = [_part(v, first[v.name], scale[v.name]) for v in quick]
        best = np.argsort(-np.sum(parts, axis=0), kind="stable")[:narrow]
        pool = pool.narrowed(best, query.filter)
        raw: dict[str, Scores] = {}
        shares: dict[str, Scores] = {}
        for view in self.views:
            raw[view.name] = view.judge(query, pool)
            if view.late or scale[view.name][1] == math.inf:
                scale[view.name] = _scale(raw[view.name])
            shares[view.name] = _part(view, raw[view.name], scale[view.name])
            pool.total = pool.total + shares[view.name]
        return pool, raw, shares

    def _hits(self, pool: Pool, raw: _Scored, parts: _Scored, k: int, *, merge: bool) -> list[Hit]:
        total = np.sum(list(parts.values()), axis=0)
        order = np.argsort(-total, kind="stable")
        numbers = pool.numbers.tolist()
        ranks = {name: _ranks(scores) for name, scores in pool.found.items()}
        measured = {name: np.nan_to_num(scores) for name, scores in raw.items()}
        moments = self._record.moments.by_number([numbers[i] for i in order[: 2 * k + 20]])
        firsts = self._record.alike.firsts(list(moments)) if merge else {}
        hits: list[Hit] = []
        seen: set[object] = set()
        for i in order:
            moment = moments.get(numbers[i])
            if moment is None or len(hits) == k:
                break
            said = (moment.speaker, " ".join(moment.text.lower().split()))
            first = firsts.get(moment.n, moment.n)
            if merge and (said in seen or first in seen):
                continue
            seen |= {said, first}
            hits.append(
                Hit(
                    moment,
                    float(total[i]),
                    {name: float(part[i]) for name, part in parts.items()},
                    {name: float(value[i]) for name, value in measured.items()},
                    {name: rank[moment.n] for name, rank in ranks.items() if moment.n in rank},
                )
            )
        return hits

    def _candidates(self, query: Query, found: Mapping[str, Mapping[int, float]]) -> list[int]:
        """What the views found and the filter lets through; few enough moments are all candidates."""
        proposed = {n for scores in found.values() for n in scores}
        if query.filter and query.vector() is not None:
            within = self._record.moments.matching(query.filter, _EXACT + 1)
            if len(within) <= _EXACT:
                return sorted(within)
        return sorted(self._record.moments.passing(sorted(proposed), query.filter))


def _scale(scores: Scores) -> tuple[float, float]:
    """Mean and deviation of what was measured; a pool that does not differ is not stretched."""
    measured = scores[~np.isnan(scores)]
    if not len(measured):
        return 0.0, math.inf
    deviation = float(measured.std())
    return float(measured.mean()), deviation if deviation > 1e-9 else math.inf


def _part(view: View, scores: Scores, scale: tuple[float, float]) -> Scores:
    """A view's share of the total: its weighted scores, on their scale and within its bounds.

    What a view could not measure is like the others: it has no share either way.
    """
    if not view.standardise:
        return view.weight * scores
    share = view.weight * np.clip((scores - scale[0]) / scale[1], _FLOOR, view.ceiling)
    return np.nan_to_num(share, nan=0.0)


def _ranks(scores: Mapping[int, float]) -> dict[int, int]:
    """Places from 1, best first; equal scores share the first of theirs."""
    ranks: dict[int, int] = {}
    before: int | None = None
    for place, n in enumerate(sorted(scores, key=lambda n: -scores[n]), 1):
        tied = before is not None and scores[before] == scores[n]
        ranks[n] = ranks[before] if tied and before is not None else place
        before = n
    return ranks
