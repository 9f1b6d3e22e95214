"""Facts in a list, each in a line with when it was so; deciding about them by keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from secondme.tui.shapes import Fact
from secondme.tui.widgets.rows import Picked
from secondme.wording import cells, clip, day, fit, one_line

_LABEL = 16
_ENDS_FROM = 50
"""Columns of a list from which its lines have room for what stands at their end."""
_MARKS = {
    "conflict": ("≠", "bold $text-error"),
    "review": ("?", "bold $text-warning"),
    "confirmed": ("✓", "$text-success"),
    "rejected": ("✗", "$quiet"),
}
_OVER = ("superseded", "ended", "rejected")


@dataclass(frozen=True)
class Row:
    """A line: what it is about and the value, with the fact that it rests on; a heading has no label.

    `asks` says that the fact waits for the person's word.
    """

    label: str
    value: str
    fact: Fact | None = None
    asks: bool = False


class FactList(OptionList):
    """Rows of facts; the one under the cursor posts `Chosen`, and deciding about it `Decide`."""

    TITLE = "Fact"
    BINDINGS = [
        Binding("a", "decide('confirm')", "So it is"),
        Binding("r", "decide('reject')", "Not so"),
        Binding("e", "decide('edit')", "Edit"),
        Binding("space", "source", "Next source", show=False),
        Binding("j", "cursor_down", "Next", show=False),
        Binding("k", "cursor_up", "Previous", show=False),
    ]

    class Chosen(Message):
        """Another row is under the cursor, or another of its sources: `at` counts from 0."""

        def __init__(self, row: Row | None, at: int = 0) -> None:
            super().__init__()
            self.row = row
            self.at = at

    class Decide(Message):
        """The person decides about a fact: `verdict` is confirm, reject or edit."""

        def __init__(self, row: Row, verdict: str) -> None:
            super().__init__()
            self.row = row
            self.verdict = verdict

    def __init__(self, *, bars: bool) -> None:
        """Each line ends in a bar over the time when it was so, or in where and when it was said."""
        super().__init__(markup=False, compact=True)
        self._bars = bars
        self.rows: Sequence[Row] = ()
        self._source = 0
        self._width = 0

    def show(self, rows: Sequence[Row], *, keep: bool = False) -> None:
        """Show these; `keep` leaves the cursor where it is, so that what follows comes under it."""
        at = self.highlighted if keep else None
        self.rows = rows
        self._draw(at or 0)
        if not self.chosen:
            self.post_message(self.Chosen(None))

    def on_resize(self) -> None:
        """Lines are as wide as the list, and the one under the cursor stays in view."""
        if self.rows and self.size.width != self._width:
            self._draw(self.highlighted or 0)
        self.call_after_refresh(self.scroll_to_highlight)

    def _draw(self, at: int) -> None:
        self._width = self.size.width
        width = self.scrollable_content_region.width - 2
        facts = [row.fact for row in self.rows if row.fact]
        if width < _ENDS_FROM or not facts:
            ends = dict[str, Content]()
        elif self._bars:
            ends = _bars(facts, 14 if width >= 70 else 8)
        else:
            ends = _origins(facts, width // 3)
        self.clear_options()
        self.add_options(
            Option(_line(row, width, ends), disabled=not row.label) for row in self.rows
        )
        choosable = [n for n, row in enumerate(self.rows) if row.label]
        if choosable:
            self.highlighted = next((n for n in choosable if n >= at), choosable[-1])

    @property
    def chosen(self) -> Row | None:
        at = self.highlighted
        return self.rows[at] if at is not None and at < len(self.rows) else None

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Tell of the row, from its first source on."""
        event.stop()
        self._source = 0
        self._tell()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Look at the moment that it rests on."""
        event.stop()
        self._tell(open=True)

    def on_focus(self) -> None:
        """The row under the cursor counts as chosen now."""
        self._tell()

    def _tell(self, *, open: bool = False) -> None:
        row = self.chosen
        self.post_message(self.Chosen(row, self._source))
        if row and row.fact and row.fact["evidence"]:
            source = row.fact["evidence"][self._source]
            self.post_message(Picked(source["moment"], source["quote"], open=open))

    def action_source(self) -> None:
        """The next moment that the fact rests on."""
        if self.chosen and self.chosen.fact and (count := len(self.chosen.fact["evidence"])):
            self._source = (self._source + 1) % count
            self._tell()

    def action_decide(self, verdict: str) -> None:
        """Decide about the fact under the cursor."""
        if self.chosen is not None:
            self.post_message(self.Decide(self.chosen, verdict))


def about(row: Row | None, at: int = 0) -> Content:
    """More on a row: since when it is so and how sure, and the words that it rests on."""
    fact = row.fact if row else None
    if fact is None:
        return Content("the name rests on your own lines" if row else "")
    said = [f"since {day(fact['since'])}"] if fact["since"] else []
    said += [f"until {day(fact['until'])}"] if fact["until"] else []
    said += [f"first said {day(fact['learned'])}", f"{fact['confidence']:.0%} sure"]
    said += [_STANDING[fact["status"]]] if fact["status"] in _STANDING else []
    said += ["sensitive"] if fact["sensitive"] else []
    lines = [Content(" · ".join(said))]
    if fact["evidence"]:
        source = fact["evidence"][at]
        count = len(fact["evidence"])
        who = [one_line(source["speaker"])] if source["speaker"] else []
        of = [f"{at + 1} of {count}, space for the next"] if count > 1 else []
        head = " · ".join([day(source["time"]), *who, one_line(source["source"]), *of])
        lines += [Content(head), Content.styled(clip(f"“{source['quote']}”", 300), "$foreground")]
    return Content("\n").join(lines)


_STANDING = {
    "conflict": "stands against another",
    "review": "waits for your word, and is not used",
    "confirmed": "you said so",
    "superseded": "replaced by what came after",
    "ended": "over",
    "rejected": "you said that it is not so",
}


def _line(row: Row, width: int, ends: Mapping[str, Content]) -> Content:
    """Label, value, a mark, and what stands at the end for the fact."""
    if not row.label:
        return Content.styled(fit(row.value, max(width, 1)), "$quiet")
    status = row.fact["status"] if row.fact else ""
    mark, style = _MARKS["review"] if row.asks else _MARKS.get(status, (" ", ""))
    label = min(_LABEL, max(width // 3, 6))
    end = ends.get(row.fact["id"], Content("")) if row.fact else Content("")
    room = max(width - label - 3 - max((e.cell_length for e in ends.values()), default=0), 1)
    over = {"rejected": "$quiet strike"}.get(status, "$quiet" if status in _OVER else "")
    value = clip(row.value, room)
    return Content.assemble(
        (_padded(clip(row.label, label - 1), label), "$quiet"),
        (value, over),
        " " * (room - cells(value)),
        (f" {mark} ", style),
        end,
    )


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cells(text))


def _origins(facts: Sequence[Fact], width: int) -> dict[str, Content]:
    """When and where each fact was said first, by its id."""
    said = {
        fact["id"]: f"{day(fact['evidence'][0]['time'])}, {one_line(fact['evidence'][0]['source'])}"
        for fact in facts
        if fact["evidence"]
    }
    longest = min(max(map(cells, said.values()), default=0), width)
    return {
        id_: Content.styled(_padded(clip(text, longest), longest), "$quiet")
        for id_, text in said.items()
    }


def _bars(facts: Sequence[Fact], length: int) -> dict[str, Content]:
    """For each fact, by its id, a bar of so many cells over the time that all of them span."""
    days = [d for f in facts for d in (*_lasted(f), date.fromisoformat(f["taken"][:10])) if d]
    return {fact["id"]: _bar(fact, min(days), max(days), length) for fact in facts}


def _lasted(fact: Fact) -> tuple[date, date | None]:
    """From when a fact was so, or was first said, to when it was no more."""
    until = date.fromisoformat(fact["until"]) if fact["until"] else None
    since = date.fromisoformat(fact["since"] or fact["learned"][:10])
    return (min(since, until) if until else since), until


def _bar(fact: Fact, first: date, last: date, length: int) -> Content:
    begin, until = _lasted(fact)
    days = max((last - first).days, 1)
    left = min(int((begin - first).days / days * length), length - 1)
    right = length if until is None else round((until - first).days / days * length)
    right = min(max(right, left + 1), length)
    return Content.assemble(
        ("─" * left, "$panel"),
        ("━" * (right - left), "$quiet" if fact["status"] in _OVER else "$primary"),
        ("─" * (length - right), "$panel"),
    )
