"""Words: BM25, smoothed over the moments beside, since an answer seldom repeats its question's words."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from secondme.index.fulltext import FullText
from secondme.memory.recall.view import Pool, Query, Scores, View


class Words(View):
    """Moments that share words with the question."""

    name = "words"
    weight = 0.2
    standardise = True
    late = False
    ceiling = math.inf
    beside = 0.3

    def __init__(self, fulltext: FullText, limit: int) -> None:
        self._fulltext = fulltext
        self._limit = limit

    def find(self, query: Query) -> Mapping[int, float]:
        limit = self._limit * 4 if query.filter else self._limit
        return self._fulltext.search(query.text, limit)

    def judge(self, query: Query, pool: Pool) -> Scores:
        near = pool.spread(pool.found[self.name])
        scores = pool.own(near)
        for offset in (-1, 1):
            places, there = pool.neighbours(offset)
            scores = scores + self.beside * np.where(there, near[places], 0.0)
        return scores
