"""Kinds: a moment names a thing, the question only what kind it is: "instruments", "my violin".

What is a kind of what is WordNet's (Princeton University, version 3.1), so it is known of English nouns
alone. `scripts/make_kinds.py` makes the table, again where the keys of terms change.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from secondme.memory.recall.view import Held, Pool, Query, Scores, View
from secondme.memory.terms import Term, terms, tokens

_TABLE = Path(__file__).parent / "wordnet" / "kinds.npz"
_NOUN = 0.3
"""The share of a word's uses in which it is a noun, from which on it is taken for one in a question."""
_BROAD = 0.1
"""The share of all meanings that are below one, from which on nothing is told by being below it."""
_RARE = 0.15
"""The power to which a meaning's share counts beside a word's main one: "instruments" seldom means the
musical ones, and in a question as often as not."""
_FARTHER = 0.7
"""What a thing counts for each step that it is farther below the kind."""
_MOST = 12
"""How many kinds of a question are looked for, the first ones."""
_NONE = (Term("", "word", ""),)
"""What stands for a small word, so that those beside it are no pair."""
_ASKING = re.compile(
    r"\b(?:kind|type|sort|name|time|way|year|month|week|day|date|thing|item)s?\b", re.IGNORECASE
)
"""Words that a question is made with, of which all things are kinds."""


class Kinds(View):
    """Moments in which something is named that is of a kind that the question names.

    A kind of which much is there, such as an activity, says little, and one that is seldom met much. The
    same thing by another word ("kid" for "child") is left to the other views.
    """

    name = "kinds"
    weight = 1.0
    standardise = False
    late = True
    ceiling = math.inf

    def judge(self, query: Query, pool: Pool) -> Scores:
        scores = np.zeros(len(pool))
        said_by = pool.named()
        kinds = [kind for kind in _table().kinds(query.text) if said_by.isdisjoint(kind.keys)]
        if kinds:
            named = _Named(pool.held())
            for kind in kinds:
                held = named.best(kind)
                scores += held * math.log1p(1 / (held.mean() + 0.5 / len(pool)))
        return scores


