"""Model: the models on this machine and those to fetch, and how they do at their work."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.widgets import DataTable, Static

from secondme.tui.memory import Memory
from secondme.tui.pane import Pane
from secondme.tui.shapes import DOES, Model, State, Worker
from secondme.tui.widgets.compare import Compare
from secondme.tui.widgets.dialogs import Confirm
from secondme.tui.widgets.sparks import Series, Sparks
from secondme.tui.widgets.task import Task
from secondme.wording import clip, one_line, size

_LOOK = 1.0
_TOKENS = ("primary", "accent", "warning", "error")


class ModelPane(Pane):
    """A table of models over what the workers do."""

    TITLE = "Model"
    BINDINGS = [
        Binding("u", "use", "Use"),
        Binding("g", "fetch", "Fetch"),
        Binding("c", "compare", "Compare"),
        Binding("x", "remove", "Remove"),
    ]

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory, id="model")
        self._models: list[Model] = []
        self._reasons: dict[str, str] = {}
        self._in_use: object = None
        self._workers: list[Worker] = []
        self._resident: dict[str, Series] = {}
        self._speed = Series("speed", "success")

    def compose(self) -> ComposeResult:
        """Models, the chosen one in words, fetches, and the workers with their plots."""
        yield DataTable[Text](cursor_type="row", zebra_stripes=False)
        yield Static("", classes="about", markup=False)
        yield VerticalScroll(id="tasks")
        yield Vertical(id="budget")
        yield Sparks(id="workers")

    def on_mount(self) -> None:
        """The table's columns, and a look at the workers every second."""
        for name in ("", "model", "does", "file", "memory", "licence"):
            self.query_one(DataTable).add_column(name, key=name)
        self.set_interval(_LOOK, self._look)

    def opened(self) -> None:
        """One chooses a model."""
        self.query_one(DataTable).focus()

    def told(self, state: State) -> None:
        """The workers as they are; the models again when others are in use."""
        self._workers = state["workers"]
        in_use = (state["embedder"], state["language_model"])
        if in_use != self._in_use:
            self._in_use = in_use
            self.begin(self._load(), "load")

    async def _load(self) -> None:
        self._models = await self.memory.models()
        recommended = await self.memory.call("model-recommend")
        self._reasons = {r["name"]: r["reason"] for r in recommended["recommendations"]}
        table = self.query_one(DataTable)
        at = table.cursor_row
        table.clear()
        for model in self._models:
            state = "in use" if model["in_use"] else "here" if model["fetched"] else ""
            table.add_row(
                Text(state, style="bold" if model["in_use"] else "dim"),
                Text(one_line(model["name"])),
                Text(
                    {"language": "answers", "embedder": "finds", "parser": "reads"}.get(
                        model["role"], ""
                    ),
                    style="dim",
                ),
                Text(size(model["size"]) if model["size"] else "", justify="right"),
                Text(f"{model['memory_mb']:,} MB" if model["memory_mb"] else "", justify="right"),
                Text(clip(model["licence"], 14), style="dim"),
            )
        table.move_cursor(row=min(at, len(self._models) - 1))
        self._tell()

    def _look(self) -> None:
        """A sample of each worker's memory, and of the speed at which answers are written."""
        for at, worker in enumerate(self._workers):
            role = worker["role"]
            token = _TOKENS[at % len(_TOKENS)]
            series = self._resident.setdefault(role, Series(role, token))
            series.samples.append(worker["resident_mb"])
            series.now = f"{worker['resident_mb']:>6,} MB  {worker['state']}"
            speed = worker.get("tokens_s")
            if speed:
                self._speed.now = f"{speed} tokens/s, first after {worker.get('first_s')} s"
                self._speed.samples.append(speed if worker["state"] == "busy" else 0.0)
        if self.display and self._workers:
            speeds = [[self._speed]] if self._speed.samples else []
            self.query_one(Sparks).show([list(self._resident.values()), *speeds])

    @property
    def _chosen(self) -> Model | None:
        row = self.query_one(DataTable).cursor_row
        return self._models[row] if 0 <= row < len(self._models) else None

    def on_data_table_row_highlighted(self) -> None:
        """Say more of the model under the cursor."""
        self._tell()

    def _tell(self) -> None:
        model = self._chosen
        if model is not None:
            reason = self._reasons.get(model["name"])
            lines = [one_line(model["description"]), *([one_line(reason)] if reason else [])]
            self.query_one(".about", Static).update("\n".join(lines))

    def action_use(self) -> None:
        """Answer, or find, with the chosen model from now on; fetch it first if need be."""
        model = self._chosen
        if model is None:
            return
        if model["fetched"]:
            self.begin(self._use(model["name"]), "use")
        else:
            self.action_fetch()

    async def _use(self, name: str) -> None:
        result = await self.memory.call("model-use", name=name)
        does = DOES[result["role"]]
        note = f"; {one_line(result['note'])}" if result["note"] else ""
        self.say(f"{name} {does} from now on{note}")
        await self._load()

    def action_fetch(self) -> None:
        """Bring the chosen model here."""
        model = self._chosen
        if model is None:
            return
        if model["fetched"]:
            self.say(f"{model['name']} is here already")
        else:
            self.fetch(model["name"])

    def fetch(self, name: str) -> None:
        """Bring a model here, with its progress shown."""
        start = lambda: self.memory.stream("model-fetch", name=name)  # noqa: E731
        self.query_one("#tasks").mount(Task(f"fetching {name}", start, in_bytes=True))

    def on_task_ended(self, event: Task.Ended) -> None:
        """A model is here, perhaps."""
        event.stop()
        self.begin(self._load(), "load")

    def action_remove(self) -> None:
        """Ask, and delete the chosen model's file."""
        model = self._chosen
        if model is None or not model["fetched"]:
            return
        name = model["name"]

        def sure(yes: bool | None) -> None:
            if yes:
                self.begin(self._remove(name))

        question = f"Delete {name} from this machine? It can be fetched again."
        self.app.push_screen(Confirm(question, "Delete"), sure)

    async def _remove(self, name: str) -> None:
        freed = (await self.memory.call("model-remove", name=name))["freed"]
        self.say(f"removed {name}, {size(freed)} freed")
        await self._load()

    def action_compare(self) -> None:
        """Let two models answer one question side by side."""
        here = [m["name"] for m in self._models if m["fetched"] and m["role"] == "language"]
        if len(here) < 2:
            self.say("comparing needs two language models here; g fetches the one under the cursor")
        else:
            self.app.push_screen(Compare(self.memory, here))
