"""A line to type in."""

from __future__ import annotations

from textual import events
from textual.widgets import Input


class Field(Input):
    """An input that takes pasted text of several lines as one."""

    def __init__(self, placeholder: str, *, id: str) -> None:
        super().__init__(placeholder=placeholder, id=id, compact=True)

    async def _on_key(self, event: events.Key) -> None:
        """With alt held nothing is typed: it is somebody else's key."""
        if event.key.startswith("alt+"):
            event.prevent_default()

    def _on_paste(self, event: events.Paste) -> None:
        line = " ".join(event.text.split())
        if line:
            self.replace(line, *self.selection)
        event.stop()
        event.prevent_default()
