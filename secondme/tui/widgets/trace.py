"""What was recalled and why: each hit with the share that every view of recall has in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from secondme.tui.widgets.rows import MomentRow, facts
from secondme.wording import clip, milliseconds

if TYPE_CHECKING:
    from secondme.tui.shapes import Hit, Recalled

_WIDTH = 18
_STYLES = ("$primary", "$accent", "$success", "$warning", "$error", "$secondary")
_BLOCKS = "█▓▒░"
"""A pattern beside the colour: no two views have both in common, up to twelve."""


class Legend(Static):
    """Pieces in as many lines as they take, none of them broken."""

    def __init__(self, pieces: list[Content]) -> None:
        super().__init__(classes="legend")
        self._pieces = pieces

    def on_resize(self) -> None:
        """Lines are as wide as the legend."""
        lines = [self._pieces[0]]
        for piece in self._pieces[1:]:
            if lines[-1].cell_length + 2 + piece.cell_length > self.size.width:
                lines.append(piece)
            else:
                lines[-1] = lines[-1] + Content("  ") + piece
        self.update(Content("\n").join(lines))


def trace_rows(recalled: Recalled) -> list[Widget]:
    """A legend with the time each step took, and a row for each hit, best first."""
    hits = recalled["hits"]
    views = list(dict.fromkeys(name for hit in hits for name in hit.get("explain", {})))
    most = max((sum(_shares(hit).values()) for hit in hits), default=1.0) or 1.0
    took = recalled.get("took", {})
    pieces = [Content.styled("recalled, best first:", "$quiet")]
    for at, name in enumerate(views):
        time = f" {milliseconds(took[name])}" if took.get(name, 0.0) >= 1 else ""
        pieces.append(_piece(at, _block(at)) + Content.styled(f" {name}{time}", "$quiet"))
    rows: list[Widget] = [Legend(pieces)]
    rows += [_row(number, hit, views, most) for number, hit in enumerate(hits, 1)]
    return rows


def _row(number: int, hit: Hit, views: list[str], most: float) -> MomentRow:
    shares = _shares(hit)
    bar, used, total = [], 0, 0.0
    for at, name in enumerate(
        views
    ):  # each piece ends where the sum does, so that none is too long
        total += shares.get(name, 0.0)
        cells = round(_WIDTH * total / most) - used
        bar.append(_piece(at, _block(at) * cells))
        used += cells
    head = Content.assemble(
        (f"{number:>2} ", "$quiet"),
        *bar,
        " " * (_WIDTH + 1 - used),
        (facts(hit), "$quiet"),
    )
    return MomentRow(hit, head, clip(hit["text"], 160))


def _shares(hit: Hit) -> dict[str, float]:
    return {name: max(view["share"], 0.0) for name, view in hit.get("explain", {}).items()}


def _block(at: int) -> str:
    return _BLOCKS[(at + at // len(_STYLES)) % len(_BLOCKS)]


def _piece(at: int, text: str) -> Content:
    return Content.styled(text, _STYLES[at % len(_STYLES)])
