"""Every command explains itself, and a command line that is wrong says how it should be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from secondme import __version__
from secondme.cli.commands import command
from tests.cli.terminal import variables
from tests.home import Home

ROOT = Path(__file__).parents[2]
EXPECTED = (
    "add note watch sources recall ask chat show timeline episodes facts people profile review conflicts"
    " mark forget log undo redo status doctor consolidate index export import model core config"
).split()


def _below(command_: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    context = command_.context_class(command_, info_name="secondme")
    names = command_.list_commands(context) if hasattr(command_, "list_commands") else []
    return [path] * bool(path) + [
        each
        for name in names
        for each in _below(command_.get_command(context, name), (*path, name))
    ]


def test_every_command_is_there() -> None:
    assert sorted({path[0] for path in _below(command())}) == sorted(EXPECTED)


def test_help_lists_every_command(cold: Home) -> None:
    done = cold.run("--help")
    assert done.code == 0
    assert all(f"\n  {name} " in done.out for name in EXPECTED)


@pytest.mark.parametrize("path", _below(command()), ids=" ".join)
def test_each_command_says_what_it_does_with_examples_that_name_it(path: tuple[str, ...]) -> None:
    context = command().context_class(command(), info_name="secondme")
    found = command()
    for name in path:
        found = found.get_command(context, name)
    help_ = found.get_help(context)
    paragraph, _, examples = help_.partition("\nExamples:\n")
    assert len(paragraph.split("\n\n")[1].split()) > 2
    assert any(" ".join(("secondme", *path)) in line for line in examples.splitlines())


def test_the_page_of_commands_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "make_commands.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_version(cold: Home) -> None:
    assert cold.run("--version").out == f"secondme {__version__}\n"


def test_without_a_command_it_says_what_to_try_and_makes_nothing(cold: Home) -> None:
    done = cold.run()
    assert done.code == 0
    assert "nothing is remembered yet" in done.out
    assert "secondme add" in done.out
    assert not cold.config.data_dir.exists()


def test_without_a_command_it_says_what_is_remembered(memory: Home) -> None:
    done = memory.run()
    assert done.code == 0
    assert "5 moments in 2 items from 1 source" in done.out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("recal", "x"), "there is no command 'recal' — did you mean `secondme recall`?"),
        (("show",), "missing argument 'ID' — see `secondme show --help`"),
        (("recall", "x", "-k", "many"), "'many' is no whole number"),
        (("recall", "x", "-k", "0"), "0 is not from 1 to 1000"),
        (("recall", "x", "--tokens", "0"), "0 is not at least 1"),
        (("recall", "x", "--colour"), "no such option: --colour"),
        (("index",), "missing command"),
        (("recall", "x", "--after", "soon"), "'soon' is no date"),
        (("recall", "?"), "the question is empty"),
        (("add", "-", "x.md"), "stands alone"),
        (("config", "get", "colour"), "there is no setting named 'colour'"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(
    memory: Home, arguments: tuple[str, ...], line: str
) -> None:
    done = memory.run(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith("error: ")
    assert line in done.err
    assert done.err.count("\n") == 1


def test_shells_complete_commands_and_settings(memory: Home) -> None:
    def complete(words: str) -> list[str]:
        at = str(len(words.split(" ")) - 1)
        with variables(memory, _SECONDME_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=at):
            return memory.run().out.split()

    assert complete("secondme re") == ["recall", "review", "redo"]
    assert complete("secondme model re") == ["remove", "recommend"]
    assert complete("secondme config get idle") == ["idle_exit"]
    assert "--explain" in complete("secondme recall --ex")


def test_recall_imports_nothing_heavy(memory: Home) -> None:
    with variables(memory, PYTHONPROFILEIMPORTTIME="1"):
        done = memory.run("recall", "Lisbon", "-k", "3", "--json")
    imported = {line.rpartition("|")[2].strip().split(".")[0] for line in done.err.splitlines()}
    assert "typer" in imported
    heavy = (
        "pydantic rich httpx2 numpy chromadb onnxruntime llama_cpp starlette uvicorn sqlite3"
        " http email ssl hashlib tempfile tomllib".split()
    )
    assert imported.isdisjoint(heavy)
