"""The words of time by language, read once from the tables beside this module.

Every phrase stands under its first word with the rest of its words, a one-letter code for what it is,
and a value. The codes are listed in `secondme.memory.timex.lexer`.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("en", "de", "fr", "es", "pt", "it", "nl", "pl", "ja", "zh")
Phrase = tuple[tuple[str, ...], str, Any]

WORDS = re.compile(
    r"[^\W\d_\u3040-\u30ff\u3400-\u9fff々]+|[\u3040-\u30ff\u3400-\u9fff々]|\d+|[^\w\s]"
)
"""Words, single characters of scripts without spaces, numbers, signs."""
_TELLING = frozenset("mMKwWudDRskeS")
"""Codes without one of which no expression is a time, beside numbers."""
_SMALL = frozenset("iftgjxlv")
"""Codes of small words, which tell a language too."""
_CODES = {
    "ago": "a",
    "ago_first": "A",
    "ahead": "f",
    "hence": "H",
    "since": "g",
    "since_after": "G",
    "until": "j",
    "until_after": "J",
    "to": "t",
    "from": "l",
    "between": "B",
    "and": "&",
    "every": "v",
    "articles": "x",
    "prepositions": "i",
}


@lru_cache(maxsize=65536)
def fold(word: str) -> str:
    """A word in small letters and without accents, one form of each apostrophe and dash."""
    word = word.lower()
    if word.isascii():
        return word
    if word in "’ʼ":
        return "'"
    if word in "–—‐‑−":
        return "-"
    if unicodedata.category(word[0]) == "Lo":
        return word
    split = unicodedata.normalize("NFKD", word)
    return "".join(c for c in split if unicodedata.category(c)[0] != "M").replace("ł", "l")


@dataclass(slots=True)
class Language:
    """One language's table: phrases by first word, and how its sentences show their tense."""

    name: str
    past: re.Pattern[str]
    future: re.Pattern[str]
    function: frozenset[str]
    suffixes: frozenset[str]
    decades: frozenset[str]
    plurals: frozenset[str]
    year_words: frozenset[str]
    decade_words: frozenset[str]
    month_first: bool
    one_implied: bool
    modifier_after: bool
    weekday_of_week: bool
    events: tuple[tuple[tuple[str, ...], int], ...]
    phrases: dict[str, list[Phrase]] = field(default_factory=dict)


@cache
def language(name: str) -> Language:
    """The table of a language."""
    table = tomllib.loads(
        files(__package__).joinpath("languages", f"{name}.toml").read_text(encoding="utf-8")
    )
    found = Language(
        name=name,
        past=re.compile(table["past"], re.IGNORECASE),
        future=re.compile(table["future"], re.IGNORECASE),
        function=_folded(table["function"]),
        suffixes=_folded(table["suffixes"]),
        decades=_folded(table.get("decades", "")),
        plurals=_folded(table.get("plurals", "")),
        year_words=_folded(table.get("year_words", "")),
        decade_words=_folded(table.get("decade_words", "")),
        month_first=table.get("month_first", False),
        one_implied=table.get("one_implied", False),
        modifier_after=table.get("modifier_after", False),
        weekday_of_week=table.get("weekday_of_week", False),
        events=_events(table["events"]),
    )
    grouped: dict[str, dict[tuple[str, ...], Phrase]] = defaultdict(dict)
    for form, code, value in _phrases(table):
        first, *rest = (fold(w) for w in WORDS.findall(form))
        grouped[first].setdefault(tuple(rest), (tuple(rest), code, value))
    found.phrases = {
        first: sorted(by_rest.values(), key=lambda p: -len(p[0]))
        for first, by_rest in grouped.items()
    }
    return found


@cache
def telling() -> frozenset[str]:
    """First words of phrases that can stand in an expression of time, in any language."""
    return frozenset(
        first
        for name in LANGUAGES
        for first, phrases in language(name).phrases.items()
        if any(code in _TELLING for _, code, _ in phrases)
    )


@cache
def speakers_of() -> dict[str, tuple[str, ...]]:
    """For each small word and word of time, the languages that have it."""
    owners: dict[str, set[str]] = defaultdict(set)
    for name in LANGUAGES[:-2]:
        own = language(name)
        for word in own.function:
            owners[word].add(name)
        for first, phrases in own.phrases.items():
            if first.isalpha() and any(code in _TELLING | _SMALL for _, code, _ in phrases):
                owners[first].add(name)
    return {word: tuple(names) for word, names in owners.items()}


def _events(table: dict[str, str]) -> tuple[tuple[tuple[str, ...], int], ...]:
    """What comes before an event's name, longest first, and whether before it, in it or after it."""
    sides = {"before": -1, "while": 0, "after": 1}
    found = [
        (tuple(fold(w) for w in WORDS.findall(form)), sides[key])
        for key, forms in table.items()
        for form in _forms(forms)
    ]
    return tuple(sorted(found, key=lambda e: -len(e[0])))


def _folded(words: str) -> frozenset[str]:
    return frozenset(fold(w) for w in words.split())


def _phrases(table: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Every phrase of a table with its code and value; of two the same, the first counts."""
    weak = _folded(table["weak"]) | _folded(table.get("weak_weekdays", ""))
    words = table["words"]
    yield from ((form, ".", None) for form in _forms(words.get("ignore", "")))
    yield from _listed(table["weekdays"], lambda f, _: _weak_weekday(f) if fold(f) in weak else "w")
    yield from _listed(
        table["months"], lambda f, n: ("K" if n else "M") if fold(f) in weak else "m", first=1
    )
    strong = _folded(table.get("strong_seasons", ""))
    yield from _listed(table["seasons"], lambda f, _: "S" if fold(f) in strong else "s")
    for key, code in (("days", "d"), ("relative", "r"), ("edges", "q")):
        for value, forms in table[key].items():
            yield from ((form, code, int(value)) for form in _forms(forms))
    for key, code in (("day_parts", "D"), ("steps", "R")):
        for value, forms in table[key].items():
            number, name = value.split()
            yield from ((form, code, (int(number), name)) for form in _forms(forms))
    for key, code in (("parts", "p"), ("holidays", "k"), ("units", "u")):
        for value, forms in table[key].items():
            kind = "e" if value == "weekend" else code
            yield from ((form, kind, value) for form in _forms(forms))
    yield from _listed(table["numbers"], lambda *_: "n")
    for tens, forms in enumerate(table["tens"], 2):
        yield from ((form, "n", 10 * tens) for form in _forms(forms))
    yield from _listed(table["ordinals"], lambda *_: "o")
    for key, code in _CODES.items():
        yield from ((form, code, None) for form in _forms(words.get(key, "")))
        if key == "ago_first":
            for side, value in (("before", -1), ("after", 1)):
                yield from ((form, "b", value) for form in _forms(words.get(side, "")))


def _listed(rows: Iterable[str], code: Any, first: int = 0) -> Iterator[tuple[str, str, Any]]:
    for value, forms in enumerate(rows, first):
        yield from ((form, code(form, n), value) for n, form in enumerate(_forms(forms)))


def _forms(text: str) -> list[str]:
    return [form for form in text.split("|") if form]


def _weak_weekday(form: str) -> str:
    """Two letters are a weekday only beside a date; longer ones after a preposition as well."""
    return "Q" if len(form) <= 2 else "W"
