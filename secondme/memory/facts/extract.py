"""One moment's facts: what it is about is worked out, the rules read it, and names are looked up."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from secondme.memory.facts import clauses, english, plain
from secondme.memory.facts.directory import Directory, worth_knowing
from secondme.memory.facts.reading import (
    Found,
    Reading,
    Ref,
    Said,
    key_of,
    person,
    to_day_ms,
    value_key,
)
from secondme.memory.facts.sayings import CAP
from secondme.memory.facts.words import ANIMALS
from secondme.memory.terms import stems
from secondme.model.word import Word
from secondme.record import Record
from secondme.record.claims import Statement
from secondme.record.entities import ME, Mention
from secondme.record.moments import StoredMoment

RULES = "rules-6"
"""The version of the rules: moments read by another one are read again."""
_OWN = frozenset(["markdown", "plaintext", "note", "calendar"])
"""Importers of what the person wrote, where nobody is named as the writer."""
_ME = Ref(ME, "Me", "person")
_ENGLISH = frozenset(
    "the and i you to of it that is my was for have with on are be me this your so not but at we".split()
)
_OTHER = frozenset(
    "der die das und ich ist nicht ein eine zu mit wir auf le les et je est pas une vous nous pour que el"
    " los las y es por con una mi o os e um uma não com de la en du des au dans sehr auch aber noch".split()
)
_TOKEN = re.compile(r"[^\W\d_]+")
_NAMES = re.compile(rf"{CAP}(?: {CAP}){{0,3}}")


@dataclass(slots=True)
class Extract:
    """What a moment says, ready for the record."""

    moment: StoredMoment
    statements: list[Statement]
    mentions: list[Mention]


def verbs(words: Sequence[Word]) -> list[str]:
    """The stems of the verbs of a parsed text, each once, in order."""
    found = {stem for w in words if w.pos == "VERB" for stem in stems(w.lemma)}
    return sorted(found)


def is_english(text: str, *, unless_other: bool = False) -> bool:
    """Whether the parser of English can make something of a text; with `unless_other` also where
    nothing tells."""
    words = [w.lower() for w in _TOKEN.findall(text[:2000])]
    own = sum(w in _ENGLISH for w in words)
    return (own > 0 or unless_other) and own >= sum(w in _OTHER for w in words)


def readings(record: Record, moments: Sequence[StoredMoment]) -> dict[int, Reading]:
    """How each moment is to be read; those that say nothing of their own, such as answers, are left out."""
    rows = record.store.query_in(
        "select id, importer from items where id in ({})", list({m.item_id for m in moments})
    )
    importers: dict[str, str] = {row[0]: row[1] for row in rows}
    pairs = _pairs(record, moments)
    found = {}
    for moment in moments:
        if moment.meta.get("turn") in ("question", "answer"):
            continue
        speaker = _speaker(moment, importers[moment.item_id])
        others = [o for o in pairs.get((moment.item_id, moment.session), []) if o != moment.speaker]
        addressee = person(others[0]) if len(others) == 1 and moment.speaker else None
        found[moment.n] = Reading(
            moment.text,
            moment.time.date(),
            speaker,
            addressee,
            _topic(moment, speaker),
            (moment.context or "").strip(),
            _animal(moment),
        )
    return found


def _pairs(record: Record, moments: Sequence[StoredMoment]) -> Mapping[tuple[str, str], list[str]]:
    """Who speaks in the conversations in which exactly two do."""
    rows = record.store.query_in(
        "select distinct item_id, session, speaker from moments where speaker is not null and live = 1"
        " and item_id in ({})",
        list({m.item_id for m in moments}),
    )
    found: dict[tuple[str, str], list[str]] = {}
    for item, session, speaker in rows:
        found.setdefault((item, session), []).append(speaker)
    return {key: names for key, names in found.items() if len(names) == 2}


def _speaker(moment: StoredMoment, importer: str) -> Ref | None:
    if moment.speaker is None:
        return _ME if importer in _OWN else None
    if moment.speaker.lower() == ME:
        return _ME
    ref = person(moment.speaker)
    mailbox = str(moment.meta.get("from", "")).partition("@")[0].lower()
    if mailbox and not any(word in mailbox for word in ref.key.split() if len(word) > 2):
        return Ref(ref.key, ref.name, "organisation")
    return ref


def _topic(moment: StoredMoment, speaker: Ref | None) -> Ref | None:
    """Whom a page is about: a note marked as one about a person or an animal, or the writer's own CV."""
    heading = (moment.context or "").strip()
    tags = {str(tag).lower() for tag in moment.meta.get("tags", [])}
    if heading and " and " not in heading:
        if tags & {"person", "people", "contact"}:
            return person(heading)
        if tags & (ANIMALS | {"pet"}):
            return Ref(key_of(heading), heading, "animal")
    if speaker is not None and " " in speaker.key and key_of(heading).startswith(speaker.key):
        return speaker
    return None


