"""Rules that need no parser: cards, pages about a person, and what people say of themselves in English,
German, French, Spanish and Portuguese."""

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
from secondme.memory.facts.sayings import CAP, ENGLISH, KIN_ELSEWHERE, NAME, OTHERS
from secondme.memory.facts.tree import NICE
from secondme.memory.facts.words import ANIMALS, JOBS
from secondme.record.entities import ME

_ME = Ref(ME, "Me", "person")
_WEEKDAY = r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,? )?"
_DATE = (
    r"(?:\d{1,2}(?:st|nd|rd|th|\.)?(?: of)? [A-Z][a-z]{2,8},? (?:\d{4})?|[A-Z][a-z]{2,8} \d{1,2}(?:, \d{4})?"
    r"|\d{4}-\d\d-\d\d)"
)
_KIN = "|".join(sorted([*KIN, *NICE], key=len, reverse=True))
_JOB = "|".join(sorted(JOBS | {"kiné"}, key=len, reverse=True))
_ANIMAL = "|".join(sorted(ANIMALS, key=len, reverse=True))


_MINE_ELSEWHERE = re.compile(
    r"\b(?:[Mm]eine?|[Mm]on|[Mm]a|[Mm]i|[Mm]inha|[Mm]eu) "
    rf"(?P<kin>(?i:{'|'.join(KIN_ELSEWHERE)})),? (?:heißt |s['’]appelle |se llama |ist )?(?P<o>{CAP})"
)
_MINE = re.compile(
    rf"\b(?P<whose>[Mm]y|[Oo]ur|{CAP}['’]s) (?:\w+ )?(?P<kin>{_KIN})(?:,| is| is called)? (?P<o>{NAME})"
)
_PHONE = r"(?:\+|00|\(0|0)[\d(][\d ()/.-]{6,18}\d"
_OWN_NUMBER = re.compile(
    r"\b(?:[Mm]y|[Mm]eine|[Mm]on|[Mm]i)(?: new| neue| nouveau| nuevo)?"
    r"(?P<kind> mobile| cell| home| work| office)?"
    r" (?:phone(?: number)?|number|mobile|cell|Nummer|Handynummer|Telefonnummer|numéro|número|teléfono)"
    rf"[^.\n\d+]{{0,30}}(?P<o>{_PHONE})"
)
_MAIL = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
_OWN_MAIL = re.compile(
    r"\b(?:[Mm]y|[Mm]eine|[Mm]on|[Mm]i)(?: new| neue| nouvelle)? (?:private |work )?"
    rf"(?:e-?mail(?: address)?|address|E-Mail(?:-Adresse)?|adresse|correo)[^.\n@]{{0,20}}? (?P<o>{_MAIL})"
)
_NUMBERS = (
    (
        "bank account",
        re.compile(r"\b(?P<o>[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,4})?)\b"),
    ),
    (
        "document number",
        re.compile(
            r"\b(?:[Pp]assport|ID card|[Ii]dentity card|[Dd]riving licence|[Rr]eisepass|[Pp]asseport)"
            r" (?:number|no\.?|nr\.?|n°|numéro)(?: is)?:? (?P<o>(?=[A-Z0-9]*\d)[A-Z0-9]{6,12})\b"
        ),
    ),
    (
        "pays rent",
        re.compile(
            r"\b(?:[Rr]ent|[Mm]iete|[Ll]oyer)(?: is| of|:)? "
            r"(?P<o>(?:€|£|\$) ?[\d.,]*\d|[\d.,]*\d(?: (?:euros?|pounds|€))?)"
        ),
    ),
)
_BIRTHDAY_EVENT = re.compile(
    rf"^Event: (?P<who>My|{NAME}?['’]s) (?:\w+ )?birthday, \w+day (?P<o>\d{{1,2}} [A-Z][a-z]+) \d{{4}}"
)


def read(reading: Reading, parsed: bool) -> Found:
    """Everything that plain rules find; what the parser finds better is left to it where it has read."""
    found = Found()
    if reading.text.startswith("Contact: "):
        _card(reading, found)
        return found
    if reading.topic is not None:
        _page(reading, reading.topic, found)
    _events(reading, found)
    if reading.speaker is not None:
        _own(reading, reading.speaker, parsed, found)
        _career(reading, reading.speaker, found)
    return found


