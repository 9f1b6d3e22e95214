"""Meaning: the question's vector against each moment's, which is of it and the two before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from secondme.memory.recall.view import Pool, Query, Scores

Nearest = Callable[[NDArray[np.float32], int], Mapping[int, float]]


class Meaning:
    """Moments that mean something close to the question."""

    name = "meaning"
    weight = 1.3
    standardise = True
    late = False
    ceiling = 4.0

    def __init__(self, nearest: Nearest, limit: int) -> None:
        self._nearest = nearest
        self._limit = limit

    def find(self, query: Query) -> Mapping[int, float]:
        if query.vector is None:
            return {}
        limit = self._limit * 4 if query.filter else self._limit
        return self._nearest(query.vector, limit)

    def judge(self, query: Query, pool: Pool) -> Scores:
        if query.vector is None:
            return np.zeros(len(pool))
        cosines = pool.own(pool.cosines(query.vector))
        return np.where(np.isnan(cosines), floor(cosines), cosines)


def floor(cosines: Scores) -> float:
    """What stands for the cosine of a moment that has no vector yet: the farthest of the others."""
    known = cosines[~np.isnan(cosines)]
    return float(known.min()) if len(known) else 0.0
