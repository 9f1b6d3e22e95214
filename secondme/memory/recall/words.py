"""Words: BM25, smoothed over the moments beside, since an answer seldom repeats its question's words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from secondme.index.fulltext import FullText
from secondme.memory.recall.view import Pool, Query, Scores


class Words:
    """Moments that share words with the question."""

    name = "words"
    weight = 0.7
    standardise = True
    beside = 0.3

    def __init__(self, fulltext: FullText, limit: int) -> None:
        self._fulltext = fulltext
        self._limit = limit

    def find(self, query: Query) -> Mapping[int, float]:
        limit = self._limit * 4 if query.filter else self._limit
        return self._fulltext.search(query.text, limit)

    def judge(self, query: Query, pool: Pool) -> Scores:
        found = pool.found[self.name]

        def score(n: int | None) -> float:
            return 0.0 if n is None else found.get(n, 0.0)

        return np.array(
            [
                score(n)
                + self.beside * (score(pool.neighbour(n, -1)) + score(pool.neighbour(n, 1)))
                for n in pool.numbers
            ]
        )
