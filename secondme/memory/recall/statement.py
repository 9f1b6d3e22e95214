"""Statement: a moment that ends in a question asks and seldom tells."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from secondme.memory.recall.view import Pool, Query, Scores

_ASKS = ("?", "\uff1f", "\u061f")
_AFTER = " \n\t\"'\u201d\u2019\u00bb)]"


class Statement:
    """Lowers moments whose last sentence is a question."""

    name = "statement"
    weight = 0.6
    standardise = False
    late = True
    ceiling = math.inf

    def find(self, query: Query) -> Mapping[int, float]:
        return {}

    def judge(self, query: Query, pool: Pool) -> Scores:
        return np.array([-float(text.rstrip(_AFTER).endswith(_ASKS)) for text in pool.texts()])
