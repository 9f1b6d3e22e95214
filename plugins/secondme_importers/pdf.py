"""PDF files: their text page by page. Scanned pages without text are named, not read."""

from __future__ import annotations

import io
import logging
import re
import time
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from secondme.plugin import Document, Importer, Moment, Skipped, UnreadableError, hookimpl

from ._blocks import Block, Composer, name_time, paragraphs
from ._text import clean, one_line, wordy
from ._time import sane

if TYPE_CHECKING:
    from pypdf import PdfReader

_PAGE_SECONDS = 20.0
_DOCUMENT_SECONDS = 300.0
_PAGE_CHARACTERS = 1_000_000
_PAGES = 20_000
_OBJECT = re.compile(rb"(?<!\d)(\d{1,7}) \d{1,5} obj\b")
_PAGE_OBJECT = re.compile(
    rb"(?<!\d)(\d{1,7}) (\d{1,5}) obj\b(?=(?:(?!endobj).){0,2000}?/Type\s*/Page\b)", re.S
)
_BULLET = re.compile(r"\s*(?:[-–•*▪◦]|\d{1,3}[.)])\s")


class _TooLongError(Exception):
    """A page takes longer than any honest page would."""


def _open(data: bytes) -> tuple[PdfReader, bool]:
    """A reader for the file and whether it had to be mended first.

    Raises `UnreadableError` when it is no PDF, needs a password or is beyond repair.
    """
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its warnings quote the document
    if not data.strip(b"\0 \r\n\t"):
        raise UnreadableError("the PDF is empty")
    if b"%PDF-" not in data[:1024]:
        raise UnreadableError("it is not a PDF")
    reader = _reader(data)
    if reader:
        return reader, b"%%EOF" not in data[-2048:]
    reader = _reader(_mended(data))
    if reader is None:
        raise UnreadableError("the PDF is cut short or damaged")
    return reader, True


def _reader(data: bytes) -> PdfReader | None:
    """A reader that found at least one page, or None for a file that is too damaged."""
    from pypdf import PdfReader
    from pypdf.errors import DependencyError

    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableError("the PDF needs a password")
        return reader if len(reader.pages) else None
    except UnreadableError:
        raise
    except DependencyError:
        raise UnreadableError("the PDF is encrypted in a way that cannot be opened here") from None
    except Exception:  # whatever a damaged file makes the parser raise
        return None


def _mended(data: bytes) -> bytes:
    """The file with a page tree of all pages found in it, for one whose own is lost."""
    pages = [b"%b %b R" % match.groups() for match in _PAGE_OBJECT.finditer(data)][:_PAGES]
    free = max((int(match[1]) for match in _OBJECT.finditer(data)), default=0) + 1
    return data + (
        b"\nendobj\n%d 0 obj\n<< /Type /Pages /Kids [%b] /Count %d >>\nendobj\n"
        b"%d 0 obj\n<< /Type /Catalog /Pages %d 0 R >>\nendobj\n"
        b"trailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n0\n%%%%EOF\n"
    ) % (free, b" ".join(pages), len(pages), free + 1, free, free + 2, free + 1)


def _page_text(reader: PdfReader, number: int, deadline: float) -> str:
    """The page's text; raises whatever a damaged page makes the parser raise."""

    def watch(*_: Any) -> None:
        if time.monotonic() > deadline:
            raise _TooLongError

    text = reader.pages[number].extract_text(visitor_operand_before=watch)
    return text[:_PAGE_CHARACTERS]


def _paragraphs(text: str) -> Iterator[str]:
    """Paragraphs from a page's lines: a full line goes on, a short one that ends a sentence ends."""
    lines = [line.strip() for line in text.splitlines()]
    lengths = sorted(len(line) for line in lines if line)
    width = lengths[len(lengths) * 9 // 10] if lengths else 0
    paragraph, last = "", ""
    for line in lines:
        ends = last.endswith((".", "!", "?", ":", "”", "…")) and len(last) < 0.85 * width
        if paragraph and (not line or ends or _BULLET.match(line)):
            yield paragraph
            paragraph = ""
        if not paragraph:
            paragraph = line
        elif last.endswith("-") and line[:1].islower() and last[-2:-1].isalpha():
            paragraph = paragraph[:-1] + line
        else:
            paragraph += (" " if len(last) > 0.6 * width else "\n") + line
        last = line
    if paragraph:
        yield paragraph


def _facts(reader: PdfReader) -> dict[str, Any]:
    """Title, author and date as the file states them, as far as they can be read."""
    facts: dict[str, Any] = {}
    for name in ("title", "author", "creation_date", "modification_date"):
        try:
            facts[name] = getattr(reader.metadata, name, None)
        except Exception:  # whatever a damaged file makes the parser raise
            facts[name] = None
    dates = (facts["creation_date"], facts["modification_date"])
    facts["time"] = next((sane(d) for d in dates if isinstance(d, datetime) and sane(d)), None)
    for name in ("title", "author"):
        facts[name] = one_line(facts[name]) if isinstance(facts[name], str) else ""
    return facts


class Pdf(Importer):
    """Letters, papers and statements in PDF."""

    name = "pdf"
    suffixes = (".pdf",)
    media_type = "application/pdf"

    def title(self, document: Document) -> str | None:
        try:
            return _facts(_open(document.data)[0])["title"] or None
        except UnreadableError:
            return None

    def read(self, document: Document) -> Iterator[Moment | Skipped]:
        """A moment a paragraph, with its page in `meta`. A file cut short gives what is left of it."""
        reader, mended = _open(document.data)
        facts = _facts(reader)
        composer = Composer(
            named=name_time(document), dated=facts["time"], speaker=facts["author"] or None
        )
        skipped: list[Skipped] = []
        read = 0
        for moment in composer.moments(self._blocks(reader, skipped)):
            read += 1
            yield moment
        if mended:
            skipped.insert(0, Skipped("the end", "the PDF is cut short or damaged"))
        if not read:
            raise UnreadableError(skipped[0].reason if skipped else "it has no text")
        yield from skipped

    def _blocks(self, reader: PdfReader, skipped: list[Skipped]) -> Iterator[Block]:
        begun = time.monotonic()
        bare: list[int] = []
        for number in range(min(len(reader.pages), _PAGES)):
            now = time.monotonic()
            if now > begun + _DOCUMENT_SECONDS:
                skipped.append(Skipped(f"page {number + 1} and after", "the PDF takes too long"))
                break
            try:
                text = clean(_page_text(reader, number, now + _PAGE_SECONDS))
            except Exception as error:  # whatever a damaged page makes the parser raise
                skipped.append(Skipped(f"page {number + 1}", _reason(error)))
                continue
            if not wordy(text):
                bare.append(number + 1)
            for paragraph in _paragraphs(text):
                yield from paragraphs(paragraph, {"page": number + 1})
        if bare:
            some = ", ".join(map(str, bare[:10])) + (", …" if len(bare) > 10 else "")
            where = f"page{'s' if len(bare) > 1 else ''} {some}"
            skipped.append(Skipped(where, "there is no text on it, and pictures are not read"))


def _reason(error: Exception) -> str:
    if isinstance(error, _TooLongError):
        return "it takes too long to read"
    limit = type(error).__name__ == "LimitReachedError" or isinstance(error, MemoryError)
    return "it unpacks to too much" if limit else "it is damaged"


@hookimpl
def secondme_importers() -> list[Importer]:
    return [Pdf()]
