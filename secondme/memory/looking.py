"""Letting a language model look at moments, a few at once or one by one, keeping what stands of its words.

A small model reads the few best moments together. Several things are seldom said at once: where it names but
one of them, each moment may have another. The best moment alone is for when nothing stood.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from secondme.memory import prompt, told
from secondme.memory.check import Check
from secondme.memory.claim import only_dates, parts
from secondme.memory.evidence import Evidence
from secondme.memory.kinds import several
from secondme.memory.prompt import Style
from secondme.memory.terms import clipped, keys, sentences, tokens
from secondme.model.chat import Completion, Message, Token

_MOST_TOKENS = {"short": 48, "sentences": 220}
_SENTENCES = 8
"""Moments that are read at once for an answer in sentences."""
_BEST = 2
_BACKWARD = frozenset("it its they them their that this these those there he she him her".split())
"""Words that speak of what was named before."""
_SURE = -0.7
"""The mean logarithm of likelihood with which what one moment adds to a list is believed."""
_TOGETHER, _SEVERAL = 5, 4
"""Moments that are read at once, at most, and each by itself for several things."""
_FEWEST, _BEHIND = 3, 3.0
"""Moments that are read at once, at least, and by how much of its score another may be behind the best."""
_MARK = re.compile(r"\s*\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")
_STUCK = re.compile(r"(\b\w[^\n]{2,60}?[,;.]\s*)\1{2,}.*", re.DOTALL)
"""A small model that says one thing again and again."""
_TAIL = re.compile(
    r"\s+(?:for|in|at|on|to|with|of|from|about|by|during)\s+((?:[\w'’-]+\s*){1,5})$", re.IGNORECASE
)

Claim = tuple[str, tuple[int, ...]]
"""What an answer says, and the places of the moments that it rests on."""


class LanguageModel(Protocol):
    """What answering needs of a model: it reads messages and talks, piece by piece.

    The last thing it yields is a `Completion`. The first `fixed` messages are the same from call to
    call, so that their state may be kept. Words to `avoid` do not begin in what it says. `cancel` ends
    the talk early.
    """

    def chat(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        stop: Sequence[str] = (),
        temperature: float = 0.0,
        fixed: int = 0,
        avoid: Sequence[str] = (),
        cancel: threading.Event | None = None,
    ) -> Iterator[Token | Completion]: ...


@dataclass(frozen=True, slots=True)
class Draft:
    """A piece of what the model says, as it says it and before any check."""

    text: str


Talk = Generator[Draft, None, str]


class Reader:
    """The model at work on one question. `stopped` says that it was told to be quiet."""

    def __init__(
        self,
        model: LanguageModel,
        question: str,
        evidence: Sequence[Evidence],
        style: Style,
        now: datetime,
        history: Sequence[Message],
        cancel: threading.Event | None,
    ) -> None:
        self._model, self._evidence, self._cancel = model, evidence, cancel
        self._question, self.style, self._now, self._history = question, style, now, history
        self.stopped = False
        self._sureness = 0.0

    def read(self, check: Check) -> Generator[Draft, None, tuple[str, list[Claim]]]:
        """Let the model read the moments most to the point: what it said first, and what stands."""
        if self.style == "sentences":
            look = check.order[:_SENTENCES]
            heard = yield from self._look(look)
            return heard, _sentence_claims(heard, check, in_time(look, self._evidence))
        listed = several(check.question)
        # Recall's own order finds more of what is asked for.
        best = range(min(_TOGETHER, check.read) if listed else self._close(check.read))
        said = yield from self._look(best)
        claims = _short_claims(said, check, best)
        if not claims and _only_echoes(said, check) and not self.stopped:
            asked = [term.surface for term in check.asked]
            claims = _short_claims(_unheard(self._look(best, avoid=asked)), check, best)
        if len(claims) < (2 if listed else 1) and check.read > 1:
            for place in check.order[:_SEVERAL] if listed else check.nearest():
                if not self.stopped and (listed or not claims):
                    heard = _unheard(self._look([place]))
                    if not listed or self._sureness >= _SURE:
                        claims += _short_claims(heard, check, [place])
        if not claims and (known := told.which(check)):
            claims = [known]
        return said, _each_once(claims)

    def _close(self, most: int) -> int:
        """How many of the first moments are worth their time: not those far behind the best."""
        scores = [e.score for e in self._evidence[: min(_TOGETHER, most)]]
        return max(min(_FEWEST, most), sum(scores[0] - score <= _BEHIND for score in scores))

    def _look(self, places: Sequence[int], *, avoid: Sequence[str] = ()) -> Talk:
        """Let the model read these moments, given best first: drafts as it talks, all it said at last. For
        a short answer the best stands last, next to the question; else they stand in time order.
        What it read last it need not read again to say it without the words that it is to `avoid`."""
        short = self.style == "short"
        order = [*reversed(places)] if short else in_time(places, self._evidence)
        read = [self._evidence[i] for i in order]
        messages, fixed = prompt.written(self._question, read, self.style, self._now, self._history)
        said, self._sureness = "", 0.0
        for piece in self._model.chat(
            messages,
            max_tokens=_MOST_TOKENS[self.style],
            stop=["\n"] if self.style == "short" else ["\n\n"],
            fixed=fixed,
            avoid=avoid,
            cancel=self._cancel,
        ):
            if isinstance(piece, Completion):
                said = piece.text
                self._sureness = piece.mean_logprob or 0.0
                self.stopped |= piece.finish == "cancelled"
            else:
                said += piece.text
                yield Draft(piece.text)
                if _STUCK.search(said):
                    break  # which stops the model
        return _STUCK.sub(lambda stuck: stuck[1].rstrip(" ,;"), said)


def in_time(places: Sequence[int], evidence: Sequence[Evidence]) -> list[int]:
    """The places in the order in which their moments were said."""
    return sorted(places, key=lambda i: evidence[i].time)


def _unheard(talk: Talk) -> str:
    """All that a talk says, without its drafts."""
    while True:
        try:
            next(talk)
        except StopIteration as end:
            return str(end.value)


def _each_once(claims: Sequence[Claim]) -> list[Claim]:
    """The claims without those that an earlier one holds."""
    kept: list[Claim] = []
    for claim in claims:
        said = set(tokens(claim[0]))
        if not any(said <= set(tokens(other)) for other, _ in kept):
            kept.append(claim)
    return kept


def _short_claims(said: str, check: Check, look: Sequence[int]) -> list[Claim]:
    """What stands of a short answer; where one speaker is asked about, on moments that have something of the
    question, if any has."""
    none = check.person is None or not any(
        check.coverage(line) for line in check.lines[: check.read]
    )
    return [
        (text, places)
        for text, places in _standing(said, check, look)
        if none or any(_goes_on(i, check) or check.coverage(check.lines[i]) for i in places)
    ]


def _goes_on(place: int, check: Check) -> bool:
    """Whether a moment is one of recall's best and speaks of what was named before it: "I've had them for
    years"."""
    words = tokens(check.lines[place].evidence.text)
    return place < _BEST and not _BACKWARD.isdisjoint(words)


