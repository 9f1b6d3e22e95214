"""Work that the core does and tells of: how far it is, how fast, how long yet, and what was left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from time import monotonic

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static
from textual.worker import Worker

from secondme.errors import SecondMeError
from secondme.tui.shapes import Event
from secondme.wording import clean, clip, counted, duration, short_path, size

_BAR = 24
_FRAME = 0.1
_GROUPED_FROM = 4
_LISTED = 50

Start = Callable[[], AsyncGenerator[Event]]


class Task(Vertical, can_focus=True):
    """One work: it begins when it is mounted, can be paused, and goes on where it stopped."""

    TITLE = "Work"
    BINDINGS = [
        Binding("s", "stop", "Pause"),
        Binding("r", "again", "Go on"),
        Binding("enter", "open", "Left out"),
        Binding("delete,backspace", "dismiss", "Put away"),
    ]

    class Ended(Message):
        """The work has ended with this result, or with None when it failed or was stopped."""

        def __init__(self, task: Task, result: Event | None) -> None:
            super().__init__()
            self.task = task
            self.result = result

    def __init__(self, title: str, start: Start, *, in_bytes: bool = False) -> None:
        """`start` begins the work and gives its events."""
        super().__init__()
        self._title = title
        self._start = start
        self._in_bytes = in_bytes
        self._work: Worker[None] | None = None
        self._drawn = 0.0
        self.skipped: list[dict[str, str]] = []

    def compose(self) -> ComposeResult:
        """A line, a bar, and what was left out."""
        yield Static(self._title, classes="line", markup=False)
        yield Static("", classes="bar", markup=False)
        yield Static("", classes="skipped", markup=False)

    def on_mount(self) -> None:
        """Begin."""
        self.action_again()

    @property
    def running(self) -> bool:
        """Whether the work goes on."""
        return self._work is not None and self._work.is_running

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can be done depends on whether the work goes on."""
        if action == "stop":
            return self.running
        if action in ("again", "dismiss"):
            return not self.running
        if action == "open":
            return bool(self.skipped)
        return True

    def action_again(self) -> None:
        """Begin, or go on where it stopped."""
        self.remove_class("-done", "-failed", "-open")
        self.skipped = []
        self._work = self.run_worker(self._follow(), exclusive=True)
        self.refresh_bindings()

    def action_stop(self) -> None:
        """Stop; what is done stays."""
        if self._work is not None:
            self._work.cancel()
        self._end("paused; what is done stays, r goes on", failed=True)
        self.post_message(self.Ended(self, None))

    def action_dismiss(self) -> None:
        """Put it away."""
        self.remove()

    def action_open(self) -> None:
        """Show, or hide, what was left out and why."""
        self.toggle_class("-open")

    async def _follow(self) -> None:
        result: Event | None = None
        try:
            async with aclosing(self._start()) as events:
                async for event in events:
                    if event["event"] == "progress":
                        self._progress(event)
                    elif event["event"] == "skipped":
                        self._skip(event)
                    elif event["event"] == "result":
                        result = event
        except SecondMeError as error:
            self._end(error.line(), failed=True)
        else:
            self.skipped = (result or {}).get("skipped", self.skipped)
            self._end(_summary(result or {}), failed=False)
        self.post_message(self.Ended(self, result))

    def _skip(self, event: Event) -> None:
        self.skipped.append({"path": event["path"], "reason": event["reason"]})

    def _progress(self, event: Event) -> None:
        now = monotonic()
        if now - self._drawn < _FRAME and event["done"] != event["total"]:
            return
        self._drawn = now
        what = clip(short_path(str(event.get("what") or "")).rpartition("/")[2], 30)
        line = Content.assemble(
            self._title, (f"  {event['stage']}", "$quiet"), (f"  {what}", "$quiet")
        )
        self.query_one(".line", Static).update(line)
        self.query_one(".bar", Static).update(self._bar(event))

    def _bar(self, event: Event) -> Content:
        count = size if self._in_bytes else "{:,.0f}".format
        share = event["done"] / event["total"] if event["total"] else 0.0
        full = round(_BAR * min(share, 1.0))
        said = [
            f"{count(event['done'])} of {count(event['total'])}"
            if event["total"]
            else count(event["done"])
        ]
        if event.get("rate"):
            said.append(f"{count(event['rate'])}/s")
        if event.get("seconds_left") is not None:
            said.append(f"{duration(event['seconds_left'])} left")
        return Content.assemble(
            ("━" * full, "$primary"),
            ("─" * (_BAR - full), "$panel"),
            (f"  {' · '.join(said)}", "$quiet"),
        )

    def _end(self, line: str, *, failed: bool) -> None:
        self.add_class("-failed" if failed else "-done")
        self.query_one(".line", Static).update(self._title)
        text = Content.styled(clean(line), "$text-error" if failed else "$quiet")
        if self.skipped:
            text = text + Content.styled(
                f"  {len(self.skipped):,} left out; enter says why", "$warning"
            )
        self.query_one(".bar", Static).update(text)
        self.query_one(".skipped", Static).update(_reasons(self.skipped))
        self.refresh_bindings()


def _summary(result: Event) -> str:
    if "summary" in result:
        pending = result.get("pending", 0)
        more = (
            f"; {counted(pending, 'moment')} by words already, by meaning soon" if pending else ""
        )
        return f"{result['summary']}{more}"
    return "done"


def _reasons(skipped: list[dict[str, str]]) -> str:
    """What was left out; a reason that many files share is told once."""
    counts = Counter(skip["reason"] for skip in skipped)
    lines = [f"{reason}: {n:,} files" for reason, n in counts.most_common() if n >= _GROUPED_FROM]
    single = [skip for skip in skipped if counts[skip["reason"]] < _GROUPED_FROM]
    lines += [f"{short_path(skip['path'])}: {skip['reason']}" for skip in single[:_LISTED]]
    if len(single) > _LISTED:
        lines.append(f"and {len(single) - _LISTED:,} more")
    return clean("\n".join(lines))