def _own(reading: Reading, who: Ref, parsed: bool, found: Found) -> None:
    """What a person says of themselves."""
    text = reading.text
    for pattern in [*OTHERS, *([] if parsed else ENGLISH)]:
        for match in pattern.regex.finditer(text):
            if not _asks(text, match.end()):
                found.said.append(_said(match, who, pattern.relation, pattern.kind))
    for match in _MINE_ELSEWHERE.finditer(text):
        _relate(match, who, KIN_ELSEWHERE[match["kin"].lower()], found)
    page = _WHOSE.match(text) if reading.topic is not None else None
    for match in _MINE.finditer(text, page.end() if page else 0):  # "Julien's mother, Lyon"
        if not _asks(text, match.end()):
            whose = match["whose"]
            owner = who if whose.lower() in ("my", "our") else person(whose[:-2])
            _relate(match, owner, _relation(match["kin"]), found)
    for match in _OWN_NUMBER.finditer(text):
        kind = (match["kind"] or "").strip().replace("cell", "mobile").replace("office", "work")
        kind = "mobile" if "mobile" in match.group()[:30] else kind
        found.said.append(_said(match, who, f"{kind} phone".strip()))
    for match in _OWN_MAIL.finditer(text):
        found.said.append(_said(match, who, "e-mail"))
    if who.key == ME:
        for relation, regex in _NUMBERS:
            found.said += [_said(match, who, relation) for match in regex.finditer(text)]


def _asks(text: str, end: int) -> bool:
    """Whether the sentence goes on to a question mark."""
    stop = re.search(r"[.!?\n]", text[end:])
    return bool(stop) and stop is not None and stop.group() == "?"


def _said(match: re.Match[str], who: Ref, relation: str, kind: str = "", **more: object) -> Said:
    value = " ".join(match["o"].split())
    thing = Ref(key_of(value), value, kind) if kind else None
    return Said(match.start(), match.end(), who, relation, value, thing, **more)  # type: ignore[arg-type]


def _relation(word: str) -> str:
    return NICE.get(word.lower(), word.lower())


def _relate(
    match: re.Match[str], owner: Ref, relation: str, found: Found, ended: bool = False
) -> None:
    """Somebody's relative by name: a person of the graph, and a statement."""
    other = person(match["o"])
    if other.key == owner.key:
        return
    found.names.append((other, match.start("o"), match.end("o")))
    found.same.append((relative(owner, relation), other))
    found.said.append(
        Said(match.start(), match.end(), owner, relation, other.name, other, ended=ended)
    )


def _events(reading: Reading, found: Found) -> None:
    """Birthdays in a calendar."""
    match = _BIRTHDAY_EVENT.match(reading.text)
    if match is not None:
        whose = match["who"]
        who = _ME if whose == "My" else person(whose[:-2])
        found.said.append(_said(match, who, "birthday"))


_CARD = {
    "Also known as": "called", "E-mail": "e-mail", "Web": "website", "Works at": "works at",
    "Position": "works as", "Role": "works as", "Born": "birthday",
}  # fmt: skip
_LINE = re.compile(r"^(?P<label>[A-Z][\w -]*?)(?: \((?P<kind>[^)]*)\))?: (?P<o>.+)$", re.MULTILINE)


def _card(reading: Reading, found: Found) -> None:
    """A contact: a statement a line."""
    name = None
    for match in _LINE.finditer(reading.text):
        label, kind = match["label"], match["kind"] or ""
        if label == "Contact":
            name = person(match["o"])
            found.names.append((name, match.start("o"), match.end("o")))
        elif name is None:
            return
        elif label == "Phone":
            which = next((k for k in ("mobile", "work", "home") if k in kind), "")
            found.said.append(_said(match, name, f"{which} phone".strip()))
        elif label == "Address":
            found.said += _address(match, name)
        elif label in _CARD:
            kind = "organisation" if label == "Works at" else ""
            found.said.append(_said(match, name, _CARD[label], kind))
        elif label in ("Note", "Related"):
            part = replace(reading, text=match["o"], topic=name)
            inner = Found()
            _page(part, name, inner)
            by = match.start("o")
            found.said += [replace(s, start=s.start + by, end=s.end + by) for s in inner.said]
            found.names += [(ref, start + by, end + by) for ref, start, end in inner.names]
            found.same += inner.same


def _address(match: re.Match[str], who: Ref) -> Iterator[Said]:
    """An address as cards have it: street, place, region, postal code, country, as far as they are known."""
    parts = [(m.group().strip(), m.start()) for m in re.finditer(r"[^,]+", match["o"])]
    yield replace(_said(match, who, "address"), object=" ".join(match["o"].split()))
    codes = [
        p for p in parts if re.fullmatch(r"[A-Z0-9 -]*\d[A-Z0-9 -]*", p[0]) and len(p[0]) <= 10
    ]
    words = [p for p in parts if p not in codes]
    if len(words) >= 2:
        country, town = words[-1][0], words[-2][0]
        if not re.search(r"\d", country):
            yield replace(_said(match, who, "country"), object=country)
        if not re.search(r"\d", town):
            place = Ref(key_of(town), town, "place")
            yield replace(_said(match, who, "lives in"), object=town, thing=place)
    if codes:
        yield replace(_said(match, who, "postal code"), object=codes[0][0])


