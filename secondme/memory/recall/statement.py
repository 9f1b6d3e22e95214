"""Statement: a moment that ends in a question asks and seldom tells."""

from __future__ import annotations

import math

import numpy as np

from secondme.memory.recall.view import Pool, Query, Scores, View

_ASKS = ("?", "\uff1f", "\u061f")
_AFTER = " \n\t\"'\u201d\u2019\u00bb)]"


class Statement(View):
    """Lowers moments whose last sentence is a question."""

    name = "statement"
    weight = 0.6
    standardise = False
    late = True
    ceiling = math.inf

    def judge(self, query: Query, pool: Pool) -> Scores:
        return np.array([-float(text.rstrip(_AFTER).endswith(_ASKS)) for text in pool.texts()])
