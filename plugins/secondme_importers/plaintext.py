"""Plain text in any encoding, and chats that WhatsApp exported to it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from secondme.plugin import Document, Importer, Moment, Skipped, UnreadableError, hookimpl

from . import _whatsapp
from ._blocks import Block, Composer, name_time
from ._text import PASSAGE, Source, clean, cut, drop_empty
from ._time import find_date

_BETWEEN = re.compile(r"(?:\r\n|\r(?!\n)|\n)[ \t\f]*(?:\r\n|\r|\n)\s*|\f\s*")
_FIRST_LINE = re.compile(r"\s*([^\r\n]{6,40})(?:[\r\n]|\Z)")


class PlainText(Importer):
    """Notes, letters and diaries as plain text; WhatsApp's exports as the chats that they are."""

    name = "plaintext"
    suffixes = (".txt", ".text")
    media_type = "text/plain"

    def read(self, document: Document) -> Iterator[Moment | Skipped]:
        """A moment a paragraph, or a message; a line that is a date dates what follows it."""
        source = Source(document.data)
        if not source.is_text():
            raise UnreadableError("it is not text")
        if _whatsapp.is_chat(source.text):
            yield from _whatsapp.messages(document, source)
            return
        composer = Composer(named=name_time(document), meta=drop_empty({"encoding": source.note}))
        yield from composer.moments(_paragraphs(source))


def _paragraphs(source: Source) -> Iterator[Block]:
    start = 0
    for gap in (*_BETWEEN.finditer(source.text), None):
        end = gap.start() if gap else len(source.text)
        line = _FIRST_LINE.match(source.text, start, end)
        dated = find_date(line[1]) if line else None
        if line and dated and not dated[1]:
            yield Block(clean(line[1]), source.span(line.start(1), line.end(1)), level=1)
            start = line.end(1)
        for first, last in cut(source.text[start:end], PASSAGE):
            text = clean(source.text[start + first : start + last])
            yield Block(text, source.span(start + first, start + last))
        start = gap.end() if gap else end


@hookimpl
def secondme_importers() -> list[Importer]:
    return [PlainText()]
