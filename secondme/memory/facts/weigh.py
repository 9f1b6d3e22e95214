"""Facts: what all claims about somebody come to, with when each was true.

Nothing here is stored. A value that can change is closed by the next one; one that cannot, or two said
with equal right, are a conflict; what the person decided goes before everything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from secondme.memory.facts.relations import OPPOSITE, relation
from secondme.record.claims import Claim, Decision

Status = Literal["active", "superseded", "ended", "conflict", "rejected", "confirmed"]
_DAY = 86_400_000
_DOUBTFUL = 0.65
"""A fact less sure than this asks for a word of the person."""
_ALSO = 0.25
"""How much of the remaining doubt each further moment takes away."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that is or was so. Times are in ms: `since` and `until` when it was true, as far as that
    is said (`until` is also closed by the value that followed), `learned` when it was first said, and
    `taken` when that came into the memory. `claims` are the statements that it rests on, oldest first.
    """

    id: str
    subject: str
    relation: str
    object: str
    object_key: str
    object_entity: str | None
    since: int | None
    until: int | None
    learned: int
    taken: int
    confidence: float
    status: Status
    claims: tuple[Claim, ...]
    superseded_by: str | None = None
    decided: str | None = None

    @property
    def current(self) -> bool:
        """Whether it stands: not over, not replaced, not rejected."""
        return self.status in ("active", "confirmed", "conflict")

    @property
    def sensitive(self) -> bool:
        return relation(self.relation).sensitive

    @property
    def waits(self) -> bool:
        """Whether it asks for a word of the person: sensitive or doubtful, and not decided yet."""
        return self.decided is None and (self.sensitive or self.confidence < _DOUBTFUL)


def weigh(
    claims: Iterable[Claim], decisions: Iterable[Decision] = (), as_of: int | None = None
) -> list[Fact]:
    """The facts that claims come to; with `as_of` (ms) as they stood then, by what had been said then."""
    groups: dict[tuple[str, str], list[Claim]] = defaultdict(list)
    for claim in claims:
        if as_of is None or claim.said <= as_of:
            groups[claim.subject, claim.relation].append(claim)
    decided = {(d.subject, d.relation, d.object_key): d for d in decisions}
    facts: list[Fact] = []
    for (_, name), group in groups.items():
        group.sort(key=lambda c: (_when(c), c.n, c.start))
        single = relation(name).change != "adds"
        facts += _single(group, decided) if single else _many(group, decided)
    facts = _opposites(facts)
    if as_of is not None:
        facts = [_at(f, as_of) for f in facts]
    return facts


def _when(claim: Claim) -> int:
    """From when a claim counts: the day that it names, or when it was said."""
    return claim.said if claim.since is None else claim.since


def same_value(a: str, b: str) -> bool:
    """Whether one value says the same as the other, or the same more closely: "19 October" and "19 October
    1993", "Lyon" and "Lyon, France"."""
    first, second = set(a.replace(",", " ").split()), set(b.replace(",", " ").split())
    return bool(first) and bool(second) and (first <= second or second <= first)


def _alike(a: Claim, b: Claim) -> bool:
    if a.object_entity is not None and a.object_entity == b.object_entity:
        return True
    return a.object_key == b.object_key or same_value(a.object_key, b.object_key)


def _many(group: Sequence[Claim], decided: Mapping[tuple[str, str, str], Decision]) -> list[Fact]:
    """A fact a value."""
    values: list[list[Claim]] = []
    for claim in group:
        for held in values:
            same = held[0].object_entity and held[0].object_entity == claim.object_entity
            if same or held[0].object_key == claim.object_key:
                held.append(claim)
                break
        else:
            values.append([claim])
    return [_fact(held, decided) for held in values]


def _single(group: Sequence[Claim], decided: Mapping[tuple[str, str, str], Decision]) -> list[Fact]:
    """Values that follow one another, each closing the one before; or stand against one another.

    What is only said to be over closes its own value, and no other.
    """
    runs: list[list[Claim]] = []
    for claim in group:
        if claim.ended:
            continue
        if runs and any(_alike(claim, held) for held in runs[-1]):
            runs[-1].append(claim)
        else:
            runs.append([claim])
    past: list[list[Claim]] = []
    for claim in group:
        if claim.ended:
            held = next(
                (r for r in [*reversed(runs), *past] if any(_alike(claim, c) for c in r)), None
            )
            if held is None:
                past.append([claim])
            else:
                held.append(claim)
    standing = [_fact(run, decided) for run in runs]
    unchanging = relation(group[0].relation).change == "never"
    turned = _conflicting(standing) if unchanging else _in_turn(standing)
    return [*(_fact(run, decided) for run in past), *turned]


