"""Address books (.vcf): each card as lines that a person can read."""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from secondme.plugin import Document, Importer, Moment, Skipped, UnreadableError, hookimpl

from ._text import MESSAGE, Source, clean, cut, decode, drop_empty, few_skipped, one_line
from ._time import parse_time

_MARK = re.compile(r"^(BEGIN|END):VCARD[ \t]*\r?$", re.M | re.I)
_FOLD = re.compile(rb"\r?\n[ \t]")
_LINE_END = re.compile(r"\r\n|\r|\n")
_QUOTED = re.compile(r"ENCODING=QUOTED-PRINTABLE|;QUOTED-PRINTABLE[;:]", re.I)
_BINARY = {"PHOTO", "LOGO", "SOUND", "KEY", "AGENT", "VERSION", "PRODID"}
_PROPERTY = re.compile(
    r"(?:(?P<group>[\w-]{1,80})\.)?(?P<name>[\w-]{1,80})"
    r"(?P<params>(?:;[^:;\"]*(?:\"[^\"]*\"[^:;\"]*)*)*):(?P<value>.*)",
    re.S,
)
_PARAMETER = re.compile(r";((?:[^;\"]|\"[^\"]*\")*)")
_ESCAPE = re.compile(r"\\(.)", re.S)
_DAY = re.compile(r"(?:(\d{4})|--)-?(\d{2})-?(\d{2})(?:$|[T ])")
_LINES, _LINE = 500, 8_000  # of a card that are read
_UNSAID = {"pref", "voice", "internet", "x400", "text", "type", "uri", "other", "vcard", "utf-8"}
_MONTHS = (
    "January February March April May June July August September October November December".split()
)
# What a property is called in the text; in this order.
_LABELS = {
    "NICKNAME": "Also known as",
    "TEL": "Phone",
    "EMAIL": "E-mail",
    "IMPP": "Messages",
    "X-SKYPE": "Skype",
    "X-JABBER": "Jabber",
    "X-SOCIALPROFILE": "Profile",
    "ADR": "Address",
    "ORG": "Works at",
    "TITLE": "Position",
    "ROLE": "Role",
    "BDAY": "Born",
    "ANNIVERSARY": "Anniversary",
    "X-ANNIVERSARY": "Anniversary",
    "X-ABDATE": "Date",
    "RELATED": "Related",
    "X-ABRELATEDNAMES": "Related",
    "URL": "Web",
    "CATEGORIES": "Groups",
    "NOTE": "Note",
}
_DATED = {"BDAY", "ANNIVERSARY", "X-ANNIVERSARY", "X-ABDATE"}


@dataclass(frozen=True, slots=True)
class _Property:
    """One line of a card: "item1.TEL;TYPE=home:+351 …"."""

    name: str
    value: str
    kinds: tuple[str, ...] = ()
    group: str = ""

    def parts(self) -> list[str]:
        """The value's components, which semicolons divide."""
        parts = re.split(r"(?<!\\);", self.value)
        return [_plain(part) for part in parts]

    def text(self) -> str:
        if self.name in _DATED:
            return _date(self.value)
        if self.name in ("ADR", "ORG", "N"):
            return ", ".join(part for part in self.parts() if part)
        value = _plain(self.value)
        if self.name in ("TEL", "EMAIL", "IMPP", "X-SOCIALPROFILE"):
            value = re.sub(r"(?i)^(?:tel|mailto|x-apple|im):", "", value)
        return value


def _plain(value: str) -> str:
    return clean(_ESCAPE.sub(lambda m: "\n" if m[1] in "nN" else m[1], value))


def _date(value: str) -> str:
    """A date in words, with or without its year; as it stands where it is none."""
    match = _DAY.match(value.strip())
    month = int(match[2]) if match else 0
    if match is None or not 1 <= month <= 12 or not 1 <= int(match[3]) <= 31:
        return one_line(_plain(value), 60)
    # Apple writes 1604 where the year is not known.
    year = f" {match[1]}" if match[1] and match[1] != "1604" else ""
    return f"{int(match[3])} {_MONTHS[month - 1]}{year}"


def _properties(raw: bytes) -> Iterator[_Property]:
    """A card's lines; what is no property, or a picture, is left out.

    Taken apart here, as the usual parsers take minutes over hostile ones.
    """
    for line in _lines(raw)[:_LINES]:
        match = _PROPERTY.fullmatch(line[:_LINE])
        if match is None or match["name"].upper() in _BINARY:
            continue
        value = match["value"]
        named: dict[str, list[str]] = {}
        bare: list[str] = []
        for param in _PARAMETER.findall(match["params"]):
            name, equals, said = param.partition("=")
            if equals:
                named[name.strip().upper()] = [*named.get(name.strip().upper(), []), said]
            else:
                bare.append(name)
        encoding = " ".join([*named.get("ENCODING", []), *bare]).upper()
        if "QUOTED-PRINTABLE" in encoding:
            charset = next(iter(named.get("CHARSET", [])), None)
            value, _ = decode(quopri.decodestring(value.encode("ascii", "ignore")), charset)
        elif "BASE64" in encoding or encoding == "B":
            continue
        kinds = [k for said in [*named.get("TYPE", []), *bare] for k in said.strip('"').split(",")]
        yield _Property(match["name"].upper(), value, tuple(kinds), match["group"] or "")


