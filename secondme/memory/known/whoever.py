"""Who it is of whom something is known: "Who lives in Lyon?", "Whose birthday is in October?", "Does anybody
I know play the cello?".

The question has to be of a form that is known whole: whom it asks among, how it says what is so, and a
value that a fact has. Whatever else stands in it leaves it to the reader.
"""

from __future__ import annotations

import re
from calendar import isleap
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from datetime import date, datetime, timedelta

from secondme.memory.facts.reading import value_key
from secondme.memory.facts.relations import FAMILY, OPPOSITE, ROLES
from secondme.memory.facts.weigh import Fact
from secondme.memory.known.animals import stems_of_kinds
from secondme.memory.known.asking import NOW
from secondme.memory.known.kinship import Kinship
from secondme.memory.known.people import People, is_name
from secondme.memory.known.values import Known, places_of, within
from secondme.memory.known.whom import (
    BIRTHDAYS,
    BORN,
    HAS_BIRTHDAY,
    TIME,
    TIME_FIRST,
    TIME_LAST,
    Among,
    Statement,
    among,
    expanded,
    statement,
)
from secondme.memory.terms import stems
from secondme.memory.timex import Mention, Named, dates, find
from secondme.memory.timex.calendar import MONTHS
from secondme.record.clock import to_ms
from secondme.record.entities import ME

_MOST = 12
"""So many are named; more are counted."""
_LONGEST = timedelta(days=93)
"""Birthdays are asked for by a day, a week or a month; a year has them all."""
_SOON = timedelta(days=60)
"""A birthday within this time is coming up."""


_IN_PART = frozenset(
    ["works at", "works as", "plays", "likes", "dislikes", "allergic to", "has", "has pet", "health",
     "studies", "member of"]
)  # fmt: skip
"""Relations whose value may be named by its last words: a vet nurse is a nurse."""
_IN_FRONT = frozenset(["works at", "member of"])
"""Relations whose value may be named by its first words."""


