"""What was read by which client: noted off the reader's way, without words, and erased with the moment."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.home import Home, chat

UNKNOWN = "What did the doctor in the garden say?"
_DAY = 86_400_000


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "home", idle_exit="1")
    chat(tmp_path / "garden.jsonl", "garden", 30)
    home.finish("add", paths=[str(tmp_path / "garden.jsonl")])
    yield home
    home.stop()


def reads(home: Home, **which: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = home.call("reads", **which)["reads"]
    return found


def ids(hits: list[dict[str, Any]]) -> set[str]:
    return {hit["id"] for hit in hits}


def test_every_way_of_reading_is_noted_with_who_was_given_what(home: Home) -> None:
    hits = home.call("recall", question="the kettle", k=3)["hits"]
    home.call("recall", question="the violin", k=3)
    one = hits[0]["id"]
    shown = home.call("show", id=one, around=1)
    home.call("original", id=one)
    day = home.call("timeline", when="2024-05-02")["moments"]
    refused = home.finish("ask", question=UNKNOWN)
    home.run("recall", "umbrella", "-k", "1")
    found = {(read["client"], read["kind"]): read for read in reads(home)}
    given = {key: set(read["moments"]) for key, read in found.items()}
    assert ids(hits) < given["test", "recall"], "what one client reads in a few seconds is one"
    assert len(given["test", "recall"]) == 6
    assert given["test", "show"] == {one} | ids(shown["before"] + shown["after"])
    assert given["test", "original"] == {one}
    assert given["test", "timeline"] == ids(day)
    assert given["test", "ask"] == ids(refused["near"])
    assert len(given["cli", "recall"]) == 1
    assert "umbrella" in found["cli", "recall"]["first"][0]["text"]
    assert reads(home, kind="original", before="2024-01-01") == []
    home.stop()
    assert {(r["client"], r["kind"]) for r in reads(home)} == set(found)


def test_a_client_without_a_name_goes_by_that_of_its_program(home: Home) -> None:
    asked = b'{"question": "the kettle", "k": 1}'
    head = (
        f"POST /v1/recall HTTP/1.0\r\nUser-Agent: curl/8.5\r\nContent-Length: {len(asked)}\r\n\r\n"
    )
    with socket.socket(socket.AF_UNIX) as to:
        to.connect(str(home.config.socket))
        to.sendall(head.encode() + asked)
        while to.recv(65536):
            pass
    assert [(read["client"], len(read["moments"])) for read in reads(home)] == [("curl/8.5", 1)]


def test_a_private_conversation_leaves_nothing(home: Home) -> None:
    home.finish("chat", message=UNKNOWN, conversation="c", private=True)
    home.call("recall", question="the kettle", private=True)
    assert reads(home) == []
    near = home.finish("chat", message=UNKNOWN, conversation="c")["near"]
    assert [(r["kind"], set(r["moments"])) for r in reads(home)] == [("chat", ids(near))]


def test_what_is_forgotten_shows_no_words_and_what_is_erased_was_never_read(home: Home) -> None:
    home.call("recall", question="message in the garden", k=2)
    (read,) = reads(home)
    first, second = read["moments"]
    assert len(read["first"]) == 2
    home.call("forget", ids=[first])
    (read,) = reads(home)
    assert (read["moments"], ids(read["first"])) == ([first, second], {second})
    home.call("show", id=second, around=0)
    home.call("forget", ids=[first, second], hard=True)
    assert reads(home) == []


def test_reads_are_let_go_after_three_months_and_do_not_leave_with_an_export(
    home: Home, tmp_path: Path
) -> None:
    home.call("recall", question="the kettle", k=1)
    assert len(reads(home)) == 1
    counts = home.finish("export", path=str(tmp_path / "copy"))["counts"]
    assert "reads" not in counts
    home.stop()
    from secondme.record import Record

    record = Record(home.config.database)
    with record.store.write() as db:
        db.execute("update reads set time = time - ?", (91 * _DAY,))
    assert len(record.reads.newest(10)) == 1
    record.reads.note("test", "show", record.reads.newest(1)[0].moments.values())
    assert [read.kind for read in record.reads.newest(10)] == ["show"]
    record.close()
