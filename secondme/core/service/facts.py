"""Facts about people and things: showing, deciding; who is who; the person's profile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from secondme.core.app import Core
from secondme.core.dates import parse_span
from secondme.core.service import Call, Event, use_case
from secondme.core.service.parts import moment_json, note_read
from secondme.errors import BadInputError, RefusedError
from secondme.memory.facts.book import Book
from secondme.memory.facts.profile import profile as profile_of
from secondme.memory.facts.reading import key_of
from secondme.memory.facts.weigh import Fact
from secondme.memory.style import style
from secondme.record.claims import Verdict
from secondme.record.clock import from_ms, to_ms, zone_name
from secondme.record.entities import Entity
from secondme.record.moments import StoredMoment

_KINDS = ("person", "animal", "place", "organisation", "thing")
_SHOWN = ("active", "confirmed", "conflict")
_WRITTEN = 3000
"""So many of the newest that the person wrote tell how they write."""


def book(core: Core) -> Book:
    """The facts of this memory, with what the settings hold back."""
    return Book(core.record, core.config.unconfirmed == "held")


@use_case
def facts(
    core: Core,
    call: Call,
    *,
    who: str | None = None,
    as_of: str | None = None,
    history: bool = False,
    moment: str | None = None,
    limit: int = 500,
) -> Event:
    """What is known of everybody, of one, or from one moment; now or as it stood on a day, with what is
    over if asked."""
    facts_ = book(core)
    until = _end_of(core, as_of)
    subject = facts_.who(who) if who is not None else None
    if moment is not None:
        found = facts_.resting_on(core.record.moments.get(moment).n, until)
        found = [f for f in found if subject is None or f.subject == subject.id]
    else:
        found = facts_.of([subject.id] if subject else None, until)
    if subject is not None and moment is None:
        found += facts_.about(subject.id, until)
    chosen = [f for f in found if history or f.status in _SHOWN]
    chosen.sort(key=lambda f: (f.subject, f.relation, f.learned))
    return {
        "facts": _facts_json(core, call, facts_, chosen[: max(1, limit)]),
        "count": len(chosen),
        "unread": core.facts.pending(),
    }


def _end_of(core: Core, day: str | None) -> int | None:
    return None if day is None else to_ms(parse_span(day, core.zone)[1]) - 1


@use_case
def facts_read(core: Core, call: Call, *, seconds: float = 60.0) -> Event:
    """Wait until everything that came in has been read for facts; says what is left."""
    core.facts.wake()
    return {"unread": core.facts.wait(call.stop, min(seconds, 600.0))}


@use_case
def fact_confirm(core: Core, call: Call, *, id: str) -> Event:
    """Say that a fact is so; of values that stand against it, it goes before."""
    return _decide(core, call, id, "confirm", "confirmed a fact")


@use_case
def fact_reject(core: Core, call: Call, *, id: str) -> Event:
    """Say that a fact is not so; it is not found again by reading the same again."""
    return _decide(core, call, id, "reject", "rejected a fact")


@use_case
def fact_edit(core: Core, call: Call, *, id: str, value: str) -> Event:
    """Say what is so instead of a fact's object."""
    if not value.strip():
        raise BadInputError("the new value is empty", hint="to take a fact out: facts reject")
    return _decide(core, call, id, "edit", "corrected a fact", " ".join(value.split()))


def _decide(
    core: Core, call: Call, id_: str, verdict: Verdict, summary: str, value: str | None = None
) -> Event:
    facts_ = book(core)
    with core.record.store.write():
        fact = facts_.fact(id_)
        claim = fact.claims[-1]
        entry = core.record.journal.begin(f"fact-{verdict}", call.client, summary, fact=fact.id)
        core.record.claims.decide(
            entry, claim.subject_key, claim.relation, claim.object_key, verdict, value
        )
        decided = facts_.fact(fact.id)
    return {"fact": _facts_json(core, call, facts_, [decided])[0], "journal": entry}


