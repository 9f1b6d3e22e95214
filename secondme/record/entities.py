"""Entities: the people, animals, places and things that moments name, and the names they go by.

A name is looked up by its key and leads to one entity; mentions and claims hold keys alone. So joining
two entities, or taking a name out of one, moves names and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from secondme.record.clock import new_id
from secondme.record.db import Store


@dataclass(frozen=True, slots=True)
class Name:
    """A name, the entity that it leads to, and the moment (its id) that shows it."""

    key: str
    name: str
    entity: str
    moment: str | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    """Somebody or something. `kind` is person, animal, place, organisation or thing, with a question mark
    after it where that is only a guess; `moments` counts those that mention it."""

    id: str
    kind: str
    names: tuple[Name, ...] = ()
    moments: int = 0

    @property
    def name(self) -> str:
        """What to call it: its fullest proper name, or how somebody calls it ("Ines's sister")."""
        proper = [n for n in self.names if ">" not in n.key and n.key != ME]
        best = max(proper or self.names, key=lambda n: (len(n.key.split()), -len(n.name), n.key))
        return best.name


ME = "me"
"""The key of the person whose memory this is."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a moment's text, from character `start` to `end`."""

    key: str
    start: int
    end: int


@dataclass(slots=True)
class Names:
    """All names in memory, for looking up; `Entities.names` reads them."""

    by_key: dict[str, Name] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)


class Entities:
    """Writing and reading entities and names."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def names(self) -> Names:
        """Every name, and every entity's kind."""
        found = Names()
        for row in self._store.query("select key, name, entity_id, moment from names"):
            found.by_key[row[0]] = Name(*row)
        found.kinds = dict(self._store.query("select id, kind from entities"))  # type: ignore[arg-type]
        return found

    def add(self, names: Iterable[Name], kinds: Mapping[str, str]) -> None:
        """Keep new names and the kinds of their entities; names that are here stay as they are."""
        with self._store.write() as db:
            db.executemany(
                "insert into entities values (?,?) on conflict (id) do update set kind = excluded.kind",
                list(kinds.items()),
            )
            db.executemany(
                "insert or ignore into names (key, name, entity_id, moment) values (?,?,?,?)",
                [(n.key, n.name, n.entity, n.moment) for n in names],
            )

    def mention(self, n: int, mentions: Iterable[Mention]) -> None:
        """Make these the mentions of a moment."""
        with self._store.write() as db:
            db.execute("delete from mentions where n = ?", (n,))
            db.executemany(
                "insert or ignore into mentions values (?,?,?,?)",
                [(n, m.key, m.start, m.end) for m in mentions],
            )

    def move(self, keys: Sequence[str], entity: str, by: str | None) -> None:
        """Let names lead to another entity: by a rule (`by` is None), which leaves what the person decided,
        or under a journal entry, which keeps where they led before. Entities that no name leads to stay,
        so that it can be undone."""
        with self._store.write() as db:
            for key in keys:
                if by is not None:
                    db.execute(
                        "insert into name_moves select ?, key, entity_id, ? from names where key = ?",
                        (by, entity, key),
                    )
                db.execute(
                    "update names set entity_id = ?, set_by = ? where key = ?"
                    " and (set_by is null or ? is not null)",
                    (entity, by, key, by),
                )

    def move_back(self, journal: str) -> None:
        """Let the names that a change moved lead to where they led before it."""
        with self._store.write() as db:
            db.execute(
                "update names set entity_id = v.before, set_by = null from name_moves v"
                " where v.key = names.key and v.id = ?",
                (journal,),
            )

    def move_again(self, journal: str) -> None:
        """Do again what `move_back` took back."""
        with self._store.write() as db:
            db.execute(
                "update names set entity_id = v.after, set_by = v.id from name_moves v"
                " where v.key = names.key and v.id = ?",
                (journal,),
            )

    def is_decided(self, key: str) -> bool:
        """Whether the person said where a name leads."""
        return self._store.value("select set_by from names where key = ?", (key,)) is not None

    def busiest_speaker(self) -> str | None:
        """Who speaks in the most items, if it is more than one and nobody speaks in as many."""
        rows = self._store.query(
            "select speaker, count(distinct item_id) c from moments where live = 1"
            " and speaker is not null group by speaker order by c desc limit 2"
        )
        if not rows or rows[0][1] < 2 or (len(rows) > 1 and rows[1][1] == rows[0][1]):
            return None
        return str(rows[0][0])

    def create(self, kind: str) -> str:
        """A new entity without a name; returns its id."""
        id_ = "e" + new_id()
        with self._store.write() as db:
            db.execute("insert into entities values (?,?)", (id_, kind))
        return id_

    def all(self, ids: Sequence[str] | None = None, until: int | None = None) -> list[Entity]:
        """Entities that live moments mention or make claims about, most mentioned first.

        With `until` (ms) only what had been said by then counts, and names that were known then."""
        entities: dict[str, Entity] = {}
        names: dict[str, list[Name]] = {}
        known = (
            "select key, name, entity_id, moment from names where :until is null or key = :me or exists"
            " (select 1 from moments m where m.id = moment and m.time <= :until) or exists (select 1"
            " from mentions t join moments m using (n) where t.key = names.key and m.time <= :until)"
            " order by key"
        )
        for row in self._store.query(known, {"until": until, "me": ME}):
            names.setdefault(row[2], []).append(Name(*row))
        counts: dict[str, int] = dict(
            self._store.query(
                "select e, count(*) from (select distinct n.entity_id as e, t.n from mentions t"
                " join names n on n.key = t.key join moments m on m.n = t.n and m.live = 1"
                " where :until is null or m.time <= :until) group by e",
                {"until": until},
            )  # type: ignore[arg-type]
        )
        for row in self._store.query("select id, kind from entities"):
            if row[0] in names and (row[0] in counts or ids is not None):
                own = tuple(names[row[0]])
                entities[row[0]] = Entity(row[0], row[1], own, counts.get(row[0], 0))
        chosen = entities.values() if ids is None else [entities[i] for i in ids if i in entities]
        return sorted(chosen, key=lambda e: (-e.moments, e.id))
