"""Whom a message of a conversation means by "she" or "his": the one last spoken of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from secondme.memory.known.people import People, people_in
from secondme.memory.terms import asked

_PRONOUN = re.compile(r"\b(?:(?P<who>she|he|him)|(?P<whose>his|her))\b", re.IGNORECASE)
_BACK = re.compile(r"\b(?:she|he|him|her|his|it|they|them|there|that(?=\W*$))\b", re.IGNORECASE)
_OWNED = re.compile(r"\s+(?!(?:at|in|on|to|from|for|with|about|when|there|and|or|the|a|an|my)\b)\w")
"""After "her" that is whose, not whom: something of hers follows."""


def spelled_out(message: str, turns: Sequence[str], people: People) -> str:
    """The message with the one last spoken of in place of its pronouns, or as it is where it names
    somebody itself, or where several or nobody were spoken of. `turns` are what was said before, oldest
    first."""
    if not _PRONOUN.search(message) or _spoken_of(message, people):
        return message
    for turn in reversed(turns):
        names = _spoken_of(turn, people)
        if len(names) == 1:
            return _PRONOUN.sub(partial(_instead, message, names.pop()), message)
        if names:
            break
    return message


def goes_on(message: str) -> bool:
    """Whether a message says too little by itself to be looked up: "And when was that?" """
    return len(asked(message)) < 2 or bool(_BACK.search(message))


def _spoken_of(text: str, people: People) -> set[str]:
    """How a text calls those whom it names besides the person: "Rui", "my sister"."""
    me = people.me()
    found: dict[tuple[str, ...], str] = {}
    for named in people_in(text, people):
        if named.kin or (named.entity != me and text[named.start].isupper()):
            words = re.sub(r"['’]s?$", "", text[named.start : named.end])
            found.setdefault((named.entity, *named.kin), words)
    return set(found.values())


def _instead(message: str, name: str, found: re.Match[str]) -> str:
    owns = found["whose"] and (
        found["whose"].lower() == "his" or _OWNED.match(message, found.end())
    )
    return f"{name}'s" if owns else name
