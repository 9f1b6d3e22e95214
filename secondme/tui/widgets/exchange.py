"""A question and its answer: as it comes, with its citations, and with what was recalled for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

from secondme.tui.widgets.chips import Chip
from secondme.tui.widgets.rows import MomentRow, Picked, cited, facts, near
from secondme.tui.widgets.trace import trace_rows
from secondme.wording import clean, clip, milliseconds, one_line

if TYPE_CHECKING:
    from secondme.tui.shapes import Answer, Event, Moment, Recalled

_MARK = re.compile(r"\s*\[(\d+)\]")
_FRAME = 1 / 20
_CURSOR = "▍"


class Said(Static):
    """The answer's text; a mark in it opens its citation, also when the mouse is only over it."""

    _over = ""

    def action_cite(self, n: int) -> None:
        """The mark of this number was pressed."""
        self.post_message(Exchange.Cite(n))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """The mouse is over a mark, perhaps."""
        mark = str(event.style.meta.get("@click", ""))
        if mark != self._over and (found := re.search(r"\d+", mark)):
            self.post_message(Exchange.Cite(int(found[0]), soft=True))
        self._over = mark

    def on_leave(self) -> None:
        """The mouse is over none."""
        self._over = ""


class Exchange(Vertical):
    """One turn of a conversation."""

    TITLE = "Answer"
    BINDINGS = [
        Binding("t", "trace", "Trace"),
        Binding("e", "edit", "Edit"),
    ]

    class Cite(Message):
        """A citation was asked for by its number; `soft` when the mouse only passed over its mark."""

        def __init__(self, n: int, *, soft: bool = False) -> None:
            super().__init__()
            self.n = n
            self.soft = soft

    class Edit(Message):
        """The question is to be edited and asked again."""

        def __init__(self, question: str) -> None:
            super().__init__()
            self.question = question

    class TraceWanted(Message):
        """What was recalled is to be shown."""

        def __init__(self, exchange: Exchange, question: str) -> None:
            super().__init__()
            self.exchange = exchange
            self.question = question

    class Again(Message):
        """The question is to be asked again with a moment that was put aside."""

        def __init__(self, exchange: Exchange, id: str) -> None:
            super().__init__()
            self.exchange = exchange
            self.id = id

    def __init__(self, question: str, without: Sequence[Moment] = ()) -> None:
        """The answer does not rest on the moments `without`."""
        super().__init__()
        self.question = question
        self.without = list(without)
        self.answer: Answer | None = None
        self.looked_up = question
        self._text = ""
        self._lines = 0
        self._stage = "recalling"
        self._began = monotonic()
        self._timer: Timer | None = None
        self._traced = False

    def compose(self) -> ComposeResult:
        """Question, answer, citations, and a line on how it came about."""
        yield Static(one_line(self.question), classes="question", markup=False)
        if self.without:
            with Vertical(classes="without"):
                for moment in self.without:
                    yield Chip(moment["id"], clip(facts(moment), 50), "without")
        yield Said("", classes="answer", markup=False)
        yield Static("", classes="why", markup=False)
        yield Vertical(classes="cited")
        yield Static("", classes="trail", markup=False)
        yield Vertical(classes="trace")

    def on_mount(self) -> None:
        """Draw what has come at a steady pace, however fast it comes."""
        self._timer = self.set_interval(_FRAME, self._draw)

    def follow(self, event: Event) -> None:
        """Show what an event of the answer's stream says."""
        if event["event"] == "recalled":
            self.recalled(event["count"], event["question"])
        elif event["event"] == "token":
            self.token(event["text"])
        elif event["event"] == "result":
            self.finish(cast("Answer", event))

    def recalled(self, count: int, looked_up: str) -> None:
        """So many moments were found, and are read now."""
        self._stage = f"reading {count} moments" if count else "nothing found"
        self.looked_up = looked_up

    def token(self, text: str) -> None:
        """A piece of the draft."""
        self._text += text

    def finish(self, answer: Answer) -> None:
        """The answer as it stands after the check."""
        self._end()
        self.answer = answer
        said = self.query_one(Said)
        said.update(_said(answer))
        self.set_class(answer["refused"], "-refused")
        rows = [cited(citation, answer["answer"]) for citation in answer["citations"]]
        rows += [near(moment) for moment in answer["near"][:3]] if answer["refused"] else []
        self.query_one(".cited").mount(*rows)
        self.set_class(bool(rows), "-cites")
        self.query_one(".why", Static).update(_why(answer))
        self.query_one(".trail", Static).update(_trail(answer))

    def stop(self, line: str) -> None:
        """It was stopped."""
        self._end()
        self.query_one(Said).update(Content(clean(self._text).strip()))
        self.query_one(".trail", Static).update(line)

    def fail(self, line: str) -> None:
        """It came to nothing, for this reason."""
        self._end()
        self.add_class("-failed")
        self.query_one(Said).update(Content(clean(self._text).strip()))
        self.query_one(".trail", Static).update(Content.styled(line, "$text-error"))

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self.remove_class("-drafting")

    def _draw(self) -> None:
        said = self.query_one(Said)
        if self._text.strip():
            self.add_class("-drafting")
            draft = Content(clean(self._text).strip() + _CURSOR)
            lines = len(draft.wrap(said.content_size.width or 1))
            said.update(draft, layout=lines != self._lines)  # the whole conversation moves with it
            self._lines = lines
        else:
            dots = "." * (1 + int((monotonic() - self._began) * 3) % 3)
            said.update(Content.styled(f"{self._stage} {dots}", "$quiet"))

    def rows(self) -> list[MomentRow]:
        """The moments that can be chosen here."""
        return list(self.query(MomentRow))

    def on_exchange_cite(self, event: Cite) -> None:
        """Look at the moment that a mark stands for; in passing, only where there is room beside."""
        event.stop()
        open_ = not event.soft or self.screen.has_class("-roomy")
        for citation in self.answer["citations"] if self.answer else []:
            if citation["n"] == event.n:
                self.post_message(Picked(citation["id"], citation["quote"], open=open_))

    def on_chip_removed(self, event: Chip.Removed) -> None:
        """A moment that was put aside is wanted again."""
        event.stop()
        self.post_message(self.Again(self, event.name))

    def action_edit(self) -> None:
        """Edit the question and ask again."""
        self.post_message(self.Edit(self.question))

    def action_trace(self) -> None:
        """Unfold, or fold, what was recalled and why."""
        if self.answer is None:
            return
        self.toggle_class("-traced")
        if not self._traced:
            self._traced = True
            self.post_message(self.TraceWanted(self, self.looked_up))

    def show_trace(self, recalled: Recalled) -> None:
        """What was recalled for the question, and what each view made of it."""
        trace = self.query_one(".trace", Vertical)
        trace.remove_children()
        trace.mount(*trace_rows(recalled))


