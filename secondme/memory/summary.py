"""What an episode says in one to three passages of its own: those that tell the most of it.

They are chosen one after the other, each time the one that adds most to what those before it have said
(after Lin and Bilmes 2011, "A class of submodular functions for document summarization"): of words that
are rare elsewhere and said often here, in moments that are near what all of the episode is about. What
does not stand by itself counts less: a question, an answer, what leans on something said before.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from secondme.memory.terms import Term, addressed, first_person, sentence_spans, terms, tokens

_SHORT = 240
"""Characters of an episode that is its own summary."""
_LONGEST = 170
"""Characters of a passage of several sentences; one sentence may have twice as many."""
_MOST = 3
_SHARE = 0.45
"""Beyond its first passage, a summary is no longer than this much of what is said."""
_WORTHY = 0.4
"""A further passage must add this much of what the first tells."""
_FEW = 8
"""Words that a passage counts as at least: one of fewer seldom says anything by itself."""

# What a passage is worth is multiplied by these, chosen by reading what came of the demo life
# (assets/demo) and of conversations.
_WEIGHS = {"name": 1.3, "word": 1.0, "number": 0.4}
_ASKS = 0.35
_LEANS, _LEANS_WITHIN, _POINTS = 0.5, 0.3, 0.7
"""On what somebody else said; on what stands before it in its moment; and what only points somewhere."""
_ANSWERS = 0.7
_TELLS_YOU = 0.75
_BROKEN = 0.6
_OWN = 1.15
_CONCRETE = 1.15
_CENTRAL, _EARLY = 0.6, 0.3

_LEANING = frozenset(
    """it its it's it’s that that's that’s thats this these those they them their they're they’re he he's
    he’s she she's she’s his him her and but so or because which then also too there such both either
    neither otherwise else same er sie es das dies diese dieser dieses und aber also denn dann oder ihn
    ihm deshalb deswegen dort il elle ils elles ce c'est c’est cela ça et mais donc alors puis ceci y el
    ella ello ellos ellas eso esto pero entonces porque lui lei loro questo quello ciò e ma allora perché
    ele ela eles elas isso isto mas então hij zij het dat dit en maar dus want daar""".split()
)
"""A sentence that begins with one of these leans on what was said before."""
_POINTING = frozenset("it them him her this that those ihn ihm es".split())
_CALLS = re.compile(
    r"(?:hey|hi|hello|dear|congrat\w*|bye|see you|take care|good (?:morning|night|evening|luck)|cheers"
    r"|wow|aw+|haha\w*|lol|ok(?:ay)?|yes|yeah|yep|yup|no|not|nope|sure|oh|ah|ugh|well|woo\w*|yay|awesome"
    r"|great|cool|nice|amazing|exactly|totally|absolutely|definitely|agreed|of course|true|sounds|kudos"
    r"|way to go|glad|sorry|same here|me too|like|later|good (?:for|to)|(?:kind|best|warm) regards"
    r"|best wishes|love|yours|hallo|liebe[rs]?|guten|viele grüße|mit freundlichen|bis (?:bald|dann|morgen)"
    r"|ja|nein|genau|bonjour|bonsoir|salut|chère?|cher|bien à|cordialement|à bientôt|oui|non|hola|sí"
    r"|querid[oa]|ciao|sì|cara|caro|olá|sim|hoi|nee)\b",
    re.IGNORECASE,
)
"""How greetings begin, and what only answers somebody."""
_THANKS = re.compile(
    r"\b(?:thanks?|danke|merci|gracias|grazie|obrigad[oa]|dank je)\b", re.IGNORECASE
)
_ASKING = re.compile(
    r"(?:how|what|why|when|where|who|which)"
    r" (?:did|do|does|is|are|was|were|can|could|would|will|shall|should)\b|.*[?？][\"'”’»)\]]*$",
    re.IGNORECASE | re.DOTALL,
)
_MARK = re.compile(r"(?:[-*•–>]|\d{1,2}[.)]|\[[ x]\])\s+")
_ENDED = re.compile(r"(?<!\b[A-Z])[.!?…。！？][\"'”’»)\]]*$")
_LINK = re.compile(r"https?://|www\.|\S@\S")
_ASIDE = re.compile(r"\[[^\]]*\]\.?")
_WORDS = re.compile(r"[\w'’]+")

Floats = NDArray[np.float32]


class Passage(NamedTuple):
    """Characters `start` to `end` of the moment at this place in the episode."""

    at: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence of a moment, and how fit it is to stand for it."""

    start: int
    end: int
    terms: Sequence[Term]
    words: int
    worth: float
    begins: float
    """What a passage that begins with it is worth more or less; 0 where none may begin or end so."""
    ended: bool
    own: bool


@dataclass(frozen=True, slots=True)
class _Choice:
    """A passage that may be chosen."""

    passage: Passage
    says: frozenset[str]
    worth: float

    @property
    def length(self) -> int:
        return self.passage.end - self.passage.start


