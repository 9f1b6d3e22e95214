"""Where a model's weights are: what stays in memory, what streams from disk, what is on its way."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.strip import Strip
from textual.widget import Widget

from secondme.tui.shapes import Residency
from secondme.wording import fit

_SIGNS = {"stays": ("█", "primary"), "in flight": ("▓", "accent"), "streams": ("░", "quiet")}
"""A sign and a colour for each state, so that they can be told apart without the colour."""
_LABEL = 11


class ResidencyMap(Widget):
    """The embedding, each layer and the output matrix as cells in their order of use; a layer has a sign
    for each of its parts."""

    def __init__(self) -> None:
        super().__init__(id="residency")
        self._cells: list[tuple[str, list[str]]] = []
        self._text = ""

    def show(self, residency: Residency | None) -> None:
        """Draw this; nothing while no model runs in a budget."""
        rows = self._lines
        self._cells = _cells(residency) if residency else []
        self._text = _counted(residency) if residency else ""
        self.refresh(layout=self._lines != rows)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """A line of signs, or as many as it takes, over a legend; nothing while there is nothing."""
        return self._lines

    @property
    def _lines(self) -> int:
        return len(self._wrapped()) + 1 if self._cells else 0

    def _wrapped(self) -> list[list[tuple[str, list[str]]]]:
        """The cells in lines."""
        room = max(self.size.width - _LABEL, 20)
        lines: list[list[tuple[str, list[str]]]] = [[]]
        used = 0
        for name, states in self._cells:
            width = max(len(states), len(name) if not name.isdigit() else 0) + 1
            if used + width > room and lines[-1]:
                lines.append([])
                used = 0
            lines[-1].append((name, states))
            used += width
        return lines

    def render_line(self, y: int) -> Strip:
        """A line of cells, or the legend under them."""
        base, width = self.rich_style, self.size.width
        lines = self._wrapped() if self._cells else []
        quiet = base + self._style("quiet")
        if y == len(lines) and lines:
            segments = [Segment(" " * _LABEL, quiet)]
            for state, (sign, token) in _SIGNS.items():
                segments.append(Segment(f"{sign} ", base + self._style(token)))
                segments.append(Segment(f"{state}  ", quiet))
            segments.append(Segment(fit(self._text, max(width - 48, 1)), quiet))
            return Strip(segments).adjust_cell_length(width, base)
        if y >= len(lines):
            return Strip.blank(width, base)
        segments = [Segment(f"{'weights' if y == 0 else '':<{_LABEL}}", quiet)]
        for name, states in lines[y]:
            if not name.isdigit():
                sign, token = _SIGNS[states[0]]
                segments.append(Segment(f"{sign}{name} ", base + self._style(token)))
                continue
            for state in states:
                sign, token = _SIGNS[state]
                segments.append(Segment(sign, base + self._style(token)))
            segments.append(Segment(" ", base))
        return Strip(segments).adjust_cell_length(width, base)

    def _style(self, token: str) -> Style:
        return Style.from_color(Color.parse(self.app.theme_variables[token]).rich_color)


def _cells(residency: Residency) -> list[tuple[str, list[str]]]:
    layers: dict[int, list[str]] = {}
    for cell in residency["cells"]:
        layers.setdefault(cell["layer"], []).append(cell["state"])
    return [
        ("embedding", [residency["embedding"]["state"]]),
        *((str(layer), states) for layer, states in sorted(layers.items())),
        ("output", [residency["output"]["state"]]),
    ]


def _counted(residency: Residency) -> str:
    held = sum(c["bytes"] for c in residency["cells"] if c["state"] == "stays")
    whole = sum(c["bytes"] for c in residency["cells"])
    output = residency["output"]
    rows = f"{output['rows_kept']:,} of {output['rows']:,} rows of the output"
    return f"{held / 1e6:.0f} of {whole / 1e6:.0f} MB stay, {rows}"
