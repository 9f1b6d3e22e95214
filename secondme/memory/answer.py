"""Answering from packed evidence: checked against it, cited, or refused.

A model reads the best moments and talks; what it says is then held against them, claim by claim
(`secondme.memory.check`). A claim that they bear out is kept with its citations; when none is, the
best passage stands in its place, quoted. When the evidence has too little of the question, or only
about somebody else (`secondme.memory.trust`), there is no answer, but what was looked for and what came
nearest. Nothing a model says reaches a person unchecked, and nothing in the evidence is an instruction.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from secondme.errors import BadInputError
from secondme.memory import prompt, spans, told, trust
from secondme.memory.check import Check, clipped
from secondme.memory.claim import only_dates, parts
from secondme.memory.evidence import Evidence
from secondme.memory.kinds import kind_of
from secondme.memory.prompt import Style
from secondme.memory.terms import keys, sentences, terms, tokens
from secondme.memory.timex import dates
from secondme.model.chat import Completion, Message, Token

_MOST_TOKENS = {"short": 48, "sentences": 220}
NEAR = 3
_MARK = re.compile(r"\s*\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")
_TAIL = re.compile(
    r"\s+(?:for|in|at|on|to|with|of|from|about|by|during)\s+((?:[\w'’-]+\s*){1,5})$", re.IGNORECASE
)
_GIVES_UP = re.compile(
    r"\b(?:unknown|not (?:mentioned|stated|specified|given|known|say|enough)|no (?:information|mention)"
    r"|cannot (?:answer|be (?:determined|answered))"
    r"|(?:do not|don't|does not|doesn't) (?:know|say|mention))\b",
    re.IGNORECASE,
)
"""A model's own way of saying that the answer is not there."""


class LanguageModel(Protocol):
    """What answering needs of a model: it reads messages and talks, piece by piece.

    The last thing it yields is a `Completion`. The first `fixed` messages are the same from call to
    call, so that their state may be kept. `cancel` ends the talk early.
    """

    def chat(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        stop: Sequence[str] = (),
        temperature: float = 0.0,
        fixed: int = 0,
        grammar: str | None = None,
        cancel: threading.Event | None = None,
    ) -> Iterator[Token | Completion]: ...


@dataclass(frozen=True, slots=True)
class Draft:
    """A piece of what the model says, as it says it and before any check."""

    text: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A moment that an answer rests on: its number there, from 1, and the sentence that says it."""

    n: int
    evidence: Evidence
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer as a person gets it.

    `text` is the answer, the passage itself when `quoted`, or the refusal. `confidence`
    (0 to 1) estimates that the question can be answered from this evidence, rightly. `looked_for`
    are the question's terms and `near` the moments that came nearest, both given with a refusal.
    `partial` marks an answer that was stopped: it is what the model had said, not checked, cites
    nothing and is not to be remembered.
    """

    text: str
    refused: bool = False
    confidence: float = 0.0
    citations: list[Citation] = field(default_factory=list)
    looked_for: list[str] = field(default_factory=list)
    near: list[Evidence] = field(default_factory=list)
    quoted: bool = False
    partial: bool = False
    model_seconds: float = 0.0


AnswerEvent = Draft | Answer


def answer(
    question: str,
    evidence: Sequence[Evidence],
    model: LanguageModel,
    *,
    now: datetime,
    style: Style = "short",
    cancel: threading.Event | None = None,
    history: Sequence[Message] = (),
) -> Iterator[AnswerEvent]:
    """Answer a question from recalled moments: drafts while the model talks, then one `Answer`.

    `evidence` comes best first; the model reads the first few (`prompt.looks`), and all of it is
    weighed, best some twenty. Dates are told from the record without it. `style` "short" is for models
    that answer best in a few words. `history` are earlier turns of the conversation, oldest first: they
    help to understand the question and are no evidence.

    The model is not asked when the evidence alone calls for a refusal. Raises `BadInputError` for an
    empty question; errors of the model pass through.
    """
    question = prompt.one_line(question, prompt.QUESTION)
    if not question:
        raise BadInputError("the question is empty", hint="ask something, in any language")
    check = Check(_in_context(question, history), evidence, kind=kind_of(question))
    trusted = trust.weigh(check)
    if trusted.confidence() < trust.ENOUGH or check.unheard:
        yield _refusal(check, trusted, min(trusted.confidence(), trust.ENOUGH))
        return
    began = time.monotonic()
    reader = _Reader(model, question, evidence, style, now, history, cancel)
    known = _told(check) if style == "short" else None
    again = style == "short" and trusted.confidence(borne_out=False) >= trust.ENOUGH
    said, claims = (
        ("", [known])
        if known
        else (yield from _read(reader, check, prompt.looks(question, style), again))
    )
    if reader.stopped:
        result = Answer(text=said.strip(), partial=True)
    else:
        result = _checked(claims, said, check, trusted, style)
    yield replace(result, model_seconds=time.monotonic() - began)


