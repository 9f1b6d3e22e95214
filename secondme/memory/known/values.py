"""What facts answer: a value, now or then; all of them; how many; whether; since when and how long."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from secondme.memory.facts.relations import KIN, OPPOSITE, RELATIONS, UNCOUNTED, relation
from secondme.memory.facts.weigh import Fact
from secondme.memory.facts.words import ANIMALS, COUNTRIES, LANGUAGES
from secondme.memory.kinds import Kind, kind_of
from secondme.memory.known.animals import named_first, stems_of_kinds
from secondme.memory.known.asking import FILLING, SUBJECT, Asked, kin_asked
from secondme.memory.known.kinship import Kinship
from secondme.memory.known.ways import ASKS, ATTRIBUTES, OF_ATTRIBUTES, STATEMENTS, Ask, stems_of
from secondme.memory.terms import has_number, stems
from secondme.memory.timex import Mention
from secondme.memory.timex.dates import spoken
from secondme.record.clock import from_ms, to_ms
from secondme.record.moments import StoredMoment
from secondme.wording import counted


@dataclass(frozen=True, slots=True)
class Place:
    """Where a moment says it: the number of the moment, and the characters."""

    n: int
    start: int
    end: int


def whole(moment: StoredMoment) -> Place:
    """The whole of a moment."""
    return Place(moment.n, 0, len(moment.text))


@dataclass(frozen=True, slots=True)
class Known:
    """An answer from the record: its text, the places that it rests on, and how sure they make it.

    Without places it is what the record does not know, although the question is understood: `text` is
    then what nothing is known about ("a brother of yours").
    """

    text: str
    places: tuple[Place, ...]
    confidence: float


_ANIMALS = frozenset(stems(" ".join(ANIMALS)))
_BEFORE, _AFTER = stems_of("before prior"), stems_of("after")
_ORDER = stems_of(
    "before prior after moving move work living live start join to be other previously"
)
_FORMER = stems_of("previous previously former formerly last")
_FIRST = stems_of("first original")
_FEW = 6
_ANOTHER = re.compile(
    rf"who (?!(?:is|are|am|was|were|do|does|did|can|could|will|would)\b)\w"
    rf"|who (?:is|was) (?:called|named)\b|whom? (?:do|does|did) {SUBJECT} \w+ with$",
    re.IGNORECASE,
)
"""Asks for somebody else, of whom the person's facts tell nothing: "who has my number?", "who likes Ann?"."""


