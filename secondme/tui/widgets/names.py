"""Names in a list, under what only the person can decide."""

from __future__ import annotations

from collections.abc import Sequence

from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from secondme.tui.shapes import Entity
from secondme.wording import clip


class NameList(OptionList):
    """Who and what is known, with how many moments mention each; the one under the cursor posts `Chosen`."""

    BINDINGS = [
        Binding("j", "cursor_down", "Next", show=False),
        Binding("k", "cursor_up", "Previous", show=False),
    ]

    class Chosen(Message):
        """Another line is under the cursor; `read` when it was chosen to be read."""

        def __init__(self, *, read: bool) -> None:
            super().__init__()
            self.read = read

    def __init__(self) -> None:
        super().__init__(id="people", markup=False, compact=True)
        self.entities: Sequence[Entity] = ()
        self._waiting = 0
        self._width = 0

    def show(self, entities: Sequence[Entity], waiting: int, at: str | None) -> None:
        """Show these, the cursor on the one with this id; else on the first line, which says how many
        facts wait for a decision."""
        self.entities = entities
        self._waiting = waiting
        self._draw(next((n for n, e in enumerate(entities, 1) if e["id"] == at), 0))

    def choose(self, id_: str) -> bool:
        """Bring the cursor to one; False where it is not here."""
        for at, entity in enumerate(self.entities, 1):
            if entity["id"] == id_:
                self.highlighted = at
                return True
        return False

    @property
    def chosen(self) -> Entity | None:
        """The one under the cursor; None on the first line."""
        at = self.highlighted or 0
        return self.entities[at - 1] if 0 < at <= len(self.entities) else None

    def on_resize(self) -> None:
        """Lines are as wide as the list."""
        if self.option_count and self.size.width != self._width:
            self._draw(self.highlighted or 0)
        self.call_after_refresh(self.scroll_to_highlight)

    def _draw(self, at: int) -> None:
        self._width = self.size.width
        width = max(self.scrollable_content_region.width - 2, 1)
        with self.prevent(OptionList.OptionHighlighted):
            self.clear_options()
            self.add_option(Option(_deciding(self._waiting)))
            self.add_options(Option(_named(entity, width)) for entity in self.entities)
            self.highlighted = at

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Tell of it."""
        event.stop()
        self.post_message(self.Chosen(read=False))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """It is to be read."""
        event.stop()
        self.post_message(self.Chosen(read=True))


def _named(entity: Entity, width: int) -> Content:
    count = f" {entity['moments']:,}"
    return Content.assemble(clip(entity["name"], max(width - len(count), 4)), (count, "$quiet"))


def _deciding(count: int) -> Content:
    if not count:
        return Content.styled("nothing to decide", "$quiet")
    return Content.styled(f"{count} to decide", "bold $text-warning")