@use_case
def conflicts(core: Core, call: Call, *, as_of: str | None = None) -> Event:
    """Facts that stand against one another with equal right, together, now or as it was on a day; the
    person decides."""
    facts_ = book(core)
    groups: dict[tuple[str, str], list[Fact]] = {}
    for fact in facts_.of(None, _end_of(core, as_of)):
        if fact.status == "conflict":
            groups.setdefault((fact.subject, fact.relation), []).append(fact)
    return {"conflicts": [{"facts": _facts_json(core, call, facts_, g)} for g in groups.values()]}


@use_case
def review(core: Core, call: Call, *, as_of: str | None = None, limit: int = 200) -> Event:
    """Sensitive and doubtful facts that the person has not decided about, the most doubtful first; those
    that are so now, or were on a day by what had been said then."""
    facts_ = book(core)
    waiting = [f for f in facts_.of(None, _end_of(core, as_of)) if f.current and f.waits]
    waiting.sort(key=lambda f: (not f.sensitive, f.confidence, f.learned))
    return {
        "facts": _facts_json(core, call, facts_, waiting[: max(1, limit)]),
        "count": len(waiting),
        "held": core.config.unconfirmed == "held",
    }


@use_case
def entities(
    core: Core,
    call: Call,
    *,
    kind: str | None = None,
    name: str | None = None,
    guessed: bool = False,
    as_of: str | None = None,
    limit: int = 200,
) -> Event:
    """People, animals, places, organisations and things that moments name, most mentioned first, by all
    moments or by those up to a day; with `guessed` also names that only look like one."""
    if kind not in (None, *_KINDS):
        raise BadInputError(f"there is no kind {kind!r}", hint=f"kinds are {', '.join(_KINDS)}")
    until = _end_of(core, as_of)
    if name is not None:
        found = core.record.entities.all([book(core).who(name).id], until)
    else:
        found = core.record.entities.all(until=until)
    if kind is not None:
        found = [e for e in found if e.kind == kind or (guessed and e.kind == f"{kind}?")]
    return {"entities": [_entity_json(e) for e in found[: max(1, limit)]], "count": len(found)}


@use_case
def entity_merge(core: Core, call: Call, *, names: list[str]) -> Event:
    """Say that several names are of one; it keeps the first one's kind."""
    if len(names) < 2:
        raise BadInputError("it takes two names to join")
    facts_ = book(core)
    with core.record.store.write():
        first, *others = [facts_.who(name) for name in names]
        keys = [n.key for other in others if other.id != first.id for n in other.names]
        if not keys:
            raise RefusedError(f"these are one already: {first.name}")
        entry = core.record.journal.begin("entity-merge", call.client, "joined names of one")
        core.record.entities.move(keys, first.id, entry)
        merged = core.record.entities.all([first.id])[0]
    return {"entity": _entity_json(merged), "journal": entry}


@use_case
def entity_split(core: Core, call: Call, *, name: str, aliases: list[str]) -> Event:
    """Say that some names of somebody are of another one."""
    facts_ = book(core)
    with core.record.store.write():
        entity = facts_.who(name)
        wanted = {key_of(alias) for alias in aliases}
        keys = [n.key for n in entity.names if n.key in wanted]
        if not keys:
            known = ", ".join(n.name for n in entity.names)
            raise BadInputError(f"{entity.name} has no such name", hint=f"the names are {known}")
        if len(keys) == len(entity.names):
            raise RefusedError(f"{entity.name} would be left without a name")
        entry = core.record.journal.begin("entity-split", call.client, "took names out of one")
        other = core.record.entities.create(entity.kind)
        core.record.entities.move(keys, other, entry)
        parts = core.record.entities.all([entity.id, other])
    return {"entities": [_entity_json(part) for part in parts], "journal": entry}


