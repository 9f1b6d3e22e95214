"""A list of moments of any length, of which only those in view are drawn."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from secondme.tui.shapes import Moment, Together
from secondme.tui.widgets.rows import Picked, facts
from secondme.wording import cells, day, fit, one_line

_ROWS = 3
_LEAD = 40
"""Cells of text before the first word asked for that are shown at most."""


class Group(NamedTuple):
    """Moments in a row that belong together: from the first one's place, how many, under what."""

    first: int
    size: int
    heading: str


def grouped(
    moments: Sequence[Moment], episodes: Iterable[Together], *, dated: bool = True
) -> tuple[list[Moment], list[Group]]:
    """The moments by episode, each where its first moment stood; what is in none stays where it is.

    `dated` puts each episode's date into its heading.
    """
    of = {id_: episode for episode in episodes for id_ in episode["here"]}
    known = {moment["id"]: moment for moment in moments}
    out: list[Moment] = []
    groups: list[Group] = []
    seen = set[str]()
    for moment in moments:
        episode = of.get(moment["id"])
        if episode is None:
            out.append(moment)
        elif episode["id"] not in seen:
            seen.add(episode["id"])
            here = [known[id_] for id_ in episode["here"] if id_ in known]
            groups.append(Group(len(out), len(here), _heading(episode, len(here), dated)))
            out += here
    return out, groups


def _heading(episode: Together, here: int, dated: bool) -> str:
    when = [day(episode["since"])] if dated else []
    whole = episode["moments"]
    count = f"all {whole}" if here == whole else f"{here} of {whole}"
    return " · ".join([one_line(episode["title"]), *when, count])


class MomentList(ScrollView, can_focus=True):
    """Moments in order, each a line of facts and a line of text; the chosen one posts `Picked`."""

    COMPONENT_CLASSES = {
        "moments--episode",
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
        self._headings: dict[int, str] = {}
        self._within: set[int] = set()
        self._tops: Sequence[int] = ()
        self._height = 0

    def show(
        self,
        moments: Sequence[Moment],
        pattern: re.Pattern[str] | None = None,
        groups: Sequence[Group] = (),
        *,
        keep: bool = False,
    ) -> None:
        """Show these, with what the pattern matches standing out, from the first one on; those of a
        group under its heading. With `keep` one who has chosen a moment keeps it, or its place."""
        chosen, at = self.chosen, self.cursor if keep else 0
        self.moments = moments
        self._pattern = pattern
        self._headings = {group.first: group.heading for group in groups}
        self._within = {n for group in groups for n in range(group.first, group.first + group.size)}
        self._tops = _tops(len(moments), self._headings)
        self._height = self._tops[-1] + _ROWS if moments else 0
        self.virtual_size = Size(self.size.width, self._height)
        self.set_reactive(MomentList.cursor, 0)
        self.scroll_to(y=0, animate=False, immediate=True)
        self.refresh()
        if at and chosen is not None:
            self.cursor = next((n for n, m in enumerate(moments) if m["id"] == chosen["id"]), at)

    @property
    def chosen(self) -> Moment | None:
        """The moment under the cursor."""
        return self.moments[self.cursor] if self.moments else None

    def validate_cursor(self, cursor: int) -> int:
        """Stay within the list."""
        return max(0, min(cursor, len(self.moments) - 1))

    def watch_cursor(self, cursor: int) -> None:
        """Keep the chosen one in view, and tell."""
        if self.moments:
            above = 1 if cursor in self._headings else 0
            region = Region(0, self._tops[cursor] - above, 1, _ROWS + above)
            self.scroll_to_region(region, animate=False, immediate=True, force=True)
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
        line = int(event.y + self.scroll_offset.y)
        if line < self._height:
            at = bisect_right(self._tops, line) - 1
            heading = at < 0 or line - self._tops[at] == _ROWS
            self.cursor = at + heading
            self._pick(open=True)

    def on_resize(self) -> None:
        """Lines are as wide as the list."""
        self.virtual_size = Size(self.size.width, self._height)

    def render_line(self, y: int) -> Strip:
        """One line of what is in view."""
        line = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        base = self.rich_style
        if line >= self._height:
            return Strip.blank(width, base)
        at = bisect_right(self._tops, line) - 1
        part = line - self._tops[at] if at >= 0 else _ROWS
        if part == _ROWS:  # the heading of those that come after
            style = base + self.get_component_rich_style("moments--episode", partial=True)
            heading = Segment(fit(self._headings[at + 1], width - 1), style)
            return Strip([heading]).adjust_cell_length(width, base)
        quiet = base + self.get_component_rich_style("moments--facts", partial=True)
        within = at in self._within
        if part == _ROWS - 1:
            guide = (
                "│" if within and at + 1 in self._within and at + 1 not in self._headings else ""
            )
            return Strip([Segment(guide, quiet)]).adjust_cell_length(width, base)
        moment = self.moments[at]
        if at == self.cursor:
            base += self.get_component_rich_style("moments--chosen", partial=True)
        room = width - 4
        if part == 0:
            style = base + self.get_component_rich_style("moments--facts", partial=True)
            pieces = [(fit(facts(moment), room), style)]
        else:
            pieces = self._text(moment, room, base)
        if at == self.cursor:
            mark = base + self.get_component_rich_style("moments--word", partial=True)
            segments = [Segment("▎ ", mark)]
        else:
            segments = [Segment("│ " if within else "  ", quiet)]
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


def _tops(count: int, headings: dict[int, str]) -> Sequence[int]:
    """The line at which each moment begins, after the heading of its group."""
    if not headings:
        return range(0, _ROWS * count, _ROWS)
    tops, line = [], 0
    for at in range(count):
        line += at in headings
        tops.append(line)
        line += _ROWS
    return tops
