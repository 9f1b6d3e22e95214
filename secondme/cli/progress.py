"""A line of progress on a terminal, once something takes longer than a second."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from secondme.cli.output import interactive
from secondme.wording import clip, duration, size

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

_PATIENCE = 1.0


class Progress:
    """Draws the `progress` events of a stream on stderr; nothing where that is no terminal."""

    def __init__(self, in_bytes: bool = False) -> None:
        """With `in_bytes`, events count bytes."""
        self._in_bytes = in_bytes
        self._started = time.monotonic()
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def show(self, event: dict[str, Any]) -> None:
        """Draw an event: its `stage`, `done` of `total`, `rate` a second and `seconds_left`."""
        if not interactive(sys.stderr) or time.monotonic() - self._started < _PATIENCE:
            return
        if self._bar is None:
            self._begin()
        assert self._bar is not None
        assert self._task is not None
        self._bar.update(
            self._task,
            description=event["stage"],
            completed=event["done"],
            total=event["total"] or None,
            said=self._said(event),
            what=clip(str(event.get("what") or "").rpartition("/")[2], 30),
        )

    def _begin(self) -> None:
        """Rich is imported here, when there is time for it."""
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bar

        self._bar = Bar(
            TextColumn("{task.description}", markup=False),
            BarColumn(24),
            TextColumn("{task.fields[said]}", markup=False),
            TextColumn("{task.fields[what]}", style="dim", markup=False),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task("", said="", what="")
        self._bar.start()

    def _said(self, event: dict[str, Any]) -> str:
        count = size if self._in_bytes else "{:,.0f}".format
        parts = (
            [f"{count(event['done'])} of {count(event['total'])}"]
            if event["total"]
            else [count(event["done"])]
        )
        if event.get("rate"):
            parts.append(f"{count(event['rate'])}/s")
        if event.get("seconds_left") is not None:
            parts.append(f"{duration(event['seconds_left'])} left")
        return ", ".join(parts)
