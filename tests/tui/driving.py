"""Driving the app without a terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input

from secondme.config import Config
from secondme.tui.app import SecondMe
from secondme.tui.memory import Memory
from secondme.tui.widgets.bars import Notice
from secondme.tui.widgets.field import Field

Flow = Callable[[SecondMe, Pilot[None]], Awaitable[None]]


def drive(
    flow: Flow,
    config: Config,
    memory: Memory | None = None,
    *,
    size: tuple[int, int] = (120, 40),
    theme: str = "night",
    begin: bool = False,
) -> None:
    """Run the app and a flow in it, once it knows how the memory stands.

    Without `begin` the first minutes are left out.
    """

    async def run() -> None:
        app = SecondMe(config, memory)
        app.theme = theme
        app.animation_level = "none"
        app._greeted = not begin
        async with app.run_test(size=size) as pilot:
            for field in app.query(Input):
                field.cursor_blink = False
            await until(pilot, lambda: app.state is not None)
            await flow(app, pilot)

    asyncio.run(run())


async def until(pilot: Pilot[None], what: Callable[[], Any], seconds: float = 60) -> None:
    """Wait for something to come about."""
    for _ in range(round(seconds / 0.02)):
        if what():
            await pilot.pause()
            return
        await pilot.pause(0.02)
    raise AssertionError(f"it did not come about:\n{screen(pilot.app)}")


async def type_(pilot: Pilot[None], text: str) -> None:
    """Type a text, a key for each character."""
    names = {
        " ": "space",
        "?": "question_mark",
        ":": "colon",
        "'": "apostrophe",
        ",": "comma",
        "-": "minus",
    }
    await pilot.press(*(names.get(character, character) for character in text))


async def paste(app: SecondMe, pilot: Pilot[None], text: str) -> None:
    """Put a text into the field at once."""
    app.pane.query_one(Field).value = text
    await pilot.pause()


async def asked(app: SecondMe, pilot: Pilot[None], question: str) -> None:
    """Ask, and wait for the whole answer."""
    await paste(app, pilot, question)
    await pilot.press("enter")
    await until(pilot, lambda: not app.query_one("#ask").busy)  # type: ignore[attr-defined]
    await pilot.pause(0.05)


def screen(app: Any) -> str:
    """What stands on the screen."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


def told(app: SecondMe) -> str:
    """The line that the app tells."""
    notice = app.query_one(Notice)
    return str(notice.render()) if notice.display else ""
