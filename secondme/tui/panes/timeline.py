"""Timeline: how much there is of each time, and each day as it was."""

from __future__ import annotations

from collections import Counter
from datetime import date

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widgets import Static, Tree
from textual.widgets.tree import TreeNode

from secondme.tui.memory import Memory
from secondme.tui.pane import MomentPane
from secondme.tui.shapes import Moment, Part, State
from secondme.tui.widgets.density import Density
from secondme.tui.widgets.dialogs import Prompt
from secondme.tui.widgets.moments import MomentList
from secondme.wording import counted

_PACE = 1.5
_MONTHS_SHOWN = 150


class TimelinePane(MomentPane):
    """Years, months and days, and what there is of a day."""

    TITLE = "Timeline"
    BINDINGS = [
        Binding("left_square_bracket", "step('previous')", "Day before", key_display="["),
        Binding("right_square_bracket", "step('next')", "Day after", key_display="]"),
        Binding("d", "jump", "Date"),
        Binding("p", "play", "Play"),
        Binding("t", "this_day", "This day"),
    ]

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory, id="timeline")
        self._near: dict[str, str | None] = {}
        self._shown = ""
        self._change: str | None = None
        self._playing: Timer | None = None

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
                yield MomentList(id="day")
            yield self.beside

    def opened(self) -> None:
        """One chooses a day."""
        self.query_one(Tree).focus()

    def told(self, state: State) -> None:
        """Load again when the memory has changed."""
        if state["change"] != self._change:
            self._change = state["change"]
            self.begin(self._load(), "load")

    async def _load(self) -> None:
        months = (await self.memory.timeline(by="month"))["parts"]
        density = self.query_one(Density)
        density.show(
            _without_gaps(months)
            if len(months) <= _MONTHS_SHOWN
            else (await self.memory.timeline())["parts"]
        )
        tree = self.query_one(Tree)
        expanded = {str(node.data) for node in tree.root.children if node.is_expanded}
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
            if year in expanded or (not expanded and year == max(counts)):
                node.expand()
        if months and not self._shown:
            days = (await self.memory.timeline(months[-1]["when"]))["parts"]
            await self._show_day(days[-1]["when"])

    async def on_tree_node_expanded(self, event: Tree.NodeExpanded[str]) -> None:
        """A month's days are loaded when it is opened."""
        node = event.node
        if node.data and len(node.data) == 7 and not node.children:
            self.begin(self._add_days(node, node.data))

    async def _add_days(self, node: TreeNode[str], month: str) -> None:
        for day in (await self.memory.timeline(month))["parts"]:
            when = date.fromisoformat(day["when"])
            node.add_leaf(f"{when:%a} {when.day}  {day['moments']:,}", data=day["when"])

    def on_tree_node_highlighted(self, event: Tree.NodeHighlighted[str]) -> None:
        """A day under the cursor is shown."""
        if event.node.data and len(event.node.data) == 10:
            self.begin(self._show_day(event.node.data), "day")

    def on_tree_node_selected(self, event: Tree.NodeSelected[str]) -> None:
        """A day that is chosen is read."""
        if event.node.data and len(event.node.data) == 10:
            self.query_one(MomentList).focus()

    async def _show_day(self, day: str) -> None:
        found = await self.memory.timeline(day)
        self._shown = day
        self.query_one(Density).choose(day)
        self._near = {"previous": found.get("previous"), "next": found.get("next")}
        when = date.fromisoformat(found["when"] or day)
        moments = found.get("moments", [])
        held = counted(len(moments), "moment") if moments else "nothing is remembered"
        self._show(f"{when:%A} {when.day} {when:%B %Y} · {held}", moments)

    def _show(self, head: str, moments: list[Moment]) -> None:
        self.query_one("#dayhead", Static).update(head)
        self.query_one(MomentList).show(moments)

    def action_step(self, side: str) -> None:
        """The nearest day before or after this one that holds something."""
        if day := self._near.get(side):
            self.begin(self._show_day(day), "day")
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

    def action_play(self) -> None:
        """Go forward by itself, a moment at a time; once more stops."""
        if self._playing is not None:
            self._playing.stop()
            self._playing = None
            return
        self.query_one(MomentList).focus()
        self._playing = self.set_interval(_PACE, self._play_on)
        self.say("playing forward; p stops")

    async def _play_on(self) -> None:
        moments = self.query_one(MomentList)
        if moments.cursor + 1 < len(moments.moments):
            moments.cursor += 1
        elif day := self._near.get("next"):
            await self._show_day(day)
        else:
            self.action_play()

    def action_this_day(self) -> None:
        """What there is of today's date in every year."""
        self.begin(self._this_day(), "day")

    async def _this_day(self) -> None:
        today = date.today()
        moments: list[Moment] = []
        for year in (await self.memory.timeline())["parts"]:
            days = (await self.memory.timeline(year["when"], by="day"))["parts"]
            for day in days:
                if day["when"].endswith(f"{today:%m-%d}"):
                    moments += (await self.memory.timeline(day["when"])).get("moments", [])
        held = counted(len(moments), "moment") if moments else "nothing is remembered"
        self._near = {}
        self._show(f"{today.day} {today:%B} in every year · {held}", moments)
        self.query_one(MomentList).focus()

    def action_back(self) -> None:
        """Close the moment; else go to the days."""
        if self.has_class("-beside"):
            self.close_beside()
            self.query_one(MomentList).focus()
        else:
            self.opened()


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
