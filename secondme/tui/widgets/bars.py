"""The lines above and below a pane: the screens by name, what is told, and how the memory stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Static

from secondme.wording import cells, counted

if TYPE_CHECKING:
    from secondme.tui.shapes import State

_STAYS = 6.0
_TROUBLE_STAYS = 20.0


class Screens(Static):
    """The screens by number and name; the one in front stands out."""

    current = reactive("")

    class Chosen(Message):
        """A screen was chosen with the mouse."""

        def __init__(self, id: str) -> None:
            super().__init__()
            self.id = id

    def __init__(self, names: dict[str, str]) -> None:
        """`names` are titles by id, in order."""
        super().__init__(id="screens", markup=False)
        self._labels = {id_: f" {at} {title} " for at, (id_, title) in enumerate(names.items(), 1)}

    def watch_current(self, current: str) -> None:
        """Draw them anew."""
        styles = {current: "bold $text-primary on $primary-muted"}
        labels = [(label, styles.get(id_, "$quiet")) for id_, label in self._labels.items()]
        self.update(Content.assemble(*labels))

    def on_click(self, event: events.Click) -> None:
        """Go to the one under the mouse."""
        end = 0
        for id_, label in self._labels.items():
            end += len(label)
            if event.x < end:
                self.post_message(self.Chosen(id_))
                return


class Notice(Static):
    """One line that comes and goes: what was done, or what went wrong and what to do."""

    def __init__(self) -> None:
        super().__init__("", id="notice", markup=False)
        self._timer: Timer | None = None

    def tell(self, line: str, *, trouble: bool = False, stay: bool = False) -> None:
        """Show a line for a while, or with `stay` until the next one."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self.update(line)
        self.set_class(trouble, "-trouble")
        self.display = True
        if not stay:
            self._timer = self.set_timer(_TROUBLE_STAYS if trouble else _STAYS, self.clear)

    def clear(self) -> None:
        """Take the line away."""
        self.display = False


class Keys(Static):
    """The keys that do something here and are shown: as many as fit whole. A click presses one."""

    def __init__(self) -> None:
        super().__init__("", id="keys", markup=False)
        self._spans: list[tuple[int, str]] = []

    def on_mount(self) -> None:
        """They change with the focus."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        if self.app.app_focus and screen is self.screen:
            self._draw()

    def on_resize(self) -> None:
        """More fit, or fewer."""
        self._draw()

    def _draw(self) -> None:
        shown: dict[str, Binding] = {}
        for active in self.screen.active_bindings.values():
            if active.binding.show and active.enabled:
                shown.setdefault(active.binding.action, active.binding)
        pieces: list[tuple[str, str]] = []
        self._spans, end = [], 0
        for binding in shown.values():
            key = self.app.get_key_display(binding)
            end += cells(key) + 1 + cells(binding.description)
            if end > self.size.width:
                break
            pieces += [(key, "$accent"), (f" {binding.description} ", "$quiet")]
            end += 1
            self._spans.append((end, binding.key))
        self.update(Content.assemble(*pieces))

    def on_click(self, event: events.Click) -> None:
        """Press the key under the mouse."""
        key = next((key for end, key in self._spans if event.x < end), None)
        if key is not None:
            self.app.simulate_key(key)


class Foot(Static):
    """The keys of a window over the app, each with what it does; a click does it."""

    def __init__(self, *keys: tuple[str, str, str]) -> None:
        """Each a key, what it does in words, and the window's action."""
        parts = [
            Content.from_markup(f"[@click=screen.{action}]$what[/]", what=f"{key} {does}")
            for key, does, action in keys
        ]
        super().__init__(Content("   ").join(parts), classes="foot")


class Standing(Static):
    """The key for all keys, which has its place however many others there are, and how the memory
    stands, in a few words."""

    def __init__(self) -> None:
        super().__init__("", id="standing", markup=False)

    def on_mount(self) -> None:
        """Nothing is known of the memory yet."""
        self.tell(None)

    def tell(self, state: State | None) -> None:
        """Show it."""
        standing = Content("") if state is None else _standing(state)
        self.update(Content.assemble(("?", "$accent"), (" Keys  ", "$quiet"), standing))

    async def on_click(self) -> None:
        """Show the keys."""
        await self.run_action("app.keys")


def _standing(state: State) -> Content:
    if state["embedding"]["error"]:
        return Content.styled("meaning stopped", "$text-error")
    if state["pending"]:
        rate = f" {state['embedding']['rate']}/s" if state["embedding"]["rate"] else ""
        return Content.styled(f"learning {state['pending']:,}{rate}", "$text-warning")
    if state["index"]["state"] in ("opening", "rebuilding", "failed"):
        return Content.styled(f"index {state['index']['state']}", "$text-warning")
    return Content.styled(counted(state["moments"], "moment"), "$quiet")