def _standing(said: str, check: Check, look: Sequence[int]) -> list[Claim]:
    """The whole answer if it stands and is of the right kind, else those items of it that are; what was
    looked at comes first among what bears it out."""
    whole = _bare(said, check)
    support = check.support(whole, prefer=look)
    single = check.kind != "list" or len(parts(whole)) == 1
    if single and support.whole and check.fits(whole) and not check.echoes(whole):
        return [(whole, support.lines)]
    if only_dates(whole) and check.kind == "thing":
        known = told.when(check)
        return [known] if known else []
    found = [
        (part, check.support(part, prefer=look))
        for part in parts(whole)
        if check.fits(part) and not check.echoes(part)
    ]
    return [(part, support.lines) for part, support in found if support.whole]


def _bare(said: str, check: Check) -> str:
    """What a model said as the claim that it makes."""
    return _short(clipped(_MARK.sub("", said), prompt.QUESTION).strip('"“” '), check)


def _only_echoes(said: str, check: Check) -> bool:
    """Whether a model only repeated the question: "to Rome"."""
    claims = parts(_bare(said, check))
    return bool(claims) and all(check.echoes(claim) for claim in claims)


def _short(claim: str, check: Check) -> str:
    """The claim without an end that only repeats the question: "a red bicycle for the journey"."""
    while tail := _TAIL.search(claim):
        repeated = keys(tail[1])
        if not repeated or not repeated <= check.about or not keys(claim[: tail.start()]):
            break
        claim = claim[: tail.start()]
    return claim


def _sentence_claims(said: str, check: Check, order: Sequence[int]) -> list[Claim]:
    """The sentences that stand, each once; moments that the model itself names come first."""
    claims: dict[frozenset[str], Claim] = {}
    joined = re.sub(r"([.!?])((?:\s*\[[\d\s,]+\])+)", r"\2\1", said)
    for sentence in sentences(joined):
        marks = [int(n) for group in _MARK.findall(sentence) for n in group.split(",")]
        prefer = [order[n - 1] for n in marks if 1 <= n <= len(order)]
        bare = _MARK.sub("", sentence).strip()
        support = check.support(bare, limit=3, prefer=prefer)
        if support.whole:
            claims.setdefault(frozenset(tokens(bare)), (bare, support.lines))
    return list(claims.values())
