"""Mail: single messages (.eml) and mailboxes (.mbox)."""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.errors import CloseBoundaryNotFoundDefect, StartBoundaryNotFoundDefect
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any

from secondme.plugin import Document, Importer, Moment, Skipped, UnreadableError, hookimpl

from ._mailtext import own_words
from ._text import clean, cut, decode, drop_empty, few_skipped, one_line, wordy
from ._time import sane
from .html import page_blocks

_PASSAGE = 2_000  # characters of a mail that one moment holds
_BODY = 1_000_000  # characters of a body that are read
_DEPTH, _PARTS, _PEOPLE = 50, 500, 50
_HEADER, _RECIPIENTS = 4_000, 20_000  # characters of a header that are read
_SEPARATOR = re.compile(rb"^From [^\n]*\n(?=[!-9;-~]+:)", re.M)
_ESCAPED = re.compile(rb"^>(>*From )", re.M)
_FOLD = re.compile(r"\r?\n[ \t]+")
_FLOWED = re.compile(r"(?m)(?<!^--) \n(?!>)")
_ANSWER = re.compile(
    r"(?:\s*(?:re|fwd?|aw|wg|rv|sv|vs|antw|tr|res|enc|i|r)(?:\[\d+\])?\s*:)+", re.I
)
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,500})>")
_EXPECTED = {"from", "to", "date", "subject", "message-id", "received"}


class _BrokenError(Exception):
    """The message holds nothing to remember, for the reason given."""


class _Mail:
    """One message: its headers decoded, its own words, and the names of what is attached."""

    def __init__(self, data: bytes) -> None:
        # The older policy: headers are decoded here, one by one, so that none can spoil the rest.
        self.message: Message = email.message_from_bytes(data)
        self._headers: dict[str, str] = {}
        for name, value in self.message.raw_items():
            self._headers.setdefault(name.lower(), str(value))
        if not _EXPECTED & self._headers.keys():
            raise _BrokenError("it is not a mail: there are no headers")
        self.attached: list[str] = []
        self.note: str | None = None
        self._parts = 0
        body = "\n\n".join(self._texts(self.message, 0)).replace("\r\n", "\n")
        self.body = own_words(body[:_BODY])

    @property
    def cut_short(self) -> bool:
        ends = (CloseBoundaryNotFoundDefect, StartBoundaryNotFoundDefect)
        return any(isinstance(defect, ends) for defect in self.message.defects)

    def header(self, name: str, limit: int = _HEADER) -> str:
        return one_line(_decoded(self._headers.get(name, "")[:limit]), limit)

    def ids(self, name: str) -> list[str]:
        return _MESSAGE_ID.findall(self._headers.get(name, "")[:_RECIPIENTS])

    def people(self, name: str) -> list[tuple[str, str]]:
        """Names and addresses in a header, in order; an empty name where there is none."""
        raw = _FOLD.sub(" ", self._headers.get(name, "")[:_RECIPIENTS])
        try:
            found = getaddresses([raw])
        except (ValueError, IndexError, RecursionError):
            found = []
        return [
            (one_line(_decoded(n), 100), one_line(a, 200)) for n, a in found[:_PEOPLE] if n or a
        ]

    def time(self) -> tuple[datetime | None, str]:
        """When it was sent, and a note where that is not known."""
        raw = self._headers.get("date", "")[:200]
        if not raw.strip():
            return None, "missing"
        try:
            time = sane(parsedate_to_datetime(raw))
        except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
            time = None
        if time and time.tzinfo is None and "-0000" in raw:
            time = time.replace(tzinfo=UTC)
        return time, "" if time else f"unreadable: {one_line(raw, 60)}"

    def _texts(self, part: Message, depth: int) -> list[str]:
        """The texts of a part: of alternatives the plain one, of others all; attachments named."""
        self._parts += 1
        kind = part.get_content_type()
        name = one_line(_decoded(_quiet(part.get_filename) or ""), 200)
        if name or _quiet(part.get_content_disposition) == "attachment":
            self.attached.append(name or kind)
        elif kind == "message/rfc822":
            self.attached.append("a forwarded message")
        elif part.is_multipart():
            payload = part.get_payload()
            inner = payload if isinstance(payload, list) else []
            if depth >= _DEPTH or self._parts + len(inner) > _PARTS:
                return []
            children = [child for child in inner if isinstance(child, Message)]
            if kind == "multipart/alternative":
                plain = [c for c in children if c.get_content_type() == "text/plain"]
                for child in plain + [c for c in children if c not in plain]:
                    texts = self._texts(child, depth + 1)
                    if wordy("".join(texts)):
                        return texts
                return []
            return [text for child in children for text in self._texts(child, depth + 1)]
        elif kind in ("text/plain", "text/html"):
            text, note = _part_text(part)
            self.note = self.note or note
            return [_html_text(text) if kind == "text/html" else text]
        return []


def _quiet(get: Any) -> str | None:
    """A header parameter, or None where it is too broken to be read."""
    try:
        value = get()
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    return value if isinstance(value, str) else None


def _decoded(value: str) -> str:
    """A header with its =?encoded?= words, or its stray bytes, as text."""
    value = _FOLD.sub(" ", value)
    text, _ = decode(value.encode("utf-8", "surrogateescape"), None)
    try:
        parts = decode_header(text)
    except (ValueError, LookupError, TypeError):  # its own error is a ValueError
        return text
    out = []
    for part, charset in parts:
        if isinstance(part, str):
            out.append(part)
        elif charset is None:
            out.append(part.decode("raw-unicode-escape", "replace"))
        else:
            out.append(decode(part, charset)[0])
    return "".join(out)


