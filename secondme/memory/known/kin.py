"""The words for relatives: in the singular, in the plural, and as they are said at home."""

from __future__ import annotations

import re

from secondme.memory.facts.relations import KIN, TOGETHER
from secondme.memory.facts.tree import NICE

PARENTS = frozenset(["mother", "father"])
"""Relatives whom a calendar of one's own names by what they are: "Dad in Lyon"."""
_PLURALS = {"children": "child", "grandchildren": "grandchild", "wives": "wife"}


def kin_of(word: str) -> str | None:
    """The relation between people that a word of a question names, in the singular or the plural."""
    bare = re.sub(r"['’]s?$", "", word.lower())
    for form in (_PLURALS.get(bare, bare), bare.removesuffix("s")):
        relation = NICE.get(form, form)
        if relation in KIN or relation in TOGETHER:
            return relation
    return None


def is_several(word: str) -> bool:
    """Whether a word for relatives means more than one: "sisters"."""
    bare = re.sub(r"['’]s?$", "", word.lower())
    return NICE.get(bare, bare) not in KIN | TOGETHER.keys()


def plural(relation: str) -> str:
    """The word for several who are this to somebody."""
    return next((many for many, one in _PLURALS.items() if one == relation), f"{relation}s")


def kin_forms(relation: str) -> frozenset[str]:
    """The words for a relation between people, in the singular and the plural."""
    alike = {relation, *TOGETHER.get(relation, ())}
    forms = alike | {word for word, means in NICE.items() if means in alike}
    return frozenset(forms | {f"{form}s" for form in forms} | {plural(form) for form in forms})
