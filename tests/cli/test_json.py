"""What `--json` prints is what docs/json.md says, and nothing stands beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.shapes import faults, shapes
from tests.home import Home

WITH_MODELS = {
    "secondme ask",
    "secondme chat",
    "secondme model fetch",
    "secondme model use",
    "secondme model plan",
    "secondme model remove",
}
PARTS = {
    "moment",
    "span",
    "times",
    "source",
    "citation",
    "change",
    "setting",
    "fact",
    "together",
    "named",
    "entity",
    "episode",
    "told",
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory, life: Path) -> dict[str, object]:
    """The output of every command that needs no model, by its heading in the page."""
    home = Home(tmp_path_factory.mktemp("json"), idle_exit="1")
    found: dict[str, object] = {}

    def run(name: str, *arguments: str) -> None:
        done = home.run(*name.split()[1:], *arguments, "--json")
        assert done.out.count("\n") == 1, done
        found[name] = done.json

    try:
        backup = tmp_path_factory.mktemp("export") / "memory"
        run("secondme add", str(life))
        run("secondme note", "a note about the flat", "--who", "Ana")
        run("secondme watch", str(life))
        run("secondme sources")
        run("secondme sources find")
        run("secondme recall", "the keys to the flat", "--explain", "--around", "1", "--episodes")
        moment = found["secondme recall"]["hits"][0]["id"]  # type: ignore[index]
        run("secondme show", moment)
        run("secondme timeline", "2024-05-12")
        found["secondme mark"] = home.run("mark", "good", moment, "--json").json
        run("secondme consolidate", "--now")
        run("secondme episodes")
        found["secondme show EPISODE"] = home.run(
            "show",
            found["secondme episodes"]["episodes"][0]["id"],
            "--json",  # type: ignore[index]
        ).json
        run("secondme forget", moment, "--yes")
        run("secondme undo")
        run("secondme redo")
        home.run("undo")
        run("secondme log")
        run("secondme log --reads")
        run("secondme sources rm", life.name)
        run("secondme status")
        run("secondme core status")
        run("secondme doctor")
        run("secondme index rebuild")
        run("secondme note", "My name is Ana Reis. I live in Graça.", "--who", "Ana")
        run("secondme note", "Meine Schwester Lena kommt. Ich bin allergisch gegen Pollen.")
        home.client.call("facts-read")
        run("secondme facts")
        run("secondme facts confirm", found["secondme facts"]["facts"][0]["id"])  # type: ignore[index]
        run("secondme facts", "--history")
        run("secondme conflicts")
        run("secondme review")
        run("secondme people", "--kind", "all")
        run("secondme people merge", "Lena", "Graça")
        run("secondme people split", "Lena", "Graça")
        run("secondme profile")
        run("secondme export", str(backup))
        run("secondme import", str(backup))
        run("secondme model list")
        run("secondme model list --found")
        run("secondme model recommend")
        run("secondme model memory", "0")
        run("secondme model verify")
        run("secondme config list")
        run("secondme config get", "idle_exit")
    finally:
        home.stop()
    return found


@pytest.mark.parametrize("name", sorted(shapes().keys() - WITH_MODELS - PARTS))
def test_output_has_the_shape_that_is_documented(outputs: dict[str, object], name: str) -> None:
    assert list(faults(outputs[name], shapes()[name])) == []


def test_every_part_of_a_shape_is_one_that_is_used() -> None:
    page = str(shapes())
    assert all(f"'{part}'" in page or f"'{part}|null'" in page for part in PARTS)


def test_a_shape_that_is_wrong_is_noticed() -> None:
    moment = {"id": "m1", "external_id": None, "text": "x", "time": "2024-05-12T18:30:00+01:00"}
    moment |= {"speaker": None, "source": "x", "path": None, "span": [0, 1]}
    assert list(faults(moment, shapes()["moment"])) == []
    for wrong in (
        moment | {"text": None},
        moment | {"span": ["a"]},
        moment | {"more": 1},
        {k: v for k, v in moment.items() if k != "path"},
        [moment],
    ):
        assert list(faults(wrong, shapes()["moment"]))


def test_errors_leave_standard_output_empty(memory: Home) -> None:
    for arguments in (
        ("show", "mzzz"),
        ("recall", "?"),
        ("undo", "0zzz"),
        ("model", "use", "nothing"),
    ):
        done = memory.run(*arguments, "--json")
        assert done.code in (1, 2, 3)
        assert done.out == ""
        assert done.err.startswith("error: ")
