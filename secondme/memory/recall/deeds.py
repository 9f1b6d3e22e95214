"""Deeds: what a question asks to have been done, done in a moment and not only named there."""

from __future__ import annotations

import numpy as np

from secondme.memory.recall.view import Pool, Query, Scores, View
from secondme.memory.terms import asked
from secondme.record.claims import Claims


class Deeds(View):
    """Moments whose verbs, as the parser found them when it read them, are among the question's words.

    That the verb's object is the question's too, and who does it, told nothing more; nor did the
    question's own verbs, found with or without a parser.
    """

    name = "deeds"
    weight = 0.17
    standardise = True
    late = True
    ceiling = 4.0

    def __init__(self, claims: Claims) -> None:
        self._claims = claims

    def judge(self, query: Query, pool: Pool) -> Scores:
        about = {term.key for term in asked(query.text)}
        numbers = pool.numbers.tolist()
        verbs = self._claims.verbs(numbers)
        return np.array([float(not about.isdisjoint(verbs.get(n, ()))) for n in numbers])
