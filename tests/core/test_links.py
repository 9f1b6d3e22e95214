"""What the memory ties together: summaries, episodes about the same, moments that are related."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.core.test_erasing import LATIN, traces
from tests.home import Home

FERRY = f"The ferry {LATIN} sails from Moskenes on Saturday at seven, and foot passengers need no booking."
TALK = (
    "Hello Ben, how are you?",
    FERRY,
    "Thanks!",
    "My sister sold the little red car to a student from Halle, for two thousand euros in cash.",
    "So that is over and done with.",
    "Did she? And is that what you wanted to tell me when we met there?",
    "Yes! Sorry that it took so long, I was not sure whether you would like it.",
    "It is all right. How could that be otherwise, and why should it?",
)


def write(path: Path, said: tuple[str, ...], day: str = "2024-05-03") -> Path:
    """A chat of these messages, one a minute."""
    lines = [
        {
            "id": f"{path.stem}-{n}",
            "conversation": path.stem,
            "session": 1,
            "time": f"{day}T10:{n:02}:00",
            "speaker": ("Ana", "Ben")[n % 2],
            "text": text,
        }
        for n, text in enumerate(said)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def listed(home: Home) -> list[dict[str, Any]]:
    """The episodes once the memory is thought through."""
    home.finish("consolidate", now=True)
    found: list[dict[str, Any]] = home.call("episodes")["episodes"]
    return found


def told(home: Home) -> list[str]:
    """The passages of the only episode."""
    (episode,) = listed(home)
    return [each["text"] for each in episode["summary"]]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "home")
    yield home
    home.kill()


def test_an_episode_is_summed_up_and_each_passage_knows_its_moment(
    home: Home, tmp_path: Path
) -> None:
    home.finish("add", paths=[str(write(tmp_path / "a.jsonl", TALK))])
    (episode,) = listed(home)
    assert {each["text"] for each in episode["summary"]} == {TALK[1], TALK[3]}
    whole = home.call("show", id=episode["id"])
    assert whole["summary"] == episode["summary"]
    said = {moment["id"]: moment for moment in whole["said"]}
    for each in episode["summary"]:
        assert each["text"] in said[each["moment"]]["text"]
        assert each["speaker"] == said[each["moment"]]["speaker"] == "Ben"
    read = home.call("log", kind="add")["entries"]
    assert read
    (note,) = [r for r in home.call("reads")["reads"] if r["kind"] == "episodes"][:1]
    assert set(note["moments"]) == {each["moment"] for each in episode["summary"]}


def test_what_is_forgotten_is_in_no_summary_and_an_undo_brings_it_back(
    home: Home, tmp_path: Path
) -> None:
    home.finish("add", paths=[str(write(tmp_path / "a.jsonl", TALK))])
    before = told(home)
    assert FERRY in before
    home.call("forget", query=LATIN, k=1)
    assert LATIN not in str(home.call("episodes")), "at once, before anything is made anew"
    after = told(home)
    assert after
    assert LATIN not in str(after)
    home.call("undo")
    assert told(home) == before
    home.call("forget", query=LATIN, k=1, hard=True)
    assert traces(home, LATIN) == []
    assert TALK[3] in told(home)
    assert traces(home, LATIN) == []


def test_an_episode_that_is_cut_anew_is_summed_up_anew(home: Home, tmp_path: Path) -> None:
    chat = tmp_path / "a.jsonl"
    home.finish("add", paths=[str(write(chat, TALK[:3] * 2))])
    assert TALK[3] not in told(home)
    home.finish("add", paths=[str(write(chat, (*TALK[:3] * 2, *TALK[3:])))])
    assert TALK[3] in told(home)


@pytest.mark.parametrize(
    "said",
    [
        ("ok",) * 90,
        ("👍", "😀😀😀" * 40, "🎉" * 200),
        ("", "  ", "?" * 300),
        ("灯台の銅の屋根の下に腐った木が見つかりました。" * 9, "はい。", "そうですか。"),
        ("x" * 5_000, "y"),
        ("The end of the pier. " * 4_000, "Fine."),
    ],
    ids=["one word", "emoji", "nothing", "japanese", "no sentence", "a long one"],
)
def test_whatever_an_episode_holds_it_is_listed_and_shown(
    home: Home, tmp_path: Path, said: tuple[str, ...]
) -> None:
    home.finish("add", paths=[str(write(tmp_path / "odd.jsonl", said))])
    for episode in listed(home):
        whole = home.call("show", id=episode["id"])
        texts = {moment["id"]: moment["text"] for moment in whole["said"]}
        assert all(each["text"] in texts[each["moment"]] for each in whole["summary"])
        assert whole["similar"] == []
    for hit in home.call("recall", question="end 灯台 ok x y")["hits"]:
        shown = home.call("show", id=hit["id"])
        assert shown["related"] == []
        assert all(word in shown["text"] for word in shown["keywords"])


CABIN = "The deposit of the red cabin in Ballstad, 180 euros, comes back by the end of July."
OTHERS = ("The boiler hums again.", "It rained all day.", "We had soup.", "The cat slept.")


@pytest.mark.models
def test_what_belongs_together_is_named_until_it_is_forgotten(
    tmp_path: Path, models_dir: Path, e5_packed: Path
) -> None:
    home = Home(tmp_path / "home", models=str(models_dir))
    try:
        paid = "I paid the deposit for the red cabin in Ballstad today."
        old = (paid, "The red cabin in Ballstad has a deposit?", *TALK[4:])
        home.finish("add", paths=[str(write(tmp_path / "old.jsonl", old))], wait=True)
        new = (CABIN, "Good news about the red cabin in Ballstad then.")
        chats = [
            write(tmp_path / "new.jsonl", new, "2025-07-19"),
            write(tmp_path / "other.jsonl", OTHERS * 3, "2025-08-19"),
        ]
        home.finish("add", paths=list(map(str, chats)), wait=True)
        episodes = {episode["source"]: episode for episode in listed(home)}
        shown = {m["text"]: m["id"] for e in episodes.values() for m in _whole(home, e)["said"]}

        def related(text: str) -> list[str]:
            found = home.call("show", id=shown[text])
            return [moment["text"] for moment in found["related"]]

        def similar(name: str) -> list[str]:
            return [e["source"] for e in _whole(home, episodes[name])["similar"]]

        assert set(related(CABIN)) == set(old[:2])
        assert related(paid) == [], "what came later is not older"
        assert "July" in home.call("show", id=shown[CABIN])["keywords"]
        assert similar("new.jsonl") == ["old.jsonl"]
        assert similar("other.jsonl") == []
        home.call("forget", ids=[shown[paid]])
        assert related(CABIN) == [old[1]]
        home.call("undo")
        assert set(related(CABIN)) == set(old[:2])
        home.call("forget", source="old.jsonl")
        assert related(CABIN) == similar("new.jsonl") == []
        forgotten = home.call("show", id=shown[paid])
        assert forgotten["keywords"] == forgotten["related"] == []
    finally:
        home.kill()


def _whole(home: Home, episode: dict[str, Any]) -> dict[str, Any]:
    return home.call("show", id=episode["id"])


@pytest.mark.models
@pytest.mark.slow
def test_the_demo_life_is_summed_up_and_linked(demo: Home) -> None:
    episodes = demo.finish("consolidate", now=True) and demo.call("episodes", limit=999)["episodes"]
    summed = [each for episode in episodes for each in episode["summary"]]
    assert len(summed) > 150
    asking = [each for each in summed if each["text"].endswith("?")]
    assert len(asking) < len(summed) / 20
    for episode in episodes[::9]:
        whole = _whole(demo, episode)
        assert len(whole["similar"]) <= 3
        assert whole["id"] not in {other["id"] for other in whole["similar"]}
        for moment in whole["said"]:
            shown = demo.call("show", id=moment["id"])
            same = {other["id"] for other in (*shown["alike"], *whole["said"])}
            assert same.isdisjoint(other["id"] for other in shown["related"])
            assert all(other["time"][:10] <= shown["time"][:10] for other in shown["related"])
    (torte,) = demo.call("recall", question="And I thought of the birthday torte in June", k=1)[
        "hits"
    ]
    related = demo.call("show", id=torte["id"])["related"]
    assert any("Hazelnut torte" in other["text"] for other in related)
