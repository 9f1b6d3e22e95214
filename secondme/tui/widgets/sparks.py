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
_HEAD = 58
_TALL = 2
_MANY = 5
"""Series that have two lines each at most; where there are more, each has one."""


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

    @property
    def _tall(self) -> int:
        """Lines for each series."""
        many = sum(len(group) for group in self._groups) > _MANY
        return 1 if many or self.screen.has_class("-short") else _TALL

    def show(self, groups: Sequence[Sequence[Series]]) -> None:
        """Draw these."""
        rows = sum(len(group) for group in groups)
        changed = rows != sum(len(group) for group in self._groups)
        self._groups = groups
        self.refresh(layout=changed)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """Two lines for each series, or one where the screen is short."""
        return self._tall * sum(len(group) for group in self._groups)

    def render_line(self, y: int) -> Strip:
        """A line of a series; its name and number stand in the lowest."""
        tall = self._tall
        width, base = self.size.width, self.rich_style
        rows = [(series, group) for group in self._groups for series in group]
        at, part = divmod(y, tall)
        if at >= len(rows):
            return Strip.blank(width, base)
        series, group = rows[at]
        head = min(_HEAD, width * 2 // 3)
        quiet = base + self._style("quiet")
        text = fit(f"{series.name:<10}  {series.now}", head - 2) if part == tall - 1 else ""
        highest = max((max(s.samples, default=0.0) for s in group), default=0.0) or 1.0
        line = _spark(list(series.samples)[-(width - head) :], highest, tall, tall - 1 - part)
        return Strip(
            [
                Segment(text + " " * (head - cells(text)), quiet),
                Segment(line.rjust(width - head), base + self._style(series.token)),
            ]
        )

    def _style(self, token: str) -> Style:
        return Style.from_color(Color.parse(self.app.theme_variables[token]).rich_color)


def _spark(samples: Sequence[float], highest: float, tall: int, floor: int) -> str:
    """One line of bars that are `tall` lines high, `floor` lines above the lowest."""
    heights = (max(1 if s else 0, round(8 * tall * s / highest)) for s in samples)
    return "".join(_EIGHTHS[max(0, min(8, height - 8 * floor))] for height in heights)
