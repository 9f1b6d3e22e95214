"""What is shared wherever facts are shown: the list, more on the chosen one, and deciding about it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from secondme.tui.memory import Memory
from secondme.tui.pane import MomentPane, Working
from secondme.tui.shapes import Fact, State
from secondme.tui.widgets.bars import Foot
from secondme.tui.widgets.dialogs import Prompt
from secondme.tui.widgets.facts import FactList, Row, about
from secondme.wording import clip, counted, one_line

_SAYS = {"confirm": "so it is", "reject": "not so", "edit": "corrected"}


class Deciding(Working):
    """Has a list of facts with more on the chosen one under it, and does what is decided there."""

    memory: Memory

    def known(self, *, bars: bool) -> ComposeResult:
        """A title over the facts, with bars or with where they come from, over more on the chosen one."""
        with Vertical(classes="known"):
            yield Static("", classes="title", markup=False)
            yield from self.above()
            yield FactList(bars=bars)
            yield Static("", classes="about", markup=False)

    def above(self) -> ComposeResult:
        """What stands between the title and the list."""
        yield from ()

    @property
    def facts(self) -> FactList:
        """The list."""
        return self.query_one(FactList)

    def on_fact_list_chosen(self, event: FactList.Chosen) -> None:
        """Say more of the row."""
        event.stop()
        self.query_one(".known .about", Static).update(about(event.row, event.at))

    def on_fact_list_decide(self, event: FactList.Decide) -> None:
        """Confirm or reject at once, as it can be taken back; ask what is so instead."""
        event.stop()
        fact = event.row.fact
        if fact is None:
            self.say("the name comes from your own lines; `secondme config set me NAME` changes it")
        elif event.verdict != "edit":
            self.begin(self._decide(event.row, event.verdict))
        else:
            title = f"{fact['subject']['name']} · {fact['relation']}"

            def given(value: str | None) -> None:
                if value and value != fact["object"]:
                    self.begin(self._decide(event.row, "edit", value))

            self.app.push_screen(Prompt(clip(title, 50), fact["object"]), given)

    async def _decide(self, row: Row, verdict: str, value: str | None = None) -> None:
        assert row.fact is not None
        fact = await self.memory.decide(verdict, row.fact["id"], value)
        what = clip(f"{fact['relation']} {fact['object']}", 40)
        self.say(f"{_SAYS[verdict]}: {what}; ctrl+z takes it back")
        self.decided(fact)

    def decided(self, fact: Fact) -> None:
        """A fact stands like this now."""


class FactPane(MomentPane, Deciding):
    """A pane with a list of facts; the moment that a fact rests on comes beside it."""

    BINDINGS = [  # there are enough others to be shown
        Binding("w", "wrong", "Wrong", show=False),
        Binding("f", "forget", "Forget", show=False),
    ]

    def __init__(self, memory: Memory, *, id: str) -> None:
        super().__init__(memory, id=id)
        self._unread = 0

    def title(self, name: str, more: str) -> None:
        """Say what the list shows, and whether more is to come."""
        if self._unread:
            more += f" · {counted(self._unread, 'moment')} still to be read for facts"
        shown = (name, "bold $primary"), (f"  {more}", "$quiet")
        self.query_one(".title", Static).update(Content.assemble(*shown))

    def rests_on(self, state: State) -> object:
        """On what was decided or forgotten, and whether all has been read for facts."""
        self._unread = state["unread"]
        return state["change"], state["unread"] == 0

    def on_fact_list_chosen(self, event: FactList.Chosen) -> None:
        """There is no moment to look at where no fact is chosen."""
        if event.row is None or event.row.fact is None:
            self.chosen = None
            self.close_beside()

    def action_back(self) -> None:
        """Close the moment; else go to where one chooses."""
        if self.has_class("-beside"):
            self.close_beside()
            self.facts.focus()
        else:
            self.opened()


class Resting(ModalScreen[None], Deciding):
    """The facts that rest on a moment which is wrong: each may be so all the same."""

    BINDINGS = [
        Binding("escape,q", "dismiss", "Close"),
        Binding("ctrl+z", "undo", "Take back", show=False),
    ]

    def __init__(self, memory: Memory, moment: str, facts: Sequence[Fact]) -> None:
        super().__init__()
        self.memory = memory
        self._moment = moment
        self._known = facts

    def compose(self) -> ComposeResult:
        """The facts over what can be done."""
        with Vertical(classes="dialog resting"):
            yield from self.known(bars=False)
            yield Foot(
                ("a", "so it is", "decide('confirm')"),
                ("r", "not so", "decide('reject')"),
                ("e", "what is so", "decide('edit')"),
                ("esc", "closes", "dismiss"),
            )

    def on_mount(self) -> None:
        """Show them, the first one chosen."""
        rests = "a fact rests on it" if len(self._known) == 1 else "facts rest on it"
        head = Content.assemble(("Marked as wrong", "bold"), (f" · {rests}: is it so?", "$quiet"))
        self.query_one(".title", Static).update(head)
        self.facts.show([_of(fact) for fact in self._known])
        self.facts.focus()

    def decided(self, fact: Fact) -> None:
        """Show how they stand now."""
        self.begin(self._load(), "load")

    def action_decide(self, verdict: str) -> None:
        """Decide about the fact under the cursor."""
        self.facts.action_decide(verdict)

    def action_undo(self) -> None:
        """Take the last decision back, or the mark itself."""
        self.begin(self._undo(), "undo")

    async def _undo(self) -> None:
        self.say(f"took back: {(await self.memory.undo())['summary']}")
        await self._load()

    async def _load(self) -> None:
        self._known = await self.memory.resting_on(self._moment, history=True)
        self.facts.show([_of(fact) for fact in self._known], keep=True)


def _of(fact: Fact) -> Row:
    return Row(fact["relation"], one_line(f"{fact['subject']['name']}: {fact['object']}"), fact)
