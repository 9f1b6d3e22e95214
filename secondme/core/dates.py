"""Dates as a person gives them in an option: years, months, days, times, and a few words."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo

from secondme.errors import BadInputError

_FORM = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")


def parse_span(text: str, zone: tzinfo) -> tuple[datetime, datetime]:
    """The span that an expression names, as its first moment and the first one after it.

    `2024`, `2024-05`, `2024-05-03`, an ISO time, `today` or `yesterday`. Raises `BadInputError`.
    """
    word = text.strip().lower()
    midnight = datetime.now(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    if word in ("today", "yesterday", "tomorrow"):
        start = midnight + timedelta(days=("yesterday", "today", "tomorrow").index(word) - 1)
        return start, start + timedelta(days=1)
    try:
        form = _FORM.fullmatch(word)
        if form is None:
            moment = datetime.fromisoformat(text.strip())
            moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
            return moment, moment + timedelta(microseconds=1)
        year, month, day = (int(part) if part else None for part in form.groups())
        start = datetime(year or 1, month or 1, day or 1, tzinfo=zone)
        if day:
            return start, start + timedelta(days=1)
        if month:
            return start, (start + timedelta(days=32)).replace(day=1)
        return start, start.replace(year=start.year + 1)
    except (ValueError, OverflowError):
        raise BadInputError(
            f"{text!r} is no date", hint="give 2024, 2024-05, 2024-05-03 or 2024-05-03T18:30"
        ) from None


def parse_moment(text: str, zone: tzinfo) -> datetime:
    """The first moment of the span that an expression names. Raises `BadInputError`."""
    return parse_span(text, zone)[0]