class Values:
    """Answers from facts. `facts` gives those of an entity that may be used, with those that are over;
    `name` its name; `me` is the person whose memory this is."""

    def __init__(
        self,
        facts: Callable[[str], Sequence[Fact]],
        kinship: Kinship,
        name: Callable[[str], str],
        me: str | None,
        now: datetime,
    ) -> None:
        self._facts = facts
        self._kinship = kinship
        self._name = name
        self._me = me
        self._now = now

    def __call__(self, asked: Asked) -> Known | None:
        """The answer, if the question asks for facts and these tell it."""
        if _ANOTHER.match(asked.text):
            return None
        kin = self._kin(asked)
        if kin is not None:
            return kin
        mine = [f for f in self._facts(asked.person) if f.status != "rejected"]
        known = self._attribute(asked, mine)
        if known is not None:
            return self._through(asked, known)
        if asked.words & _ANIMALS:
            asked = replace(asked, words=asked.words | stems_of("pet"))
        for ask in ASKS:
            if any(need <= asked.words for need in ask.needs):
                known = self._told(asked, ask, mine)
                if known is not None:
                    return self._through(asked, known)
        return self._been(asked, mine)

    def _been(self, asked: Asked, mine: Sequence[Fact]) -> Known | None:
        """Since when, or how long, where the question names but a place or an employer: "been at Solvia"."""
        kind = kind_of(asked.question)
        if kind not in ("date", "duration") or asked.time or asked.negated:
            return None
        words = asked.words - {SUBJECT} - stems_of("when how long since at in with live work")
        facts = [f for f in mine if f.relation in ("works at", "lives in") and f.current]
        facts = [
            f for f in facts if words and value_of(f) == words and "been" in asked.text.lower()
        ]
        return self._since(facts[0], kind) if len(facts) == 1 else None

    def _through(self, asked: Asked, known: Known) -> Known:
        """The answer with the moments that tell who "my sister" is."""
        if not asked.owner:
            return known
        links = self._kinship.of(asked.owner, asked.kin[-1])
        links = [f for f in links if f.object_entity == asked.person]
        return replace(known, places=_once([*known.places, *places_of(links)]))

    # whose sister, what is she called

    def _kin(self, asked: Asked) -> Known | None:
        named = kin_asked(asked)
        if named is None:
            return None
        then = asked.time
        found = self._kinship.of(asked.person, named)
        found = [f for f in found if (within(f, then) if then else f.current)]
        if not found:
            return None
        if not asked.counts:
            return self._list(found)
        known = self._count(found)
        if named not in UNCOUNTED:
            return known
        some = self._list(found)
        return some and replace(some, text=f"{known.text} that I know of: {some.text}")

    # values

    def _attribute(self, asked: Asked, mine: Sequence[Fact]) -> Known | None:
        """What is said of a thing of theirs, "shoe size" or "favourite book", where the question names it."""
        for name in sorted({f.relation for f in mine if f.relation not in RELATIONS}, key=len)[
            ::-1
        ]:
            words = [stems_of(words) - FILLING for words in ATTRIBUTES.get(name, name).split("|")]
            needs = tuple(need for need in words if need)
            if not asked.verb_first and any(need <= asked.words for need in needs):
                return self._told(asked, Ask((name,), needs, OF_ATTRIBUTES), mine)
        return self._so(asked, mine) if asked.verb_first else None

    def _so(self, asked: Asked, mine: Sequence[Fact]) -> Known | None:
        """Yes, where somebody is or wears what the question says: "am I left-handed?"."""
        if asked.negated or asked.time is not None:
            return None
        words = asked.words - {SUBJECT} - stems_of("wear")
        so = [f for f in mine if f.relation in ("is", "wears") and f.current]
        said = [f for f in so if value_of(f) and value_of(f) == words]
        return Known("Yes", places_of(said), said[0].confidence) if said else None

    def _told(self, asked: Asked, ask: Ask, mine: Sequence[Fact]) -> Known | None:
        facts = [f for f in mine if f.relation in ask.relations]
        facts += [f for f in mine if f.relation in map(OPPOSITE.get, ask.relations)]
        words = asked.words - {SUBJECT}
        left = words.difference(*(n for n in ask.needs if n <= words)) - ask.allows
        own = [f for f in facts if f.relation in ask.relations]
        if asked.verb_first:
            return self._whether(asked, ask, facts, left)
        single = relation(ask.relations[0]).change != "adds"
        if single:
            return self._one(asked, ask, own, left)
        if left or (own and own[0].relation == "likes" and _what_is_like(asked)):
            return self._of_kind(asked, ask, own, left)
        current = [f for f in own if f.current]
        current = [f for f in current if _is_a(f, ask.kinds)]
        if asked.time is not None:
            current = [f for f in own if within(f, asked.time)]
        return self._all(asked, ask, current)

    def _all(self, asked: Asked, ask: Ask, facts: Sequence[Fact]) -> Known | None:
        """All of them, or how many they are; animals by name where that is asked."""
        if ask.relations[0] == "has pet":
            by_name = bool(asked.words & stems_of("name call"))
            called = {f.id: self._name(f.object_entity or "") for f in facts}
            facts = named_first(facts, called, only=by_name)
            if by_name and facts and not asked.counts:
                names = dict.fromkeys(called[f.id] for f in facts)
                return Known(", ".join(names), places_of(facts), 0.9)
        if not facts:
            return None
        return self._count(facts) if asked.counts else self._list(facts)

    def _one(
        self, asked: Asked, ask: Ask, own: Sequence[Fact], left: frozenset[str]
    ) -> Known | None:
        """The one value that stands, stood then, or came before or after another."""
        kind = kind_of(asked.question)
        order = sorted(own, key=_start)
        other = next((f for f in order if _is_named(f, asked.words | left, left)), None)
        left -= value_of(other) if other else frozenset()
        if other is not None and left <= _ORDER:
            if kind in ("date", "duration") and not asked.words & (_BEFORE | _AFTER):
                return self._since(other, kind)
            at = order.index(other)
            if asked.words & _BEFORE:
                return self._list(order[at - 1 : at]) if at else None
            return self._list(order[at + 1 : at + 2]) if asked.words & _AFTER else None
        if left:
            at_last = [n for n, f in enumerate(order) if f.current]
            if left <= _FORMER and at_last and at_last[0]:
                return self._list(order[at_last[0] - 1 : at_last[0]])
            return self._list(order[:1]) if left <= _FIRST and len(order) else None
        if asked.time is not None:
            return self._list([f for f in order if within(f, asked.time)])
        current = [f for f in order if f.current]
        if len({f.relation for f in current}) > 1:  # a phone and a mobile phone: the newer number
            current = current[-1:]
        if kind == "number" and not any(has_number(f.object) for f in current):
            return None
        if kind in ("date", "duration") and ask.relations[0] != "birthday":
            return self._since(current[0], kind) if len(current) == 1 else None
        return self._list(current)

    def _whether(
        self, asked: Asked, ask: Ask, facts: Sequence[Fact], left: frozenset[str]
    ) -> Known | None:
        """Yes or no, where one of the facts is about what the question names."""
        left -= STATEMENTS.get(ask.relations[0], frozenset()) | stems_of("a any")
        about = [f for f in facts if left and value_of(f) and left <= value_of(f) | self._kinds(f)]
        if not about or asked.time is not None:
            return None
        newest = max(about, key=lambda f: f.claims[-1].said)
        yes = newest.current and newest.relation in ask.relations
        if asked.negated:
            return None
        return Known("Yes" if yes else "No", places_of([newest]), newest.confidence)

    def _of_kind(
        self, asked: Asked, ask: Ask, own: Sequence[Fact], left: frozenset[str]
    ) -> Known | None:
        """Those whose words have what is left of the question: "my dog" among the pets."""
        if (
            _what_is_like(asked)
            or not left
            or ask.relations[0] not in ("has pet", "plays", "speaks")
        ):
            return None
        found = [f for f in own if f.current]
        found = [f for f in found if left <= frozenset(stems(f.object)) | self._kinds(f)]
        return self._all(asked, ask, found)

    def _kinds(self, fact: Fact) -> frozenset[str]:
        """The stems of the kinds of which an animal is."""
        if fact.relation != "has pet":
            return frozenset()
        return stems_of_kinds(fact, self._name(fact.object_entity or ""))

    # words of the answer

    def _list(self, facts: Sequence[Fact]) -> Known | None:
        if not facts:
            return None
        torn = len(facts) > 1 and all(f.status == "conflict" for f in facts)
        values = list(dict.fromkeys(self._says(f) for f in sorted(facts, key=_start)))
        if torn:
            values = values[-_FEW:]
            return Known(" or ".join(values), places_of(facts), 0.5)
        return Known(", ".join(values), places_of(facts), min(f.confidence for f in facts))

    def _count(self, facts: Sequence[Fact]) -> Known:
        values = dict.fromkeys(self._says(f).lower() for f in facts)
        return Known(str(len(values)), places_of(facts), min(f.confidence for f in facts))

    def _says(self, fact: Fact) -> str:
        """The object: a name of its own goes before "my sister"."""
        if fact.object_entity and fact.object_entity == self._me:
            return "you"
        if fact.object_entity and fact.relation in KIN:
            return self._name(fact.object_entity)
        return fact.object

    def _since(self, fact: Fact, kind: Kind) -> Known | None:
        """Since when, or for how long; not where only the day is known on which it was told."""
        if fact.since is None:
            return None
        began = from_ms(fact.since).date()
        tell = replace(
            fact, claims=tuple(c for c in fact.claims if c.since == fact.since) or fact.claims
        )
        if kind == "date":
            return Known(spoken(began), places_of([tell]), fact.confidence)
        end = self._now.date() if fact.current else from_ms(fact.until or fact.learned).date()
        return Known(length(began, end), places_of([tell]), fact.confidence)