class Whoever:
    """Answers by the facts of everybody. `facts` gives those of an entity that may be used, `telling` those
    of some relations, whoever they are about; both with those that are over."""

    def __init__(
        self,
        facts: Callable[[str], Sequence[Fact]],
        telling: Callable[[Sequence[str]], Sequence[Fact]],
        kinship: Kinship,
        people: People,
        now: datetime,
    ) -> None:
        self._facts = facts
        self._telling = telling
        self._kinship = kinship
        self._people = people
        self._now = now

    def __call__(self, question: str) -> Known | None:
        """The answer, if the question asks who and facts tell of somebody."""
        text = expanded(question)
        times = find(text, self._now)
        if len(times) > 1:
            return None
        time = times[0] if times else None
        bare = text[: time.start] + TIME + text[time.end :] if time else text
        bare = TIME_FIRST.sub(r"\2 \1", bare)
        today = time is not None and NOW.fullmatch(text[time.start : time.end])
        for pattern in BIRTHDAYS:
            if asked := pattern.fullmatch(bare):
                return self._birthdays(asked, time, Among(""))
        for ask in among(bare):
            if asked := HAS_BIRTHDAY.fullmatch(ask.rest):
                return self._birthdays(asked, time, ask)
            if time is not None and BORN.fullmatch(ask.rest):
                return self._born(time, ask)
            rest = ask.rest.replace(TIME, "") if today else ask.rest
            if known := self._so(replace(ask, rest=rest), None if today else time):
                return known
        return None

    # what is so

    def _so(self, ask: Among, time: Mention | None) -> Known | None:
        """Who lives there, works as that, has one."""
        rest = TIME_LAST.sub("", ask.rest)
        told = statement(" ".join(NOW.sub(" ", rest).split()))
        if told is None or TIME in rest:
            return None
        if time is not None and (told.when == "now" or time.grain == "span"):
            return None
        beside = [OPPOSITE[r] for r in told.relations if r in OPPOSITE]
        beside += ["lives in"] if "country" in told.relations else []
        facts = self._telling([*told.relations, *beside])
        pets = (
            {n.entity: n.name for n in self._people.names.by_key.values()}
            if "has pet" in told.relations
            else {}
        )
        shown = {f.id: _value(f, told, pets) for f in facts if f.relation in told.relations}
        values = {id_: value for id_, value in shown.items() if value is not None}
        found = [f for f in facts if f.id in values and f.status not in ("rejected", "conflict")]
        return self._named(ask, _when(found, facts, told, time), values)

    # birthdays

    def _birthdays(self, asked: re.Match[str], time: Mention | None, ask: Among) -> Known | None:
        """Who has a birthday in a month, on a day, soon, or next."""
        groups = {key: value for key, value in asked.groupdict().items() if value}
        today = self._now.date()
        if "time" in groups:
            assert time is not None
            return self._dated(ask, lambda day: _falls(day, time), time.since.date())
        days = [d for _, named in self._days() for d in named]
        ahead = sorted(n for d in days if (n := _next(d, today)) is not None)
        if not ahead:
            return None
        several = (
            groups.keys() & {"soon", "coming"} or groups.get("noun", "").lower() == "birthdays"
        )
        last = max(ahead[0], today + _SOON) if several else ahead[0]
        return self._dated(
            ask, lambda day: (n := _next(day, today)) is not None and n <= last, today
        )

    def _dated(self, ask: Among, fits: Callable[[Named], bool], first: date) -> Known | None:
        """Those of whose birthdays one fits, with the day, in their order from the first day on."""
        found = [(facts, days) for facts, days in self._days() if any(map(fits, days))]
        found.sort(key=lambda each: min(n for d in each[1] if (n := _next(d, first))))
        shown = {
            f.id: " or ".join(dict.fromkeys(_day(d) for d in days))
            for facts, days in found
            for f in facts
        }
        return self._named(ask, [f for facts, _ in found for f in facts], shown, in_order=True)

    def _born(self, time: Mention, ask: Among) -> Known | None:
        """Who was born at some time."""
        found, shown = [], {}
        for facts, days in self._days():
            if len(days) == 1 and _is_born(days[0], time):
                found += facts
                shown.update({f.id: f.object for f in facts})
        return self._named(ask, found, shown)

    def _days(self) -> Iterator[tuple[list[Fact], list[Named]]]:
        """The birthdays of everybody: several where they are said to be several."""
        of = defaultdict(list)
        for fact in self._telling(["birthday"]):
            if fact.current:
                of[fact.subject].append(fact)
        for facts in of.values():
            days = [d for f in facts for d in dates.take_out(f.object)[0]]
            if days and all(d.day or d.month is None for d in days):
                yield facts, days

    # words of the answer

    def _named(
        self, ask: Among, found: Sequence[Fact], shown: Mapping[str, str], in_order: bool = False
    ) -> Known | None:
        """Those of whom the facts are, each with what is shown of the facts, if all of them show anything."""
        fits, me = self._among(ask), self._people.me()
        names = self._names({f.subject for f in found}) if found else {}
        of: dict[str, list[Fact]] = defaultdict(list)
        for fact in found:
            if fact.subject in names and fits(fact.subject):
                of[fact.subject].append(fact)
        if not of:
            return None
        order = list(of)
        if not in_order:
            order.sort(key=lambda e: (e != me, value_key(names[e])))
        said = []
        for entity in order[:_MOST]:
            values = list(dict.fromkeys(shown[f.id] for f in of[entity]))
            said.append(names[entity] + (f" ({', '.join(values)})" if all(values) else ""))
        more = f" and {len(order) - _MOST} more" if len(order) > _MOST else ""
        facts = [f for entity in order[:_MOST] for f in of[entity]]
        text = ("Yes: " if ask.whether else "") + ", ".join(said) + more
        torn = any(f.status == "conflict" for f in facts)
        return Known(text, places_of(facts), 0.5 if torn else min(f.confidence for f in facts))

    def _among(self, ask: Among) -> Callable[[str], bool]:
        """Whom the question asks among."""
        me = self._people.me()
        if not ask.kin:
            return lambda entity: entity != me or not ask.known
        if ask.kin == "friend":  # whoever is known, but no landlady
            mine = [f for f in self._facts(me or "") if f.current and f.object_entity]
            others = {f.object_entity for f in mine if f.relation in ROLES}
            return lambda entity: entity != me and entity not in others
        wanted = FAMILY if ask.kin == "family" else [ask.kin]
        related = [f for relation in wanted for f in self._kinship.of(me or "", relation)]
        kin = {f.object_entity for f in related if f.current}
        return lambda entity: entity in kin

    def _names(self, entities: Set[str]) -> dict[str, str]:
        """What each of these that is a person is called: the fullest name, "you", or "your sister"."""
        names, me = self._people.names, self._people.me()
        of: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for key, name in names.by_key.items():
            if name.entity in entities and names.kinds.get(name.entity) == "person":
                of[name.entity].append((key, name.name))
        called = {entity: _called(known) for entity, known in of.items()}
        if me in called:
            called[me] = "you"
        return {entity: name for entity, name in called.items() if name}


