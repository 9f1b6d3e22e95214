"""What the record itself tells, without a model: when something was, and how many, by the moments most to
the point."""

from __future__ import annotations

import re

from secondme.memory.check import Check
from secondme.memory.claim import Line
from secondme.memory.kinds import asks_clock, clock_in, end_in, ends, turn_of
from secondme.memory.terms import cardinal, keys
from secondme.memory.timex import dates

_IS = re.compile(r"\b(?:do|does|is|are|has|have|now)\b", re.IGNORECASE)
_ASKS_SAYING = re.compile(
    r"\bwhat (?:did|does|has|had) (?P<who>[^,.]{1,40}?) (?:say|said)(?: (?:about|of|to|on|when)\b|\W*$)",
    re.IGNORECASE,
)
_REPORTS = re.compile(
    r"\b(?:says?|said|wrote|told \w+|tells \w+)\b(?:\s*[:,]\s*|\s+that\s+|\s+)[\"“«]?(?P<what>[^\"”»]{4,})",
    re.IGNORECASE,
)
_ASKS_WHICH = re.compile(
    r"\W*(?:what|which) (?:(?:kind|type|sort)s? of )?(?P<head>[^\W\d_]+) (?:do|does|did|is|are|was|were|has"
    r"|have|had|can|will)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[\w'’-]+|[^\w\s]")
_MODIFIERS = 2
_PRONOUN = re.compile(r"\W*(?:(?:and|but) )?(?:he|she|they)?\W*", re.IGNORECASE)
_ENOUGH = 0.5
"""The share of a question that a moment must have to tell when it was."""
_ENOUGH_OF_END = 0.4
"""The same where it names an end besides."""
_AS_GOOD = 0.75
"""The share of the best moment's worth with which another is to the point too."""


def when(check: Check) -> tuple[str, tuple[int, ...]] | None:
    """When what the question asks for was, in words, and the place in the evidence that tells
    it.

    The moment most to the point tells: by the one date that its sentence writes out, or the day that
    it was said on; asked until when, by the date that it names as an end. Where the question itself
    names a time, a moment within it comes first; asked for the first or the last time, the earliest or
    the latest of those to the point. None where nothing is to the point or the sentence writes several
    dates. Asked for a time of day, the one that its sentence writes; asked how long something is valid,
    what was said last.
    """
    if asks_clock(check.question):
        return _clock(check)
    candidates, until = _candidates(check), ends(check.question)
    if until:
        candidates = [i for i in candidates if end_in(check.lines[i].evidence.text)]
    if until and candidates and _IS.search(check.question):
        best = max(check.coverage(check.lines[i]) for i in candidates)
        near = [i for i in candidates if check.coverage(check.lines[i]) >= _AS_GOOD * best]
        candidates = sorted(near, key=lambda i: check.lines[i].evidence.time, reverse=True)
    for place in candidates:
        line = check.lines[place]
        day = end_in(line.evidence.text) if until else _day(check, line)
        enough = check.coverage(line) >= (_ENOUGH_OF_END if until else _ENOUGH)
        return (day.written(), (place,)) if day and enough else None
    return None


def _clock(check: Check) -> tuple[str, tuple[int, ...]] | None:
    for place in _candidates(check):
        clock = clock_in(check.quote(place))
        if clock and check.coverage(check.lines[place]) >= _ENOUGH:
            return clock, (place,)
    return None


def said(check: Check) -> tuple[str, tuple[int, ...]] | None:
    """What somebody said of something, in their own words: the sentence of theirs that has most of it,
    or what a moment that names them reports after "said". None where the question asks for no saying."""
    asks = _ASKS_SAYING.search(check.question)
    who = keys(asks["who"]) if asks else frozenset[str]()
    topic = check.about - who
    if not who or not topic:
        return None
    best: tuple[float, int, str] = (0.0, 0, "")
    for n, place in enumerate(check.order):
        line = check.lines[place]
        own = bool(who & keys(line.evidence.speaker or ""))
        for sentence in line.sentences:
            text = sentence if own else _reported(sentence, who, line)
            there = keys(sentence) if own else line.keys
            share = len(topic & there) / len(topic)
            if text and text[-1] not in "?]" and (share, -n) > best[:2]:
                best = (share, -n, text)
    share, n, text = best
    return (text.strip(" .,:"), (check.order[-n],)) if share >= _ENOUGH else None


