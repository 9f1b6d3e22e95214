"""The step of the background job that finds moments which say nearly the same.

Neighbours in meaning come from the vector index; whether two say the same is told by their words. Nothing
is deleted: recall shows the best of them, and `show` names the others with where they come from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from secondme.memory.terms import keys, tokens
from secondme.record import Record
from secondme.record.moments import StoredMoment

Nearest = Callable[[NDArray[np.float32], int], Mapping[int, float]]

_PART = 10
_NEIGHBOURS = 6
_NEAR = 0.95
_FEWEST = 5
"""Texts that say less than this many things ("see you tomorrow then") are never the same."""
_SAME = 0.8
_SAME_TOKENS = 0.8


class Comparing:
    """Looks at each moment once, against those before it."""

    name = "alike"

    def __init__(
        self, record: Record, nearest: Nearest, embedder: Callable[[], str | None]
    ) -> None:
        """`embedder` names the one whose index `nearest` asks, or None while there is none."""
        self._record = record
        self._nearest = nearest
        self._embedder = embedder

    def left(self) -> int:
        return self._record.alike.count_waiting() if self._embedder() else 0

    def some(self) -> bool:
        embedder = self._embedder()
        numbers = self._record.alike.waiting(embedder, _PART) if embedder else []
        if not numbers or embedder is None:
            return False
        vectors = self._record.vectors.get(embedder, numbers)
        moments = self._record.moments.by_number(numbers)
        firsts: dict[int, int] = {}
        for n in numbers:
            first = self._same(moments[n], vectors[n]) if n in moments else n
            firsts[n] = firsts.get(first, first)
        self._record.alike.put(firsts)
        return True

    def _same(self, moment: StoredMoment, vector: NDArray[np.float32]) -> int:
        """The first moment that says the same as this one; its own number if there is none."""
        if len(keys(moment.text)) < _FEWEST:
            return moment.n
        near = self._nearest(vector, _NEIGHBOURS)
        earlier = sorted(n for n, cosine in near.items() if cosine >= _NEAR and n < moment.n)
        others = self._record.moments.by_number(earlier)
        for n in earlier:
            other = others.get(n)
            if other is not None and other.live and same(moment, other):
                return self._record.alike.firsts([n]).get(n, n)
        return moment.n


def same(one: StoredMoment, other: StoredMoment) -> bool:
    """Whether two moments say nearly the same: who, what, and every number in it."""
    if one.speaker != other.speaker:
        return False
    return (
        _numbers(one.text) == _numbers(other.text)
        and _overlap(keys(one.text), keys(other.text)) >= _SAME
        and _overlap(frozenset(tokens(one.text)), frozenset(tokens(other.text))) >= _SAME_TOKENS
    )


def _numbers(text: str) -> set[str]:
    return {word for word in tokens(text) if any(c.isdigit() for c in word)}


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard's index."""
    return len(one & other) / len(one | other) if one or other else 0.0
