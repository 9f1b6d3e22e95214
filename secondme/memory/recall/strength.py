"""Strength: what was said long ago and never used again fades a little; what helped comes up a little.

Retention falls as Ebbinghaus (1885) found it to, by exp(-age / stability), from when a moment was last
used or said; each use makes it more stable. What nobody said (a document, a contact, a note) is there to
be looked up and does not fade. The whole share is bounded, and `Query.all` leaves it out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from secondme.memory.recall.view import Pool, Query, Scores, View
from secondme.record.clock import to_ms
from secondme.record.uses import Kind, Uses

DAY_MS = 86_400_000
STABILITY_DAYS = 365.0
"""A moment that was never used has lost 63 % after this long; each use adds as much."""
FADES = 0.2
"""What fading alone can take from a score; a typical view's deviation is about 1."""
HELPS = 0.5
"""What uses can add to it, and twice as much marks as wrong can take."""
WORTH: dict[Kind, float] = {"cited": 0.15, "opened": 0.1, "good": 1.0, "wrong": -1.0}


class Strength(View):
    """How strong a moment is by its age, its uses and its marks."""

    name = "strength"
    weight = 1.0
    standardise = False
    late = True
    ceiling = math.inf

    def __init__(self, uses: Uses) -> None:
        self._uses = uses

    def judge(self, query: Query, pool: Pool) -> Scores:
        if query.all:
            return np.zeros(len(pool))
        now, times, speakers = to_ms(query.now), pool.times(), pool.speakers()
        ages = np.maximum(0, now - np.array(times)) / DAY_MS
        fades = np.array([speaker is not None for speaker in speakers])
        strengths = np.where(fades, _faded(ages, 0), 0.0)
        for n, uses in self._uses.of(pool.numbers.tolist()).items():  # few were ever used
            at = int(np.searchsorted(pool.numbers, n))
            strengths[at] = strength(times[at], speakers[at] is not None, uses, now)
        return strengths


def strength(said: int, fades: bool, uses: Sequence[tuple[Kind, int]], now: int) -> float:
    """A moment's strength, from -2 HELPS - FADES to HELPS; 0 for one just said. Times are in ms."""
    helpful = [time for kind, time in uses if kind != "wrong" and time <= now]
    age = max(0, now - max([said, *helpful])) / DAY_MS
    faded = float(_faded(np.float64(age), len(helpful))) if fades else 0.0
    worth = sum(WORTH[kind] for kind, time in uses if time <= now)
    share = math.tanh(worth)
    return faded + HELPS * (share if share > 0 else 2 * share)


def _faded(days: Scores | np.float64, helped: int) -> Scores | np.float64:
    """What fading takes from a score, so many days after the last of its helpful uses."""
    return FADES * np.expm1(-days / (STABILITY_DAYS * (1 + helped)))