@use_case
def profile(core: Core, call: Call) -> Event:
    """Facts about the person themselves, by the tokens that forms use, and how they write; each with its
    source and date."""
    facts_ = book(core)
    me = facts_.me()
    found = facts_.of([me.id]) if me else []
    values = profile_of(me, [f for f in found if facts_.used(f)]) if me else []
    rest = [v.fact for v in values if v.fact]
    shown = {f["id"]: f for f in _facts_json(core, call, facts_, rest, "profile")}
    return {
        "me": _entity_json(me) if me else None,
        "values": [
            {
                "field": v.field,
                "card": v.card,
                "label": v.label,
                "value": v.value,
                "fact": shown[v.fact.id] if v.fact else None,
            }
            for v in values
        ],
        "style": _style_json(core, call, me) if me else [],
    }


def _style_json(core: Core, call: Call, me: Entity) -> list[dict[str, Any]]:
    """How the person writes, by the newest of what they wrote to others."""
    own = {name.key for name in me.names}
    speakers = [s for s in core.record.moments.speaker_names() if key_of(s) in own]
    written = core.record.moments.said_by(
        speakers, since=-(2**62), until=2**62, newest=True, limit=_WRITTEN
    )
    traits = style([moment for moment in reversed(written) if moment.tells])
    shown = [moment_json(trait.moment) for trait in traits]
    note_read(core, call, "profile", shown)
    return [
        {"label": trait.label, "value": trait.value, "moment": moment}
        for trait, moment in zip(traits, shown, strict=True)
    ]


def _entity_json(entity: Entity) -> dict[str, Any]:
    return {
        "id": entity.id,
        "kind": entity.kind.rstrip("?"),
        "guessed": entity.kind.endswith("?"),
        "name": entity.name,
        "names": [n.name for n in entity.names],
        "evidence": {n.name: n.moment for n in entity.names if n.moment},
        "moments": entity.moments,
    }


def _facts_json(
    core: Core, call: Call, facts_: Book, found: list[Fact], kind: str = "facts"
) -> list[dict[str, Any]]:
    """Facts as every JSON answer has them, each with the words that it rests on; these are noted as read."""
    ids = list({i for f in found for i in (f.subject, f.object_entity) if i})
    names = {e.id: e.name for e in core.record.entities.all(ids)} if ids else {}
    numbers = list({c.n for f in found for c in f.claims})
    moments = core.record.moments.by_number(numbers)
    core.record.reads.note(call.client, kind, (m.id for m in moments.values()))
    return [_fact_json(core, facts_, f, names, moments) for f in found]


def _fact_json(
    core: Core,
    facts_: Book,
    fact: Fact,
    names: Mapping[str, str],
    moments: Mapping[int, StoredMoment],
) -> dict[str, Any]:
    zone = zone_name(core.now())
    waiting = fact.current and fact.waits and not facts_.used(fact)
    return {
        "id": fact.id,
        "subject": {"id": fact.subject, "name": names.get(fact.subject, "")},
        "relation": fact.relation,
        "object": fact.object,
        "object_entity": (
            {"id": fact.object_entity, "name": names.get(fact.object_entity, "")}
            if fact.object_entity
            else None
        ),
        "since": _day(fact.since),
        "until": _day(fact.until),
        "learned": from_ms(fact.learned, zone).isoformat(timespec="seconds"),
        "taken": from_ms(fact.taken, zone).isoformat(timespec="seconds"),
        "confidence": fact.confidence,
        "status": "review" if waiting else fact.status,
        "superseded_by": fact.superseded_by,
        "sensitive": fact.sensitive,
        "used": facts_.used(fact),
        "decided": fact.decided,
        "evidence": [
            {
                "id": claim.id,
                "moment": claim.moment,
                "time": moments[claim.n].time.isoformat(),
                "speaker": moments[claim.n].speaker,
                "source": moments[claim.n].source,
                "path": moments[claim.n].path,
                "quote": moments[claim.n].text[claim.start : claim.end],
                "ended": claim.ended,
                "extractor": claim.extractor,
            }
            for claim in fact.claims
            if claim.n in moments
        ],
    }


def _day(ms: int | None) -> str | None:
    return None if ms is None else from_ms(ms).date().isoformat()
