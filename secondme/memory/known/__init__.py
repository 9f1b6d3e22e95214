"""What the record itself answers, without a language model: values, lists, counts, dates and order.

Facts tell who lives where, and since when; moments tell what somebody did, and how often. A question is
answered here only when all of its words are understood: one word over, and it is left to the reader of
the moments. Each answer names the moments that it rests on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import datetime

from secondme.memory.facts.book import Book
from secondme.memory.facts.extract import readings
from secondme.memory.facts.weigh import Fact
from secondme.memory.known.asking import People, asked
from secondme.memory.known.events import Events, Search
from secondme.memory.known.values import Known, Values
from secondme.record import Record
from secondme.record.entities import Names
from secondme.record.moments import StoredMoment

__all__ = ["Known", "tell"]

_LONGEST = 300
"""Characters of a question: longer ones are never understood word by word."""


def tell(
    question: str,
    record: Record,
    book: Book,
    search: Search,
    now: datetime,
    until: int | None = None,
    without: Set[int] = frozenset(),
) -> Known | None:
    """What the record answers, or None where it is not asked for what it knows.

    `search` finds moments by words; with `until` (ms) only what was said before then counts, and
    nothing that the moments `without` say.
    """
    if len(question) > _LONGEST:
        return None
    memory = _Memory(record, book, until, without)
    people = People(memory.names, memory.relative)
    values = Values(memory.facts, memory.name, now)
    events = Events(search, memory.said_by)
    for reading in asked(question, people, now):
        known = values(reading) or events(reading)
        if known is not None:
            return known
    return None


class _Memory:
    """The record as answers look things up in it, for one question."""

    def __init__(self, record: Record, book: Book, until: int | None, without: Set[int]) -> None:
        self._record = record
        self._book = book
        self._until = until
        self._without = without
        self._of: dict[str, list[Fact]] = {}
        self.names: Names = record.entities.names()

    def facts(self, entity: str) -> Sequence[Fact]:
        """What may be used of the facts about an entity, with those that are over."""
        if entity not in self._of:
            as_of = None if self._until is None else self._until - 1
            found = self._book.of([entity], as_of, self._without)
            self._of[entity] = [f for f in found if self._book.usable(f)]
        return self._of[entity]

    def relative(self, entity: str, relation: str) -> str | None:
        """The one who is so related to somebody, by the facts or as they are called."""
        found = [f for f in self.facts(entity) if f.relation == relation and f.current]
        known = {f.object_entity for f in found if f.object_entity}
        if not known:
            keys = [key for key, name in self.names.by_key.items() if name.entity == entity]
            named = [self.names.by_key.get(f"{key}>{relation}") for key in keys]
            known = {name.entity for name in named if name is not None}
        return known.pop() if len(known) == 1 else None

    def name(self, entity: str) -> str:
        """What an entity is called."""
        found = self._record.entities.all([entity])
        return found[0].name if found else ""

    def said_by(self, numbers: Sequence[int], entity: str) -> Sequence[StoredMoment]:
        """Those of the moments that an entity said, before the time that counts."""
        found: Mapping[int, StoredMoment] = self._record.moments.by_number(list(numbers))
        live = [m for m in found.values() if m.live and (self._until is None or m.ms < self._until)]
        own = []
        how = readings(self._record, live) if live else {}
        for moment in live:
            speaker = how[moment.n].speaker if moment.n in how else None
            name = self.names.by_key.get(speaker.key) if speaker is not None else None
            if name is not None and name.entity == entity:
                own.append(moment)
        return own
