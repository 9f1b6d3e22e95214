"""Every screen of the app, as a flow that leads to it."""

from __future__ import annotations

from textual.pilot import Pilot
from textual.widgets import DataTable

from secondme.tui.app import SecondMe
from secondme.tui.widgets.exchange import Exchange
from secondme.tui.widgets.facts import FactList
from secondme.tui.widgets.moments import MomentList
from secondme.tui.widgets.rows import MomentRow
from tests.tui.driving import Flow, asked, paste, until

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


async def timeline(app: SecondMe, pilot: Pilot[None]) -> None:
    await app.action_go("timeline")
    await settled(pilot)
    await pilot.press("d", *"2024-05-13".replace("-", "-"))
    await pilot.press("enter")
    await until(pilot, lambda: "13 May" in str(app.query_one("#dayhead").render()))
    await settled(pilot)


async def facts(app: SecondMe, pilot: Pilot[None]) -> None:
    await known(app, pilot, "facts")
    for keys in ("down", "h", "enter", "end"):
        await pilot.press(keys)
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
    for _ in range(40):
        app.pane._look()  # type: ignore[attr-defined]
    await settled(pilot)


async def journal(app: SecondMe, pilot: Pilot[None]) -> None:
    await app.action_go("journal")
    await until(pilot, lambda: app.pane.query_one(DataTable).row_count > 0)
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
        ask, answer, trace, refusal, moment, original, forget, recall, filters, timeline, facts, said,
        deciding, profile, sources, model, journal, keys, palette,
    )
}  # fmt: skip
"""By name; `welcome` stands apart, since it needs a memory that is empty."""
