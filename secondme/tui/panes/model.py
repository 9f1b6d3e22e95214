"""Model: the models on this machine and those to fetch, and how they do at their work."""

from __future__ import annotations

from time import monotonic

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import Static

from secondme.errors import SecondMeError
from secondme.tui.memory import Memory
from secondme.tui.pane import Pane
from secondme.tui.shapes import DOES, Model, Plan, Residency, State, Worker
from secondme.tui.widgets.budget import Budget
from secondme.tui.widgets.compare import Compare
from secondme.tui.widgets.dialogs import Confirm
from secondme.tui.widgets.residency import ResidencyMap
from secondme.tui.widgets.slider import Slider
from secondme.tui.widgets.sparks import Series, Sparks
from secondme.tui.widgets.table import Table
from secondme.tui.widgets.task import Task
from secondme.wording import clip, one_line, size

_LOOK = 1.0
_GLANCE = 0.3
_REST = 10
"""Glances for one while the model rests."""
_ALL = 100_000
"""Megabytes that are enough for any model, to see what it is made of."""
_COLUMNS = ("", "model", "does", "file", "memory", "licence")
_SHORT = {"language": "answers", "embedder": "finds", "parser": "reads", "ranker": "orders"}
"""What a model does, by its role, in the table."""
_TOKENS = ("primary", "accent", "warning", "error")


