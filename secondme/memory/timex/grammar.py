"""Reading a text for expressions of time, in stages shared by all languages; what differs are the words.

Single expressions first, each then being one item; then what is built around those; then ranges; then
"since" and "until".
"""

from __future__ import annotations

from datetime import datetime

from secondme.memory.timex.combined import AROUND, OPEN, RANGES
from secondme.memory.timex.lexer import Item, items
from secondme.memory.timex.lexicon import Language
from secondme.memory.timex.matching import rewritten
from secondme.memory.timex.single import SINGLE


def read(text: str, said: datetime, language: Language) -> tuple[list[Item], list[Item]]:
    """The single expressions of a text, and those that they make up together, in their order.

    Items of code `T` have their `Meaning` as value; `!` are words that would be a date, but there is
    none such. `said` is the local time at which the text was written, without a zone.
    """
    single = row = rewritten(items(text, language), SINGLE, text, said, language)
    for stage in (AROUND, RANGES, OPEN):
        row = rewritten(row, stage, text, said, language)
    return _times(single), _times(row)


def _times(row: list[Item]) -> list[Item]:
    return [item for item in row if item.code in "T!"]


def covered(found: list[Item]) -> int:
    """How many characters the expressions take."""
    return sum(item.end - item.start for item in found)
