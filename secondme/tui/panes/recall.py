"""Recall: what the memory finds while one types."""

from __future__ import annotations

import asyncio
from time import perf_counter

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from secondme.tui.memory import Memory
from secondme.tui.pane import MomentPane
from secondme.tui.shapes import Recalled, State
from secondme.tui.widgets.chips import HINT, Chip, Chips, taken
from secondme.tui.widgets.dialogs import Choice
from secondme.tui.widgets.field import Field
from secondme.tui.widgets.moments import MomentList, grouped
from secondme.wording import counted, emphasis, milliseconds, one_line

_FIRST = 40
_MOST = 1000
_NOTHING = "Nothing is remembered yet: Sources, key 6, takes something in."


class RecallPane(MomentPane):
    """Results that change with each key; filters as chips."""

    TITLE = "Recall"
    ASIDE = True
    BINDINGS = [
        Binding("down", "results", "Results", show=False),
        Binding("slash,i", "type", "Search"),
        Binding("ctrl+f", "filter", "Filter"),
        Binding("ctrl+g", "group", "Episodes"),
        Binding("m", "more", "More"),
    ]

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory, id="recall")
        self._count = _FIRST
        self._began = 0.0
        self._held = 1
        self._grouped = True
        self._aside: list[str] = []
        self._sought = self._question = ""
        self.latencies: list[float] = []
        """Seconds from a key to its results, for those that were shown."""

    def compose(self) -> ComposeResult:
        """A field, the filters, how much was found, and the moments."""
        with Vertical(id="what"):
            yield Field("What are you looking for?", id="sought")
        yield Chips()
        yield Static(HINT, id="found", markup=False)
        with Horizontal(classes="list"):
            yield MomentList(id="hits")
            yield self.beside

    def opened(self) -> None:
        """Typing goes to the field."""
        self.query_one(Field).focus()

    def rests_on(self, state: State) -> object:
        """On what the memory holds, and on whether it finds by meaning."""
        self._held = state["moments"]
        return state["change"], state["index"]["state"]

    async def on_input_changed(self, event: Field.Changed) -> None:
        """Search for what is typed; a filter that is complete becomes a chip."""
        event.stop()
        rest, filters = taken(event.value)
        if filters:
            chips = self.query_one(Chips)
            with self.prevent(Field.Changed):
                event.input.value = rest
            await chips.put(chips.filters | filters)
        self._count = _FIRST
        self._search()

    def on_input_submitted(self, event: Field.Submitted) -> None:
        """Go to the results."""
        event.stop()
        self.action_results()

    async def on_chip_removed(self, event: Chip.Removed) -> None:
        """A filter goes."""
        event.stop()
        chips = self.query_one(Chips)
        await chips.put({k: v for k, v in chips.filters.items() if k != event.name})
        self._search()
        self.query_one(Field).focus()

    def _search(self) -> None:
        self._began, self._sought = perf_counter(), self.query_one(Field).value.strip()
        self.reload()

    async def load(self) -> None:
        """Search, and show; a newer search ends this one."""
        began, question = self._began, self._sought
        found = self.query_one("#found", Static)
        filters = self.query_one(Chips).filters
        if sum(c.isalnum() for c in question) < 2:
            self._aside.clear()
            if self._question:
                self._show({"hits": [], "took_ms": 0.0}, "")
            found.update(HINT if self._held else _NOTHING)
            return
        typing = self.screen.focused is self.query_one(Field)
        result = await self.memory.recall(
            question,
            k=self._count,
            typing=typing,
            asked=False,
            without=self._aside or None,
            episodes=self._grouped or None,
            **filters,
        )
        hits = result["hits"]
        self._show(result, question)
        words = f"{counted(len(hits), 'moment')} in {milliseconds(result['took_ms'])}"
        if not hits:
            words = "nothing found" + (" with these filters" if filters else "")
        if self._aside:
            words += f" · without {counted(len(self._aside), 'moment')}, ctrl+z brings one back"
        notice = f" · {one_line(result['notice'])}" if result.get("notice") else ""
        found.update(words + notice)
        self.latencies.append(perf_counter() - began)

    def _show(self, found: Recalled, question: str) -> None:
        """What was found; for the same question as before, whoever has chosen a moment keeps it."""
        list_ = self.query_one(MomentList)
        hits, groups = grouped(found["hits"], found.get("episodes", ()))
        list_.show(hits, emphasis(question), groups, keep=question == self._question)
        self._question = question
        if hits and self.roomy:
            list_.action_open()
        elif not hits:
            self.chosen = None
            self.remove_class("-beside")

    def action_results(self) -> None:
        """Go from the field to the results."""
        if self.query_one(MomentList).moments:
            self.query_one(MomentList).focus()

    def action_type(self) -> None:
        """Go to the field."""
        self.query_one(Field).focus()

    def action_group(self) -> None:
        """By episode, or simply the best first."""
        self._grouped = not self._grouped
        self.say("by episode" if self._grouped else "the best first, whatever belongs together")
        self._search()

    def put_aside(self, id_: str) -> None:
        """Search again without this moment, until something else is looked for."""
        self._aside.append(id_)
        self._search()
        self.say("not this one: left out of this search; ctrl+z brings it back")

    def put_back(self) -> None:
        """Search again with what was left out last."""
        if self._aside:
            self._aside.pop()
            self.just_aside = bool(self._aside)
            self._search()
            self.say("brought back")

    def action_more(self) -> None:
        """Find more."""
        self._count = min(_MOST, self._count * 5)
        self._search()

    def action_back(self) -> None:
        """From the field to the results; from a moment to the results; from there to the field."""
        field = self.query_one(Field)
        if field.has_focus:
            self.action_results()
        elif self.has_class("-beside") and not self.roomy:
            self.close_beside()
        else:
            field.focus()

    def action_filter(self) -> None:
        """Choose a filter from those that there are."""
        self.begin(self._choose_filter(), "filter")

    async def _choose_filter(self) -> None:
        speakers, timeline, sources = await asyncio.gather(
            self.memory.speakers(), self.memory.timeline(by="month"), self.memory.sources()
        )
        options = [("who", name, counted(count, "moment")) for name, count in speakers]
        years = dict.fromkeys(part["when"][:4] for part in timeline["parts"])
        options += [("after", year, "from then on") for year in years]
        options += [("before", year, "until then") for year in years]
        options += [("after", part["when"], "from then on") for part in timeline["parts"]]
        options += [("source", s["path"], counted(s["moments"], "moment")) for s in sources]
        labels = {
            f"{'in' if name == 'source' else name} {value}": (name, value)
            for name, value, _ in options
        }
        hints = [hint for *_, hint in options]

        async def chosen(label: str | None) -> None:
            if label:
                name, value = labels[label]
                chips = self.query_one(Chips)
                await chips.put(chips.filters | {name: value})
                self._search()

        self.app.push_screen(Choice("Filter by", list(zip(labels, hints, strict=True))), chosen)

    def forgotten(self, id_: str) -> None:
        """Search again."""
        self._search()