class ModelPane(Pane):
    """A table of models over what the workers do."""

    TITLE = "Model"
    BINDINGS = [
        Binding("u", "use", "Use"),
        Binding("g", "fetch", "Fetch"),
        Binding("m", "memory", "Memory"),
        Binding("c", "compare", "Compare"),
        Binding("x", "remove", "Remove"),
        Binding("escape", "back", "Back", show=False),
    ]

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory, id="model")
        self._models: list[Model] = []
        self._reasons: dict[str, str] = {}
        self._workers: list[Worker] = []
        self._resident: dict[str, Series] = {}
        self._speed = Series("speed", "primary")
        self._held = Series("in memory", "success")
        self._reads = Series("reads", "accent")
        self._memory = 0
        self._plan: Plan | None = None
        self._looked_at: Plan | None = None
        self._residency: Residency | None = None
        self._read: tuple[float, int] | None = None
        self._rate = 0.0
        self._ticks = 0

    def compose(self) -> ComposeResult:
        """Models, the chosen one in words, fetches, and the workers with their plots."""
        yield Table()
        yield Static("", classes="about", markup=False)
        yield VerticalScroll(id="tasks")
        yield Budget()
        yield ResidencyMap()
        yield Sparks(id="workers")

    def on_mount(self) -> None:
        """A look at the workers every second."""
        self.set_interval(_LOOK, self._look)
        self.set_interval(_GLANCE, self._glance)

    def opened(self) -> None:
        """One chooses a model."""
        self.query_one(Table).focus()

    def rests_on(self, state: State) -> object:
        """On which models are in use; the workers are as they are."""
        self._workers = state["workers"]
        self._memory = state["memory"]
        return state["embedder"], state["language_model"], state["memory"]

    async def load(self) -> None:
        """The table, as the models are now."""
        self._models = await self.memory.models()
        recommended = await self.memory.call("model-recommend")
        self._reasons = {r["name"]: r["reason"] for r in recommended["recommendations"]}
        table = self.query_one(Table)
        at = table.cursor_row
        table.fill(_COLUMNS, [_row(model) for model in self._models])
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
                foreseen = self._plan["tokens_s"] if self._plan and self._residency else None
                beside = f", foreseen {foreseen}" if foreseen else ""
                first = f", first in {worker.get('first_s')} s"
                self._speed.now = f"{speed} tokens/s{beside}{first}"
                self._speed.samples.append(speed if worker["state"] == "busy" else 0.0)
        self._look_at_weights()
        if self.display and self._workers:
            short = self.screen.has_class("-short")  # there is no room for what does nothing
            workers = [
                self._resident[worker["role"]]
                for worker in self._workers
                if worker["state"] != "off" or not short
            ]
            more = [[s] for s in (self._held, self._reads, self._speed) if s.samples]
            self.query_one(Sparks).show([workers, *more])

    def _look_at_weights(self) -> None:
        """A sample of what the weights take and of what is read for them, where a model is in a budget."""
        found = self._residency
        if found is None:
            self._held.samples.clear()
            self._reads.samples.clear()
            return
        used, planned = found["used"] / 1e6, found["planned"] / 1e6
        limit = f"of {found['budget'] / 1e6:.0f}"
        self._held.now = f"{used:>6,.0f} MB  {limit}, foreseen {planned:.0f}"
        self._held.samples.append(used)
        self._reads.now = f"{self._rate / 1e6:>6,.0f} MB/s from disk"
        self._reads.samples.append(self._rate)

    def _glance(self) -> None:
        """Where the weights are: often while the model works, now and then while it rests."""
        self._ticks += 1
        language = next((w for w in self._workers if w["role"] == "language"), None)
        if language is None or not self._memory or language["state"] not in ("ready", "busy"):
            if self._residency is not None:
                self._show_residency(None)
        elif self.display and (
            self._residency is None or language["state"] == "busy" or self._ticks % _REST == 0
        ):
            looking = [w for w in self.workers if w.group == "residency" and not w.is_finished]
            if not looking:
                self.begin(self._see(), "residency")

    async def _see(self) -> None:
        try:
            found = await self.memory.residency()
        except SecondMeError:  # its worker has just gone: there is nothing to be seen
            found = None
        now = monotonic()
        if found is not None and self._read is not None:
            before, read = self._read
            self._rate = max(found["bytes_read"] - read, 0) / max(now - before, 1e-6)
        self._read = (now, found["bytes_read"]) if found is not None else None
        self._show_residency(found)

    def _show_residency(self, found: Residency | None) -> None:
        self._residency = found
        self.query_one(ResidencyMap).show(found)
        self._show_plan()

    @property
    def _chosen(self) -> Model | None:
        row = self.query_one(Table).cursor_row
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
            self.begin(self._offer(model), "plan")

    async def _offer(self, model: Model) -> None:
        """Let the memory of the model under the cursor be chosen, if it is one that answers."""
        budget = self.query_one(Budget)
        if model["role"] != "language" or not model["fetched"]:
            budget.hide()
            return
        memory = self._memory if model["in_use"] else 0
        if budget.model != model["name"] or budget.memory != memory:
            try:
                whole = await self.memory.plan(model["name"], _ALL)
            except SecondMeError as error:  # it cannot be held to a budget
                budget.hide()
                self.query_one(".about", Static).update(error.line())
                return
            budget.offer(model["name"], whole, memory)
        await self._foresee(model["name"], memory)

    async def _foresee(self, model: str, memory: int) -> None:
        budget = self.query_one(Budget)
        plan = await self.memory.plan(model, memory or budget.whole)
        in_use = any(m["name"] == model and m["in_use"] for m in self._models)
        if in_use and memory == self._memory:
            self._plan = plan
        self._looked_at = plan
        self._show_plan()

    def _show_plan(self) -> None:
        """What the memory under the slider buys, beside how fast the model was."""
        plan, found = self._looked_at, self._residency
        if plan is not None:
            in_use = any(m["name"] == plan["name"] and m["in_use"] for m in self._models)
            seconds = found["token_seconds"] if found and in_use else None
            self.query_one(Budget).foresee(plan, 1 / seconds if seconds else None)

    def on_budget_moved(self, event: Budget.Moved) -> None:
        """Say what that buys, before it is so."""
        event.stop()
        self.begin(self._foresee(event.model, event.memory), "plan")

    def on_budget_taken(self, event: Budget.Taken) -> None:
        """Let the model have so much from now on, also in the middle of a reply."""
        event.stop()
        self.begin(self._limit(event.model, event.memory), "limit")

    async def _limit(self, name: str, memory: int) -> None:
        in_use = any(m["name"] == name and m["in_use"] for m in self._models)
        if in_use:
            await self.memory.call("model-memory", memory=memory)
        else:
            await self.memory.call("model-use", name=name, memory=memory)
        held = f"held to {memory} MB" if memory else "held to no limit"
        self.say(f"{name} is {held} from its next word on" if memory else f"{name} is {held}")

    def action_memory(self) -> None:
        """Go to the slider."""
        if self.query_one(Budget).display:
            self.query_one(Slider).focus()
        else:
            self.say("only a model that answers, and is here, can be held to a memory")

    def action_back(self) -> None:
        """Go to the table."""
        self.opened()

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
        await self.load()

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
        self.reload()

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
        await self.load()

    def action_compare(self) -> None:
        """Let two models answer one question side by side."""
        here = [m["name"] for m in self._models if m["fetched"] and m["role"] == "language"]
        if len(here) < 2:
            self.say("comparing needs two language models here; g fetches the one under the cursor")
        else:
            self.app.push_screen(Compare(self.memory, here))


def _row(model: Model) -> tuple[Text, ...]:
    state = "in use" if model["in_use"] else "here" if model["fetched"] else ""
    return (
        Text(state, style="bold" if model["in_use"] else "dim"),
        Text(one_line(model["name"])),
        Text(_SHORT[model["role"]], style="dim"),
        Text(size(model["size"]) if model["size"] else "", justify="right"),
        Text(f"{model['memory_mb']:,} MB" if model["memory_mb"] else "", justify="right"),
        Text(clip(model["licence"], 14), style="dim"),
    )
