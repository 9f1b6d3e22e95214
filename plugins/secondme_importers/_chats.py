"""The layouts in which programs export conversations as JSON, brought to one.

ChatGPT, Claude, Telegram, Slack, Discord, Facebook and Instagram, Google Chat, and plain lists of
messages with any of the usual field names: all are found by looking for lists of things that have a
text and a time or a speaker.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from typing import Any

from ._text import one_line
from ._time import parse_time

# The names that programs give a message's fields; of several the first counts.
TEXT = ("text", "content", "body", "message", "msg")
SPEAKER = tuple(
    "speaker author from sender sender_name name role user username creator actor".split()
)
TIME = tuple(
    "time timestamp timestamp_ms date_unixtime date datetime created_at createdAt create_time "
    "created created_date ts sent_at".split()
)
ID = ("id", "external_id", "uuid", "message_id", "messageId", "client_msg_id", "guid")
CONVERSATION = ("conversation", "conversation_id", "chat", "chat_name", "channel", "room", "thread")
SESSION = ("session", "session_id")
PLAIN = frozenset(("id", "conversation", "session", "time", "speaker", "text"))
_NAMES = ("name", "real_name", "display_name", "nickname", "username", "email", "id", "role")
_TITLES = ("title", "name", "chat_name", "channel", "subject")
_DEPTH = 12
_UNSAID = frozenset(
    "thinking thoughts reasoning reasoning_recap tool_use tool_result execution_output "
    "tether_quote tether_browsing_display user_editable_context model_editable_context".split()
)
_SLACK = re.compile(r"<([@#!]?)([^<>|\n]{1,2000})(?:\|([^<>\n]{0,500}))?>")

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Conversation:
    """Messages in time's order, with fields named as above. `mend` undoes the export's own marks."""

    name: str
    messages: Sequence[Fields]
    mend: Callable[[str], str] = str


def first(fields: Fields, names: Sequence[str]) -> Any:
    """The first of these fields that the message has, or None."""
    for name in names:
        if name in fields:
            return fields[name]
    return None


def text(fields: Fields) -> tuple[str, str]:
    """What the message says, and in which field; empty for a picture, a call and the like."""
    for name in TEXT:
        if name in fields:
            said = _words(fields[name], 4)
            if said and not said.isspace():
                return said, name
    return "", ""


def unread(fields: Fields, text_field: str) -> list[str]:
    """The names of the message's fields that nothing here has read."""
    if fields.keys() <= PLAIN:
        return []
    groups = (SPEAKER, TIME, ID, CONVERSATION, SESSION)
    read = {next((name for name in names if name in fields), "") for names in groups}
    return [name for name in fields if name not in read and name != text_field]


