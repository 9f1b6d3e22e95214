"""Choosing a file or folder to take in, with a look at what is in it."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import DirectoryTree, Static

from secondme.tui.widgets.bars import Foot
from secondme.tui.widgets.field import Field
from secondme.wording import clean, counted, short_path, size

_LOOKED_THROUGH = 5_000
_HEAD = 3_000


class Choice(NamedTuple):
    """What was chosen: a path, and whether it is to be watched."""

    path: str
    watch: bool


class Folders(DirectoryTree):
    """Files and folders, hidden ones left out."""

    ICON_NODE = "▸ "
    ICON_NODE_EXPANDED = "▾ "
    ICON_FILE = "  "

    def filter_paths(self, paths: Iterable[Path]) -> Iterable[Path]:
        """Those that are shown."""
        return [path for path in paths if not path.name.startswith(".")]


class Picker(ModalScreen[Choice]):
    """A tree of files beside a preview; gives what was chosen."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", "Close"),
        Binding("ctrl+a", "take", "Take in"),
        Binding("ctrl+w", "watch", "Watch"),
        Binding("ctrl+u", "up", "Folder above"),
    ]

    def __init__(self, start: Path) -> None:
        """`start` is the folder that is shown first."""
        super().__init__()
        self._folder = start
        self._path = start

    def compose(self) -> ComposeResult:
        """A field for a path, the tree, the preview, and the keys."""
        with Vertical(classes="picker"):
            yield Field("A path, or choose below", id="path")
            with Horizontal():
                yield Folders(self._folder)
                yield Static("", classes="preview", markup=False)
            yield Foot(
                ("ctrl+a", "takes it in", "take"),
                ("ctrl+w", "watches it too", "watch"),
                ("ctrl+u", "the folder above", "up"),
                ("esc", "closes", "dismiss(None)"),
            )

    def on_mount(self) -> None:
        """Begin in the tree."""
        self.query_one(Folders).focus()

    def on_tree_node_highlighted(self, event: Folders.NodeHighlighted[object]) -> None:
        """Look at what is under the cursor."""
        path = getattr(event.node.data, "path", None)
        if path is not None:
            self._path = Path(path)
            with self.prevent(Field.Changed):
                self.query_one(Field).value = short_path(str(path))
            self.run_worker(self._preview(self._path), exclusive=True)

    def on_input_changed(self, event: Field.Changed) -> None:
        """A path is typed."""
        self._path = Path(event.value).expanduser()
        self.run_worker(self._preview(self._path), exclusive=True)

    def on_input_submitted(self) -> None:
        """Take in what was typed."""
        self.action_take()

    async def _preview(self, path: Path) -> None:
        await asyncio.sleep(0.05)  # the cursor may only pass by
        self.query_one(".preview", Static).update(await asyncio.to_thread(preview, path))

    def action_take(self) -> None:
        """Take it in."""
        self._choose(watch=False)

    def action_watch(self) -> None:
        """Take it in and watch it."""
        self._choose(watch=True)

    def _choose(self, *, watch: bool) -> None:
        if self._path.exists() and (self._path.is_dir() or not watch):
            self.dismiss(Choice(str(self._path.absolute()), watch))
        else:
            said = "only folders can be watched" if self._path.exists() else "there is no such file"
            self.query_one(".preview", Static).update(Content.styled(said, "$text-error"))

    def action_up(self) -> None:
        """Show the folder above."""
        self._folder = self._folder.absolute().parent
        self.query_one(Folders).path = self._folder


def preview(path: Path) -> Content:
    """What is in a folder by kinds of files, or how a file begins."""
    try:
        return _folder(path) if path.is_dir() else _file(path)
    except OSError as error:
        return Content.styled(f"cannot be read: {error.strerror}", "$text-error")


def _folder(path: Path) -> Content:
    endings, total, count = Counter[str](), 0, 0
    for folder, folders, files in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            count += 1
            endings[Path(name).suffix.lower() or "no ending"] += 1
            total += (Path(folder) / name).lstat().st_size
        if count > _LOOKED_THROUGH:
            break
    more = "more than " if count > _LOOKED_THROUGH else ""
    lines = [f"{more}{counted(count, 'file')}, {size(total)}", ""]
    lines += [f"{n:>7,}  {ending}" for ending, n in endings.most_common(14)]
    return Content.assemble((path.name or str(path), "bold"), "\n" + "\n".join(lines))


def _file(path: Path) -> Content:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    text = "no text" if b"\0" in head else clean(head.decode("utf-8", "replace"))
    return Content.assemble((path.name, "bold"), f"\n{size(path.stat().st_size)}\n\n", text)