def _part_text(part: Message) -> tuple[str, str | None]:
    payload = part.get_payload(decode=True)
    data = payload[: 4 * _BODY] if isinstance(payload, bytes) else b""
    text, note = decode(data, _quiet(part.get_content_charset))
    text = text.replace("\r\n", "\n")
    flowed = _quiet(lambda: part.get_param("format")) == "flowed"
    return (_FLOWED.sub(" ", text) if flowed else text), note


def _html_text(page: str) -> str:
    """A page's text, with a ">" before the lines that it quotes."""
    out, header, group = [], "", 0
    for block in page_blocks(page[: 2 * _BODY]):
        lines = block.text.split("\n")
        if block.header and block.header != header:
            lines.insert(0, block.header)
        gap = "\n" if block.group and block.group == group else "\n\n"
        header, group = block.header, block.group
        mark = "> " if block.meta.get("quoted") else ""
        out.append(gap + "\n".join(mark + line for line in lines))
    return "".join(out).strip()


def _moments(
    data: bytes, span: tuple[int, int], roots: dict[str, str]
) -> Iterator[Moment | Skipped]:
    """A message's moments. `roots` are the threads of the messages before it in the same box."""
    mail = _Mail(data)
    subject = mail.header("subject", 500)
    sender = next(iter(mail.people("from")), ("", ""))
    time, fault = mail.time()
    own = next(iter(mail.ids("message-id")), "")
    parent = next(iter(mail.ids("in-reply-to")), "")
    root = next(iter(mail.ids("references")), "") or roots.get(parent, parent) or own
    if own:
        roots[own] = root
    meta = drop_empty(
        {
            "subject": subject,
            "from": sender[1],
            "to": _named(mail.people("to")),
            "cc": _named(mail.people("cc")),
            "attachments": mail.attached[:50],
            "date": fault,
            "encoding": mail.note,
        }
    )
    head = f"Subject: {subject}" if subject else ""
    body = mail.body or (f"Attached: {', '.join(mail.attached[:20])}" if mail.attached else "")
    if not wordy(head + body):
        raise _BrokenError("there is no text in it")
    session = root or f"subject: {_ANSWER.sub('', subject).strip().casefold()}"
    pieces = [body[start:end] for start, end in cut(body, _PASSAGE)] or [""]
    for number, piece in enumerate(pieces, 1):
        text = piece if number > 1 or not head else f"{head}\n\n{piece}"
        yield Moment(
            text=clean(text),
            time=time,
            speaker=sender[0] or sender[1] or None,
            session=session,
            external_id=(own if number == 1 else f"{own}#{number}") if own else None,
            span=span,
            meta=meta,
        )
    if mail.cut_short:
        yield Skipped("the end", "the message is cut short")


def _named(people: list[tuple[str, str]]) -> list[str]:
    return [
        f"{name} <{address}>" if name and address else name or address for name, address in people
    ]


class Eml(Importer):
    """One mail in a file, as mail programs save it."""

    name = "eml"
    suffixes = (".eml",)
    media_type = "message/rfc822"

    def title(self, document: Document) -> str | None:
        try:
            return _Mail(document.data).header("subject", 300) or None
        except Exception:  # the parser lets through whatever a broken mail raises
            return None

    def read(self, document: Document) -> Iterator[Moment | Skipped]:
        """The mail's own words as one moment, or several where it is long."""
        try:
            yield from _moments(document.data, (0, len(document.data)), {})
        except _BrokenError as error:
            raise UnreadableError(str(error)) from None
        except Exception:  # the parser lets through whatever a broken mail raises
            raise UnreadableError("the mail is damaged") from None


class Mbox(Importer):
    """Mailboxes: many mails in a file. A broken one is skipped."""

    name = "mbox"
    suffixes = (".mbox", ".mbx")
    media_type = "application/mbox"

    def read(self, document: Document) -> Iterator[Moment | Skipped]:
        """As for one mail; spans are the messages' bytes without the separating "From " lines."""
        return few_skipped(self._read(document))

    def _read(self, document: Document) -> Iterator[Moment | Skipped]:
        roots: dict[str, str] = {}
        number = 0
        for number, (start, end) in enumerate(_messages(document.data), 1):
            raw = _ESCAPED.sub(rb"\1", document.data[start:end])
            try:
                for moment in _moments(raw, (start, end), roots):
                    if isinstance(moment, Skipped):
                        moment.where = f"{moment.where} of message {number}"
                    yield moment
            except _BrokenError as error:
                yield Skipped(f"message {number}", str(error))
            except Exception:  # the parser lets through whatever a broken mail raises
                yield Skipped(f"message {number}", "it is damaged")
        if not number:
            raise UnreadableError("there are no mails in it")


def _messages(data: bytes) -> Iterator[tuple[int, int]]:
    """The byte ranges of the messages in a mailbox."""
    start = -1
    for line in _SEPARATOR.finditer(data):
        at = line.start()
        if at and data[at - 2 : at] != b"\n\n" and data[at - 4 : at] != b"\r\n\r\n":
            continue
        if start >= 0:
            yield start, _trimmed(data, start, at)
        start = line.end()
    if start >= 0:
        yield start, _trimmed(data, start, len(data))


def _trimmed(data: bytes, start: int, end: int) -> int:
    while end > start and data[end - 1 : end] in b"\r\n":
        end -= 1
    return end


@hookimpl
def secondme_importers() -> list[Importer]:
    return [Eml(), Mbox()]
