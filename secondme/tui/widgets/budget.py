"""The memory that a model may take, on a slider: what that buys before it is so, and how it is then."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from secondme.tui.shapes import Plan
from secondme.tui.widgets.slider import Slider

_STEP = 5


class Budget(Vertical):
    """A slider in MB from the least that works up to all of the model; `Moved` asks for a plan, and
    `Taken` for the budget itself. Its end is no limit, which is 0."""

    class Moved(Message):
        """So many megabytes are looked at."""

        def __init__(self, model: str, memory: int) -> None:
            super().__init__()
            self.model = model
            self.memory = memory

    class Taken(Moved):
        """So many megabytes are wanted."""

    def __init__(self) -> None:
        super().__init__(id="budget")
        self.model = ""
        self.whole = 0
        """Megabytes in which all of the model has room."""
        self.display = False

    def compose(self) -> ComposeResult:
        """The slider over what it buys."""
        yield Slider(id="memory", step=_STEP)
        yield Static("", classes="plan", markup=False)

    def offer(self, model: str, whole: Plan, memory: int) -> None:
        """Let this model's memory be chosen; it is `memory` now, 0 for no limit."""
        least, self.whole = (
            -(-int(whole[end] + 1) // _STEP) * _STEP for end in ("smallest", "whole")
        )
        self.model = model
        self.display = True
        slider = self.query_one(Slider)
        slider.show(least, self.whole, memory or self.whole, {memory: "│"} if memory else {})
        self._say(memory)

    def hide(self) -> None:
        """There is no model whose memory could be chosen."""
        self.model = ""
        self.display = False

    @property
    def memory(self) -> int:
        """The megabytes that the slider stands at; 0 at its end."""
        value = self.query_one(Slider).value
        return 0 if value >= self.whole else value

    def _say(self, memory: int) -> None:
        whole = f"{self.whole} MB"
        self.query_one(Slider).say(f"{memory} of {whole}" if memory else f"no limit, all {whole}")

    def foresee(self, plan: Plan, measured: float | None) -> None:
        """Say what the budget under the slider buys; `measured` is the speed it has now, if it runs."""
        layers = plan["layers"]
        speed = f"{plan['tokens_s']} tokens/s" if plan["tokens_s"] else "speed not known"
        how = "from a run here" if plan["measured"] else "an estimate"
        now = f" · now {measured:.1f}" if measured else ""
        stays = f"{layers['stay']:.0f} MB stay, {layers['stream']:.0f} MB stream"
        line = Content.assemble(
            ("foreseen ", "$quiet"), (speed, "bold"), (f", {how}{now} · {stays}", "$quiet")
        )
        self.query_one(".plan", Static).update(line)

    def tell(self, line: str) -> None:
        """Say something in place of the plan."""
        self.query_one(".plan", Static).update(Content.styled(line, "$quiet"))

    def on_slider_moved(self, event: Slider.Moved) -> None:
        """Ask what that buys."""
        event.stop()
        self._say(self.memory)
        self.post_message(self.Moved(self.model, self.memory))

    def on_slider_taken(self, event: Slider.Taken) -> None:
        """That is wanted."""
        event.stop()
        self.post_message(self.Taken(self.model, self.memory))
