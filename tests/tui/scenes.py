"""Every screen of the app, as a flow that leads to it."""

from __future__ import annotations

from textual.pilot import Pilot
from textual.widgets import DataTable, Tree

from secondme.tui.app import SecondMe
from secondme.tui.widgets.bars import Notice
from secondme.tui.widgets.exchange import Exchange
from secondme.tui.widgets.facts import FactList
from secondme.tui.widgets.moments import MomentList
from secondme.tui.widgets.relations import Relations
from secondme.tui.widgets.residency import ResidencyMap
from secondme.tui.widgets.rows import MomentRow
from secondme.tui.widgets.slider import Slider
from tests.tui.driving import Flow, asked, paste, screen, until

QUESTION = "How much did the green bicycle cost?"
UNKNOWN = "What did the doctor in Reykjavik say?"


async def settled(pilot: Pilot[None]) -> None:
    """Let everything that was begun come to its end."""
    await pilot.pause(0.02)
    work = pilot.app.workers
    await until(pilot, lambda: not [w for w in work if w.group != "core" and not w.is_finished])
    await pilot.pause(0.05)


async def ask(app: SecondMe, pilot: Pilot[None]) -> None:
    await settled(pilot)


async def answer(app: SecondMe, pilot: Pilot[None]) -> None:
    await asked(app, pilot, QUESTION)
    await settled(pilot)


async def trace(app: SecondMe, pilot: Pilot[None]) -> None:
    await asked(app, pilot, QUESTION)
    await pilot.press("ctrl+t")
    await until(pilot, lambda: len(app.query_one(Exchange).query(".trace MomentRow")) > 0)
    await settled(pilot)


async def refusal(app: SecondMe, pilot: Pilot[None]) -> None:
    await asked(app, pilot, UNKNOWN)
    await settled(pilot)


async def moment(app: SecondMe, pilot: Pilot[None]) -> None:
    await asked(app, pilot, QUESTION)
    app.query(MomentRow).first().focus()
    await pilot.press("enter")
    await until(pilot, lambda: app.pane.beside.moment is not None)  # type: ignore[attr-defined]
    await settled(pilot)


async def original(app: SecondMe, pilot: Pilot[None]) -> None:
    await moment(app, pilot)
    await pilot.press("o")
    await until(pilot, lambda: len(app.screen_stack) == 2)
    await settled(pilot)


async def forget(app: SecondMe, pilot: Pilot[None]) -> None:
    await moment(app, pilot)
    await pilot.press("f")
    await settled(pilot)


async def recall(app: SecondMe, pilot: Pilot[None]) -> None:
    await app.action_go("recall")
    await paste(app, pilot, "dentist filling")
    await until(pilot, lambda: len(app.query_one("#hits", MomentList).moments) > 0)
    await settled(pilot)


async def filters(app: SecondMe, pilot: Pilot[None]) -> None:
    await app.action_go("recall")
    await paste(app, pilot, "bicycle who:Ines after:2025 ")
    await until(pilot, lambda: len(app.query_one("#hits", MomentList).moments) > 0)
    await settled(pilot)


async def aside(app: SecondMe, pilot: Pilot[None]) -> None:
    await asked(app, pilot, QUESTION)
    await until(pilot, lambda: app.query(MomentRow))
    app.query(MomentRow).first().focus()
    await settled(pilot)
    await pilot.press("n")
    await until(pilot, lambda: len(app.query(Exchange)) == 2)
    await until(pilot, lambda: app.query(Exchange).last().answer)
    app.query_one(Notice).clear()
    await settled(pilot)


async def wrong(app: SecondMe, pilot: Pilot[None]) -> None:
    await app.action_go("recall")
    await paste(app, pilot, "allergic to hazelnut")
    hits = app.query_one("#hits", MomentList)
    await until(pilot, lambda: hits.moments)
    await settled(pilot)
    hits.focus()
    hits.cursor = next(n for n, m in enumerate(hits.moments) if "am allergic to hazel" in m["text"])
    await settled(pilot)
    await pilot.press("w")
    await until(pilot, lambda: len(app.screen_stack) == 2)
    app.screen_stack[0].query_one(Notice).clear()
    await settled(pilot)


async def ungrouped(app: SecondMe, pilot: Pilot[None]) -> None:
    await app.action_go("recall")
    await pilot.press("ctrl+g")
    await paste(app, pilot, "dentist filling")
    await until(pilot, lambda: len(app.query_one("#hits", MomentList).moments) > 0)
    app.query_one(Notice).clear()
    await settled(pilot)


async def timeline(app: SecondMe, pilot: Pilot[None]) -> None:
    await app.action_go("timeline")
    await settled(pilot)
    await pilot.press("d", *"2024-05-13".replace("-", "-"))
    await pilot.press("enter")
    await until(pilot, lambda: "13 May" in str(app.query_one("#dayhead").render()))
    await settled(pilot)