def _reported(sentence: str, who: frozenset[str], line: Line) -> str:
    """What a sentence reports as said by somebody: named before "said", or by "she" in a moment that names
    them."""
    reports = _REPORTS.search(sentence)
    before = sentence[: reports.start()] if reports else ""
    theirs = who <= keys(before) or (who <= line.keys and _PRONOUN.fullmatch(before))
    return reports["what"] if reports and theirs else ""


def which(check: Check) -> tuple[str, tuple[int, ...]] | None:
    """Which of its kind something is, by the words before it in the best moment: asked what food, "kidney
    diet food"."""
    asks = _ASKS_WHICH.match(check.question)
    head = keys(asks["head"]) if asks else frozenset[str]()
    if not head or not check.order:
        return None
    best = check.order[0]
    if check.coverage(check.lines[best]) < _ENOUGH or not check.is_of_person(best):
        return None
    for sentence in check.lines[best].sentences:
        words = _WORD.findall(sentence)
        for at in (n for n, word in enumerate(words) if keys(word) == head):
            first = at
            while first > max(0, at - _MODIFIERS) and keys(words[first - 1]):
                first -= 1
            if keys(" ".join(words[first:at])) - check.about:
                return " ".join(words[first : at + 1]), (best,)
    return None


def how_many(check: Check) -> tuple[str, tuple[int, ...]] | None:
    """How many there are of what the question counts, as a number that stands before it, and the place in
    the evidence that tells it.

    Of the moments that count it, those with as much of the question as any tell: the last one where the
    question asks how it is, else the one most to the point, where they differ. None where none counts it.
    """
    found: list[tuple[int, str]] = []
    for place in check.order:
        line = check.lines[place]
        numbers = {n.key: cardinal(n) for s in line.sentences for n in check.numbers_in(s)}
        if len(numbers) == 1 and check.is_of_person(place):
            found.append((place, next(iter(numbers.values()))))
    best = max((check.coverage(check.lines[place]) for place, _ in found), default=0.0)
    near = [f for f in found if check.coverage(check.lines[f[0]]) >= _AS_GOOD * best]
    if not near:
        return None
    if _IS.search(check.question):
        near.sort(key=lambda f: check.lines[f[0]].evidence.time, reverse=True)
    return near[0][1], (near[0][0],)


def _candidates(check: Check) -> list[int]:
    """The places of moments that may tell a date of the person named, best first."""
    near = [i for i in check.order if check.is_of_person(i)] or check.order
    named = [d for d in dates.take_out(check.question)[0] if d.month or d.year]
    if named:
        near = [i for i in near if _within(check, i, named)] or near
    turn = turn_of(check.question)
    if turn and near:
        near = [i for i in near if check.worth(i) >= _AS_GOOD * check.worth(near[0])]
        near.sort(key=lambda i: check.lines[i].evidence.time, reverse=turn == "last")
    return near


def _day(check: Check, line: Line) -> dates.Named | None:
    def written(sentence: str) -> list[dates.Named]:
        return [d for d in dates.take_out(sentence)[0] if d.month is not None]

    telling = max(
        line.sentences,
        key=lambda s: (len(check.about & keys(s)), bool(written(s))),
        default="",
    )
    said = line.evidence.time.date()
    days = written(telling) or [dates.Named(said.year, said.month, said.day)]
    return days[0] if len(days) == 1 else None


def _within(check: Check, place: int, named: list[dates.Named]) -> bool:
    """Whether what a moment tells lies within all the times that a question names."""
    day = _day(check, check.lines[place])
    if day is None:
        return False
    said = check.lines[place].evidence.time.date()
    counted = dates.placed(check.quote(place, day.written()), said)
    spans = list(dates.meant(counted[1] if counted else day.written(), said))
    return any(all(n.holds(span) for n in named) for span in spans)
