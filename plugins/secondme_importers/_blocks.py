"""From a document's blocks to its moments: sections, dates in headings, lists kept together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Any

from secondme.plugin import Document, Moment

from ._text import MESSAGE, PASSAGE, clean, cut, drop_empty, one_line, wordy
from ._time import find_clock, find_date

_SHORT = 120  # characters up to which a passage is hard to understand without its heading
_LABEL = 80  # a line this short without a full stop is joined with others like it
_LABELS = 400
_HEADER = 600  # characters of a table's head that stand before its rows


@dataclass(slots=True)
class Block:
    """A piece of a document: a heading, a paragraph, one item of a list, one row of a table.

    `text` is what a person reads, `span` its bytes. `level` is a heading's. Items and rows with the
    same `group` stay together, with `header` (a table's head) before the first of each moment.
    `close` blocks, such as quotes and code, are never joined with others.
    """

    text: str
    span: tuple[int, int] | None = None
    level: int = 0
    group: int = 0
    header: str = ""
    close: bool = False
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Section:
    level: int
    text: str
    time: datetime | None
    label: str


@dataclass(slots=True)
class Composer:
    """Joins blocks to moments of at most `PASSAGE` characters.

    A moment's session is its heading path ("2024 › Porto"). Its time is that of the nearest dated
    heading, else the `named` time (the file name's), else the `dated` one (what the document says
    of itself). A short passage, a list or a table carries its heading in its text, as without it
    nobody would know what it is about.
    """

    named: datetime | None = None
    dated: datetime | None = None
    speaker: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)
    _path: list[_Section] = field(default_factory=list)
    _held: list[Block] = field(default_factory=list)
    _size: int = 0  # characters held
    _bare: Block | None = None  # a heading with nothing under it so far

    def moments(self, blocks: Iterable[Block]) -> Iterator[Moment]:
        for block in blocks:
            if block.level:
                yield from self._enter(block)
            elif wordy(block.text):
                self._bare = None
                if self._held and not self._joins(block):
                    yield from self._moment()
                self._held.append(block)
                self._size += len(block.text) + 1
            elif block.text and self._held and not block.group:
                yield from self._moment()  # a line of stars or dashes parts what stands around it
        if self._held:
            yield from self._moment()
        if self._bare:
            yield from self._heading(self._bare)

    def _enter(self, heading: Block) -> Iterator[Moment]:
        if self._held:
            yield from self._moment()
        if self._bare and self._bare.level >= heading.level:
            yield from self._heading(self._bare)
        self._bare = heading if wordy(heading.text) else None
        text = one_line(heading.text)
        while self._path and self._path[-1].level >= heading.level:
            self._path.pop()
        found = find_date(text)
        time, label = found or (self._at_clock(text), text)
        self._path.append(_Section(heading.level, text, time, label))

    def _at_clock(self, text: str) -> datetime | None:
        """A heading such as 10:30 below a day is a time of that day."""
        clock = find_clock(text[:8]) if text[:1].isdigit() else None
        day = self._time() if clock is not None else None
        return day.replace(hour=0, minute=0, second=0) + (clock or timedelta()) if day else None

    def _time(self) -> datetime | None:
        headings = (section.time for section in reversed(self._path) if section.time)
        return next(headings, self.named or self.dated)

    def _joins(self, block: Block) -> bool:
        """Whether the block belongs to the moment that is being built."""
        last = self._held[-1]
        size = self._size + len(block.text) + len(block.header)
        if size > PASSAGE:
            return False
        if block.group or last.group:
            introduces = last.text.endswith(":") and not last.group and len(self._held) == 1
            return block.group == last.group or introduces
        if last.text.endswith(":") and len(last.text) <= _SHORT:
            return True
        return size <= _LABELS and _is_label(last) and _is_label(block)

    def _moment(self) -> Iterator[Moment]:
        held, self._held, self._size = self._held, [], 0
        lines = []
        for number, block in enumerate(held):
            if block.header and (number == 0 or not held[number - 1].header):
                lines.append(block.header[:_HEADER])
            lines.append(block.text)
        text = "\n".join(lines)
        label = self._path[-1].label if self._path else ""
        if label and (held[0].group or held[0].close or len(text) <= _SHORT):
            label = label.rstrip(":")
            text = f"{label}:\n{text}" if "\n" in text or held[0].group else f"{label}: {text}"
        heading = {"heading": self._path[-1].text if self._path else ""}
        return self._make(text, _around(held), [heading, *(block.meta for block in held)])

    def _heading(self, block: Block) -> Iterator[Moment]:
        return self._make(block.text, block.span, [block.meta])

    def _make(
        self, text: str, span: tuple[int, int] | None, metas: Iterable[Mapping[str, Any]]
    ) -> Iterator[Moment]:
        meta: dict[str, Any] = {}
        for part in (self.meta, *metas):
            for key, value in part.items():
                known = meta.setdefault(key, value)
                if isinstance(known, list):  # tags and links add up, elsewhere the first counts
                    meta[key] = list(dict.fromkeys([*known, *value]))
        for start, end in cut(text, MESSAGE):  # only a heading or a head row can be so long
            yield Moment(
                text=text[start:end],
                time=self._time(),
                speaker=self.speaker,
                session=" › ".join(section.text for section in self._path if section.text),
                span=span,
                meta=drop_empty(meta),
            )


def _is_label(block: Block) -> bool:
    text = block.text
    return len(text) <= _LABEL and not block.close and text[-1] not in ".!?…。" and "\n" not in text


def _around(blocks: list[Block]) -> tuple[int, int] | None:
    first, last = blocks[0].span, blocks[-1].span
    return (first[0], last[1]) if first and last else None


def paragraphs(text: str, meta: Mapping[str, Any]) -> Iterator[Block]:
    """One paragraph without a known place as blocks, cut where it is too long."""
    text = clean(text)
    for start, end in cut(text, PASSAGE):
        yield Block(text[start:end], meta=meta)


def name_time(document: Document) -> datetime | None:
    """The date in a file name such as 2024-05-03.md."""
    found = find_date(PurePath(document.name).stem)
    return found[0] if found else None
