"""Journal: every change, newest first, and taking changes back."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import DataTable, Static

from secondme.tui.memory import Memory
from secondme.tui.pane import Pane
from secondme.tui.shapes import Change, State
from secondme.wording import clean, clip, minute


class JournalPane(Pane):
    """A table of changes."""

    TITLE = "Journal"
    BINDINGS = [
        Binding("u", "take_back", "Take back"),
        Binding("r", "again", "Do again"),
        Binding("m", "more", "Older"),
    ]

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory, id="journal")
        self._changes: list[Change] = []
        self._seen: str | None = ""
        self._all = False

    def compose(self) -> ComposeResult:
        """The table, and more on the chosen change."""
        yield DataTable[Text](cursor_type="row", zebra_stripes=False)
        yield Static("", classes="about", markup=False)

    def on_mount(self) -> None:
        """The table's columns."""
        for name in ("when", "by", "change", ""):
            self.query_one(DataTable).add_column(name, key=name)

    def opened(self) -> None:
        """One chooses a change."""
        self.query_one(DataTable).focus()

    def told(self, state: State) -> None:
        """Load again when there is a new change."""
        if state["change"] != self._seen:
            self._seen = state["change"]
            self.begin(self._load(), "load")

    async def _load(self) -> None:
        changes = await self.memory.log()
        table = self.query_one(DataTable)
        row = table.cursor_row
        chosen = self._changes[row]["id"] if 0 < row < len(self._changes) else None
        self._changes, self._all = changes, False
        table.clear()
        self._add(changes)
        # One who has chosen a change keeps it when others come; at the top the newest is chosen.
        table.move_cursor(row=next((n for n, c in enumerate(changes) if c["id"] == chosen), 0))
        if not self._changes:
            self.query_one(".about", Static).update("Nothing has changed yet.")

    def _add(self, changes: list[Change]) -> None:
        table = self.query_one(DataTable)
        for change in changes:
            undone = change["undone_by"] is not None
            summary = clip(change["summary"] or change["kind"], max(20, self.app.size.width - 48))
            state = "taken back" if undone else "" if change["undoable"] else "stays"
            table.add_row(
                Text(minute(change["time"]), style="dim"),
                Text(clip(change["client"], 10), style="dim"),
                Text(summary, style="dim strike" if undone else ""),
                Text(state, style="dim"),
            )

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Say more of it; at the end, bring older ones."""
        if 0 <= event.cursor_row < len(self._changes):
            change = self._changes[event.cursor_row]
            undone = f" · taken back by {change['undone_by']}" if change["undone_by"] else ""
            self.query_one(".about", Static).update(
                clean(f"{change['id']} · {change['kind']} · by {change['client']}{undone}")
            )
        if self._changes and event.cursor_row == len(self._changes) - 1:
            self.action_more()

    def action_more(self) -> None:
        """Bring older changes."""
        if self._changes and not self._all:
            self.begin(self._older(), "load")

    async def _older(self) -> None:
        older = await self.memory.log(before=self._changes[-1]["id"])
        self._all = not older
        self._changes += older
        self._add(older)

    def action_take_back(self) -> None:
        """Take the chosen change back."""
        row = self.query_one(DataTable).cursor_row
        if 0 <= row < len(self._changes):
            self.begin(self._take_back(self._changes[row]["id"]))

    async def _take_back(self, id_: str) -> None:
        self.say(f"took back: {(await self.memory.undo(id_))['summary']}")

    def action_again(self) -> None:
        """Do the chosen change again, which was taken back."""
        row = self.query_one(DataTable).cursor_row
        if 0 <= row < len(self._changes):
            self.begin(self._again(self._changes[row]["id"]))

    async def _again(self, id_: str) -> None:
        self.say(f"did again: {(await self.memory.redo(id_))['summary']}")
