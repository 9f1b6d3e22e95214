"""The first minutes: models, something to remember, a first question."""

from __future__ import annotations

import asyncio
from pathlib import Path

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static

from secondme.errors import SecondMeError
from secondme.tui.memory import Memory
from secondme.tui.shapes import DOES, Model
from secondme.tui.widgets.bars import Foot
from secondme.tui.widgets.picker import Choice, Picker
from secondme.tui.widgets.task import Task
from secondme.wording import counted, short_path, size

_DEMO_QUESTION = "How much did the green bicycle cost?"
_OWN_QUESTION = ""
_AGAIN = 2.0
_GREETING = (
    "A memory of your own. It takes in what you write, read and say, finds the right moment again,"
    " and answers only with what it can cite. Everything stays on this machine."
)


class Checks(OptionList):
    """A list of things, each of which can be chosen."""

    BINDINGS = [
        Binding("space", "check", "Choose"),
        Binding("enter", "screen.begin", "Begin"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._labels: list[Content] = []
        self._values: list[str] = []
        self.chosen: set[str] = set()

    @property
    def selected(self) -> list[str]:
        """The values that are chosen, in order."""
        return [value for value in self._values if value in self.chosen]

    def put(self, label: Content, value: str, *, chosen: bool = False) -> None:
        """Add one at the end."""
        if value in self._values:
            return
        self._labels.append(label)
        self._values.append(value)
        if chosen:
            self.chosen.add(value)
        self.add_option(self._prompt(len(self._values) - 1))
        if self.highlighted is None:
            self.highlighted = 0

    def _prompt(self, at: int) -> Content:
        mark = "[x] " if self._values[at] in self.chosen else "[ ] "
        return Content.assemble((mark, "bold $accent"), self._labels[at])

    def action_check(self) -> None:
        """Choose the one under the cursor, or no more."""
        if self.highlighted is not None:
            self.chosen ^= {self._values[self.highlighted]}
            self.replace_option_prompt_at_index(self.highlighted, self._prompt(self.highlighted))

    def on_option_list_option_selected(self) -> None:
        """A click."""
        self.action_check()


class Welcome(ModalScreen[str]):
    """Gives a first question to ask, or None when it was left."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", "Later"),
        Binding("ctrl+a", "begin", "Begin"),
        Binding("ctrl+o", "other", "Another folder"),
    ]

    def __init__(self, memory: Memory) -> None:
        super().__init__()
        self._memory = memory
        self._demo: str | None = None
        self._missing: list[Model] = []
        self._left = 0

    def compose(self) -> ComposeResult:
        """A greeting, the models, what could be taken in, and the work."""
        with Vertical(classes="sheet welcome"):
            yield Static(Content.styled("Second Me", "bold $primary"), classes="name")
            yield Static(_GREETING, classes="text")
            yield Static("", classes="models", markup=False)
            yield Static(Content.styled("What should it remember?", "bold"), classes="what")
            yield Checks()
            yield VerticalScroll(classes="work")
            yield Foot(
                ("space", "chooses", "check"),
                ("ctrl+o", "another folder", "other"),
                ("enter", "begins", "begin"),
                ("esc", "later", "dismiss(None)"),
            )

    def on_mount(self) -> None:
        """Look around."""
        self.query_one(Checks).focus()
        self.run_worker(self._look(), exclusive=True)

    async def _look(self) -> None:
        while True:
            try:
                models = await self._memory.models()
                likely = await self._memory.call("sources-likely")
                break
            except SecondMeError as error:
                self.query_one(".models", Static).update(error.line())
                await asyncio.sleep(_AGAIN)
        self._missing = [m for m in models if m["in_use"] and not m["fetched"]]
        self.query_one(".models", Static).update(_models(models))
        places = self.query_one(Checks)
        self._demo = likely["demo"]
        for place in likely["places"]:
            what = f"  {place['what']}, {counted(place['files'], 'file')}"
            places.put(Content.assemble(short_path(place["path"]), (what, "$quiet")), place["path"])
        if self._demo:
            what = "  two years of an invented person; undo takes it out"
            label = Content.assemble("A demo life", (what, "$quiet"))
            places.put(label, self._demo, chosen=not likely["places"])

    def action_other(self) -> None:
        """Choose another folder or file."""

        def chosen(choice: Choice | None) -> None:
            if choice is not None:
                places = self.query_one(Checks)
                places.put(Content(short_path(choice.path)), choice.path, chosen=True)

        self.app.push_screen(Picker(Path.home()), chosen)

    def action_check(self) -> None:
        """Choose what is under the cursor, or no more."""
        self.query_one(Checks).action_check()

    def action_begin(self) -> None:
        """Fetch the models that are missing, and take in what was chosen."""
        chosen = self.query_one(Checks).selected
        work = self.query_one(".work", VerticalScroll)
        if self._left:
            return
        if not (chosen or self._missing):
            hint = "space chooses what is under the cursor, ctrl+o finds another folder"
            self.query_one(".what", Static).update(Content.styled(f"Nothing is chosen: {hint}"))
            return
        tasks = []
        for model in self._missing:
            fetch = lambda name=model["name"]: self._memory.stream("model-fetch", name=name)  # noqa: E731
            tasks.append(Task(f"fetching {model['name']}", fetch, in_bytes=True))
        if chosen:
            wait = (
                chosen == [self._demo] and not self._missing
            )  # small, and its question comes next
            add = lambda: self._memory.stream("add", paths=list(chosen), wait=wait)  # noqa: E731
            tasks.append(Task("taking in", add))
        self._left = len(tasks)
        self.add_class("-working")
        work.mount(*tasks)

    def on_task_ended(self, event: Task.Ended) -> None:
        """When all is done, go to the first question."""
        event.stop()
        if event.result is None:
            return
        self._left -= 1
        if self._left == 0:
            demo = self._demo in self.query_one(Checks).selected
            self.dismiss(_DEMO_QUESTION if demo else _OWN_QUESTION)


def _models(models: list[Model]) -> Content:
    """What is needed, and whether it is here."""
    lines = []
    for model in models:
        if model["in_use"]:
            does = DOES[model["role"]]
            here = ("is here", "$success") if model["fetched"] else ("to be fetched", "$warning")
            lines.append(
                Content.assemble(f"{does}: {model['name']}, {size(model['size'])}, ", here)
            )
    return Content("\n").join(lines)