def summary(
    texts: Sequence[str],
    people: Sequence[str],
    rarity: Callable[[str], float],
    vectors: Floats | None,
) -> list[Passage]:
    """The most telling passages of an episode, the most telling first; none of one that is short.

    `texts` are its moments in order, `rarity` says how rare a word is elsewhere, and `vectors` are n by d,
    or None where there are none. Names of `people`, those who speak, tell nothing.
    """
    total = sum(map(len, texts))
    if total <= _SHORT:
        return []
    rows = [_sentences(text) for text in texts]
    weights = _weights(rows, people, rarity)
    near = _nearness(vectors, len(texts))
    choices = [c for at, row in enumerate(rows) for c in _choices(at, texts[at], row)]
    chosen: list[_Choice] = []
    said: set[str] = set()
    first = 0.0
    while choices and len(chosen) < _MOST:
        gains = [
            c.worth * near[c.passage.at] * sum(weights[key] for key in c.says - said)
            for c in choices
        ]
        best = int(np.argmax(gains))
        first = first or gains[best]
        if gains[best] <= _WORTHY * first:
            break
        taken = choices[best]
        chosen.append(taken)
        said |= taken.says
        room = _SHARE * total - sum(c.length for c in chosen)
        choices = [c for c in choices if c.passage.at != taken.passage.at and c.length <= room]
    return [c.passage for c in chosen]


def _weights(
    rows: Sequence[Sequence[_Sentence]], people: Sequence[str], rarity: Callable[[str], float]
) -> Mapping[str, float]:
    """What each thing that is said tells: more the rarer it is elsewhere, and in more of these moments."""
    weights = {term.key: 0.0 for name in people for term in terms(name)}
    said: Counter[str] = Counter()
    for row in rows:
        for key, term in {t.key: t for sentence in row for t in sentence.terms}.items():
            said[key] += 1
            if key not in weights:
                weights[key] = _WEIGHS[term.kind] * rarity(term.surface.lower())
    return {key: weights[key] * count for key, count in said.items()}


def _nearness(vectors: Floats | None, count: int) -> Floats:
    """How near each moment is to what all of them are about, and to their beginning, which often says
    what that is; around 1."""
    near = 1 + _EARLY * np.linspace(1, 0, count, dtype=np.float32)
    if vectors is not None and count > 2:
        cosines = vectors @ vectors.mean(axis=0)
        span = float(cosines.max() - cosines.min())
        if span > 0:
            near *= 1 + _CENTRAL * ((cosines - cosines.min()) / span - 0.5)
    return near


def _choices(at: int, text: str, row: Sequence[_Sentence]) -> Iterator[_Choice]:
    """Sentences in a row that may stand for a moment."""
    for first, begin in enumerate(row):
        if not begin.begins:
            continue
        worth, says, words = begin.begins, frozenset[str](), 0
        for last in range(first, len(row)):
            sentence = row[last]
            length = sentence.end - begin.start
            if length > (_LONGEST if last > first else 2 * _LONGEST):
                break
            worth *= sentence.worth
            says |= {term.key for term in sentence.terms}
            words += sentence.words
            if sentence.begins:
                passage = Passage(at, begin.start, sentence.end)
                ends = _ending(text, passage, row[first : last + 1])
                yield _Choice(passage, says, worth * ends / max(_FEW, words) ** 0.5)
            if not sentence.ended:
                worth *= _BROKEN


def _ending(text: str, passage: Passage, row: Sequence[_Sentence]) -> float:
    """What a passage of these sentences is worth for being whole, one's own, and concrete."""
    said = text[passage.start : passage.end]
    worth = 1.0
    if not row[-1].ended and (passage.end < len(text.rstrip()) or "\n" in text):
        worth *= _BROKEN
    if len(said) > _LONGEST or said.count("(") != said.count(")"):
        worth *= _BROKEN
    if any(sentence.own for sentence in row):
        worth *= _OWN
    if any(term.kind != "word" for sentence in row for term in sentence.terms):
        worth *= _CONCRETE
    return worth


def _sentences(text: str) -> list[_Sentence]:
    """The sentences of a moment, without the marks of lists."""
    row: list[_Sentence] = []
    for start, end in sentence_spans(text):
        mark = _MARK.match(text[start:end])
        start += mark.end() if mark else 0
        sentence = text[start:end]
        found = terms(sentence)
        row.append(
            _Sentence(
                start,
                end,
                found,
                len(tokens(sentence)),
                _worth(sentence),
                0.0 if _chatters(sentence, len(found)) else _beginning(sentence, bool(row)),
                bool(_ENDED.search(sentence)),
                first_person(sentence),
            )
        )
    return row


def _worth(sentence: str) -> float:
    """How well a sentence tells something."""
    worth = _BROKEN if _LINK.search(sentence) else 1.0
    if _ASKING.match(sentence):
        return worth * _ASKS
    return worth * (_TELLS_YOU if addressed(sentence) else 1.0)


def _chatters(sentence: str, says: int) -> bool:
    """Whether a sentence only greets, thanks or agrees, says but one thing, or tells of a picture."""
    if says < 2 or _ASIDE.fullmatch(sentence):
        return True
    return says < 5 and bool(_CALLS.match(sentence) or _THANKS.search(sentence))


def _beginning(sentence: str, after: bool) -> float:
    """What a passage is worth that begins with this sentence."""
    worth = _ANSWERS if _CALLS.match(sentence) else 1.0
    words = _WORDS.findall(sentence[:60].lower())
    if words and words[0] in _LEANING:
        return worth * (_LEANS_WITHIN if after else _LEANS)
    return worth * (1.0 if _POINTING.isdisjoint(words[1:3]) else _POINTS)
