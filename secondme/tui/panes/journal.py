"""Journal: every change, newest first, and taking changes back; and what was read by which client."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import DataTable, Static

from secondme.tui.memory import Memory
from secondme.tui.pane import Pane
from secondme.tui.shapes import Change, Read, State
from secondme.tui.widgets.dialogs import Prompt
from secondme.tui.widgets.rows import facts
from secondme.tui.widgets.table import Table
from secondme.wording import cells, clip, counted, minute, one_line, short_path

_AROUND = 29
"""Columns that the time takes, and the space between and around all of them."""
_CLIENT = 12
_PAGE, _SEARCHED = 100, 1000
"""How many are brought at once, and how many are looked through for words."""


@dataclass(frozen=True)
class Line:
    """A change, or a read: `key` is what older ones come before, `more` what is said of it below."""

    key: str
    time: str
    client: str
    what: str
    state: str
    more: str
    gone: bool = False

    def holds(self, words: list[str]) -> bool:
        """Whether every word stands in it."""
        text = f"{self.client} {self.what} {self.state} {self.more}".casefold()
        return all(word in text for word in words)


class JournalPane(Pane):
    """A table of changes, or of reads."""

    TITLE = "Journal"
    BINDINGS = [
        Binding("u", "take_back", "Take back"),
        Binding("r", "again", "Do again"),
        Binding("v", "show(True)", "Reads"),
        Binding("v", "show(False)", "Changes"),
        Binding("slash", "find", "Find"),
        Binding("m", "more", "Older"),
    ]

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory, id="journal")
        self._lines: list[Line] = []
        self._words: list[str] = []
        self._reading = False
        self._last: str | None = None

    def compose(self) -> ComposeResult:
        """The table, and more on the chosen line."""
        yield Table()
        yield Static("", classes="about", markup=False)

    @property
    def _table(self) -> Table:
        return self.query_one(Table)

    @property
    def _chosen(self) -> Line | None:
        row = self._table.cursor_row
        return self._lines[row] if 0 <= row < len(self._lines) else None

    def opened(self) -> None:
        """One chooses a line; reads are shown as they are now."""
        self._table.focus()
        if self._reading:
            self.reload()

    def rests_on(self, state: State) -> object:
        """On the newest change; reads come anew when the pane is opened."""
        return "reads" if self._reading else state["change"]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only changes are taken back and done again."""
        if action == "show":
            return bool(parameters[0]) is not self._reading
        return not (self._reading and action in ("take_back", "again"))

    def action_show(self, reading: bool) -> None:
        """Show what was read by which client, or the changes."""
        self._reading, self._words = reading, []
        self.refresh_bindings()
        self.reload()

    def action_find(self) -> None:
        """Show only what has some words in it."""

        def given(text: str | None) -> None:
            if text is not None:
                self._words = text.casefold().split()
                self.reload()

        self.app.push_screen(Prompt("Only what has these words in it; empty for all"), given)

    async def load(self) -> None:
        """The table, from the newest line on."""
        chosen = self._chosen if self._table.cursor_row else None
        self._lines, self._last = await self._bring()
        self._draw(chosen)
        self.set_class(not self._lines, "-empty")
        if not self._lines:
            about = "Nothing was read in the last 90 days." if self._reading else _NOTHING
            about = f"Nothing has “{' '.join(self._words)}” in it." if self._words else about
            self.query_one(".about", Static).update(about)

    async def _bring(self, before: str | None = None) -> tuple[list[Line], str | None]:
        """The newest, or those before one, with the key of the last if there are more; with words, those
        that have them among many."""
        limit = _SEARCHED if self._words else _PAGE
        if self._reading:
            lines = [_of_read(read) for read in await self.memory.reads(limit, before)]
        else:
            lines = [_of_change(change) for change in await self.memory.log(limit, before)]
        last = lines[-1].key if len(lines) == limit else None
        return [line for line in lines if line.holds(self._words)], last

    def _draw(self, chosen: Line | None) -> None:
        """Show the lines, each in what room there is for it. One who has chosen a line keeps it when others
        come; at the top the newest is chosen."""
        clients = max((cells(clip(line.client, _CLIENT)) for line in self._lines), default=0)
        states = max((cells(line.state) for line in self._lines), default=0)
        room = max(20, self.size.width - _AROUND - clients - states)
        rows = [
            (
                Text(minute(line.time), style="dim"),
                Text(clip(line.client, _CLIENT), style="dim"),
                Text(clip(line.what, room), style="dim strike" if line.gone else ""),
                Text(line.state, style="dim"),
            )
            for line in self._lines
        ]
        self._table.fill(("when", "by", "what", ""), rows)
        keys = [line.key for line in self._lines]
        at = keys.index(chosen.key) if chosen is not None and chosen.key in keys else 0
        self._table.move_cursor(row=at)

    def on_resize(self) -> None:
        """There is another room for each line."""
        self._draw(self._chosen)

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Say more of it; at the end, bring older ones."""
        if self._chosen is not None:
            more = [clip(line, self.size.width - 4) for line in self._chosen.more.splitlines()]
            self.query_one(".about", Static).update("\n".join(more))
            if event.cursor_row == len(self._lines) - 1:
                self.action_more()

    def action_more(self) -> None:
        """Bring older ones."""
        if self._last is not None:
            self.begin(self._older(self._last), "older")

    async def _older(self, before: str) -> None:
        held = self._lines
        older, last = await self._bring(before)
        if held is self._lines:  # else the newest have come meanwhile, and these would leave a gap
            self._lines, self._last = [*held, *older], last
            self._draw(self._chosen)

    def action_take_back(self) -> None:
        """Take the chosen change back."""
        if self._chosen is not None:
            self.begin(self._take_back(self._chosen.key))

    async def _take_back(self, id_: str) -> None:
        self.say(f"took back: {(await self.memory.undo(id_))['summary']}")

    def action_again(self) -> None:
        """Do the chosen change again, which was taken back."""
        if self._chosen is not None:
            self.begin(self._again(self._chosen.key))

    async def _again(self, id_: str) -> None:
        self.say(f"did again: {(await self.memory.redo(id_))['summary']}")


_NOTHING = "Nothing has changed yet."


def _of_change(change: Change) -> Line:
    undone = change["undone_by"] is not None
    more = f"{change['id']} · {change['kind']} · by {one_line(change['client'])}"
    return Line(
        change["id"],
        change["time"],
        change["client"],
        short_path(change["summary"] or change["kind"]),
        "taken back" if undone else "" if change["undoable"] else "stays",
        more + (f" · taken back by {change['undone_by']}" if undone else ""),
        undone,
    )


def _of_read(read: Read) -> Line:
    first = read["first"]
    said = [one_line(f"{facts(moment)}: {moment['text']}") for moment in first]
    rest = len(read["moments"]) - len(first)
    return Line(
        read["time"],
        read["time"],
        read["client"],
        f"{read['kind']} · {one_line(first[0]['text'])}" if first else read["kind"],
        counted(len(read["moments"]), "moment"),
        "\n".join([*said, *([f"and {rest:,} more"] if rest else [])]),
    )