@dataclass(frozen=True, slots=True)
class _Below:
    """Where what is below a meaning is: after a number and before another, from a depth on."""

    after: int
    until: int
    depth: int
    worth: float


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind that a question names: its keys as a term, and all that is below its meanings."""

    keys: frozenset[str]
    below: Sequence[_Below]


class _Table:
    """Nouns by the check sums of their keys, and their meanings by numbers in which all kinds of a
    thing follow it."""

    def __init__(self) -> None:
        with np.load(_TABLE) as table:
            self._nouns = table["nouns"]
            self._first = np.concatenate([[0], np.cumsum(table["counts"], dtype=np.int64)])
            self.meanings = table["meanings"]
            self.shares = table["shares"]
            self.depths = table["depths"].astype(np.int16)
            self._sizes = table["sizes"]
            self._links = table["links"]

    def find(self, nouns: Sequence[str]) -> NDArray[np.intp]:
        """The place of each noun, by its key as a term or its two keys; -1 for what is none."""
        sums = np.array([zlib.crc32(noun.encode()) for noun in nouns], np.uint32)
        places = np.searchsorted(self._nouns, sums)
        places[places == len(self._nouns)] = 0
        return np.where(self._nouns[places] == sums, places, -1)

    def spans(self, places: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The rows of all meanings of some nouns, and for each row which of the nouns it is of."""
        counts = self._first[places + 1] - self._first[places]
        owner = np.repeat(np.arange(len(places)), counts)
        starts = np.repeat(self._first[places] - np.cumsum(counts) + counts, counts)
        return starts + np.arange(len(owner)), owner

    def kinds(self, question: str) -> list[_Kind]:
        """The kinds that a question names: its nouns, two together where they are one."""
        words = [
            term.key for word in tokens(_ASKING.sub(" ", question)) for term in terms(word) or _NONE
        ]
        pairs = [f"{a} {b}" for a, b in pairwise(words)]
        places = self.find([*words, *pairs]).tolist()
        found: dict[frozenset[str], _Kind] = {}
        at = 0
        while at < len(words):
            pair = at < len(pairs) and places[len(words) + at] >= 0
            place = places[len(words) + at] if pair else places[at]
            said = frozenset(words[at : at + 1 + pair])
            if place >= 0 and said not in found:
                found[said] = self.kind(place, said)
            at += 1 + pair
        return [kind for kind in found.values() if kind.below][:_MOST]

    def kind(self, place: int, keys: frozenset[str] = frozenset()) -> _Kind:
        """All that is below the meanings of the noun at a place."""
        rows = slice(self._first[place], self._first[place + 1])
        shares = self.shares[rows] / 255
        if shares.sum() < _NOUN:
            return _Kind(keys, ())
        worths = shares.sum() * (shares / shares.max()) ** _RARE
        meanings = zip(self.meanings[rows].tolist(), worths.tolist(), strict=True)
        return _Kind(keys, [below for pair in meanings for below in self._below(*pair)])

    def _below(self, meaning: int, worth: float) -> list[_Below]:
        """What is below a meaning, worth the less the more that is: what follows it, and what links add."""
        size = int(self._sizes[meaning])
        if size > _BROAD * len(self._sizes):
            return []
        worth *= 1 - math.log(size) / math.log(len(self._sizes))
        found = [_Below(meaning, meaning + size, int(self.depths[meaning]), worth)]
        for span in found:  # which grows
            inside = (self._links[:, 0] >= span.after) & (self._links[:, 0] < span.until)
            for above, linked in self._links[inside].tolist():
                if not any(b.after < linked < b.until for b in found):
                    before = int(self.depths[linked]) - int(self.depths[above]) + span.depth - 1
                    until = linked + int(self._sizes[linked])
                    found.append(_Below(linked - 1, until, before, worth))
        return found


class _Named:
    """The nouns of some texts, each a word, by the keys that each text has."""

    def __init__(self, held: Held) -> None:
        self._held = held
        places = _table().find(held.terms)
        self._nouns = np.flatnonzero(places >= 0)
        rows, self._owner = _table().spans(places[self._nouns])
        self._meanings = _table().meanings[rows].astype(np.int64)
        self._depths = _table().depths[self._meanings]
        self._shares = _table().shares[rows] / 255

    def best(self, kind: _Kind) -> Scores:
        """For each text, how surely and closely the best of its nouns is of a kind."""
        worths = np.zeros(len(self._meanings))
        for below in kind.below:
            rows = (self._meanings > below.after) & (self._meanings < below.until)
            steps = self._depths[rows] - below.depth
            worths[rows] = np.maximum(
                worths[rows], below.worth * self._shares[rows] * _FARTHER**steps
            )
        words = np.zeros(len(self._held.terms))
        np.maximum.at(words, self._nouns[self._owner], worths)
        words[[n for n, key in enumerate(self._held.terms) if key in kind.keys]] = 0.0
        texts = np.zeros(self._held.texts)
        np.maximum.at(texts, self._held.text, words[self._held.term])
        return texts


def share_of_kind(thing: str, kind: str) -> float:
    """The share of a noun's uses in which it names something of a kind that another noun names; 0 where
    either is unknown. Both are a word, or two: "golden retriever"."""
    places = _table().find([" ".join(t.key for t in terms(noun)) for noun in (thing, kind)])
    if (places < 0).any():
        return 0.0
    rows, _ = _table().spans(places[:1])
    meanings = _table().meanings[rows].tolist()
    shares = (_table().shares[rows] / 255).tolist()
    below = _table().kind(int(places[1])).below
    return max(
        (
            share
            for meaning, share in zip(meanings, shares, strict=True)
            if any(b.after < meaning < b.until for b in below)
        ),
        default=0.0,
    )


@cache
def _table() -> _Table:
    return _Table()
