"""Profile: what is known of the person, by the fields that forms have."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal

from secondme.tui.deciding import FactPane
from secondme.tui.memory import Memory
from secondme.tui.widgets.facts import Row
from secondme.wording import counted, one_line


class ProfilePane(FactPane):
    """Each field with its value, and the moment that it rests on."""

    TITLE = "Profile"

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory, id="profile")

    def compose(self) -> ComposeResult:
        """The fields, with a moment beside."""
        with Horizontal(classes="list"):
            yield from self.known(bars=False)
            yield self.beside

    def opened(self) -> None:
        """One chooses a field."""
        self.facts.focus()

    async def load(self) -> None:
        """Show what is known now."""
        profile = await self.memory.profile()
        values = profile["values"]
        asks = {fact["id"] for fact in await self.memory.review()}
        name = next((one_line(v["value"]) for v in values if v["label"] == "name"), "You")
        waiting = {v["fact"]["id"] for v in values if v["fact"] and v["fact"]["id"] in asks}
        more = [counted(len(values), "field")]
        more += [f"{len(waiting)} to decide"] if waiting else []
        if values:
            self.title(name, " · ".join(more))
        else:
            self.title(
                "You", "nothing is known yet; `secondme config set me NAME` says who you are"
            )
        self.facts.show(
            [
                Row(v["label"], v["value"], v["fact"], bool(v["fact"] and v["fact"]["id"] in asks))
                for v in values
            ]
            + [Row(trait["label"], trait["value"]) for trait in profile["style"]],
            keep=True,
        )
