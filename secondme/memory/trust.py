"""How far to trust an answer: what of the question is in the evidence, and is it about the right person?

Five signals and one sum. The weights were found by logistic regression on conversations of two people
each, over questions that have an answer, questions about the wrong one of the two, and questions about
another conversation; the benchmark in this repository measures the result.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from statistics import fmean

from secondme.memory.check import Check
from secondme.memory.kinds import exact
from secondme.memory.terms import keys, tokens

ENOUGH = 0.5
"""The least confidence with which there is an answer."""
_BIAS, _HELD, _MINE, _FIRST, _NEAR, _STRANGE, _UNBORNE = -1.5, 3.0, 4.4, 3.0, 20.0, -0.8, -0.8
_USUAL = 0.86
"""The best cosine that a question with an answer usually has, with the e5 family of embedders."""
_UNKNOWN = 0.83
"""What stands for it where no vector was compared: as low as one without an answer often has, so that
nothing is answered more boldly for want of vectors."""
_USUAL_HELD, _USUAL_MINE, _USUAL_FIRST = 0.65, 0.13, 0.8
_SAME_LANGUAGE = 0.3
"""The share of a question's words, small ones too, that evidence in the same language always has."""
_TELLING = 60
"""Different words of evidence from which on a language can be told."""
_BEST = 3
_WRITTEN = re.compile(r"\d[\d ./-]{2,}\d")
"""What is written down as a number of something."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What speaks for an answer, before any model has spoken.

    `held` is the share of the question that one moment holds, of those that speak of the person
    named. `mine` is that share over the best three of these less that over the best three that speak
    of somebody else: who did what. `first` is the share of recall's best three that speak of the person
    named. `near` is the best cosine. `missing` are the question's words
    that no moment has, as they were written, names first; `strange` says that a name is among them.
    Where the question is in another language than the evidence, words say nothing and the first three
    have their usual values, if all of the evidence has vectors; so have `mine` and `first` where no one
    speaker is named.
    """

    held: float
    mine: float
    first: float
    near: float
    missing: tuple[str, ...]
    strange: bool

    def confidence(self, *, borne_out: bool = True) -> float:
        """From 0 to 1: that the question can be answered from this evidence.

        With `borne_out` false, given that what the model said did not stand.
        """
        total = (
            _BIAS
            + _HELD * self.held
            + _MINE * self.mine
            + _FIRST * (self.first - _USUAL_FIRST)
            + _NEAR * (self.near - _USUAL)
            + _STRANGE * self.strange
            + _UNBORNE * (not borne_out)
        )
        return 1 / (1 + math.exp(-total))


def weigh(check: Check) -> Trust:
    """Weigh the evidence for the question of this check."""
    own: list[float] = []
    others: list[float] = []
    speaks = [check.speaks_of(line, check.about) for line in check.lines]
    for line, of_person in zip(check.lines, speaks, strict=True):
        (own if of_person else others).append(check.coverage(line))
    cosines = [c for line in check.lines if (c := line.evidence.cosine) is not None]
    absent = [t for t in check.asked if not any(t.key in line.keys for line in check.lines)]
    absent.sort(key=lambda term: term.kind != "name")
    whole = len(cosines) == len(check.lines)
    # While vectors are missing, what is closest in another language may not have been found.
    comparable = _same_language(check) or not whole
    named = comparable and check.person is not None
    return Trust(
        held=max(own, default=0.0) if comparable else _USUAL_HELD,
        mine=_best(own) - _best(others) if named else _USUAL_MINE,
        first=fmean(speaks[:_BEST]) if named and speaks else _USUAL_FIRST,
        near=max(cosines, default=_UNKNOWN if comparable and check.lines else 0.0),
        missing=tuple(term.surface for term in absent) if comparable else (),
        strange=comparable and any(term.kind == "name" for term in absent),
    )


def unheard(check: Check) -> str | None:
    """The attribute that the question asks for, where no sentence is about it: "blood type"."""
    sought = exact(check.question)
    if sought is None:
        return None
    of, what = keys(sought[0]), keys(sought[1])
    for line in check.lines:
        for sentence in line.sentences:
            there = keys(sentence) | keys(line.evidence.heading)
            if of <= there and (what <= there or _WRITTEN.search(sentence)):
                return None
    return f"{sought[0]}{sought[1]}" if of else None


def _same_language(check: Check) -> bool:
    """Whether question and evidence share a language, as far as there is enough evidence to tell."""
    there = {word for line in check.lines for word in tokens(line.evidence.text)}
    names = {word for line in check.lines for word in tokens(line.evidence.speaker or "")}
    words = [word for word in tokens(check.question) if word not in names]
    return len(there) < _TELLING or sum(w in there for w in words) >= _SAME_LANGUAGE * len(words)


def _best(shares: list[float]) -> float:
    return sum(sorted(shares)[-_BEST:]) / _BEST
