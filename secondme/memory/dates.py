"""Dates that a text names: written out ("7 May 2023") or counted from when it was said ("yesterday").

Only what the check of an answer needs, in English and ISO 8601; whatever else stands in a text is left
to be compared as words.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

_MONTHS = (
    "january february march april may june july august september october november december".split()
)
_DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_COUNTS = {
    word: n
    for n, word in enumerate("zero one two three four five six seven eight nine ten".split())
} | {"a": 1, "an": 1, "couple": 2}
_DAY_WORDS = {
    "day before yesterday": -2,
    "yesterday": -1,
    "last night": -1,
    "tomorrow": 1,
    "day after tomorrow": 2,
}
_MONTH = "|".join(f"{m[:3]}(?:{m[3:]})?" if len(m) > 3 else m for m in _MONTHS) + "|sept"
_WEEKDAY = "|".join(_DAYS)
_DAY = _WEEKDAY + "|mon|tues?|wed|thu(?:rs)?|fri"
_YEAR = r"(?:19|20)\d\d"
_WRITTEN = re.compile(
    rf"\b(?P<iso_y>{_YEAR})-(?P<iso_m>[01]\d)(?:-(?P<iso_d>[0-3]\d))?\b"
    rf"|\b(?:(?:the )?(?P<d1>[0-3]?\d)(?:st|nd|rd|th|\.)?(?: of)? )?(?P<m>{_MONTH})\b\.?"
    rf"(?: (?P<d2>[0-3]?\d)(?:st|nd|rd|th)?\b(?!:))?(?:,?(?: of)? (?P<y>{_YEAR})\b)?"
    rf"|\b(?P<year>{_YEAR})\b"
    rf"|\b(?P<weekday>{_WEEKDAY})\b",
    re.IGNORECASE,
)
_RELATIVE = re.compile(
    r"\b(?:(?P<day>day before yesterday|yesterday|last night|today|tonight|this (?:morning|afternoon"
    r"|evening)|day after tomorrow|tomorrow)"
    rf"|(?P<which>last|past|previous|this|next) (?P<unit>week|weekend|month|year|{_DAY}|{_MONTH})"
    r"|(?P<back>\d{1,3}|[a-z]+)(?: of)? (?P<ago>day|week|month|year)s? ago"
    r"|in (?P<ahead>\d{1,3}|[a-z]+) (?P<until>day|week|month|year)s?)\b",
    re.IGNORECASE,
)
_WORDLIKE = frozenset({"may", "march", "mar", "sept", "sep", "jan", "dec", "jun"})
"""Months that are words or names as well, unless a number or a preposition stands with them."""
_BEFORE_MONTHS = frozenset("in of by since until during early late mid last next this".split())


@dataclass(frozen=True, slots=True)
class Named:
    """A date as far as a text names it: some of year, month (1 to 12), day and weekday (Monday is 0)."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None

    def written(self) -> str:
        """The date in words, as far as it is named."""
        if self.weekday is not None:
            return _DAYS[self.weekday].capitalize()
        month = _MONTHS[self.month - 1].capitalize() if self.month else None
        return " ".join(str(part) for part in (self.day, month, self.year) if part)

    def holds(self, span: Span) -> bool:
        """Whether everything in the span is what this names: never finer than what is known."""
        if (self.day is not None or self.weekday is not None) and span.first != span.last:
            return False
        if self.year is None and self.month is not None and (span.last - span.first).days > 31:
            return False
        return all(
            (self.year in (None, d.year))
            and (self.month in (None, d.month))
            and (self.day in (None, d.day))
            and (self.weekday in (None, d.weekday()))
            for d in (span.first, span.last)
        )


@dataclass(frozen=True, slots=True)
class Span:
    """Days from first to last, both in it."""

    first: date
    last: date


def take_out(text: str) -> tuple[list[Named], str]:
    """The dates that a text writes out, and the text without them."""
    found: list[Named] = []

    def keep(match: re.Match[str]) -> str:
        named = _named(match)
        if named is None:
            return match.group()
        found.append(named)
        return " "

    return found, _WRITTEN.sub(keep, text)


def meant(text: str, said: date) -> Iterator[Span]:
    """The days that a text means, said on that day: written dates completed, counted ones resolved."""
    try:
        for match in _WRITTEN.finditer(text):
            named = _named(match)
            if named is not None:
                yield from _complete(named, said)
        for match in _RELATIVE.finditer(text):
            span = _counted(match, said)
            if span is not None:
                yield span
    except (ValueError, OverflowError):
        return  # counts out of the calendar, before the year 1 or after 9999


def placed(text: str, said: date) -> tuple[str, str] | None:
    """The one date that a text counts from when it was said, as it stands there and as it reads later.

    "yesterday" said on 8 May 2023 is 7 May 2023, "last week" the week before 8 May 2023. None when
    the text counts no date, or several.
    """
    matches = list(_RELATIVE.finditer(text))
    if len(matches) != 1:
        return None
    try:
        span = _counted(matches[0], said)
    except (ValueError, OverflowError):
        return None
    return (matches[0].group(), _reading(matches[0], span, said)) if span else None


def swapped(text: str, day: date, reading: str) -> str:
    """The text with that day, where it is written out in full, written in this other way."""

    def swap(match: re.Match[str]) -> str:
        return reading if _named(match) == Named(day.year, day.month, day.day) else match.group()

    return _WRITTEN.sub(swap, text)


