"""One memory with the demo life for all flows of the app, taken in by the app itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from textual.pilot import Pilot

from secondme.tui.app import SecondMe
from secondme.tui.widgets.exchange import Exchange
from tests.home import Home
from tests.tui.driving import drive, screen, until


@dataclass
class Life:
    """A memory, and what the app showed in its first minutes."""

    home: Home
    greeting: str
    first: Exchange


def of(home: Home, patch: pytest.MonkeyPatch) -> Home:
    """The home as the one that the app finds, and starts the core of."""
    for name, value in home.env.items():
        if name.startswith("SECONDME_"):
            patch.setenv(name, value)
    return home


@pytest.fixture(scope="session")
def life(
    tmp_path_factory: pytest.TempPathFactory, models_dir: Path, e5_packed: Path, qwen: Path
) -> Iterator[Life]:
    """The first minutes with the demo life, up to the first answer; then the memory stays."""
    home = Home(tmp_path_factory.mktemp("life"), models=str(models_dir), idle_exit="2")
    seen: list[str] = []
    answered: list[Exchange] = []

    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "A demo life" in screen(app))
        seen.append(screen(app))
        await pilot.press("ctrl+a")
        await until(pilot, lambda: any(e.answer for e in app.query(Exchange)), 120)
        answered.append(app.query_one(Exchange))

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("empty")))
        of(home, patch)
        try:
            drive(flow, home.config, begin=True)
            home.finish("consolidate", now=True)
            while home.call("facts-read")["unread"]:
                pass  # what the background still reads would change what is recalled
            yield Life(home, seen[0], answered[0])
        finally:
            home.stop()


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A memory of a test's own, without models."""
    home = of(Home(tmp_path / "home", idle_exit="2"), monkeypatch)
    home.client.ensure()
    yield home
    home.kill()
