"""Chats as JSON: one message a line (.jsonl), and what chat programs export (.json)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import PurePath
from typing import Any

from secondme.plugin import Document, Importer, Moment, Skipped, UnreadableError, hookimpl

from . import _chats
from ._chats import CONVERSATION, ID, SESSION, TIME, Fields
from ._json import PlacingDecoder, loads
from ._text import (
    MESSAGE,
    Source,
    clean,
    cut,
    drop_empty,
    few_skipped,
    json_value,
    one_line,
)
from ._time import find_date, parse_time

_NOT_KEPT = {
    "type",
    "recipient",
    "status",
    "weight",
    "date",
    "channel",
}  # the same again, or settings
_UNREAD = "no chat messages were found in it"


def _moments(
    fields: Fields,
    span: tuple[int, int] | None,
    conversation: _chats.Conversation | None = None,
) -> list[Moment]:
    """A message's moment, moments where it is long, none where it says nothing.

    A line of its own names its conversation and session, and whatever fields it has beyond the
    usual ones go into `meta`. In a conversation a session is a day, and of fields only short ones
    are kept, as programs add much that is about themselves.
    """
    raw, field = _chats.text(fields)
    said = clean(conversation.mend(raw) if conversation else raw)
    if not said:
        return []
    value, who = _chats.first(fields, TIME), _chats.speaker(fields)
    time: datetime | None = parse_time(value)
    meta = {
        one_line(name, 100): json_value(fields[name])
        for name in _chats.unread(fields, field)
        if conversation is None or (name not in _NOT_KEPT and _is_short(fields[name]))
    }
    if value is not None and time is None:
        meta["time"] = json_value(value)
    if conversation:
        who = conversation.mend(who) if who else None
        parts = (conversation.name, time.date().isoformat() if time else "")
        meta["conversation"] = conversation.name
    else:
        names = (_chats.first(fields, CONVERSATION), _chats.first(fields, SESSION))
        parts = (_chats.label(names[0]), _chats.label(names[1]))
    session = f"{parts[0]}/{parts[1]}" if parts[0] and parts[1] else parts[0] or parts[1]
    value = _chats.first(fields, ID)
    identity = one_line(str(value), 500) if isinstance(value, str | int) else ""
    return [
        Moment(
            text=said[start:end],
            time=time,
            speaker=who,
            session=session,
            external_id=f"{identity}#{number}" if identity and number > 1 else identity or None,
            span=span,
            meta=drop_empty(meta) if meta else meta,
        )
        for number, (start, end) in enumerate(cut(said, MESSAGE), 1)
    ]


def _is_short(value: Any) -> bool:
    return isinstance(value, int | float) or (isinstance(value, str) and len(value) <= 300)


def _lines(data: bytes) -> Iterator[tuple[str, tuple[int, int]]]:
    """Lines with their bytes; whatever is no text in one shows as U+FFFD."""
    source = Source(data)
    if source.encoding != "utf-8" or source.note:
        start = 0
        for line in source.text.split("\n"):
            yield line, source.span(start, start + len(line))
            start += len(line) + 1
        return
    start = source.byte(0)
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        line_bytes = data[start:end]
        yield line_bytes.decode(), (start, end - line_bytes.endswith(b"\r"))
        start = end + 1


def _read_lines(document: Document) -> Iterator[Moment | Skipped]:
    """One message a line. Raises `UnreadableError` when not a single line is one."""
    found = False
    held: list[Skipped] = []
    for number, (line, span) in enumerate(_lines(document.data), 1):
        if not line or line.isspace():
            continue
        fault, moments = _read_line(line, span)
        if moments and not found:
            found = True
            yield from held
        yield from moments
        if fault:
            skipped = Skipped(f"line {number}", fault)
            if found:
                yield skipped
            elif len(held) < 1_000:
                held.append(skipped)
    if not found:
        raise UnreadableError(_UNREAD)


def _read_line(line: str, span: tuple[int, int]) -> tuple[str, list[Moment]]:
    """What is wrong with the line, if anything, and its moments."""
    try:
        value = loads(line)
    except json.JSONDecodeError as error:
        return f"it is not valid JSON: {error.msg.lower()} at character {error.pos + 1}", []
    except (ValueError, OverflowError):
        return "it is not valid JSON", []
    except RecursionError:
        return "its JSON is nested too deeply", []
    if isinstance(value, dict) and ("text" in value or _chats.is_message(value)):
        moments = _moments(value, span)
        return ("" if moments else "the message has no text"), moments
    moments = [
        moment
        for conversation in _chats.conversations(value)
        for message in conversation.messages
        for moment in _moments(message, span, conversation)
    ]
    return ("" if moments else "it is not a message"), moments


def _read_export(document: Document) -> Iterator[Moment | Skipped]:
    source, decoder = Source(document.data), PlacingDecoder()
    try:
        root = decoder.decode(source.text)
    except RecursionError:
        raise UnreadableError("its JSON is nested too deeply") from None
    except ValueError as error:
        yield from _as_lines(document, error)
        return
    found, silent = False, 0
    for conversation in _chats.conversations(root):
        if not conversation.name:
            conversation = replace(conversation, name=_folder(document))
        for message in conversation.messages:
            place = decoder.place(message)
            moments = _moments(message, source.span(*place) if place else None, conversation)
            silent += not moments
            found = found or bool(moments)
            yield from moments
    if not found:
        raise UnreadableError(_UNREAD)
    if silent:
        count = f"{silent} message{'s' if silent > 1 else ''}"
        yield Skipped(count, "without text: pictures, calls and the like")


def _as_lines(document: Document, error: ValueError) -> Iterator[Moment | Skipped]:
    """Some programs write a message a line and call it .json."""
    line = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
    try:
        yield from _read_lines(document)
    except UnreadableError:
        raise UnreadableError(f"it is not valid JSON{line}") from None


def _folder(document: Document) -> str:
    """The channel of a Slack export, which names its files by the day."""
    path = PurePath(document.path or document.name)
    return one_line(path.parent.name, 100) if find_date(path.stem) else ""


class Chat(Importer):
    """Conversations with people and with assistants."""

    name = "chat"
    suffixes = (".json", ".jsonl", ".ndjson")
    media_type = "application/json"

    def read(self, document: Document) -> Iterator[Moment | Skipped]:
        """A moment a message, with the bytes of its line or its JSON object.

        A line of a .jsonl file has id, conversation, session, time, speaker and text, or these by
        another of their usual names; the session is "conversation/session".
        """
        if not document.data.strip():
            raise UnreadableError("it is empty")
        by_line = document.name.lower().endswith((".jsonl", ".ndjson"))
        return few_skipped(_read_lines(document) if by_line else _read_export(document))


@hookimpl
def secondme_importers() -> list[Importer]:
    return [Chat()]
