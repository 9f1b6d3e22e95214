"""HTML pages and saved articles: their visible text, block by block. Nothing is ever fetched."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from html import unescape

from secondme.plugin import Document, Importer, Moment, Skipped, UnreadableError, hookimpl

from ._blocks import Block, Composer, name_time
from ._text import PASSAGE, Source, clean, cut, drop_empty, one_line
from ._time import parse_time

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_RAW = ("script", "style")  # what stands inside is not markup
_UNSHOWN = frozenset(
    "head title noscript template svg math iframe object audio video canvas select datalist "
    "textarea button nav footer".split()
)
_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset "
    "figcaption figure form header hr html legend li main ol p pre section summary table tbody "
    "tfoot thead tr ul".split()
).union(_HEADINGS)
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
_NAME = re.compile(r"</?([a-zA-Z][^\s/>]*)")
_TAG_STOP = re.compile("[>\"']")
_ATTRIBUTE = re.compile(r"""([^\s=>"'/]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s>"']+))?""")
_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.I)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_SPACE = re.compile(r"[ \t\r\n\f\xa0]+")
_LONG_NUMBER = re.compile(r"&#\d{9,};?")
_LINE, _PARAGRAPH, _CELL = "\x00", "\x01", "\x02"  # breaks, among the text of a block
_PARTS = re.compile(f"[{_PARAGRAPH}{_CELL}]")
_LINES = re.compile(r" *\n *")
_BREAKS = re.compile(f"[{_LINE}{_PARAGRAPH}{_CELL}]")
_HEAD = 65_536  # characters in which a page's title, dates and author are looked for
_TAG = 4_096  # characters of a tag that are read; beyond lie pictures in data: addresses
_ROW = 600  # characters of a table's row; a longer one is page layout
_DATES = (
    "article:published_time datepublished dcterms.created dcterms.date dc.date date pubdate "
    "publish-date og:published_time article:modified_time last-modified"
).split()


@dataclass(frozen=True, slots=True)
class _Tag:
    name: str
    closing: bool
    attributes: dict[str, str]


class _Tokens:
    """Runs of text and tags with their places; comments and declarations are left out.

    Written out rather than left to a parser because the spans must be exact to the character and
    the time linear whatever the page holds: what never closes is looked for only once.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._missing: set[str] = set()
        self._found: dict[str, int] = {}

    def find(self, what: str, start: int) -> int:
        """Where `what` (lower case) stands next, in any case of letters; -1 for nowhere."""
        if what in self._missing:
            return -1
        if self._found.get(what, -1) >= start:
            return self._found[what]
        if len(what) > 3:
            match = re.compile(re.escape(what), re.I).search(self.text, start)
            found = match.start() if match else -1
        else:
            found = self.text.find(what, start)
        if found < 0:
            self._missing.add(what)
        self._found[what] = found
        return found

    def __iter__(self) -> Iterator[tuple[int, int, _Tag | None]]:
        text, at = self.text, 0
        while at < len(text):
            less = self.find("<", at)
            if less != at:
                end = len(text) if less < 0 else less
                yield at, end, None
                at = end
                continue
            end, tag = self._markup(less)
            if tag or end == less + 1:
                yield less, end, tag
            at = end
            if tag and tag.name in _RAW and not tag.closing:
                close = self.find(f"</{tag.name}", at)
                at = len(text) if close < 0 else close

    def _markup(self, less: int) -> tuple[int, _Tag | None]:
        """What the "<" begins: its end and the tag; an end right behind it makes it text."""
        text = self.text
        if text.startswith("<!--", less):
            end = self.find("-->", less + 4)
            return (len(text) if end < 0 else end + 3), None
        name = _NAME.match(text, less)
        if name is None:
            if text[less + 1 : less + 2] not in ("!", "?", "/"):
                return less + 1, None
            end = self.find(">", less)
            return (len(text) if end < 0 else end + 1), None
        end = self._tag_end(name.end())
        if end < 0:
            return less + 1, None
        inside = text[name.end() : min(end, name.end() + _TAG)]
        attributes = {
            m[1].lower(): unescape(_LONG_NUMBER.sub("", m[2] or "")).strip("\"'")
            for m in _ATTRIBUTE.finditer(inside)
        }
        return end + 1, _Tag(name[1].lower(), text[less + 1] == "/", attributes)

    def _tag_end(self, at: int) -> int:
        """Where the tag's ">" is, outside of quoted values; -1 if there is none."""
        while self.find(">", at) >= 0:
            stop = _TAG_STOP.search(self.text, at)
            if stop is None or stop[0] == ">":
                return stop.start() if stop else -1
            value = self.text[max(at, stop.start() - 8) : stop.start()].rstrip().endswith("=")
            quote = self.find(stop[0], stop.end()) if value else -1
            at = quote + 1 if quote >= 0 else stop.end()
        return -1


@dataclass(slots=True)
class _Page:
    """Walks a page's tokens and yields its blocks."""

    source: Source
    raw: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)  # place in `raw`, joined, of each run
    places: list[int] = field(default_factory=list)  # place in the source of each run
    size: int = 0
    level: int = 0
    prefix: str = ""
    lists: list[int] = field(default_factory=list)  # number of the next item; -1 where unnumbered
    group: int = 0
    header: str = ""
    in_row: bool = False
    heads_only: bool = False
    pre: int = 0
    quotes: int = 0

    def blocks(self) -> Iterator[Block]:
        tokens = _Tokens(self.source.text)
        unshown, depth = "", 0
        for start, end, tag in tokens:
            if unshown == "p" and tag and tag.name in _BLOCKS:
                unshown = ""  # any block ends a paragraph
            if unshown:
                if tag and tag.name == unshown:
                    depth += -1 if tag.closing else 1
                    unshown = unshown if depth > 0 else ""
            elif tag is None:
                self._add(self.source.text[start:end], start)
            elif _unseen(tag) and tokens.find(f"</{tag.name}", end) >= 0:
                unshown, depth = tag.name, 1
            else:
                yield from self._tag(tag, start)
        yield from self._flush()

    def _add(self, text: str, place: int) -> None:
        self.raw.append(text)
        self.starts.append(self.size)
        self.places.append(place)
        self.size += len(text)

    def _tag(self, tag: _Tag, place: int) -> Iterator[Block]:
        name = tag.name
        if name == "br":
            self._add(_LINE, place)
        elif name in ("td", "th"):
            if not tag.closing:
                self._add(_CELL, place)
                self.heads_only = self.heads_only and name == "th"
        elif name in _BLOCKS:
            if self.in_row and name not in ("tr", "table", "tbody", "thead", "tfoot"):
                self._add(_PARAGRAPH, place)
            else:
                yield from self._flush()
            self._structure(tag)

    def _structure(self, tag: _Tag) -> None:
        name, step = tag.name, -1 if tag.closing else 1
        if name in _HEADINGS:
            self.level = 0 if tag.closing else _HEADINGS[name]
        elif name == "pre":
            self.pre = max(0, self.pre + step)
        elif name == "blockquote":
            self.quotes = max(0, self.quotes + step)
        elif name in ("ul", "ol"):
            if tag.closing:
                self.lists[-1:] = []
                self.prefix = ""
            else:
                self.group += not self.lists
                self.lists.append(1 if name == "ol" else -1)
        elif name == "li":
            self.prefix = "" if tag.closing else self._marker()
        elif name == "table":
            self.group += 1
            self.header, self.in_row = "", False
        elif name == "tr":
            self.in_row = self.heads_only = not tag.closing

    def _marker(self) -> str:
        if not self.lists:
            return "- "
        number = self.lists[-1]
        self.lists[-1] += number >= 0
        return "  " * min(len(self.lists) - 1, 8) + (f"{number}. " if number >= 0 else "- ")

    def _flush(self) -> Iterator[Block]:
        raw = "".join(self.raw)
        row = self._readable(raw) if self.in_row else ""
        if " | " in row and len(row) <= _ROW:
            if not self._headed(row):
                yield self._block(row, raw, 0, len(raw), group=self.group, header=self.header)
        elif raw and not raw.isspace():
            start = 0
            for mark in (*_PARTS.finditer(raw), None):
                stop = mark.start() if mark else len(raw)
                yield from self._paragraphs(raw, start, stop)
                start = stop + 1
        self.raw, self.starts, self.places, self.size = [], [], [], 0

    def _headed(self, row: str) -> bool:
        """Whether the row is the table's head, which then stands before its other rows."""
        if self.heads_only and not self.header:
            self.header = row
            return True
        return False

    def _paragraphs(self, raw: str, start: int, stop: int) -> Iterator[Block]:
        listed = self.group if self.lists and not self.in_row else 0
        text = self._readable(raw[start:stop])
        pieces = [(0, stop - start)] if len(text) <= PASSAGE else cut(raw[start:stop], PASSAGE)
        for a, b in pieces:
            text = (
                text if (a, b) == (0, stop - start) else self._readable(raw[start + a : start + b])
            )
            if text:
                text, self.prefix = self.prefix + text, ""
                yield self._block(text, raw, start + a, start + b, group=listed)

    def _block(
        self, text: str, raw: str, a: int, b: int, *, group: int = 0, header: str = ""
    ) -> Block:
        while a < b and (raw[a].isspace() or _BREAKS.match(raw[a])):
            a += 1
        while b > a and (raw[b - 1].isspace() or _BREAKS.match(raw[b - 1])):
            b -= 1
        span = self.source.span(self._place(a), self._place(b - 1) + 1)
        meta = {"quoted": True} if self.quotes else {}
        close = bool(self.quotes or self.pre)
        return Block(text, span, self.level, group, header, close, meta)

    def _place(self, index: int) -> int:
        run = bisect_right(self.starts, index) - 1
        return self.places[run] + index - self.starts[run]

    def _readable(self, raw: str) -> str:
        text = raw if self.pre else _SPACE.sub(" ", raw)
        text = text.replace(_PARAGRAPH, " ").replace(_LINE, "\n")
        if _CELL in text:
            cells = (" ".join(cell.split()) for cell in text.split(_CELL))
            text = " | ".join(cell for cell in cells if cell)
        text = clean(unescape(_LONG_NUMBER.sub("", text)))
        return text if self.pre else _LINES.sub("\n", text)


