"""People: when a question names one of those who speak, what that person said comes first."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from secondme.memory.recall.view import Pool, Query, Scores

_WORD = re.compile(r"\w+")


class People:
    """Moments of the one speaker whom the question names."""

    name = "people"
    weight = 3.0
    standardise = False
    late = False
    ceiling = math.inf

    def __init__(self, speakers: Callable[[], Sequence[str]]) -> None:
        """`speakers` gives everybody who speaks in this memory."""
        self._speakers = speakers

    def find(self, query: Query) -> Mapping[int, float]:
        return {}

    def judge(self, query: Query, pool: Pool) -> Scores:
        named = named_speakers(query.text, self._speakers())
        if not named:
            return np.zeros(len(pool))
        return np.array([_said_by(speaker, named) for speaker in pool.speakers()])


_UNKNOWN = 1.0
"""What has no speaker, such as a note, may be the named one's own."""


def _said_by(speaker: str | None, named: set[str]) -> float:
    return _UNKNOWN if speaker is None else float(speaker in named)


def named_speakers(question: str, speakers: Sequence[str]) -> set[str]:
    """Those who bear the one name that the question mentions; nobody when it mentions several.

    In a question with capitals a name must have one: "my passport" does not name Passport Online.
    """
    capitals = any(c.isupper() for c in question[1:])
    words = set(_WORD.findall(question if capitals else question.lower()))
    bearers: dict[str, set[str]] = {}
    for speaker in speakers:
        first = next(iter(_WORD.findall(speaker)), "")
        if len(first) > 1 and (first if capitals else first.lower()) in words:
            bearers.setdefault(first.lower(), set()).add(speaker)
    return next(iter(bearers.values())) if len(bearers) == 1 else set()


def nameless(question: str, speakers: Sequence[str]) -> str | None:
    """The question without the one name that it mentions, or None where nothing, or too little, is left.

    What it is about, apart from whom: who speaks is weighed by itself.
    """
    named = named_speakers(question, speakers)
    if not named:
        return None
    name = next(iter(_WORD.findall(next(iter(named)))))
    bare = re.sub(rf"\b{re.escape(name)}\b(?:['\u2019]s)?", " ", question, flags=re.IGNORECASE)
    return " ".join(bare.split()) if len(_WORD.findall(bare)) > 1 else None
