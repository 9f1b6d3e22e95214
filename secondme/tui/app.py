"""The app: its screens, its keys, the way to the core, and what is told to the person."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable, Iterable
from importlib import import_module
from time import monotonic
from typing import TYPE_CHECKING, cast

from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.app import App, ComposeResult, ScreenStackError, SystemCommand
from textual.binding import Binding
from textual.containers import Horizontal
from textual.css.query import NoMatches
from textual.reactive import reactive
from textual.screen import Screen
from textual.widgets import ContentSwitcher
from textual.worker import WorkerFailed

from secondme.config import Config, private_dir, write_setting
from secondme.errors import SecondMeError
from secondme.tui.memory import Memory
from secondme.tui.pane import Pane, Said
from secondme.tui.panes.ask import AskPane
from secondme.tui.themes import THEMES
from secondme.tui.widgets.bars import Keys, Notice, Screens, Standing

if TYPE_CHECKING:
    from secondme.tui.shapes import State

_ROOMY = 110
"""Columns from which a moment has room beside the others."""
_AGAIN = 3.0
_TIDIES, _RESTS, _GROWN, _NEVER = 20.0, 3.0, 10, 1_000_000
"""Seconds between looks for garbage, how long nobody must have touched anything, and how many of the
smaller looks were taken that go on by themselves; the large one is never taken by itself."""
_MOVING = "Moving and typing"


def later(module: str, name: str) -> Callable[[Memory], Pane]:
    """Makes a pane whose module is imported when it is opened for the first time."""

    def make(memory: Memory) -> Pane:
        pane: Pane = getattr(import_module(f"secondme.tui.panes.{module}"), name)(memory)
        return pane

    return make


PANES: dict[str, tuple[str, Callable[[Memory], Pane]]] = {
    "ask": ("Ask", AskPane),
    "recall": ("Recall", later("recall", "RecallPane")),
    "timeline": ("Timeline", later("timeline", "TimelinePane")),
    "facts": ("Facts", later("facts", "FactsPane")),
    "profile": ("Profile", later("profile", "ProfilePane")),
    "sources": ("Sources", later("sources", "SourcesPane")),
    "model": ("Model", later("model", "ModelPane")),
    "journal": ("Journal", later("journal", "JournalPane")),
}
"""Title and maker of each screen, by id and in the order of their keys."""
for _number in range(
    1, len(PANES) + 1
):  # Textual takes alt and a number for what a Mac writes then
    cast(dict[str, object], ANSI_SEQUENCES_KEYS).pop(f"\x1b{_number}", None)


class SecondMe(App[None]):
    """The app."""

    TITLE = "Second Me"
    CSS_PATH = "style.tcss"
    COMMAND_PALETTE_DISPLAY = "ctrl+p"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_ROOMY, "-roomy")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]
    BINDINGS = [
        *(
            Binding(f"{number},f{number},alt+{number}", f"go('{id_}')", title, show=False)
            for number, (id_, (title, _)) in enumerate(PANES.items(), 1)
        ),
        Binding("question_mark,f12", "keys", "Keys", show=False),
        Binding("ctrl+z", "undo", "Take back", show=False),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True),
        Binding("q", "quit", "Quit", show=False),
    ]

    state: reactive[State | None] = reactive(None, init=False, always_update=True)

    def __init__(self, config: Config, memory: Memory | None = None) -> None:
        """`memory` is the way to the core, if not the one that the configuration names."""
        super().__init__()
        self.config = config
        self.memory = memory or Memory(config)
        for theme in THEMES.values():
            self.register_theme(theme)
        self.theme = config.theme if config.theme in THEMES else "night"
        self._dressed = self.get_css_variables()
        self.stylesheet.set_variables(self._dressed)
        self._greeted = False
        self._touched = 0.0
        self.failure = ""
        """Why the app has ended, if something went wrong that nothing was prepared for."""

    def compose(self) -> ComposeResult:
        """Screens above, a pane, what is told, and keys below."""
        yield Screens({id_: title for id_, (title, _) in PANES.items()})
        with ContentSwitcher(initial="ask", id="panes"):
            yield AskPane(self.memory)
        yield Notice()
        with Horizontal(id="bottom"):
            yield Keys()
            yield Standing()

    def on_mount(self) -> None:
        """Paint first; then go to the core."""
        self.query_one(Screens).current = "ask"
        self.pane.opened()
        self.call_after_refresh(self._follow)

    def _handle_exception(self, error: Exception) -> None:
        """What finds its widgets gone while the app closes has not failed."""
        if self.is_running or not isinstance(error, (WorkerFailed, NoMatches, ScreenStackError)):
            super()._handle_exception(error)

    def _print_error_renderables(self) -> None:
        """Textual would print a traceback here: it goes to the log, and the person gets one line."""
        error = self._exception
        if error is None or os.environ.get("SECONDME_DEBUG"):
            super()._print_error_renderables()
            return
        import traceback

        log = private_dir(self.config.log_dir) / "app.log"
        with log.open("a", encoding="utf-8") as file:
            traceback.print_exception(error, file=file)
        log.chmod(0o600)
        self.failure = f"the app failed: {type(error).__name__}: {error} — its log is {log}"

    async def on_unmount(self) -> None:
        """Let the core go."""
        await self.memory.close()

    def refresh_css(self, animate: bool = True) -> None:
        """Read the styles again, unless they are as they were read: the first theme comes twice."""
        variables = self.get_css_variables()
        if variables != self._dressed:
            self._dressed = variables
            super().refresh_css(animate)
        elif self._screen_stack:
            self.stylesheet.update(self, animate=animate)

    @property
    def pane(self) -> Pane:
        """The pane in front."""
        return cast(Pane, self.query_one("#panes", ContentSwitcher).visible_content)

    def tell(self, line: str, *, trouble: bool = False, stay: bool = False) -> None:
        """Tell the person something in one line."""
        self.query_one(Notice).tell(line, trouble=trouble, stay=stay)

    async def on_screens_chosen(self, event: Screens.Chosen) -> None:
        """A screen was chosen with the mouse."""
        await self.action_go(event.id)

    def on_said(self, event: Said) -> None:
        """A pane has something to tell."""
        self.tell(event.line, trouble=event.trouble)

    def _follow(self) -> None:
        if not gc.isenabled():  # see `secondme.tui.run`
            gc.freeze()  # what is there now stays
            gc.set_threshold(*gc.get_threshold()[:2], _NEVER)
            gc.enable()
            self.set_interval(_TIDIES, self._tidy)
        self.run_worker(self._keep_up(), group="core", exclusive=True)

    async def on_event(self, event: events.Event) -> None:
        """Note when the person did something last."""
        if isinstance(event, events.InputEvent):
            self._touched = monotonic()
        await super().on_event(event)

    def _tidy(self) -> None:
        """Look through everything for garbage while nobody waits: it takes longer than a frame may."""
        resting = monotonic() - self._touched > _RESTS and not self.pane.busy
        if resting and gc.get_count()[2] > _GROWN:
            gc.collect()

    async def _keep_up(self) -> None:
        """Follow the core's state; start it when it is not there, and again when it dies."""
        fell = False
        while True:
            try:
                if not await self.memory.running():
                    self.tell("starting the core …", stay=True)
                await self.memory.ensure()
                async for event in self.memory.events():
                    if event["event"] != "state":
                        continue
                    if self.state is None or fell:
                        self.query_one(Notice).clear()
                    if fell:
                        fell = False
                        for pane in self.query(Pane):
                            pane.outdated()
                        self.tell("the core is running again; nothing that was taken in is lost")
                    self.state = cast("State", event)
                self.tell(
                    "the core was stopped; it starts again when you ask for something", stay=True
                )
                while not await self.memory.running():
                    await asyncio.sleep(0.5)
                fell = True
            except SecondMeError as error:
                if (
                    await self.memory.running() or fell
                ):  # it is there, and refuses: another version, say
                    self.tell(error.line(), trouble=True, stay=True)
                    await asyncio.sleep(_AGAIN)
                else:
                    self.tell(
                        "the core ended unexpectedly; starting it again …", trouble=True, stay=True
                    )
                fell = True

    def watch_state(self, state: State | None) -> None:
        """Tell whoever shows it."""
        if state is not None:
            self.query_one(Standing).tell(state)
            self.pane.told(state)
            if not self._greeted:
                self._greeted = True
                if not state["moments"]:
                    self.action_begin()

    def action_begin(self) -> None:
        """The first minutes, once more."""
        from secondme.tui.widgets.welcome import Welcome

        async def done(question: str | None) -> None:
            await self.action_go("ask")
            if question:
                cast(AskPane, self.pane).ask(question)

        self.push_screen(Welcome(self.memory), done)

    async def action_go(self, id_: str) -> None:
        """Bring a screen to the front."""
        switcher = self.query_one("#panes", ContentSwitcher)
        if not switcher.query(f"#{id_}"):
            await switcher.mount(PANES[id_][1](self.memory))
        switcher.current = id_
        self.query_one(Screens).current = id_
        if self.state is not None:
            self.pane.told(self.state)
        self.pane.opened()

    def action_keys(self) -> None:
        """Show every key that does something here."""
        from secondme.tui.widgets.dialogs import Help

        self.push_screen(Help(self._keys()))

    def _keys(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Keys by whose they are, from the bindings in force: the nearest to the focus first, and last how
        one moves and types, as everywhere else."""
        sections: dict[str, dict[str, str]] = {}
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if not binding.description or binding.system:
                continue
            node = active.node
            title = "Everywhere" if node is self else str(getattr(node, "TITLE", None) or _MOVING)
            keys = sections.setdefault(title, {})
            shown = self.get_key_display(binding)
            keys[binding.description] = (
                f"{keys[binding.description]}, {shown}" if binding.description in keys else shown
            )
        return [
            (title, [(shown, does) for does, shown in keys.items()])
            for title, keys in sorted(sections.items(), key=lambda section: section[0] == _MOVING)
        ]

    def action_undo(self) -> None:
        """Take back the last change."""
        self.pane.begin(self._undo(), "undo")

    async def _undo(self) -> None:
        taken_back = await self.memory.undo()
        self.tell(f"took back: {taken_back['summary']}")

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the command palette finds."""
        for number, (id_, (title, _)) in enumerate(PANES.items(), 1):
            yield SystemCommand(title, f"Go to this screen; key {number}", self._going(id_))
        yield SystemCommand("Begin", "Models, something to remember, a question", self.action_begin)
        yield SystemCommand("Take back the last change", "ctrl+z", self.action_undo)
        for name in THEMES:
            yield SystemCommand(
                f"Theme: {name}", "Colours, kept for next time", self._dressing(name)
            )
        yield SystemCommand("Keys", "Every key that does something here", self.action_keys)
        yield SystemCommand("Quit", "Leave; the core goes on until it is idle", self.exit)

    def _going(self, id_: str) -> Callable[[], None]:
        def go() -> None:
            self.call_later(self.action_go, id_)

        return go

    def _dressing(self, name: str) -> Callable[[], None]:
        def dress() -> None:
            self.theme = name
            try:
                write_setting(self.config.config_file, "theme", name)
            except (SecondMeError, OSError) as error:
                self.tell(f"the theme holds until you leave: {error}", trouble=True)

        return dress
