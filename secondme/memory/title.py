"""What an episode is called: the phrases that tell it from all the rest of the memory."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from secondme.memory.terms import sentences, terms

_PHRASES = 2
_WORDS = 3
_NAME = 1.3
_WORTHY = 0.4
"""A second phrase must tell this much of what the first does."""
_LONGEST = 60
_PIECE = re.compile(r"[,;:()\[\]{}<>/|“”\"!?.…–—]+")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_Word = tuple[str, str, float]

Phrase = tuple[str, frozenset[str], float]


def title(
    texts: Sequence[str], people: Iterable[str], rarity: Callable[[str], float] | None
) -> str:
    """The one or two most telling phrases of some texts, or the beginning of the first.

    A word tells much when it is in many of these texts and rare elsewhere: `rarity` says how rare a word
    is (its inverse document frequency); without it no phrase is looked for. Those who speak are named
    beside a title and not in it.
    """
    if rarity is None:
        return _clip(texts[0] if texts else "")
    said = Counter(key for text in texts for key in {term.key for term in terms(text)})
    unsaid = {term.key for name in people for term in terms(name)}
    weights: dict[str, float] = {}

    def weight(key: str, surface: str) -> float:
        if key not in weights:
            weights[key] = rarity(surface.lower()) * said[key] ** 0.7
        return weights[key]

    best: dict[frozenset[str], Phrase] = {}
    for text in texts:
        for phrase in _phrases(text, unsaid, weight):
            known = best.get(phrase[1])
            if known is None or phrase[2] > known[2]:
                best[phrase[1]] = phrase
    chosen: list[Phrase] = []
    for phrase in sorted(best.values(), key=lambda p: -p[2]):
        worthy = not chosen or phrase[2] >= _WORTHY * chosen[0][2]
        if len(chosen) < _PHRASES and worthy and not any(phrase[1] & c[1] for c in chosen):
            chosen.append(phrase)
    named = ", ".join(phrase[0] for phrase in chosen)
    return _clip(named[:1].upper() + named[1:]) or _clip(texts[0] if texts else "")


def _phrases(text: str, unsaid: set[str], weight: Callable[[str, str], float]) -> Iterator[Phrase]:
    """Up to three words in a row that all say something, with what they weigh together."""
    for sentence in sentences(text):
        kinds = {term.surface: term for term in terms(sentence)}
        for piece in _PIECE.split(sentence):
            run: list[_Word] = []
            for word in _WORD.findall(piece):
                term = kinds.get(word) or next(iter(terms(word)), None)
                if term is None or term.kind == "number" or term.key in unsaid or len(word) < 3:
                    run = []
                    continue
                name = _NAME if term.kind == "name" else 1.0
                run = [*run, (word, term.key, name * weight(term.key, word))][-_WORDS:]
                for size in range(1, len(run) + 1):
                    words = run[-size:]
                    total = sum(w for _, _, w in words) / math.sqrt(size)
                    yield " ".join(w for w, _, _ in words), frozenset(k for _, k, _ in words), total


def _clip(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1].rstrip() + "…"
