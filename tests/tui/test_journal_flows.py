"""The journal in the app: what was read by which client."""

from __future__ import annotations

from textual.pilot import Pilot
from textual.widgets import DataTable, Static

from secondme.tui.app import SecondMe
from secondme.tui.widgets.rows import MomentRow
from tests.home import Home
from tests.tui.driving import asked, drive, screen, until


def test_the_journal_shows_what_was_read_by_which_client(own: Home) -> None:
    own.call("note", text="the kettle is on the third shelf", who="Ana")
    own.call("recall", question="the kettle")

    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await pilot.press("escape", "8")
        table = app.pane.query_one(DataTable)
        await until(pilot, lambda: table.row_count == 1)
        assert "v Reads" in screen(app)
        await pilot.press("v")
        await until(pilot, lambda: "recall · the kettle is" in screen(app))
        assert "1 moment" in screen(app)
        assert "Ana" in str(app.pane.query_one(".about", Static).render())
        assert "Take back" not in screen(app)
        own.call("show", id=own.call("recall", question="the shelf")["hits"][0]["id"])
        await pilot.press("6", "8")
        await until(pilot, lambda: table.row_count == 3)
        await pilot.press("slash", *"show", "enter")
        await until(pilot, lambda: table.row_count == 1)
        await pilot.press("slash", *"violin", "enter")
        await until(pilot, lambda: "Nothing has “violin” in it." in screen(app))
        await pilot.press("v")
        await until(pilot, lambda: "Take back" in screen(app))
        await until(pilot, lambda: table.row_count == 1)

    drive(flow, own.config, size=(80, 24))


def test_of_a_private_conversation_not_even_a_look_is_noted(own: Home) -> None:
    own.call("note", text="the kettle is on the third shelf", who="Ana")

    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        for private in (True, False):
            await pilot.press("ctrl+o")
            await asked(app, pilot, "What did the doctor in Reykjavik say of the kettle?")
            app.query(MomentRow).first().focus()
            await pilot.press("enter")
            await until(pilot, lambda: app.pane.beside.moment is not None)  # type: ignore[attr-defined]
            await pilot.press("o")
            await until(pilot, lambda: len(app.screen_stack) == 2)
            await pilot.press("escape", "escape")
            kinds = {read["kind"] for read in own.call("reads")["reads"]}
            assert kinds == (set() if private else {"chat", "show", "original"})
            app.pane.beside.moment = None  # type: ignore[attr-defined]

    drive(flow, own.config)
