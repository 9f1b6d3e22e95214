"""Rules that need no parser: cards, calendars, and what people say of themselves in English, German, French,
Spanish and Portuguese."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from secondme.memory.facts.pages import (
    KIN_WORDS,
    ME_REF,
    WHOSE,
    read_page,
    relate,
    relation_of,
    said_at,
)
from secondme.memory.facts.reading import (
    Found,
    Reading,
    Ref,
    Said,
    day_of,
    key_of,
    person,
)
from secondme.memory.facts.sayings import CAP, ENGLISH, KIN_ELSEWHERE, NAME, OTHERS
from secondme.record.entities import ME

_MINE_ELSEWHERE = re.compile(
    r"\b(?:[Mm]eine?|[Mm]on|[Mm]a|[Mm]i|[Mm]inha|[Mm]eu) "
    rf"(?P<kin>(?i:{'|'.join(KIN_ELSEWHERE)})),? (?:heißt |s['’]appelle |se llama |ist )?(?P<o>{CAP})"
)
_MINE = re.compile(
    rf"\b(?P<whose>[Mm]y|[Oo]ur|{CAP}['’]s) (?:\w+ )?(?P<kin>{KIN_WORDS})(?:,| is| is called)? (?P<o>{NAME})"
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
        read_page(reading, reading.topic, found)
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
                found.said.append(said_at(match, who, pattern.relation, pattern.kind))
    for match in _MINE_ELSEWHERE.finditer(text):
        relate(match, who, KIN_ELSEWHERE[match["kin"].lower()], found)
    page = WHOSE.match(text) if reading.topic is not None else None
    for match in _MINE.finditer(text, page.end() if page else 0):  # "Julien's mother, Lyon"
        if not _asks(text, match.end()):
            whose = match["whose"]
            owner = who if whose.lower() in ("my", "our") else person(whose[:-2])
            relate(match, owner, relation_of(match["kin"]), found)
    for match in _OWN_NUMBER.finditer(text):
        kind = (match["kind"] or "").strip().replace("cell", "mobile").replace("office", "work")
        kind = "mobile" if "mobile" in match.group()[:30] else kind
        found.said.append(said_at(match, who, f"{kind} phone".strip()))
    for match in _OWN_MAIL.finditer(text):
        found.said.append(said_at(match, who, "e-mail"))
    if who.key == ME:
        for relation, regex in _NUMBERS:
            found.said += [said_at(match, who, relation) for match in regex.finditer(text)]


def _asks(text: str, end: int) -> bool:
    """Whether the sentence goes on to a question mark."""
    stop = re.search(r"[.!?\n]", text[end:])
    return bool(stop) and stop is not None and stop.group() == "?"


def _events(reading: Reading, found: Found) -> None:
    """Birthdays in a calendar."""
    match = _BIRTHDAY_EVENT.match(reading.text)
    if match is not None:
        whose = match["who"]
        who = ME_REF if whose == "My" else person(whose[:-2])
        found.said.append(said_at(match, who, "birthday"))


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
            found.said.append(said_at(match, name, f"{which} phone".strip()))
        elif label == "Address":
            found.said += _address(match, name)
        elif label in _CARD:
            kind = "organisation" if label == "Works at" else ""
            found.said.append(said_at(match, name, _CARD[label], kind))
        elif label in ("Note", "Related"):
            part = replace(reading, text=match["o"], topic=name)
            inner = Found()
            read_page(part, name, inner)
            by = match.start("o")
            found.said += [replace(s, start=s.start + by, end=s.end + by) for s in inner.said]
            found.names += [(ref, start + by, end + by) for ref, start, end in inner.names]
            found.same += inner.same


def _address(match: re.Match[str], who: Ref) -> Iterator[Said]:
    """An address as cards have it: street, place, region, postal code, country, as far as they are known."""
    parts = [(m.group().strip(), m.start()) for m in re.finditer(r"[^,]+", match["o"])]
    yield replace(said_at(match, who, "address"), object=" ".join(match["o"].split()))
    codes = [
        p for p in parts if re.fullmatch(r"[A-Z0-9 -]*\d[A-Z0-9 -]*", p[0]) and len(p[0]) <= 10
    ]
    words = [p for p in parts if p not in codes]
    if len(words) >= 2:
        country, town = words[-1][0], words[-2][0]
        if not re.search(r"\d", country):
            yield replace(said_at(match, who, "country"), object=country)
        if not re.search(r"\d", town):
            place = Ref(key_of(town), town, "place")
            yield replace(said_at(match, who, "lives in"), object=town, thing=place)
    if codes:
        yield replace(said_at(match, who, "postal code"), object=codes[0][0])


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
        found.said.append(said_at(match, who, "works at", "organisation", since=begin))
        found.said.append(
            replace(said_at(match, who, "works as", since=begin), object=match["job"])
        )
