"""Keys as a terminal sends them."""

from __future__ import annotations

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.pilot import Pilot

from secondme.tui.app import SecondMe
from secondme.tui.widgets.bars import Screens
from secondme.tui.widgets.field import Field
from tests.home import Home
from tests.tui.driving import drive, until


def test_alt_and_a_number_goes_to_a_screen_from_where_one_types(own: Home) -> None:
    assert "\x1b8" not in ANSI_SEQUENCES_KEYS, "it would be a character"

    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: len(app.screen_stack) == 1)
        await pilot.press(*"beet", "alt+8")
        assert app.query_one(Screens).current == "journal"
        assert app.query_one("#ask").query_one(Field).value == "beet"

    drive(flow, own.config)
