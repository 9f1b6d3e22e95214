"""Times as documents write them, shared by the importers."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime

FIRST_YEAR, LAST_YEAR = 1900, 2200
_FIRST_EPOCH = 1e8  # seconds; smaller numbers (before 1973) are counters, not times
_NUMBER = re.compile(r"\d{9,19}(?:\.\d{1,9})?")

# English, German, French, Spanish, Portuguese, Italian and Dutch, January first, Monday first.
_MONTHS = (
    "january januar janvier enero janeiro gennaio januari",
    "february februar février febrero fevereiro febbraio februari",
    "march märz mars marzo março maart mrz",
    "april avril abril aprile",
    "may mai mayo maio maggio mei",
    "june juni juin junio junho giugno",
    "july juli juillet julio julho luglio",
    "august août agosto augustus",
    "september septembre septiembre setembro settembre",
    "october oktober octobre octubre outubro ottobre",
    "november novembre noviembre novembro",
    "december dezember décembre diciembre dezembro dicembre",
)
_WEEKDAYS = (
    "monday montag lundi lunes segunda segunda-feira lunedì maandag "
    "tuesday dienstag mardi martes terça terça-feira martedì dinsdag "
    "wednesday mittwoch mercredi miércoles quarta quarta-feira mercoledì woensdag "
    "thursday donnerstag jeudi jueves quinta quinta-feira giovedì donderdag "
    "friday freitag vendredi viernes sexta sexta-feira venerdì vrijdag "
    "saturday samstag sonnabend samedi sábado sabato zaterdag "
    "sunday sonntag dimanche domingo domenica zondag"
).split()
_WORD = r"(?P<month>[^\W\d_]{3,10})"
_DATES = (
    re.compile(r"(?<!\d)(?P<y>(?:19|20|21)\d\d)([-_./])(?P<m>\d\d)\2(?P<d>\d\d)(?!\d)"),
    re.compile(r"(?<!\d)(?P<y>(?:19|20|21)\d\d)(?P<m>[01]\d)(?P<d>[0-3]\d)(?!\d)"),
    re.compile(r"(?<!\d)(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>(?:19|20|21)\d\d)(?!\d)"),
    re.compile(
        rf"(?<!\d)(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|º)?\.? (?:de |of )?{_WORD}\.?,? (?:de )?"
        r"(?P<y>(?:19|20|21)\d\d)(?!\d)",
        re.I,
    ),
    re.compile(rf"{_WORD}\.? (?P<d>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<y>(?:19|20|21)\d\d)(?!\d)"),
)
_CLOCK = re.compile(
    r"(?<![\d:.])(?P<h>\d{1,2})[:h.](?P<min>\d\d)(?::\d\d)?\s?(?P<half>[ap]m)?(?![\d.])", re.I
)


def sane(time: datetime | None) -> datetime | None:
    """The time, or None for one that no memory is about (before 1900 or after 2200)."""
    if time is None or not FIRST_YEAR <= time.year <= LAST_YEAR:
        return None
    if time.tzinfo is None:
        return time
    offset = time.utcoffset()
    if offset is None:
        return time.replace(tzinfo=None)
    return time if abs(offset) <= timedelta(hours=16) else None


def parse_time(value: object) -> datetime | None:
    """A time from ISO text, a mail date, seconds to nanoseconds since 1970, or a date; else None.

    What carries a zone stays aware, epochs are UTC, the rest is naive (the document's zone).
    """
    if isinstance(value, datetime):
        return sane(value)
    if isinstance(value, date):
        return sane(datetime(value.year, value.month, value.day))
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _epoch(value)
    return _parse_text(value.strip()[:64]) if isinstance(value, str) else None


def _parse_text(text: str) -> datetime | None:
    if text[4:5] != "-" and text.isascii() and _NUMBER.fullmatch(text):
        return _epoch(float(text))
    try:
        return sane(datetime.fromisoformat(text))
    except ValueError:
        pass
    try:
        return sane(parsedate_to_datetime(text))
    except (ValueError, TypeError, OverflowError, IndexError, AttributeError):
        pass
    found = find_date(text)
    if found is None:
        return None
    return found[0].replace(tzinfo=UTC) if text.endswith((" UTC", " GMT")) else found[0]


def _epoch(number: int | float) -> datetime | None:
    if isinstance(number, int) and 19_000_101 <= number <= 22_001_231:
        return _parse_text(str(number))
    try:
        seconds = float(number)
        for unit, scale in ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3)):
            if abs(seconds) >= unit:
                seconds /= scale
                break
        if not seconds >= _FIRST_EPOCH:
            return None
        return sane(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def find_date(text: str) -> tuple[datetime, str] | None:
    """The first date in a heading or file name, with its time of day if one follows, and the rest.

    Reads 2024-05-03, 20240503, 3.5.2024, 3 May 2024, May 3, 2024, and months in seven languages.
    """
    text = text[:200]
    for pattern in _DATES:
        for match in pattern.finditer(text):
            month = _month(match["month"]) if "month" in pattern.groupindex else int(match["m"])
            try:
                day = sane(datetime(int(match["y"]), month, int(match["d"])))
            except ValueError:
                continue
            if day:
                before, after = text[: match.start()], text[match.end() :]
                clock = _CLOCK.search(after[:20])
                passed = find_clock(clock[0]) if clock else None
                if clock and passed is not None:
                    after = after.replace(clock[0], "", 1)
                return day + (passed or timedelta()), _unless_weekday(before + after)
    return None


def find_clock(text: str) -> timedelta | None:
    """A time of day ("10:30", "7.15", "9:05 pm") as what has passed since midnight."""
    match = _CLOCK.search(text)
    if not match:
        return None
    hour, minute = int(match["h"]), int(match["min"])
    if match["half"] and 1 <= hour <= 12:
        hour = hour % 12 + (12 if match["half"].lower() == "pm" else 0)
    return timedelta(hours=hour, minutes=minute) if hour < 24 and minute < 60 else None


def _month(word: str) -> int:
    """The month that the word names, in full or by its first letters, else 0."""
    word = word.casefold()
    for number, names in enumerate(_MONTHS, 1):
        if any(name.startswith(word) for name in names.split()):
            return number
    return 0


def _unless_weekday(text: str) -> str:
    text = text.strip(" \t,:–—-_()[].")
    word = text.casefold()
    return "" if len(word) > 1 and any(name.startswith(word) for name in _WEEKDAYS) else text
