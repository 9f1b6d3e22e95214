"""What the app shows after something went wrong on the way to the core; no model needed."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import DataTable

from secondme import errors
from secondme.config import Config
from secondme.tui.app import SecondMe
from secondme.tui.memory import Memory
from secondme.tui.widgets.density import Density
from secondme.tui.widgets.moments import MomentList
from tests.home import Home, chat
from tests.tui.driving import drive, paste, screen, told, until

LOADS = {
    "recall": "recall",
    "timeline": "timeline",
    "facts": "entities",
    "profile": "profile",
    "sources": "sources",
    "model": "models",
    "journal": "log",
}
"""A use case that each pane cannot do without."""


class Watched(Memory):
    """Counts what is asked for; `fails` is lost on the way, once."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.asked = Counter[str]()
        self.fails = ""

    async def call(self, use_case: str, /, **params: Any) -> dict[str, Any]:
        if use_case == self.fails:
            self.fails = ""
            raise errors.CoreError("the connection to the core was lost")
        said = await super().call(use_case, **params)
        self.asked[use_case] += 1
        return said


@pytest.fixture
def garden(own: Home) -> Home:
    chat(own.path / "garden.jsonl", "garden", 30)
    own.finish("add", paths=[str(own.path / "garden.jsonl")])
    return own


async def go(app: SecondMe, pilot: Pilot[None], id_: str) -> None:
    await app.action_go(id_)
    if id_ == "recall":
        await paste(app, pilot, "bicycle")


async def comes_back(app: SecondMe, pilot: Pilot[None], memory: Watched, home: Home) -> None:
    """Let the core die and another one start; what is asked for is counted from then on."""
    home.kill()
    memory.asked.clear()
    await until(pilot, lambda: "the core is running again" in told(app))


@pytest.mark.parametrize("front", LOADS)
def test_after_a_core_has_died_the_pane_in_front_loads_again(garden: Home, front: str) -> None:
    memory = Watched(garden.config)

    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await go(app, pilot, front)
        await until(pilot, lambda: memory.asked[LOADS[front]])
        await comes_back(app, pilot, memory, garden)
        await until(pilot, lambda: memory.asked[LOADS[front]])

    drive(flow, garden.config, memory)


def test_after_a_core_has_died_every_pane_loads_again_when_it_comes_to_the_front(
    garden: Home,
) -> None:
    memory = Watched(garden.config)

    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        for id_ in [*LOADS, "ask"]:
            await go(app, pilot, id_)
            await until(pilot, lambda id_=id_: id_ == "ask" or memory.asked[LOADS[id_]])
        await comes_back(app, pilot, memory, garden)
        for id_ in LOADS:
            await app.action_go(id_)
            await until(pilot, lambda id_=id_: memory.asked[LOADS[id_]])

    drive(flow, garden.config, memory)


@pytest.mark.parametrize("pane", LOADS)
def test_what_was_lost_on_the_way_is_loaded_when_the_memory_tells_of_itself_again(
    garden: Home, pane: str
) -> None:
    memory = Watched(garden.config)

    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        memory.fails = LOADS[pane]
        await go(app, pilot, pane)
        await until(pilot, lambda: "the connection to the core was lost" in told(app))
        app.state = app.state
        await until(pilot, lambda: memory.asked[LOADS[pane]])

    drive(flow, garden.config, memory)


def test_a_day_that_one_looks_at_changes_with_the_memory(garden: Home) -> None:
    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await app.action_go("timeline")
        await until(pilot, lambda: "28 May 2024 · 1 moment" in screen(app))
        chat(garden.path / "more.jsonl", "more", 28)
        garden.finish("add", paths=[str(garden.path / "more.jsonl")])
        await until(pilot, lambda: "28 May 2024 · 2 moments" in screen(app))
        day = app.pane.query_one("#day", MomentList)
        day.focus()
        await pilot.press("down")
        kept = day.chosen
        await pilot.press("up", "f", "y")
        await until(pilot, lambda: "28 May 2024 · 1 moment" in screen(app))
        assert day.chosen == kept
        await pilot.press("ctrl+z")
        await until(pilot, lambda: "28 May 2024 · 2 moments" in screen(app))

    drive(flow, garden.config)


def test_a_click_on_a_bar_goes_to_its_month(garden: Home) -> None:
    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await app.action_go("timeline")
        await until(pilot, lambda: "28 May 2024" in screen(app))
        await pilot.click(Density, offset=(1, 4))
        await until(pilot, lambda: "1 May 2024" in screen(app))
        assert app.focused is app.pane.query_one("#day")

    drive(flow, garden.config)


def test_the_journal_brings_older_lines_only_after_those_that_it_shows(own: Home) -> None:
    for n in range(130):
        own.call("note", text=f"note number {n}")

    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await app.action_go("journal")
        table = app.pane.query_one(DataTable)
        await until(pilot, lambda: table.row_count == 100)
        await pilot.press("m")
        own.call("note", text="one more")
        await until(pilot, lambda: "one more" in screen(app))
        while table.row_count < 131:
            await pilot.press("m")
            await pilot.pause(0.05)
        rows = [str(table.get_row_at(n)[2]) for n in range(table.row_count)]
        assert rows == ["one more", *(f"note number {n}" for n in range(129, -1, -1))]

    drive(flow, own.config)
