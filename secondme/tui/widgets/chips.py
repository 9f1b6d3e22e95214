"""Filters as one types them, and as chips that can be taken away again."""

from __future__ import annotations

import re
import shlex
from contextlib import suppress

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Static

_NAMES = {"who": "who", "after": "after", "before": "before", "in": "source", "source": "source"}
_TYPED = re.compile(
    r"(?:(?<=\s)|^)(who|after|before|in|source):(\"[^\"]+\"|[^\s\"]+)\s", re.IGNORECASE
)
HINT = "narrow it with who:Ana  after:2024-05  before:2025  in:mail"


def taken(typed: str) -> tuple[str, dict[str, str]]:
    """What was typed without the filters that are complete in it, and these by the core's name."""
    found: dict[str, str] = {}
    for name, value in _TYPED.findall(typed):
        with suppress(ValueError):
            value = " ".join(shlex.split(value))
        found[_NAMES[name.lower()]] = value
    return (_TYPED.sub("", typed) if found else typed), found


class Chip(Static, can_focus=True):
    """One filter, or what else can be taken away; pressing it does so."""

    TITLE = "Filter"
    BINDINGS = [Binding("enter,delete,backspace,x", "remove", "Remove filter")]

    class Removed(Message):
        """The filter is to go."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, name: str, value: str, shown: str = "") -> None:
        """`shown` stands before the value in place of the name."""
        shown = shown or {"source": "in"}.get(name, name)
        super().__init__(f"{shown} {value} ×", markup=False)
        self._filter = name

    def on_click(self, event: events.Click) -> None:
        """Take it away."""
        event.stop()
        self.action_remove()

    def action_remove(self) -> None:
        """Take it away."""
        self.post_message(self.Removed(self._filter))


class Chips(Horizontal):
    """The filters in force."""

    def __init__(self) -> None:
        super().__init__(id="chips")
        self.filters: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        """A chip for each filter."""
        for name, value in self.filters.items():
            yield Chip(name, value)

    async def put(self, filters: dict[str, str]) -> None:
        """Have these in force."""
        self.filters = filters
        self.set_class(bool(filters), "-some")
        await self.recompose()
