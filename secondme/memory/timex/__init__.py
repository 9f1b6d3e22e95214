"""Expressions of time in a text, found and resolved against the moment at which it was said.

    >>> found = find("I saw her last Friday", datetime(2023, 5, 8, 12, tzinfo=UTC))
    >>> found[0].since.date()
    datetime.date(2023, 5, 5)

Ten languages share one grammar; their words are tables. Relative expressions ("yesterday", "vor zwei
Wochen", "来月") and written ones ("14 June", "im Mai", "since 2019") become stretches of time; durations,
repetitions ("every Sunday") and bare times of day are left alone. What could be a past day or a coming
one goes by the tense of its clause. Pure: no clock, no files but the tables, linear in the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from secondme.memory.timex import grammar, lexer
from secondme.memory.timex.calendar import Grain, Named, Stretch
from secondme.memory.timex.lexicon import language
from secondme.memory.timex.matching import Meaning

__all__ = ["VERSION", "Grain", "Mention", "Named", "Stretch", "find"]

VERSION = 1
"""Counts up when the same text may be understood otherwise than before."""


@dataclass(frozen=True, slots=True)
class Mention:
    """An expression of time: characters `start` up to `end` of its text, and what they mean.

    `since` is its first moment and `until` the first one after it, both in the zone in which the text
    was said; `grain` is how fine it is. `meaning` says how it was counted or written.
    """

    start: int
    end: int
    since: datetime
    until: datetime
    meaning: Meaning

    @property
    def grain(self) -> Grain:
        """How fine it is: a day, a month, or `span` for what is none of these."""
        return self.meaning.stretch.grain


def find(text: str, said: datetime) -> list[Mention]:
    """The expressions of time in a text that was said at an aware time, in their order.

    Those that lead out of the calendar (the years 1 and 9999 and beyond) are left out.
    """
    if not lexer.may_hold_time(text):
        return []
    local, zone = said.replace(tzinfo=None, fold=0), said.tzinfo
    best: list[lexer.Item] = []
    for name in lexer.languages_of(text):
        found = [i for i in grammar.read(text, local, language(name))[1] if i.code == "T"]
        if grammar.covered(found) > grammar.covered(best):
            best = found
    return [
        Mention(
            item.start,
            item.end,
            item.value.stretch.since.replace(tzinfo=zone),
            item.value.stretch.until.replace(tzinfo=zone),
            item.value,
        )
        for item in best
        if item.value.stretch.since.year > 1 and item.value.stretch.until.year < 9999
    ]
