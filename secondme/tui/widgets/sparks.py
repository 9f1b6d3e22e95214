"""Numbers that move with time: a line each, with its name, what it is now, and how it went."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.strip import Strip
from textual.widget import Widget

from secondme.wording import cells, fit

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_KEPT = 300
_HEAD = 52
_TALL = 2


@dataclass(slots=True)
class Series:
    """One number along time: `now` says it in words, `token` is its colour in the theme."""

    name: str
    token: str
    now: str = ""
    samples: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT))


class Sparks(Widget):
    """Series under each other, the newest sample at the right; those of a group share a scale."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._groups: Sequence[Sequence[Series]] = ()

    def show(self, groups: Sequence[Sequence[Series]]) -> None:
        """Draw these."""
        rows = sum(len(group) for group in groups)
        changed = rows != sum(len(group) for group in self._groups)
        self._groups = groups
        self.refresh(layout=changed)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """Two lines for each series."""
        return _TALL * sum(len(group) for group in self._groups)

    def render_line(self, y: int) -> Strip:
        """The upper or the lower line of a series."""
        width, base = self.size.width, self.rich_style
        rows = [(series, group) for group in self._groups for series in group]
        at, part = divmod(y, _TALL)
        if at >= len(rows):
            return Strip.blank(width, base)
        series, group = rows[at]
        head = min(_HEAD, width * 2 // 3)
        quiet = base + self._style("quiet")
        text = fit(f"{series.name:<10}  {series.now}", head - 2) if part else ""
        highest = max((max(s.samples, default=0.0) for s in group), default=0.0) or 1.0
        line = _spark(list(series.samples)[-(width - head) :], highest, _TALL - 1 - part)
        return Strip(
            [
                Segment(text + " " * (head - cells(text)), quiet),
                Segment(line.rjust(width - head), base + self._style(series.token)),
            ]
        )

    def _style(self, token: str) -> Style:
        return Style.from_color(Color.parse(self.app.theme_variables[token]).rich_color)


def _spark(samples: Sequence[float], highest: float, floor: int) -> str:
    """One line of bars, `floor` lines above the lowest."""
    heights = (max(1 if s else 0, round(8 * _TALL * s / highest)) for s in samples)
    return "".join(_EIGHTHS[max(0, min(8, height - 8 * floor))] for height in heights)