def _animal(moment: StoredMoment) -> str:
    """What kind of animal a page is about, where one of its marks is that of an animal."""
    kinds = {str(tag).lower() for tag in moment.meta.get("tags", [])} & ANIMALS
    return kinds.pop() if len(kinds) == 1 else ""


def extract(
    moment: StoredMoment,
    reading: Reading,
    words: Sequence[Word] | None,
    directory: Directory,
    extractor: str,
) -> Extract:
    """What a moment says. `words` is its parse, or None where there is none."""
    found = plain.read(reading, parsed=words is not None)
    if words is not None:
        more = english.read(reading, words)
        found = Found(found.said + more.said, found.names + more.names, found.same + more.same)
    if is_english(reading.text, unless_other=True):
        more = clauses.read(reading)
        found.names, found.same = found.names + more.names, found.same + more.same
        found.said = clauses.merged(found.said, more.said)
    if reading.speaker is not None:
        directory.know(reading.speaker, moment.id)
    for ref, _, _ in found.names:
        if worth_knowing(ref):
            directory.know(ref, moment.id)
    for first, second in found.same:
        if worth_knowing(first):
            directory.same(first, second, moment.id)
    statements = [
        statement
        for said in found.said
        if (statement := _statement(said, directory, moment.id)) is not None
    ]
    return Extract(moment, statements, _mentions(reading, found, directory))


def _statement(said: Said, directory: Directory, moment: str) -> Statement | None:
    """The statement with its names known; None for one about nobody in particular, or about itself."""
    if not worth_knowing(said.subject) or _in_jest(said):
        return None
    subject = directory.know(said.subject, moment)
    thing = None
    if said.thing is not None and worth_knowing(said.thing):
        thing = directory.know(said.thing, moment)
        if directory.entity(thing) == directory.entity(subject):
            return None
    return Statement(
        start=said.start,
        end=said.end,
        subject=subject,
        relation=said.relation,
        object=said.object,
        object_key=value_key(said.object),
        object_name=thing,
        ended=said.ended,
        since=to_day_ms(said.since) if said.since else None,
        until=to_day_ms(said.until) if said.until else None,
        confidence=said.confidence,
    )


_NO_ALLERGEN = re.compile(
    r"(?:ness|ity|tion|ment|ism|cracy)$|^(?:work(?:ing)?|waiting|mornings?|mondays?|people|noise|drama|nonsense|talk"
    r"|lies|exercise|fun|meetings?|excuses|change|losing|sports?)$"
)


def _in_jest(said: Said) -> bool:
    """Whether nobody can be allergic to that: lateness, mornings."""
    words = value_key(said.object).split()
    return said.relation == "allergic to" and (not words or bool(_NO_ALLERGEN.search(words[-1])))


def _mentions(reading: Reading, found: Found, directory: Directory) -> list[Mention]:
    """Names that were found, and those that are known and stand there in capitals."""
    mentions = {(start, end): ref.key for ref, start, end in found.names if ref.key in directory}
    for run in _NAMES.finditer(reading.text):
        for start, end in _parts(run.group()):
            place = (run.start() + start, run.start() + end)
            inside = any(a <= place[0] < b for a, b in mentions)
            key = key_of(run.group()[start:end])
            if not inside and key in directory and directory.kind(key) not in ("thing", "thing?"):
                mentions[place] = key
                break
    return [Mention(key, start, end) for (start, end), key in sorted(mentions.items())]


def _parts(run: str) -> list[tuple[int, int]]:
    """The stretches of words within a run of capitals, the longest first."""
    words = [(m.start(), m.end()) for m in re.finditer(r"\S+", run)]
    stretches = [(a[0], b[1]) for i, a in enumerate(words) for b in words[i:]]
    return sorted(stretches, key=lambda s: s[0] - s[1])
