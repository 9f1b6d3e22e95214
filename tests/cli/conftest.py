"""A memory that the tests of a run share, and fresh ones for those that change it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.home import Home

NOTE = """# The flat in Graça

Ana moved to Lisbon in May 2024, into a flat in Graça.

The boiler was serviced in March; the next time is due in a year.
"""
MESSAGES = (
    ("fam-1", "2024-05-12T18:30:00+01:00", "Ana", "We got the keys to the flat today!"),
    (
        "fam-2",
        "2024-05-12T18:31:00+01:00",
        "Ben",
        "Wonderful, shall I bring the ladder on Saturday?",
    ),
    ("fam-3", "2024-05-12T18:32:00+01:00", "Ana", "Yes please, and the drill."),
)


@pytest.fixture(scope="session")
def life(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a note, a chat and a picture."""
    folder = tmp_path_factory.mktemp("life")
    (folder / "flat.md").write_text(NOTE, encoding="utf-8")
    lines = [
        {
            "id": id_,
            "conversation": "family",
            "session": 1,
            "time": time,
            "speaker": who,
            "text": text,
        }
        for id_, time, who, text in MESSAGES
    ]
    chat = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "family.jsonl").write_text(chat, encoding="utf-8")
    for number in range(5):
        (folder / f"picture{number}.png").write_bytes(b"\x89PNG")
    return folder


@pytest.fixture(scope="session")
def memory(tmp_path_factory: pytest.TempPathFactory, life: Path) -> Iterator[Home]:
    """A memory that holds the folder. Tests that use it leave it as they found it."""
    home = Home(tmp_path_factory.mktemp("memory"), idle_exit="2")
    try:
        home.finish("add", paths=[str(life)])
        yield home
    finally:
        home.stop()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A memory that tests add to, each with words of its own."""
    home = Home(tmp_path_factory.mktemp("shared"), idle_exit="2")
    yield home
    home.stop()


@pytest.fixture
def new_home(tmp_path: Path) -> Iterator[Callable[..., Home]]:
    """Makes memories that are empty, with settings of their own."""
    homes = []

    def make(**settings: str) -> Home:
        homes.append(Home(tmp_path / f"home{len(homes)}", **{"idle_exit": "1", **settings}))
        return homes[-1]

    yield make
    for home in homes:
        home.kill()


@pytest.fixture
def cold(new_home: Callable[..., Home]) -> Home:
    """A memory that is not there yet, and has no core."""
    return new_home()


@pytest.fixture
def fresh(cold: Home) -> Home:
    """A memory that is empty, with its core."""
    cold.client.ensure()
    return cold
