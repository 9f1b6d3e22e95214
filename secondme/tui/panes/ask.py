"""Ask: a conversation with the memory."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from datetime import datetime
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static
from textual.worker import Worker

from secondme.errors import SecondMeError
from secondme.tui.memory import Memory
from secondme.tui.pane import MomentPane
from secondme.tui.widgets.exchange import Exchange
from secondme.tui.widgets.field import Field
from secondme.tui.widgets.rows import MomentRow
from secondme.wording import counted

if TYPE_CHECKING:
    from secondme.tui.shapes import Moment, State

_TRACED = 12


class AskPane(MomentPane):
    """A conversation; answers cite the moments that they rest on."""

    TITLE = "Ask"
    ASIDE = True
    BINDINGS = [
        Binding("up", "previous", "Last question", show=False),
        Binding("slash,i", "type", "Ask"),
        Binding("ctrl+n", "new", "New"),
        Binding("ctrl+o", "private", "Private"),
        Binding("ctrl+t", "trace", "Trace", show=False),
    ]

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory, id="ask")
        self.private = False
        self._conversation = _conversation()
        self._answering: Worker[None] | None = None
        self._asked: list[str] = []

    def compose(self) -> ComposeResult:
        """The conversation, a moment beside it, and where one types."""
        with Horizontal():
            with VerticalScroll(id="talk", can_focus=True):
                yield Static("", id="welcome")
            yield self.beside
        with Vertical(id="composer"):
            yield Field("Ask your memory anything", id="question")

    def on_mount(self) -> None:
        """Say how it is."""
        self._greet(None)

    def opened(self) -> None:
        """Typing goes to the question."""
        self.query_one(Field).focus()

    def told(self, state: State) -> None:
        """The greeting says what the memory holds."""
        self._greet(state)

    def _greet(self, state: State | None) -> None:
        lines = [Content.styled("Second Me", "bold $primary"), Content("")]
        if state is not None and not state["moments"]:
            lines.append(Content("Nothing is remembered yet."))
            lines.append(Content.styled("ctrl+p, “Begin” shows the way in", "$quiet"))
        elif state is not None:
            held = counted(state["moments"], "moment")
            items = counted(state["items"], "item")
            lines.append(Content(f"{held} in {items}"))
            lines.append(
                Content.styled("Answers come from them alone, with their sources.", "$quiet")
            )
        else:
            lines.append(Content.styled("opening the memory", "$quiet"))
        self.query_one("#welcome", Static).update(Content("\n").join(lines))

    @property
    def busy(self) -> bool:
        """Whether an answer is coming."""
        return self._answering is not None and self._answering.is_running

    def on_input_submitted(self, event: Field.Submitted) -> None:
        """Ask what was typed."""
        event.stop()
        question = event.value.strip()
        if question and not self.busy:
            event.input.clear()
            self.ask(question)

    def ask(self, question: str, without: Sequence[Moment] = ()) -> None:
        """Ask, and show the answer as it comes; it does not rest on the moments `without`."""
        self.query_one("#welcome").display = False
        self._asked.append(question)
        self.just_aside = bool(without)
        exchange = Exchange(question, without)
        self._answering = self.begin(self._answer(exchange), "answer")

    async def _answer(self, exchange: Exchange) -> None:
        await self.query_one("#talk").mount(exchange)
        self.call_after_refresh(self._follow, exchange)
        stream = self.memory.chat(
            exchange.question,
            self._conversation,
            private=self.private,
            without=[moment["id"] for moment in exchange.without],
        )
        try:
            async with aclosing(stream) as events:
                async for event in events:
                    exchange.follow(event)
                    self.call_after_refresh(self._follow, exchange)
            self._look_at_first(exchange)
            self.call_after_refresh(self._follow_again, exchange)
        except SecondMeError as error:
            exchange.fail(f"{error.line()}; up brings the question back")
            if not self.query_one(Field).value:
                self._asked[-1:] = [exchange.question]

    def _follow_again(self, exchange: Exchange) -> None:
        """The lines of progress go with the answer's last event, and the layout follows a refresh later."""
        self.call_after_refresh(self._follow, exchange)

    def _follow(self, exchange: Exchange) -> None:
        """Keep the end of an exchange in view, or its beginning where it is longer than the screen."""
        talk = self.query_one("#talk", VerticalScroll)
        place = exchange.virtual_region
        talk.scroll_to(y=max(0, min(place.y, place.bottom - talk.size.height)), animate=False)

    def _look_at_first(self, exchange: Exchange) -> None:
        """With room for it, the first citation's moment comes up by itself."""
        citations = exchange.answer["citations"] if exchange.answer else []
        if citations and self.roomy:
            row = next(iter(exchange.rows()))
            row.action_open()

    def action_back(self) -> None:
        """Stop the answer that is coming; else close the moment; else change between typing and reading."""
        field = self.query_one(Field)
        if self.busy and self._answering is not None:
            self._answering.cancel()
            self._stopped()
        elif self.has_class("-beside") and not (field.has_focus and self.roomy):
            self.close_beside()
        elif field.has_focus:
            self._read()
        else:
            field.focus()

    def _stopped(self) -> None:
        exchange = self.query(Exchange).last()
        exchange.stop("stopped; up brings the question back")

    def _read(self) -> None:
        """Leave the field for the last citation, or the conversation."""
        rows = [row for exchange in self.query(Exchange) for row in exchange.rows()]
        last = list(self.query(Exchange))[-1:]
        inside = [row for exchange in last for row in exchange.rows()] or rows
        (inside[0] if inside else self.query_one("#talk")).focus()

    def action_previous(self) -> None:
        """Bring back the question asked last, to edit and ask again."""
        field = self.query_one(Field)
        if field.has_focus and self._asked:
            at = len(self._asked)
            if field.value in self._asked:
                at = len(self._asked) - 1 - self._asked[::-1].index(field.value)
            field.value = self._asked[max(0, at - 1)]
            field.cursor_position = len(field.value)

    def action_type(self) -> None:
        """Go to the field."""
        self.query_one(Field).focus()

    def action_new(self) -> None:
        """Begin a new conversation."""
        if self._answering is not None:
            self._answering.cancel()
        self._conversation = _conversation()
        self.query(Exchange).remove()
        self.remove_class("-beside")
        self.chosen = None
        self.query_one("#welcome").display = True
        self.opened()

    def action_private(self) -> None:
        """Begin a conversation of which nothing is kept, or one that is remembered."""
        self.private = not self.private
        self.beside.private = self.private
        self.set_class(self.private, "-private")
        self.action_new()
        self.query_one(Field).placeholder = (
            "Ask in private: nothing of this conversation is kept"
            if self.private
            else "Ask your memory anything"
        )
        kept = "private: nothing of this is kept" if self.private else "this is remembered"
        self.say(kept)

    def action_trace(self) -> None:
        """Unfold what was recalled for the last answer."""
        if exchanges := list(self.query(Exchange)):
            exchanges[-1].action_trace()
            exchanges[-1].scroll_visible()

    def on_exchange_edit(self, event: Exchange.Edit) -> None:
        """Edit a question and ask again."""
        event.stop()
        field = self.query_one(Field)
        field.value = event.question
        field.cursor_position = len(event.question)
        field.focus()

    def on_exchange_trace_wanted(self, event: Exchange.TraceWanted) -> None:
        """Recall with reasons, and show them."""
        event.stop()
        self.begin(self._trace(event.exchange, event.question), "trace")

    async def _trace(self, exchange: Exchange, question: str) -> None:
        exchange.show_trace(
            await self.memory.recall(
                question, k=_TRACED, explain=True, asked=False, private=self.private or None
            )
        )

    def put_aside(self, id_: str) -> None:
        """Ask the question again whose answer has this moment, without it."""
        for exchange in reversed(self.query(Exchange)):
            moment = next((r.moment for r in exchange.rows() if r.moment["id"] == id_), None)
            if moment is not None and not self.busy:
                self.close_beside()
                self.ask(exchange.question, [*exchange.without, moment])
                self.say("asked again without that one; ctrl+z goes back to the answer before")
                self.opened()
                return

    def put_back(self) -> None:
        """Take the answer away that was asked for without a moment."""
        if self.busy and self._answering is not None:
            self._answering.cancel()
        last = next(iter(reversed(self.query(Exchange))), None)
        if last is not None and last.without:
            last.remove()
            self.close_beside()
            self.chosen = None
            self.say("put back; the answer before stands")

    def on_exchange_again(self, event: Exchange.Again) -> None:
        """Ask with a moment that was put aside."""
        event.stop()
        if not self.busy:
            exchange = event.exchange
            self.ask(exchange.question, [m for m in exchange.without if m["id"] != event.id])

    def forgotten(self, id_: str) -> None:
        """Take its rows away."""
        for row in self.query(MomentRow):
            if row.moment["id"] == id_:
                row.remove()
        self.opened()


def _conversation() -> str:
    """A name for a conversation, by which its moments are found."""
    return f"conversation {datetime.now():%Y-%m-%d %H:%M:%S}"
