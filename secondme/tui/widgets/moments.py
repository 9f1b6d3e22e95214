"""A list of moments of any length, of which only those in view are drawn."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from secondme.tui.shapes import Moment
from secondme.tui.widgets.rows import Picked, facts
from secondme.wording import cells, fit, one_line

_ROWS = 3
_LEAD = 40
"""Cells of text before the first word asked for that are shown at most."""


class MomentList(ScrollView, can_focus=True):
    """Moments in order, each a line of facts and a line of text; the chosen one posts `Picked`."""

    COMPONENT_CLASSES = {
        "moments--facts",
        "moments--text",
        "moments--word",
        "moments--chosen",
    }
    BINDINGS = [
        Binding("down,j", "move(1)", "Next", show=False),
        Binding("up,k", "move(-1)", "Previous", show=False),
        Binding("pagedown,space", "page(1)", "Page down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("home,g", "move(-1000000000)", "First", show=False),
        Binding("end,G", "move(1000000000)", "Last", show=False),
        Binding("enter", "open", "Look"),
    ]

    cursor: reactive[int] = reactive(0)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.moments: Sequence[Moment] = ()
        self._pattern: re.Pattern[str] | None = None

    def show(self, moments: Sequence[Moment], pattern: re.Pattern[str] | None = None) -> None:
        """Show these, with what the pattern matches standing out, from the first one on."""
        self.moments = moments
        self._pattern = pattern
        self.virtual_size = Size(self.size.width, _ROWS * len(moments))
        self.set_reactive(MomentList.cursor, 0)
        self.scroll_to(y=0, animate=False, immediate=True)
        self.refresh()

    @property
    def chosen(self) -> Moment | None:
        """The moment under the cursor."""
        return self.moments[self.cursor] if self.moments else None

    def validate_cursor(self, cursor: int) -> int:
        """Stay within the list."""
        return max(0, min(cursor, len(self.moments) - 1))

    def watch_cursor(self, cursor: int) -> None:
        """Keep the chosen one in view, and tell."""
        self.scroll_to_region(
            Region(0, cursor * _ROWS, 1, _ROWS), animate=False, immediate=True, force=True
        )
        self.refresh()
        self._pick()

    def on_focus(self) -> None:
        """The chosen one counts as chosen now."""
        self._pick()

    def _pick(self, *, open: bool = False) -> None:
        if self.chosen is not None:
            self.post_message(Picked(self.chosen["id"], open=open))

    def action_move(self, by: int) -> None:
        """Choose another one."""
        self.cursor += by

    def action_page(self, by: int) -> None:
        """A screen up or down."""
        self.cursor += by * max(1, self.size.height // _ROWS)

    def action_open(self) -> None:
        """Look at the chosen one."""
        self._pick(open=True)

    def on_click(self, event: events.Click) -> None:
        """Choose and look at what is under the mouse."""
        at = int(event.y + self.scroll_offset.y) // _ROWS
        if at < len(self.moments):
            self.cursor = at
            self._pick(open=True)

    def on_resize(self) -> None:
        """Lines are as wide as the list."""
        self.virtual_size = Size(self.size.width, _ROWS * len(self.moments))

    def render_line(self, y: int) -> Strip:
        """One line of what is in view."""
        at, part = divmod(y + self.scroll_offset.y, _ROWS)
        width = self.scrollable_content_region.width
        base = self.rich_style
        if at >= len(self.moments) or part == _ROWS - 1:
            return Strip.blank(width, base)
        moment = self.moments[at]
        if at == self.cursor:
            base += self.get_component_rich_style("moments--chosen", partial=True)
        room = width - 4
        if part == 0:
            style = base + self.get_component_rich_style("moments--facts", partial=True)
            pieces = [(fit(facts(moment), room), style)]
        else:
            pieces = self._text(moment, room, base)
        mark = "▎ " if at == self.cursor else "  "
        segments = [
            Segment(mark, base + self.get_component_rich_style("moments--word", partial=True))
        ]
        segments += [Segment(text, style) for text, style in pieces]
        return Strip(segments).adjust_cell_length(width, base)

    def _text(self, moment: Moment, room: int, base: Style) -> list[tuple[str, Style]]:
        """The text around the first word asked for, in pieces with their styles."""
        plain = base + self.get_component_rich_style("moments--text", partial=True)
        word = base + self.get_component_rich_style("moments--word", partial=True)
        text = one_line(moment["text"])
        first = self._pattern.search(text) if self._pattern else None
        if first and cells(text[: first.end()]) > room - 4:
            text = "…" + text[max(0, first.start() - min(_LEAD, room // 2)) :]
        text = fit(text, room)
        pieces, end = [], 0
        for match in self._pattern.finditer(text) if self._pattern else ():
            pieces += [(text[end : match.start()], plain), (match[0], word)]
            end = match.end()
        return [*pieces, (text[end:], plain)]
