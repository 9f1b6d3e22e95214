"""Word documents (.docx): paragraphs, lists and tables under their headings."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from secondme.plugin import Document, Importer, Moment, Skipped, UnreadableError, hookimpl

from ._blocks import Block, Composer, name_time, paragraphs
from ._text import PASSAGE, clean, one_line
from ._time import sane

_MB = 1_000_000
_ENTRIES, _UNPACKED, _XML = 10_000, 512 * _MB, 96 * _MB
_ROW = 600  # characters of a table's row; a longer one is page layout
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MARKUP = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_WRAPPERS = {_W + name for name in ("sdt", "sdtContent", "customXml", "ins", "smartTag", "moveTo")}
# Deleted or moved text, and the second copy of a text box for old versions of Word.
_LEFT_OUT = {_W + "del", _W + "moveFrom", _W + "pPr", _MARKUP + "Fallback"}
_BREAKS = {_W + "tab": "\t", _W + "br": "\n", _W + "cr": "\n", _W + "noBreakHyphen": "-"}
_HEADING = re.compile(r"heading (\d)", re.I)


def _open(data: bytes) -> Any:
    """The document, after a look at what it would unpack to. Raises `UnreadableError`."""
    import docx

    if not data:
        raise UnreadableError("the file is empty")
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableError("it needs a password or is in Word's old format")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, RuntimeError):
        raise UnreadableError("it is no Word document, or it is damaged") from None
    total = sum(entry.file_size for entry in entries)
    xml = max((e.file_size for e in entries if e.filename.endswith((".xml", ".rels"))), default=0)
    if total > _UNPACKED or xml > _XML or len(entries) > _ENTRIES:
        size = f"{total / 1e9:.1f} GB" if total >= 1e9 else f"{total // _MB} MB"
        raise UnreadableError(f"it unpacks to {size}: refused as a zip bomb")
    if any(entry.flag_bits & 1 for entry in entries):
        raise UnreadableError("it needs a password")
    try:
        return docx.Document(io.BytesIO(data))
    except Exception:  # python-docx lets through whatever its parts raise
        raise UnreadableError("it is no Word document, or it is damaged") from None


class Docx(Importer):
    """Letters, reports and notes from Word and its kin."""

    name = "docx"
    suffixes = (".docx",)
    media_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

    def title(self, document: Document) -> str | None:
        try:
            return _property(_open(document.data), "title") or None
        except UnreadableError:
            return None

    def read(self, document: Document) -> Iterator[Moment | Skipped]:
        """A moment a paragraph, list or table, with its first paragraph's number in `meta`."""
        word = _open(document.data)
        composer = Composer(
            named=name_time(document),
            dated=_date(word, "created") or _date(word, "modified"),
            speaker=_property(word, "author") or _property(word, "last_modified_by") or None,
        )
        try:
            yield from composer.moments(_Body(word).blocks())
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
            yield Skipped("the rest of the document", "it is damaged")


def _property(word: Any, name: str) -> str:
    try:
        value = one_line(str(getattr(word.core_properties, name) or ""), 200)
    except Exception:  # python-docx lets through whatever its parts raise
        return ""
    return "" if value == "python-docx" else value  # its template's, where a tool set none


def _date(word: Any, name: str) -> datetime | None:
    try:
        time = getattr(word.core_properties, name)
    except Exception:  # python-docx lets through whatever its parts raise
        return None
    if not isinstance(time, datetime):
        return None
    return sane(time if time.tzinfo else time.replace(tzinfo=UTC))


