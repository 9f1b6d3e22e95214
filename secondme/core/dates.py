"""Dates as a person gives them in an option: years, months, days, times, and words in ten languages."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo

from secondme.errors import BadInputError
from secondme.memory import timex

_FORM = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")


def parse_span(text: str, zone: tzinfo, now: datetime | None = None) -> tuple[datetime, datetime]:
    """The span that an expression names, as its first moment and the first one after it.

    `2024`, `2024-05`, `2024-05-03`, an ISO time, or words such as `yesterday`, `last May` and `vor zwei
    Wochen`, counted from `now`. Raises `BadInputError`.
    """
    given = text.strip()
    try:
        form = _FORM.fullmatch(given)
        if form is not None:
            return _digits(form, zone)
        moment = _iso(given)
        if moment is not None:
            moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
            return moment, moment + timedelta(microseconds=1)
    except (ValueError, OverflowError):
        raise _bad(text) from None
    said = now or datetime.now(zone)
    whole = [m for m in timex.find(given, said) if _little(given[: m.start] + given[m.end :])]
    if len(whole) != 1:
        raise _bad(text)
    return whole[0].since, whole[0].until


def parse_moment(text: str, zone: tzinfo, now: datetime | None = None) -> datetime:
    """The first moment of the span that an expression names. Raises `BadInputError`."""
    return parse_span(text, zone, now)[0]


def _digits(form: re.Match[str], zone: tzinfo) -> tuple[datetime, datetime]:
    year, month, day = (int(part) if part else None for part in form.groups())
    start = datetime(year or 1, month or 1, day or 1, tzinfo=zone)
    if day:
        return start, start + timedelta(days=1)
    if month:
        return start, (start + timedelta(days=32)).replace(day=1)
    return start, start.replace(year=start.year + 1)


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _little(rest: str) -> bool:
    """Whether what stands around an expression is no more than a small word or two ("in the")."""
    return len("".join(rest.split())) <= 6 and not any(c.isdigit() for c in rest)


def _bad(text: str) -> BadInputError:
    return BadInputError(
        f"{text!r} is no date",
        hint="give 2024, 2024-05, 2024-05-03, 2024-05-03T18:30, or words such as “last May”",
    )
