"""Stretches of the calendar: days, weeks, months, seasons, years, and stepping between them.

Everything here is local time without a zone; weeks begin on Monday, seasons are those of the north.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, Protocol

Grain = Literal[
    "minute", "hour", "part", "day", "weekend", "week", "month", "season", "year", "decade", "span"
]
Tense = Literal[-1, 0, 1]
"""What a sentence is about: the past, nothing that shows, the future."""

MONTHS = (
    "January February March April May June July August September October November December".split()
)
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
PARTS = {"morning": (5, 12), "noon": (12, 14), "afternoon": (12, 18), "evening": (18, 24)}
"""Hours of the day, from the first up to the one after the last."""
_DAY = timedelta(days=1)
_FIXED = {
    "christmas": (12, 25),
    "christmas_eve": (12, 24),
    "new_year": (1, 1),
    "new_years_eve": (12, 31),
    "valentine": (2, 14),
    "halloween": (10, 31),
    "epiphany": (1, 6),
    "ferragosto": (8, 15),
    "kings_day": (4, 27),
    "national_day": (10, 1),
}


class Days(Protocol):
    """Days from `first` to `last`, both in it."""

    @property
    def first(self) -> date: ...
    @property
    def last(self) -> date: ...


@dataclass(frozen=True, slots=True)
class Stretch:
    """Local time from `since` up to `until`, which is not in it, as fine as `grain`."""

    since: datetime
    until: datetime
    grain: Grain

    @property
    def first(self) -> date:
        """Its first day."""
        return self.since.date()

    @property
    def last(self) -> date:
        """Its last day."""
        return (self.until - timedelta(microseconds=1)).date()


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
            return DAYS[self.weekday]
        month = MONTHS[self.month - 1] if self.month else None
        return " ".join(str(part) for part in (self.day, month, self.year) if part)

    def holds(self, span: Days) -> bool:
        """Whether everything in the stretch is what this names: never finer than what is known."""
        first, last = span.first, span.last
        if (self.day is not None or self.weekday is not None) and first != last:
            return False
        if self.year is None and self.month is not None and (last - first).days > 31:
            return False
        return all(
            self.year in (None, d.year)
            and self.month in (None, d.month)
            and self.day in (None, d.day)
            and self.weekday in (None, d.weekday())
            for d in (first, last)
        )


def days(first: date, count: int = 1, grain: Grain = "day") -> Stretch:
    """So many days from one on."""
    since = datetime.combine(first, time())
    return Stretch(since, since + count * _DAY, grain)


def month(year: int, number: int) -> Stretch:
    """A month; numbers below 1 and above 12 are of the years around."""
    year, number = year + (number - 1) // 12, (number - 1) % 12 + 1
    return Stretch(
        datetime(year, number, 1), datetime(year + number // 12, number % 12 + 1, 1), "month"
    )


def year(number: int, count: int = 1) -> Stretch:
    """A year, or a decade when `count` is 10."""
    return Stretch(
        datetime(number, 1, 1),
        datetime(number + count, 1, 1),
        "year" if count == 1 else "decade",
    )


def season(year_: int, number: int) -> Stretch:
    """Spring, summer, autumn or winter (0 to 3) that begins in that year."""
    first, last = month(year_, 3 + 3 * number), month(year_, 5 + 3 * number)
    return Stretch(first.since, last.until, "season")


def holiday(year_: int, name: str) -> Stretch:
    """The day of a holiday in a year."""
    if name == "easter":
        return days(_easter(year_))
    if name == "thanksgiving":
        first = date(year_, 11, 1)
        return days(first + _DAY * ((3 - first.weekday()) % 7 + 21))
    return days(date(year_, *_FIXED[name]))


def part(day: Stretch, name: str) -> Stretch:
    """A part of a day."""
    start, end = PARTS[name]
    since = datetime.combine(day.first, time())
    return Stretch(since + timedelta(hours=start), since + timedelta(hours=end), "part")


def week(day: date, steps: int = 0) -> Stretch:
    """The week of a day, or the one so many after it."""
    return days(day - _DAY * (day.weekday() - 7 * steps), 7, "week")


def weekend(day: date, steps: int = 0) -> Stretch:
    """Saturday and Sunday of that week."""
    return days(week(day, steps).first + 5 * _DAY, 2, "weekend")


def stepped(unit: str, steps: int, said: datetime) -> Stretch | None:
    """The unit at hand, or so many after it ("last week" is -1)."""
    if unit == "week":
        return week(said.date(), steps)
    if unit == "weekend":
        return weekend(said.date(), steps)
    if unit == "month":
        return month(said.year, said.month + steps)
    if unit == "year":
        return year(said.year + steps)
    if unit == "decade":
        return year(said.year // 10 * 10 + 10 * steps, 10)
    return None


def counted(unit: str, steps: int, said: datetime) -> Stretch | None:
    """What lies so many units from now ("two weeks ago" is -2): as exact as such words are meant."""
    if unit == "hour":
        since = said.replace(minute=0, second=0, microsecond=0) + timedelta(hours=steps)
        return Stretch(since, since + timedelta(hours=1), "hour")
    if unit == "day":
        return days(said.date() + steps * _DAY)
    if unit == "week":
        return days(said.date() + (7 * steps - 3) * _DAY, 7, "week")
    if unit == "weekend":
        return weekend(said.date(), steps)
    return stepped(unit, steps, said)


def several(unit: str, steps: int, said: datetime) -> Stretch | None:
    """So many units up to now, or from now on ("the last three weeks" is -3)."""
    whole = {"day": 1, "week": 7}
    if unit in whole:
        away = said.date() + steps * whole[unit] * _DAY
    elif unit in ("month", "year", "decade"):
        months = steps * {"month": 1, "year": 12, "decade": 120}[unit]
        there = month(said.year, said.month + months)
        away = min(there.last, there.first + _DAY * (said.day - 1))
    else:
        return None
    edge = datetime.combine(away, time())
    return Stretch(edge, said, "span") if steps < 0 else Stretch(said, edge + _DAY, "span")


def weekday(number: int, tense: Tense, said: date) -> Stretch:
    """The day of that name before today or, unless the past is meant, after it."""
    away = (number - said.weekday()) % 7
    return days(said + _DAY * (away - 7 if tense < 0 else away or 7))


def nearest(
    choices: Iterator[Stretch], tense: Tense, said: datetime, *, whole: bool = False
) -> Stretch | None:
    """Of stretches in their order, the last that has begun for the past, the first not yet over for
    the future, or else the one whose middle is nearest. With `whole` it must be over, or not begun."""
    found = list(choices)
    if tense < 0:
        past = [s for s in found if (s.until if whole else s.since) <= said]
        return past[-1] if past else None
    if tense > 0:
        return next((s for s in found if (s.since if whole else s.until) > said), None)
    return min(found, key=lambda s: abs(s.since + (s.until - s.since) / 2 - said), default=None)


def complete(named: Named, said: date) -> Iterator[Stretch]:
    """What a written date may mean, said on that day: without a year, the years around."""
    if named.weekday is not None and named.day is None:
        behind = (said.weekday() - named.weekday) % 7
        yield from (days(said - _DAY * away) for away in (behind, behind - 7))
        return
    for number in [named.year] if named.year else [said.year - 1, said.year, said.year + 1]:
        try:
            if named.month is None:
                yield year(number)
            elif named.day is None:
                yield month(number, named.month)
            else:
                yield days(date(number, named.month, named.day))
        except (ValueError, OverflowError):
            continue  # 29 February, or out of the calendar


def edge(whole: Stretch, which: int) -> Stretch | None:
    """The beginning (-1), middle (0) or end (1) of a month, year, decade or week."""
    since, until = whole.since, whole.until
    if whole.grain == "month":
        cuts = [since, since.replace(day=11), since.replace(day=21), until]
    elif whole.grain == "year":
        cuts = [since, since.replace(month=5), since.replace(month=9), until]
    elif whole.grain == "decade":
        cuts = [since, since.replace(since.year + 4), since.replace(since.year + 7), until]
    elif whole.grain == "week":
        cuts = [since, since + 2 * _DAY, since + 4 * _DAY, until]
    else:
        return None
    return Stretch(cuts[which + 1], cuts[which + 2], "span")


def _easter(year_: int) -> date:
    """Easter Sunday by the Gregorian calendar (the anonymous algorithm of 1876)."""
    a, b, c = year_ % 19, year_ // 100, year_ % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return date(year_, f // 31, f % 31 + 1)