async def episode(app: SecondMe, pilot: Pilot[None]) -> None:
    await app.action_go("timeline")
    await settled(pilot)
    tree = app.query_one("#years", Tree)
    for name in ("2024", "2024-11", "2024-11-21"):
        node = next(line.node for line in tree._tree_lines if line.node.data == name)
        node.expand()
        await settled(pilot)
    tree.move_cursor(node.children[0])
    await settled(pilot)


async def this_day(app: SecondMe, pilot: Pilot[None]) -> None:
    await timeline(app, pilot)
    await pilot.press("t")
    await until(pilot, lambda: "in every year" in str(app.query_one("#dayhead").render()))
    await settled(pilot)


async def facts(app: SecondMe, pilot: Pilot[None]) -> None:
    await known(app, pilot, "facts")
    for keys in ("down", "h", "enter", "end"):
        await pilot.press(keys)
        await settled(pilot)


async def tree(app: SecondMe, pilot: Pilot[None]) -> None:
    await known(app, pilot, "facts")
    await pilot.press("down")
    await settled(pilot)
    await pilot.press("t")
    relations = app.query_one(Relations)
    lines = relations._tree_lines
    relations.cursor_line = next(
        n for n, line in enumerate(lines) if "partner" in str(line.node.label)
    )
    await pilot.press("space")
    await until(pilot, lambda: relations.cursor_node and relations.cursor_node.children)
    await settled(pilot)


async def as_of(app: SecondMe, pilot: Pilot[None]) -> None:
    await known(app, pilot, "facts")
    await pilot.press("down")
    await settled(pilot)
    app.query_one("#asof", Slider).focus()
    for key in ("home", "right", "right", "right"):
        await pilot.press(key)
        await settled(pilot)
    await until(pilot, lambda: "30 Jun 2024" in str(app.query_one("#facts .title").render()))
    await settled(pilot)


async def said(app: SecondMe, pilot: Pilot[None]) -> None:
    await facts(app, pilot)
    await pilot.press("enter")
    await until(pilot, lambda: app.pane.beside.moment is not None)  # type: ignore[attr-defined]
    await settled(pilot)


async def deciding(app: SecondMe, pilot: Pilot[None]) -> None:
    await known(app, pilot, "facts")
    for keys in ("up", "enter"):
        await pilot.press(keys)
        await settled(pilot)


async def profile(app: SecondMe, pilot: Pilot[None]) -> None:
    await known(app, pilot, "profile")
    await pilot.press("down", "down", "down", "down")
    await settled(pilot)


async def known(app: SecondMe, pilot: Pilot[None], id_: str) -> None:
    await app.action_go(id_)
    await until(pilot, lambda: app.pane.query_one(FactList).rows)
    await settled(pilot)


async def sources(app: SecondMe, pilot: Pilot[None]) -> None:
    await app.action_go("sources")
    await until(pilot, lambda: app.pane.query_one(DataTable).row_count > 0)
    await settled(pilot)


async def model(app: SecondMe, pilot: Pilot[None]) -> None:
    await app.action_go("model")
    await until(pilot, lambda: app.pane.query_one(DataTable).row_count > 0)
    await until(pilot, lambda: app.pane.query_one(ResidencyMap)._cells)
    await until(pilot, lambda: "foreseen" in str(app.query_one("#budget .plan").render()))
    for _ in range(200):
        app.pane._look()  # type: ignore[attr-defined]
    await settled(pilot)


async def budget(app: SecondMe, pilot: Pilot[None]) -> None:
    await model(app, pilot)
    await pilot.press("m")
    for _ in range(10):
        await pilot.press("right")
        await settled(pilot)
    await until(pilot, lambda: "350 of " in screen(app))
    await settled(pilot)


async def journal(app: SecondMe, pilot: Pilot[None]) -> None:
    await app.action_go("journal")
    await until(pilot, lambda: app.pane.query_one(DataTable).row_count > 0)
    await settled(pilot)


async def reads(app: SecondMe, pilot: Pilot[None]) -> None:
    await journal(app, pilot)
    await pilot.press("v")
    await until(pilot, lambda: "recall" in screen(app))
    await settled(pilot)


async def keys(app: SecondMe, pilot: Pilot[None]) -> None:
    await pilot.press("f12")
    await settled(pilot)


async def palette(app: SecondMe, pilot: Pilot[None]) -> None:
    await pilot.press("ctrl+p", *"theme")
    await pilot.pause(0.4)


async def welcome(app: SecondMe, pilot: Pilot[None]) -> None:
    await until(pilot, lambda: len(app.screen_stack) == 2)
    await settled(pilot)


SCENES: dict[str, Flow] = {
    flow.__name__: flow
    for flow in (
        ask, answer, trace, refusal, moment, original, forget, aside, recall, filters, ungrouped, wrong,
        timeline, episode, this_day, facts, said, tree, as_of, deciding, profile, sources, model, budget,
        journal, reads, keys, palette,
    )
}  # fmt: skip
"""By name; `welcome` stands apart, since it needs a memory that is empty."""
