"""What a claim says, taken apart: its terms, its dates, its items, and whether a moment has them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from secondme.memory.evidence import Evidence
from secondme.memory.terms import (
    Term,
    addressed,
    keys,
    ordinal,
    plain,
    sentences,
    terms,
    tokens,
    without_calling,
)
from secondme.memory.timex import dates

_YES_NO = re.compile(
    r"\W*(?:(?:most |very )?(?:likely|probably)\W+)?(yes|no)\b[\s,;:.]*", re.IGNORECASE
)
_SIGNED = re.compile(r"([^\W\d_]+)\s*[:=(]\s*(\d+)\b")
_AGE = re.compile(
    r"\b(?:years?|months?|old|aged?|turn(?:s|ed|ing)|birthday|is|are|was|were|am|[’']?m)\b"
    r"|^\s*\d+\s+(?:today|now)\b",
    re.IGNORECASE,
)
_LASTS = re.compile(
    r"\b(?:for|in|since|after|over|within) (?:\w+ )?[\w-]+ (?:years|months)\b(?! old)"
    r"|\b(?:years?|months?) (?:ago|later|before|after|together|long|of(?! age))\b",
    re.IGNORECASE,
)
"""How long something lasts or is past, which is nobody's age."""
_OWN_COUNT = re.compile(r"\b(?:my|our|his|her|their) (\w+) ", re.IGNORECASE)
"""What counts the deeds of somebody: "my fourth race"."""
_OF = re.compile(r"\b(\d+) of (?:the |my |our )?(\d+)\b", re.IGNORECASE)
_ASKS_BACK = re.compile(
    r"\b(?:(?:what|how) about (?:you|yours)|and you|(?:any|what|which) other|you too)\b.*\?\W*$",
    re.IGNORECASE,
)
"""A question by which somebody asks what they have just told of themselves."""
_MY = re.compile(r"\b(?:my|our)\b", re.IGNORECASE)
_PARTS = re.compile(r"[;:()]|,(?!\d)")
_BEFORE = 3
"""How many terms before what it counts a number stands at most."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a moment must hold to bear out one term: the keys together, or a day within the date."""

    surface: str
    keys: frozenset[str] = frozenset()
    date: dates.Named | None = None
    number: bool = False


@dataclass(frozen=True, slots=True)
class Support:
    """How far the evidence bears out a claim.

    `share` is the part of its terms found, `missing` those not found as they were written, `lines` the
    places in the evidence, best first, that together hold the rest: as few as will do.
    """

    share: float
    missing: tuple[str, ...]
    lines: tuple[int, ...]

    @property
    def whole(self) -> bool:
        """Whether everything that the claim says was found."""
        return not self.missing and bool(self.lines)


class Line:
    """One moment of evidence, taken apart once."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.keys = keys(evidence.text) | keys(evidence.speaker or "") | keys(evidence.heading)
        self.sentences = sentences(evidence.text)

    @cached_property
    def spans(self) -> list[dates.Span]:
        """The days that it means, the one that it was said on first."""
        said = self.evidence.time.date()
        return [dates.Span(said, said), *dates.meant(self.evidence.text, said)]

    def meets(self, need: Need, *, own_day: bool) -> bool:
        """Whether it bears this out; with `own_day` the day that it was said on is one it means."""
        if need.date is not None:
            return any(need.date.holds(span) for span in self.spans[not own_day :])
        return need.keys <= self.keys

    def speaks_of(self, person: str, about: frozenset[str], owned: frozenset[str]) -> bool:
        """Whether what it says with these terms, or all of it, may be about this person, and about their
        own things (`owned`).

        A note that nobody is named for may be about anybody.
        """
        if not self.evidence.speaker:
            return True
        own = self.evidence.speaker == person
        name = plain(person).split()[0]
        balance = 0
        for sentence in self.sentences:
            to_hearer = addressed(sentence, owned) and not _ASKS_BACK.search(sentence)
            named = name in tokens(without_calling(sentence, name))
            of_person = not to_hearer if own else to_hearer or named
            shared = len(about & keys(sentence))
            balance += shared if of_person else -shared
        return balance > 0 or (balance == 0 and own)

    def is_of_another(self, whose: frozenset[str], about: frozenset[str]) -> bool:
        """Whether it is about the own thing of somebody else than the one whose thing is asked about: a
        note, or somebody's sentence about "my", where that one is not named."""
        if not whose or whose & self.keys:
            return False
        own = any(about & keys(s) and _MY.search(s) for s in self.sentences)
        return own or not self.evidence.speaker


def parts(answer: str) -> list[str]:
    """The items of a short answer that is a list, each once; otherwise the answer alone."""
    pieces = re.split(r"\s*[,;\n](?!\s*\d{4}\b)\s*(?:and\s+|or\s+)?|\s+and\s+", answer)
    items: dict[frozenset[str], str] = {}
    for piece in pieces:
        if needs_of(piece):
            items.setdefault(frozenset(tokens(piece)), piece)
    return list(items.values()) or [answer]


def only_dates(claim: str) -> bool:
    """Whether a claim says a date and nothing else."""
    needs = needs_of(claim)
    return bool(needs) and all(need.date is not None for need in needs)


def polarity_of(claim: str) -> tuple[str | None, str]:
    match = _YES_NO.match(claim)
    return (match[1].lower(), claim[match.end() :]) if match else (None, claim)


def needs_of(claim: str) -> list[Need]:
    named, rest = dates.take_out(claim)
    said = terms(rest)
    needs = [Need(date.written(), date=date) for date in named]
    for n, term in enumerate(said):
        counted = said[n + 1 : n + 2] if term.kind == "number" else []
        there = frozenset({term.key, *(t.key for t in counted)})
        needs.append(Need(term.surface, there, number=term.kind == "number"))
    return needs


def counted_in(sentence: str, things: frozenset[str], *, deeds: bool = False) -> list[Term]:
    """The numbers that stand before one of the things in a sentence ("two old cars"), or after it with
    a sign between ("cars: 2"); of "3 of 8 cars" the 8. Where deeds are counted, the 3, and "my second
    race" counts too."""
    own = {m[1] for m in _OWN_COUNT.finditer(sentence)} if deeds else set()
    signed = {m[2] for m in _SIGNED.finditer(sentence) if things & keys(m[1])}
    found: list[Term] = []
    for part in _PARTS.split(_OF.sub(r"\1" if deeds else r"\2", dates.take_out(sentence)[1])):
        said = terms(part)
        at = [n for n, term in enumerate(said) if term.key in things]
        found += [
            term
            for n, term in enumerate(said)
            if term.key.isdecimal()
            and (not ordinal(term) or term.surface in own)
            and (term.key in signed or any(0 < there - n <= _BEFORE for there in at))
        ]
    return found


def ages_in(text: str) -> set[str]:
    """The numbers, as keys, that a text may say as an age: not that of "platform 11"."""
    told = _LASTS.sub(" ", text)
    parts = (part for part in re.split(r"[;:,.()]", told) if _AGE.search(part))
    return {term.key for part in parts for term in terms(part) if term.kind == "number"}


def writes_a_day(sentence: str) -> bool:
    """Whether a sentence writes out a date with its month."""
    return any(named.month is not None for named in dates.take_out(sentence)[0])
