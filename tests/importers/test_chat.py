"""Chats as JSON: lines, and what chat programs and assistants export."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secondme.plugin import Moment, UnreadableError
from tests.importers.reading import passage, read, skipped

LINES = (
    '{"id": "D1:1", "conversation": "26", "session": 1, "time": "2023-05-08T13:56:00", '
    '"speaker": "Caroline", "text": "Hey Mél! Good to see you!"}\n'
    '{"id": "D1:2", "conversation": "26", "session": 1, "time": "2023-05-08T13:56:30+02:00", '
    '"speaker": "Melanie", "text": "Hi.", "mood": {"level": [1, NaN]}, "role": "user"}\r\n'
)


def export(value: Any, name: str = "chat.json", path: str | None = None) -> list[Moment]:
    """The moments of an export, each of which must stand where it says."""
    data = json.dumps(value, ensure_ascii=False, indent=1).encode()
    moments = read(data, name, path)
    for moment in moments:
        assert isinstance(json.loads(passage(data, moment)), dict)
    return moments


def test_a_line_is_a_message() -> None:
    first, second = read(LINES, "chat.jsonl")
    assert first == Moment(
        text="Hey Mél! Good to see you!",
        time=datetime(2023, 5, 8, 13, 56),
        speaker="Caroline",
        session="26/1",
        external_id="D1:1",
        span=(0, len(LINES.split("\n")[0].encode())),
        meta={},
    )
    assert second.time.isoformat() == "2023-05-08T13:56:30+02:00"
    assert second.meta == {"mood": {"level": [1, None]}, "role": "user"}
    assert passage(LINES, second).decode() == LINES.split("\n")[1].strip()


def test_lines_that_are_no_messages_are_skipped_with_their_number() -> None:
    data = LINES.encode() + b'\n{oops\n[1]\n{"text": ""}\n{"id": 9, "text": "caf\xe9"}\n'
    assert [moment.text for moment in read(data, "c.jsonl")][2:] == ["caf\ufffd"]
    assert skipped(data, "c.jsonl") == [
        (
            "line 4",
            "it is not valid JSON: expecting property name enclosed in double quotes at character 2",
        ),
        ("line 5", "it is not a message"),
        ("line 6", "the message has no text"),
    ]


def test_other_encodings_and_nesting_in_lines() -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        data = LINES.encode(encoding)
        first, second = read(data, "c.jsonl")
        assert first.text == "Hey Mél! Good to see you!"
        plain = "utf-16-le" if encoding == "utf-16" else "utf-8"
        assert json.loads(passage(data, second).decode(plain))["id"] == "D1:2"
    data = "[" * 100_000 + '\n{"text": "still here", "id": 1}'
    assert read(data, "c.jsonl")[0].text == "still here"
    assert skipped(data, "c.jsonl") == [("line 1", "its JSON is nested too deeply")]


def test_ids_that_come_twice_are_both_kept() -> None:
    moments = read('{"id": 1, "text": "a"}\n{"id": 1, "text": "b"}\n', "c.jsonl")
    assert [(m.external_id, m.text) for m in moments] == [("1", "a"), ("1", "b")]


def test_long_messages_are_several_moments() -> None:
    text = "This is a sentence of a very long message. " * 300
    moments = read(json.dumps({"id": "x", "text": text}), "c.jsonl")
    assert [moment.external_id for moment in moments] == ["x", "x#2", "x#3", "x#4"]
    assert " ".join(moment.text for moment in moments) == text.strip()


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (1714731300, datetime(2024, 5, 3, 10, 15, tzinfo=UTC)),
        (1714731300000, datetime(2024, 5, 3, 10, 15, tzinfo=UTC)),
        (1714731300000000000, datetime(2024, 5, 3, 10, 15, tzinfo=UTC)),
        ("1714731300", datetime(2024, 5, 3, 10, 15, tzinfo=UTC)),
        ("2024-05-03T10:15:00Z", datetime(2024, 5, 3, 10, 15, tzinfo=UTC)),
        ("2024-05-03 10:15", datetime(2024, 5, 3, 10, 15)),
        ("Fri, 3 May 2024 10:15:00 GMT", datetime(2024, 5, 3, 10, 15, tzinfo=UTC)),
        ("Friday, May 3, 2024 at 10:15:00 PM UTC", datetime(2024, 5, 3, 22, 15, tzinfo=UTC)),
        ("never", None),
        ("0001-01-01T00:00:00", None),
        ("9999-12-31T23:59:59-12:00", None),
        (12, None),
        (-5, None),
        (1e300, None),
        (float("nan"), None),
        (float("inf"), None),
        (True, None),
        ([1], None),
        (None, None),
    ],
)
def test_times_in_every_form_and_nonsense_is_none(time, expected) -> None:
    (moment,) = read(json.dumps({"text": "x", "time": time}), "c.jsonl")
    assert moment.time == expected
    assert (moment.time is None) or moment.time.tzinfo == expected.tzinfo


@pytest.mark.parametrize("count", [25, 50, 400, 4_000, 100_000])
def test_numbers_of_thousands_of_digits_do_no_harm(count: int) -> None:
    message = '{"from": "Ana", "text": "x", "time": N, "id": N, "size": N}'.replace(
        "N", "9" * count
    )
    for moment in (*read(message, "c.jsonl"), *read(f"[{message}]", "c.json")):
        assert (moment.text, moment.time) == ("x", None)


def test_a_list_of_messages_with_names_of_its_own() -> None:
    moments = export(
        [
            {"role": "user", "content": "Where is it?", "timestamp": "2024-05-03T10:15:00"},
            {"sender": {"name": "Ana"}, "body": "There.", "createdAt": 1714731300000},
            {"role": "assistant", "content": [{"type": "text", "text": "Here."}]},
        ]
    )
    assert [(m.speaker, m.text) for m in moments] == [
        ("user", "Where is it?"),
        ("Ana", "There."),
        ("assistant", "Here."),
    ]


def test_telegram() -> None:
    messages = [
        {
            "id": 1,
            "type": "message",
            "date": "2024-05-03T12:15:00",
            "date_unixtime": "1714731300",
            "from": "Ana",
            "from_id": "user1",
            "text": ["see ", {"type": "link", "text": "example.org"}, " now"],
            "text_entities": [{"type": "plain", "text": "see "}],
        },
        {"id": 2, "type": "service", "date": "2024-05-03T12:16:00", "actor": "Bo", "text": ""},
    ]
    one = {"name": "Ana S.", "type": "personal_chat", "id": 5, "messages": messages}
    for value in (one, {"chats": {"list": [one]}}):
        (moment,) = export(value, "result.json")
        assert (moment.speaker, moment.text) == ("Ana", "see example.org now")
        assert moment.time == datetime(2024, 5, 3, 10, 15, tzinfo=UTC)
        assert moment.session == "Ana S./2024-05-03"
        assert moment.meta == {"from_id": "user1", "conversation": "Ana S."}
    assert skipped(json.dumps(one), "result.json") == [
        ("1 message", "without text: pictures, calls and the like")
    ]


def node(name: str, parent: str | None, role: str, *parts: str, **more: Any) -> dict[str, Any]:
    message = {
        "id": name,
        "author": {"role": role, "name": None},
        "create_time": 1714731300.5,
        "content": {"content_type": "text", "parts": list(parts)},
        "recipient": "all",
        **more,
    }
    return {"id": name, "message": message, "parent": parent, "children": []}


def test_chatgpt_reads_the_branch_that_was_seen_last() -> None:
    nodes = [
        {"id": "root", "message": None, "parent": None, "children": []},
        node("s", "root", "system", "You are"),
        node("q", "s", "user", "Where to?"),
        node("old", "q", "assistant", "To Rome."),
        node("tool", "q", "assistant", "search()", recipient="browser"),
        node("a", "tool", "assistant", "To Porto."),
    ]
    mapping = {item["id"]: item for item in nodes}
    for current in ("a", None, "nowhere"):
        trip = {"title": "A trip", "mapping": mapping, "current_node": current}
        moments = export([trip], "conversations.json")
        assert [(m.speaker, m.text, m.external_id) for m in moments] == [
            ("user", "Where to?", "q"),
            ("assistant", "To Porto.", "a"),
        ]
        assert moments[0].session == "A trip/2024-05-03"
    mapping["root"]["parent"] = "a"  # a circle
    assert len(export([trip], "conversations.json")) == 2


def test_claude() -> None:
    conversation = {
        "uuid": "c",
        "name": "Plans",
        "created_at": "2024-05-03T10:00:00Z",
        "chat_messages": [
            {
                "uuid": "1",
                "text": "Hello",
                "content": [{"type": "text", "text": "Hello"}],
                "sender": "human",
                "created_at": "2024-05-03T10:15:00.5Z",
            },
            {
                "uuid": "2",
                "text": "",
                "content": [
                    {"type": "thinking", "thinking": "hm", "text": "hm"},
                    {"type": "text", "text": "First."},
                    {"type": "text", "text": "Second."},
                ],
                "sender": "assistant",
                "created_at": "2024-05-03T10:16:00Z",
            },
        ],
    }
    first, second = export([conversation], "conversations.json")
    assert (first.speaker, first.text, first.external_id) == ("human", "Hello", "1")
    assert second.text == "First.\n\nSecond."
    assert second.meta["conversation"] == "Plans"


def test_slack() -> None:
    people = {"U1": "Ana", "U2": "Bo"}
    messages = [
        {
            "type": "message",
            "user": user,
            "text": text,
            "ts": f"171473130{number}.000100",
            "user_profile": {"real_name": people[user]},
        }
        for number, (user, text) in enumerate(
            [
                ("U1", "Hi <@U2>, see <https://example.org|the site> &amp; <#C1|general> <!here>"),
                ("U2", "ok"),
            ]
        )
    ]
    first, second = export(messages, "2024-05-03.json", "/export/harbour/2024-05-03.json")
    assert first.text == "Hi @Bo, see the site & #general @here"
    assert (second.speaker, second.session) == ("Bo", "harbour/2024-05-03")
    assert first.time == datetime(2024, 5, 3, 10, 15, 0, 100, tzinfo=UTC)


def test_facebook_is_unscrambled_and_turned_round() -> None:
    messages = [
        {"sender_name": "João".encode().decode("latin-1"), "timestamp_ms": 1714731301000,
         "content": "Olá".encode().decode("latin-1")},
        {"sender_name": "Ana", "timestamp_ms": 1714731300000, "content": "first"},
    ]  # fmt: skip
    moments = export({"participants": [{"name": "Ana"}], "title": "Ana", "messages": messages})
    assert [(m.speaker, m.text) for m in moments] == [("Ana", "first"), ("João", "Olá")]


def test_discord() -> None:
    message = {
        "id": "1",
        "timestamp": "2024-05-03T10:15:00+00:00",
        "content": "yo",
        "author": {"id": "9", "name": "ana"},
    }
    (moment,) = export({"channel": {"name": "harbour"}, "messages": [message]})
    assert (moment.speaker, moment.session) == ("ana", "harbour/2024-05-03")


def test_lines_in_a_file_named_json_are_read_as_lines() -> None:
    assert [moment.external_id for moment in read(LINES, "chat.json")] == ["D1:1", "D1:2"]


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        ("", "c.json", "empty"),
        ("  \n", "c.jsonl", "empty"),
        ('{"messages": [', "c.json", r"not valid JSON \(line 1\)"),
        ("{oops\n" * 9, "c.jsonl", "no chat messages"),
        ('{"weather": "fine", "days": [1, {"text": 4}]}', "c.json", "no chat messages"),
        ("[" * 100_000, "c.json", "nested too deeply"),
        ('{"a":' * 100_000, "c.json", "nested too deeply"),
        (bytes(range(256)), "c.json", "not valid JSON"),
    ],
)
def test_what_holds_no_chat_says_so(data: str, name: str, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        read(data, name)


TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Zl", "Zp")), max_size=60
)
SAID = st.builds(lambda a, b: f"{a}x{b}".strip(), TEXT, TEXT)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "id": st.uuids().map(str),
                "conversation": st.sampled_from(["a", "b"]),
                "session": st.integers(1, 9),
                "time": st.datetimes(datetime(1900, 1, 1), datetime(2199, 1, 1)).map(str),
                "speaker": st.sampled_from(["Ana", "Bo", "Zoë"]),
                "text": SAID,
            }
        ),
        min_size=1,
        max_size=20,
    ),
    st.booleans(),
)
def test_every_field_of_every_message_comes_back(messages, ascii_only) -> None:
    lines = [json.dumps(message, ensure_ascii=ascii_only) for message in messages]
    as_lines = "\n".join(lines).encode()
    for data, name in ((as_lines, "c.jsonl"), (f"[{','.join(lines)}]".encode(), "c.json")):
        moments = sorted(read(data, name), key=lambda moment: moment.span)
        assert [json.loads(passage(data, moment)) for moment in moments] == messages
        for moment, message in zip(moments, messages, strict=True):
            assert moment.text == message["text"]
            assert moment.external_id == message["id"]
            assert moment.speaker == message["speaker"]
            assert str(moment.time) == message["time"]
            if name == "c.jsonl":
                assert moment.session == f"{message['conversation']}/{message['session']}"
