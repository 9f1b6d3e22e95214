"""People & facts: who is known, what of them and since when, and what only the person can decide."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.widgets import Static

from secondme.tui.deciding import FactPane
from secondme.tui.memory import Memory
from secondme.tui.shapes import Entity, Fact
from secondme.tui.widgets.dialogs import Choice, Prompt
from secondme.tui.widgets.facts import Row, about
from secondme.tui.widgets.names import NameList
from secondme.tui.widgets.relations import Relations
from secondme.tui.widgets.slider import Slider
from secondme.wording import clip, counted, day, one_line

_KINDS = {
    "person": "people",
    "animal": "animals",
    "place": "places",
    "organisation": "organisations",
    "thing": "things",
}
_DECIDE = "a so it is, r not so, e what is so"
_NAMES_SHOWN = 6
_HINT = 30
_RESTS = 0.15


class FactsPane(FactPane):
    """Names at the left, and what is known of the chosen one."""

    TITLE = "People & facts"
    BINDINGS = [
        Binding("h", "history", "History"),
        Binding("t", "tree", "Tree"),
        Binding("d", "date", "As of"),
        Binding("m", "merge", "Join"),
        Binding("s", "split", "Part"),
        Binding("g", "follow", "Go to", show=False),
        Binding("slash", "find", "Find", show=False),
        Binding("n", "kind", "Kind", show=False),
        Binding("left_square_bracket", "month(-1)", "A month back", key_display="[", show=False),
        Binding("right_square_bracket", "month(1)", "A month on", key_display="]", show=False),
    ]

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory, id="facts")
        self._kind = "person"
        self._conflicts: list[list[Fact]] = []
        self._review: list[Fact] = []
        self._who: Entity | None = None
        self._deciding = False
        self._goal = ""
        self._as_of: str | None = None
        self._history = False
        self._first = self._last = date.today()

    def compose(self) -> ComposeResult:
        """Names, what is known of one, and a moment beside."""
        with Horizontal(classes="list"):
            yield NameList()
            yield from self.known(bars=True)
            yield self.beside

    def above(self) -> ComposeResult:
        """A line on which one goes back in time, and the tree that comes in place of the list."""
        yield Slider(id="asof")
        yield Relations()

    def opened(self) -> None:
        """One chooses somebody."""
        self._names.focus()

    @property
    def _names(self) -> NameList:
        return self.query_one(NameList)

    async def load(self) -> None:
        """Show who and what is known; whoever was chosen stays chosen."""
        months = (await self.memory.timeline(by="month"))["parts"]
        held = [date.fromisoformat(f"{month['when']}-01") for month in months]
        self._first = held[0] if held else date.today()
        self._last = min(held[-1], date.today()) if held else date.today()
        self._show_as_of()
        await self._stand()

    async def _stand(self) -> None:
        """Show everything as it stands, now or on the day that was chosen. Whoever is not known then stays
        in the list while they are the one that is looked at."""
        people = await self.memory.entities(self._kind, self._as_of)
        self._conflicts = await self.memory.conflicts(self._as_of)
        self._review = await self.memory.review(self._as_of)
        # whom one looks at by now: that may have changed while these came
        who = self._who
        known = {entity["id"] for entity in people}
        if self._as_of and who is not None and not self._goal and who["id"] not in known:
            people.append({**who, "moments": 0})
            known.add(who["id"])
        wanted = self._goal if self._goal in known else who["id"] if who else None
        if people and not self._deciding and wanted not in known:
            wanted = people[0]["id"]
        self._goal = ""
        groups = (*self._conflicts, self._review)
        waiting = {fact["id"] for group in groups for fact in group}
        self._names.show(people, len(waiting), wanted)
        await self._show(keep=True)

    def on_name_list_chosen(self, event: NameList.Chosen) -> None:
        """Whoever is under the cursor is shown; and read, when that was asked for."""
        event.stop()
        if event.read:
            self.facts.focus()
        else:
            self.begin(self._show(), "show")

    async def _show(self, *, keep: bool = False) -> None:
        """Show what is known of the one under the cursor, or all that waits for a decision."""
        self._who = self._names.chosen
        self._deciding = self._who is None and bool(self._names.entities)
        self.refresh_bindings()
        if self._who is None:
            self.remove_class("-tree")
            self._show_waiting(keep=keep)
            return
        who = self._who
        facts = await self.memory.facts(who["id"], self._as_of, history=self._history)
        asks = {fact["id"] for fact in self._review}
        also = [one_line(n) for n in who["names"] if n != who["name"]][:_NAMES_SHOWN]
        more = [f"also {', '.join(also)}"] if also else []
        more += [counted(len(facts), "fact"), f"in {counted(who['moments'], 'moment')}"]
        more += ["with what is over"] if self._history else []
        self.title(one_line(who["name"]), self._dated(" · ".join(more)))
        self.facts.show([_row(fact, who["id"], fact["id"] in asks) for fact in facts], keep=keep)
        self.query_one(Relations).plant(who, facts)

    def _dated(self, more: str) -> str:
        """What a title says, with the day as of which it is so."""
        if not self._as_of:
            return more
        when = day(self._as_of) if _is_day(self._as_of) else self._as_of
        return f"as of {when} · {more}"

    def _show_waiting(self, *, keep: bool) -> None:
        """What stands against one another first, then what is sensitive or doubtful."""
        rows: list[Row] = []
        for group in self._conflicts:
            about = f"{group[0]['subject']['name']} · of these only one can be so"
            rows += [
                Row("", one_line(about)),
                *(_row(fact, fact["subject"]["id"]) for fact in group),
            ]
        torn = {row.fact["id"] for row in rows if row.fact}
        asked: dict[tuple[bool, str], list[Fact]] = {}
        for fact in self._review:
            if fact["id"] not in torn:
                asked.setdefault((fact["sensitive"], fact["subject"]["id"]), []).append(fact)
        for (sensitive, subject), found in asked.items():
            why = "sensitive" if sensitive else "doubtful"
            rows.append(Row("", one_line(f"{found[0]['subject']['name']} · {why}: is it so?")))
            rows += [_row(fact, subject, True) for fact in found]
        empty = (
            "nothing waits for your word"
            if self._names.entities
            else "nothing is known of anybody yet"
        )
        self.title("To decide", self._dated(_DECIDE if rows else empty))
        self.facts.show(rows, keep=keep)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can be done with somebody is there when somebody is chosen."""
        if action in ("merge", "split", "history", "tree"):
            if action == "split" and self._who is not None:
                return len(self._who["names"]) > 1
            return self._who is not None
        return super().check_action(action, parameters)

    def action_history(self) -> None:
        """With what is over, replaced and rejected; or without."""
        self._history = not self._history
        self.begin(self._show(), "show")

    def action_tree(self) -> None:
        """Whom and what they are related to, as a tree; or the list again."""
        self.toggle_class("-tree")
        (self.query_one(Relations) if self.has_class("-tree") else self.facts).focus()

    def on_relations_wanted(self, event: Relations.Wanted) -> None:
        """Bring what is known of the one at a node."""
        event.stop()
        self.begin(self._branch(event))

    async def _branch(self, event: Relations.Wanted) -> None:
        facts = await self.memory.facts(event.who, self._as_of, history=self._history)
        self.query_one(Relations).add(event.node, facts)

    def on_relations_chosen(self, event: Relations.Chosen) -> None:
        """Say more of the fact that makes a branch."""
        event.stop()
        if self.has_class("-tree"):
            row = Row("", "", event.fact) if event.fact else None
            self.query_one(".known .about", Static).update(about(row))

    async def on_relations_go(self, event: Relations.Go) -> None:
        """Show the one that was chosen in the tree, of whichever kind."""
        event.stop()
        self.begin(self._reach(event.who), "reach")

    async def _reach(self, who: str) -> None:
        if self._names.choose(who):
            return
        for kind in _KINDS:
            if any(entity["id"] == who for entity in await self.memory.entities(kind)):
                self._kind, self._goal = kind, who
                await self.load()
                return

    def on_slider_moved(self, event: Slider.Moved) -> None:
        """As it stood at the end of the month that was chosen; at the end of the line, now."""
        event.stop()
        year, month = divmod(self._first.year * 12 + self._first.month - 1 + event.value, 12)
        end = _month_end(date(year, month + 1, 1), 1)
        self._go_to(None if event.value == event.slider.high else str(end))

    def _show_as_of(self) -> None:
        """Let the line show from when on something is known, and where one stands."""
        slider = self.query_one(Slider)
        months = _months(self._first, self._last)
        at = months
        if self._as_of is not None and self._as_of[:4].isdigit():
            year, month = int(self._as_of[:4]), int(self._as_of[5:7] or 12)
            at = _months(self._first, date(year, month, 1))
        slider.show(0, months, at)
        shown = self._as_of or ""
        slider.say(day(shown) if _is_day(shown) else shown or "now")

    def action_date(self) -> None:
        """Ask for a day, and show everything as it stood then."""

        def given(text: str | None) -> None:
            if text is not None:
                self._go_to(text or None)

        self.app.push_screen(Prompt("As it stood on: 2024-06-30, 2024-06; empty for now"), given)

    def action_month(self, by: int) -> None:
        """As it stood a month earlier or later."""
        shown = self._as_of or ""
        at = _month_end(date.fromisoformat(shown) if _is_day(shown) else date.today(), by)
        self._go_to(None if at >= date.today() else str(at))

    def _go_to(self, as_of: str | None) -> None:
        self._as_of = as_of
        self._show_as_of()
        self.begin(self._slide(), "slide")

    async def _slide(self) -> None:
        """The one who is looked at follows the slider at once; names and what waits, once it rests."""
        if self._who is not None:
            await self._show(keep=True)
        await asyncio.sleep(_RESTS)
        await self._stand()

    def action_kind(self) -> None:
        """People, animals, places, organisations, things: the next kind."""
        kinds = list(_KINDS)
        self._kind = kinds[(kinds.index(self._kind) + 1) % len(kinds)]
        self._who, self._deciding = None, False
        self.facts.show([])
        self.reload()
        self.say(f"{_KINDS[self._kind]}; n goes on to the next kind")

    def action_find(self) -> None:
        """Choose somebody by some letters of a name."""

        def chosen(label: str | None) -> None:
            if label is not None:
                found = next(e for e in self._names.entities if e["name"] == label)
                self._names.choose(found["id"])
                self._names.focus()

        self.app.push_screen(Choice("Who?", self._options()), chosen)

    def _options(self, but: Entity | None = None) -> list[tuple[str, str]]:
        return [
            (e["name"], clip(", ".join(n for n in e["names"] if n != e["name"]), _HINT))
            for e in self._names.entities
            if e is not but
        ]

    def action_merge(self) -> None:
        """Say that two are one."""
        who = self._who
        if who is None:
            return

        def chosen(label: str | None) -> None:
            if label is not None:
                other = next(e for e in self._names.entities if e["name"] == label and e is not who)
                self.begin(self._merge(who, other))

        title = f"Who is the same as {one_line(who['name'])}?"
        self.app.push_screen(Choice(title, self._options(but=who)), chosen)

    async def _merge(self, who: Entity, other: Entity) -> None:
        joined = await self.memory.merge(who["id"], other["id"])
        self._goal = joined["id"]
        names = f"{one_line(who['name'])} and {one_line(other['name'])}"
        self.say(f"{names} are one; ctrl+z takes it back")

    def action_split(self) -> None:
        """Say that a name is of another one."""
        who = self._who
        if who is None:
            return

        def chosen(name: str | None) -> None:
            if name is not None:
                self.begin(self._split(who, name))

        title = f"Which name is not of {one_line(who['name'])}?"
        self.app.push_screen(Choice(title, [(name, "") for name in who["names"]]), chosen)

    async def _split(self, who: Entity, name: str) -> None:
        await self.memory.split(who["id"], name)
        self.say(f"{one_line(name)} is another one; ctrl+z takes it back")

    def action_follow(self) -> None:
        """Go to whom or what the chosen fact is about."""
        row = self.facts.chosen
        if row is None or row.fact is None:
            return
        fact, here = row.fact, self._who["id"] if self._who else ""
        other = fact["subject"] if fact["subject"]["id"] != here else fact["object_entity"]
        if other is None:
            self.say("nobody else is named in it")
        else:
            self.begin(self._reach(other["id"]), "reach")


def _row(fact: Fact, who: str, asks: bool = False) -> Row:
    """A fact as the one with this id has it: of others, whose it is."""
    entity = fact["object_entity"]
    if fact["subject"]["id"] != who:
        return Row(f"{fact['relation']} of", one_line(fact["subject"]["name"]), fact, asks)
    value = one_line(fact["object"])
    if entity and entity["name"] not in value:
        value += f" ({one_line(entity['name'])})"
    return Row(fact["relation"], value, fact, asks)


def _months(first: date, last: date) -> int:
    """How many months one is after the other."""
    return (last.year - first.year) * 12 + last.month - first.month


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _month_end(at: date, by: int) -> date:
    """The end of a month before the day, or after it."""
    one = timedelta(days=1)
    if by < 0:
        return at.replace(day=1) - one
    return ((at + one).replace(day=1) + 32 * one).replace(day=1) - one
