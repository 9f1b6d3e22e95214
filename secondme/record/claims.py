"""Claims: what single moments say of whom, and what the person decided about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from secondme.record.clock import moment_id
from secondme.record.db import Row, Store

Verdict = Literal["confirm", "reject", "edit"]


@dataclass(frozen=True, slots=True)
class Statement:
    """A claim before it is stored. `start` and `end` are characters of the moment's text; `subject` and
    `object_name` are keys of names; `since` and `until` are in ms, where the moment says them."""

    start: int
    end: int
    subject: str
    relation: str
    object: str
    object_key: str
    object_name: str | None = None
    ended: bool = False
    since: int | None = None
    until: int | None = None
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement of one live moment. `said` is the moment's own time in ms, `taken` when it came in;
    `subject` and `object_entity` are ids of entities."""

    id: str
    n: int
    moment: str
    start: int
    end: int
    subject: str
    subject_key: str
    relation: str
    object: str
    object_key: str
    object_entity: str | None
    ended: bool
    since: int | None
    until: int | None
    confidence: float
    extractor: str
    said: int
    taken: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What the person said of a fact: `value` is the object it has instead, for an edit."""

    id: str
    subject: str
    relation: str
    object_key: str
    verdict: Verdict
    value: str | None


_CLAIMS = (
    "select c.*, s.entity_id as subject_entity, o.entity_id as object_entity, m.id as moment,"
    " m.time as said, j.time as taken from claims c join moments m on m.n = c.n"
    " join names s on s.key = c.subject left join names o on o.key = c.object_name"
    " join journal j on j.id = m.added_by where m.live = 1"
)


class Claims:
    """Writing and reading claims and decisions."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def unread(self, extractor: str, limit: int, after: int = 0) -> list[int]:
        """The first live moments after that number that were not read by this extractor."""
        rows = self._store.query(
            "select m.n from moments m left join readings r on r.n = m.n"
            " where m.n > ? and m.live = 1 and (r.extractor is null or r.extractor != ?)"
            " order by m.n limit ?",
            (after, extractor, limit),
        )
        return [row[0] for row in rows]

    def count_unread(self, extractor: str) -> int:
        """How many live moments were not read by this extractor."""
        return int(
            self._store.value(
                "select (select count(*) from moments where live = 1) - (select count(*) from readings r"
                " join moments m on m.n = r.n where m.live = 1 and r.extractor = ?)",
                (extractor,),
            )
        )

    def put(
        self,
        n: int,
        moment: str,
        statements: Iterable[Statement],
        extractor: str,
        verbs: Iterable[str] = (),
    ) -> None:
        """Make these the claims of a moment, and these stems its verbs. Call inside a `write` block;
        names must be there."""
        with self._store.write() as db:
            db.execute("delete from claims where n = ?", (n,))
            db.executemany(
                "insert or ignore into claims values (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                [
                    (
                        _claim_id(moment, s), n, s.start, s.end, s.subject, s.relation, s.object,
                        s.object_key, s.object_name, int(s.ended), s.since, s.until, s.confidence,
                        extractor,
                    )
                    for s in statements
                ],
            )  # fmt: skip
            db.execute(
                "insert or replace into readings values (?,?,?)", (n, extractor, " ".join(verbs))
            )

    def verbs(self, numbers: Sequence[int]) -> dict[int, frozenset[str]]:
        """The stems of the verbs of these moments, by number, where a parser found some."""
        rows = self._store.query_in(
            "select n, verbs from readings where n in ({}) and verbs != ''", list(numbers)
        )
        return {row[0]: frozenset(row[1].split()) for row in rows}

    def of(self, entities: Sequence[str] | None = None) -> list[Claim]:
        """Claims of live moments whose subject is one of these entities (all without), oldest first."""
        if entities is None:
            rows = self._store.query(f"{_CLAIMS} order by m.time, c.n, c.start")
        else:
            rows = self._store.query_in(f"{_CLAIMS} and s.entity_id in ({{}})", list(entities))
            rows.sort(key=lambda r: (r["said"], r["n"], r["start"]))
        return [_claim(row) for row in rows]

    def telling(self, relations: Sequence[str]) -> list[Claim]:
        """Claims of live moments with one of these relations, whoever their subject is."""
        rows = self._store.query_in(f"{_CLAIMS} and c.relation in ({{}})", list(relations))
        return [_claim(row) for row in rows]

    def about(self, entities: Sequence[str]) -> list[Claim]:
        """Claims of live moments whose object is one of these entities."""
        return [
            _claim(r)
            for r in self._store.query_in(f"{_CLAIMS} and o.entity_id in ({{}})", list(entities))
        ]

    def subjects_at(self, n: int) -> list[str]:
        """The entities of whom a moment, by its number, says something."""
        rows = self._store.query(
            "select distinct s.entity_id from claims c join names s on s.key = c.subject where c.n = ?",
            (n,),
        )
        return [row[0] for row in rows]

    def subject_of(self, claim: str) -> tuple[str, str] | None:
        """The entity and the full id of the claim with this id or unique beginning of one."""
        rows = self._store.query(
            "select n.entity_id, c.id from claims c join names n on n.key = c.subject"
            " where c.id >= ? and c.id < ? limit 2",
            (claim.lower(), claim.lower() + "~"),
        )
        return (rows[0][0], rows[0][1]) if len(rows) == 1 else None

    def decide(
        self, journal: str, subject: str, relation: str, object_key: str, verdict: Verdict,
        value: str | None = None,
    ) -> None:  # fmt: skip
        """Keep what the person said, under its journal entry; taking that back takes this back."""
        with self._store.write() as db:
            db.execute(
                "insert into decisions values (?,?,?,?,?,?)",
                (journal, subject, relation, object_key, verdict, value),
            )

    def decisions(self, entities: Sequence[str] | None = None) -> list[Decision]:
        """Decisions in force, oldest first, with the subject's entity."""
        sql = (
            "select d.id, n.entity_id, d.relation, d.object_key, d.verdict, d.value from decisions d"
            " join names n on n.key = d.subject join journal j on j.id = d.id where j.undone_by is null"
        )
        if entities is None:
            rows = self._store.query(f"{sql} order by d.id")
        else:
            rows = self._store.query_in(f"{sql} and n.entity_id in ({{}})", list(entities))
            rows.sort(key=lambda r: str(r[0]))
        return [Decision(*row) for row in rows]


def _claim_id(moment: str, s: Statement) -> str:
    """The same for the same statement of the same moment, whenever and wherever it is read."""
    key = f"{s.start}\0{s.subject}\0{s.relation}\0{s.object_key}"
    return "f" + moment_id(moment, key)[1:]


def _claim(row: Row) -> Claim:
    return Claim(
        row["id"], row["n"], row["moment"], row["start"], row["end"], row["subject_entity"],
        row["subject"], row["relation"], row["object"], row["object_key"], row["object_entity"],
        bool(row["ended"]), row["since"], row["until"], row["confidence"], row["extractor"],
        row["said"], row["taken"],
    )  # fmt: skip
