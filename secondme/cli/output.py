"""Text for people: colours on terminals alone, lines that fit, dates and sizes as one reads them."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, TextIO

from secondme.wording import cells, clean, clip, fit, head

_MAX_WIDTH = 100
_LAST_COLUMN = 20
_PIPE_WIDTH = 200


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


def columns() -> int | None:
    """Cells that a line may take on a terminal; None where lines are not broken, as in a pipe."""
    return min(shutil.get_terminal_size().columns, _MAX_WIDTH) if sys.stdout.isatty() else None


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
            lines.append(head(line, width))
            line = line[len(lines[-1]) :]
    return [*lines, line]


def table(
    rows: Sequence[Sequence[str]], head: Sequence[str], under: Sequence[str] = ()
) -> Iterable[str]:
    """Lines of aligned columns under their names; on a terminal the last column is cut to fit, and has
    a line of its own where little room is left for it. What is to stand `under` a row is a faint line
    below its second column."""
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
        if number and under and under[number - 1]:
            yield dim(" " * (widths[0] + 2) + _begun(under[number - 1], widths[0] + 2))


def _begun(line: str, indent: int) -> str:
    """As much of a line as fits after an indent, cut after a word."""
    short = fit(line, max((columns() or _PIPE_WIDTH) - indent, _LAST_COLUMN))
    return short if short == line or " " not in short else f"{short.rpartition(' ')[0]} …"


def told(value: Any) -> str:
    """A value of any kind as a person would write it: lists by commas, `yes` for true."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {told(each)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(told, value))
    return str(value)


def confirmed(question: str) -> bool:
    """Ask on the terminal; no is the answer of an empty line. Ctrl-C raises `typer.Abort`."""
    import typer

    sys.stdout.flush()
    return typer.confirm(question, default=False, err=True)


def can_ask() -> bool:
    """Whether somebody is there to answer a question."""
    return sys.stdin.isatty() and sys.stderr.isatty()