def _unseen(tag: _Tag) -> bool:
    if tag.closing or tag.name in _VOID:
        return False
    style = tag.attributes.get("style", "")
    hidden = "hidden" in tag.attributes or bool(style and _HIDDEN.search(style))
    return tag.name in _UNSHOWN or hidden


@dataclass(slots=True)
class _Facts:
    """What a page says of itself."""

    title: str = ""
    author: str = ""
    url: str = ""
    time: datetime | None = None


def _facts(text: str) -> _Facts:
    facts, dates, in_title, in_page = _Facts(), {}, False, None
    for start, end, tag in _Tokens(text[:_HEAD]):
        if tag is None:
            if in_title and not facts.title:
                facts.title = one_line(unescape(_LONG_NUMBER.sub("", text[start:end])))
            continue
        if tag.name == "title":
            in_title = not tag.closing
        name = tag.attributes.get("name") or tag.attributes.get("property")
        name = (
            name or tag.attributes.get("itemprop") or tag.attributes.get("http-equiv") or ""
        ).lower()
        content = tag.attributes.get("content", "")
        if tag.name == "meta" and name in _DATES:
            dates[name] = parse_time(content)
        elif tag.name == "meta" and name in ("author", "article:author") and not facts.author:
            facts.author = one_line(content, 100)
        elif tag.attributes.get("rel") == "canonical":
            facts.url = one_line(tag.attributes.get("href", ""))
        elif tag.name == "time" and in_page is None:
            in_page = parse_time(tag.attributes.get("datetime"))
    facts.time = next((dates[name] for name in _DATES if dates.get(name)), in_page)
    return facts


