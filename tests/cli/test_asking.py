"""`ask`, `chat` and `model` with real models."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.shapes import faults, shapes
from tests.cli.terminal import in_terminal, plain
from tests.home import Home

pytestmark = [pytest.mark.models, pytest.mark.slow]


@pytest.fixture(scope="module")
def answering(
    tmp_path_factory: pytest.TempPathFactory,
    life: Path,
    models_dir: Path,
    qwen: Path,
    e5_packed: Path,
) -> Iterator[Home]:
    """A memory that holds the folder, with the default models."""
    home = Home(tmp_path_factory.mktemp("answering"), models=str(models_dir), threads="2")
    try:
        home.finish("add", paths=[str(life)], wait=True)
        yield home
    finally:
        home.stop()


def test_an_answer_comes_with_its_citations(answering: Home) -> None:
    done = answering.run("ask", "When was the boiler serviced?")
    assert done.code == 0
    assert "March" in done.out
    assert "\n[1] " in done.out
    assert "flat.md:" in done.out
    as_json = answering.run("ask", "--json", stdin="When was the boiler serviced?\n")
    assert list(faults(as_json.json, shapes()["secondme ask"])) == []
    assert as_json.json["citations"][0]["path"].endswith("flat.md")


def test_without_evidence_it_refuses_and_says_what_it_looked_for(answering: Home) -> None:
    done = answering.run("ask", "What is the capital of Peru?")
    assert done.code == 1
    assert "looked for: " in done.out
    assert "Peru" in done.out
    as_json = answering.run("ask", "What is the capital of Peru?", "--json")
    assert as_json.code == 1
    assert as_json.json["refused"] is True
    assert list(faults(as_json.json, shapes()["secondme ask"])) == []


def test_on_a_terminal_what_stands_there_in_the_end_is_the_answer(answering: Home) -> None:
    code, written = in_terminal(answering, "ask", "When was the boiler serviced?")
    assert code == 0
    answer = answering.run("ask", "When was the boiler serviced?", "--json").json["answer"]
    assert plain(written).rpartition("\r")[2].startswith(answer)
    assert "s in all" in written


def test_a_chat_from_a_pipe_answers_each_line_and_is_remembered(answering: Home) -> None:
    asked = "When was the boiler serviced?\n\nI like the colour of the tiles.\n"
    done = answering.run("chat", "--json", stdin=asked)
    assert done.code == 0
    replies = [json.loads(line) for line in done.out.splitlines()]
    assert len(replies) == 2
    for reply in replies:
        assert list(faults(reply, shapes()["secondme chat"])) == []
        assert len(reply["remembered"]) == 2
    assert answering.run("show", replies[1]["remembered"][0]).code == 0
    assert answering.run("recall", "tiles").code == 0


def test_what_was_asked_does_not_stand_before_the_evidence(answering: Home) -> None:
    question = "What shall Ben bring on Saturday?"
    asked = answering.run("chat", "--json", stdin=f"{question}\nWhat does the unicorn eat?\n")
    replies = [json.loads(line) for line in asked.out.splitlines()]
    hits = answering.run("recall", question, "--json").json["hits"]
    assert hits[0]["external_id"] == "fam-2"
    assert question not in [hit["text"] for hit in hits]
    assert replies[1]["refused"] is True
    everything = answering.run("recall", "unicorn", "--json").json["hits"]
    assert "unicorn" not in str(everything)

    found = answering.run("recall", question, "--source", "chat 20", "--json").json["hits"]
    assert question in [hit["text"] for hit in found], "by its source it is found"
    assert re.fullmatch(r"chat \d{4}-\d\d-\d\d", found[0]["source"])
    shown = answering.run("show", replies[0]["remembered"][1], "--json").json
    assert [m["text"] for m in shown["before"]] == [question]


def test_an_exchange_is_one_change(answering: Home) -> None:
    (reply,) = map(
        json.loads, answering.run("chat", "--json", stdin="The heron is back.\n").out.splitlines()
    )
    (entry,) = answering.run("log", "-n", "1", "--json").json["entries"]
    assert (entry["kind"], entry["summary"]) == ("chat", "The heron is back.")
    assert answering.run("undo").code == 0
    for id_ in reply["remembered"]:
        assert answering.run("show", id_, "--json").json["live"] is False
    answering.run("redo")
    assert answering.run("show", reply["remembered"][0], "--json").json["live"] is True


def test_a_private_chat_leaves_nothing(answering: Home) -> None:
    before = answering.run("log", "--json").json
    done = answering.run("chat", "--private", stdin="The password of the safe is hidden.\n")
    assert done.code == 0
    assert answering.run("log", "--json").json == before


def test_a_chat_at_the_prompt_goes_on_after_a_reply_that_was_stopped(answering: Home) -> None:
    code, written = in_terminal(
        answering,
        "chat",
        "--private",
        keys=(("> ", "Who has the drill?\n"), ("drill?\r\n", "\x03"), ("> ", "/quit\n")),
    )
    assert code == 0, written
    assert "Traceback" not in written


def test_models_are_listed_used_checked_and_removed(
    tmp_path: Path, smollm: Path, e5_packed: Path
) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    for file in (smollm, e5_packed):
        os.link(file, folder / file.name)
    home = Home(tmp_path / "home", models=str(folder))
    try:
        found = {m["name"]: m for m in home.run("model", "list", "--json").json["models"]}
        assert (found["smollm2-135m"]["fetched"], found["smollm2-135m"]["in_use"]) == (True, False)

        used = home.run("model", "use", "smollm2-135m", "--json")
        assert list(faults(used.json, shapes()["secondme model use"])) == []
        planned = home.run("model", "plan", "smollm2-135m", "--memory", "150MB", "--json")
        assert list(faults(planned.json, shapes()["secondme model plan"])) == []
        assert planned.json["uses"] <= 150 < planned.json["memory"] + 1
        small = home.run("model", "use", "smollm2-135m", "--memory", "20MB")
        assert (small.code, "the smallest that works is" in small.err) == (2, True)
        assert home.run("model", "use", "smollm2-135m", "--memory", "0.2GB").code == 0
        assert home.run("config", "get", "memory", "--json").json["value"] == 200
        share = home.run("model", "memory", "150%", "--json")
        assert share.json["memory"] == round(smollm.stat().st_size / 1e6 * 1.5)
        half = home.run("model", "plan", "smollm2-135m", "--memory", "140%", "--json")
        assert half.json["memory"] == round(smollm.stat().st_size / 1e6 * 1.4)
        assert home.run("model", "plan", "smollm2-135m", "--memory", "9%").code == 2
        missing = home.run("model", "plan", "qwen2.5-coder-1.5b", "--memory", "50%")
        assert (missing.code, "model fetch" in missing.err) == (1, True)
        for wrong in ("much", "%", "0%", "-5%"):
            assert home.run("model", "memory", wrong).code == 2
        assert home.run("model", "memory", "0").code == 0
        refused = home.run("model", "remove", "smollm2-135m")
        assert refused.code == 1
        assert "is in use" in refused.err

        assert "whole  smollm2-135m" in home.run("model", "verify", "smollm2-135m").out
        fetched = home.run("model", "fetch", "--json")
        assert list(faults(fetched.json, shapes()["secondme model fetch"])) == []
        assert {each["name"] for each in fetched.json["fetched"]} == {
            "smollm2-135m",
            "e5-small",
            "en-core-web-sm",
        }

        assert home.run("config", "unset", "language_model").code == 0
        removed = home.run("model", "remove", "smollm2-135m", "--json")
        assert list(faults(removed.json, shapes()["secondme model remove"])) == []
        assert not (folder / smollm.name).exists()
        again = home.run("model", "remove", "smollm2-135m")
        assert again.code == 1
        assert again.err.startswith("error: the model 'smollm2-135m' is not here")
        missing = home.run("model", "use", "smollm2-135m")
        assert missing.code == 1
        assert "`secondme model fetch smollm2-135m`" in missing.err
    finally:
        home.stop()
