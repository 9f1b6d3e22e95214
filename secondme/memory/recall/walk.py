"""Walk: from the best moments over the words that they share with others, and back to what they have in
common: a personalised PageRank, as in HippoRAG 2 (Gutiérrez et al. 2025), among the candidates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from secondme.memory.recall.view import Held, Pool, Query, Scores, View

_FROM = 5
"""How many moments, the best so far, the walk sets out from."""
_ENOUGH = 20
"""Among fewer candidates there is nowhere to go."""
_STAYS = 0.5
"""How likely a step goes on; else the walk begins anew."""
_STEPS = 12
_COMMON = 0.3
"""A word that more of the candidates have leads nowhere."""
_BY_SPEAKER, _BY_NEXT = 0.1, 1.0
"""How strongly moments hang together by who says them, and by standing next to one another; a shared word
counts by how rare it is."""


class Walk(View):
    """How often a walk comes by a moment. Questions that need two places at once gain by it: the second
    place shares words with the first, though not with the question. It goes by what the views before it
    in their order have made of the candidates."""

    name = "walk"
    weight = 0.2
    standardise = True
    late = True
    ceiling = 4.0

    def judge(self, query: Query, pool: Pool) -> Scores:
        if len(pool) < _ENOUGH:
            return np.zeros(len(pool))
        by_word = _words(pool.held(), pool.speakers())
        following = np.zeros((len(pool), len(pool)))
        _, there = pool.neighbours(1)
        beside = np.flatnonzero((np.diff(pool.numbers) == 1) & there[:-1])
        following[beside, beside + 1] = following[beside + 1, beside] = _BY_NEXT
        degree = np.maximum(by_word.sum(1) + following.sum(1), 1e-9)
        spread = by_word / np.maximum(by_word.sum(0), 1e-9)
        start = np.zeros(len(pool))
        best = np.argsort(-pool.total, kind="stable")[:_FROM]
        start[best] = np.exp(pool.total[best] - pool.total[best[0]])
        start /= start.sum()
        at, words = start, np.zeros(by_word.shape[1])
        for _ in range(_STEPS):
            leaving = at / degree
            at = _STAYS * (spread @ words + following @ leaving) + (1 - _STAYS) * start
            words = _STAYS * (leaving @ by_word)
        return np.log(1e-9 + at)


def _words(held: Held, speakers: Sequence[str | None]) -> Scores:
    """By how much each moment hangs on each word that several have, and on its speaker."""
    counts = np.bincount(held.term, minlength=len(held.terms))
    shared = (counts >= 2) & (counts <= max(2.0, _COMMON * held.texts))
    column = np.cumsum(shared) - 1
    names = sorted({name for name in speakers if name})
    weights = np.zeros((held.texts, int(shared.sum()) + len(names)))
    there = shared[held.term]
    word = held.term[there]
    weights[held.text[there], column[word]] = np.log(held.texts / counts[word])
    for row, name in enumerate(speakers):
        if name:
            weights[row, names.index(name) - len(names)] = _BY_SPEAKER
    return weights
