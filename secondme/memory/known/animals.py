"""What kind of animal a pet is: a dachshund is a dog."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from secondme.memory.facts.weigh import Fact
from secondme.memory.facts.words import ANIMALS
from secondme.memory.recall.kinds import share_of_kind
from secondme.memory.terms import stems, tokens

_NOT_LISTED = {
    "pup": "dog", "puppy": "dog", "labrador": "dog", "labradoodle": "dog", "cockapoo": "dog", "kitten": "cat",
    "kitty": "cat", "ragdoll": "cat", "foal": "horse", "colt": "horse", "bunny": "rabbit",
}  # fmt: skip
"""Animals whose kind WordNet does not tell."""
ANY_PET = frozenset(stems("pet animal"))
"""The words for an animal of any kind."""
_GENERAL = ("cat", "dog", "horse", "parrot", "rabbit")
"""What is asked for by a general word and told by that of a breed."""
_CALLED = re.compile(r",|\b(?:named|called)\b")


def kinds_of(fact: Fact, name: str) -> frozenset[str]:
    """The words for the animal of a "has pet" fact, `name` being what it is called: its own and, where it is
    plain, those of the kinds that it is of."""
    told = _CALLED.split(fact.object)[0]
    called = frozenset(tokens(name)) if fact.object_entity else frozenset[str]()
    words = [w for w in tokens(told) if w not in called]
    return frozenset(words) | _kinds(tuple(words[-2:]))


@cache
def _kinds(words: Sequence[str]) -> frozenset[str]:
    """The kinds of animals that the last word is of, or the last two together."""
    if not words or words[-1] in _GENERAL:
        return frozenset()
    if words[-1] in _NOT_LISTED:
        return frozenset([_NOT_LISTED[words[-1]]])
    for thing in (" ".join(words), words[-1]):
        shares = {kind: share_of_kind(thing, kind) for kind in _GENERAL}
        found = {kind for kind, share in shares.items() if share > 0}
        if found:
            return frozenset(found) if len(found) == 1 else frozenset()
    return frozenset()


def stems_of_kinds(fact: Fact, name: str) -> frozenset[str]:
    """The stems of the words for an animal."""
    return frozenset(stems(" ".join(kinds_of(fact, name))))


def named_first(facts: Sequence[Fact], called: dict[str, str], *, only: bool) -> list[Fact]:
    """Animals with those left out that have no name and are of a kind of which one has a name: said of
    the same animal, as far as one can see. `called` has the name of each by the fact's id; with `only`,
    all without a name are left out."""
    kinds = {f.id: kinds_of(f, called[f.id]) for f in facts}
    known = frozenset().union(*(kinds[f.id] for f in facts if f.object_entity)) & ANIMALS
    return [f for f in facts if f.object_entity or not (only or kinds[f.id] & known)]
