"""Fitting: what can hold an answer of the kind asked for comes first: a time where "when" is asked."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from secondme.memory.kinds import kind_of
from secondme.memory.recall.view import Pool, Query, Scores, View
from secondme.memory.terms import capitals, has_number
from secondme.record.times import StoredTime, Times


class Fitting(View):
    """Moments that mention a time or a number where one is asked for; a name where a place or a person
    is, that of somebody who speaks apart."""

    name = "fitting"
    weight = 1.2
    standardise = False
    late = True
    ceiling = math.inf

    def __init__(self, times: Times) -> None:
        self._times = times

    def judge(self, query: Query, pool: Pool) -> Scores:
        kind = kind_of(query.text)
        if kind not in ("date", "number", "duration", "place", "person"):
            return np.zeros(len(pool))
        numbers = pool.numbers.tolist()
        timed = self._times.of(numbers)
        if kind == "date":
            return np.array([float(n in timed) for n in numbers])
        texts = pool.texts()
        if kind in ("number", "duration"):
            return np.array(
                [float(n in timed or has_number(t)) for n, t in zip(numbers, texts, strict=True)]
            )
        speakers = {name for speaker in set(pool.speakers()) if speaker for name in speaker.split()}
        bare = [_without(t, timed.get(n, ())) for n, t in zip(numbers, texts, strict=True)]
        return np.array([float(not speakers.issuperset(capitals(text))) for text in bare])


def _without(text: str, times: Sequence[StoredTime]) -> str:
    """The text with its times blanked: "June" is no place."""
    for time in times:
        text = text[: time.start] + " " * (time.end - time.start) + text[time.end :]
    return text
