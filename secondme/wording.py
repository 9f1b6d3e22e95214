"""Wording: dates, sizes and counts as one reads them, and texts in the cells that they may take."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_COMMON = frozenset("what when where which with does have that this from they were about".split())


def clean(text: str) -> str:
    """Text from the memory without control characters, which could steer a terminal."""
    return _CONTROL.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    """Text from the memory as a single line."""
    return " ".join(clean(text).split())


def said(moment: Mapping[str, Any]) -> str:
    """A moment as a single line, with who says it: `Colette: The lease is ready`."""
    who = f"{one_line(moment['speaker'])}: " if moment["speaker"] else ""
    return who + one_line(moment["text"])


def passage(told: Mapping[str, Any], episode: Mapping[str, Any]) -> str:
    """A passage of an episode's summary as a single line, with who says it where several speak."""
    return said(told) if len(episode["people"]) > 1 else one_line(told["text"])


def summed(episode: Mapping[str, Any]) -> list[str]:
    """What sums a whole episode up, a line each, in the order in which it was said."""
    place = {moment["id"]: n for n, moment in enumerate(episode["said"])}
    told = sorted(episode["summary"], key=lambda each: place[each["moment"]])
    return [passage(each, episode) for each in told]


def cells(text: str) -> int:
    """How many columns a terminal takes for the text; East Asian wide characters take two."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 1 + (east_asian_width(c) in "WF") for c in text)


def head(text: str, width: int) -> str:
    """The longest beginning of the text that fits, at least one character."""
    used = 0
    for at, character in enumerate(text):
        used += cells(character)
        if used > width:
            return text[: max(at, 1)]
    return text


def fit(line: str, width: int) -> str:
    """The line in at most `width` cells, cut with `…`."""
    return line if cells(line) <= width else head(line, max(width - 1, 1)) + "…"


def clip(text: str, width: int) -> str:
    """The text as one line of at most `width` cells, cut with `…`."""
    return fit(one_line(text), width)


def counted(count: int, noun: str) -> str:
    """`1 moment`, `2,345 moments`."""
    return f"{count:,} {noun if count == 1 else noun + 's'}"


def size(count: float) -> str:
    """Bytes as `512 bytes`, `3.1 kB`, `491 MB` or `1.12 GB`."""
    for unit, one in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= one:
            number = count / one
            return f"{number:.3g} {unit}" if number < 100 else f"{number:.0f} {unit}"
    return f"{count:.0f} bytes"


def duration(seconds: float) -> str:
    """`40 s`, `3 min 5 s`, `2 h 10 min`, `3 days 4 h`."""
    whole = round(seconds)
    for unit, one, smaller, part in (
        ("days", 86400, "h", 3600),
        ("h", 3600, "min", 60),
        ("min", 60, "s", 1),
    ):
        if whole >= one:
            rest = whole % one // part
            name = "day" if unit == "days" and whole < 2 * one else unit
            return f"{whole // one} {name}" + (f" {rest} {smaller}" if rest else "")
    return f"{whole} s"


def milliseconds(count: float) -> str:
    """`23 ms`, `2.3 s`."""
    return f"{count:.0f} ms" if count < 1000 else f"{count / 1000:.1f} s"


def day(iso: str) -> str:
    """A time in ISO form as `12 May 2024`."""
    return _date(datetime.fromisoformat(iso))


def minute(iso: str) -> str:
    """A time in ISO form as `12 May 2024, 18:30`, without the time of day at midnight sharp."""
    when = datetime.fromisoformat(iso)
    return _date(when) + (f", {when:%H:%M}" if when.time() >= time(second=1) else "")


def stretch(span: dict[str, str]) -> str:
    """A time from `from` up to `until` in ISO form: `6 May 2024`, or from when to when."""
    since, until = (datetime.fromisoformat(span[key]) for key in ("from", "until"))
    if since.time() == until.time() == time():
        first, last = _date(since), _date(until - timedelta(days=1))
        return first if first == last else f"{first} to {last}"
    return f"{minute(span['from'])} to {minute(span['until'])}"


def _date(when: datetime) -> str:
    months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
    return f"{when.day} {months[when.month - 1]} {when.year}"


def short_path(path: str) -> str:
    """A path, or a line that names some, as one line with `~` for the person's own folder."""
    return one_line(with_home(path))


def with_home(text: str) -> str:
    """A text with `~` for the person's own folder wherever a path begins with it."""
    home = os.environ.get("HOME", "").rstrip("/")
    if not home:
        return text
    return re.sub(rf"(?<![^\s\"'(,:]){re.escape(home)}(?=/|[\s,]|$)", "~", text)


def emphasis(question: str) -> re.Pattern[str] | None:
    """Matches the question's own words in a text, in their other forms as well."""
    words = {w for w in re.findall(r"\w+", question) if w.lower() not in _COMMON}
    kept = sorted(w for w in words if len(w) > 3 or w[0].isupper() or w[0].isdigit())
    stems = {re.escape(w if len(w) < 6 else w[:-2]) for w in kept}
    return (
        re.compile(rf"\b(?:{'|'.join(sorted(stems))})\w{{0,4}}\b", re.IGNORECASE) if stems else None
    )
