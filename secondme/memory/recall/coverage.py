"""Coverage: how much of what the question is about stands in a moment, rare things counting more."""

from __future__ import annotations

import math

import numpy as np

from secondme.memory.recall.view import Pool, Query, Scores, View
from secondme.memory.terms import asked

_WHOLE = 2.0
"""What is added where everything that the question names stands in one moment alone: in a
large memory the nearest in meaning, all alike, would outweigh the one that has its rare word."""


class Coverage(View):
    """The share of the question's terms that stand in the moment itself, each weighed by how few of
    the candidates have it. BM25 counts a word again and again and a moment's length; this does not."""

    name = "coverage"
    weight = 1.0
    standardise = False
    late = True
    ceiling = math.inf

    def judge(self, query: Query, pool: Pool) -> Scores:
        said_by = pool.named()
        about = {term.key for term in asked(query.text)} - said_by
        there = [about & held for held in pool.terms()]
        weights = {
            key: math.log(1 + len(there) / (1 + sum(key in held for held in there)))
            for key in about
        }
        total = sum(weights.values())
        if not total:
            return np.zeros(len(pool))
        shares = np.array([sum(weights[key] for key in held) / total for held in there])
        whole = shares > 1 - 1e-9
        return shares + _WHOLE * whole if whole.sum() == 1 else shares
