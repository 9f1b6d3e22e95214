"""Meaning: the question's vector against each moment's, which is of it and the two before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from secondme.memory.recall.people import nameless
from secondme.memory.recall.view import Pool, Query, Scores, Vector, View

Nearest = Callable[[Vector, int], Mapping[int, float]]
_NAMELESS = 0.6
"""The share of the question without its name in the vector that is searched for."""


def question_vector(
    embed: Callable[[str], Vector], question: str, speakers: Sequence[str]
) -> Vector:
    """The vector (of length 1) that a question is searched by.

    A name draws an embedder to everything that the person ever said, so where the question names one
    speaker, it is mixed with the vector of the question without the name.
    """
    vector = embed(question)
    bare = nameless(question, speakers)
    if bare is None:
        return vector
    mixed = (1 - _NAMELESS) * vector + _NAMELESS * embed(bare)
    unit: Vector = (mixed / np.linalg.norm(mixed)).astype(np.float32)
    return unit


class Meaning(View):
    """Moments that mean something close to the question."""

    name = "meaning"
    weight = 0.75
    standardise = True
    late = False
    ceiling = 4.0
    aside = True

    def __init__(self, nearest: Nearest, limit: int) -> None:
        self._nearest = nearest
        self._limit = limit

    def find(self, query: Query) -> Mapping[int, float]:
        vector = query.vector()
        if vector is None:
            return {}
        return self._nearest(vector, self._limit * 4 if query.filter else self._limit)

    def judge(self, query: Query, pool: Pool) -> Scores:
        vector = query.vector()
        return np.zeros(len(pool)) if vector is None else pool.own(pool.cosines(vector))
