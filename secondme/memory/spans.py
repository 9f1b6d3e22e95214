"""Answers that are spans of what was said, as a grammar that a model's words follow.

A small model asked about "a limited edition line" may say "limited edition line". Asked again by this
grammar it can only copy: some words of one sentence in a row, with at least one among them that the
question does not have.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

from secondme.memory.terms import keys, sentences

_WORD = re.compile(r"^(\W*)(.*?)(\W*)$", re.DOTALL)
_MOST = 160
"""Words of the moments that a span may begin with: a grammar grows with them."""


def grammar(texts: Sequence[str], said: Set[str], *, several: bool = False) -> str | None:
    """GBNF of all spans of the sentences of these texts that say more than the keys `said`; with
    `several`, of some of them with commas between. None where there is none."""
    rules: list[str] = []
    starts: list[str] = []
    for text in texts:
        for sentence in sentences(text):
            words = [m.groups() for word in sentence.split() if (m := _WORD.match(word)) and m[2]]
            if len(starts) + len(words) <= _MOST:
                starts += _rules(words, said, len(rules), rules)
    if not starts:
        return None
    root = 'root ::= span (", " span)*' if several else "root ::= span"
    return "\n".join([root, f"span ::= {' | '.join(starts)}", *rules])


def _rules(
    words: Sequence[tuple[str, ...]], said: Set[str], first: int, rules: list[str]
) -> list[str]:
    """Add the rules for one sentence, from its end: of each word one for spans that have said something
    new before it, and one for those that have not. The names of those that may begin a span."""
    starts: list[str] = []
    after_new, after_old = "", ""
    if all(keys(word[1]) <= said for word in words):
        return starts
    for n in range(len(words) - 1, -1, -1):
        new = not keys(words[n][1]) <= said
        word = _literal(words[n][1])
        gap = _literal(words[n][2] + " " + words[n + 1][0]) if n + 1 < len(words) else ""
        more = f" ({gap} {after_new})?" if after_new else ""
        begun, fresh = f"b{first + n}", f"a{first + n}"
        rules.append(f"{begun} ::= {word}{more}")
        if new:
            rules.append(f"{fresh} ::= {word}{more}")
        elif after_old:
            rules.append(f"{fresh} ::= {word} {gap} {after_old}")
        after_new, after_old = begun, fresh if new or after_old else ""
        if after_old:
            starts.append(fresh)
    return starts


def _literal(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
