"""People: when a question names one of those who speak, what that person said comes first."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from secondme.memory.recall.view import Pool, Query, Scores, View

_WORD = re.compile(r"\w+")
_JOINED = re.compile(r"\s*(?:,|&|\b(?:and|or|und|oder|et|ou|y|o|e|en|i)\b)\s*", re.IGNORECASE)
_UNKNOWN = 1.0
"""What has no speaker, such as a note, may be the named one's own."""
_FIRST = 0.5
"""What it is worth to be the first of several who are named: "what did Ana tell Rui" asks about Ana."""
_SHORTEST = 3
"""Letters that a short form of a name has at least."""


class People(View):
    """Moments of the one speaker whom the question names, or of the first whom it names."""

    name = "people"
    weight = 3.0
    standardise = False
    late = False
    ceiling = math.inf

    def __init__(self, speakers: Callable[[], Sequence[str]]) -> None:
        """`speakers` gives everybody who speaks in this memory."""
        self._speakers = speakers

    def judge(self, query: Query, pool: Pool) -> Scores:
        named = _named(query.text, self._speakers())
        if not named or (len(named) > 1 and _together(query.text, named)):
            return np.zeros(len(pool))
        worth = 1.0 if len(named) == 1 else _FIRST
        bearers = named[0].speakers
        return np.array([worth * _said_by(speaker, bearers) for speaker in pool.speakers()])


@dataclass(frozen=True, slots=True)
class _Named:
    """A name that a question mentions: the word, where it stands, and the speakers who bear it."""

    word: str
    start: int
    speakers: set[str] = field(default_factory=set)


def _said_by(speaker: str | None, named: set[str]) -> float:
    return _UNKNOWN if speaker is None else float(speaker in named)


def _named(question: str, speakers: Sequence[str]) -> list[_Named]:
    """The speakers' first names that the question mentions, each once, in its order.

    In a question with capitals a name must have one: "my passport" does not name Passport Online; there
    "Mel" is Melanie too, where nobody else's name begins so.
    """
    capitals = any(c.isupper() for c in question[1:])
    bearers: dict[str, set[str]] = {}
    for speaker in speakers:
        first = next(iter(_WORD.findall(speaker)), "")
        if len(first) > 1:
            bearers.setdefault(first if capitals else first.lower(), set()).add(speaker)
    found: dict[str, _Named] = {}
    for match in _WORD.finditer(question if capitals else question.lower()):
        word = match.group()
        name = word if word in bearers else _whole(word, bearers) if match.start() else None
        if name is not None:
            found.setdefault(name.lower(), _Named(word, match.start())).speakers.update(
                bearers[name]
            )
    return list(found.values())


def _whole(word: str, names: Mapping[str, object]) -> str | None:
    """The one name that a capitalised word is the beginning of."""
    if len(word) < _SHORTEST or not word[0].isupper():
        return None
    whole = [name for name in names if name.startswith(word)]
    return whole[0] if len(whole) == 1 else None


def _together(question: str, named: Sequence[_Named]) -> bool:
    """Whether the first two names stand together: "Ana and Rui"."""
    first, second = named[:2]
    between = question[first.start + len(first.word) : second.start]
    return bool(_JOINED.fullmatch(between))


def named_speakers(question: str, speakers: Sequence[str]) -> set[str]:
    """Those who bear the one name that the question mentions; nobody when it mentions several."""
    named = _named(question, speakers)
    return named[0].speakers if len(named) == 1 else set()


def nameless(question: str, speakers: Sequence[str]) -> str | None:
    """The question without the one name that it mentions, or None where nothing, or too little, is left.

    What it is about, apart from whom: who speaks is weighed by itself.
    """
    named = _named(question, speakers)
    if len(named) != 1:
        return None
    name = named[0].word
    bare = re.sub(rf"\b{re.escape(name)}\b(?:['\u2019]s)?", " ", question, flags=re.IGNORECASE)
    return " ".join(bare.split()) if len(_WORD.findall(bare)) > 1 else None