def page_blocks(text: str) -> Iterator[Block]:
    """The visible blocks of HTML that is no document of its own, such as a mail's body."""
    return _Page(Source(text.encode("utf-8", "replace"))).blocks()


def _open(data: bytes) -> Source:
    declared = _CHARSET.search(data[:4096])
    return Source(data, declared[1].decode("ascii") if declared else None)


class Html(Importer):
    """Saved web pages and notes in HTML."""

    name = "html"
    suffixes = (".html", ".htm", ".xhtml")
    media_type = "text/html"

    def title(self, document: Document) -> str | None:
        return _facts(_open(document.data).text).title or None

    def read(self, document: Document) -> Iterator[Moment | Skipped]:
        """Blocks of visible text as moments; their spans begin and end with the text itself."""
        source = _open(document.data)
        if not source.is_text():
            raise UnreadableError("it is not text")
        facts = _facts(source.text)
        composer = Composer(
            named=name_time(document),
            dated=facts.time,
            speaker=facts.author or None,
            meta=drop_empty({"url": facts.url, "encoding": source.note}),
        )
        empty = True
        for moment in composer.moments(_Page(source).blocks()):
            empty = False
            yield moment
        if empty:
            raise UnreadableError("no text in it")


@hookimpl
def secondme_importers() -> list[Importer]:
    return [Html()]
