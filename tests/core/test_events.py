"""What the core tells of itself as it changes, and the memory along time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from secondme.errors import BadInputError
from tests.home import Home, chat


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    home = Home(tmp_path_factory.mktemp("home"))
    chat(home.path / "garden.jsonl", "garden", 56)
    home.finish("add", paths=[str(home.path / "garden.jsonl")])
    yield home
    home.stop()


def test_two_windows_are_told_of_a_change(home: Home) -> None:
    windows = [home.client.stream("events") for _ in range(2)]
    before = [next(window) for window in windows]
    assert before[0]["moments"] == before[1]["moments"] > 0
    noted = home.call("note", text="the cellar key hangs behind the blue door")
    for window, first in zip(windows, before, strict=True):
        told = next(event for event in window if event["change"] != first["change"])
        assert told["change"] == noted["journal"]
        assert told["moments"] == first["moments"] + 1
        window.close()


def test_a_window_is_told_when_all_has_been_read_for_facts(home: Home) -> None:
    home.call("note", text="Sofia Halloran was born in Cork.")
    window = home.client.stream("events")
    assert next(event for event in window if event["unread"] == 0)
    assert home.call("facts")["unread"] == 0
    window.close()


def test_the_stream_ends_with_the_core(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    try:
        stream = home.client.stream("events")
        assert next(stream)["moments"] == 0
        home.client.stop()
        assert list(stream)[-1] == {"event": "result", "ended": True}
    finally:
        home.stop()


def test_years_months_days_and_a_days_moments(home: Home) -> None:
    years = home.call("timeline")["parts"]
    assert {"when": "2024", "moments": 56, "kinds": {"chat": 56}} in years
    months = home.call("timeline", when="2024")
    assert months["unit"] == "month"
    assert [part["when"] for part in months["parts"]] == ["2024-05"]
    days = home.call("timeline", when="2024-05")["parts"]
    assert [part["when"] for part in days] == [f"2024-05-{day:02}" for day in range(1, 29)]
    assert home.call("timeline", when="2024", by="day")["parts"] == days
    day = home.call("timeline", when="2024-05-03", length=9)
    assert [m["text"] for m in day["moments"]] == ["message m", "message m"]
    assert (day["previous"], day["next"]) == ("2024-05-02", "2024-05-04")
    assert home.call("timeline", when="2019-01-01")["moments"] == []
    with pytest.raises(BadInputError, match="is no day"):
        home.call("timeline", when="2024-05-03T10:00")


def test_a_word_that_is_being_typed_finds_what_it_may_become(home: Home) -> None:
    typed = home.call("recall", question="umbr", typing=True, k=3)["hits"]
    assert len(typed) == 3
    assert all("umbrella" in hit["text"] for hit in typed)
    assert home.call("recall", question="umbr", k=3)["hits"] == []


def test_texts_can_be_cut(home: Home) -> None:
    hit = home.call("recall", question="umbrella", k=1, length=7)["hits"][0]
    assert hit["text"] == "message"
    shown = home.call("show", id=hit["id"], length=7)
    assert {m["text"] for m in (shown, *shown["before"], *shown["after"])} == {"message"}


def test_the_original_around_a_passage(home: Home) -> None:
    hit = home.call("recall", question="umbrella", k=1)["hits"][0]
    original = home.call("original", id=hit["id"], around=50)
    start, end = original["passage"]
    assert original["text"][start:end].startswith("{")
    assert hit["external_id"] in (home.path / "garden.jsonl").read_text(encoding="utf-8")
    assert not original["whole"]
    assert home.call("original", id=hit["id"])["whole"]
