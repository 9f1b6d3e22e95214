"""A question that asks who, taken apart: among whom it asks, and what it says is so of them.

Each form is known whole: "Who do I know in Dublin?", "Which of my friends plays the cello?", "Does anybody
have a birthday in May?". A question with any word beside them has none of these forms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from secondme.memory.facts.reading import value_key
from secondme.memory.known.animals import ANY_PET
from secondme.memory.known.kin import kin_of
from secondme.memory.known.wording import uncontracted
from secondme.memory.terms import stems

When = Literal["now", "ever", "before"]
"""Whether it is so, was so at any time, or was so and is no more."""
TIME = "#"
"""What stands for the time that a question names."""

_I_KNOW = r"(?P<known> (?:(?:that|who|whom) )?(?:i|we) know| do (?:i|we) (?:know|have))"
_MINE = r"(?:one |ones |any |some |all )?(?:of|in|among) (?:my|our) (?P<kin>[\w-]+)"
_ANYBODY = r"(?:any|some)(?:body|one)"
_HEADS = [
    re.compile(rf"(?:{head})(?: (?:who|that))?(?= ) ?(?P<rest>.*)", re.IGNORECASE)
    for head in (
        rf"(?:who(?: all)?|which people|what people){_I_KNOW}?",
        rf"(?:who|which) {_MINE}",
        r"which (?P<kin>[\w-]+)(?: of mine| do (?:i|we) (?:know|have))?",
        rf"(?P<aux>does|do|is there|are there|is|are|has|have|did|was) {_ANYBODY}{_I_KNOW}?",
        rf"(?P<aux>does|do|is|are|has|have|did|was) (?:any(?:body|one)? |some(?:body|one)? |one )?{_MINE}",
        rf"(?P<know>(?:do|did) (?:i|we) know) (?:{_ANYBODY}|any people|people)",
        r"(?P<know>do (?:i|we) (?:know|have)) (?:any |an? |some )?(?P<kin>[\w-]+)",
    )
]
"""Among whom a question asks; `rest` is what it says of them."""
_SHORT = {
    "in": "live in", "at": "work at", "with": "have",
    **{word: f"be {word}" for word in "living based working employed allergic studying from born".split()},
}  # fmt: skip
"""What stands for a verb after "do I know anybody"."""

_FORMS: dict[str, tuple[str, ...]] = {
    form.strip(): tuple(r.strip() for r in relations.split(","))
    for relations, _, forms in (
        row.partition("|")
        for row in """
