"""How rare words are in a memory: what is rare tells moments apart."""

from __future__ import annotations

import math

from secondme.index.fulltext import FullText
from secondme.memory.terms import Term


class Rarity:
    """Each word's inverse document frequency, looked up once."""

    def __init__(self, fulltext: FullText, moments: int) -> None:
        """`moments` is how many there are in the memory."""
        self._fulltext = fulltext
        self._moments = moments
        self._known: dict[str, float] = {}
        self.most = max(1.0, math.log(1 + moments))
        """About that of a word which stands in one moment alone."""

    def __call__(self, word: str) -> float:
        """How rare a word is, in any of its forms; 0 is one that stands everywhere."""
        if word not in self._known:
            holding = self._fulltext.documents_with(word)
            self._known[word] = math.log(1 + (self._moments + 1) / (holding + 0.5))
        return self._known[word]

    def telling(self, term: Term) -> bool:
        """Whether a term is rare enough to tell what a moment is about: it stands in no more moments than
        the root of how many there are. Small numbers and halves of words tell nothing."""
        if term.kind == "number" and len(term.key) < 3:
            return False
        return self(term.surface.lower()) >= self.most / 2
