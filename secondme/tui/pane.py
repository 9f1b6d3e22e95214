"""What every screen of the app is: a pane that is opened, told of changes, and works in the background."""

from __future__ import annotations

from collections.abc import Coroutine
from functools import cached_property, partial
from inspect import CORO_CREATED, getcoroutinestate
from typing import TYPE_CHECKING, Any

from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget
from textual.worker import Worker

from secondme.errors import SecondMeError
from secondme.tui.memory import Memory
from secondme.tui.widgets.beside import Beside
from secondme.tui.widgets.links import Link
from secondme.tui.widgets.rows import Picked
from secondme.wording import counted

if TYPE_CHECKING:
    from secondme.tui.shapes import State


class Said(Message):
    """Something to tell the person in one line."""

    def __init__(self, line: str, *, trouble: bool = False) -> None:
        """`trouble` when something went wrong, and the line says what to do."""
        super().__init__()
        self.line = line
        self.trouble = trouble


class Working(Widget):
    """What works in the background, and tells in a line how that went."""

    @cached_property
    def _begun(self) -> dict[str, Coroutine[Any, Any, None]]:
        """The last work of each group."""
        return {}

    def begin(self, work: Coroutine[Any, Any, None], group: str = "") -> Worker[None]:
        """Work in the background; a group has one work at a time, and a new one ends the one before.

        An error is told in a line.
        """
        if group:
            last = self._begun.get(group)
            if last is not None and getcoroutinestate(last) == CORO_CREATED:
                last.close()  # it ends before it has begun
            self._begun[group] = work
        return self.run_worker(
            partial(self._told, work),
            group=group or "default",
            exclusive=bool(group),
            exit_on_error=True,
        )

    def say(self, line: str) -> None:
        """Tell the person what was done."""
        self.post_message(Said(line))

    async def _told(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except SecondMeError as error:
            self.post_message(Said(error.line(), trouble=True))


_NOTHING = object()


class Pane(Vertical, Working):
    """A screen of the app: it shows what it has loaded, until the memory stands otherwise."""

    def __init__(self, memory: Memory, *, id: str) -> None:
        super().__init__(id=id)
        self.memory = memory
        self._loaded: object = _NOTHING

    def opened(self) -> None:
        """The pane is in front now: take the focus."""

    @property
    def busy(self) -> bool:
        """Whether something moves here that must not halt."""
        return False

    def told(self, state: State) -> None:
        """The memory stands like this now; called while the pane is in front, and when it comes there."""
        rests = self.rests_on(state)
        if rests != self._loaded:
            self._loaded = rests
            self.reload()

    def rests_on(self, state: State) -> object:
        """What of the memory's state decides whether what is shown is loaded again."""
        return None

    async def load(self) -> None:
        """Show how it is now."""

    def reload(self) -> None:
        """Load in the background; what has failed is loaded again when the memory next tells how it
        stands."""
        self.begin(self._load(), "load")

    async def _load(self) -> None:
        try:
            await self.load()
        except SecondMeError:
            self._loaded = _NOTHING
            raise

    def outdated(self) -> None:
        """The core was gone: nothing that is shown counts as loaded."""
        self._loaded = _NOTHING


class MomentPane(Pane):
    """A pane with moments, of which the chosen one can be seen beside the others, where it stands."""

    BINDINGS = [
        Binding("enter", "look", "Look", show=False),
        Binding("o", "original", "Original"),
        Binding("n", "put_aside", "Not this one"),
        Binding("w", "wrong", "Wrong"),
        Binding("f", "forget", "Forget"),
        Binding("ctrl+z", "undo", "Take back", show=False),
        Binding("escape", "back", "Back", show=False),
    ]
    ASIDE = False
    """Whether one asks something here that a moment can be left out of."""

    def __init__(self, memory: Memory, *, id: str) -> None:
        super().__init__(memory, id=id)
        self.beside = Beside()
        self.chosen: Picked | None = None
        self.just_aside = False
        """Whether putting a moment aside is what was done last: then that is what is taken back."""
        self._came_from: Widget | None = None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys for a moment are there when one is chosen."""
        if action in ("original", "forget", "wrong", "put_aside"):
            return self.chosen is not None and (self.ASIDE or action != "put_aside")
        return super().check_action(action, parameters)

    def on_picked(self, event: Picked) -> None:
        """A moment was chosen; look at it when that was asked for, or when one looks already."""
        event.stop()
        if event.soft and not self.has_class("-beside"):
            return
        self.chosen = event
        self.refresh_bindings()
        if event.open:
            self.look()
        elif self.has_class("-beside"):
            self.begin(self.beside.load(self.memory, event.id, event.quote), "beside")

    def on_link_opened(self, event: Link.Opened) -> None:
        """Look at the moment that a link leads to."""
        event.stop()
        self.on_picked(Picked(event.id, open=True))

    def look(self) -> None:
        """Show the chosen moment beside the others."""
        if self.chosen is not None:
            self.add_class("-beside")
            held = self.beside.has_pseudo_class("focus-within")
            if not self.roomy and not held:  # it takes the place of what had the focus
                self._came_from = self.screen.focused
                self.beside.focus()
            self.begin(self.beside.load(self.memory, self.chosen.id, self.chosen.quote), "beside")

    def outdated(self) -> None:
        """What stands beside may have failed to come, too."""
        super().outdated()
        self.begin(self._look_again(), "beside")

    @property
    def roomy(self) -> bool:
        """Whether there is room for a moment beside the others."""
        return self.screen.has_class("-roomy")

    def action_look(self) -> None:
        """Look at the chosen moment."""
        self.look()

    def action_back(self) -> None:
        """Close the moment beside; with none, leave to where one types."""
        if self.has_class("-beside"):
            self.close_beside()
        else:
            self.opened()

    def close_beside(self) -> None:
        """Close the moment beside, and go back to where one was."""
        self.remove_class("-beside")
        if self.beside.has_pseudo_class("focus-within") and self._came_from is not None:
            self._came_from.focus()

    def action_original(self) -> None:
        """Open the original of the chosen moment."""
        if self.chosen is not None:
            self.begin(self._open_original(self.chosen.id), "original")

    async def _open_original(self, id_: str) -> None:
        from secondme.tui.widgets.dialogs import OriginalText

        original = await self.memory.original(id_, private=self.beside.private)
        self.app.push_screen(OriginalText(original))

    def action_put_aside(self) -> None:
        """Ask the same again without the chosen moment."""
        if self.chosen is not None:
            self.just_aside = True
            self.put_aside(self.chosen.id)

    def put_aside(self, id_: str) -> None:
        """Ask the same again without this moment."""

    def put_back(self) -> None:
        """Bring back what was put aside last."""

    def action_undo(self) -> None:
        """Bring back what was just put aside; else take the last change back."""
        if self.just_aside:
            self.just_aside = False
            self.put_back()
        else:
            self.begin(self._undo(), "undo")

    async def _undo(self) -> None:
        self.say(f"took back: {(await self.memory.undo())['summary']}")
        await self._look_again()

    def action_wrong(self) -> None:
        """Say that the chosen moment is wrong: it ranks lower; what rests on it can be decided."""
        if self.chosen is not None:
            self.begin(self._wrong(self.chosen.id), "wrong")

    async def _wrong(self, id_: str) -> None:
        await self.memory.mark(id_, "wrong")
        self.just_aside = False
        self.say("marked as wrong: it comes up lower; ctrl+z takes it back")
        await self._look_again()
        facts = await self.memory.resting_on(id_)
        if facts:
            from secondme.tui.deciding import Resting

            self.app.push_screen(Resting(self.memory, id_, facts))

    async def _look_again(self) -> None:
        """What one looks at may be marked now, or no more."""
        if self.chosen is not None and self.has_class("-beside"):
            await self.beside.load(self.memory, self.chosen.id, self.chosen.quote)

    def action_forget(self) -> None:
        """Ask, and forget the chosen moment."""
        if self.chosen is None:
            return
        from secondme.tui.widgets.dialogs import Confirm

        id_ = self.chosen.id

        def answered(yes: bool | None) -> None:
            if yes:
                self.begin(self._forget(id_))

        question = (
            "Forget this moment? It is out of every search at once, and ctrl+z takes it back."
        )
        self.app.push_screen(Confirm(question, "Forget"), answered)

    async def _forget(self, id_: str) -> None:
        result = await self.memory.forget([id_])
        self.just_aside = False
        self.close_beside()
        self.chosen = None
        self.forgotten(id_)
        days = counted(result["undo_days"], "day")
        self.post_message(Said(f"forgotten; ctrl+z takes it back, for {days}"))

    def forgotten(self, id_: str) -> None:
        """A moment is gone: take it off the pane."""
