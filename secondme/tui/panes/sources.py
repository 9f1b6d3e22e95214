"""Sources: what the memory's content comes from, and taking in more."""

from __future__ import annotations

from pathlib import Path

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import Static

from secondme.tui.memory import Memory
from secondme.tui.pane import Pane
from secondme.tui.shapes import Source, State
from secondme.tui.widgets.dialogs import Choice, Confirm
from secondme.tui.widgets.picker import Choice as Chosen
from secondme.tui.widgets.picker import Picker
from secondme.tui.widgets.table import Table
from secondme.tui.widgets.task import Task
from secondme.wording import clean, clip, counted, day, short_path

_KEEP, _FORGET = "Take it off the list, keep what came from it", "Forget what came from it as well"


class SourcesPane(Pane):
    """A table of sources over the work that goes on."""

    TITLE = "Sources"
    BINDINGS = [
        Binding("a", "add", "Take in"),
        Binding("w", "watch", "Watch"),
        Binding("r", "again", "Look again"),
        Binding("x", "remove", "Remove"),
    ]

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory, id="sources")
        self._sources: list[Source] = []

    def compose(self) -> ComposeResult:
        """The table, what it is empty for, and the tasks."""
        yield Table()
        yield Static("", classes="about", markup=False)
        yield VerticalScroll(id="tasks")

    def opened(self) -> None:
        """One chooses a source."""
        self.query_one(Table).focus()

    def rests_on(self, state: State) -> object:
        """On what the memory holds."""
        return state["change"], state["moments"]

    def told(self, state: State) -> None:
        """Say as well what has not its vector yet."""
        super().told(state)
        about = ""
        if state["pending"]:
            pending = counted(state["pending"], "moment")
            rate = state["embedding"]["rate"]
            about = f"{pending} found by words already; by meaning soon, {rate} a second"
        if state["embedding"]["error"]:
            about = f"finding by meaning has stopped: {state['embedding']['error']}"
        self._about(about)

    def _about(self, line: str) -> None:
        self.set_class(not self._sources, "-empty")
        if not self._sources and not line:
            line = "Nothing has been taken in yet: a chooses a file or folder."
        self.query_one(".about", Static).update(clean(line))

    async def load(self) -> None:
        """The table, as the sources are now."""
        chosen, at = self._chosen, self.query_one(Table).cursor_row
        self._sources = await self.memory.sources()
        rows = [
            (
                Text(clip(short_path(source["path"]), max(20, self.app.size.width - 52))),
                Text(f"{source['moments']:,}", justify="right"),
                Text(f"{source['items']:,}", justify="right"),
                Text(day(source["added"]), style="dim"),
                _standing(source),
            )
            for source in self._sources
        ]
        table = self.query_one(Table)
        table.fill(("source", "moments", "items", "since", ""), rows)
        # The chosen source stays the chosen one, whatever came before it.
        ids = [source["id"] for source in self._sources]
        if chosen is not None and chosen["id"] in ids:
            at = ids.index(chosen["id"])
        table.move_cursor(row=min(at, len(ids) - 1))
        if self._sources:
            self._about("")

    @property
    def _chosen(self) -> Source | None:
        row = self.query_one(Table).cursor_row
        return self._sources[row] if 0 <= row < len(self._sources) else None

    def action_add(self) -> None:
        """Choose a file or folder and take it in."""

        def chosen(choice: Chosen | None) -> None:
            if choice is not None:
                self.take_in(choice.path, watch=choice.watch)

        self.app.push_screen(Picker(Path.home()), chosen)

    def take_in(self, path: str, *, watch: bool = False) -> Task:
        """Take a path in, with its progress shown."""
        task = Task(short_path(path), lambda: self.memory.stream("add", paths=[path]))
        self.query_one("#tasks").mount(task)
        if watch:
            self.begin(self._watch(path))
        return task

    def action_again(self) -> None:
        """Look through the chosen source again."""
        source = self._chosen
        if source is None or source["path"].startswith("<"):
            self.say("this one is no file or folder to look through")
        else:
            self.take_in(source["path"])

    def action_watch(self) -> None:
        """Watch the chosen folder from now on, or watch it no more."""
        source = self._chosen
        if source is not None:
            stop = source["watched"]
            self.begin(self._unwatch(source["id"]) if stop else self._watch(source["path"]))

    async def _watch(self, path: str) -> None:
        await self.memory.call("watch", path=path)
        self.say(f"watching {short_path(path)}")

    async def _unwatch(self, id_: str) -> None:
        result = await self.memory.call("unwatch", source=id_)
        self.say(f"no longer watching {short_path(result['source']['path'])}")

    def action_remove(self) -> None:
        """Ask how, and take the chosen source out."""
        source = self._chosen
        if source is None:
            return
        id_, moments = source["id"], counted(source["moments"], "moment")

        def sure(yes: bool | None) -> None:
            if yes:
                self.begin(self._remove(id_, forget=True))

        def chosen(how: str | None) -> None:
            if how == _KEEP:
                self.begin(self._remove(id_, forget=False))
            elif how == _FORGET:
                self.app.push_screen(
                    Confirm(f"Forget {moments}? ctrl+z takes it back.", "Forget"), sure
                )

        self.app.push_screen(Choice("Remove", [(_KEEP, ""), (_FORGET, moments)]), chosen)

    async def _remove(self, id_: str, *, forget: bool) -> None:
        result = await self.memory.call("source-remove", source=id_, forget=forget)
        gone = f" and {counted(result['forgotten'], 'moment')} forgotten" if forget else ""
        self.say(f"removed{gone}; ctrl+z takes it back")

    def on_task_ended(self, event: Task.Ended) -> None:
        """The table may have more in it."""
        event.stop()
        self.reload()


def _standing(source: Source) -> Text:
    if source["error"]:
        return Text(clean(source["error"]), style="bold")
    return Text("watched" if source["watched"] else "")
