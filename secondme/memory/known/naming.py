"""The stretch of time that a question names, and what is left of the question without it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from secondme.memory.timex import find

_BEFORE = re.compile(
    r"(?:\b(?:in|on|at|during|over|for|about|from|of)\s+)?(?:\bthe\s+)?$", re.IGNORECASE
)
_THE = re.compile(r"\bthe\s+$", re.IGNORECASE)


class Span(NamedTuple):
    """From one time up to another."""

    since: datetime
    until: datetime


NamedTime = tuple[Span, str, tuple[str, ...]]
"""A time, the words that name it in a question, and what is left of the question without them."""


def one_time(text: str, now: datetime) -> NamedTime | None:
    """The one time that a question names. "Christmas in 2024" and "14 July last year" are one."""
    times = find(text, now)
    if not times or len(times) > 2:
        return None
    first, last = times[0], times[-1]
    words, time = text[first.start : last.end], first
    if len(times) == 2:
        year = next((t for t in times if t.grain == "year"), None)
        other = first if year is last else last
        if year is None or text[first.end : last.start].strip() not in ("", "in", "of", ","):
            return None
        together = find(f"{text[other.start : other.end]} {year.since.year}", now)
        if len(together) != 1:
            return None
        time = together[0]
    return Span(time.since, time.until), words, rests(text, first.start, last.end)


def rests(text: str, start: int, end: int) -> tuple[str, ...]:
    """A question without its time: with the words before that, without "the", and without a preposition."""
    before, after = text[:start], text[end:]
    ways = (before, _THE.sub("", before), _BEFORE.sub("", before))
    return tuple(" ".join(f"{way} {after}".split()) for way in ways)
