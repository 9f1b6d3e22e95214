"""The documents are true: links resolve, commands exist, generated parts are current."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.home import COMMAND

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_resolve(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def commands() -> list[tuple[str, ...]]:
    """Every command that README and guide tell a person to type, without its arguments."""
    found = set()
    for page in (
        ROOT / "README.md",
        ROOT / "docs" / "guide.md",
        ROOT / "docs" / "troubleshooting.md",
    ):
        for words in re.findall(r"secondme ((?:[a-z]+ ?)+)", page.read_text(encoding="utf-8")):
            name, *rest = words.split()
            if name in ("model", "core", "config", "index", "sources") and rest:
                found.add((name, rest[0]))
            elif name not in ("is", "plugins"):
                found.add((name,))
    return sorted(found)


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_the_commands_in_the_documents_exist(words: tuple[str, ...]) -> None:
    done = subprocess.run([COMMAND, *words, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Examples:" in done.stdout


def test_options_in_the_documents_exist() -> None:
    for page in (ROOT / "README.md", ROOT / "docs" / "guide.md"):
        for line in re.findall(
            r"^ {4}secondme (\w+)([^#\n]*)", page.read_text(encoding="utf-8"), re.M
        ):
            help_ = subprocess.run(
                [COMMAND, line[0], "--help"], capture_output=True, text=True, check=True
            ).stdout
            for option in re.findall(r"(?<= )--[a-z-]+", line[1]):
                if line[0] in ("model", "sources"):
                    continue  # their options belong to the commands below them
                assert option in help_, f"secondme {line[0]} {option}"


def test_the_picture_of_the_architecture_is_current() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "make_architecture.py", "--check"], check=False
    )
    assert done.returncode == 0, "run: python docs/make_architecture.py"


def test_the_guides_plugin_works(tmp_path: Path) -> None:
    """The example is installed as a person would, in a folder of its own, and reads a file."""
    from tests.home import Home

    text = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n# org_importer.py\n(.*?)```", text, re.S)
    assert code
    site = tmp_path / "site"
    (site / "org_importer-0.1.dist-info").mkdir(parents=True)
    (site / "org_importer.py").write_text(code[1])
    (site / "org_importer-0.1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: org-importer\nVersion: 0.1\n"
    )
    (site / "org_importer-0.1.dist-info" / "entry_points.txt").write_text(
        "[secondme.plugins]\norg = org_importer\n"
    )
    home = Home(tmp_path / "home")
    home.env["PYTHONPATH"] = str(site)
    (tmp_path / "a.org").write_text("* Garden\n\nThe quince is in flower.\n")
    try:
        assert home.run("add", str(tmp_path / "a.org")).code == 0
        assert "quince" in home.run("recall", "quince").out
    finally:
        home.stop()


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
            assert not re.search(r"/root/|/home/\w+/\.cache|\bpythonhosted\b", text), name
