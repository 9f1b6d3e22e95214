"""What panes that show facts share: the list, more on the chosen one, the moment beside, and deciding."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from secondme.tui.memory import Memory
from secondme.tui.pane import MomentPane
from secondme.tui.shapes import State
from secondme.tui.widgets.dialogs import Prompt
from secondme.tui.widgets.facts import FactList, Row, about
from secondme.wording import clip, counted

_SAYS = {"confirm": "so it is", "reject": "not so", "edit": "corrected"}


class FactPane(MomentPane):
    """A pane with a list of facts; the moment that a fact rests on comes beside it."""

    def __init__(self, memory: Memory, *, id: str) -> None:
        super().__init__(memory, id=id)
        self._seen: object = None
        self._unread = 0

    def known(self, *, bars: bool) -> ComposeResult:
        """A title over the facts, with bars or with where they come from, over more on the chosen one."""
        with Vertical(classes="known"):
            yield Static("", classes="title", markup=False)
            yield FactList(bars=bars)
            yield Static("", classes="about", markup=False)

    @property
    def facts(self) -> FactList:
        """The list."""
        return self.query_one(FactList)

    def title(self, name: str, more: str) -> None:
        """Say what the list shows, and whether more is to come."""
        if self._unread:
            more += f" · {counted(self._unread, 'moment')} still to be read for facts"
        shown = (name, "bold $primary"), (f"  {more}", "$quiet")
        self.query_one(".title", Static).update(Content.assemble(*shown))

    def told(self, state: State) -> None:
        """Load again when something was decided or forgotten, and when all has been read for facts."""
        seen = (state["change"], state["unread"] == 0)
        self._unread = state["unread"]
        if seen != self._seen:
            self._seen = seen
            self.begin(self.load(), "load")

    async def load(self) -> None:
        """Show what is known now."""
        raise NotImplementedError

    def on_fact_list_chosen(self, event: FactList.Chosen) -> None:
        """Say more of the row."""
        event.stop()
        self.query_one(".about", Static).update(about(event.row, event.at))
        if event.row is None or event.row.fact is None:
            self.chosen = None
            self.close_beside()

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

    def action_back(self) -> None:
        """Close the moment; else go to where one chooses."""
        if self.has_class("-beside"):
            self.close_beside()
            self.facts.focus()
        else:
            self.opened()
