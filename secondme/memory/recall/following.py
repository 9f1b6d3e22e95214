"""Following: what comes after a moment is close to the question, as an answer follows its question."""

from __future__ import annotations

import numpy as np

from secondme.memory.recall.view import AHEAD, Pool, Query, Scores, View


class Following(View):
    """The mean cosine over a moment and the four after it in its session."""

    name = "following"
    weight = 0.37
    standardise = True
    late = True
    ceiling = 4.0

    def judge(self, query: Query, pool: Pool) -> Scores:
        vector = query.vector()
        if vector is None:
            return np.zeros(len(pool))
        near = pool.cosines(vector)
        own = pool.own(near)
        total, count = np.nan_to_num(own), (~np.isnan(own)).astype(float)
        for offset in range(1, AHEAD + 1):
            places, there = pool.neighbours(offset)
            there = there & ~np.isnan(near[places])
            total = total + np.where(there, near[places], 0.0)
            count += there
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)
