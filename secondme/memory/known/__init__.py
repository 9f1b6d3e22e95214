"""What the record itself answers, without a language model: values, lists, counts, dates and order.

Facts tell who lives where, and since when; moments tell what somebody did, and how often. A question is
answered here only when all of its words are understood: one word over, and it is left to the reader of
the moments. Each answer names the moments that it rests on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import datetime
from functools import partial

from secondme.memory.facts.book import Book
from secondme.memory.facts.extract import readings
from secondme.memory.facts.reading import key_of
from secondme.memory.facts.relations import TOGETHER
from secondme.memory.facts.weigh import Fact
from secondme.memory.known.asking import asked, asked_at_birth, asked_of_each, asked_of_two
from secondme.memory.known.contact import Contact
from secondme.memory.known.diary import Search, is_entry
from secondme.memory.known.events import Events
from secondme.memory.known.kin import PARENTS, kin_forms
from secondme.memory.known.kinship import Kinship
from secondme.memory.known.owners import Whose
from secondme.memory.known.people import People
from secondme.memory.known.period import Period
from secondme.memory.known.portrait import Portrait
from secondme.memory.known.somebody import Somebody
from secondme.memory.known.turns import goes_on, spelled_out
from secondme.memory.known.values import Known, Place, Values
from secondme.memory.known.whoever import Whoever
from secondme.memory.known.wording import plainly
from secondme.memory.terms import sentences, tokens
from secondme.record import Record
from secondme.record.entities import ME, Names
from secondme.record.moments import StoredMoment

__all__ = ["Known", "goes_on", "in_conversation", "tell"]

_MOST = 400
"""Moments looked through for a word about somebody."""
_TURNS = 20
"""Moments looked through for one that was said to somebody and not to Second Me."""
_NO_MEETING = re.compile(
    r"birthday|geburtstag|anniversaire|cumpleaños|aniversário|\bevery\b", re.IGNORECASE
)
"""Entries of which the day is not the one on which somebody was met: what repeats is told once."""
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
    question = plainly(question)
    memory = _Memory(record, book, until, without)
    people = People(memory.names, memory.relative, memory.kinship.sex)
    me, kinship = people.me(), memory.kinship
    period = Period(record, memory.keys(me), now, until, without, search)
    if (known := period(question)) is not None:
        return known
    whoever = Whoever(memory.facts, memory.telling, kinship, people, now)
    if (known := whoever(question)) is not None:
        return known
    somebody = Somebody(memory.facts, memory.about, kinship, memory.name, memory.quote, me, now)
    values = Values(memory.facts, kinship, memory.name, me, now)
    events = Events(search, memory.said_by)
    entries = partial(memory.entries, search)
    contact = Contact(memory.message, events.deeds, entries, memory.name, me, now)
    talked = partial(period.talked, memory.keys, memory.message)
    portrait = Portrait(memory.facts, memory.about, memory.name, me)
    understood = list(asked(question, people, now))
    for reading in understood:
        for answers in (contact, talked, portrait, somebody, values, events):
            if (known := answers(reading)) is not None:
                return known
    each = asked_of_each(question, people, memory.relatives, now)
    told = [somebody(reading) or values(reading) for reading in each]
    if len(told) > 1 and (known := _together(told, [memory.name(a.person) for a in each])):
        return known
    for age, birth in asked_at_birth(question, people, now):
        known = somebody.at_birth(age, birth)
        if known is not None:
            return known
    for one, other, younger in asked_of_two(question, people, now):
        known = somebody.older(one, other, younger=younger)
        if known is not None:
            return known
    unknown = (
        somebody.nobody(reading, partial(memory.speaks_of, search)) for reading in understood
    )
    return next((known for known in unknown if known), None)


def in_conversation(message: str, turns: Sequence[str], record: Record, book: Book) -> str:
    """A message with the one last spoken of in place of its pronouns; `turns` are what was said before,
    oldest first."""
    if not turns or len(message) > _LONGEST:
        return message
    memory = _Memory(record, book, None, frozenset())
    return spelled_out(message, turns, People(memory.names, memory.relative, memory.kinship.sex))


def _together(told: Sequence[Known | None], names: Sequence[str]) -> Known | None:
    """One answer about several people, where each of them has one: with their names unless it is the same."""
    known = [each for each in told if each is not None]
    if len(known) < len(told):
        return None
    same = len({each.text for each in known}) == 1
    lines = (f"{name}: {each.text}" for name, each in zip(names, known, strict=True))
    places = tuple({p.n: p for each in reversed(known) for p in reversed(each.places)}.values())
    text = known[0].text if same else "; ".join(lines)
    return Known(text, places[::-1], min(each.confidence for each in known))


class _Memory:
    """The record as answers look things up in it, for one question."""

    def __init__(self, record: Record, book: Book, until: int | None, without: Set[int]) -> None:
        self._record = record
        self._book = book
        self._until = until
        self._as_of = None if until is None else until - 1
        self._without = without
        self._of: dict[str, list[Fact]] = {}
        self._others: dict[str, list[Fact]] = {}
        self.kinship = Kinship(self.facts, self.about, self.name)
        self.names: Names = record.entities.names()

    def facts(self, entity: str) -> Sequence[Fact]:
        """What may be used of the facts about an entity, with those that are over."""
        if entity not in self._of:
            found = self._book.of([entity], self._as_of, self._without)
            self._of[entity] = [f for f in found if self._book.usable(f)]
        return self._of[entity]

    def telling(self, relations: Sequence[str]) -> Sequence[Fact]:
        """What may be used of the facts of these relations about everybody, with those that are over but
        not those that had yet to begin."""
        found = self._book.telling(relations, self._as_of, self._without)
        begun = [f for f in found if self._as_of is None or (f.since or 0) <= self._as_of]
        return [f for f in begun if self._book.usable(f)]

    def about(self, entity: str) -> Sequence[Fact]:
        """What may be used of the facts about others whose object an entity is."""
        if entity not in self._others:
            found = self._book.about(entity, self._as_of)
            left = [f for f in found if {claim.n for claim in f.claims} - self._without]
            self._others[entity] = [f for f in left if self._book.usable(f)]
        return self._others[entity]

    def relative(self, entity: str, relation: str) -> str | None:
        """The one who is so related to somebody, by the facts or as they are called."""
        found = [f for f in self.facts(entity) if f.relation == relation]
        if relation not in TOGETHER or relation in ("husband", "wife", "partner"):
            found = self.kinship.of(entity, relation)
        known = {f.object_entity for f in found if f.object_entity and f.current}
        if not known:
            named = [self.names.by_key.get(f"{key}>{relation}") for key in self.keys(entity)]
            known = {name.entity for name in named if name is not None}
        return known.pop() if len(known) == 1 else None

    def relatives(self, entity: str, relation: str) -> list[str]:
        """Everybody who is so related to somebody, by the facts."""
        found = [f for f in self.kinship.of(entity, relation) if f.current and f.object_entity]
        return list(dict.fromkeys(f.object_entity or "" for f in found))

    def name(self, entity: str) -> str:
        """What an entity is called."""
        found = self._record.entities.all([entity])
        return found[0].name if found else ""

    def keys(self, entity: str | None) -> frozenset[str]:
        """The keys of an entity's names."""
        return frozenset(key for key, name in self.names.by_key.items() if name.entity == entity)

    def message(self, entity: str, since: int, until: int, newest: bool) -> StoredMoment | None:
        """The newest or the oldest that an entity said in a span (ms), of what may count."""
        keys = self.keys(entity)
        names = [s for s in self._record.moments.speaker_names() if key_of(s) in keys]
        found = self._record.moments.said_by(
            names, since=since, until=until, newest=newest, limit=len(self._without) + _TURNS
        )
        return next((m for m in found if m.tells and m.n not in self._without), None)

    def entries(self, search: Search, entity: str) -> list[StoredMoment]:
        """Entries of calendars that name an entity by a word of its own."""
        words = {word for word in self._names_of(entity) if self._is_own(word, entity)}
        kin = {key.removeprefix(f"{ME}>") for key in self.keys(entity) if key.startswith(f"{ME}>")}
        words |= {word for relation in kin & PARENTS for word in kin_forms(relation)}
        moments = self._live([n for word in words for n in search(word, _MOST)])
        named = [m for m in moments if words & set(map(key_of, tokens(m.text)))]
        return [m for m in named if is_entry(m) and not _NO_MEETING.search(m.text)]

    def _names_of(self, entity: str) -> Iterator[str]:
        """The first and the last word of each name; of a long one the last alone."""
        for words in (key.split() for key in self.keys(entity) - {ME} if ">" not in key):
            yield from words if len(words) <= 2 else words[-1:]

    def _is_own(self, word: str, entity: str) -> bool:
        """Whether nobody else may be meant by a word of a name."""
        name = self.names.by_key.get(word)
        if name is not None:
            return name.entity == entity or self.names.kinds[name.entity].endswith("?")
        return not any(
            word in key.split()
            for key, other in self.names.by_key.items()
            if other.entity != entity and self.names.kinds.get(other.entity) == "person"
        )

    def quote(self, place: Place) -> str:
        """What a moment says at a place."""
        found = self._record.moments.by_number([place.n])
        return found[place.n].text[place.start : place.end] if place.n in found else ""

    def speaks_of(
        self, search: Search, entity: str, forms: Set[str]
    ) -> Iterator[tuple[Place, str]]:
        """Where moments speak of somebody's own of what these words name: sentences of theirs about
        themselves or of another's to them, and such as name them."""
        moments = self._live(list(search(" ".join(sorted(forms)), _MOST)))
        how = readings(self._record, moments) if moments else {}
        keys = self.keys(entity)
        words = self._words_of(keys - {ME}, entity) - forms
        kin = [kin_forms(key.rpartition(">")[2]) for key in keys if ">" in key]
        for moment in moments:
            reading = how.get(moment.n)
            speaker, to = (reading.speaker, reading.addressee) if reading else (None, None)
            under = set(tokens(moment.context or ""))
            for sentence in sentences(moment.text):
                named = bool((set(tokens(sentence)) | under) & words)
                whose = Whose(
                    names=words.union(*kin),
                    named=named,
                    near=named or not words.isdisjoint(tokens(moment.text)),
                    mine=speaker is not None and speaker.key in keys,
                    yours=to.key in keys if to is not None else named or ME in keys,
                )
                if whose.may_be(sentence, forms):
                    start = moment.text.find(sentence)
                    yield Place(moment.n, start, start + len(sentence)), sentence

    def _words_of(self, keys: Set[str], entity: str) -> set[str]:
        """The words by which a text names an entity: the first ones of its names, and of the others those
        that are nobody else's."""
        others = {
            word
            for key, name in self.names.by_key.items()
            if name.entity != entity and ">" not in key
            for word in key.split()
        }
        names = [key.split() for key in keys if ">" not in key]
        return {word for name in names for word in [name[0], *(set(name) - others)]}

    def _live(self, numbers: Sequence[int]) -> list[StoredMoment]:
        """Those of the moments with these numbers that may count."""
        found: Mapping[int, StoredMoment] = self._record.moments.by_number(list(numbers))
        return [
            m
            for m in found.values()
            if m.live and m.n not in self._without and (self._until is None or m.ms < self._until)
        ]

    def said_by(self, numbers: Sequence[int], entity: str) -> Sequence[StoredMoment]:
        """Those of the moments that an entity said, before the time that counts."""
        live = self._live(numbers)
        own = []
        how = readings(self._record, live) if live else {}
        for moment in live:
            speaker = how[moment.n].speaker if moment.n in how else None
            name = self.names.by_key.get(speaker.key) if speaker is not None else None
            if name is not None and name.entity == entity:
                own.append(moment)
        return own
