"""The facts of a record: of everybody or of some, now or as they stood at a time."""

from __future__ import annotations

from collections.abc import Sequence, Set

from secondme.errors import BadInputError, NotFoundError
from secondme.memory.facts.reading import key_of
from secondme.memory.facts.weigh import Fact, weigh
from secondme.record import Record
from secondme.record.entities import ME, Entity


class Book:
    """Reads facts and entities. `hold` leaves out of `used` what waits for the person's word."""

    def __init__(self, record: Record, hold: bool = False) -> None:
        self._record = record
        self._hold = hold

    def of(
        self,
        entities: Sequence[str] | None = None,
        as_of: int | None = None,
        without: Set[int] = frozenset(),
    ) -> list[Fact]:
        """Facts whose subject is one of these entities (all without), with those that are over; as if
        the moments `without`, by number, said nothing."""
        claims = [c for c in self._record.claims.of(entities) if c.n not in without]
        return weigh(claims, self._record.claims.decisions(entities), as_of)

    def telling(
        self,
        relations: Sequence[str],
        as_of: int | None = None,
        without: Set[int] = frozenset(),
    ) -> list[Fact]:
        """Facts of these relations about everybody, with those that are over; as `of` else."""
        claims = [c for c in self._record.claims.telling(relations) if c.n not in without]
        subjects = list({c.subject for c in claims})
        return weigh(claims, self._record.claims.decisions(subjects), as_of) if claims else []

    def about(self, entity: str, as_of: int | None = None) -> list[Fact]:
        """Facts about others in which this entity is the object: whose sister somebody is."""
        subjects = list({c.subject for c in self._record.claims.about([entity])})
        return (
            [f for f in self.of(subjects, as_of) if f.object_entity == entity] if subjects else []
        )

    def resting_on(self, n: int, as_of: int | None = None) -> list[Fact]:
        """Facts that rest on a moment, by its number."""
        subjects = self._record.claims.subjects_at(n)
        found = self.of(subjects, as_of) if subjects else []
        return [fact for fact in found if any(claim.n == n for claim in fact.claims)]

    def used(self, fact: Fact) -> bool:
        """Whether answers and forms may use a fact: it stands, and does not wait for the person."""
        return fact.current and self.usable(fact)

    def usable(self, fact: Fact) -> bool:
        """Whether answers may use a fact for the time at which it was so: the person has not rejected
        it, and it does not wait for their word."""
        return fact.status != "rejected" and not (self._hold and fact.waits)

    def fact(self, id_: str) -> Fact:
        """The fact that a claim with this id, or unique beginning of one, is part of.

        Raises `NotFoundError`.
        """
        found = self._record.claims.subject_of(id_) if len(id_) > 1 else None
        for fact in self.of([found[0]]) if found else []:
            if any(claim.id == found[1] for claim in fact.claims):  # type: ignore[index]
                return fact
        raise NotFoundError(
            f"no fact has an id beginning {id_!r}", hint="`secondme facts` lists them"
        )

    def who(self, name: str) -> Entity:
        """Somebody or something by name, by "me", or by the beginning of an id.

        Raises `NotFoundError`, and `BadInputError` where several could be meant.
        """
        if not name.strip():
            raise BadInputError("no name is given", hint="`secondme people` lists them")
        known = self._record.entities.names()
        names, key = known.by_key, key_of(name)
        exact = names.get(key)
        whole = {
            n.entity
            for k, n in names.items()
            if key in k.split() and ">" not in k and not known.kinds[n.entity].endswith("?")
        }
        if exact is not None and (not whole or not known.kinds[exact.entity].endswith("?")):
            return self._record.entities.all([exact.entity])[0]
        found = whole or {n.entity for n in names.values() if n.entity.startswith(name.lower())}
        found = found or {n.entity for k, n in names.items() if key in k and ">" not in k}
        if not found:
            raise NotFoundError(
                f"nobody and nothing is known by {name!r}", hint="`secondme people` lists them"
            )
        if len(found) > 1:
            near = sorted(e.name for e in self._record.entities.all(sorted(found)))
            raise BadInputError(
                f"{name!r} could be {', '.join(near[:6])}", hint="give a fuller name"
            )
        return self._record.entities.all([found.pop()])[0]

    def me(self) -> Entity | None:
        """The person whose memory this is, once something is known of them."""
        name = self._record.entities.names().by_key.get(ME)
        return self._record.entities.all([name.entity])[0] if name else None
