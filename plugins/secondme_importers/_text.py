"""Text and bytes, shared by the importers: decoding with exact byte positions, cleaning, cutting."""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile
from typing import Any

from secondme.plugin import Moment, Skipped

PASSAGE = 1_200
"""Characters that a moment of a document holds at most."""
MESSAGE = 4_000
"""Characters that a moment of a conversation holds at most."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_STATEFUL = re.compile(r"iso2022|hz|utf_?7|utf_?16$|utf_?32$|punycode|idna|_codec$")
_NO_CHARSET = re.compile(r"punycode|idna|escape|undefined|mbcs|oem")
_CHECKPOINT = 4_096

# What no reader sees and some use to hide words: control characters, byte order marks, soft
# hyphens, direction overrides, the invisible "tag" letters, and halves of surrogate pairs.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
_ODD = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\x80-\x84\x86-\x9f\ufffd\ud800-\udfff]")
_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_LINE_ENDS = re.compile(r"(?<![ \t])[ \t]+\n")
_HALVES = re.compile("[\ud800-\udfff]")
_SENTENCE_END = re.compile(r"(?:[.!?…][\"'”’»)\]]*\s|[。！？])")


class Source:
    """A document's bytes as text, and back: `span(a, b)` are the bytes of characters a to b.

    The encoding is the byte order mark's, UTF-8, the declared one, or a guess, in that order; `note`
    says so in words when it was not plain. Bytes that are not text become lone surrogates, one a
    byte, so that positions stay exact; `clean` shows them as U+FFFD.
    """

    def __init__(self, data: bytes, declared: str | None = None) -> None:
        self._start = 0
        self._errors = "surrogateescape"
        self._checkpoints: list[int] = []
        self.note: str | None = None
        for mark, encoding in _BOMS:
            if data.startswith(mark):
                self._start, self.encoding = len(mark), encoding
                self.text = self._with_mark(data[len(mark) :])
                break
        else:
            self.encoding, self.text = self._without_mark(data, declared)
        self._plain = self.text.isascii() and not self.encoding.startswith(("utf-16", "utf-32"))

    def byte(self, index: int) -> int:
        """Where character `index` begins in the document's bytes."""
        if self._plain:
            return self._start + index
        if not self._checkpoints:
            at = self._start
            for block in range(0, len(self.text) + 1, _CHECKPOINT):
                self._checkpoints.append(at)
                at += len(self._encode(block, block + _CHECKPOINT))
        nearest = index // _CHECKPOINT
        return self._checkpoints[nearest] + len(self._encode(nearest * _CHECKPOINT, index))

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The half-open range of bytes that holds the characters `start` to `end`."""
        return self.byte(start), self.byte(end)

    def is_text(self) -> bool:
        """Whether it reads like text: few control characters and few bytes that are none."""
        sample = self.text[:65_536]
        return len(_ODD.findall(sample)) <= 4 + len(sample) // 50

    def _encode(self, start: int, end: int) -> bytes:
        return self.text[start:end].encode(self.encoding, self._errors)

    def _with_mark(self, data: bytes) -> str:
        if self.encoding == "utf-8":
            return data.decode("utf-8", self._errors)
        unit = 2 if self.encoding.startswith("utf-16") else 4
        self._errors = "surrogatepass" if unit == 2 else "replace"
        return data[: len(data) // unit * unit].decode(self.encoding, self._errors)

    def _without_mark(self, data: bytes, declared: str | None) -> tuple[str, str]:
        try:
            return "utf-8", data.decode("utf-8")
        except UnicodeDecodeError:
            pass
        for encoding in (declared, _wide(data)):
            text = _exact(data, encoding)
            if encoding and text is not None:
                return encoding, text
        escaped = data.decode("utf-8", "surrogateescape")
        bad = len(_HALVES.findall(escaped))
        ascii_only = len(escaped.encode("ascii", "ignore"))
        if bad <= len(escaped) - ascii_only - bad:  # as much of it is UTF-8 as is not
            self.note = f"{bad} byte{'s are' if bad > 1 else ' is'} not valid UTF-8"
            return "utf-8", escaped
        encoding, text = _guess(data)
        self.note = f"read as {encoding}, a guess"
        return encoding, text


def _exact(data: bytes, encoding: str | None) -> str | None:
    """The text if the encoding exists, has no state and gives these very bytes back."""
    try:
        name = codecs.lookup(encoding or "").name.replace("-", "_")
        if _STATEFUL.search(name):
            return None
        text = data.decode(encoding or "")
        return text if text.encode(encoding or "") == data else None
    except (LookupError, UnicodeError, ValueError, TypeError, AttributeError):
        return None


def decode(data: bytes, declared: str | None) -> tuple[str, str | None]:
    """Bytes without exact places as text, in the declared encoding if that works, and a note."""
    try:
        if declared and not _NO_CHARSET.search(codecs.lookup(declared).name):
            return data.decode(declared), None
    except (LookupError, UnicodeError, ValueError):
        pass
    source = Source(data)
    return source.text, source.note


def _wide(data: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of Western text is zero."""
    sample = data[:4096]
    if len(data) % 2 or len(sample) < 4:
        return None
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if odd > 0.7 * half and even < 0.1 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.7 * half and odd < 0.1 * half else None


