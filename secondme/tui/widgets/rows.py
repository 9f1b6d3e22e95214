"""A moment in one row that can be chosen: a citation, a near miss, a line of a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from secondme.wording import clip, day, one_line

if TYPE_CHECKING:
    from secondme.tui.shapes import Citation, Moment

STEPS = (
    Binding("down,j", "app.focus_next", "Next", show=False),
    Binding("up,k", "app.focus_previous", "Previous", show=False),
)
"""The keys that lead from one line to the next."""


class Picked(Message):
    """A moment was chosen: `open` to look at it, `soft` when the mouse only passed over it."""

    def __init__(self, id: str, quote: str = "", *, open: bool = False, soft: bool = False) -> None:
        super().__init__()
        self.id = id
        self.quote = quote
        self.open = open
        self.soft = soft


class MomentRow(Vertical, can_focus=True):
    """One moment under a line of facts; choosing it posts `Picked`."""

    TITLE = "Moment"
    BINDINGS = [
        *STEPS,
        Binding("enter", "open", "Look"),
    ]

    def __init__(self, moment: Moment, head: Content, body: str = "", quote: str = "") -> None:
        super().__init__()
        self.moment = moment
        self.quote = quote
        self._head = head
        self._body = body

    def compose(self) -> ComposeResult:
        """The facts, and under them what was said."""
        yield Static(self._head, classes="head", markup=False)
        if self._body:
            yield Static(Content(self._body), classes="body", markup=False)

    def on_focus(self) -> None:
        """The row is chosen."""
        self.post_message(Picked(self.moment["id"], self.quote))

    def on_enter(self, event: events.Enter) -> None:
        """The mouse is over it."""
        self.post_message(Picked(self.moment["id"], self.quote, soft=True))

    def on_click(self) -> None:
        """Look at it."""
        self.action_open()

    def action_open(self) -> None:
        """Look at it."""
        self.post_message(Picked(self.moment["id"], self.quote, open=True))


def facts(moment: Moment) -> str:
    """When, who, and where from: `26 Aug 2024 · Colette · lease.eml`."""
    who = [one_line(moment["speaker"])] if moment["speaker"] else []
    return " · ".join([day(moment["time"]), *who, one_line(moment["source"])])


def cited(citation: Citation, answer: str) -> MomentRow:
    """A citation: its number, facts, and what it says unless that is the whole answer."""
    quote = one_line(citation["quote"] or citation["text"])
    head = Content.assemble((f"{citation['n']}  ", "bold $accent"), (facts(citation), "$quiet"))
    said = quote.strip("“”") == answer.strip("“” \n")
    return MomentRow(citation, head, "" if said else clip(f"“{quote}”", 320), citation["quote"])


def near(moment: Moment) -> MomentRow:
    """A moment that came near."""
    head = Content.assemble(("·  ", "$warning"), (facts(moment), "$quiet"))
    return MomentRow(moment, head, clip(moment["text"], 200))
