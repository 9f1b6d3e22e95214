"""Ways from what is shown to what belongs to it: a line each, opened with Enter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from secondme.tui.widgets.rows import STEPS
from secondme.wording import day, one_line, said

if TYPE_CHECKING:
    from secondme.tui.shapes import EpisodeHead, Moment


class Link(Static, can_focus=True):
    """A line that leads to a moment or an episode; opening it posts `Opened`."""

    TITLE = "Link"
    BINDINGS = [
        *STEPS,
        Binding("enter", "open", "Go to"),
    ]

    class Opened(Message):
        """One wants to see what a link leads to: an id."""

        def __init__(self, id: str) -> None:
            super().__init__()
            self.id = id

    def __init__(self, leads_to: str, says: Content) -> None:
        super().__init__(says, markup=False)
        self._leads_to = leads_to

    def on_click(self) -> None:
        """Go there."""
        self.action_open()

    def action_open(self) -> None:
        """Go there."""
        self.post_message(self.Opened(self._leads_to))


class Links(Vertical):
    """Some links under a line that says what they are; nothing where there are none."""

    async def show(self, name: str, links: Sequence[Link]) -> None:
        """Show these in place of those before."""
        self.display = bool(links)
        async with self.batch():
            await self.remove_children()
            if links:
                await self.mount(Static(name, classes="name", markup=False), *links)

    def compose(self) -> ComposeResult:
        """Nothing yet."""
        self.display = False
        yield from ()


def to_moment(moment: Moment) -> Link:
    """`26 Aug 2024  Colette: The lease is ready …`."""
    when = (f"{day(moment['time'])}  ", "$quiet")
    return Link(moment["id"], Content.assemble(when, said(moment)))


def to_episode(episode: EpisodeHead) -> Link:
    """`26 Aug 2024  The lease, fifth floor`."""
    when = (f"{day(episode['since'])}  ", "$quiet")
    return Link(episode["id"], Content.assemble(when, one_line(episode["title"])))