def _guess(data: bytes) -> tuple[str, str]:
    """An encoding of one byte or more a character that gives the bytes back; Latin-1 always does.

    Where most letters are ASCII the text is Western, which detectors like to mistake for Eastern
    European; elsewhere charset-normalizer decides.
    """
    sample = data[:32_768]
    high = sum(byte > 0x7F for byte in sample)
    letters = sum(65 <= byte <= 90 or 97 <= byte <= 122 for byte in sample)
    candidates = ["windows-1252"]
    if high * 3 > letters:
        from charset_normalizer import from_bytes

        best = from_bytes(sample).best()
        candidates.insert(0, best.encoding if best else "windows-1252")
    for encoding in candidates:
        text = _exact(data, encoding)
        if text is not None:
            return encoding, text
    return "latin-1", data.decode("latin-1")


def clean(text: str) -> str:
    """The text as a person reads it: line ends are \\n, nothing unseen in it, no space around it."""
    if _UNSEEN.search(text):
        text = _BREAKS.sub("\n", text)
        text = _UNSEEN.sub(lambda m: "\ufffd" if _HALVES.match(m[0]) else "", text)
    if " \n" in text or "\t\n" in text:
        text = _LINE_ENDS.sub("\n", text)
    return text.strip()


def one_line(text: str, limit: int = 300) -> str:
    """The text cleaned, on one line, cut at `limit` characters."""
    return " ".join(clean(text[: 4 * limit]).split())[:limit]


def wordy(text: str) -> bool:
    """Whether there is a letter or a digit in it at all."""
    return any(character.isalnum() for character in text)


def cut(text: str, limit: int) -> Iterator[tuple[int, int]]:
    """Ranges of at most `limit` characters that cover all words of the text, in order.

    Cut at a paragraph's end if there is one in the second half of a piece, else at a sentence's,
    a line's or a word's end, else anywhere. The ranges have no space at their ends and are not
    empty.
    """
    if 0 < len(text) <= limit and not (text[0].isspace() or text[-1].isspace()):
        yield 0, len(text)
        return
    start, size = 0, len(text.rstrip())
    while start < size:
        while text[start].isspace():
            start += 1
        rest = size - start
        end = size if rest <= limit else _break(text, start, min(limit, rest * 2 // 3))
        stop = end
        while text[stop - 1].isspace():
            stop -= 1
        yield start, stop
        start = end


def _break(text: str, start: int, length: int) -> int:
    half, end = start + length // 2, start + length
    paragraph = text.rfind("\n\n", half, end)
    if paragraph >= 0:
        return paragraph
    sentence = max((m.end() for m in _SENTENCE_END.finditer(text, half, end)), default=-1)
    if sentence >= 0:
        return sentence
    for mark in ("\n", " "):
        found = text.rfind(mark, half, end)
        if found >= 0:
            return found
    return end


def json_value(value: Any, *, depth: int = 6, left: list[int] | None = None) -> Any:
    """A value read from JSON with its strings cleaned, without NaN, bounded in depth and size."""
    left = [500] if left is None else left
    left[0] -= 1
    if isinstance(value, str):
        return clean(value[:2_000])
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int) and abs(value) >= 1 << 63:
        return float(value) if abs(value) < 1 << 1_000 else None
    if isinstance(value, dict | list):
        if depth == 0:
            return None
        if isinstance(value, list):
            return [json_value(item, depth=depth - 1, left=left) for item in _some(value, left)]
        pairs = ((one_line(str(key), 100), item) for key, item in _some(value.items(), left))
        return {key: json_value(item, depth=depth - 1, left=left) for key, item in pairs}
    return value


def _some(items: Iterable[Any], left: list[int]) -> Iterator[Any]:
    return takewhile(lambda _: left[0] > 0, items)


def drop_empty(meta: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping without what says nothing: None, and empty strings, lists and mappings."""
    return {k: v for k, v in meta.items() if v is not None and v != "" and v != [] and v != {}}


def few_skipped(items: Iterable[Moment | Skipped], most: int = 200) -> Iterator[Moment | Skipped]:
    """The same, but of what was skipped beyond the first ones only how many more there were."""
    skipped = 0
    for item in items:
        skipped += isinstance(item, Skipped)
        if skipped <= most or isinstance(item, Moment):
            yield item
    if skipped > most:
        yield Skipped(f"{skipped - most} more places", "as above")
