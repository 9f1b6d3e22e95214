"""Times that a question counts from an event: "the week after the wedding", "when I lived in Porto".

What the event was, and when, is for the memory to find; here is only what the words say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from secondme.memory.timex import lexer
from secondme.memory.timex.lexer import Item
from secondme.memory.timex.lexicon import WORDS, Language, fold, language

_LENGTHS = {"hour": 1 / 24, "day": 1, "week": 7, "month": 30, "year": 365, "decade": 3652}
_AUXILIARIES = frozenset(
    "did was is were do does has have will are had can should would est a as ont fue es ha foi e jest"
    " byl byla was is heeft".split()
)
"""What follows "when" where it asks for a time."""
_ABOUT = timedelta(days=30)
"""How far "after the wedding" reaches where no length is given."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event that a question counts from: its words, which characters say all of it, whether the
    time is before it (-1), in it (0) or after it (1), and how long a time is given."""

    words: str
    start: int
    end: int
    side: int
    length: timedelta | None = None

    def around(self, since: datetime, until: datetime) -> tuple[datetime, datetime]:
        """The time that is meant, once it is known from when until when the event was.

        Raises `OverflowError` where it leads out of the calendar.
        """
        length = self.length or _ABOUT
        if self.side < 0:
            return since - length, since
        return (until, until + length) if self.side > 0 else (since, until)


def event_in(question: str) -> Event | None:
    """The event that a question counts a time from, or None.

    A question that begins with "when" asks for a time; it is counted from an event only if a comma
    comes before what is asked: "When I lived in Porto, where did I work?"
    """
    for name in lexer.languages_of(question):
        found = _event(question, language(name))
        if found:
            return found
    return None


def before_time(question: str, start: int, end: int) -> Event | None:
    """For a time that stands in a question from `start` up to `end`: what is counted from it, where
    "before" or "after" comes right before it."""
    words = [(fold(m.group()), m.start()) for m in WORDS.finditer(question[:start])]
    for name in lexer.languages_of(question):
        for phrase, side in language(name).events:
            here = words[-len(phrase) :]
            if side and tuple(word for word, _ in here) == phrase:
                begin, length = _length(question[: here[0][1]], language(name), here[0][1])
                return Event(question[start:end], begin, end, side, length)
    return None


def _event(question: str, spoken: Language) -> Event | None:
    words = [(fold(m.group()), m.start(), m.end()) for m in WORDS.finditer(question)]
    for at in range(len(words)):
        for phrase, side in spoken.events:
            here = words[at : at + len(phrase)]
            if tuple(word for word, _, _ in here) != phrase:
                continue
            start, begin = here[0][1], here[-1][2]
            end = next((s for w, s, _ in words[at + len(phrase) :] if w in ",?!.;"), len(question))
            event = question[begin:end].strip()
            following = words[at + len(phrase)][0] if at + len(phrase) < len(words) else ""
            asks = side == 0 and following in _AUXILIARIES
            asks = asks or (at == 0 and question[end : end + 1] != ",")
            if asks or not event or any(c.isdigit() for c in event):
                break
            start, length = _length(question[:start], spoken, start)
            return Event(event, start, end, side, length)
    return None


def _length(before: str, spoken: Language, start: int) -> tuple[int, timedelta | None]:
    """The length of time that the words before an event give ("two weeks"), and where they begin."""
    items: list[Item] = lexer.items(before, spoken)
    unit = items[-1] if items else None
    if unit is None or unit.code != "u":
        return start, None
    number = items[-2] if len(items) > 1 and items[-2].code in "nN" else None
    name = unit.value if unit.value in _LENGTHS else unit.value.removesuffix("s")
    count = number.value if number else 1
    days = timedelta(days=_LENGTHS[name] * min(count, 1000))
    return (number or unit).start, days
