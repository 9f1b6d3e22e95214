"""A page about a person or an animal, in the short sentences of notes: their name is not repeated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from secondme.memory.facts.reading import (
    Found,
    Reading,
    Ref,
    Said,
    day_of,
    key_of,
    person,
    relative,
)
from secondme.memory.facts.relations import KIN
from secondme.memory.facts.sayings import CAP, KIN_ELSEWHERE, NAME
from secondme.memory.facts.tree import NICE
from secondme.memory.facts.words import ANIMALS, JOBS
from secondme.record.entities import ME

ME_REF = Ref(ME, "Me", "person")
"""The person whose memory this is."""
_WEEKDAY = r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,? )?"
DATE = (
    r"(?:\d{1,2}(?:st|nd|rd|th|\.)?(?: of)? [A-Z][a-z]{2,8},? (?:\d{4})?|[A-Z][a-z]{2,8} \d{1,2}(?:, \d{4})?"
    r"|\d{4}-\d\d-\d\d)"
)
KIN_WORDS = "|".join(sorted([*KIN, *NICE], key=len, reverse=True))
_JOB = "|".join(sorted(JOBS | {"kiné"}, key=len, reverse=True))
_ANIMAL = "|".join(sorted(ANIMALS, key=len, reverse=True))


def said_at(match: re.Match[str], who: Ref, relation: str, kind: str = "", **more: object) -> Said:
    """What a rule found where it stands; a thing of a kind has a name."""
    value = " ".join(match["o"].split())
    thing = Ref(key_of(value), value, kind) if kind else None
    return Said(match.start(), match.end(), who, relation, value, thing, **more)  # type: ignore[arg-type]


def relation_of(word: str) -> str:
    """The relation that a word for it names."""
    return NICE.get(word.lower(), word.lower())


def relate(
    match: re.Match[str], owner: Ref, relation: str, found: Found, ended: bool = False
) -> None:
    """Somebody's relative by name: a person of the graph, and a statement."""
    name = re.split(r"['’]s\b", match["o"])[0]  # "my daughter Sara's birthday"
    other, end = person(name), match.start("o") + len(name)
    if other.key == owner.key:
        return
    found.names.append((other, match.start("o"), end))
    found.same.append((relative(owner, relation), other))
    end = max(end, match.end("kin"))
    found.said.append(Said(match.start(), end, owner, relation, other.name, other, ended=ended))


_BORN = re.compile(
    rf"\b[Bb]orn (?:on )?{_WEEKDAY}(?P<o>{DATE})(?:,? at [\d:]+)?(?:,? in (?P<place>{NAME}))?"
    rf"|\b[Bb]irthday:? (?P<day>{DATE})"
)
_BORN_IN = re.compile(rf"\b[Bb]orn in (?P<o>{NAME})")
_THEIR_KIN = re.compile(
    rf"(?:^|[.,;] |, and )(?P<late>[Ll]ate )?(?P<kin>(?i:{KIN_WORDS}))(?: is| in \w+)?:? "
    rf"(?P<o>(?:Dr\.? )?{CAP}(?: {CAP})?)"
)
_IS_THEIR_KIN = re.compile(
    rf"(?P<o>{CAP}(?: {CAP})?)(?:, [\w ]+,)? is (?:her|his|their) (?P<kin>{KIN_WORDS})\b"
)
WHOSE = re.compile(
    rf"^(?:(?P<mine>[Mm]y|[Oo]ur) |(?P<name>{CAP})['’]s )?"
    r"(?:(?i:best|little|big|old|younger|older|former) )?"
    rf"(?:(?P<kin>(?i:{KIN_WORDS}))|love)\b(?! [A-Z])"
)
_TASTES = re.compile(r"\b(?P<verb>Likes|Loves|Dislikes|Hates): (?P<list>[^.\n]+)")
_THEIR_PET = re.compile(
    r"\b(?:Has an? (?P<animal>\w+(?: \w+)?), |(?P<kind>Dog|Cat|Horse): )"
    rf"(?P<o>{CAP})(?:,? since (?P<since>[^.,]+))?"
)
_MARRIED = re.compile(rf"\b[Mm]arried to (?P<o>{NAME})(?: since (?P<since>{DATE}))?")
_HOME = re.compile(
    r"\b(?P<verb>Lives|Living|lives|Lived|lived|They live) (?:in|at|near) "
    rf"(?P<o>(?:\d+ )?{NAME}(?: \d+)?(?:, {CAP})?)"
)
_JOB_AT = re.compile(
    rf"(?:^|[.,;] )(?:(?:[Oo]ur|[Mm]y) )?(?P<o>(?:\w+ ){{0,2}}?(?i:{_JOB})(?: (?i:{_JOB}))?)\b"
    rf"(?: (?:at|in) (?:the )?(?P<where>{NAME}|[a-z]+ clinic))?"
)
_TEACHES = re.compile(
    r"(?:^|[.,;] )(?P<o>[Tt]eaches (?!me\b|us\b|you\b)[a-z]+(?: [a-z]+)?)(?= in | at |[.,;]|$)"
)
_ALLERGY = re.compile(r"\b[Aa]llergic to (?P<o>[a-z]+(?: [a-z]+)?)(?= and |[.,;]|$)")


