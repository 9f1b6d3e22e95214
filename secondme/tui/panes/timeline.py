"""Timeline: how much there is of each time, and each day as it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widgets import Static, Tree
from textual.widgets.tree import TreeNode

from secondme.errors import NotFoundError
from secondme.tui import shapes
from secondme.tui.memory import Memory
from secondme.tui.pane import MomentPane
from secondme.tui.shapes import Moment, Part, State
from secondme.tui.widgets.density import Density
from secondme.tui.widgets.dialogs import Prompt
from secondme.tui.widgets.links import Link, Links, to_episode
from secondme.tui.widgets.moments import Group, MomentList, grouped
from secondme.wording import clip, counted, day, one_line, summed

_PACE = 1.5
_MONTHS_SHOWN = 150
_INDENT = 10
"""Cells before an episode's title in the tree, and after it."""


class TimelinePane(MomentPane):
    """Years, months and days, and what there is of a day."""

    TITLE = "Timeline"
    BINDINGS = [
        Binding("left_square_bracket", "step('previous')", "Day before", key_display="["),
        Binding("right_square_bracket", "step('next')", "Day after", key_display="]"),
        Binding("d", "jump", "Date"),
        Binding("p", "play", "Play"),
        Binding("t", "this_day", "This day"),
        Binding("ctrl+g", "group", "Episodes", show=False),
    ]

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory, id="timeline")
        self._near: dict[str, str | None] = {}
        self._shown = ""
        self._at = ("", "")
        self._on_screen = ("", "")
        self._playing: Timer | None = None
        self._months: list[Part] = []
        self._found: shapes.Timeline | None = None
        self._grouped = True

    def compose(self) -> ComposeResult:
        """The plot over years and a day."""
        yield Density(id="density")
        with Horizontal(classes="list"):
            years: Tree[str] = Tree("all", id="years")
            years.show_root = False
            years.guide_depth = 2
            yield years
            with Vertical(id="dayside"):
                yield Static("", id="dayhead", markup=False)
                yield Static("", id="summary", markup=False)
                yield MomentList(id="day")
                yield Links(id="similar")
            yield self.beside

    def opened(self) -> None:
        """One chooses a day."""
        self.query_one(Tree).focus()

    def rests_on(self, state: State) -> object:
        """On what the memory holds."""
        return state["change"]

    async def load(self) -> None:
        """The plot and the tree, and what one looks at, as they are now."""
        months = (await self.memory.timeline(by="month"))["parts"]
        if months != self._months:
            await self._show_months(months)
        if not [w for w in self.workers if w.group == "day" and not w.is_finished]:
            self.begin(self._show_again(), "day")

    async def _show_again(self) -> None:
        """What one looks at as it is now; at first, and when that is gone, the last day."""
        kind, which = self._at
        try:
            if kind:
                await _SHOWS[kind](self, which)
                return
        except NotFoundError:
            self._at = ("", "")
        if self._months:
            days = (await self.memory.timeline(self._months[-1]["when"]))["parts"]
            await self._show_day(days[-1]["when"])
        else:
            self._show("nothing yet: Sources, key 6, takes something in", [])

    async def _show_months(self, months: list[Part]) -> None:
        self._months = months
        density = self.query_one(Density)
        density.show(
            _without_gaps(months)
            if len(months) <= _MONTHS_SHOWN
            else (await self.memory.timeline())["parts"]
        )
        await self._plant(months)

    async def _plant(self, months: list[Part]) -> None:
        """The years with their months; what was open before is open again."""
        tree = self.query_one(Tree)
        opened = {str(node.data) for node in _nodes(tree.root) if node.is_expanded}
        chosen = tree.cursor_node.data if tree.cursor_node else None
        tree.clear()
        counts = Counter[str]()
        for month in months:
            counts[month["when"][:4]] += month["moments"]
        for year in sorted(counts, reverse=True):
            node = tree.root.add(f"{year}  {counts[year]:,}", data=year)
            for month in months:
                if month["when"].startswith(year):
                    when = date.fromisoformat(f"{month['when']}-01")
                    node.add(f"{when:%B}  {month['moments']:,}", data=month["when"])
            if year in opened or (not opened and year == max(counts)):
                node.expand()
        for name in sorted(opened, key=len):
            for node in _nodes(tree.root):
                if node.data == name and len(name) > 4:
                    await self._open(node, name)
                    node.expand()
        for node in _nodes(tree.root):
            if chosen and node.data == chosen:
                self.call_after_refresh(tree.move_cursor, node)

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[str]) -> None:
        """A month's days, and a day's episodes, are loaded when it is opened."""
        node = event.node
        if node.data and len(node.data) > 4 and not node.children:
            self.begin(self._open(node, node.data))

    async def _open(self, node: TreeNode[str], when: str) -> None:
        found = await self.memory.timeline(when)
        if node.children:
            return
        width = max(self.query_one(Tree).size.width - _INDENT, 8)
        for episode in found.get("episodes", ()):
            node.add_leaf(clip(episode["title"], width), data=episode["id"])
        for part in found["parts"] if found["unit"] == "day" else ():
            when_ = date.fromisoformat(part["when"])
            node.add(f"{when_:%a} {when_.day}  {part['moments']:,}", data=part["when"])

    def on_tree_node_highlighted(self, event: Tree.NodeHighlighted[str]) -> None:
        """A day, or an episode, under the cursor is shown."""
        data = event.node.data or ""
        if _is_day(data):
            self.begin(self._show_day(data), "day")
        elif not data[:1].isdigit() and data:
            self.begin(self._show_episode(data), "day")

    def on_tree_node_selected(self, event: Tree.NodeSelected[str]) -> None:
        """An episode that is chosen is read; and a day, which is opened as well."""
        if event.node.data and (_is_day(event.node.data) or not event.node.data[0].isdigit()):
            self.query_one(MomentList).focus()

    async def _show_episode(self, id_: str) -> None:
        """All of an episode, also what is of other days."""
        self._at = ("episode", id_)
        episode = await self.memory.episode(id_)
        people = ", ".join(one_line(name) for name in episode["people"])
        held = counted(len(episode["said"]), "moment")
        head = [
            one_line(episode["title"]),
            day(episode["since"]),
            held,
            *([people] if people else []),
        ]
        self._found = None
        self.query_one(Density).choose(episode["since"][:10])
        self._show(" · ".join(head), episode["said"], "\n".join(summed(episode)))
        similar = [to_episode(other) for other in episode["similar"]]
        await self.query_one(Links).show("about the same", similar)

    async def _show_day(self, which: str) -> None:
        self._at = ("day", which)
        found = await self.memory.timeline(which)
        self._shown = which
        self.query_one(Density).choose(which)
        self._near = {"previous": found.get("previous"), "next": found.get("next")}
        when = date.fromisoformat(found["when"] or which)
        moments = found.get("moments", [])
        held = counted(len(moments), "moment") if moments else "nothing is remembered"
        self._found = found
        self._show(f"{when:%A} {when.day} {when:%B %Y} · {held}", moments)

    def on_link_opened(self, event: Link.Opened) -> None:
        """Show the episode that a link leads to."""
        if event.id.startswith("e"):
            event.stop()
            event.prevent_default()  # no moment is to be looked at
            self.query_one(MomentList).focus()
            self.begin(self._show_episode(event.id), "day")

    def _show(self, head: str, moments: Sequence[Moment], summary: str = "") -> None:
        self.query_one("#dayhead", Static).update(head)
        self.query_one("#summary", Static).update(summary)
        self.query_one("#summary").display = bool(summary)
        if self._at[0] != "episode":
            self.query_one("#similar").display = False
        groups: list[Group] = []
        if self._grouped and self._found is not None:
            moments, groups = grouped(moments, self._found.get("episodes", ()), dated=False)
        self.query_one(MomentList).show(moments, groups=groups, keep=self._at == self._on_screen)
        self._on_screen = self._at

    def action_group(self) -> None:
        """The day by episode, or in order of time."""
        self._grouped = not self._grouped
        self.say("by episode" if self._grouped else "in order of time")
        if self._found is not None:
            self.begin(self._show_day(self._shown), "day")

    def action_step(self, side: str) -> None:
        """The nearest day before or after this one that holds something."""
        if near := self._near.get(side):
            self.begin(self._show_day(near), "day")
        else:
            self.say("there is nothing further that way")

    def action_jump(self) -> None:
        """Ask for a date and go there."""

        def given(text: str | None) -> None:
            if text:
                self.begin(self._jump(text), "day")

        self.app.push_screen(Prompt("A date: 2024-05-13, 2024-05 or 2024"), given)

    async def _jump(self, text: str) -> None:
        """To the day, or to the first one of the month or year that holds something."""
        found = await self.memory.timeline(text)
        while found["unit"] != "moment":
            if not found["parts"]:
                self.say(f"nothing is remembered of {text}")
                return
            found = await self.memory.timeline(found["parts"][0]["when"])
        await self._show_day(found["when"] or text)
        self.query_one(MomentList).focus()

    def on_density_chosen(self, event: Density.Chosen) -> None:
        """Go to the month, or year, whose bar was clicked."""
        event.stop()
        self.begin(self._jump(event.when), "day")

    def action_play(self) -> None:
        """Go forward by itself, a moment at a time; once more stops."""
        if self._playing is not None:
            self._playing.stop()
            self._playing = None
            return
        self.query_one(MomentList).focus()
        self._playing = self.set_interval(_PACE, self._play_on)
        self.say("playing forward; p stops")

    def _play_on(self) -> None:
        moments = self.query_one(MomentList)
        if not self.display:  # it goes on when the pane is in front again
            return
        if moments.cursor + 1 < len(moments.moments):
            moments.cursor += 1
        elif following := self._near.get("next"):
            self.begin(self._show_day(following), "day")
        else:
            self.action_play()

    def action_this_day(self) -> None:
        """What there is of the day's date in every year; once more: of today's."""
        today = date.today()
        shown = date.fromisoformat(self._shown) if self._shown and self._found else today
        self.query_one(MomentList).focus()
        self.begin(self._this_day(str(shown)), "day")

    async def _this_day(self, iso: str) -> None:
        self._at = ("this day", iso)
        which = date.fromisoformat(iso)
        moments: list[Moment] = []
        years = 0
        for part in (await self.memory.timeline(by="day"))["parts"]:
            if part["when"].endswith(f"{which:%m-%d}"):
                found = await self.memory.timeline(part["when"])
                moments += found.get("moments", [])
                years += 1
        held = f"{counted(len(moments), 'moment')} in {counted(years, 'year')}"
        self._found = None
        self._show(
            f"{which.day} {which:%B} in every year · {held if moments else 'nothing is remembered'}",
            moments,
        )

    def action_back(self) -> None:
        """Close the moment; else go to the days."""
        if self.has_class("-beside"):
            self.close_beside()
            self.query_one(MomentList).focus()
        else:
            self.opened()


_SHOWS = {
    "day": TimelinePane._show_day,
    "episode": TimelinePane._show_episode,
    "this day": TimelinePane._this_day,
}


def _nodes(node: TreeNode[str]) -> Iterator[TreeNode[str]]:
    """All nodes below one."""
    for child in node.children:
        yield child
        yield from _nodes(child)


def _is_day(data: str) -> bool:
    return len(data) == 10 and data[4:5] == "-"


def _without_gaps(months: list[Part]) -> list[Part]:
    """The months with those between them that hold nothing."""
    if not months:
        return []
    held = {month["when"]: month for month in months}
    first, last = (int(w[:4]) * 12 + int(w[5:]) - 1 for w in (min(held), max(held)))
    if last - first > _MONTHS_SHOWN:
        return months
    names = [f"{at // 12:04}-{at % 12 + 1:02}" for at in range(first, last + 1)]
    return [held.get(name, {"when": name, "moments": 0, "kinds": {}}) for name in names]
