"""The profile: facts about the person, by the tokens that web forms use and the properties of vCards.

Tokens are those of the WHATWG's autocomplete list; properties those of RFC 6350.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from secondme.memory.facts.relations import KIN, RELATIONS, relation
from secondme.memory.facts.weigh import Fact
from secondme.record.entities import ME, Entity


@dataclass(frozen=True, slots=True)
class Value:
    """One value of the profile. `field` is empty for what forms have no token for; `fact` is what it
    rests on, or None for the name, which rests on the person's own lines."""

    field: str
    card: str
    label: str
    value: str
    fact: Fact | None


def profile(me: Entity, facts: Sequence[Fact]) -> list[Value]:
    """What is known of the person, in the order of forms: name, birthday, home, ways to reach them, work;
    then family, tastes and the rest."""
    values = [*_name(me)]
    order = {name: at for at, name in enumerate(RELATIONS)}
    for fact in sorted(facts, key=lambda f: (order.get(f.relation, len(order)), f.learned)):
        known = relation(fact.relation)
        values.append(Value(known.field, known.card, fact.relation, fact.object, fact))
        if fact.relation == "lives in":
            values.append(Value("address-level2", "ADR", "town", fact.object, fact))
        if fact.relation == "birthday":
            values += _birthday(fact)
    return [v for v in values if v.label not in KIN or v.fact is not None]


def _name(me: Entity) -> Iterator[Value]:
    proper = [n.name for n in me.names if n.key != ME and ">" not in n.key]
    if not proper:
        return
    full = max(proper, key=lambda name: len(name.split()))
    yield Value("name", "FN", "name", full, None)
    words = full.split()
    if len(words) > 1:
        yield Value("given-name", "N", "given name", words[0], None)
        yield Value("family-name", "N", "family name", words[-1], None)


_MONTHS = (
    "january february march april may june july august september october november december".split()
)
_DATE = re.compile(r"(?P<day>\d{1,2})\D{0,4} (?P<month>[A-Za-z]+)(?:,? (?P<year>\d{4}))?")


def _birthday(fact: Fact) -> Iterator[Value]:
    """Day, month and year by themselves, as many forms ask for them."""
    match = _DATE.search(fact.object)
    if match is None or match["month"].lower() not in _MONTHS:
        return
    yield Value("bday-day", "BDAY", "day of birth", str(int(match["day"])), fact)
    month = str(_MONTHS.index(match["month"].lower()) + 1)
    yield Value("bday-month", "BDAY", "month of birth", month, fact)
    if match["year"]:
        yield Value("bday-year", "BDAY", "year of birth", match["year"], fact)
