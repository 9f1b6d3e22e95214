"""Markdown notes and Obsidian vaults."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING

from secondme.plugin import Document, Importer, Moment, Skipped, UnreadableError, hookimpl

from ._blocks import Block, Composer, name_time
from ._obsidian import FENCE, FILLER, WIKILINK, Front, chunks, front_matter, shown
from ._text import PASSAGE, Source, clean, cut, drop_empty, one_line
from .html import page_blocks

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_INLINE = 5_000  # characters of one paragraph in which emphasis and links are looked for
_BRACKETS = 100  # as above: more of them are no links, and take long to tell apart
_FILLED = re.compile(f" ?{FILLER}+")
_EMPTY_LINES = re.compile(r"\n(?:[ \t]*\n)+")
_EDGE = " \t\r\n" + FILLER
_PLAIN = re.compile(rf"[^*_`\[\]<>!\\&~=^#{FILLER}]*")
_HIGHLIGHT = re.compile(r"==(?=\S)([^=\n]+)(?<=\S)==")
_NOTE_MARK = re.compile(r"(?m)^\[\^[^\]\s]{1,40}\]:[ \t]*")
_FOOTNOTE = re.compile(r"\[\^[^\]\s]{1,40}\](?!:)")
_REFERENCE = re.compile(r"\[([^\[\]]+)\]\[[^\[\]]*\]")
_DEFINITION = re.compile(r"(?m)^\[(?!\^)[^\[\]\n]+\]:[ \t]+\S+(?:[ \t]+[\"'(][^\n]*)?$\n?")
_BLOCK_ID = re.compile(r"(?m)(?:^|[ \t]+)\^[A-Za-z0-9-]+[ \t]*$")
_CALLOUT = re.compile(r"\A\[!([\w-]+)(?:\|[^\]\n]*)?\][+-]?[ \t]*([^\n]*)")
_TAG = re.compile(r"(?<![\w/&#])#([\w/-]*[^\W\d][\w/-]*)")
_MARKERS = re.compile(r"(?m)^[ \t]*(?:>[ \t]?)*(?:[-*+][ \t]+|\d{1,9}[.)][ \t]+)?")


def _wikilink(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] not in "[!":
        return False
    link = WIKILINK.match(state.src, state.pos, state.posMax)
    if link is None:
        return False
    if not silent:
        token = state.push("wikilink", "", 0)
        token.content, token.info = shown(link), link[1].split("#")[0].strip()
    state.pos = link.end()
    return True


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    # Blocks alone: inline markup is read paragraph by paragraph, with a limit. Reference
    # definitions would be lost between chunks, so they are plain paragraphs, left out below.
    parser.disable(["inline", "reference"])
    parser.inline.ruler.before("link", "wikilink", _wikilink)
    return parser


@dataclass(slots=True)
class _Note:
    """Turns a note's chunks into blocks."""

    source: Source
    group: int = 0
    links: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    chunk: str = ""
    begin: int = 0
    starts: list[int] = field(default_factory=list)

    def blocks(self, start: int) -> Iterator[Block]:
        for begin, lines in chunks(self.source.text, start):
            self.begin, self.chunk = begin, "".join(lines)
            self.starts = [0]
            for line in lines:
                self.starts.append(self.starts[-1] + len(line))
            tokens = _parser().parse(self.chunk)
            for first, last in _spans(tokens, 0):
                yield from self._block(tokens[first:last])

    def _block(self, tokens: Sequence[Token]) -> Iterator[Block]:
        first = tokens[0]
        if first.type == "heading_open":
            heading = Block(self._inline(tokens[1].content), level=int(first.tag[1]))
            yield self._placed(heading, *self._range(first))
        elif first.type in ("bullet_list_open", "ordered_list_open"):
            self.group += 1
            for a, b in _spans(tokens, 1):
                yield from self._fit(tokens[a:b], Block("", group=self.group))
        elif first.type == "table_open":
            yield from self._table(tokens)
        elif first.type != "hr":
            yield from self._fit(tokens, Block("", close=first.type != "paragraph_open"))

    def _table(self, tokens: Sequence[Token]) -> Iterator[Block]:
        self.group += 1
        head, group = "", self.group
        for a, b in _spans(tokens, 2):
            if any(token.type == "th_open" for token in tokens[a:b]):
                head = clean(self._flat(tokens[a:b]))
            else:
                yield from self._fit(tokens[a:b], Block("", group=group, header=head))

    def _fit(self, tokens: Sequence[Token], like: Block) -> Iterator[Block]:
        """The tokens as one block, or cut at sentence ends where that would be too long."""
        start, end = self._range(tokens[0])
        if end - start <= 4 * PASSAGE:
            text = self._flat(tokens)
            if len(text) <= PASSAGE:
                yield self._placed(replace(like, text=text), start, end)
                return
        code = tokens[0].type in ("fence", "code_block")
        for a, b in cut(self.chunk[start:end], PASSAGE):
            piece = self.chunk[start + a : start + b]
            text = piece if code else self._inline(_MARKERS.sub("", piece))
            yield self._placed(replace(like, text=text), start + a, start + b)

    def _range(self, token: Token) -> tuple[int, int]:
        """The token's characters in the chunk; of fenced code those between the fences."""
        first, last = token.map or (0, 0)
        if token.type == "fence":
            first += 1
            closed = FENCE.match(self.chunk, self.starts[last - 1], self.starts[last])
            last -= bool(closed and last - 1 > first)
        return self.starts[first], self.starts[last]

    def _placed(self, block: Block, start: int, end: int) -> Block:
        """The block with its bytes, and the links and tags that were met in it."""
        characters = self.chunk[start:end]
        start += len(characters) - len(characters.lstrip(_EDGE))
        end = max(start, end - (len(characters) - len(characters.rstrip(_EDGE))))
        found = {"links": self.links, "tags": self.tags, "urls": self.urls}
        meta = {name: list(dict.fromkeys(values)) for name, values in found.items() if values}
        self.links, self.tags, self.urls = [], [], []
        span = self.source.span(self.begin + start, self.begin + end)
        return replace(block, text=clean(block.text), span=span, meta=meta)

    def _flat(self, tokens: Sequence[Token]) -> str:
        """A block's text with its lists' markers and its tables' rows, as one would read it."""
        out: list[str] = []
        cells: list[str] | None = None
        depth, marker = 0, ""
        for token in tokens:
            kind = token.type
            if kind in ("bullet_list_open", "ordered_list_open"):
                depth += 1
            elif kind in ("bullet_list_close", "ordered_list_close"):
                depth -= 1
            elif kind == "list_item_open":
                marker = f"{token.info}{token.markup} " if token.info else "- "
            elif kind == "tr_open":
                cells = []
            elif kind == "tr_close":
                out.append(" | ".join(cells or []))
                cells = None
            elif kind == "inline":
                quoted = not out and tokens[0].type == "blockquote_open"
                content = _CALLOUT.sub(_callout, token.content) if quoted else token.content
                if cells is not None:
                    cells.append(self._inline(content))
                else:
                    out.append("  " * depth + marker + self._inline(content))
                    marker = ""
            elif kind in ("fence", "code_block"):
                out.append(token.content.strip("\n"))
            elif kind == "html_block":
                out += [block.text for block in page_blocks(token.content)]
        return "\n".join(out)

    def _inline(self, content: str) -> str:
        """The words of a paragraph without its markup; links and tags are noted on the way."""
        if _PLAIN.fullmatch(content):
            return content
        content = _NOTE_MARK.sub("", _DEFINITION.sub("", _FILLED.sub("", content)))
        tokens: list[Token] = []
        if len(content) > _INLINE or content.count("[") > _BRACKETS:
            return content
        parser = _parser()
        parser.inline.parse(content, parser, {}, tokens)
        out: list[str] = []
        opened: list[tuple[str, int]] = []
        for token in tokens:
            if token.type == "text":
                text = _FOOTNOTE.sub("", _HIGHLIGHT.sub(r"\1", token.content))
                out.append(_REFERENCE.sub(r"\1", text))
                self.tags += _TAG.findall(token.content)
            elif token.type in ("softbreak", "hardbreak"):
                out.append("\n")
            elif token.type == "html_inline":
                out.append("\n" if token.content[:3].lower() == "<br" else "")
            elif token.type == "link_open":
                opened.append((str(token.attrs.get("href", "")), len(out)))
            elif token.type == "link_close" and opened:
                url, begun = opened.pop()
                if url.startswith("http") and url != "".join(out[begun:]):
                    self.urls.append(one_line(url))
            else:
                if token.type == "wikilink" and token.info:
                    self.links.append(one_line(token.info))
                out.append(token.content)
        return _EMPTY_LINES.sub("\n", _BLOCK_ID.sub("", "".join(out)))


