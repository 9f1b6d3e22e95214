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
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from secondme.errors import BadInputError
from secondme.memory import prompt, told, trust
from secondme.memory.check import Check
from secondme.memory.evidence import Evidence
from secondme.memory.kinds import kind_of
from secondme.memory.looking import Claim, Draft, LanguageModel, Reader
from secondme.memory.prompt import Style
from secondme.memory.timex import dates
from secondme.model.chat import Message

NEAR = 3
"""Moments that are shown with a refusal, as those that came nearest."""
_GIVES_UP = re.compile(
    r"\b(?:unknown|not (?:mentioned|stated|specified|given|known|say|enough)|no (?:information|mention)"
    r"|cannot (?:answer|be (?:determined|answered))"
    r"|(?:do not|don't|does not|doesn't) (?:know|say|mention))\b",
    re.IGNORECASE,
)
"""A model's own way of saying that the answer is not there."""


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
    topic: str = "",
    called: Collection[str] = (),
) -> Iterator[AnswerEvent]:
    """Answer a question from recalled moments: drafts while the model talks, then one `Answer`.

    `evidence` comes best first; the model reads the first few, and all of it is weighed, best some
    twenty. Dates and counts are told from the record without it. `style` "short" is for models
    that answer best in a few words. `history` are earlier turns of the conversation, oldest first: they
    help to understand the question and are no evidence. `topic` is an earlier question that this one goes
    on from, where it says too little by itself ("And when?"). `called` are names of people and animals, which
    are no places.

    The model is not asked when the evidence alone calls for a refusal. Raises `BadInputError` for an
    empty question; errors of the model pass through.
    """
    question = prompt.one_line(question, prompt.QUESTION)
    if not question:
        raise BadInputError("the question is empty", hint="ask something, in any language")
    check = Check(f"{topic} {question}".strip(), evidence, kind=kind_of(question), called=called)
    trusted = trust.weigh(check)
    unheard = trust.unheard(check)
    if trusted.confidence() < trust.ENOUGH or unheard:
        yield _refusal(check, trusted, min(trusted.confidence(), trust.ENOUGH), unheard)
        return
    began = time.monotonic()
    reader = Reader(model, question, evidence, style, now, history, cancel)
    known = _told(check) if style == "short" else None
    said, claims = ("", [known]) if known else (yield from reader.read(check))
    if reader.stopped:
        result = Answer(text=said.strip(), partial=True)
    else:
        result = _checked(claims, said, check, trusted, style)
    yield replace(result, model_seconds=time.monotonic() - began)


def _told(check: Check) -> Claim | None:
    """What the moments tell without being read: a date, how many, or what somebody said."""
    if check.kind == "date":
        return told.when(check)
    return told.how_many(check) if check.counted else told.said(check)


def _refusal(
    check: Check, trusted: trust.Trust, confidence: float, unheard: str | None = None
) -> Answer:
    looked_for = [term.surface for term in check.asked]
    near = [line.evidence for line in check.lines[:NEAR]]
    if not check.lines:
        text = "I do not know: there is nothing in this memory to answer from."
    elif unheard:
        text = f"I do not know: I find nothing about {_listed([unheard])}."
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
        quotable = place is not None and check.may_quote(place)
        if place is None or not quotable or confidence < trust.ENOUGH or _GIVES_UP.search(said):
            return _refusal(check, trusted, confidence)
        passage = check.quote(place, said, wide=True)
        cited = [Citation(1, check.lines[place].evidence, passage)]
        return Answer(text=f"“{passage}”", confidence=confidence, citations=cited, quoted=True)
    places = [i for _, lines in claims for i in lines]
    if style == "short":
        again = [check.support(text, limit=1, without=places) for text, _ in claims]
        places += [i for support in again if support.whole for i in support.lines]
    number = {place: n for n, place in enumerate(dict.fromkeys(places), 1)}
    citations = [
        Citation(n, check.lines[i].evidence, check.quote(i, " ".join(text for text, _ in claims)))
        for i, n in number.items()
    ]
    pieces = [_named(_placed(text, lines[0], check), lines[0], check) for text, lines in claims]
    if style == "sentences":
        pieces = [
            piece + " " + "".join(f"[{number[i]}]" for i in lines)
            for piece, (_, lines) in zip(pieces, claims, strict=True)
        ]
    text = " ".join(pieces) if style == "sentences" else ", ".join(dict.fromkeys(pieces))
    return Answer(text=text, confidence=trusted.confidence(), citations=citations)


def _placed(claim: str, place: int, check: Check) -> str:
    """The claim with the day on which its passage counts a date, not that on which it was said."""
    line = check.lines[place]
    said = line.evidence.time.date()
    counted = dates.placed(check.quote(place, claim), said)
    if counted is None and claim == dates.spoken(said):
        counted = _beside(check.quote(place, claim), line.sentences, said)
    if counted and claim == dates.spoken(said):
        return counted[1]
    if counted is None or counted[1].lower().removeprefix("the ") in claim.lower():
        return claim
    words, reading = counted
    claim, copied = re.subn(rf"\b{re.escape(words)}\b", reading, claim, flags=re.IGNORECASE)
    return claim if copied else dates.swapped(claim, said, reading)


def _named(claim: str, place: int, check: Check) -> str:
    """The claim with the name of who says it for their "my", where the question asks about them by name."""
    speaker = check.lines[place].evidence.speaker
    if speaker is None or speaker != check.person:
        return claim
    return re.sub(r"\bmy\b", f"{speaker.split()[0]}'s", claim, flags=re.IGNORECASE)


def _beside(sentence: str, sentences: list[str], said: date) -> tuple[str, str] | None:
    """The past date that is counted before or after a sentence which has none: "We got her two weeks ago! Ada
    is her name"."""
    at = sentences.index(sentence) if sentence in sentences else 0
    for near in [*sentences[max(0, at - 1) : at], *sentences[at + 1 : at + 2]]:
        counted = dates.placed(near, said)
        if counted and any(span.first <= said for span in dates.meant(counted[1], said)):
            return counted
    return None
