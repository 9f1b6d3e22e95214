"""Two models on one question, side by side."""

from __future__ import annotations

from contextlib import aclosing

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from secondme.errors import SecondMeError
from secondme.tui.memory import Memory
from secondme.tui.widgets.bars import Foot
from secondme.tui.widgets.dialogs import Choice
from secondme.tui.widgets.exchange import Exchange
from secondme.tui.widgets.field import Field


class Compare(ModalScreen[None]):
    """Asks one model after the other, so that two are never in memory at once."""

    BINDINGS = [
        Binding("escape", "dismiss", "Close"),
        Binding("ctrl+l", "choose(0)", "Left model"),
        Binding("ctrl+r", "choose(1)", "Right model"),
    ]

    def __init__(self, memory: Memory, here: list[str]) -> None:
        """`here` are the models that can be asked, at least two."""
        super().__init__()
        self._memory = memory
        self._here = here
        self._names = here[:2]

    def compose(self) -> ComposeResult:
        """A question over two columns."""
        with Vertical(classes="comparing"):
            yield Field("A question for both", id="both")
            with Horizontal(classes="columns"):
                for name in self._names:
                    with VerticalScroll():
                        yield Static(name, classes="name", markup=False)
            yield Foot(
                ("ctrl+l", "left model", "choose(0)"),
                ("ctrl+r", "right model", "choose(1)"),
                ("esc", "closes", "dismiss"),
            )

    def on_input_submitted(self, event: Field.Submitted) -> None:
        """Ask both."""
        if event.value.strip():
            self.run_worker(self._ask(event.value.strip()), exclusive=True)

    async def _ask(self, question: str) -> None:
        columns = list(self.query(VerticalScroll))
        for column in columns:
            await column.query(Exchange).remove()
        for column, name in zip(columns, self._names, strict=True):
            exchange = Exchange(question)
            await column.mount(exchange)
            try:
                async with aclosing(
                    self._memory.stream("ask", question=question, model=name)
                ) as events:
                    async for event in events:
                        exchange.follow(event)
            except SecondMeError as error:
                exchange.fail(error.line())

    def action_choose(self, side: int) -> None:
        """Choose the model of a side."""

        def chosen(name: str | None) -> None:
            if name:
                self._names[side] = name
                list(self.query(".name").results(Static))[side].update(name)

        self.app.push_screen(Choice("A model", [(name, "") for name in self._here]), chosen)