class _Body:
    """Walks a document's body in order. Iterative, as files can be nested without end."""

    def __init__(self, word: Any) -> None:
        self._body = word.element.body
        self._levels = _heading_levels(word)
        self._number = 0
        self._group = 0
        self._in_list = False

    def blocks(self) -> Iterator[Block]:
        for element in _children(self._body, {_W + "p", _W + "tbl"}):
            if element.tag == _W + "p":
                yield from self._paragraph(element)
            else:
                yield from self._table(element)

    def _paragraph(self, element: Any) -> Iterator[Block]:
        self._number += 1
        text, meta = clean(_text(element)), {"paragraph": self._number}
        properties = element.find(_W + "pPr")
        level = self._level(properties)
        if level:
            yield Block(text, level=level, meta=meta)
            return
        numbering = None if properties is None else properties.find(_W + "numPr")
        style = _value(properties, "pStyle") or ""
        listed = numbering is not None or style.lower().startswith("list")
        self._group += listed and not self._in_list
        self._in_list = listed
        if listed and text and len(text) <= PASSAGE:
            depth = _value(numbering, "ilvl") or "0"
            indent = "  " * min(int(depth) if depth.isdigit() else 0, 8)
            yield Block(f"{indent}- {text}", group=self._group, meta=meta)
        else:
            yield from paragraphs(text, meta)

    def _level(self, properties: Any) -> int:
        level = self._levels.get(_value(properties, "pStyle") or "", 0)
        outline = _value(properties, "outlineLvl") or ""
        return level or (int(outline) + 2 if outline.isdigit() and int(outline) < 9 else 0)

    def _table(self, table: Any) -> Iterator[Block]:
        self._group += 1
        self._in_list = False
        group, header, first = self._group, "", _head_row(table)
        for row in _children(table, {_W + "tr"}):
            self._number += 1
            meta = {"paragraph": self._number}
            cells = [_cell(cell) for cell in _children(row, {_W + "tc"})]
            text = " | ".join(cell.replace("\n", " ") for cell in cells if cell)
            if " | " in text and len(text) <= _ROW:
                if first:
                    header = text
                else:
                    yield Block(text, group=group, header=header, meta=meta)
            else:
                for cell in cells:
                    yield from paragraphs(cell, meta)
            first = False


def _heading_levels(word: Any) -> dict[str, int]:
    levels = {}
    try:
        for style in word.styles:
            heading = _HEADING.fullmatch(style.name or "")
            if heading:
                levels[style.style_id] = int(heading[1]) + 1
            elif (style.name or "").lower() == "title":
                levels[style.style_id] = 1
    except Exception:  # python-docx lets through whatever its parts raise
        return levels
    return levels


def _children(parent: Any, wanted: set[str]) -> Iterator[Any]:
    """The wanted elements below the parent, looking into content controls and insertions."""
    stack = [iter(parent)]
    while stack:
        for element in stack[-1]:
            if element.tag in wanted:
                yield element
            elif element.tag in _WRAPPERS:
                stack.append(iter(element))
                break
        else:
            stack.pop()


def _text(element: Any) -> str:
    """The text in an element, with its tabs and line breaks; a text box starts a line."""
    out: list[str] = []
    stack = [element]
    while stack:
        node = stack.pop()
        if node.tag in _LEFT_OUT:
            continue
        if node.tag == _W + "t":
            out.append(node.text or "")
        elif node.tag in _BREAKS:
            out.append(_BREAKS[node.tag])
        elif node.tag == _W + "p" and out:
            out.append("\n")
        stack.extend(reversed(node))
    return "".join(out)


def _cell(cell: Any) -> str:
    return clean("\n".join(filter(None, (clean(_text(child)) for child in cell))))


def _head_row(table: Any) -> bool:
    """Whether the table's first row is marked as its head."""
    row = next(_children(table, {_W + "tr"}), None)
    marked = row is not None and row.find(f"{_W}trPr/{_W}tblHeader") is not None
    look = table.find(f"{_W}tblPr/{_W}tblLook")
    return marked or (look is not None and look.get(_W + "firstRow") in ("1", "true"))


def _value(parent: Any, name: str) -> str | None:
    element = None if parent is None else parent.find(_W + name)
    return None if element is None else element.get(_W + "val")


@hookimpl
def secondme_importers() -> list[Importer]:
    return [Docx()]
