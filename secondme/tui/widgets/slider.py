"""A line on which one number is moved, by keys or the mouse."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.color import Color
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from secondme.wording import cells, fit


class Slider(Widget, can_focus=True):
    """Whole numbers from `low` to `high`; each move posts `Moved`, and enter `Taken`."""

    TITLE = "Slider"
    BINDINGS = [
        Binding("left,h", "move(-1)", "Less"),
        Binding("right,l", "move(1)", "More"),
        Binding("shift+left,pagedown", "move(-10)", "Much less", show=False),
        Binding("shift+right,pageup", "move(10)", "Much more", show=False),
        Binding("home", "move(-1000000000)", "Least", show=False),
        Binding("end", "move(1000000000)", "Most", show=False),
        Binding("enter", "take", "Take"),
    ]

    value: reactive[int] = reactive(0, init=False)

    class Moved(Message):
        """The number is another one."""

        def __init__(self, slider: Slider) -> None:
            super().__init__()
            self.slider = slider
            self.value = slider.value

        @property
        def control(self) -> Slider:
            """The slider that was moved."""
            return self.slider

    class Taken(Moved):
        """The number is the one that is wanted."""

    def __init__(self, *, id: str, step: int = 1) -> None:
        super().__init__(id=id)
        self.low, self.high = 0, 1
        self._step = step
        self._marks: dict[int, str] = {}
        self._text = ""
        self._dragging = False

    def show(self, low: int, high: int, value: int, marks: dict[int, str] | None = None) -> None:
        """Go from `low` to `high`, with signs at some numbers, and stand at `value`: nothing is posted."""
        self.low, self.high = low, max(high, low + 1)
        self._marks = marks or {}
        self.set_reactive(Slider.value, self.validate_value(value))
        self.refresh()

    def say(self, text: str) -> None:
        """What stands at the end of the line."""
        self._text = text
        self.refresh()

    def validate_value(self, value: int) -> int:
        """Stay within the line."""
        return max(self.low, min(value, self.high))

    def watch_value(self) -> None:
        """Tell."""
        self.post_message(self.Moved(self))

    def action_move(self, by: int) -> None:
        """Move by so many steps."""
        self.value += by * self._step

    def action_take(self) -> None:
        """That is the one."""
        self.post_message(self.Taken(self))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Move to where the mouse is, and follow it."""
        self._dragging = True
        self.capture_mouse()
        self._move_to(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow the mouse while it is held."""
        if self._dragging:
            self._move_to(event.x)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let go: that is the one."""
        if self._dragging:
            self._dragging = False
            self.release_mouse()
            self.post_message(self.Taken(self))

    def _move_to(self, x: int) -> None:
        steps = round((self.high - self.low) * x / max(self._track - 1, 1) / self._step)
        self.value = self.low + steps * self._step

    @property
    def _track(self) -> int:
        return max(self.size.width - cells(self._text) - 2, 3)

    def _at(self, value: int) -> int:
        return round((self._track - 1) * (value - self.low) / (self.high - self.low))

    def render_line(self, y: int) -> Strip:
        """The line, its signs, and the text at its end."""
        base, width = self.rich_style, self.size.width
        if y:
            return Strip.blank(width, base)
        at = self._at(self.value)
        quiet, strong = base + self._style("quiet"), base + self._style("accent")
        line = ["━"] * at + ["●"] + ["─"] * (self._track - 1 - at)
        for value, sign in self._marks.items():
            if self.low <= value <= self.high and self._at(value) != at:
                line[self._at(value)] = sign
        bold = Style(bold=self.has_focus)
        segments = [
            Segment("".join(line[:at]), base + self._style("primary")),
            Segment(line[at], strong + bold),
            Segment("".join(line[at + 1 :]), quiet),
            Segment(
                fit(f"  {self._text}", max(width - self._track, 1)),
                strong if self.has_focus else base,
            ),
        ]
        return Strip(segments).adjust_cell_length(width, base)

    def _style(self, token: str) -> Style:
        return Style.from_color(Color.parse(self.app.theme_variables[token]).rich_color)