def _callout(match: re.Match[str]) -> str:
    return match[2] or match[1].replace("-", " ").capitalize()


def _spans(tokens: Sequence[Token], level: int) -> Iterator[tuple[int, int]]:
    """Ranges of tokens that are one element at this level below the first one's."""
    begin = -1
    wanted = (tokens[0].level if tokens else 0) + level
    for number, token in enumerate(tokens):
        if token.level != wanted:
            continue
        if token.nesting == 1:
            begin = number
        elif token.nesting == -1 and begin >= 0:
            yield begin, number + 1
            begin = -1
        elif token.nesting == 0:
            yield number, number + 1


class Markdown(Importer):
    """Notes in Markdown, with Obsidian's links, tags, comments, callouts and daily notes."""

    name = "markdown"
    suffixes = (".md", ".markdown")
    media_type = "text/markdown"

    def title(self, document: Document) -> str | None:
        source = Source(document.data)
        front = front_matter(source.text)
        title = front.values.get("title")
        if isinstance(title, str) and title.strip():
            return one_line(title)
        for block in _Note(source).blocks(front.end):
            return one_line(block.text) or None if block.level == 1 else None
        return None

    def read(self, document: Document) -> Iterator[Moment | Skipped]:
        """A moment a paragraph, list or table, with its exact bytes.

        Its time is that of a dated heading above it, else the file name's, else the front matter's.
        """
        source = Source(document.data)
        if not source.is_text():
            raise UnreadableError("it is not text")
        front = front_matter(source.text)
        if "excalidraw-plugin" in front.values:
            raise UnreadableError("it is a drawing, not a note")
        if front.fault:
            yield Skipped("front matter", front.fault)
        author = front.values.get("author")
        composer = Composer(
            named=name_time(document),
            dated=front.time,
            speaker=one_line(author, 100) or None if isinstance(author, str) else None,
            meta=drop_empty(
                {
                    "tags": front.words("tags", "tag"),
                    "aliases": front.words("aliases", "alias"),
                    "encoding": source.note,
                }
            ),
        )
        yield from composer.moments(self._all(document, source, front))

    def _all(self, document: Document, source: Source, front: Front) -> Iterator[Block]:
        lines = front.lines()
        if lines:
            name = front.values.get("title") or PurePath(document.name).stem
            text = clean("\n".join([f"{one_line(str(name))}:", *lines]))[: 3 * PASSAGE]
            yield Block(text, source.span(0, front.end), close=True)
        yield from _Note(source).blocks(front.end)


@hookimpl
def secondme_importers() -> list[Importer]:
    return [Markdown()]
