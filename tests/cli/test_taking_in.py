"""`add`, `note`, `watch` and `sources`: what comes in, what does not and why."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.home import COMMAND, Home

FILES = 4000


def test_add_says_what_came_in_and_what_did_not(fresh: Home, life: Path) -> None:
    done = fresh.run("add", str(life))
    assert done.code == 0
    assert done.out.startswith("2 new items, 5 moments\n")
    assert "no importer for .png: 5 files" in done.err

    again = fresh.run("add", str(life))
    assert again.code == 0
    assert again.out.startswith("nothing new\n2 items unchanged\n")


def test_paths_are_those_of_the_folder_the_command_runs_in(shared: Home, tmp_path: Path) -> None:
    (tmp_path / "here.md").write_text("a lighthouse\n")
    done = subprocess.run(
        [COMMAND, "add", "here.md"], env=shared.env, cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0
    assert shared.run("recall", "lighthouse", "--json").json["hits"][0]["path"] == str(
        tmp_path / "here.md"
    )


def test_a_file_in_trouble_is_named_and_the_rest_is_taken_in(shared: Home, tmp_path: Path) -> None:
    good, secret = tmp_path / "good.md", tmp_path / ".env"
    good.write_text("a lemon tree\n")
    secret.write_text("TOKEN=1\n")
    done = shared.run("add", str(good), str(secret), str(tmp_path / "missing.md"))
    assert done.code == 0
    assert "1 new item" in done.out
    assert f"{secret}: looks like a secret; --force takes it in all the same" in done.err
    assert "missing.md: does not exist" in done.err


def test_add_fails_when_nothing_that_was_named_can_be_read(shared: Home, tmp_path: Path) -> None:
    done = shared.run("add", str(tmp_path / "missing.md"), "--json")
    assert done.code == 1
    assert done.json["skipped"] == [
        {"path": str(tmp_path / "missing.md"), "reason": "does not exist"}
    ]


def test_add_reads_a_file_from_a_pipe_under_a_name(shared: Home) -> None:
    line = {
        "id": "c1",
        "speaker": "Ana",
        "text": "the train leaves at nine",
        "time": "2024-05-01T08:00:00",
    }
    done = shared.run("add", "-", "--name", "chat.jsonl", stdin=json.dumps(line) + "\n")
    assert done.code == 0, done
    (hit,) = shared.run("recall", "train", "--json").json["hits"]
    assert (hit["speaker"], hit["external_id"], hit["path"]) == ("Ana", "c1", None)

    assert shared.run("add", "-", stdin="a plain thought about umbrellas").code == 0
    assert shared.run("recall", "umbrellas").code == 0
    refused = shared.run("add", "-", "--name", "x.png", stdin="x")
    assert (refused.code, refused.err) == (2, "error: x.png: there is no importer for .png\n")


def test_waiting_for_vectors_without_an_embedder_is_one_clear_line(
    shared: Home, life: Path
) -> None:
    done = shared.run("add", str(life), "--wait")
    assert done.code == 1
    assert done.err.startswith("error: the embedder 'e5-small' has not been fetched — ")
    assert "`secondme model fetch e5-small`" in done.err


def test_stopping_an_add_keeps_what_was_taken_in(fresh: Home, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(FILES):
        (folder / f"{number}.md").write_text(f"thing number {number}\n")
    fresh.client.ensure()
    process = subprocess.Popen(
        [COMMAND, "add", folder],
        env=fresh.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while fresh.call("core-status")["moments"] == 0:
        time.sleep(0.02)
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert "safe, the rest is taken in when you run it again" in err
    assert err.count("\n") == 1

    said = int(err.split()[1].replace(",", ""))
    while fresh.call("log")["entries"][0]["summary"] == "under way":
        time.sleep(0.02)
    assert said <= fresh.call("core-status")["moments"] < FILES


def test_a_note_is_remembered_at_once(shared: Home) -> None:
    done = shared.run("note", "the boiler", "was serviced", "--who", "Ana", "--time", "2024-05-03")
    assert done.code == 0
    assert done.out.startswith("remembered m")
    assert shared.run("note", "-", stdin="the umbrella is at Ben's\n").code == 0

    (hit,) = shared.run("recall", "boiler", "--json").json["hits"]
    assert (hit["text"], hit["speaker"], hit["time"][:10]) == (
        "the boiler was serviced",
        "Ana",
        "2024-05-03",
    )
    assert shared.run("recall", "-", stdin="umbrella\n").code == 0
    assert shared.run("note", "", stdin="").code == 2


def test_a_watched_folder_is_taken_in_and_followed(
    new_home: Callable[..., Home], tmp_path: Path
) -> None:
    home, folder = new_home(settle="0.1"), tmp_path / "vault"
    folder.mkdir()
    (folder / "one.md").write_text("a kettle\n")
    assert home.run("watch", str(folder)).code == 0
    (folder / "two.md").write_text("a violin\n")
    deadline = time.monotonic() + 20
    while home.run("recall", "violin").code and time.monotonic() < deadline:
        time.sleep(0.1)
    assert home.run("recall", "kettle").code == 0

    listed = home.run("sources")
    assert str(folder) in listed.out
    assert "yes" in listed.out

    removed = home.run("sources", "rm", "vault")
    assert removed.out.startswith(f"removed {folder}\n")
    assert home.run("recall", "kettle").code == 0, "what came from it stays"
    assert home.run("undo").code == 0
    assert home.run("sources", "--json").json["sources"][0]["watched"] is True


def test_removing_a_source_with_what_came_from_it_needs_a_yes(shared: Home, tmp_path: Path) -> None:
    note = tmp_path / "old.md"
    note.write_text("a recipe\n")
    shared.run("add", str(note))
    assert shared.run("sources", "rm", "old.md", "--forget").code == 1
    assert shared.run("recall", "recipe").code == 0
    assert "forgot 1 moment" in shared.run("sources", "rm", "old.md", "--forget", "--yes").out
    assert shared.run("recall", "recipe").code == 1
    assert shared.run("sources", "rm", "old.md").err.startswith(
        "error: there is no source 'old.md'"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="names are text there")
def test_a_name_that_is_no_text_stops_nothing(shared: Home, tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.md"
    Path(os.fsdecode(path)).write_text("a bicycle\n")
    (tmp_path / "good.md").write_text("a kettle\n")
    done = shared.run("add", str(tmp_path))
    assert done.code == 0, done
    assert "caf\ufffd.md: has a name that is not valid UTF-8" in done.err
    assert shared.run("recall", "kettle").code == 0
    named = shared.run("add", os.fsdecode(path))
    assert named.code == 2
    assert named.err.count("\n") == 1
