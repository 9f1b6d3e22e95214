"""What the record tells of somebody as a whole: who they are, how old, what they have, whom they have not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence, Set
from datetime import date, datetime, timedelta

from secondme.memory.claim import counted_in
from secondme.memory.facts.relations import FAMILY, KIN, ROLES
from secondme.memory.facts.weigh import Fact
from secondme.memory.facts.words import ANIMALS
from secondme.memory.known.animals import ANY_PET
from secondme.memory.known.asking import SUBJECT, Asked, kin_asked, kin_had
from secondme.memory.known.kin import kin_forms, plural
from secondme.memory.known.kinship import Kinship
from secondme.memory.known.values import Known, Place, length, places_of, value_of
from secondme.memory.known.ways import asks_only
from secondme.memory.terms import keys, stems, tokens
from secondme.memory.timex import dates

Facts = Callable[[str], Sequence[Fact]]
Told = Callable[[str, Set[str]], Iterable[tuple[Place, str]]]
Quote = Callable[[Place], str]

_WHO = re.compile(rf"who(?: is| was|['’]s) {SUBJECT}$", re.IGNORECASE)
_HAS = re.compile(r"\b(?:have|has|own|owns|possess|got|keep|keeps)\b", re.IGNORECASE)
_OLD = frozenset(stems("how old age what turn"))
_TURNED = frozenset(stems("turn"))
_AGE = frozenset(stems("old age"))
_BORN = frozenset(stems("when born"))
_OWNING = frozenset([SUBJECT, *stems("own possess get a any keep at home")])
_ANIMALS = frozenset(stems(" ".join([*ANIMALS, "pet"])))
_NAMING = frozenset(stems("what name call"))
_NAMED = re.compile(r"\b(?:name|named|called)\b", re.IGNORECASE)
_NONE = re.compile(r"\b(?:no|not|never|without|neither)\b|n['’]t\b", re.IGNORECASE)
_ALLERGIC = frozenset(stems("allergic allergy to against")) | {SUBJECT}
_TO_ONE = KIN | {"has pet"}
_DOES = ("works as", "works at")
_MARRIED = re.compile(r"(?<!getting )(?<!get )\b(?:married|husband|wife)\b", re.IGNORECASE)
_IS_MARRIED = frozenset(stems("married"))
_SPOUSE_WORDS = frozenset("married husband wife spouse husbands wives hubby".split())
_UNKNOWN = {
    "birthday": ("birthday", "birthday birthdays bday birth birthdate born turned turns turning"),
    "phone": ("phone number", "phone phones telephone mobile cell number numbers"),
    "e-mail": ("e-mail address", "email mail e-mail emails"),
}
"""What nobody knows of somebody where neither a fact nor one of these words about them is there."""


class Somebody:
    """Answers about somebody. `facts` gives what may be used of the facts of an entity, `about` of
    those of others whose object it is; `name` its name; `quote` what a place says; `me` is the person
    whose memory this is."""

    def __init__(
        self,
        facts: Facts,
        about: Facts,
        kinship: Kinship,
        name: Callable[[str], str],
        quote: Quote,
        me: str | None,
        now: datetime,
    ) -> None:
        self._facts = facts
        self._about = about
        self._kinship = kinship
        self._name = name
        self._quote = quote
        self._me = me
        self._now = now

    def __call__(self, asked: Asked) -> Known | None:
        """The answer, if the question asks for somebody as a whole and facts tell it."""
        return (
            self._who(asked)
            or self._age(asked)
            or self._owned(asked)
            or self._related(asked)
            or self._married(asked)
        )

    def at_birth(self, age: Asked, birth: Asked) -> Known | None:
        """How old the one was when the other was born, by both birthdays."""
        when = self._birthday(birth.person)
        if when is None or age.time or birth.time or birth.words - _OLD != _BORN:
            return None
        day, born = when
        known = self._age(age, day)
        return known and Known(
            known.text,
            (*known.places, *places_of([born])),
            min(known.confidence, born.confidence),
        )

    def older(self, one: Asked, other: Asked, *, younger: bool) -> Known | None:
        """Which of two is the older or the younger, by their birthdays."""
        days = [(self._birthday(asked.person), asked.person) for asked in (one, other)]
        known = sorted((when[0], person, when[1]) for when, person in days if when is not None)
        if len(known) < 2 or known[0][0] == known[1][0]:
            return None
        _, person, _ = known[1 if younger else 0]
        name = "you" if person == self._me else self._name(person)
        return Known(name, places_of([born for _, _, born in known]), 0.9)

    def nobody(self, asked: Asked, told: Told) -> Known | None:
        """Of a relative of whom no fact tells: how many there are, where a sentence counts them, or else
        that nothing is known; the same of an animal that somebody may have. `told` gives where moments
        speak of somebody's own of what the words name; who it is, is left to the reader where any does."""
        animal = asked.words - _OWNING - _NAMING
        wanted = _HAS.search(asked.text) if asked.verb_first else _NAMED.search(asked.text)
        if wanted and len(animal) == 1 and animal <= _ANIMALS and not asked.counts:
            word = next(w for w in asked.text.lower().split() if stems(w) == list(animal))
            one = word.removesuffix("s")
            sayings = list(told(asked.person, {word, f"{word}s", one}))
            denied = [place for place, sentence in sayings if _NONE.search(sentence)]
            if asked.verb_first and denied and len(denied) == len(sayings):
                return Known("No", tuple(denied[-1:]), 0.8)
            return None if sayings else self._none(asked, one)
        if unknown := self._no_allergy(asked, told):
            return unknown
        if asked.words == _IS_MARRIED and asked.verb_first and not asked.negated:
            over = any(not f.current for f in self._kinship.of(asked.person, "partner"))
            some = over or any(told(asked.person, _SPOUSE_WORDS))
            return None if some else self._none(asked, "marriage")
        if unknown := self._unknown(asked, told):
            return unknown
        relation = kin_asked(asked) or kin_had(asked)
        if relation not in FAMILY or self._kinship.may_tell(asked.person, relation):
            return None
        things = frozenset[str]().union(*(keys(form) for form in kin_forms(relation)))
        sayings = list(told(asked.person, kin_forms(relation)))
        if asked.counts and sayings:
            for place, sentence in sayings:
                if numbers := counted_in(sentence, things):
                    return Known(numbers[0].surface, (place,), 0.8)
            who = "you have" if asked.person == self._me else f"{self._name(asked.person)} has"
            return Known(f"how many {plural(relation)} {who}", (), 0.0)
        return None if sayings else self._none(asked, relation)

    def _no_allergy(self, asked: Asked, told: Told) -> Known | None:
        """That no moment says of somebody that they are allergic to what a question names."""
        thing = asked.words - _ALLERGIC
        if not asked.verb_first:
            some = any(told(asked.person, frozenset("allergic allergy allergies".split())))
            known = some or asked.time or asked.negated or thing - frozenset(stems("what"))
            return None if known or not asked.words & _ALLERGIC else self._none(asked, "allergy")
        words = {w for w in re.findall(r"[^\W\d_]+", asked.text.lower()) if set(stems(w)) & thing}
        if not asked.words & _ALLERGIC or len(words) != 1 or asked.time or asked.negated:
            return None
        word = words.pop()
        sayings = told(asked.person, {word, word.removesuffix("s"), f"{word}s"})
        if any("allerg" in sentence.lower() for _, sentence in sayings):
            return None
        return self._none(asked, "allergy", f" to {word}")

    def _unknown(self, asked: Asked, told: Told) -> Known | None:
        """That the birthday or the number of one's dentist or landlady is unknown, where a question names it
        and no moment does. Of those whom one speaks of more, a saying may mean them by "her"."""
        role = asked.kin[-1] if asked.kin else ""
        what, words = _UNKNOWN.get(asks_only(asked.words) or "", ("", ""))
        if asked.words & _AGE and asked.words <= _OLD:
            what, words = "birthday", f"{_UNKNOWN['birthday'][1]} old age years"
        if (asked.kin and role not in ROLES) or not asked.words & frozenset(stems(words)):
            return None
        if asked.verb_first or asked.time or asked.counts or asked.negated:
            return None
        forms = frozenset(words.split())
        some = any(told(asked.person, forms)) or any(
            kin_forms(role) & set(tokens(sentence))
            for _, sentence in (told(asked.owner, forms) if role else ())
        )
        return None if some else self._none(asked, what)

    def _none(self, asked: Asked, of: str, more: str = "") -> Known:
        article = "an" if of[0] in "aeiou" else "a"
        whose = "yours" if asked.person == self._me else self._name(asked.person)
        return Known(f"{article} {of} of {whose}{more}", (), 0.0)

    def _who(self, asked: Asked) -> Known | None:
        """Who somebody is: to the person, or else to another, and what they do."""
        if not _WHO.match(asked.text) or asked.person == self._me:
            return None
        kin = [f for f in self._about(asked.person) if f.current and f.relation in _TO_ONE]
        kin = [f for f in kin if f.subject == self._me] or kin[:1]
        does = [f for does in _DOES for f in self._facts(asked.person) if f.relation == does]
        is_kin = frozenset(stems(" ".join(f.relation for f in kin)))
        does = [f for f in does if f.current and not value_of(f) <= is_kin]
        said = [f"{self._whose(f.subject)} {f.relation.removeprefix('has ')}" for f in kin]
        said += [f.object if f.relation == "works as" else f"works at {f.object}" for f in does]
        places = places_of([*kin, *does])
        return Known(", ".join(dict.fromkeys(said)), places, 0.9) if said else None

    def _whose(self, entity: str) -> str:
        return "your" if entity == self._me else f"{self._name(entity)}’s"

    def _age(self, asked: Asked, on: date | None = None) -> Known | None:
        """How old somebody is, or was at the time that the question names or on a day, by the birthday."""
        if not asked.words & _AGE or not asked.words <= _OLD:
            return None
        when = self._birthday(asked.person)
        at = on or (asked.time.since if asked.time else self._now).date()
        if asked.words & _TURNED and asked.time:  # "how old did he turn last July"
            at = (asked.time.until - timedelta(seconds=1)).date()
        if when is None or at < when[0]:
            return None
        day, born = when
        years = at.year - day.year - ((at.month, at.day) < (day.month, day.day))
        age = str(years) if years > 1 else length(day, at)
        return Known(age, places_of([born]), born.confidence)

    def _birthday(self, entity: str) -> tuple[date, Fact] | None:
        """The day on which somebody was born, where it is known with its year."""
        born = [f for f in self._facts(entity) if f.relation == "birthday" and f.current]
        days = [d for f in born for d in dates.take_out(f.object)[0]]
        if len(days) != 1 or not (days[0].year and days[0].month and days[0].day):
            return None
        return date(days[0].year, days[0].month, days[0].day), born[0]

    def _related(self, asked: Asked) -> Known | None:
        """Yes, where somebody has such a relative; a partner is no husband for sure."""
        relation = kin_had(asked)
        if relation is None:
            return None
        facts = [f for f in self._kinship.of(asked.person, relation) if f.current]
        if relation in ("husband", "wife"):
            facts = [f for f in facts if f.relation == relation]
        return Known("Yes", places_of(facts), facts[0].confidence) if facts else None

    def _married(self, asked: Asked) -> Known | None:
        """Yes, where somebody has a husband or a wife, or a partner of whom it is said."""
        if asked.words != _IS_MARRIED or not asked.verb_first or asked.negated or asked.time:
            return None
        for fact in self._kinship.of(asked.person, "partner"):
            places = [Place(c.n, c.start, c.end) for c in fact.claims if not c.ended]
            said = [p for p in places if _MARRIED.search(self._quote(p))]
            if fact.current and (said or fact.relation in ("husband", "wife")):
                return Known("Yes", tuple(said[-1:]) or places_of([fact]), fact.confidence)
        return None

    def _owned(self, asked: Asked) -> Known | None:
        """Whether somebody has a thing; how many of it only where there is none any more, since who
        speaks of one may have two."""
        thing = asked.words - _OWNING
        if not thing or not _HAS.search(asked.text) or asked.time or asked.negated:
            return None
        facts = [f for f in self._facts(asked.person) if f.relation == "has"]
        facts = [f for f in facts if value_of(f) == thing]
        if thing <= ANY_PET and asked.verb_first:
            pets = [f for f in self._facts(asked.person) if f.relation == "has pet" and f.current]
            return Known("Yes", places_of(pets), pets[0].confidence) if pets else None
        if not facts or not (asked.counts or asked.verb_first):
            return None
        newest = max(facts, key=lambda f: f.claims[-1].said)
        if asked.counts:
            over = not any(f.current for f in facts)
            return Known("none any more", places_of([newest]), newest.confidence) if over else None
        return Known("Yes" if newest.current else "No", places_of([newest]), newest.confidence)