def _told(check: Check) -> Claim | None:
    """What the moments tell without being read: a date, or how many."""
    if check.kind == "date":
        return told.when(check)
    return told.how_many(check) if check.counted else None


SPANS = "first"


def _read(
    reader: _Reader, check: Check, looks: Sequence[range], again: bool
) -> Generator[Draft, None, tuple[str, list[Claim]]]:
    """Let the model read, a look at a time: what it said first, and the claims that stand.

    Of several looks the last is taken only where nothing stood before. With `again`, what the model
    says of a moment and does not stand is asked for once more, as a span of that moment.
    """
    said, claims = "", list[Claim]()
    places = [[check.order[i] for i in look if i < check.read] for look in looks]
    for n, look in enumerate(places):
        last = n > 0 and n == len(places) - 1
        if not look or reader.stopped or (last and claims):
            continue
        talk = reader.look(look) if SPANS != "always" else reader.look(look, _spans(check, look))
        heard = (yield from talk) if n == 0 else _unheard(talk)
        said = said or heard
        found = _claims(heard, check, reader.style, look)
        if not found and again and SPANS == "first":
            found = _copied(reader, check, look)
        claims += found
    if not claims and again and SPANS == "last":
        claims = _copied(reader, check, places[0])
    return said, _each_once(claims)


def _copied(reader: _Reader, check: Check, look: Sequence[int]) -> list[Claim]:
    """What the model copies of these moments that the question does not say, as far as it stands."""
    grammar = _spans(check, look)
    if grammar is None or reader.stopped:
        return []
    return _claims(_unheard(reader.look(look, grammar)), check, reader.style, look)


def _spans(check: Check, look: Sequence[int]) -> str | None:
    if check.kind in ("yes", "date"):
        return None
    texts = [
        check.lines[i].evidence.text for i in in_time(look, [line.evidence for line in check.lines])
    ]
    names = frozenset[str]().union(*(keys(line.evidence.speaker or "") for line in check.lines))
    said = check.about | {term.key for term in check.asked} | names
    return spans.grammar(texts, said, several=check.kind == "list")


def _each_once(claims: Sequence[Claim]) -> list[Claim]:
    """The claims without those that an earlier one holds."""
    kept: list[Claim] = []
    for claim in claims:
        said = set(tokens(claim[0]))
        if not any(said <= set(tokens(other)) for other, _ in kept):
            kept.append(claim)
    return kept


def _unheard(talk: Generator[Draft, None, str]) -> str:
    """All that a talk says, without its drafts."""
    while True:
        try:
            next(talk)
        except StopIteration as end:
            return str(end.value)


class _Reader:
    """The model at work on one question, a few moments at a time."""

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

    def look(
        self, places: Sequence[int], grammar: str | None = None
    ) -> Generator[Draft, None, str]:
        """Let the model read these moments, in time order: drafts as it talks, all it said at last.
        What it says follows the grammar, if there is one."""
        order = in_time(places, self._evidence)
        messages = prompt.written(
            self._question,
            [self._evidence[i] for i in order],
            self.style,
            self._now,
            self._history,
        )
        said = ""
        for piece in self._model.chat(
            messages,
            max_tokens=_MOST_TOKENS[self.style],
            stop=["\n"] if self.style == "short" else ["\n\n"],
            fixed=len(prompt.fixed(self.style)),
            cancel=self._cancel,
            grammar=grammar,
        ):
            if isinstance(piece, Completion):
                said = piece.text
                self.stopped |= piece.finish == "cancelled"
            else:
                said += piece.text
                yield Draft(piece.text)
        return said


def in_time(places: Sequence[int], evidence: Sequence[Evidence]) -> list[int]:
    """The places in the order in which their moments were said."""
    return sorted(places, key=lambda i: evidence[i].time)


