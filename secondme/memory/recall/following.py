"""Following: what comes after a moment is close to the question, as an answer follows its question."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from secondme.memory.recall.view import AHEAD, Pool, Query, Scores


class Following:
    """The mean cosine over a moment and the four after it in its session."""

    name = "following"
    weight = 0.7
    standardise = True

    def find(self, query: Query) -> Mapping[int, float]:
        return {}

    def judge(self, query: Query, pool: Pool) -> Scores:
        if query.vector is None:
            return np.zeros(len(pool))
        cosines = pool.cosines(query.vector)
        floor = min(cosines.values(), default=0.0)
        out = np.full(len(pool), floor)
        for i, n in enumerate(pool.numbers):
            after = [pool.neighbour(n, k) for k in range(1, AHEAD + 1)]
            run = [cosines[m] for m in (n, *after) if m is not None and m in cosines]
            if run:
                out[i] = sum(run) / len(run)
        return out
