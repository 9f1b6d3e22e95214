"""Episodes as the record keeps them: made from live moments in the background, made anew at will.

A stream is what episodes are cut from: a session of an item, or a session of notes or of talk with
Second Me, of which each thing said is an item of its own.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from secondme.errors import NotFoundError
from secondme.record.clock import from_ms
from secondme.record.db import Row, Store
from secondme.record.moments import Filter, Moments, StoredMoment


@dataclass(frozen=True, slots=True)
class Episode:
    """Consecutive moments that belong together; `people` are those who speak, most first."""

    n: int
    id: str
    since_ms: int
    until_ms: int
    zone: str
    title: str
    people: list[str]
    moments: int
    source: str

    @property
    def since(self) -> datetime:
        """When its first moment was."""
        return from_ms(self.since_ms, self.zone)

    @property
    def until(self) -> datetime:
        """When its last moment was."""
        return from_ms(self.until_ms, self.zone)


@dataclass(frozen=True, slots=True)
class New:
    """An episode to be: its moments by number, in order, and its summary, as (moment, start, end) in
    characters, the most telling passage first."""

    id: str
    title: str
    numbers: Sequence[int]
    summary: Sequence[tuple[int, int, int]] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """A passage of a summary, and the moment that it is from."""

    moment: StoredMoment
    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """A moment in its stream: its number, its time in ms, and the episode that it is in, if any."""

    n: int
    ms: int
    episode: int | None


_SAID = "coalesce(s.kind, '') in ('note', 'chat')"
_STREAM = (
    "select m.n, m.time, e.episode from moments m left join episode_moments e on e.n = m.n"
    " join items i on i.id = m.item_id"
)
_SELECT = (
    "select e.n, e.id, e.since, e.until, e.zone, e.title, e.people, count(*) as moments,"
    " min(i.name) as source from episodes e join episode_moments em on em.episode = e.n"
    " join moments m on m.n = em.n join items i on i.id = m.item_id"
)


class Episodes:
    """Writing and reading episodes."""

    def __init__(self, store: Store, moments: Moments) -> None:
        self._store = store
        self._moments = moments

    def waiting(self) -> int:
        """How many live moments are in no episode yet."""
        return int(
            self._store.value(
                "select count(*) from moments m where live = 1 and not exists"
                " (select 1 from episode_moments e where e.n = m.n)"
            )
        )

    def next_stream(self, after: int = 0) -> tuple[int, list[Place]] | None:
        """The first moment beyond `after` that is in no episode, and its stream in order.

        None when there is no such moment.
        """
        rows = self._store.query(
            f"select m.n, m.item_id, m.session, i.source_id, {_SAID} as said from moments m"
            " join items i on i.id = m.item_id left join sources s on s.id = i.source_id"
            " where m.live = 1 and m.n > ? and not exists"
            " (select 1 from episode_moments e where e.n = m.n) order by m.n limit 1",
            (after,),
        )
        if not rows:
            return None
        first = rows[0]
        column, key = ("i.source_id", "source_id") if first["said"] else ("m.item_id", "item_id")
        stream = self._store.query(
            f"{_STREAM} where {column} = ? and m.session = ? and m.live = 1 order by m.item_id, m.seq, m.n",
            (first[key], first["session"]),
        )
        return first["n"], [Place(*row) for row in stream]

    def replace(self, old: Sequence[int], new: Sequence[New], made_by: str) -> list[int]:
        """Put new episodes in place of old ones.

        Moments that are live no more are left out, and none is in two. Returns the new ones' numbers.
        """
        made = []
        held = self.holding([n for each in new for n in each.numbers])
        with self._store.write() as db:
            db.executemany(
                "delete from episodes where n = ?", [(n,) for n in {*old, *held.values()}]
            )
            for each in new:
                rows = self._store.query_in(
                    "select n, time, zone, speaker from moments where n in ({}) and live = 1",
                    list(each.numbers),
                )
                if not rows:
                    continue
                episode = db.execute(
                    "insert into episodes (id, since, until, zone, title, people, made_by)"
                    " values (?,?,?,?,?,?,?) returning n",
                    (each.id, *_span(rows), each.title, json.dumps(_people(rows)), made_by),
                ).fetchone()[0]
                db.executemany(
                    "insert into episode_moments values (?,?)",
                    [(row["n"], episode) for row in rows],
                )
                db.executemany(
                    "insert into summaries values (?,?,?,?,?)",
                    [(episode, place, *passage) for place, passage in enumerate(each.summary)],
                )
                made.append(episode)
        return made

    def drop_made_otherwise(self, kept: Sequence[str]) -> int:
        """Drop episodes that were not made in one of these ways; returns how many."""
        marks = ",".join("?" * len(kept))
        with self._store.write() as db:
            return db.execute(
                f"delete from episodes where made_by not in ({marks})", list(kept)
            ).rowcount

    def find(self, filter_: Filter, limit: int) -> list[Episode]:
        """Episodes of several moments, one of which passes the filter, newest first."""
        condition, values = filter_.where()
        inner = (
            "select distinct em.episode from episode_moments em join moments m on m.n = em.n"
            f" where m.live = 1{condition}"
        )
        rows = self._store.query(
            f"{_SELECT} where e.n in ({inner}) group by e.n having count(*) > 1"
            " order by e.until desc, e.n desc limit ?",
            (*values, limit),
        )
        return [_episode(row) for row in rows]

    def get(self, id_: str) -> Episode:
        """The episode with that id, or the one whose id begins so. Raises `NotFoundError`."""
        prefix = id_.lower()
        rows = self._store.query(
            f"{_SELECT} where e.id >= ? and e.id < ? group by e.n limit 2", (prefix, prefix + "~")
        )
        if len(rows) == 1:
            return _episode(rows[0])
        what = "no episode has" if not rows else "several episodes have"
        raise NotFoundError(
            f"{what} an id beginning {id_!r}", hint="`secondme episodes` lists them"
        )

    def of(self, moment: StoredMoment) -> Episode | None:
        """The episode that a moment is in, once it has been cut."""
        rows = self._store.query(
            f"{_SELECT} where e.n = (select episode from episode_moments where n = ?) group by e.n",
            (moment.n,),
        )
        return _episode(rows[0]) if rows else None

    def numbered(self, numbers: Sequence[int]) -> list[Episode]:
        """Those with these numbers that hold several moments."""
        rows = self._store.query_in(
            f"{_SELECT} where e.n in ({{}}) group by e.n having count(*) > 1", list(numbers)
        )
        return [_episode(row) for row in rows]

    def numbers(self, episode: int) -> list[int]:
        """The numbers of an episode's moments, in order."""
        rows = self._store.query(
            "select m.n from episode_moments e join moments m on m.n = e.n where e.episode = ?"
            " order by m.item_id, m.seq, m.n",
            (episode,),
        )
        return [row[0] for row in rows]

    def summaries(self, episodes: Sequence[int]) -> dict[int, list[Told]]:
        """What sums each of these episodes up, the most telling first; nothing of what is live no more."""
        rows = self._store.query_in(
            "select episode, n, start, end from summaries where episode in ({})"
            " order by episode, place",
            list(episodes),
        )
        moments = self._moments.by_number(sorted({row["n"] for row in rows}))
        found: dict[int, list[Told]] = {}
        for episode, n, start, end in rows:
            moment = moments.get(n)
            if moment is not None and moment.live:
                found.setdefault(episode, []).append(Told(moment, moment.text[start:end]))
        return found

    def holding(self, numbers: Sequence[int]) -> dict[int, int]:
        """The episode of each of the moments that is in one."""
        rows = self._store.query_in(
            "select n, episode from episode_moments where n in ({})", list(numbers)
        )
        return {row[0]: row[1] for row in rows}


def _span(rows: Sequence[Row]) -> tuple[int, int, str]:
    times = [row["time"] for row in rows]
    return min(times), max(times), rows[0]["zone"]


def _people(rows: Sequence[Row]) -> list[str]:
    said: dict[str, int] = {}
    for row in rows:
        if row["speaker"]:
            said[row["speaker"]] = said.get(row["speaker"], 0) + 1
    return sorted(said, key=lambda name: -said[name])


def _episode(row: Row) -> Episode:
    values: dict[str, Any] = dict(row)
    return Episode(
        values["n"],
        values["id"],
        values["since"],
        values["until"],
        values["zone"],
        values["title"],
        json.loads(values["people"]),
        values["moments"],
        values["source"],
    )
