"""Dates as claims name them and as readers get them: what is written out, what is meant, how it reads.

A claim's dates are held against the days that a moment means, said on its own day; whatever else
stands in a text is left to be compared as words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

from secondme.memory.timex import calendar, grammar, lexer
from secondme.memory.timex.calendar import DAYS, MONTHS, Named
from secondme.memory.timex.lexer import Item
from secondme.memory.timex.lexicon import language
from secondme.memory.timex.matching import Meaning
from secondme.memory.timex.single import WEEKDAY

__all__ = ["Named", "Span", "counted", "meant", "placed", "spoken", "swapped", "take_out"]

_YEAR = re.compile(r"(?<![\w./:,-])(?:19|20)\d\d(?![\w/:]|[-.,]\d)")
_VAGUE = re.compile(
    r"\b((?:a few|several|some|many) (?:days|weeks|months|years)) (?:ago|back)\b", re.IGNORECASE
)
"""What is counted, but not how many."""
_SEASONS = "spring summer autumn winter".split()
_ANY_DAY = datetime(2000, 1, 1, 12)


@dataclass(frozen=True, slots=True)
class Span:
    """Days from first to last, both in it."""

    first: date
    last: date


def take_out(text: str) -> tuple[list[Named], str]:
    """The dates that a text writes out, and the text without them."""
    found: list[tuple[int, Named]] = []
    rest, at = "", 0
    for item in _read(text, _ANY_DAY)[0]:
        named = item.value.named if item.code == "T" else None
        if item.code == "T" and named is None:
            continue
        rest += _years_out(text[at : item.start], at, found)
        rest += " " if named else text[item.start : item.end]
        found += [(item.start, named)] if named else []
        at = item.end
    rest += _years_out(text[at:], at, found)
    return [named for _, named in found], rest


def _years_out(text: str, at: int, found: list[tuple[int, Named]]) -> str:
    """The text without the years that stand alone in it, which are put with the others found."""
    found += [(at + m.start(), Named(year=int(m.group()))) for m in _YEAR.finditer(text)]
    return _YEAR.sub(" ", text)


def meant(text: str, said: date) -> Iterator[Span]:
    """The days that a text means, said on that day: written dates completed in every way that is
    near, counted ones resolved, and years that stand alone."""
    single, whole = _read(text, datetime.combine(said, time(12)))
    seen: set[tuple[date, date]] = set()
    for item in [*single, *whole]:
        if item.code != "T":
            continue
        named = item.value.named
        stretches = calendar.complete(named, said) if named else iter([item.value.stretch])
        for stretch in stretches:
            if (stretch.first, stretch.last) not in seen:
                seen.add((stretch.first, stretch.last))
                yield Span(stretch.first, stretch.last)
    for named in [n for n in take_out(text)[0] if n == Named(year=n.year)]:
        span = Span(date(named.year or 1, 1, 1), date(named.year or 1, 12, 31))
        if (span.first, span.last) not in seen:
            seen.add((span.first, span.last))
            yield span


def placed(text: str, said: date) -> tuple[str, str] | None:
    """The one date that a text counts from when it was said, as it stands there and as it reads later.

    "yesterday" said on 8 May 2023 is 7 May 2023, "last week" the week before 8 May 2023. None when
    the text counts no date, or several.
    """
    found = list(counted(text, said))
    if len(found) != 1:
        return None
    start, end, reading = found[0]
    return text[start:end], reading


def counted(text: str, said: date) -> Iterator[tuple[int, int, str]]:
    """Every expression that only its own day makes clear: where it stands and how it reads later."""
    vague = [(m.start(), m.end(), f"{m[1]} before {spoken(said)}") for m in _VAGUE.finditer(text)]
    yield from vague
    for item in _read(text, datetime.combine(said, time(12)))[1]:
        if item.code == "T" and _is_counted(item.value, said) and not _plain(text, item):
            yield item.start, item.end, _reading(item.value, said)


def swapped(text: str, day: date, reading: str) -> str:
    """The text with that day, where it is written out in full, written in this other way."""
    wanted = Named(day.year, day.month, day.day)
    out, at = "", 0
    for item in _read(text, _ANY_DAY)[0]:
        if item.code == "T" and item.value.named == wanted:
            out += text[at : item.start] + reading
            at = item.end
    return out + text[at:]


def spoken(day: date) -> str:
    """A date as answers and evidence write it: 7 May 2023."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _read(text: str, said: datetime) -> tuple[list[Item], list[Item]]:
    """The single expressions of a text, and those that they make up together."""
    if not lexer.may_hold_time(text):
        return [], []
    read = [grammar.read(text, said, language(name)) for name in lexer.languages_of(text)]
    return max(read, key=lambda found: grammar.covered(found[1]))


def _is_counted(meaning: Meaning, said: date) -> bool:
    """Whether an expression writes out no date, or only the day of the week of what has been."""
    named = meaning.named
    return named is None or (named == Named(weekday=named.weekday) and meaning.stretch.first < said)


def _plain(text: str, item: Item) -> bool:
    """Whether an expression says its year itself, so that it needs no day to be counted from."""
    return bool(re.search(r"\d{4}", text[item.start : item.end]))


def _reading(meaning: Meaning, said: date) -> str:
    stretch, unit, steps = meaning.stretch, meaning.unit, meaning.steps
    if unit == WEEKDAY or meaning.named:
        where = "before" if meaning.named else {0: "of", 1: "after"}.get(steps, "before")
        return f"the {DAYS[stretch.first.weekday()]} {where} {spoken(said)}"
    if meaning.number is not None and unit not in ("day", "hour"):
        plural = "" if meaning.number in ("1", "one", "a", "an") else "s"
        side = "before" if steps < 0 else "after"
        return f"{meaning.number} {unit}{plural} {side} {spoken(said)}"
    if unit in ("week", "weekend") and abs(steps) < 2:
        return f"the {unit} {('before', 'of', 'after')[steps + 1]} {spoken(said)}"
    return _by_grain(stretch)


def _by_grain(stretch: calendar.Stretch) -> str:
    first, last = stretch.first, stretch.last
    if stretch.grain == "year":
        return str(first.year)
    if stretch.grain == "decade":
        return f"the {first.year}s"
    if stretch.grain == "month":
        return f"{MONTHS[first.month - 1]} {first.year}"
    if stretch.grain == "season":
        return f"{_SEASONS[first.month // 3 - 1]} {first.year}"
    if first == last:
        return spoken(first)
    return f"{spoken(first)} to {spoken(last)}"
