"""What a person does with a moment that is not the one, and how moments come together; a real core."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static, Tree
from textual.widgets.tree import TreeNode

from secondme.tui.app import SecondMe
from secondme.tui.panes.ask import AskPane
from secondme.tui.widgets.beside import Beside
from secondme.tui.widgets.budget import Budget
from secondme.tui.widgets.chips import Chip
from secondme.tui.widgets.exchange import Exchange
from secondme.tui.widgets.field import Field
from secondme.tui.widgets.links import Link
from secondme.tui.widgets.moments import MomentList
from secondme.tui.widgets.residency import ResidencyMap
from secondme.tui.widgets.rows import MomentRow
from secondme.tui.widgets.slider import Slider
from tests.tui.conftest import Life
from tests.tui.driving import asked, drive, paste, screen, told, type_, until
from tests.tui.test_flows import BICYCLE

pytestmark = [pytest.mark.slow, pytest.mark.models]


def cited(exchange: Exchange) -> list[str]:
    assert exchange.answer
    return [citation["id"] for citation in exchange.answer["citations"]]


def shown(app: SecondMe) -> list[str]:
    """The moments in the list, by id."""
    return [moment["id"] for moment in app.pane.query_one(MomentList).moments]


def test_an_answer_is_asked_for_again_without_a_moment_and_that_is_taken_back(life: Life) -> None:
    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        pane = app.query_one(AskPane)
        await pilot.press("ctrl+o")  # nothing of it is kept
        await asked(app, pilot, BICYCLE)
        first = cited(app.query_one(Exchange))
        await until(pilot, lambda: pane.chosen is not None)
        await pilot.press("escape", "n")
        await until(pilot, lambda: "asked again without that one" in told(app))
        await until(pilot, lambda: len(app.query(Exchange)) == 2 and not pane.busy)
        again = app.query(Exchange).last()
        assert again.question == BICYCLE
        assert [moment["id"] for moment in again.without] == first[:1]
        await until(pilot, lambda: again.answer)
        assert first[0] not in cited(again)
        assert "without 24 May 2025" in str(again.query_one(Chip).render())
        again.query_one(Chip).focus()
        await pilot.press("ctrl+z")
        await until(pilot, lambda: "put back" in told(app))
        await until(pilot, lambda: len(app.query(Exchange)) == 1)
        assert cited(app.query_one(Exchange)) == first
        app.query(MomentRow).first().focus()
        await pilot.press("n", "escape")  # stopped; and asked with it after all
        await until(pilot, lambda: app.query(Chip) and not pane.busy)
        app.query_one(Chip).focus()
        await pilot.press("enter")
        await until(pilot, lambda: len(app.query(Exchange)) == 3)
        last = app.query(Exchange).last()
        await until(pilot, lambda: last.answer)
        assert last.without == []
        assert cited(last) == first

    drive(flow, life.home.config)


def test_a_search_leaves_out_what_is_not_meant_until_that_is_taken_back(life: Life) -> None:
    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await pilot.press("escape", "2")
        await paste(app, pilot, "the green bicycle")
        await until(pilot, lambda: shown(app))
        hits = app.pane.query_one(MomentList)
        before = shown(app)
        await pilot.press("down", "n")
        await until(pilot, lambda: "ctrl+z brings one back" in screen(app))
        assert before[0] not in shown(app)
        await pilot.press("ctrl+z")
        await until(pilot, lambda: before[0] in shown(app))
        assert "brings one back" not in screen(app)
        hits.focus()
        await pilot.press("n")
        await until(pilot, lambda: before[0] not in shown(app))
        await pilot.press("slash", "ctrl+u")
        await paste(app, pilot, "the green bicycle")  # something new is looked for
        await until(pilot, lambda: before[0] in shown(app))

    drive(flow, life.home.config)


def test_a_moment_is_marked_as_wrong_and_that_is_taken_back(life: Life) -> None:
    noted = life.home.call("note", text="the heron of Utrecht juggles turnips")

    def marks() -> list[str]:
        found: list[str] = life.home.call("show", id=noted["id"])["marks"]
        return found

    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await pilot.press("escape", "2")
        await paste(app, pilot, "heron turnips")
        await until(pilot, lambda: noted["id"] in shown(app))
        await until(pilot, lambda: app.pane.beside.moment is not None)  # type: ignore[attr-defined]
        app.pane.query_one(MomentList).focus()
        await pilot.press("w")
        await until(pilot, lambda: "marked as wrong: it comes up lower" in told(app))
        assert marks() == ["wrong"]
        await until(pilot, lambda: "  marked as wrong" in screen(app))
        await pilot.press("ctrl+z")
        await until(pilot, lambda: "took back: marked 1 moment as wrong" in told(app))
        assert marks() == []

    drive(flow, life.home.config)
    life.home.call("undo")


def test_results_come_by_episode_or_simply_the_best_first(life: Life) -> None:
    life.home.finish("consolidate", now=True)

    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await pilot.press("escape", "2")
        await paste(app, pilot, "dentist")
        expected = life.home.call(
            "recall", question="dentist", k=40, typing=True, asked=False, episodes=True
        )
        episode = next(e for e in expected["episodes"] if len(e["here"]) > 1)
        await until(pilot, lambda: set(shown(app)) == {hit["id"] for hit in expected["hits"]})
        at = shown(app).index(episode["here"][0])
        assert shown(app)[at : at + len(episode["here"])] == episode["here"]
        hits = app.pane.query_one(MomentList)
        hits.focus()
        hits.cursor = at
        await pilot.pause()
        assert episode["title"][:20] in screen(app)
        await pilot.press("ctrl+g")
        await until(pilot, lambda: "the best first" in told(app))
        best = [hit["id"] for hit in expected["hits"]][
            :20
        ]  # having looked at one moves others little
        await until(pilot, lambda: shown(app)[:20] == best)
        assert f" of {episode['moments']}" not in screen(app)
        await pilot.press("f3", "f2")  # the session keeps it
        assert shown(app)[:20] == best

    drive(flow, life.home.config)


async def to_episode(app: SecondMe, pilot: Pilot[None], day: str, id_: str) -> None:
    """Open the tree of the timeline down to a day, `YYYY-MM-DD`, and go to an episode of it."""
    tree = app.pane.query_one(Tree)

    async def node(data: str) -> TreeNode[Any]:
        def found() -> list[TreeNode[Any]]:
            return [line.node for line in tree._tree_lines if line.node.data == data]

        await until(pilot, found)
        return found()[0]

    for length in (4, 7, 10):
        (await node(day[:length])).expand()
    tree.move_cursor(await node(id_))


def test_days_have_their_episodes_and_a_day_comes_in_every_year(life: Life) -> None:
    life.home.finish("consolidate", now=True)
    day = life.home.call("timeline", when="2024-11-21")
    episode = max(day["episodes"], key=lambda e: e["moments"])

    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await pilot.press("escape", "3")
        await to_episode(app, pilot, "2024-11-21", episode["id"])
        whole = [m["id"] for m in life.home.call("show", id=episode["id"])["said"]]
        await until(pilot, lambda: shown(app) == whole)
        head = app.pane.query_one("#dayhead", Static)
        assert episode["title"] in str(head.render())
        await pilot.press("d")
        await type_(pilot, "2024-11-21")
        await pilot.press("enter")
        await until(pilot, lambda: "Thursday 21 November 2024" in screen(app))
        await until(pilot, lambda: episode["title"][:20] in screen(app))
        await pilot.press("t")
        await until(pilot, lambda: "21 November in every year" in str(head.render()))
        years = [
            m["id"]
            for part in life.home.call("timeline", by="day")["parts"]
            if part["when"].endswith("-11-21")
            for m in life.home.call("timeline", when=part["when"])["moments"]
        ]
        assert shown(app) == years
        await pilot.press("home", "p")
        await until(pilot, lambda: app.pane.query_one(MomentList).cursor > 0)
        await pilot.press("p")

    drive(flow, life.home.config)


def test_links_lead_to_what_belongs_together(life: Life) -> None:
    life.home.finish("consolidate", now=True)
    listed = life.home.call("episodes", limit=200, before="2026-01-01")["episodes"]
    shows = (life.home.call("show", id=each["id"]) for each in listed)
    whole = next(each for each in shows if each["similar"] and each["summary"])
    question = "And I thought of the birthday torte in June"
    found = life.home.call("recall", question=question, k=1)["hits"][0]
    related = life.home.call("show", id=found["id"])["related"]

    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await pilot.press("escape", "3")
        await to_episode(app, pilot, whole["since"][:10], whole["id"])
        await until(pilot, lambda: len(app.pane.query("#similar Link")) == len(whole["similar"]))
        assert whole["summary"][0]["text"][:20] in screen(app)
        app.pane.query("#similar Link").first().focus()
        await pilot.press("enter")
        head = app.pane.query_one("#dayhead", Static)
        await until(pilot, lambda: whole["similar"][0]["title"] in str(head.render()))
        assert not app.pane.has_class("-beside")
        await pilot.press("escape", "2")
        await paste(app, pilot, question)
        beside = app.pane.query_one(Beside)
        await until(pilot, lambda: len(beside.query(Link)) == len(related))
        beside.query(Link).first().focus()
        await pilot.press("enter")
        await until(pilot, lambda: beside.moment and beside.moment["id"] == related[0]["id"])

    drive(flow, life.home.config)


def test_the_mouse_over_a_mark_brings_its_moment_up(life: Life) -> None:
    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        pane = app.query_one(AskPane)
        await pilot.press("ctrl+o")
        await asked(app, pilot, BICYCLE)
        await until(pilot, lambda: pane.has_class("-beside"))
        pane.close_beside()
        await pilot.pause()
        assert not pane.has_class("-beside")
        await until(pilot, lambda: " [1]" in screen(app))
        lines = screen(app).splitlines()
        y = next(n for n, line in enumerate(lines) if " [1]" in line)
        await pilot.hover(None, offset=(lines[y].index("[1]") + 1, y))
        await until(pilot, lambda: pane.has_class("-beside"))

    drive(flow, life.home.config)


def test_the_memory_of_the_model_is_moved_while_it_answers(life: Life, smollm: Path) -> None:
    life.home.call("model-use", name=smollm.stem)

    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        pane = app.query_one(AskPane)
        await pilot.press("escape", "7")
        budget = app.pane.query_one(Budget)
        await until(pilot, lambda: budget.display)
        await pilot.press("m", "home")
        least = budget.query_one(Slider).value
        await until(pilot, lambda: f"{least} of " in screen(app))
        await until(pilot, lambda: "MB stream" in screen(app))
        await pilot.press("enter")
        await until(pilot, lambda: f"is held to {least} MB" in told(app))
        assert app.state
        await until(pilot, lambda: app.state["memory"] == least)  # type: ignore[index]
        await pilot.press("f1", "ctrl+o")
        app.query_one("#question", Field).focus()
        await paste(app, pilot, "Tell me of the dentist in Cuire")
        await pilot.press("enter")
        await until(pilot, lambda: pane.busy)
        await pilot.press("f7")
        drawn = app.pane.query_one(ResidencyMap)
        await until(pilot, lambda: "streams" in screen(app) and drawn._cells, 150)
        states = {state for _, states in drawn._cells for state in states}
        assert "streams" in states
        names = [name for name, _ in drawn._cells]
        assert (names[0], names[-1]) == ("embedding", "output")
        await pilot.press("m", *["right"] * 4, "enter")
        await until(pilot, lambda: f"is held to {least + 20} MB" in told(app))
        await until(pilot, lambda: f"of {least + 20}, foreseen" in screen(app))
        await pilot.press("m", "end", "enter")
        await until(pilot, lambda: "is held to no limit" in told(app))
        await until(pilot, lambda: not pane.busy, 150)

    try:
        drive(flow, life.home.config)
    finally:
        life.home.call("model-use", name="default", memory=0)
