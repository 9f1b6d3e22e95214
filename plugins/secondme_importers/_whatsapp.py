"""Chats that WhatsApp exported as text, from any phone and in any of its date formats."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import PurePath

from secondme.plugin import Document, Moment

from ._text import MESSAGE, Source, clean, cut, drop_empty, one_line
from ._time import sane

_SPACE = "[ \u00a0\u202f]"
_HEADER = re.compile(
    r"^[\u200e\u200f]*(\[)?"
    rf"(?P<a>\d{{1,4}})([./-])(?P<b>\d{{1,2}})\3(?P<c>\d{{2,4}}),?{_SPACE}(?:\w{{1,3}}\.?{_SPACE})?"
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d\d)(?:[:.](?P<second>\d\d))?"
    rf"(?:{_SPACE}?(?P<half>[ap])\.?{_SPACE}?m\.?)?"
    rf"(?(1)\]|{_SPACE}[-–]){_SPACE}",
    re.M | re.I,
)
_SPEAKER = re.compile(r"[\u200e\u200f]*(?:~\s?)?([^:\r\n\"“”]{1,80}):[ \u200e]")
_ATTACHED = re.compile(r"\u200e?<[^<>:\n]{2,30}: ([^<>\n]+\.\w{2,5})>")
_EDITED = re.compile(r"\s*\u200e?<[^<>\n:]{8,60}>\s*\Z")
_PLACEHOLDER = re.compile(r"<[^<>\n]{4,40}>|\u200e[^\n:]{4,40}")
_NOTICE = re.compile(r"end-to-end|ende-zu-ende|bout en bout|extremo a extremo|ponta a ponta", re.I)
_FILE_NAME = re.compile(r"^.*whatsapp.*? (?:with|mit|avec|con|com|-) ", re.I)


@dataclass(frozen=True, slots=True)
class _Header:
    """A message's first line: where it starts, where its text begins, and its date as written."""

    start: int
    body: int
    date: tuple[int, int, int]
    clock: tuple[int, int, int]
    half: str


def is_chat(text: str) -> bool:
    """Whether the text begins with a message in WhatsApp's format."""
    start = len(text[:1_000]) - len(text[:1_000].lstrip("\u200e\u200f \t\r\n"))
    first = _HEADER.match(text, start)
    return bool(first and any(_SPEAKER.match(text, h.body) for h in _headers(text[:65_536])))


def messages(document: Document, source: Source) -> Iterator[Moment]:
    """The chat's messages; a session is a day."""
    text = source.text
    headers = _headers(text)
    order = _order(headers)
    chat = one_line(_FILE_NAME.sub("", PurePath(document.name).stem)).removeprefix("_chat")
    for number, header in enumerate(headers):
        end = headers[number + 1].start if number + 1 < len(headers) else len(text)
        speaker = _SPEAKER.match(text, header.body, end)
        body = speaker.end() - text[speaker.end() - 1].count("\u200e") if speaker else header.body
        time = _time(header, order)
        meta = drop_empty({"conversation": chat, "encoding": source.note})
        for first, last in cut(text[body:end], MESSAGE):
            said = _said(text[body + first : body + last], notice=speaker is None)
            if said:
                yield Moment(
                    text=said,
                    time=time,
                    speaker=one_line(speaker[1], 100) or None if speaker else None,
                    session=time.date().isoformat() if time else "",
                    span=source.span(header.start if first == 0 else body + first, body + last),
                    meta=meta if speaker else {**meta, "notice": True},
                )


def _headers(text: str) -> list[_Header]:
    found = []
    for match in _HEADER.finditer(text):
        date = (int(match["a"]), int(match["b"]), int(match["c"]))
        clock = (int(match["hour"]), int(match["minute"]), int(match["second"] or 0))
        found.append(
            _Header(match.start(), match.end(), date, clock, (match["half"] or "").lower())
        )
    return found


def _order(headers: Sequence[_Header]) -> str:
    """Whether dates are written year, month or day first, told from all of them together."""
    if any(header.date[0] > 31 for header in headers):
        return "ymd"
    if any(header.date[0] > 12 for header in headers):
        return "dmy"
    if any(header.date[1] > 12 for header in headers):
        return "mdy"
    backwards = {}
    for order in ("dmy", "mdy"):  # messages come in time's order
        times = [time for header in headers if (time := _time(header, order))]
        backwards[order] = sum(later < sooner for sooner, later in pairwise(times))
    if backwards["dmy"] == backwards["mdy"] and any(header.half for header in headers):
        return "mdy"
    return min(backwards, key=lambda order: backwards[order])


def _time(header: _Header, order: str) -> datetime | None:
    parts = dict(zip(order, header.date, strict=True))
    year = parts["y"] + 2000 if parts["y"] < 100 else parts["y"]
    hour, minute, second = header.clock
    if header.half:
        hour = hour % 12 + (12 if header.half == "p" else 0)
    try:
        return sane(datetime(year, parts["m"], parts["d"], hour, minute, second))
    except ValueError:
        return None


def _said(body: str, *, notice: bool) -> str:
    """The message without WhatsApp's own marks; empty for a picture left out of the export."""
    body = _ATTACHED.sub(r"[\1]", body)
    if _PLACEHOLDER.fullmatch(body.strip()) or (
        (notice or "\u200e" in body) and _NOTICE.search(body)
    ):
        return ""
    return clean(_EDITED.sub("", body).replace("\u200e", ""))
