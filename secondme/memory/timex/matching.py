"""Finding patterns of items by their codes, and what rules see of a match.

Rules are tried in their order, and what one has claimed is closed to those after it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from secondme.memory.timex import lexicon
from secondme.memory.timex.calendar import Named, Stretch, Tense
from secondme.memory.timex.lexer import Item
from secondme.memory.timex.lexicon import Language

FILLER = "[xlv]{0,3}"
"""Articles and their like between the parts of an expression."""
_CLAUSE = re.compile(
    r"[,;:.!?…\n。！？，、()]|\b(?:and|but|und|aber|et|mais|y|pero|e|ma|mas|en|i|ale)\b"
)
_SENTENCE = re.compile(r"[.!?…\n。！？]")
_WINDOW = 160
_FRONTED = 8
"""A clause with no more than this many characters beside the expression has its verb in another."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an expression means: its stretch, the date as far as it is written out, or else how it is
    counted (`unit`, `steps`, and the number as it stands there for "two weeks ago")."""

    stretch: Stretch
    named: Named | None = None
    unit: str | None = None
    steps: int = 0
    number: str | None = None
    recurs: bool = False
    """Whether it comes every year and the text names none: "in May", "at Christmas"."""


@dataclass(slots=True)
class Found:
    """A match that a rule looks at: its items by name, its place in the text, and whose words it is."""

    text: str
    said: datetime
    language: Language
    row: list[Item]
    first: int
    items: dict[str, Item]

    def __getitem__(self, name: str) -> Item:
        return self.items[name]

    def has(self, name: str) -> bool:
        """Whether the pattern has found an item of that name."""
        return name in self.items

    def value(self, name: str) -> int | None:
        """The value of an item, or None when there is none."""
        return self.items[name].value if name in self.items else None

    def before(self, back: int = 1) -> str:
        """The code of the item before the match."""
        return self.row[self.first - back].code if self.first >= back else ""

    def after(self) -> str:
        """The code of the item after one that stands alone."""
        return self.row[self.first + 1].code if self.first + 1 < len(self.row) else ""

    def after_text(self) -> str:
        """The words of that item."""
        return self.text[self.row[self.first + 1].start : self.row[self.first + 1].end]

    @property
    def step(self) -> tuple[int, str] | None:
        """How many of which unit, as one of `_STEPS` has found it."""
        if self.has("both"):
            return self["both"].value  # type: ignore[no-any-return]
        if self.has("rel"):
            step, unit = self["rel"].value, self["unit"].value
            return None if unit in PLURAL else (step, unit)
        if not (self.language.modifier_after or abs(self["rel2"].value) == 2):
            return None
        return self["rel2"].value, self["unit2"].value

    @property
    def tense(self) -> Tense:
        """The tense of the clause around the match, or else of its sentence."""
        if self.before() == "j":
            return 1
        at = self.row[self.first].start
        low, high = max(0, at - _WINDOW), min(len(self.text), at + _WINDOW)
        for border in (_CLAUSE, _SENTENCE):
            start = max((m.end() for m in border.finditer(self.text, low, at)), default=low)
            after = border.search(self.text, self.row[self.first].end + 1, high)
            clause = self.text[start : after.start() if after else high]
            tense = _tense(clause, self.language.name)
            if tense:
                return tense
            rest = len(clause) - (self.row[self.first].end - at)
            if rest > (_FRONTED if self.language.function else _FRONTED // 2):
                break
        return 0


@lru_cache(maxsize=1024)
def _tense(clause: str, name: str) -> Tense:
    """What a clause shows; the future where it shows both ("I was told that he will")."""
    spoken = lexicon.language(name)
    if spoken.future.search(clause):
        return 1
    return -1 if spoken.past.search(clause) else 0


PLURAL = {
    f"{unit}s": unit for unit in ("hour", "day", "week", "month", "year", "decade", "weekend")
}
Rule = tuple[re.Pattern[str], Callable[[Found], Meaning | None]]


def rule(
    stage: list[Rule], *patterns: str
) -> Callable[[Callable[[Found], Meaning | None]], Callable[[Found], Meaning | None]]:
    def add(function: Callable[[Found], Meaning | None]) -> Callable[[Found], Meaning | None]:
        stage.extend((re.compile(pattern), function) for pattern in patterns)
        return function

    return add


def rewritten(
    row: list[Item], stage: list[Rule], text: str, said: datetime, language: Language
) -> list[Item]:
    codes = "".join([item.code for item in row])
    claimed = bytearray(len(row))
    made: list[tuple[int, int, Item]] = []
    for pattern, function in stage:
        for match in pattern.finditer(codes):
            first, end = match.span()
            if any(claimed[first:end]):
                continue
            named = {k: row[match.start(k)] for k in match.groupdict() if match.start(k) >= 0}
            found = Found(text, said, language, row, first, named)
            try:
                meaning, code = function(found), "T"
            except (ValueError, OverflowError):  # out of the calendar, or no such day
                meaning, code = None, "!"
            if meaning is not None or code == "!":
                claimed[first:end] = b"\1" * (end - first)
                made.append((first, end, Item(code, meaning, row[first].start, row[end - 1].end)))
    if not made:
        return row
    out, at = [], 0
    for first, end, item in sorted(made):
        out += [*row[at:first], item]
        at = end
    return out + row[at:]