def _lines(raw: bytes) -> list[str]:
    """The card's logical lines: folded ones joined, those of quoted-printable too."""
    text, _ = decode(_FOLD.sub(b"", raw), None)
    lines, held = [], ""
    for line in _LINE_END.split(text):
        line = held + line
        soft = line.endswith("=") and bool(_QUOTED.search(line[:200]))
        held = line[:-1] if soft and len(line) < _LINE else ""
        if not held and line.strip():
            lines.append(line)
    return lines


def _label(found: _Property, labels: dict[str, str]) -> str:
    """What the property is, with its kind: "Phone (mobile)"."""
    kinds = [labels.get(found.group, ""), *found.kinds]
    words = [one_line(kind.strip("\"'").lower(), 30).replace("cell", "mobile") for kind in kinds]
    said = dict.fromkeys(w for w in words if w and w not in _UNSAID and "printable" not in w)
    label = _LABELS[found.name]
    return f"{label} ({', '.join(said)})" if said else label


def _name(found: Sequence[_Property]) -> str:
    """The card's name: as displayed, else its parts in reading order, else the firm's."""
    values = {p.name: p for p in reversed(found)}
    if "FN" in values and values["FN"].text():
        return one_line(values["FN"].text())
    if "N" in values:
        parts = (values["N"].parts() + [""] * 5)[:5]
        name = " ".join(parts[i] for i in (3, 1, 2, 0, 4) if parts[i])
        if name:
            return one_line(name)
    return one_line(values["ORG"].text()) if "ORG" in values else ""


def _moments(raw: bytes, where: str, span: tuple[int, int]) -> Iterator[Moment]:
    found = list(_properties(raw))
    name = _name(found)
    labels = {
        p.group: p.value.removeprefix("_$!<").removesuffix(">!$_")
        for p in found
        if p.name == "X-ABLABEL" and p.group
    }
    lines = [f"Contact: {name or 'without a name'}"]
    for kind in _LABELS:
        for one in found:
            if one.name == kind and one.text():
                lines.append(f"{_label(one, labels)}: {one.text()}")
    if len(lines) == 1 and not name:
        return
    single = {p.name: p.text() for p in reversed(found)}
    uid = one_line(single.get("UID", ""), 500).removeprefix("urn:uuid:")
    meta = drop_empty(
        {
            "name": name,
            "phones": [one_line(p.text(), 100) for p in found if p.name == "TEL"],
            "emails": [one_line(p.text(), 200) for p in found if p.name == "EMAIL"],
            "birthday": one_line(next((p.value for p in found if p.name == "BDAY"), ""), 40),
            "organization": one_line(single.get("ORG", "")),
        }
    )
    time: datetime | None = parse_time(single.get("REV"))
    text = clean("\n".join(lines))
    for number, (first, last) in enumerate(cut(text, MESSAGE), 1):
        yield Moment(
            text=text[first:last],
            time=time,
            session=uid or where,
            external_id=(uid if number == 1 else f"{uid}#{number}") if uid else None,
            span=span,
            meta=meta,
        )


class Contacts(Importer):
    """Address books as phones and mail programs export them, vCard 2.1 to 4.0."""

    name = "contacts"
    suffixes = (".vcf", ".vcard")
    media_type = "text/vcard"

    def read(self, document: Document) -> Iterator[Moment | Skipped]:
        """A moment a card. A broken line costs that line, a broken card that card."""
        return few_skipped(self._read(document))

    def _read(self, document: Document) -> Iterator[Moment | Skipped]:
        source = Source(document.data)
        number = 0
        for number, (start, end, cut_short) in enumerate(_cards(source.text), 1):
            where = f"contact {number}"
            if cut_short:
                yield Skipped(where, "it is cut short")
                continue
            span = source.span(start, end)
            raw = document.data[slice(*span)]
            if source.encoding.startswith(("utf-16", "utf-32")):
                raw = source.text[start:end].encode("utf-8", "replace")
            try:
                moments = list(_moments(raw, where, span))
            except Exception:  # whatever a broken card makes the library raise
                yield Skipped(where, "it is damaged")
                continue
            if not moments:
                yield Skipped(where, "there is nothing in it")
            yield from moments
        if not number:
            raise UnreadableError("there are no contacts in it")


def _cards(text: str) -> Iterator[tuple[int, int, bool]]:
    """The places of the cards, and whether a card's end is missing."""
    start = -1
    for mark in _MARK.finditer(text):
        if mark[1].upper() == "BEGIN":
            if start >= 0:
                yield start, mark.start(), True
            start = mark.start()
        elif start >= 0:
            yield start, mark.end() - text[mark.end() - 1 : mark.end()].count("\r"), False
            start = -1
    if start >= 0:
        yield start, len(text), True


@hookimpl
def secondme_importers() -> list[Importer]:
    return [Contacts()]
