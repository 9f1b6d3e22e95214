"""Windows over the app: a question with yes and no, the original of a moment, help."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.fuzzy import Matcher
from textual.screen import ModalScreen
from textual.widgets import Button, OptionList, Static

from secondme.tui.shapes import Original
from secondme.tui.widgets.bars import Foot
from secondme.tui.widgets.field import Field
from secondme.wording import clean, one_line, short_path, size


class Confirm(ModalScreen[bool]):
    """Asks before something is done; gives whether it is wanted."""

    BINDINGS = [
        Binding("y", "dismiss(True)", "Yes"),
        Binding("n,escape", "dismiss(False)", "No"),
        Binding("left,right,up,down", "app.focus_next", "Other", show=False),
    ]

    def __init__(self, question: str, yes: str) -> None:
        """`yes` is the word on the button."""
        super().__init__()
        self._question = question
        self._yes = yes

    def compose(self) -> ComposeResult:
        """The question over two buttons, of which the careful one has the focus."""
        with Vertical(classes="dialog"):
            yield Static(self._question, markup=False)
            with Horizontal(classes="buttons"):
                yield Button("Keep it (n)", id="no", compact=True)
                yield Button(f"{self._yes} (y)", id="yes", variant="error", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """One of the two was chosen."""
        self.dismiss(event.button.id == "yes")


class Prompt(ModalScreen[str]):
    """Asks for a line; gives an empty one where nothing was typed, and None when it was closed."""

    BINDINGS = [Binding("escape", "dismiss(None)", "Close")]

    def __init__(self, title: str, value: str = "") -> None:
        """`value` is what stands in the field at first."""
        super().__init__()
        self._title = title
        self._value = value

    def compose(self) -> ComposeResult:
        """A field."""
        with Vertical(classes="dialog") as dialog:
            if self._value:
                dialog.border_title = self._title
            field = Field(self._title, id="line")
            field.value = self._value
            yield field

    def on_input_submitted(self, event: Field.Submitted) -> None:
        """That is it."""
        self.dismiss(event.value.strip())


class Choice(ModalScreen[str]):
    """Lets one choose from a list by typing some of the letters."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", "Close"),
        Binding("down", "move(1)", "Next", show=False),
        Binding("up", "move(-1)", "Previous", show=False),
    ]

    def __init__(self, title: str, options: list[tuple[str, str]]) -> None:
        """Each option with a word on it."""
        super().__init__()
        self._title = title
        self._options = options
        self._shown: list[str] = []

    def compose(self) -> ComposeResult:
        """A field over the options that fit."""
        with Vertical(classes="dialog choice"):
            yield Field(self._title, id="letters")
            yield OptionList()

    def on_mount(self) -> None:
        """All of them fit at first."""
        self._fill("")

    def on_input_changed(self, event: Field.Changed) -> None:
        """Those that hold the letters fit, the best first."""
        self._fill(event.value.strip())

    def _fill(self, letters: str) -> None:
        matcher = Matcher(letters) if letters else None
        scored = [
            (matcher.match(label) if matcher else 1.0, label, hint) for label, hint in self._options
        ]
        fit = sorted((s for s in scored if s[0] > 0), key=lambda s: -s[0])[:200]
        self._shown = [label for _, label, _ in fit]
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(
            Content.assemble(label, (f"  {hint}", "$quiet")) for _, label, hint in fit
        )
        options.highlighted = 0 if fit else None

    def action_move(self, by: int) -> None:
        """Choose another one."""
        options = self.query_one(OptionList)
        options.action_cursor_down() if by > 0 else options.action_cursor_up()

    def on_input_submitted(self) -> None:
        """Take the one that stands out."""
        at = self.query_one(OptionList).highlighted
        self.dismiss(None if at is None else self._shown[at])

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take it."""
        self.dismiss(self._shown[event.option_index])


class OriginalText(ModalScreen[None]):
    """The original of a moment, at its passage; `o` opens the file with the system's own program."""

    BINDINGS = [
        Binding("escape,q", "dismiss", "Close"),
        Binding("o", "outside", "Open with its program"),
        Binding("down,j", "scroll(1)", "Down", show=False),
        Binding("up,k", "scroll(-1)", "Up", show=False),
        Binding("pagedown,space", "scroll(20)", "Page down", show=False),
        Binding("pageup", "scroll(-20)", "Page up", show=False),
    ]

    def __init__(self, original: Original) -> None:
        super().__init__()
        self._original = original

    def compose(self) -> ComposeResult:
        """Its name, its text with the passage marked, and what can be done."""
        original = self._original
        name = short_path(original["path"]) if original["path"] else one_line(original["name"])
        with Vertical(classes="sheet"):
            head = Content.assemble((name, "bold"), (f"  {size(original['size'])}", "$quiet"))
            yield Static(head, classes="head")
            with VerticalScroll():
                yield Static(_passage(original), classes="text")
            yield Foot(
                ("o", "opens it with its own program", "outside"), ("esc", "closes", "dismiss")
            )

    def on_mount(self) -> None:
        """Go to the passage once the text has its lines."""
        self.call_after_refresh(self._to_passage)

    def _to_passage(self) -> None:
        original = self._original
        text = self.query_one(".text", Static)
        if original["text"] and original["passage"] and text.size.width:
            before = Content(clean(original["text"][: original["passage"][0]]))
            line = len(before.wrap(text.size.width)) if before.plain else 0
            self.query_one(VerticalScroll).scroll_to(y=max(0, line - 5), animate=False)

    def action_scroll(self, lines: int) -> None:
        """Scroll the text."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_outside(self) -> None:
        """Open the file with the program that the system has for it."""
        path = self._original["path"]
        if path is None or not Path(path).exists():
            self.notify("there is no file of it any more; what the memory keeps stands here")
        elif not _open(path):
            self.notify(f"there is no desktop here to open it on; it lies at {path}", markup=False)


def _passage(original: Original) -> Content:
    text, passage = original["text"], original["passage"]
    if text is None or passage is None:
        kind = original["media_type"]
        return Content(f"This is a file of type {kind}, which is not shown here as text.")
    first, last = passage
    before, marked, after = (clean(part) for part in (text[:first], text[first:last], text[last:]))
    return Content.assemble(
        ("…\n" if not original["whole"] else "", "$quiet"),
        (before, "$quiet"),
        (marked, "$text-accent on $accent-muted"),
        (after, "$quiet"),
        ("\n…" if not original["whole"] else "", "$quiet"),
    )


def _open(path: str) -> bool:
    """Hand a file to the desktop; False where there is none."""
    if sys.platform == "win32":
        os.startfile(path)  # noqa: S606
        return True
    desktop = sys.platform == "darwin" or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    if not desktop:
        return False
    command = "open" if sys.platform == "darwin" else "xdg-open"
    try:
        quiet = subprocess.DEVNULL
        subprocess.Popen([command, path], stdin=quiet, stdout=quiet, stderr=quiet)
    except OSError:
        return False
    return True


class Help(ModalScreen[None]):
    """Every key that does something here, made from the bindings."""

    BINDINGS = [
        Binding("escape,q,question_mark,f12", "dismiss", "Close"),
        Binding("ctrl+p", "palette", "Find", show=False),
    ]

    def __init__(self, sections: list[tuple[str, list[tuple[str, str]]]]) -> None:
        """Sections by title, each with keys and what they do."""
        super().__init__()
        self._sections = sections

    def compose(self) -> ComposeResult:
        """A section a block, a key a line."""
        lines = []
        for title, keys in self._sections:
            lines.append(Content.styled(title, "bold $primary"))
            for key, does in keys:
                lines.append(Content.assemble((f"  {key:<16}", "$accent"), does))
            lines.append(Content(""))
        with Vertical(classes="sheet"):
            yield Static(Content.styled("Keys here", "bold"), classes="head")
            with VerticalScroll():
                yield Static(Content("\n").join(lines), classes="text")
            yield Foot(
                ("ctrl+p", "finds everything by name", "palette"), ("esc", "closes", "dismiss")
            )

    def action_palette(self) -> None:
        """Go to where everything is found by name."""
        self.dismiss()
        self.app.action_command_palette()
