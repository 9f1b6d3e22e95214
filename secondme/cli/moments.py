"""How moments look: a block each, with who, when, where it stands and the words asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from secondme.cli.output import bold, columns, dim, marked, out, wrap
from secondme.wording import day, emphasis, fit, minute, one_line, said, short_path

_ID = 8
_SHOWN_LINES = 12
_NEAR_LINES = 4
_PIPE_WIDTH = 200


def short_id(id_: str) -> str:
    """The beginning of an id, long enough to name it."""
    return id_[:_ID]


def place(moment: dict[str, Any]) -> str:
    """The file and its bytes, or the source's name for what has no file."""
    where = short_path(moment["path"]) if moment["path"] else one_line(moment["source"])
    return f"{where}:{moment['span'][0]}-{moment['span'][1]}" if moment["span"] else where


def show_hits(hits: list[dict[str, Any]], question: str) -> None:
    """Every hit as a block, best first."""
    pattern = emphasis(question)
    for number, hit in enumerate(hits, 1):
        if number > 1:
            out()
        facts = [minute(hit["time"]), *([one_line(hit["speaker"])] if hit["speaker"] else [])]
        facts.append(place(hit))
        head = f"{bold(f'{number:>2}')}  {dim(' · '.join(facts))}  {marked(short_id(hit['id']))}"
        show_in_place(head, hit, pattern)
        for line in _explanation(hit.get("explain", {})):
            out(dim(f"    {line}"))


def show_in_place(
    head: str, moment: dict[str, Any], pattern: re.Pattern[str] | None = None
) -> None:
    """A moment's text under its head, between what stands before and after it where that is given."""
    for near in moment.get("before", ()):
        _show_faintly(near)
    out(head)
    for line in wrap(moment["text"], "    ", _SHOWN_LINES):
        out(_emphasised(line, pattern))
    for near in moment.get("after", ()):
        _show_faintly(near)


def _show_faintly(moment: dict[str, Any]) -> None:
    speaker = f"{one_line(moment['speaker'])}: " if moment["speaker"] else ""
    for line in wrap(speaker + moment["text"], "    ", _NEAR_LINES):
        out(dim(line))


def show_lines(moments: list[dict[str, Any]]) -> None:
    """A line for each moment: its id, date, speaker and the beginning of its text."""
    for moment in moments:
        line = f"  {short_id(moment['id'])}  {day(moment['time']):>11}  {said(moment)}"
        out(fit(line, columns() or _PIPE_WIDTH))


def _emphasised(line: str, pattern: re.Pattern[str] | None) -> str:
    return pattern.sub(lambda match: bold(match[0]), line) if pattern else line


def _explanation(views: dict[str, Any]) -> Iterator[str]:
    for name, view in views.items():
        rank = f", rank {view['rank']} there" if "rank" in view else ""
        yield f"{name:<10} {view['share']:+.3f}  (measured {view['measured']:g}{rank})"
