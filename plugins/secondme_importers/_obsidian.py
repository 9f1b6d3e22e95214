"""What note-taking adds to Markdown: front matter, [[links]] and comments that nobody sees."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from ._text import one_line
from ._time import parse_time

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_FRONT = re.compile(r"---[ \t]*\r?\n")
_FRONT_END = re.compile(r"^(?:---|\.\.\.)[ \t]*\r?$", re.M)
_FRONT_LIMIT = 32_768
_COMMENT = re.compile(r"%%|<!--|`[^`\n]*`")
FILLER = "\x7f"  # stands in for comments: not a space, which would mean code, and never shown
WIKILINK = re.compile(r"!?\[\[([^\[\]|\n]{1,300}?)(?:\\?\|([^\[\]\n]{1,300}))?\]\]")
_TIMES = ("date", "created", "created_at", "date created", "updated", "modified")
_CHUNK, _CHUNK_MOST = 32_768, 262_144  # characters parsed at once, so that no input is quadratic
FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})")
_NO_CONTENT = {*_TIMES, "tags", "tag", "aliases", "alias", "title", "author", "id", "uid", "slug"}
_NO_CONTENT |= {"cssclass", "cssclasses", "publish", "permalink", "layout", "draft", "lang"}


@dataclass(slots=True)
class Front:
    """A note's front matter: its properties, and where the body begins."""

    values: Mapping[str, Any] = field(default_factory=dict)
    end: int = 0
    fault: str = ""

    @property
    def time(self) -> datetime | None:
        times = (parse_time(self.values.get(key)) for key in _TIMES)
        return next((time for time in times if time), None)

    def words(self, *keys: str) -> list[str]:
        """The value as a list: tags and aliases are written as a list or with commas between."""
        value: Any = next((self.values[key] for key in keys if self.values.get(key)), [])
        parts = value if isinstance(value, list) else str(value).split(",")
        words = (one_line(str(part), 100).lstrip("#") for part in parts[:50])
        return [word for word in words if word]

    def lines(self) -> list[str]:
        """What the properties say beyond dates, tags and settings, a line each."""
        lines = []
        for key, value in self.values.items():
            parts = value if isinstance(value, list) else [value]
            said = [str(part) for part in parts[:50] if isinstance(part, str | int | float | date)]
            text = one_line(", ".join(WIKILINK.sub(shown, part) for part in said))
            if text and key.lower() not in _NO_CONTENT:
                lines.append(f"{one_line(key, 100)}: {text}")
        return lines


def front_matter(text: str) -> Front:
    begin = _FRONT.match(text)
    end = _FRONT_END.search(text, begin.end(), begin.end() + _FRONT_LIMIT) if begin else None
    if begin is None or end is None:
        return Front()
    import yaml  # type: ignore[import-untyped]
    from frontmatter.default_handlers import YAMLHandler

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        def flatten_mapping(self, node: Any) -> None:
            """Merge keys, which can be made to grow without end, stay plain keys."""

    try:
        values = YAMLHandler().load(text[begin.end() : end.start()], Loader=Loader)
    except (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return Front({}, end.end(), "it is not valid YAML")
    if isinstance(values, dict):
        return Front({str(key): value for key, value in values.items()}, end.end())
    return Front({}, end.end() if values is None else 0)


def shown(link: re.Match[str]) -> str:
    """What a [[link]] shows: its alias, else the note's or heading's name."""
    return (link[2] or link[1].strip("#^").replace("#", " › ")).strip()


class _Comments:
    """Blanks %%comments%% and HTML comments that close, keeping the text's length."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.open = ""
        self._missing: set[str] = set()

    def blank(self, line: str, at: int) -> str:
        if not self.open and "%%" not in line and "<!--" not in line:
            return line
        out, here = [], 0
        while here < len(line):
            if self.open:
                end = line.find(self.open, here)
                stop = len(line) if end < 0 else end + len(self.open)
                out.append(re.sub(r"[^\r\n]", FILLER, line[here:stop]))
                self.open = self.open if end < 0 else ""
            else:
                mark = _COMMENT.search(line, here)
                stop = mark.end() if mark else len(line)
                out.append(line[here:stop])
                if mark and mark[0][0] != "`" and self._closes(mark[0], at + stop):
                    self.open = "%%" if mark[0] == "%%" else "-->"
                    out[-1] = line[here : mark.start()] + FILLER * len(mark[0])
            here = stop
        return "".join(out)

    def _closes(self, mark: str, at: int) -> bool:
        close = "%%" if mark == "%%" else "-->"
        if close not in self._missing and self.text.find(close, at) < 0:
            self._missing.add(close)
        return close not in self._missing


def chunks(text: str, start: int) -> Iterator[tuple[int, list[str]]]:
    """The note's lines without comments, in pieces with their place; code blocks stay whole."""
    comments = _Comments(text)
    lines: list[str] = []
    begin, fence = start, ""
    for match in _LINE.finditer(text, start):
        line = match[0]
        mark = None if comments.open else FENCE.match(line)
        if fence:
            fence = "" if mark and mark[1].startswith(fence) else fence
        elif mark:
            fence = mark[1]
        else:
            line = comments.blank(line, match.start())
        lines.append(line)
        size = match.end() - begin
        if (size > _CHUNK and not fence and not line.strip()) or size > _CHUNK_MOST:
            yield begin, lines
            begin, lines = match.end(), []
    if lines:
        yield begin, lines