lives in, country   | live in, reside in, be living in, be based in
works at            | work at, work for, be working at, be working for, be employed at, be employed by
works as            | work as a, be working as a, be a
is, works as        | be
plays               | play
speaks              | speak
likes               | like, love, enjoy, adore, be fond of, be into, be keen on, be a fan of
dislikes            | dislike, hate, detest, loathe, not like, not enjoy
allergic to         | be allergic to, be allergic, have a allergy to, have a allergy, have allergies
has pet, has, health| have
has pet, has        | own
has pet             | keep
health              | suffer from
does not eat        | not eat
wears               | wear
studies             | study, be studying
member of           | be a member of, belong to
comes from          | come from, be from
born in             | be born in
""".strip().splitlines()
    )
    for form in forms.split(",")
}
"""How it is said that a relation is so, with the verb in its plain form; the value follows."""
_LASTING = frozenset(
    ["lives in", "works at", "works as", "has pet", "studies", "member of", "born in"]
)
"""Relations that may be asked for as they were."""
_BASES = (
    "live reside work play speak like love enjoy adore dislike hate detest loathe own keep suffer eat wear"
    " study belong come"
)
_PRESENT = {
    **{word: base for base in _BASES.split() for word in (base, f"{base}s")},
    "studies": "study", "has": "have", "have": "have", "is": "be", "are": "be", "am": "be", "be": "be",
}  # fmt: skip
_PAST = {
    **{f"{base}{'d' if base[-1] == 'e' else 'ed'}": base for base in _BASES.split()},
    "kept": "keep", "studied": "study", "had": "have", "was": "be", "were": "be", "been": "be",
}  # fmt: skip
_WHOSE = re.compile(r"\b(?:my|our|your|his|her|their|its|this|that|these|those)\b", re.IGNORECASE)

_WHEN = (
    rf" ?(?:(?:(?:in|on|at|during) )?(?P<time>{TIME})|(?:the )?next"
    r"|(?P<soon>(?:coming|next) up(?: next| soon)?|upcoming|soon))"
)
_NEXT = r"(?:next|(?P<coming>upcoming|coming)) (?P<noun>birthdays?)"
_VERB = r"(?:is|are|was|were|falls?|comes?|will be)"
BIRTHDAYS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:whose|which|what) birthdays?(?: {_VERB})?(?: it| there)?{_WHEN}",
        rf"(?:is it |is |are )(?:any(?:body|one)['’]?s?) birthdays?{_WHEN}",
        rf"(?:are|is) there (?:any |a )?birthdays?{_WHEN}",
        rf"(?:what|which|whose) (?:is|are) (?:the )?{_NEXT}",
        rf"(?:when|what) is the {_NEXT}",
    )
]
HAS_BIRTHDAY = re.compile(
    rf"(?:does |do )?(?:has|have|had|celebrates?) (?:(?:an?|his|her|their) )?birthdays?{_WHEN}"
    rf"|(?:has|have) the {_NEXT}",
    re.IGNORECASE,
)
TIME_FIRST = re.compile(rf"^((?:in |on |during |back in )?{TIME}),? (who\b.*)$", re.IGNORECASE)
TIME_LAST = re.compile(rf" (?:(?:in|on|during|back in) )?{TIME}$", re.IGNORECASE)
BORN = re.compile(rf"(?:was|were|is|are) born (?:(?:in|on|during) )?(?:the )?{TIME}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Among:
    """Among whom is asked: of those with a relation to the person (`kin`), or of all but the person
    (`known`); and whether the answer is yes or no with their names (`whether`)."""

    rest: str
    kin: str = ""
    known: bool = False
    whether: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """What is said of them: one of the relations with the value, `when` it is or was so."""

    relations: tuple[str, ...]
    value: tuple[str, ...]
    when: When


def expanded(text: str) -> str:
    """The question with its words spelled out."""
    text = re.sub(r"\bwho['’]s got\b", "who has", " ".join(text.split()), flags=re.IGNORECASE)
    text = re.sub(r"\bwho['’]s\b", "who is", text, flags=re.IGNORECASE)
    text = re.sub(r"\b(?:can not|cannot|can['’]t) stand\b", "dislike", text, flags=re.IGNORECASE)
    return uncontracted(text)


def among(text: str) -> Iterator[Among]:
    """Among whom the question may ask, with what it says of them."""
    for head in _HEADS:
        if not (match := head.fullmatch(text)):
            continue
        groups = {key: value or "" for key, value in match.groupdict().items()}
        kin, aux = groups.get("kin", "").lower(), groups.get("aux", "").lower()
        if kin:
            together = {"family": "family", "relatives": "family", "relative": "family"}
            kin = together.get(kin) or kin_of(kin) or ""
            if not kin:
                continue
        known = bool(groups.get("known") or groups.get("know"))
        rest = groups["rest"]
        short, _, after = rest.partition(" ")
        if short.lower() in _SHORT and (known or kin or aux.endswith("there")):
            rest = f"{_SHORT[short.lower()]} {after}"
        elif aux and not aux.endswith("there"):
            rest = f"{aux} {rest}"
        yield Among(rest, kin, known, whether=bool(aux or groups.get("know")))


def statement(rest: str) -> Statement | None:
    """What is said of them: the verb in its plain form, and the value after it."""
    low = rest.lower().split()
    at, negated, when = _auxiliary(low)
    verb = low[at] if at < len(low) else ""
    base = _PRESENT.get(verb) or _PAST.get(verb)
    if base is None:
        return None
    if verb in _PAST and when == "now":
        when = "ever"
    following = ["a" if w in ("an", "any", "some") else w for w in low[at + 1 :]]
    line = " ".join([negated + base, *following])
    form = next((f for f in _BY_LENGTH if line == f or line.startswith(f + " ")), None)
    if form is None:
        return None
    value = line[len(form) :].strip()
    return _with_value(form, value, when)


def _auxiliary(words: list[str]) -> tuple[int, str, When]:
    """The place of the verb among these words, "not " before it if it is denied, and when it is so as far as
    an auxiliary tells."""
    when: When = "now"
    at = 0
    if words[:2] == ["used", "to"]:
        at, when = 2, "before"
    elif words[:1] in (["do"], ["does"]):
        at = 1
    elif words[:1] == ["did"]:
        at, when = (3 if words[1:3] == ["use", "to"] else 1), "ever"
    elif words[:1] in (["has"], ["have"]) and words[1:2] == ["got"]:
        words[1], at = "have", 1
    elif words[:1] in (["has"], ["have"]) and len(words) > 1 and words[1] in _PAST:
        at, when = 1, "ever"
    negated = words[at : at + 1] == ["not"]
    return at + negated, "not " * negated, when


_BY_LENGTH = sorted(_FORMS, key=len, reverse=True)


def _with_value(form: str, value: str, when: When) -> Statement | None:
    relations = _FORMS[form]
    if when != "now":
        relations = tuple(r for r in relations if r in _LASTING)
    owns = form in ("have", "own", "keep")
    one = owns or form == "be"  # "the vet" is one that both know
    if not relations or _WHOSE.search(value) or (one and value.startswith("the ")):
        return None
    words = tuple(stems(value_key(value))) if value else ()
    if relations == ("allergic to",) and (not words or value in ("something", "anything")):
        return Statement(relations, (), when)
    if owns and words and set(words) <= ANY_PET:
        return Statement(("has pet",), (), when) if "has pet" in relations else None
    return Statement(relations, words, when) if words else None
