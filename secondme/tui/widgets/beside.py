"""A moment in its surroundings, beside what it was found in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from secondme.errors import SecondMeError
from secondme.tui.memory import TEXT, Memory
from secondme.tui.widgets.links import Link, Links, to_moment
from secondme.wording import clean, clip, counted, minute, one_line, short_path

if TYPE_CHECKING:
    from secondme.tui.shapes import Moment, Shown

_NEIGHBOUR = 500


class Beside(VerticalScroll):
    """Shows one moment: where it comes from, what stands before and after, the passage marked, and ways to
    older moments that it is related to."""

    BORDER_TITLE = "moment"

    def __init__(self) -> None:
        super().__init__(classes="beside")
        self.moment: Shown | None = None
        self.private = False
        """Whether it is not to be noted that a moment was looked at."""

    def compose(self) -> ComposeResult:
        """Head, what stands before, the moment, what stands after, what is related, and its origin."""
        for part in ("head", "before", "moment", "after"):
            yield Static("", classes=part, markup=False)
        yield Links()
        yield Static("", classes="origin", markup=False)

    async def load(self, memory: Memory, id_: str, quote: str = "") -> None:
        """Show a moment, with the quote marked in it. Raises `NotFoundError` and its like."""
        try:
            shown = await memory.show(id_, private=self.private)
        except SecondMeError:
            self.moment = None
            raise
        self.moment = shown
        self._write("head", _head(shown))
        self._write("before", _neighbours(shown["before"]))
        self._write("moment", _marked(shown, quote))
        self._write("after", _neighbours(shown["after"]))
        followed = (
            isinstance(self.screen.focused, Link) and self.screen.focused in self.walk_children()
        )
        await self.query_one(Links).show("related", [to_moment(m) for m in shown["related"]])
        if followed:  # the link is gone from under the focus
            self.focus()
        self._write("origin", _origin(shown))
        self.call_after_refresh(self._settle)

    def _settle(self) -> None:
        """Bring the moment into view, with something of what stands before it."""
        part = self.query_one(".moment", Static)
        self.scroll_to(y=max(0, part.virtual_region.y - 4), animate=False)

    def _write(self, part: str, content: Content) -> None:
        widget = self.query_one(f".{part}", Static)
        widget.update(content)
        widget.display = bool(content.plain)


def _head(moment: Shown) -> Content:
    who = f" · {one_line(moment['speaker'])}" if moment["speaker"] else ""
    gone = "" if moment["live"] else "  no longer recalled"
    gone += "  marked as wrong" if "wrong" in moment["marks"] else ""
    return Content.assemble(
        (minute(moment["time"]), "bold"), (who, "bold $primary"), (gone, "$warning")
    )


def _neighbours(moments: list[Moment]) -> Content:
    lines = []
    for moment in moments:
        who = f"{one_line(moment['speaker'])}: " if moment["speaker"] else ""
        text = clean(moment["text"])
        lines.append(who + (text[:_NEIGHBOUR] + " …" if len(text) > _NEIGHBOUR else text))
    return Content("\n\n".join(lines))


def _marked(moment: Shown, quote: str) -> Content:
    """The moment's text with what was quoted of it marked; a long one ends with `…`."""
    text = clean(moment["text"])
    content = Content(text)
    words = re.escape(one_line(quote).strip("“”… ")).replace(r"\ ", r"\s+")
    found = re.search(words, text) if words else None
    if found and found[0]:
        content = content.stylize("$text-accent on $accent-muted", found.start(), found.end())
    if len(text) >= TEXT:
        content = content + Content.styled(" … the original holds the rest", "$quiet")
    return content


def _origin(moment: Shown) -> Content:
    where = short_path(moment["path"]) if moment["path"] else one_line(moment["source"])
    span = f", bytes {moment['span'][0]:,} to {moment['span'][1]:,}" if moment["span"] else ""
    item = moment["item"]
    more = [item["media_type"]]
    if item["versions"] > 1:
        more.append(counted(item["versions"], "version"))
    more += [f"{one_line(key)}: {clip(str(value), 60)}" for key, value in moment["meta"].items()]
    words = [f"words: {one_line(', '.join(moment['keywords']))}"] if moment["keywords"] else []
    return Content("\n".join([f"{where}{span}", " · ".join(more), *words, moment["id"]]))
