"""Relatives from both sides: whose mother somebody is, where only "daughter" is on record.

A relation tells the other one: who has a daughter is her parent. Whether that is her mother or her father
is told only of somebody whose sex another relation tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from secondme.memory.facts.reading import value_key
from secondme.memory.facts.relations import TOGETHER
from secondme.memory.facts.weigh import Fact, same_value

_SURE = 0.65
"""How sure a fact must be to tell of its other side."""
_FEMALE = frozenset(
    "sister daughter mother wife aunt niece grandmother granddaughter godmother stepmother sister-in-law"
    " mother-in-law girlfriend fiancée ex-wife landlady".split()
)
_MALE = frozenset(
    "brother son father husband uncle nephew grandfather grandson godfather stepfather brother-in-law"
    " father-in-law boyfriend fiancé ex-husband landlord".split()
)
_OTHER_SIDE: dict[str, tuple[str, str, str]] = {
    **dict.fromkeys(("daughter", "son", "child"), ("parent", "mother", "father")),
    **dict.fromkeys(("mother", "father"), ("child", "daughter", "son")),
    **dict.fromkeys(("sister", "brother"), ("sibling", "sister", "brother")),
    **dict.fromkeys(("husband", "wife", "partner"), ("partner", "wife", "husband")),
    **dict.fromkeys(("girlfriend", "boyfriend"), ("", "girlfriend", "boyfriend")),
    **dict.fromkeys(("fiancé", "fiancée"), ("", "fiancée", "fiancé")),
    **dict.fromkeys(("grandmother", "grandfather"), ("grandchild", "granddaughter", "grandson")),
    **dict.fromkeys(("granddaughter", "grandson"), ("grandparent", "grandmother", "grandfather")),
    **dict.fromkeys(("aunt", "uncle"), ("", "niece", "nephew")),
    **dict.fromkeys(("niece", "nephew"), ("", "aunt", "uncle")),
    "cousin": ("cousin", "cousin", "cousin"),
    "twin": ("twin", "twin", "twin"),
}
"""What somebody is to their daughter: in general, as a woman, as a man."""
_SPOUSES = {"husband": ("husband", "partner"), "wife": ("wife", "partner")}
_ALIKE = TOGETHER | _SPOUSES
_FULL = frozenset("mother father parent husband wife partner".split())
"""Relations to which the other side adds nothing where somebody is on record."""


class Kinship:
    """Who is related to whom. `facts` gives what may be used of the facts of an entity, `about` of those
    of others whose object it is; `name` its name."""

    def __init__(
        self,
        facts: Callable[[str], Sequence[Fact]],
        about: Callable[[str], Sequence[Fact]],
        name: Callable[[str], str],
    ) -> None:
        self._facts = facts
        self._about = about
        self._name = name

    def of(self, entity: str, relation: str) -> list[Fact]:
        """The facts that tell who is somebody's `relation`, also those of the past: their own and, as if
        they were theirs, those of others that tell the same."""
        alike = _ALIKE.get(relation, (relation,))
        own = [f for f in self._facts(entity) if f.relation in alike]
        if relation in _SPOUSES:
            own = [f for f in own if f.relation == relation or self._may_be(f, relation)]
        if relation in _FULL and any(f.current for f in own):
            return own
        for fact in self._told_by_others(entity, relation):
            if not any(_is_same(fact, held) for held in own):
                own.append(fact)
        return own

    def may_tell(self, entity: str, relation: str) -> bool:
        """Whether facts name one who is somebody's `relation`, or may be: a brother's sister or brother."""
        return bool(self.of(entity, relation)) or any(
            relation in _sides(fact, self.sex(fact.subject), unsure=True)
            for fact in self._about(entity)
        )

    def sex(self, entity: str) -> str:
        """Which of "female" and "male" the relations to others tell; empty where none or both do."""
        told = {f.relation for f in self._about(entity) if f.confidence >= _SURE}
        female, male = bool(told & _FEMALE), bool(told & _MALE)
        return "" if female == male else "female" if female else "male"

    def _told_by_others(self, entity: str, relation: str) -> Iterator[Fact]:
        for fact in self._about(entity):
            if fact.relation not in _OTHER_SIDE or fact.confidence < _SURE:
                continue
            if not fact.current or fact.status == "conflict":
                continue
            sex = self.sex(fact.subject)
            sides = _sides(fact, sex, unsure=relation in _SPOUSES)
            if relation in sides:
                exact = sides[1] if sex else sides[0]
                name = self._name(fact.subject)
                yield replace(
                    fact, subject=entity, relation=exact or relation, object=name,
                    object_key=value_key(name), object_entity=fact.subject,
                )  # fmt: skip

    def _may_be(self, fact: Fact, relation: str) -> bool:
        """Whether a partner may be the husband or the wife who is asked for."""
        sex = self.sex(fact.object_entity) if fact.object_entity else ""
        return sex != ("female" if relation == "husband" else "male")


def _sides(fact: Fact, sex: str, *, unsure: bool) -> tuple[str, ...]:
    """What the subject of a fact is to its object: in general, and as a woman or a man where the sex is
    known; with `unsure` as either where it is not."""
    general, woman, man = _OTHER_SIDE.get(fact.relation, ("", "", ""))
    exact = {"female": (woman,), "male": (man,)}.get(sex, (woman, man) if unsure else ())
    return general, *exact


def _is_same(fact: Fact, held: Fact) -> bool:
    """Whether both tell of one relative."""
    if held.object_entity is not None:
        return held.object_entity == fact.object_entity
    return same_value(held.object_key, fact.object_key)