def _said(answer: Answer) -> Content:
    """The answer with marks that can be pressed: those in it, or all of them at its end."""
    text = clean(answer["answer"])
    if not text and answer["partial"]:
        return Content.styled("stopped", "$quiet")
    pieces = _MARK.split(text)
    out = Content(pieces[0])
    for number, rest in zip(pieces[1::2], pieces[2::2], strict=True):
        out = out + _mark(int(number)) + Content(rest)
    if len(pieces) == 1:
        for citation in answer["citations"]:
            out = out + _mark(citation["n"])
    return out


def _mark(n: int) -> Content:
    return Content.from_markup(f" [@click=cite({n})]\\[{n}][/]")


def _why(answer: Answer) -> str:
    """What a refusal has looked for."""
    terms = ", ".join(one_line(term) for term in answer["looked_for"])
    looked = f"looked for {terms}" if terms else ""
    return f"{looked}; nearest, but no answer:" if looked and answer["near"] else looked


def _trail(answer: Answer) -> str:
    """How the answer came about."""
    how = ["stopped, and not checked"] if answer["partial"] else []
    if answer["quoted"]:
        how.append("the passage itself, word for word")
    if not answer["partial"]:
        how.append(f"confidence {answer['confidence']:.0%}")
    how += [milliseconds(answer["took_ms"]), answer["model"]]
    notice = f"\n{one_line(answer['notice'])}" if answer.get("notice") else ""
    return " · ".join(how) + notice
