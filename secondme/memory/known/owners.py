"""Whose relative or animal a sentence speaks of: "my brother" is the speaker's, "Ann's cat" is Ann's."""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass

from secondme.memory.facts.tree import NICE
from secondme.memory.terms import plain, tokens

_BEFORE = re.compile(
    r"(?:\b(?P<word>my|our|your|his|her|their|the)|(?P<name>[^\W\d_]+)['’]s?(?! day\b))\s+"
    r"(?:[\w-]+\s+){0,2}$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Whose:
    """One whose relative a sentence may speak of. `mine` says that it is their sentence, `yours` that it
    may be said to them, `named` that it or what stands over it names them, `near` that its moment does;
    `names` are words by which they go, also "sister" for somebody's sister."""

    names: Set[str]
    named: bool
    near: bool
    mine: bool
    yours: bool

    def may_be(self, sentence: str, forms: Set[str]) -> bool:
        """Whether the sentence may speak of their own of what the words `forms` name."""
        if self.mine and _close(sentence, "my|our|i|we", forms):
            return True
        if self.yours and not self.mine and _close(sentence, "your|you", forms):
            return True
        words = rf"(?<![\w-])(?:{'|'.join(sorted(forms))})(?![\w-])"
        found = re.finditer(words, sentence, re.IGNORECASE)
        return any(self._has(match, sentence) for match in found)

    def _has(self, match: re.Match[str], sentence: str) -> bool:
        before = _BEFORE.search(sentence[: match.start()])
        word = (before["word"] or "").lower() if before else ""
        if before and before["name"]:
            return bool(set(tokens(before["name"])) & self.names)
        if word in ("my", "our", "your"):
            return False  # close to its owner, and looked at above
        if word == "the":
            return self.named and bool(re.match(r"\s+of\b", sentence[match.end() :]))
        if word:  # her, his, their
            return self.near
        return self.mine if _is_name(match) else self.named


def _is_name(match: re.Match[str]) -> bool:
    """Whether a word for a relative is what the speaker calls their own: "Dad"."""
    if not match.group()[0].isupper():
        return False
    return match.group().lower() in NICE or match.start() > 0


def _close(sentence: str, owner: str, things: Set[str]) -> bool:
    """Whether one of the things stands close after a word for its owner, and is not somebody else's:
    "I have two brothers", but not "I know his cook's brother"."""
    either = "|".join(sorted(things))
    near = (
        rf"\b(?:{owner})\b(?:['’]\w+)?(?:\s+(?!his\b|her\b|their\b)[\w-]+){{0,4}}\s+(?:{either})\b"
    )
    return bool(re.search(near, plain(sentence)))