def _when(
    found: Sequence[Fact], facts: Sequence[Fact], told: Statement, time: Mention | None
) -> list[Fact]:
    """Those of the facts found that are or were so when the question asks; among all these facts."""
    if time is not None:  # of whom it was said later, it may have been so before
        began = all(f.since is not None or f.learned < to_ms(time.until) for f in found)
        return [f for f in found if within(f, time)] if began else []
    if told.when == "ever":
        return list(found)
    current = [f for f in found if f.current]
    if told.when == "before":
        still = {f.subject for f in current}
        return [f for f in found if not f.current and f.subject not in still]
    homes = {
        (f.subject, c.n) for f in facts if f.relation == "lives in" and f.current for c in f.claims
    }
    return [  # the country is that of an address, and says no more once they have moved
        f
        for f in current
        if f.relation != "country" or any((f.subject, c.n) in homes for c in f.claims)
    ]


def _called(known: Sequence[tuple[str, str]]) -> str:
    """The fullest of the names, each after its key; a proper one if there is one."""
    proper = [(key, name) for key, name in known if ">" not in key and key != ME and is_name(name)]
    if proper:
        return max(proper, key=lambda n: (len(n[0].split()), -len(n[1]), n[0]))[1]
    if any(">" not in key for key, _ in known):
        return ""
    mine = [name for key, name in known if key.startswith(f"{ME}>") and key.count(">") == 1]
    return f"your {min(mine).removeprefix('my ')}" if mine else min(name for _, name in known)


def _value(fact: Fact, told: Statement, pets: Mapping[str, str]) -> str | None:
    """What an answer adds of the fact: nothing where its value is what the question names, the value where it
    is named in part; None where it is another. `pets` has the names of animals."""
    object_ = fact.object.split(",")[0] if fact.relation == "lives in" else fact.object
    words, value = tuple(stems(value_key(object_))), told.value
    if words == value:
        return ""
    if not value or (fact.relation in _IN_PART and words[-len(value) :] == value):
        return fact.object
    if fact.relation in _IN_FRONT and words[: len(value)] == value:
        return fact.object
    if fact.relation != "has pet" or len(value) != 1:
        return None
    name = pets.get(fact.object_entity or "", "")
    return fact.object if value[0] in stems_of_kinds(fact, name) else None


# birthdays


def _next(day: Named, first: date) -> date | None:
    """The first time from a day on that a birthday comes; None where it has no day."""
    if day.month is None or day.day is None:
        return None
    return next(d for year in (0, 1) if (d := _in_year(day, first.year + year)) >= first)


def _in_year(day: Named, year: int) -> date:
    month, number = day.month or 1, day.day or 1
    leap = (month, number) == (2, 29) and not isleap(year)
    return date(year, month, 28 if leap else number)


def _falls(day: Named, time: Mention) -> bool:
    """Whether a birthday, whatever its year, falls in the time that a question names."""
    named = time.meaning.named
    if named is not None and named.year is None:
        same = named.day is None or named.day == day.day
        return named.month is not None and day.day is not None and same and named.month == day.month
    if time.until - time.since > _LONGEST or (came := _next(day, time.since.date())) is None:
        return False
    return came < time.until.date()


def _is_born(day: Named, time: Mention) -> bool:
    """Whether somebody with that birthday was born in the time that a question names."""
    named = time.meaning.named
    if named is not None and named.year is None:
        return _falls(day, time)
    if day.year is None or time.grain == "span":
        return False
    first = _in_year(day, day.year)
    last = first if day.day else date(day.year, 12, 31)
    return time.since.date() <= first and last < time.until.date()


def _day(day: Named) -> str:
    return f"{day.day} {MONTHS[(day.month or 1) - 1]}" if day.day else str(day.year)
