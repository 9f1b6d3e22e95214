"""The documents are true: links resolve, commands exist, generated parts are current."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

from secondme.model.entries import ENTRIES
from tests.home import COMMAND, Home

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def anchors(page: Path) -> set[str]:
    """The names by which a page's headings are linked to."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_resolve(page: Path) -> None:
    for target, anchor in re.findall(
        r"\]\(([^)#\s]*)(?:#([^)]+))?\)", page.read_text(encoding="utf-8")
    ):
        if "://" not in target:
            linked = page.parent / target if target else page
            assert linked.exists(), target
            assert not anchor or anchor in anchors(linked), anchor


def lines(*names: str) -> list[list[str]]:
    """What these pages tell a person to type after `secondme`, as words, without comments."""
    found = []
    for name in names:
        text = (ROOT / name).read_text(encoding="utf-8")
        typed = re.findall(r"^(?: {4}|\$ )secondme (.+)$|\| secondme (.+)$", text, re.M)
        said = re.findall(r"`secondme ([^`A-Z…]+)[^`]*`", text)
        for line in [*(a or b for a, b in typed), *said]:
            words = shlex.split(line.split(" | ")[0].split(" || ")[0], comments=True)
            if words and not words[0].startswith("-"):
                found.append(words)
    return found


DOCUMENTS = ("README.md", "docs/guide.md", "docs/troubleshooting.md", "docs/security.md")
GROUPS = ("model", "core", "config", "index", "sources")


def command_of(words: list[str]) -> tuple[str, ...]:
    """The command that a line of words names, with the one below it where it names a group."""
    below = words[0] in GROUPS and len(words) > 1 and words[1].isalpha()
    return tuple(words[: 2 if below else 1])


@cache
def help_of(command: tuple[str, ...]) -> str:
    """What a command says with `--help`; nothing for one that does not exist."""
    done = subprocess.run(
        [COMMAND, *command, "--help"], capture_output=True, text=True, check=False
    )
    return "" if done.returncode else done.stdout


@pytest.mark.parametrize(
    "command", sorted({command_of(words) for words in lines(*DOCUMENTS)}), ids=" ".join
)
def test_commands_in_the_documents_exist(command: tuple[str, ...]) -> None:
    assert "Examples:" in help_of(command)


def test_options_in_the_documents_exist() -> None:
    for words in lines(*DOCUMENTS):
        for option in (w for w in words if re.fullmatch("-[a-z]|--[a-z-]+", w)):
            assert re.search(rf"(?<![\w-]){option}\b", help_of(command_of(words))), words


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 120


def test_the_picture_of_the_architecture_is_current() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "make_architecture.py", "--check"], check=False
    )
    assert done.returncode == 0, "run: python docs/make_architecture.py"


def test_the_picture_in_the_readme_needs_nothing_from_elsewhere() -> None:
    picture = (ROOT / "assets" / "picture.svg").read_text(encoding="utf-8")
    assert not re.search(r"@font-face|@import|href=|url\((?!#)", picture)
    assert len(picture.encode()) < 60_000


def test_the_guides_plugin_works(tmp_path: Path) -> None:
    """The example, installed in a folder of its own, reads the lines that it can."""
    text = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", text, re.S)
    project = re.search(r"```toml\n(.*?)```", text, re.S)
    assert code
    assert project
    project_ = tomllib.loads(project[1])["project"]
    info = tmp_path / "site" / "secondme_statement-1.0.dist-info"
    info.mkdir(parents=True)
    (info.parent / "secondme_statement.py").write_text(code[1], encoding="utf-8")
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project_['name']}\nVersion: {project_['version']}\n"
    )
    (info / "entry_points.txt").write_text(
        "".join(
            f"[{group}]\n" + "".join(f"{name} = {module}\n" for name, module in points.items())
            for group, points in project_["entry-points"].items()
        )
    )
    statement = tmp_path / "statement.csv"
    statement.write_text("date,payee,amount\n2026-02-03,Martin,12.40\n3 February,Bloc,118\n")
    home = Home(tmp_path / "home")
    home.env["PYTHONPATH"] = str(info.parent)
    try:
        added = home.run("add", str(statement), "--json").json
        assert added["moments"]["added"] == 1
        assert [s["reason"] for s in added["skipped"]] == ["is not date,payee,amount"]
        hit = home.run("recall", "Martin", "--json").json["hits"][0]
        assert hit["text"] == "Paid 12.40 to Martin"
        assert hit["time"].startswith("2026-02-03")
        assert statement.read_bytes()[slice(*hit["span"])] == b"2026-02-03,Martin,12.40\n"
    finally:
        home.stop()


def test_every_model_and_library_has_its_licence_on_the_page() -> None:
    page = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    for entry in ENTRIES:
        assert f"| {entry.name} | {entry.licence} | {entry.origin} |" in page
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for dependency in project["dependencies"]:
        name = re.split("[^A-Za-z0-9-]", dependency)[0]
        assert re.search(rf"[ ,]{name}[ ,\n]", page), name


def test_nothing_names_a_place_of_one_machine() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for name in tracked.splitlines():
        path = ROOT / name
        if (
            path.suffix in (".py", ".md", ".toml", ".txt", ".svg", "")
            and path.is_file()
            and "assets/demo" not in name
        ):
            text = path.read_text(encoding="utf-8", errors="replace")
            assert not re.search(r"/roo[t]/|/home/\w+/\.cache|\bpythonhoste[d]\b", text), name