def speaker(fields: Fields) -> str | None:
    """Who a message is from: a name, or the best that an object about a person has."""
    profile = fields.get("user_profile")
    value = profile if isinstance(profile, dict) else first(fields, SPEAKER)
    if isinstance(value, dict):
        value = next((value[key] for key in _NAMES if value.get(key)), None)
    if isinstance(value, str):
        return _short(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


@lru_cache(4096)
def _short(name: str) -> str | None:
    return one_line(name, 200) or None


def label(value: Any) -> str:
    """A conversation's name, from a string, a number or an object with a name."""
    if isinstance(value, dict):
        value = next((value[key] for key in ("name", "title", "id") if value.get(key)), "")
    return _short(str(value)) or "" if isinstance(value, str | int) else ""


def _words(value: Any, depth: int) -> str:
    """A text, which some programs keep as a list of pieces or as an object with parts."""
    if isinstance(value, str):
        return value
    if depth and isinstance(value, list):
        pieces = [piece for piece in value[:1_000] if isinstance(piece, str | dict)]
        pieces = [piece for piece in pieces if isinstance(piece, str) or not _is_unsaid(piece)]
        between = ""  # formatted pieces of one sentence, unless they are wholes
        if all(isinstance(piece, str) for piece in pieces):
            between = "\n"
        elif all(isinstance(piece, dict) and _is_whole(piece) for piece in pieces):
            between = "\n\n"
        return between.join(filter(None, (_words(piece, depth - 1) for piece in pieces)))
    if depth and isinstance(value, dict):
        inner = None if _is_unsaid(value) else first(value, ("text", "parts", "content"))
        return _words(inner, depth - 1)
    return ""


def _is_unsaid(piece: Fields) -> bool:
    """Whether it is what an assistant wrote to itself or to its tools."""
    kinds = (piece.get("content_type"), piece.get("type"))
    return any(isinstance(kind, str) and kind in _UNSAID for kind in kinds)


def _is_whole(piece: Fields) -> bool:
    kind = piece.get("type")
    return "content_type" in piece or (isinstance(kind, str) and kind.endswith("text"))


def is_message(value: Any) -> bool:
    """Whether it has a text, and a time or a speaker."""
    return (
        isinstance(value, dict)
        and any(isinstance(value.get(name), str | list | dict) for name in TEXT)
        and not (value.keys().isdisjoint(TIME) and value.keys().isdisjoint(SPEAKER))
    )


def conversations(root: Any) -> Iterator[Conversation]:
    """The conversations anywhere in a document, in its order."""
    stack: list[tuple[Any, str, int]] = [(root, "", 0)]
    while stack:
        value, name, depth = stack.pop()
        inner: list[Any] = []
        if isinstance(value, list):
            messages = [item for item in value if is_message(item)]
            if messages:
                yield _conversation(name, messages)
            else:
                inner = value
        elif isinstance(value, dict):
            name = label(first(value, _TITLES)) or name
            branch = _branch(value)
            if branch:
                yield Conversation(name, branch)
            else:
                inner = list(value.values())
        if depth < _DEPTH:
            nested = [item for item in inner if isinstance(item, list | dict)]
            stack += [(item, name, depth + 1) for item in reversed(nested)]


def _conversation(name: str, messages: list[Fields]) -> Conversation:
    times = [parse_time(first(message, TIME)) for message in (messages[0], messages[-1])]
    begin, end = (time and time.replace(tzinfo=None) for time in times)
    if begin and end and begin > end:  # some exports begin with the newest
        messages.reverse()
    if any("sender_name" in m and "timestamp_ms" in m for m in messages[:50]):
        return Conversation(name, messages, _unscramble)
    if any("ts" in m and m.get("type") == "message" for m in messages[:50]):
        people = {m["user"]: speaker(m) for m in messages if isinstance(m.get("user"), str)}
        return Conversation(name, messages, lambda said: _from_slack(said, people))
    return Conversation(name, messages)


def _branch(conversation: Fields) -> list[Fields]:
    """ChatGPT keeps a tree; what the person saw last is the branch that ends at `current_node`."""
    tree = conversation.get("mapping")
    if not isinstance(tree, dict):
        return []
    at = conversation.get("current_node")
    if not isinstance(at, str) or at not in tree:
        at = next(reversed(tree), None)
    seen: set[str] = set()
    messages: list[Fields] = []
    while isinstance(at, str) and at not in seen and isinstance(tree.get(at), dict):
        seen.add(at)
        message = tree[at].get("message")
        if isinstance(message, dict) and _seen(message):
            messages.append(message)
        at = tree[at].get("parent")
    return messages[::-1]


def _seen(message: Fields) -> bool:
    """Whether the person saw the message: not the program's own, not one between its tools."""
    author, metadata = message.get("author"), message.get("metadata")
    role = author.get("role") if isinstance(author, dict) else None
    hidden = isinstance(metadata, dict) and metadata.get("is_visually_hidden_from_conversation")
    return role in ("user", "assistant") and not hidden and message.get("recipient", "all") == "all"


def _unscramble(said: str) -> str:
    """Facebook writes the bytes of UTF-8 as if each were a letter."""
    try:
        return said.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return said


def _from_slack(said: str, people: Mapping[str, str | None]) -> str:
    def shown(mark: re.Match[str]) -> str:
        kind, target, label = mark.groups()
        if kind == "@":
            return f"@{label or people.get(target) or target}"
        return f"{kind if kind == '#' else '@' if kind else ''}{label or target}"

    return unescape(_SLACK.sub(shown, said))
