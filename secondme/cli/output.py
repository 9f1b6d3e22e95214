"""Text for people: colours on terminals alone, lines that fit, dates and sizes as one reads them."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any, TextIO

_MAX_WIDTH = 100
_LAST_COLUMN = 20
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def out(text: str = "") -> None:
    """A line on stdout."""
    sys.stdout.write(f"{text}\n")


def note(text: str) -> None:
    """A line on stderr: what is said beside the result."""
    sys.stdout.flush()
    sys.stderr.write(f"{text}\n")


def interactive(stream: TextIO) -> bool:
    """Whether the stream is a terminal on which lines can be drawn over."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


@lru_cache
def _colours(err: bool) -> bool:
    return not os.environ.get("NO_COLOR") and interactive(sys.stderr if err else sys.stdout)


def _paint(text: str, code: str, err: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if text and _colours(err) else text


def bold(text: str, *, err: bool = False) -> str:
    """Emphasised on a terminal."""
    return _paint(text, "1", err)


def dim(text: str, *, err: bool = False) -> str:
    """Faint on a terminal."""
    return _paint(text, "2", err)


def marked(text: str, *, err: bool = False) -> str:
    """In colour on a terminal."""
    return _paint(text, "1;33", err)


def good(text: str) -> str:
    """Green on a terminal."""
    return _paint(text, "32", False)


def bad(text: str) -> str:
    """Red on a terminal."""
    return _paint(text, "1;31", False)


def clean(text: str) -> str:
    """Text from the memory without control characters, which could steer a terminal."""
    return _CONTROL.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    """Text from the memory as a single line."""
    return " ".join(clean(text).split())


def columns() -> int | None:
    """Cells that a line may take on a terminal; None where lines are not broken, as in a pipe."""
    return min(shutil.get_terminal_size().columns, _MAX_WIDTH) if sys.stdout.isatty() else None


def cells(text: str) -> int:
    """How many columns a terminal takes for the text; East Asian wide characters take two."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 1 + (east_asian_width(c) in "WF") for c in text)


def wrap(text: str, indent: str = "", limit: int | None = None) -> list[str]:
    """The text's lines, broken to the terminal's width and indented; at most `limit`, then `…`."""
    width = columns()
    lines: list[str] = []
    for paragraph in clean(text).expandtabs(4).splitlines():
        lines += broken(paragraph, width - len(indent)) if width else [paragraph.rstrip()]
    if limit and len(lines) > limit:
        lines = [*lines[:limit], "…"]
    return [f"{indent}{line}".rstrip() for line in lines]


def broken(paragraph: str, width: int) -> list[str]:
    """A paragraph in lines of at most `width` cells, between words where that is possible."""
    lines, line = list[str](), ""
    for word in re.findall(r"\s*\S+", paragraph):
        if cells(line) + cells(word) <= width:
            line += word
            continue
        if line:
            lines.append(line)
        line = word.lstrip()
        while cells(line) > width:
            head = _head(line, width)
            lines.append(head)
            line = line[len(head) :]
    return [*lines, line]


def _head(text: str, width: int) -> str:
    """The longest beginning of the text that fits, at least one character."""
    used = 0
    for at, character in enumerate(text):
        used += cells(character)
        if used > width:
            return text[: max(at, 1)]
    return text


def fit(line: str, width: int) -> str:
    """The line in at most `width` cells, cut with `…`."""
    return line if cells(line) <= width else _head(line, max(width - 1, 1)) + "…"


def clip(text: str, width: int) -> str:
    """The text as one line of at most `width` cells, cut with `…`."""
    return fit(one_line(text), width)


def table(rows: Sequence[Sequence[str]], head: Sequence[str]) -> Iterable[str]:
    """Lines of aligned columns under their names; on a terminal the last column is cut to fit, and has
    a line of its own where little room is left for it."""
    widths = [max(cells(row[i]) for row in (head, *rows)) for i in range(len(head) - 1)]
    width = columns()
    room = width - sum(widths) - 2 * len(widths) if width else None
    for number, row in enumerate((head, *rows)):
        fixed = [text + " " * (w - cells(text)) for text, w in zip(row[:-1], widths, strict=True)]
        if room is None:
            lines = ["  ".join((*fixed, row[-1]))]
        elif room >= _LAST_COLUMN:
            lines = ["  ".join((*fixed, clip(row[-1], room)))]
        else:
            lines = ["  ".join(fixed), *wrap(row[-1], "    ")]
        for line in lines:
            yield dim(line.rstrip()) if number == 0 else line.rstrip()


def told(value: Any) -> str:
    """A value of any kind as a person would write it: lists by commas, `yes` for true."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {told(each)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(told, value))
    return str(value)


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


def confirmed(question: str) -> bool:
    """Ask on the terminal; no is the answer of an empty line. Ctrl-C raises `typer.Abort`."""
    import typer

    sys.stdout.flush()
    return typer.confirm(question, default=False, err=True)


def can_ask() -> bool:
    """Whether somebody is there to answer a question."""
    return sys.stdin.isatty() and sys.stderr.isatty()
