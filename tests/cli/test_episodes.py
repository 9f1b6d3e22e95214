"""`episodes`, `consolidate` and `mark`: what belongs together, as a person reads it."""

from __future__ import annotations

from pathlib import Path

from tests.home import Home, chat


def test_episodes_are_listed_and_shown_whole(fresh: Home, tmp_path: Path) -> None:
    assert fresh.run("episodes").code == 1
    chat(tmp_path / "garden.jsonl", "garden", 8)
    fresh.run("add", str(tmp_path / "garden.jsonl"))
    done = fresh.run("consolidate", "--now")
    assert done.out == "episodes    done\nalike       done\n"

    head, *rows = fresh.run("episodes").out.splitlines()
    assert head.split() == ["id", "when", "moments", "about"]
    assert len(rows) == 2
    assert rows[0].endswith("(Ana, Ben)")
    listed = fresh.run("episodes", "--json").json["episodes"][0]
    first = listed["summary"][0]
    assert rows[1] == f"{' ' * 10}{first['speaker']}: {first['text']}"
    whole = fresh.run("show", rows[0].split()[0]).out
    assert all(f"markergardenx{i}" in whole for i in range(8))
    summed = whole.split("\n\n")[0]
    assert all(f"    {told['speaker']}: {told['text']}" in summed for told in listed["summary"])

    (hit,) = fresh.run("recall", "markergardenx3", "-k", "1", "--json").json["hits"]
    assert rows[0].split()[0] in fresh.run("show", hit["id"]).out
    together = fresh.run("recall", "markergardenx3", "--episodes").out
    episode = fresh.run("episodes", "--json").json["episodes"][0]
    assert together.startswith(f"{episode['title']} · ")
    assert "markergardenx3 " in together
    without = fresh.run("recall", "markergardenx3", "--without", hit["id"]).out
    assert "markergardenx3 " not in without
    assert "markergardenx" in without
    assert fresh.run("episodes", "--who", "Zoe").code == 1
    assert "no episode has an id beginning 'ezzz'" in fresh.run("show", "ezzz").err


def test_a_mark_is_seen_and_can_be_taken_back_and_done_again(fresh: Home) -> None:
    fresh.run("note", "the boiler was mended")
    (hit,) = fresh.run("recall", "boiler", "--json").json["hits"]
    assert fresh.run("mark", "wrong", hit["id"][:8]).out == "marked 1 moment as wrong\n"
    assert "marked" in fresh.run("show", hit["id"]).out
    fresh.run("undo")
    assert "marked" not in fresh.run("show", hit["id"]).out
    fresh.run("redo")
    assert "marked" in fresh.run("show", hit["id"]).out
    assert fresh.run("mark", "odd", hit["id"]).code == 2
    assert fresh.run("mark", "good", "mzzz").code == 1
    assert fresh.run("recall", "boiler", "--all", "--json").json["hits"][0]["id"] == hit["id"]