def read_page(reading: Reading, topic: Ref, found: Found) -> None:
    """A page about a person, in the short sentences of notes: their name is not repeated."""
    text = reading.text
    text, skip = _without_heading(text, topic)
    start = Found()
    for match in _BORN.finditer(text):
        group = "o" if match["o"] else "day"
        start.said.append(
            Said(match.start(), match.end(group), topic, "birthday", match[group].strip(" ,"))
        )
        if match["place"]:
            start.said.append(_placed(match, "place", topic, "born in"))
    start.said += [_placed(m, "o", topic, "born in") for m in _BORN_IN.finditer(text)]
    start.said += [
        _placed(m, "o", topic, "lives in", ended=m["verb"].lower() == "lived")
        for m in _HOME.finditer(text)
    ]
    for match in _THEIR_KIN.finditer(text):
        relate(match, topic, relation_of(match["kin"]), start, ended=bool(match["late"]))
    for match in _IS_THEIR_KIN.finditer(text):
        relate(match, topic, relation_of(match["kin"]), start)
    for said in whose_page(text, topic):
        start.said.append(said)
        start.same.append((relative(said.subject, said.relation), topic))
    start.said += _tastes(text, topic)
    start.said += _belongings(reading, text, topic)
    if topic.kind == "person":
        start.said += _jobs(text, topic)
    start.said += [said_at(m, topic, "allergic to") for m in _ALLERGY.finditer(text)]
    found.said += [replace(s, start=s.start + skip, end=s.end + skip) for s in start.said]
    found.names += [(ref, a + skip, b + skip) for ref, a, b in start.names]
    found.same += start.same


def _without_heading(text: str, topic: Ref) -> tuple[str, int]:
    """The text after "Name: ", which long pages repeat at every part."""
    head, colon, rest = text.partition(": ")
    if colon and key_of(head) == topic.key:
        return rest, len(head) + 2
    return text, 0


def _placed(match: re.Match[str], group: str, who: Ref, relation: str, **more: object) -> Said:
    place = " ".join(match[group].split())
    thing = Ref(key_of(place), place, "place")
    return Said(match.start(), match.end(group), who, relation, place, thing, **more)  # type: ignore[arg-type]


def whose_page(text: str, topic: Ref) -> Iterator[Said]:
    """ "My niece.", "Julien's mother", "Best friend since …" at a page's beginning, or a page called "Oma
    Erna"."""
    match = WHOSE.match(text)
    if match is None:
        title, _, name = topic.name.partition(" ")
        elsewhere = KIN_ELSEWHERE.get(title.lower(), title.lower())
        if name and NICE.get(elsewhere, elsewhere) in _TITLES:
            line = len(text.split("\n")[0])
            yield Said(
                0, line, ME_REF, NICE.get(elsewhere, elsewhere), topic.name, topic, confidence=0.7
            )
        return
    owner = person(match["name"]) if match["name"] else ME_REF
    if owner.key != topic.key:
        relation = relation_of(match["kin"]) if match["kin"] else "partner"
        yield Said(match.start(), match.end(), owner, relation, topic.name, topic)


_TITLES = frozenset(["grandmother", "grandfather", "aunt", "uncle"])
"""Relations by which people call somebody: "Aunt Jo"."""


def _tastes(text: str, topic: Ref) -> Iterator[Said]:
    for match in _TASTES.finditer(text):
        relation = "likes" if match["verb"] in ("Likes", "Loves") else "dislikes"
        for part in re.finditer(r"[^,]+", match["list"]):
            value = part.group().strip()
            begin = (
                match.start("list") + part.start() + len(part.group()) - len(part.group().lstrip())
            )
            yield Said(begin, begin + len(value), topic, relation, value.removeprefix("the "))


def _belongings(reading: Reading, text: str, topic: Ref) -> Iterator[Said]:
    if topic.kind == "animal":  # a page about an animal is about the writer's own
        line = len(text.split("\n")[0])
        first = re.split(r"[.,;:\n]", text.lower())[0].split()  # "Grey tabby, born in 2017"
        kind = reading.animal or next((word for word in first if word in ANIMALS), "")
        pet = f"{kind} {topic.name}".strip()
        yield Said(0, line, ME_REF, "has pet", pet, topic, confidence=0.6)
    for match in _THEIR_PET.finditer(text):
        animal = (match["animal"] or match["kind"]).lower()
        if animal.split()[-1] in ANIMALS:
            name = Ref(key_of(match["o"]), match["o"], "animal")
            day = day_of(match["since"], reading.said) if match["since"] else None
            value = f"{animal} {match['o']}"
            yield Said(
                match.start(), match.end(), topic, "has pet", value, name,
                since=day.first if day else None,
            )  # fmt: skip
    for match in _MARRIED.finditer(text):
        other = person(match["o"])
        day = day_of(match["since"], reading.said) if match["since"] else None
        yield Said(
            match.start(), match.end(), topic, "partner", other.name, other,
            since=day.first if day else None,
        )  # fmt: skip


def _jobs(text: str, topic: Ref) -> Iterator[Said]:
    for match in _TEACHES.finditer(text):
        value = match["o"][:1].lower() + match["o"][1:]
        yield Said(match.start("o"), match.end("o"), topic, "works as", value)
    for match in _JOB_AT.finditer(text):
        before = re.split(r"[.;\n]", text[: match.start("o")])[-1]
        if re.search(rf"{CAP} {CAP}", before):  # "Cian Doyle, joiner, is her husband"
            continue
        value = match["o"][:1].lower() + match["o"][1:]
        yield Said(match.start("o"), match.end("o"), topic, "works as", value)
        where = match["where"]
        if where and " at " in match.group():
            employer = Ref(key_of(where), where, "organisation")
            yield Said(match.start("o"), match.end("where"), topic, "works at", where, employer)