def _reading(match: re.Match[str], span: Span, said: date) -> str:
    part = {name: value.lower() for name, value in match.groupdict().items() if value}
    if "day" in part or "day" in (part.get("ago"), part.get("until")):
        return spoken(span.first)
    if "back" in part or "ahead" in part:
        number, unit = part.get("back") or part["ahead"], part.get("ago") or part["until"]
        plural = "" if number in ("1", "one", "a", "an") else "s"
        return f"{number} {unit}{plural} {'before' if 'back' in part else 'after'} {spoken(said)}"
    unit = part["unit"]
    if unit == "year":
        return str(span.first.year)
    weekday = _weekday(unit)
    if unit in ("week", "weekend") or weekday is not None:
        where = {"this": "of", "next": "after"}.get(part["which"], "before")
        name = unit if weekday is None else _DAYS[weekday].capitalize()
        return f"the {name} {where} {spoken(said)}"
    return f"{_MONTHS[span.first.month - 1].capitalize()} {span.first.year}"


def spoken(day: date) -> str:
    """A date as answers and evidence write it: 7 May 2023."""
    return f"{day.day} {_MONTHS[day.month - 1].capitalize()} {day.year}"


def _named(match: re.Match[str]) -> Named | None:
    part = match.groupdict()
    if part["iso_y"]:
        return _sound(part["iso_y"], int(part["iso_m"]), part["iso_d"])
    if part["m"]:
        day = part["d1"] or part["d2"]
        word = part["m"].lower()
        bare = not day and not part["y"]
        if bare and (word in _WORDLIKE or part["m"][0].islower()):
            before = match.string[: match.start()].split()[-1:]
            if not (before and before[0].lower() in _BEFORE_MONTHS):
                return None
        return _sound(part["y"], _month(word), day)
    if part["year"]:
        return Named(year=int(part["year"]))
    return Named(weekday=_DAYS.index(part["weekday"].lower()))


def _sound(year: str | None, month: int, day: str | None) -> Named | None:
    try:
        date(int(year or 2000), month, int(day or 1))
    except ValueError:
        return None
    return Named(int(year) if year else None, month, int(day) if day else None)


def _weekday(unit: str) -> int | None:
    """The number of the weekday that a word names, shortened or not; Monday is 0."""
    if unit in ("month", "week", "weekend", "year"):
        return None
    return next((n for n, day in enumerate(_DAYS) if day.startswith(unit[:3])), None)


def _month(word: str) -> int:
    return next(n for n, m in enumerate(_MONTHS, 1) if m.startswith(word[:3].lower()))


def _complete(named: Named, said: date) -> Iterator[Span]:
    """What a written date may mean, said on that day: without a year, the nearest on either side."""
    if named.weekday is not None:
        behind = (said.weekday() - named.weekday) % 7
        yield from (_days(said, days) for days in (-behind, 7 - behind))
        return
    for year in [named.year] if named.year else [said.year - 1, said.year, said.year + 1]:
        if named.month is None:
            yield Span(date(year, 1, 1), date(year, 12, 31))
        elif named.day is None:
            yield _whole_month(year, named.month)
        elif named.day <= monthrange(year, named.month)[1]:
            day = date(year, named.month, named.day)
            yield Span(day, day)


def _counted(match: re.Match[str], said: date) -> Span | None:
    part = {name: value.lower() for name, value in match.groupdict().items() if value}
    if "day" in part:
        return _days(said, _DAY_WORDS.get(part["day"], 0))
    if "unit" in part:
        return _stepped(part["unit"], {"this": 0, "next": 1}.get(part["which"], -1), said)
    word = part.get("back") or part["ahead"]
    number = int(word) if word.isdigit() else _COUNTS.get(word)
    if number is None:
        return None
    step = -number if "back" in part else number
    unit = part.get("ago") or part["until"]
    if unit == "day":
        return _days(said, step)
    if unit == "week":
        return _days(said, 7 * step, give=3)
    return _stepped(unit, step, said)


def _stepped(unit: str, step: int, said: date) -> Span:
    """The week, weekend, month, year, weekday or named month that many steps from the one at hand."""
    if unit in ("week", "weekend"):
        monday = said - timedelta(said.weekday()) + timedelta(7 * step)
        return Span(monday + timedelta(5 if unit == "weekend" else 0), monday + timedelta(6))
    if unit == "month":
        months = said.year * 12 + said.month - 1 + step
        return _whole_month(months // 12, months % 12 + 1)
    if unit == "year":
        return Span(date(said.year + step, 1, 1), date(said.year + step, 12, 31))
    weekday = _weekday(unit)
    if weekday is not None:
        away = (weekday - said.weekday()) % 7
        return _days(said, away - 7 if step < 0 else away or 7 * step)
    month = _month(unit)
    passed = step < 0 and month >= said.month
    return _whole_month(said.year - passed + (step > 0 and month <= said.month), month)


def _days(said: date, step: int, give: int = 0) -> Span:
    day = said + timedelta(step)
    return Span(day - timedelta(give), day + timedelta(give))


def _whole_month(year: int, month: int) -> Span:
    return Span(date(year, month, 1), date(year, month, monthrange(year, month)[1]))
