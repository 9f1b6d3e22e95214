"""How much there is along time, as bars in eighths of a line, stacked by what it comes from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.color import Color
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from secondme.tui.shapes import Part
from secondme.wording import cells

_KINDS = 4
_TOKENS = ("primary", "accent", "success", "warning", "quiet")
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_WIDEST = 7
_OTHER = "other"


class _Bar(NamedTuple):
    """Where each kind ends in a bar, in eighths of a line from below, and the kind's colour."""

    ends: list[tuple[int, int]]


class Density(Widget):
    """Bars for parts of time, with a legend above and their names below; a click posts `Chosen`."""

    class Chosen(Message):
        """The part that begins `when` was chosen."""

        def __init__(self, when: str) -> None:
            super().__init__()
            self.when = when

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._parts: Sequence[Part] = ()
        self._kinds: list[str] = []
        self._chosen = ""

    def show(self, parts: Sequence[Part]) -> None:
        """Show these parts."""
        counts = Counter[str]()
        for part in parts:
            counts.update(part["kinds"])
        self._parts = parts
        self._kinds = [kind for kind, _ in counts.most_common(_KINDS)]
        if len(counts) > _KINDS:
            self._kinds.append(_OTHER)
        self.refresh()

    def choose(self, when: str) -> None:
        """Let the part that holds this time stand out."""
        self._chosen = when
        self.refresh(Region(0, max(0, self.size.height - 1), self.size.width, 1))

    def on_click(self, event: events.Click) -> None:
        """Choose the part under the mouse."""
        at = event.x // self._pitch()
        if event.y and at < len(self._parts):
            self.post_message(self.Chosen(self._parts[at]["when"]))

    def render_line(self, y: int) -> Strip:
        """The legend, a line of the bars, or the names."""
        width, height = self.size
        base = self.rich_style
        if not self._parts or height < 3:
            return Strip.blank(width, base)
        if y == 0:
            return self._legend(base).adjust_cell_length(width, base)
        if y == height - 1:
            return self._names(width, base).adjust_cell_length(width, base)
        return self._line(height - 2 - y, height - 2, base).adjust_cell_length(width, base)

    def _pitch(self) -> int:
        """Cells from one bar to the next; 1 where the bars touch."""
        return max(1, min(_WIDEST, self.size.width // max(1, len(self._parts))))

    def _colours(self) -> list[Style]:
        tokens = self.app.theme_variables
        return [
            Style.from_color(Color.parse(tokens[_TOKENS[at % len(_TOKENS)]]).rich_color)
            for at in range(len(self._kinds))
        ]

    def _quiet(self) -> Style:
        return Style.from_color(Color.parse(self.app.theme_variables["quiet"]).rich_color)

    def _legend(self, base: Style) -> Strip:
        segments = []
        for kind, colour in zip(self._kinds, self._colours(), strict=True):
            segments += [Segment("█ ", base + colour), Segment(f"{kind}   ", base + self._quiet())]
        most = max(part["moments"] for part in self._parts)
        return Strip([*segments, Segment(f"highest {most:,}", base + self._quiet())])

    def _names(self, width: int, base: Style) -> Strip:
        """As many names as fit, each where its bar begins; the chosen one in any case."""
        pitch = self._pitch()
        line = [" "] * (width + 20)
        starts = {part["when"]: at * pitch for at, part in enumerate(self._parts)}
        here = [name for name in starts if self._chosen.startswith(name)] if self._chosen else []
        chosen: tuple[int, int] | None = None
        for name in [*here, *starts]:
            start, end = starts[name], starts[name] + cells(name)
            if name in here:
                start = max(0, min(start, width - cells(name)))
                end = start + cells(name)
                chosen = start, end
            if end <= width and not "".join(line[max(0, start - 2) : end + 2]).strip():
                line[start:end] = name
        text = "".join(line)[:width]
        if chosen is None:
            return Strip([Segment(text, base + self._quiet())])
        bold = base + Style(bold=True)
        first, last = chosen
        return Strip(
            [
                Segment(text[:first], base + self._quiet()),
                Segment(text[first:last], bold),
                Segment(text[last:], base + self._quiet()),
            ]
        )

    def _line(self, row: int, rows: int, base: Style) -> Strip:
        """The bars' cells that are `row` lines above the lowest."""
        most = max(part["moments"] for part in self._parts)
        pitch, colours = self._pitch(), self._colours()
        bar = max(1, pitch - 1)
        segments = []
        for part in self._parts:
            cell, style = _cell(self._bar(part, most, rows), 8 * row, colours)
            segments += [Segment(cell * bar, base + style), Segment(" " * (pitch - bar), base)]
        return Strip(segments)

    def _bar(self, part: Part, most: int, rows: int) -> _Bar:
        ends, total = [], 0
        for at, kind in enumerate(self._kinds):
            total += (
                part["kinds"].get(kind, 0)
                if kind != _OTHER
                else sum(n for k, n in part["kinds"].items() if k not in self._kinds)
            )
            ends.append((max(1 if total else 0, round(8 * rows * total / most)), at))
        return _Bar(ends)


def _cell(bar: _Bar, floor: int, colours: list[Style]) -> tuple[str, Style]:
    """The character of the cell from `floor` eighths on, and how it is coloured."""
    inside = [(end, at) for end, at in bar.ends if end > floor]
    if not inside:
        return " ", Style()
    end, at = inside[0]
    if end >= floor + 8:
        return "█", colours[at]
    above = next((other for other_end, other in inside[1:] if other_end > end), None)
    style = colours[at]
    if above is not None:
        style += Style(bgcolor=colours[above].color)
    return _EIGHTHS[end - floor], style