def _in_context(question: str, history: Sequence[Message]) -> str:
    """The question, with the one before it where it says too little by itself ("And when?")."""
    earlier = [turn.content for turn in history if turn.role == "user"]
    if earlier and len(terms(question)) < 2:
        return f"{prompt.one_line(earlier[-1], prompt.QUESTION)} {question}"
    return question


def _refusal(check: Check, trusted: trust.Trust, confidence: float) -> Answer:
    looked_for = [term.surface for term in check.asked]
    near = [line.evidence for line in check.lines[:NEAR]]
    if not check.lines:
        text = "I do not know: there is nothing in this memory to answer from."
    elif check.unheard:
        text = f"I do not know: I find nothing about {_listed([check.unheard])}."
    elif trusted.missing:
        text = f"I do not know: I find nothing about {_listed(trusted.missing)}."
    elif check.person:
        text = f"I do not know: I find nothing that says this of {check.person}."
    elif looked_for:
        text = f"I do not know: I find nothing that brings together {_listed(looked_for)}."
    else:
        text = "I do not know: the question names nothing that I could look for."
    return Answer(text=text, refused=True, confidence=confidence, looked_for=looked_for, near=near)


def _listed(words: Sequence[str]) -> str:
    quoted = [f"“{word}”" for word in words[:5]]
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " or " + quoted[-1]


def _checked(
    claims: list[Claim], said: str, check: Check, trusted: trust.Trust, style: Style
) -> Answer:
    """The claims that stand, with what they rest on, or the best passage in their place."""
    if not claims:
        place = check.passage(said)
        confidence = trusted.confidence(borne_out=False)
        counts = place is not None and check.counts(place)
        if place is None or not counts or confidence < trust.ENOUGH or _GIVES_UP.search(said):
            return _refusal(check, trusted, confidence)
        passage = check.quote(place, said, wide=True)
        cited = [Citation(1, check.lines[place].evidence, passage)]
        return Answer(text=f"“{passage}”", confidence=confidence, citations=cited, quoted=True)
    places = list(dict.fromkeys(i for _, lines in claims for i in lines))
    if style == "short":
        places += check.premise(places)
    number = {place: n for n, place in enumerate(places, 1)}
    citations = [
        Citation(n, check.lines[i].evidence, check.quote(i, " ".join(text for text, _ in claims)))
        for i, n in number.items()
    ]
    pieces = [_placed(text, lines[0], check) for text, lines in claims]
    if style == "sentences":
        pieces = [
            piece + " " + "".join(f"[{number[i]}]" for i in lines)
            for piece, (_, lines) in zip(pieces, claims, strict=True)
        ]
    text = " ".join(pieces) if style == "sentences" else ", ".join(dict.fromkeys(pieces))
    return Answer(text=text, confidence=trusted.confidence(), citations=citations)


Claim = tuple[str, tuple[int, ...]]


def _claims(said: str, check: Check, style: Style, look: Sequence[int]) -> list[Claim]:
    if style == "sentences":
        return _sentence_claims(said, check, in_time(look, [line.evidence for line in check.lines]))
    return _short_claims(said, check)


def _short_claims(said: str, check: Check) -> list[Claim]:
    """The whole answer if it stands and is of the right kind, else those items of it that are."""
    whole = _short(clipped(_MARK.sub("", said), prompt.QUESTION).strip('"“” '), check)
    support = check.support(whole)
    single = check.kind != "list" or len(parts(whole)) == 1
    if single and support.whole and check.fits(whole) and not check.echoes(whole):
        return [(whole, support.lines)]
    if only_dates(whole) and check.kind == "thing":
        known = told.when(check)
        return [known] if known else []
    found = [
        (part, check.support(part))
        for part in parts(whole)
        if check.fits(part) and not check.echoes(part)
    ]
    return [(part, support.lines) for part, support in found if support.whole]


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


def _placed(claim: str, place: int, check: Check) -> str:
    """The claim with the day on which its passage counts a date, not that on which it was said."""
    line = check.lines[place]
    sentence = check.quote(place, claim)
    said = line.evidence.time.date()
    counted = dates.placed(sentence, said)
    if counted is None or counted[1].lower().removeprefix("the ") in claim.lower():
        return claim
    words, reading = counted
    claim, copied = re.subn(rf"\b{re.escape(words)}\b", reading, claim, flags=re.IGNORECASE)
    return claim if copied else dates.swapped(claim, said, reading)