def _fact(claims: Sequence[Claim], decided: Mapping[tuple[str, str, str], Decision]) -> Fact:
    """The fact that claims of one value come to."""
    claims = sorted(claims, key=lambda c: (c.said, c.n, c.start))
    said = [c for c in claims if not c.ended]
    over = [c for c in claims if c.ended]
    # "a sister" says less than "Ana", though it is longer.
    best = max(
        said or over,
        key=lambda c: (c.object_key != c.relation, len(c.object_key), c.confidence),
    )
    first = (said or over)[0]
    doubt = 1.0 - max(c.confidence for c in claims)
    moments = {c.n for c in claims}
    since = next((c.since for c in reversed(said) if c.since is not None), None)
    last = max((c.said for c in said), default=None)
    ended = bool(over) and (last is None or over[-1].said >= last)
    until = (over[-1].until or (over[-1].said if said else None)) if ended else None
    decision = next(
        (d for c in reversed(claims) if (d := decided.get((c.subject, c.relation, c.object_key)))),
        None,
    )
    fact = Fact(
        id=first.id,
        subject=first.subject,
        relation=first.relation,
        object=best.object,
        object_key=best.object_key,
        object_entity=next((c.object_entity for c in claims if c.object_entity), None),
        since=since,
        until=until,
        learned=claims[0].said,
        taken=min(c.taken for c in claims),
        confidence=round(1.0 - doubt * (1.0 - _ALSO) ** (len(moments) - 1), 3),
        status="ended" if ended else "active",
        claims=tuple(claims),
    )
    return fact if decision is None else _decided(fact, decision)


def _decided(fact: Fact, decision: Decision) -> Fact:
    if decision.verdict == "reject":
        return replace(fact, status="rejected", decided=decision.id)
    value = decision.value if decision.verdict == "edit" and decision.value else fact.object
    entity = None if value != fact.object else fact.object_entity
    status: Status = "ended" if fact.status == "ended" else "confirmed"
    return replace(
        fact, object=value, object_entity=entity, status=status, decided=decision.id, confidence=1.0
    )


def _in_turn(facts: list[Fact]) -> list[Fact]:
    """Each value is closed by the next; two that are said at the same time stand against one another.

    The newest that the person confirmed stays, whatever is said after it.
    """
    out = [f for f in facts if f.status == "rejected"]
    standing = [f for f in facts if f.status != "rejected"]
    confirmed = [f for f in standing if f.status == "confirmed"]
    chosen = confirmed[-1] if confirmed else None
    last = len(standing) - 1
    while last > 0 and chosen is None and _together(standing[last - 1], standing[last]):
        last -= 1
    for at, fact in enumerate(standing):
        later = chosen or (standing[at + 1] if at < last else None)
        if fact is chosen or fact.status == "ended":
            out.append(fact)
        elif later is None:
            torn = len(standing) - last > 1
            out.append(replace(fact, status="conflict") if torn else fact)
        else:
            until = fact.until if fact.until is not None else max(_start(later), fact.learned)
            out.append(replace(fact, status="superseded", until=until, superseded_by=later.id))
    return out


def _start(fact: Fact) -> int:
    return fact.learned if fact.since is None else fact.since


def _together(fact: Fact, later: Fact) -> bool:
    """Whether nothing tells which of two values is the newer: said within a day, neither with a date."""
    if fact.since is not None or later.since is not None:
        return False
    return min(abs(a.said - b.said) for a in fact.claims for b in later.claims) < _DAY


def _conflicting(facts: list[Fact]) -> list[Fact]:
    """Of what never changes only one can be so."""
    standing = [f for f in facts if f.status not in ("rejected", "ended")]
    confirmed = [f for f in standing if f.status == "confirmed"]
    merged = {f.object_key for f in standing}
    if len(standing) < 2 or all(same_value(a, b) for a in merged for b in merged):
        return facts
    out = []
    for fact in facts:
        if fact not in standing or fact in confirmed:
            out.append(fact)
        elif confirmed:
            out.append(replace(fact, status="superseded", superseded_by=confirmed[-1].id))
        else:
            out.append(replace(fact, status="conflict"))
    return out


def _opposites(facts: list[Fact]) -> list[Fact]:
    """Somebody who came to dislike a thing likes it no more."""
    newest: dict[tuple[str, str], Fact] = {}
    for fact in facts:
        if fact.relation in OPPOSITE and fact.current:
            key = (fact.subject, fact.object_key)
            other = newest.get(key)
            if other is None or fact.claims[-1].said >= other.claims[-1].said:
                newest[key] = fact
    out = []
    for fact in facts:
        best = newest.get((fact.subject, fact.object_key)) if fact.relation in OPPOSITE else None
        if best is not None and fact.current and best.relation != fact.relation:
            fact = replace(fact, status="superseded", until=best.learned, superseded_by=best.id)
        out.append(fact)
    return out


def _at(fact: Fact, as_of: int) -> Fact:
    """The fact as it stood at a time: what begins later was not so yet, what ended later still was."""
    if fact.status == "rejected":
        return fact
    if fact.since is not None and fact.since > as_of:
        return replace(fact, status="ended")
    if fact.until is not None and fact.until > as_of and fact.status in ("ended", "superseded"):
        return replace(fact, status="active", superseded_by=None)
    return fact
