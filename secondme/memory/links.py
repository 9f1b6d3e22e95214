"""What belongs together across time: episodes about the same, and older moments that one is related to.

As A-MEM links notes (Xu et al. 2025, arXiv 2502.12110), but found when they are looked at, from the
indexes and the record as they are then: nothing is kept that could go out of step, and what is forgotten
is in none of it. Neighbours come by meaning and by words; they are ranked by both, and shown only where
they share what few others have.

How the numbers were chosen: in LoCoMo's development conversations two moments, and their episodes, belong
together when one question rests on both. Of the sums tried, three times the cosine and the share of words
was best for both (for 0.52 of the episodes one of three is right; by the cosine alone 0.45, by words 0.48).
The limits come from reading what they leave of the demo life: beneath them most was chance.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from secondme.index.fulltext import FullText
from secondme.memory.comparing import Nearest, same
from secondme.memory.rarity import Rarity
from secondme.memory.terms import Term, keys, terms
from secondme.record import Record
from secondme.record.episodes import Episode
from secondme.record.moments import StoredMoment

Floats = NDArray[np.float32]

_MOST = 3
_KEYWORDS = 5
_NAME = 1.3
_ASKED, _ASKED_MOMENT = 24, 8
"""Words that others are looked for by."""
_NEAR, _WORDED = 150, 100
_EPISODES = 16
"""Episodes that are compared whole, of those near in meaning and of those near in words."""
_COSINES = 3.0
_SHARED, _TELLING = 0.15, 1.5
"""The share of words, and how many telling ones, that two episodes must have in common."""
_SHARED_MOMENT = 0.12
_RARE, _USUAL, _FARTHER = 1.1, 0.9, 5.0
"""Telling words that two moments of the usual cosine must have in common, one that stands nowhere else
counting as one; and how many more for a cosine that is less by 1."""


class Links:
    """Finds what belongs together."""

    def __init__(
        self, record: Record, fulltext: FullText, nearest: Nearest, embedder: str | None
    ) -> None:
        """`nearest` asks the index of the vectors that `embedder` made; without one there are no links,
        but keywords."""
        self._record = record
        self._fulltext = fulltext
        self._nearest = nearest
        self._embedder = embedder
        self._rarity = Rarity(fulltext, record.moments.count())

    def keywords(self, moment: StoredMoment) -> list[str]:
        """The words of a moment that tell the most, rarest first, as they stand there."""
        telling = (t for t in self._telling([moment.text]) if t.kind != "number")
        return [term.surface for term in telling if moment.live][:_KEYWORDS]

    def related(self, moment: StoredMoment) -> list[StoredMoment]:
        """Older moments of other episodes that a moment is related to, the best first.

        Raises `IndexDamagedError` where the word index is torn.
        """
        vector = self._vectors([moment.n]).get(moment.n)
        if vector is None or not moment.live:
            return []
        known = {moment.n, *self._record.alike.others(moment.n)}
        near = {*self._near(vector), *self._worded([moment.text], _ASKED_MOMENT)} - known
        held = self._record.episodes.holding([moment.n, *near])
        told = [
            other
            for other in self._told(near)
            if other.ms < moment.ms and _apart(moment, other, held) and not same(moment, other)
        ]
        vectors = self._vectors([m.n for m in told])
        measure = _Measure([moment.text], self._rarity)
        ranked = []
        for other in told:
            cosine = float(vector @ vectors[other.n]) if other.n in vectors else 0.0
            says = keys(other.text)
            share = measure.share(says)
            needed = _RARE + _FARTHER * (_USUAL - cosine)
            if share >= _SHARED_MOMENT and measure.telling(says) >= needed:
                ranked.append((_COSINES * cosine + share, -other.n, other))
        firsts = self._record.alike.firsts([m.n for m in told])
        found: dict[int, StoredMoment] = {}
        for _, _, other in sorted(ranked, reverse=True):  # one of those that say the same
            found.setdefault(firsts.get(other.n, other.n), other)
        return list(found.values())[:_MOST]

    def similar(self, episode: Episode) -> list[Episode]:
        """Other episodes that are about the same as one, the best first.

        Raises `IndexDamagedError` where the word index is torn.
        """
        texts, mean = self._whole(episode)
        if mean is None:
            return []
        near = self._episodes(self._near(mean)), self._episodes(self._worded(texts, _ASKED))
        compared = {n for some in near for n in some[:_EPISODES]} - {episode.n}
        measure = _Measure(texts, self._rarity)
        ranked = []
        for other in self._record.episodes.numbered(sorted(compared)):
            said, vector = self._whole(other)
            says = frozenset().union(*map(keys, said))
            share = measure.share(says)
            telling = measure.telling(says)
            if vector is not None and share >= _SHARED and telling >= _TELLING:
                ranked.append((_COSINES * float(mean @ vector) + share, -other.n, other))
        return [other for _, _, other in sorted(ranked, reverse=True)[:_MOST]]

    def _episodes(self, moments: Sequence[int]) -> list[int]:
        """The episodes of these moments, in the order of the first of each."""
        held = self._record.episodes.holding(moments)
        return list(dict.fromkeys(held[n] for n in moments if n in held))

    def _whole(self, episode: Episode) -> tuple[list[str], Floats | None]:
        """What is told in an episode, and the way that it points all in all."""
        told = self._told(self._record.episodes.numbers(episode.n))
        vectors = self._vectors([m.n for m in told])
        if not vectors:
            return [], None
        mean: Floats = np.mean(list(vectors.values()), axis=0)
        return [m.text for m in told], mean / max(float(np.linalg.norm(mean)), 1e-9)

    def _told(self, numbers: Iterable[int]) -> list[StoredMoment]:
        """Those of the moments that can be recalled and tell something."""
        found = self._record.moments.by_number(sorted(numbers))
        return [m for m in found.values() if m.live and m.tells]

    def _near(self, vector: Floats) -> list[int]:
        """The moments that are nearest in meaning, the nearest first."""
        found = self._nearest(vector, _NEAR)
        return sorted(found, key=lambda n: -found[n])

    def _worded(self, texts: Sequence[str], words: int) -> list[int]:
        """The moments that have the most telling words of these texts, the best first."""
        asked = " ".join(term.surface for term in self._telling(texts)[:words])
        found = self._fulltext.search(asked, _WORDED) if asked else {}
        return sorted(found, key=lambda n: -found[n])

    def _telling(self, texts: Sequence[str]) -> list[Term]:
        """What is said in these texts that tells them from others, the most telling first."""
        said = [{t.key: t for t in terms(text)} for text in texts]
        counts = Counter(key for each in said for key in each)
        once = {key: term for each in said for key, term in each.items()}
        telling = [t for t in once.values() if self._rarity.telling(t)]

        def weight(term: Term) -> float:
            name = _NAME if term.kind == "name" else 1.0
            return name * self._rarity(term.surface.lower()) * math.sqrt(counts[term.key])

        return sorted(telling, key=weight, reverse=True)

    def _vectors(self, numbers: Sequence[int]) -> dict[int, Floats]:
        if self._embedder is None:
            return {}
        return self._record.vectors.get(self._embedder, numbers)


def _apart(one: StoredMoment, other: StoredMoment, episodes: Mapping[int, int]) -> bool:
    """Whether two moments are of different episodes; of different sessions while one is not cut yet."""
    if one.n in episodes and other.n in episodes:
        return episodes[one.n] != episodes[other.n]
    return (one.item_id, one.session) != (other.item_id, other.session)


class _Measure:
    """Compares what others say with what some texts say, whose words alone are looked up."""

    def __init__(self, texts: Sequence[str], rarity: Rarity) -> None:
        found = {term.key: term for text in texts for term in terms(text)}
        self._most = rarity.most
        self._rarities = {key: rarity(t.surface.lower()) for key, t in found.items()}
        self._telling = {key for key, term in found.items() if rarity.telling(term)}
        self._square = sum(each * each for each in self._rarities.values())

    def share(self, says: frozenset[str]) -> float:
        """About the cosine of the two by their words, weighed by how rare they are: those of the other
        count as rare as these are on the whole."""
        shared = sum(each * each for key, each in self._rarities.items() if key in says)
        if not shared:
            return 0.0
        return shared / self._square * math.sqrt(len(self._rarities) / len(says))

    def telling(self, says: frozenset[str]) -> float:
        """How many telling words they share; one that stands nowhere else would count as one."""
        return sum(self._rarities[key] for key in self._telling & says) / self._most