_BORN = re.compile(
    rf"\b[Bb]orn (?:on )?{_WEEKDAY}(?P<o>{_DATE})(?:,? at [\d:]+)?(?:,? in (?P<place>{NAME}))?"
    rf"|\b[Bb]irthday:? (?P<day>{_DATE})"
)
_BORN_IN = re.compile(rf"\b[Bb]orn in (?P<o>{NAME})")
_THEIR_KIN = re.compile(
    rf"(?:^|[.,;] |, and )(?P<late>[Ll]ate )?(?P<kin>(?i:{_KIN}))(?: is| in \w+)?:? "
    rf"(?P<o>(?:Dr\.? )?{CAP}(?: {CAP})?)"
)
_IS_THEIR_KIN = re.compile(
    rf"(?P<o>{CAP}(?: {CAP})?)(?:, [\w ]+,)? is (?:her|his|their) (?P<kin>{_KIN})\b"
)
_WHOSE = re.compile(
    rf"^(?:(?P<mine>[Mm]y|[Oo]ur) |(?P<name>{CAP})['’]s )?"
    r"(?:(?i:best|little|big|old|younger|older|former) )?"
    rf"(?:(?P<kin>(?i:{_KIN}))|love)\b(?! [A-Z])"
)
_TASTES = re.compile(r"\b(?P<verb>Likes|Loves|Dislikes|Hates): (?P<list>[^.\n]+)")
_THEIR_PET = re.compile(
    r"\b(?:Has an? (?P<animal>\w+(?: \w+)?), |(?P<kind>Dog|Cat|Horse): )"
    rf"(?P<o>{CAP})(?:,? since (?P<since>[^.,]+))?"
)
_MARRIED = re.compile(rf"\b[Mm]arried to (?P<o>{NAME})(?: since (?P<since>{_DATE}))?")
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


def _page(reading: Reading, topic: Ref, found: Found) -> None:
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
        _relate(match, topic, _relation(match["kin"]), start, ended=bool(match["late"]))
    for match in _IS_THEIR_KIN.finditer(text):
        _relate(match, topic, _relation(match["kin"]), start)
    for said in _whose(text, topic):
        start.said.append(said)
        start.same.append((relative(said.subject, said.relation), topic))
    start.said += _tastes(text, topic)
    start.said += _belongings(reading, text, topic)
    if topic.kind == "person":
        start.said += _jobs(text, topic)
    start.said += [_said(m, topic, "allergic to") for m in _ALLERGY.finditer(text)]
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


def _whose(text: str, topic: Ref) -> Iterator[Said]:
    """ "My niece.", "Julien's mother", "Best friend since …" at a page's beginning, or a page called "Oma
    Erna"."""
    match = _WHOSE.match(text)
    if match is None:
        title, _, name = topic.name.partition(" ")
        elsewhere = KIN_ELSEWHERE.get(title.lower(), title.lower())
        if name and NICE.get(elsewhere, elsewhere) in _TITLES:
            line = len(text.split("\n")[0])
            yield Said(
                0, line, _ME, NICE.get(elsewhere, elsewhere), topic.name, topic, confidence=0.7
            )
        return
    owner = person(match["name"]) if match["name"] else _ME
    if owner.key != topic.key:
        relation = _relation(match["kin"]) if match["kin"] else "partner"
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
        yield Said(0, line, _ME, "has pet", pet, topic, confidence=0.6)
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


_MONTH = r"(?:\d{1,2} )?[A-Z][a-z]{2,8} \d{4}"
_EMPLOYER = re.compile(
    rf"\b[Mm]y employer (?:since (?P<since>{_MONTH})"
    rf"|from (?P<from>{_MONTH}) (?:to|until) (?P<until>{_MONTH}))"
)
_CAREER = re.compile(rf"\b[Ss]ince (?P<since>{_MONTH}): (?P<job>[\w -]+?) at (?P<o>{NAME})")


def _career(reading: Reading, who: Ref, found: Found) -> None:
    """Where somebody works or worked, as pages about firms and CVs say it."""
    for match in _EMPLOYER.finditer(reading.text):
        firm = reading.heading
        if firm:
            since = day_of(match["since"] or match["from"], reading.said)
            until = day_of(match["until"], reading.said) if match["until"] else None
            found.said.append(
                Said(
                    match.start(), match.end(), who, "works at", firm,
                    Ref(key_of(firm), firm, "organisation"), ended=until is not None,
                    since=since.first if since else None, until=until.last if until else None,
                )
            )  # fmt: skip
    for match in _CAREER.finditer(reading.text):
        since = day_of(match["since"], reading.said)
        begin = since.first if since else None
        found.said.append(_said(match, who, "works at", "organisation", since=begin))
        found.said.append(replace(_said(match, who, "works as", since=begin), object=match["job"]))
