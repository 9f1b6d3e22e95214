"""A word of a parsed text, as the parser's worker hands it out."""

from __future__ import annotations

from typing import NamedTuple


class Word(NamedTuple):
    """One token. `start` and `end` are its characters in the text; `head` is the place of the word that
    it hangs on (its own for the root of a sentence), by the relation `dep` of the ClearNLP scheme;
    `pos` is universal, `tag` Penn Treebank's; `entity` the kind of name that it is part of (OntoNotes:
    PERSON, GPE, ORG, DATE …), with "B-" where one begins and "I-" inside; empty for none."""

    start: int
    end: int
    lemma: str
    pos: str
    tag: str
    dep: str
    head: int
    entity: str