def length(first: date, last: date) -> str:
    """How long it is between two days, in years and months, or in days where it is less than two months."""
    days = abs((last - first).days)
    if days < 60:
        return counted(days, "day")
    months = abs((last.year - first.year) * 12 + last.month - first.month)
    years, rest = divmod(months, 12)
    parts = [(years, "year"), (rest, "month")]
    return " and ".join(counted(n, unit) for n, unit in parts if n)


def _what_is_like(asked: Asked) -> bool:
    """ "What is Jonas like?" asks for no likes."""
    text = asked.text.lower()
    return text.startswith(("what is", "what's", "how is", "what was")) and text.endswith(" like")


def value_of(fact: Fact) -> frozenset[str]:
    return frozenset(stems(fact.object)) - stems_of("a an the of my our his her some")


def _is_named(fact: Fact, words: frozenset[str], left: frozenset[str]) -> bool:
    """Whether a question names this value: whole, or by a part of its name, with nothing else left."""
    value = value_of(fact)
    return bool(value) and (value <= words or (bool(value & left) and left - value <= _ORDER))


def _is_a(fact: Fact, kinds: frozenset[str]) -> bool:
    """Whether an object is of the kind that is asked for."""
    word = fact.object_key.split()[-1] if fact.object_key else ""
    if kinds == stems_of("instrument"):
        return word not in _GAMES
    if kinds == stems_of("country"):
        return fact.object_key in COUNTRIES
    return kinds != stems_of("language") or word in LANGUAGES


_GAMES = frozenset(
    "badminton baseball basketball chess cricket football golf hockey rugby soccer tennis volleyball".split()
)


def _start(fact: Fact) -> int:
    return fact.learned if fact.since is None else fact.since


def within(fact: Fact, time: Mention) -> bool:
    """Whether a fact was so at some time of that which a question names."""
    since, until = to_ms(time.since), to_ms(time.until)
    return _start(fact) < until and (fact.until is None or fact.until > since)


def places_of(facts: Iterable[Fact]) -> tuple[Place, ...]:
    """The newest place of each fact that says its value: "my sister Ana", not "a sister"; of those of one
    time the first."""
    newest = [
        max(f.claims, key=lambda c: (c.object_key == f.object_key, c.said, -c.n)) for f in facts
    ]
    return _once(Place(c.n, c.start, c.end) for c in newest)


def _once(places: Iterable[Place]) -> tuple[Place, ...]:
    return tuple({p.n: p for p in reversed(list(places))}.values())[::-1]
