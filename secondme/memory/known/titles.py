"""Titles before a name in a question: "Dr. Weber", "Frau Garnier"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from secondme.memory.facts.reading import TITLES
from secondme.memory.terms import plain

_SEX = {
    **dict.fromkeys("mr monsieur m herr senhor senor sr tio uncle".split(), "male"),
    **dict.fromkeys(
        "mrs ms miss mme mlle madame mademoiselle frau senhora senora sra tia avo aunt".split(),
        "female",
    ),
}
"""Titles of men and of women."""


def titled(text: str, words: Sequence[re.Match[str]], at: int, sex: str) -> int:
    """The place of the first title before the name at a place, or that place: "Dr. Weber". A man's is none
    of a woman."""
    while at:
        start, word = words[at - 1].start(), words[at - 1].group()
        title = TITLES.match(text[start:])
        if title is None or start + title.end() != words[at].start():
            break
        theirs = _SEX.get(plain(word))
        if word == "miss" or (sex and theirs and theirs != sex):  # "did I miss Ann"
            break
        at -= 1
    return at
