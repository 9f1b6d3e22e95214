"""What a person does in the app, with a real core and the demo life."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.text import Text
from textual.pilot import Pilot
from textual.widgets import DataTable, OptionList

from secondme.tui.app import SecondMe
from secondme.tui.panes.ask import AskPane
from secondme.tui.widgets.chips import Chip
from secondme.tui.widgets.exchange import Exchange
from secondme.tui.widgets.field import Field
from secondme.tui.widgets.moments import MomentList
from secondme.tui.widgets.rows import MomentRow
from secondme.tui.widgets.task import Task
from tests.tui.conftest import Life
from tests.tui.driving import asked, drive, paste, screen, told, type_, until

pytestmark = [pytest.mark.slow, pytest.mark.models]
BICYCLE = "How much did the green bicycle cost?"
SOLO = "Who wants to sing a small solo?"
"""The model reads for this one: it is not answered from the record."""


def texts(app: SecondMe) -> list[str]:
    """What the list on the screen holds."""
    return [moment["text"] for moment in app.pane.query_one(MomentList).moments]


async def choose(pilot: Pilot[None], table: DataTable[Text], text: str) -> None:
    """Choose the row that has this text, once it is there."""

    def row() -> int | None:
        rows = ([str(cell) for cell in table.get_row_at(n)] for n in range(table.row_count))
        return next((n for n, cells in enumerate(rows) if any(text in c for c in cells)), None)

    await until(pilot, lambda: row() is not None)
    table.move_cursor(row=row())
    await pilot.pause()


def test_the_first_minutes_end_in_a_first_answer(life: Life) -> None:
    assert "Everything stays on this machine" in life.greeting
    assert "[x] A demo life" in life.greeting
    assert "is here" in life.greeting
    answer = life.first.answer
    assert answer
    assert "420" in answer["answer"]
    assert answer["citations"]
    assert life.home.call("status")["moments"] >= 1125


def test_an_answer_its_citation_beside_and_the_original(life: Life) -> None:
    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await asked(app, pilot, BICYCLE)
        assert "420" in screen(app)
        assert "[1]" in screen(app)
        pane = app.query_one(AskPane)
        await until(pilot, lambda: pane.beside.moment is not None)
        assert "420" in pane.beside.moment["text"]  # type: ignore[index]
        await pilot.press("escape", "o")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.pause(0.1)
        assert "420" in screen(app)
        assert "assets/demo" in screen(app)
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        await pilot.press("t")
        await until(pilot, lambda: "meaning" in screen(app))

    drive(flow, life.home.config)


def test_a_refusal_says_what_it_looked_for_and_what_came_near(life: Life) -> None:
    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await asked(app, pilot, "What did the zookeeper of Reykjavik say?")
        assert app.query_one(Exchange).has_class("-refused")
        assert "looked for" in screen(app)
        assert app.query(MomentRow)

    drive(flow, life.home.config)


def test_escape_stops_and_the_question_comes_back_to_be_edited(life: Life) -> None:
    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        pane = app.query_one(AskPane)
        await paste(app, pilot, SOLO)
        await pilot.press("enter")
        await until(pilot, lambda: pane.busy)
        await pilot.press("escape")
        await until(pilot, lambda: not pane.busy)
        assert "stopped" in screen(app)
        await pilot.press("up")
        assert app.query_one("#question", Field).value == SOLO
        await pilot.press("ctrl+u")
        await asked(app, pilot, BICYCLE)
        assert "420" in screen(app)

    drive(flow, life.home.config)


def test_a_private_conversation_leaves_nothing(life: Life) -> None:
    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        before = life.home.call("status")["moments"]
        await pilot.press("ctrl+o")
        assert "nothing of this is kept" in told(app)
        await asked(app, pilot, BICYCLE)
        assert life.home.call("status")["moments"] == before
        await pilot.press("ctrl+o")
        await asked(app, pilot, BICYCLE)
        assert life.home.call("status")["moments"] == before + 2

    drive(flow, life.home.config)


def test_results_follow_each_key_and_the_last_key_wins(life: Life) -> None:
    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await pilot.press("escape", "f2", "ctrl+g")  # simply the best first
        await type_(pilot, "denti")
        await until(pilot, lambda: any("dentist" in text.lower() for text in texts(app)))
        await pilot.press("ctrl+u")
        await type_(pilot, "the green bicycle")
        await until(
            pilot,
            lambda: any("bike" in t.lower() or "bicycle" in t.lower() for t in texts(app)[:3]),
        )
        expected = life.home.call(
            "recall", question="the green bicycle", k=40, typing=True, asked=False
        )
        await until(pilot, lambda: [h["text"][:600] for h in expected["hits"]] == texts(app))
        await pilot.press("down", "down", "down")
        assert app.pane.query_one(MomentList).cursor == 2

    drive(flow, life.home.config)


def test_filters_are_typed_or_chosen_and_taken_away_again(life: Life) -> None:
    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await pilot.press("escape", "2")
        await type_(pilot, "bread who:Julien ")
        await until(pilot, lambda: len(app.query(Chip)) == 1)
        hits = app.pane.query_one(MomentList)
        await until(
            pilot, lambda: hits.moments and all("Julien" in m["speaker"] for m in hits.moments)
        )
        await pilot.press("ctrl+f")
        await until(pilot, lambda: app.screen.query(OptionList))
        await type_(pilot, "after2026")
        await pilot.press("enter")
        await until(pilot, lambda: len(app.query(Chip)) == 2)
        await until(pilot, lambda: all(m["time"] >= "2026" for m in hits.moments))
        for _ in range(2):
            app.query(Chip).first().focus()
            await pilot.press("delete")
            await pilot.pause(0.1)
        await until(pilot, lambda: len({m["speaker"] for m in hits.moments}) > 1)

    drive(flow, life.home.config)


def test_a_day_of_the_timeline(life: Life) -> None:
    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await pilot.press("escape", "3")
        await until(pilot, lambda: "2024" in screen(app))
        await pilot.press("d")
        await type_(pilot, "2024-05-13")
        await pilot.press("enter")
        await until(pilot, lambda: "Monday 13 May 2024" in screen(app))
        days = [part["when"] for part in life.home.call("timeline", when="2024-05")["parts"]]
        assert len(texts(app)) == len(life.home.call("timeline", when="2024-05-13")["moments"])
        following = days[days.index("2024-05-13") + 1]
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: f"{int(following[-2:])} May 2024" in screen(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.pane.has_class("-beside"))

    drive(flow, life.home.config)


def test_forgetting_asks_first_and_can_be_taken_back(life: Life) -> None:
    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        noted = life.home.call("note", text="the wombat of Zanzibar plays the theremin")
        await pilot.press("escape", "2")
        await paste(app, pilot, "wombat theremin")
        await until(pilot, lambda: any("wombat" in text for text in texts(app)))
        await pilot.press("down", "f", "n")
        assert life.home.call("show", id=noted["id"])["live"]
        await pilot.press("f", "y")
        await until(pilot, lambda: "ctrl+z takes it back" in told(app))
        await until(pilot, lambda: not any("wombat" in text for text in texts(app)))
        await pilot.press("ctrl+z")
        await until(pilot, lambda: "took back" in told(app))
        await until(pilot, lambda: any("wombat" in text for text in texts(app)))

    drive(flow, life.home.config)


def test_a_folder_is_taken_in_watched_and_removed(life: Life, tmp_path: Path) -> None:
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "a.md").write_text("The quince jam set at last.", encoding="utf-8")
    (folder / ".env").write_text("SECRET=1", encoding="utf-8")
    (folder / "b.pdf").write_bytes(b"%PDF-1.4 cut short")

    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await pilot.press("escape", "6")
        table = app.pane.query_one(DataTable)
        await until(pilot, lambda: table.row_count > 0)
        await pilot.press("a")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        app.screen.query_one(Field).value = str(folder)
        await until(pilot, lambda: ".md" in screen(app))
        await pilot.press("ctrl+w")
        await until(pilot, lambda: app.query(Task) and not app.query_one(Task).running)
        await until(pilot, lambda: "left out" in screen(app))
        app.query_one(Task).focus()
        await pilot.press("enter")
        await until(pilot, lambda: "b.pdf" in screen(app))
        await until(pilot, lambda: "watched" in screen(app))
        table.focus()
        await choose(pilot, table, "test_a_folder_is")
        await pilot.press("w")
        await until(pilot, lambda: "no longer watching" in told(app))
        await choose(pilot, table, "test_a_folder_is")
        await pilot.press("x", "enter")
        await until(pilot, lambda: "removed" in told(app))
        await until(
            pilot,
            lambda: str(folder) not in [s["path"] for s in life.home.call("sources")["sources"]],
        )

    drive(flow, life.home.config)


def test_two_windows_and_a_command_agree(life: Life) -> None:
    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await pilot.press("escape", "8")
        table = app.pane.query_one(DataTable)
        await until(pilot, lambda: table.row_count > 0)
        life.home.call("note", text="the lantern festival is on the ninth")
        await until(pilot, lambda: "lantern festival" in screen(app))
        await pilot.press("u")
        await until(pilot, lambda: "took back: the lantern" in screen(app))
        hits = life.home.call("recall", question="lantern festival", k=3)["hits"]
        assert not any("lantern" in hit["text"] for hit in hits)
        await choose(pilot, table, "the lantern festival")
        await pilot.press("r")
        await until(pilot, lambda: "did again" in told(app))
        hits = life.home.call("recall", question="lantern festival", k=3)["hits"]
        assert any("lantern" in hit["text"] for hit in hits)

    drive(flow, life.home.config)


def test_the_model_that_answers_is_changed(life: Life, smollm: Path) -> None:
    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await pilot.press("escape", "7")
        table = app.pane.query_one(DataTable)
        await until(pilot, lambda: table.row_count > 3)
        names = [model["name"] for model in await app.memory.models()]
        for name in ("smollm2-135m", "qwen2.5-coder-0.5b"):
            table.move_cursor(row=names.index(name))
            await pilot.press("u")
            await until(pilot, lambda name=name: f"{name} answers from now on" in told(app))
        await until(pilot, lambda: " core " in screen(app))
        table.move_cursor(row=names.index("smollm2-135m"))
        await pilot.press("c")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        app.screen.query_one(Field).value = BICYCLE
        await pilot.press("enter")
        answers = lambda: [e.answer for e in app.screen.query(Exchange) if e.answer]  # noqa: E731
        await until(pilot, lambda: answers()[1:], 180)

    drive(flow, life.home.config)


def test_a_core_that_dies_in_the_middle_of_a_reply(life: Life) -> None:
    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        pane = app.query_one(AskPane)
        await paste(app, pilot, SOLO)
        await pilot.press("enter")
        await until(pilot, lambda: "reading" in screen(app))
        life.home.kill()
        await until(pilot, lambda: not pane.busy)
        assert app.query_one(Exchange).has_class("-failed")
        await until(pilot, lambda: "the core is running again" in told(app))
        await asked(app, pilot, BICYCLE)
        await until(pilot, lambda: "420" in screen(app))

    drive(flow, life.home.config)
