"""What the rules get to read, and what they find in it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from secondme.memory import timex
from secondme.record.entities import ME

TITLES = re.compile(
    r"^(?:mr|mrs|ms|miss|mme|mlle|madame|mademoiselle|monsieur|m|frau|herr|dr|doctor|prof|senhor|senhora"
    r"|señor|señora|sr|sra|tia|tio|avó|uncle|aunt)\b\.?\s+",
    re.IGNORECASE,
)
"""What stands before a name and is no part of it, at the beginning of a text."""
_ARTICLE = re.compile(r"^(?:the|la|le|les|die|der|das|el|los|las|os|as)\s+(?=\w)", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
NOBODY = frozenset(
    "i we he she it they you the this that these those my our his her their there here what who when where"
    " today yesterday tomorrow everyone everybody someone somebody nobody one and but so then also yes no"
    " monday tuesday wednesday thursday friday saturday sunday just now if since".split()
)
"""Words in capitals at the beginning of a sentence that are nobody's name."""


@dataclass(frozen=True, slots=True)
class Ref:
    """Somebody or something by the name it has in a text. `key` looks it up; `kind` as entities have it."""

    key: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Said:
    """A statement that a rule found: characters `start` to `end` of the text say it.

    `object` is words of the text; `thing` is who or what it is, where it has a name. `ended` says that
    it is no longer so, or never was. `since` and `until` are days, where the text says them.
    """

    start: int
    end: int
    subject: Ref
    relation: str
    object: str
    thing: Ref | None = None
    ended: bool = False
    since: date | None = None
    until: date | None = None
    confidence: float = 0.9


@dataclass(frozen=True, slots=True)
class Reading:
    """A moment as the rules get it: its text, who speaks to whom, and whom a note is about.

    `speaker` is None where nobody can be meant by "I"; `addressee` where "you" has no one meaning;
    `topic` is the person or animal that a page is about, `animal` what kind of animal, where the page is
    marked as about one; `heading` is what stands over it.
    """

    text: str
    said: date
    speaker: Ref | None = None
    addressee: Ref | None = None
    topic: Ref | None = None
    heading: str = ""
    animal: str = ""


@dataclass(slots=True)
class Found:
    """What was read out of a moment: statements, and every name with its place."""

    said: list[Said] = field(default_factory=list)
    names: list[tuple[Ref, int, int]] = field(default_factory=list)
    same: list[tuple[Ref, Ref]] = field(default_factory=list)
    """Names that lead to one and the same: ("Ines's sister", "Sofia")."""


def key_of(name: str) -> str:
    """How a name is looked up: small letters without marks, titles, articles and what "'s" adds."""
    bare = re.sub(r"['’]s?$", "", _SPACE.sub(" ", name).strip(' .,;:!?"“”()'))
    short = _ARTICLE.sub("", TITLES.sub("", bare)) or bare
    folded = unicodedata.normalize("NFKD", short.casefold())
    return "".join(c for c in folded if not unicodedata.combining(c)) or bare.casefold()


def person(name: str) -> Ref:
    """A person by name."""
    return Ref(key_of(name), _SPACE.sub(" ", name).strip(), "person")


def relative(owner: Ref, relation: str) -> Ref:
    """Somebody known by what they are to somebody else: "Ines's sister"."""
    whose = "my" if owner.key == ME else f"{owner.name}'s"
    return Ref(f"{owner.key}>{relation}", f"{whose} {relation}", "person")


def value_key(text: str) -> str:
    """What an object is compared by: its words in small letters, without articles and marks."""
    words = re.findall(r"[\w+@.:/'-]+", key_of(text))
    kept = [w.strip(".:'-") for w in words]
    return " ".join(w for w in kept if w and w not in _SMALL) or key_of(text)


_SMALL = frozenset(
    "a an the my our his her their your le la les der die das el ein eine un une".split()
)


@dataclass(frozen=True, slots=True)
class Days:
    """Days from first to last, both in it."""

    first: date
    last: date


def day_of(text: str, said: date) -> Days | None:
    """The one day, month, year or other time that a text names, said on that day; None for none or several.

    A day without its year is past or to come by the tense of its clause.
    """
    noon = datetime.combine(said, time(12), UTC)
    found = {(m.since, m.until) for m in timex.find(text, noon)}
    if len(found) != 1:
        return None
    since, until = found.pop()
    return Days(since.date(), (until - timedelta(microseconds=1)).date())


def begun(sentence: str, said: date, new: bool) -> date | None:
    """Since when what a sentence says is so, as far as it tells: a past day, or the day on which it was said
    where it is told as something new and names no other."""
    named = day_of(sentence, said)
    if named is None:
        return said if new else None
    return named.first if named.first <= said else None


def to_day_ms(day: date) -> int:
    """The beginning of a day, UTC, in ms."""
    return round(datetime.combine(day, time(), UTC).timestamp() * 1000)
