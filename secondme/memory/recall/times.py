"""Times: when a question names a time, moments of that time, or that speak of it, come first.

The time is weighed and excludes nothing: what lies beside it loses, the farther the more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from secondme.memory.recall.view import Pool, Query, Scores, View
from secondme.memory.terms import keys
from secondme.memory.timex import Mention, find
from secondme.memory.timex.events import Event, before_time, event_in
from secondme.record import Record
from secondme.record.clock import from_ms, to_ms, zone_name
from secondme.record.times import StoredTime

_DAY = 86_400_000
_FEW = 200
"""A time proposes its moments itself when there are no more than this many."""
_ANOTHER_YEAR = 0.7
"""What a May of another year is worth where only "in May" is asked."""
_FROM_EVENT = 0.35
"""What a time is worth that is counted from an event, which may have been another one."""
_KNOWN = 0.6
"""The share of an event's words that a moment must have to be taken for it."""
_FINE = frozenset({"minute", "hour", "part", "day", "weekend", "week"})
_LONGEST = 60 * _DAY


@dataclass(frozen=True, slots=True)
class Asked:
    """A time that a question asks about: its words, and from when until when in ms since 1970.

    A `sharp` one ends at its edges: what was before the wedding was not after it.
    """

    words: str
    since: int
    until: int
    worth: float = 1.0
    sharp: bool = False

    def fit(self, since: Scores, until: Scores) -> Scores:
        """From 0 to its worth, how well times fit: those inside best, farther ones the less, and what
        is much longer than what is asked less as well."""
        overlap = np.minimum(until, self.until) - np.maximum(since, self.since)
        share = np.sqrt(np.clip(overlap / np.maximum(until - since, 1), 0.0, 1.0))
        reach = min(max((self.until - self.since) / 2, _DAY), _LONGEST)
        beside = 0.0 if self.sharp else np.exp(np.minimum(overlap, 0.0) / reach)
        return self.worth * np.where(overlap > 0, share, beside)


class Times(View):
    """Moments of the times that the question names, or counts from an event it names."""

    name = "time"
    weight = 3.7
    standardise = False
    late = False
    ceiling = math.inf

    def __init__(self, record: Record, search: Callable[[str, int], Mapping[int, float]]) -> None:
        """`search` finds moments by words, for events that a question counts from."""
        self._record = record
        self._search = search
        self.asked: list[Asked] = []
        """The times of the last question."""

    def find(self, query: Query) -> Mapping[int, float]:
        self.asked = list(self._times(query))
        found: dict[int, float] = {}
        for asked in self.asked:
            if asked.worth == 1.0:
                within = self._record.times.within(asked.since, asked.until, _FEW)
                found |= dict.fromkeys(within, 1.0)
        return found

    def judge(self, query: Query, pool: Pool) -> Scores:
        if not self.asked:
            return np.zeros(len(pool))
        numbers = pool.numbers.tolist()
        rows = self._record.store.query_in("select n, time from moments where n in ({})", numbers)
        own = np.array([ms for _, ms in sorted(map(tuple, rows))], np.float64)
        best: Scores = np.max([asked.fit(own, own + 1) for asked in self.asked], axis=0)
        mentioned = self._record.times.of(numbers)
        place = {n: i for i, n in enumerate(numbers)}
        at, since, until = _columns(mentioned, place)
        for asked in self.asked if len(at) else ():
            np.maximum.at(best, at, asked.fit(since, until))
        return best

    def _times(self, query: Query) -> Iterator[Asked]:
        mentions = find(query.text, query.now)
        for mention in mentions:
            event = before_time(query.text, mention.start, mention.end)
            if event is None:
                yield from self._each_year(query, mention)
            else:
                yield from _counted(query.text, event, mention.since, mention.until, 1.0)
        event = None if mentions else event_in(query.text)
        if event is not None:
            yield from self._from_event(query, event)

    def _each_year(self, query: Query, mention: Mention) -> Iterator[Asked]:
        """The time that is meant and, where no year is named, the same in all years remembered."""
        words = query.text[mention.start : mention.end]
        since, until = to_ms(mention.since), to_ms(mention.until)
        yield Asked(words, since, until)
        if not mention.meaning.recurs:
            return
        first, last = self._remembered(query.now)
        for year in range(max(first, last - 60, 2), min(last + 1, 9999)):
            away = year - mention.since.year
            try:
                moved = [t.replace(year=t.year + away) for t in (mention.since, mention.until)]
            except ValueError:
                continue  # 29 February
            if away:
                yield Asked(words, to_ms(moved[0]), to_ms(moved[1]), _ANOTHER_YEAR)

    def _remembered(self, now: datetime) -> tuple[int, int]:
        """The first and the last year of which there are moments."""
        store = self._record.store
        first = store.value("select min(time) from moments where live = 1")
        last = store.value("select max(time) from moments where live = 1")
        if first is None:
            return now.year, now.year
        return from_ms(first).year, from_ms(last).year

    def _from_event(self, query: Query, event: Event) -> Iterator[Asked]:
        """The time counted from an event, if a moment is found that speaks of it."""
        wanted = keys(event.words)
        numbers = list(self._search(event.words, 8)) if wanted else []
        moments = self._record.moments.by_number(numbers)
        shares = {n: len(wanted & keys(m.text)) / len(wanted) for n, m in moments.items()}
        best = max(shares.values(), default=0.0)
        if best < _KNOWN:
            return
        known = [n for n in numbers if shares.get(n) == best][: 1 if event.side else 5]
        mentioned = self._record.times.of(known)
        spans = [_when(moments[n].ms, mentioned.get(n, [])) for n in known]
        since, until = min(s for s, _ in spans), max(u for _, u in spans)
        zone = zone_name(query.now)
        event_time = from_ms(since, zone), from_ms(until, zone)
        yield from _counted(query.text, event, *event_time, _FROM_EVENT)


def _counted(
    question: str, event: Event, since: datetime, until: datetime, worth: float
) -> Iterator[Asked]:
    """The time that is counted from an event; none where it leads out of the calendar."""
    try:
        start, end = event.around(since, until)
    except OverflowError:
        return
    if start.year > 1 and end.year < 9999:
        words = question[event.start : event.end]
        yield Asked(words, to_ms(start), to_ms(end), worth, event.side != 0)


def _when(own: int, mentioned: list[StoredTime]) -> tuple[int, int]:
    """When the event of a moment was: the one time that it mentions, or the day it was said on."""
    fine = [t for t in mentioned if t.granularity in _FINE]
    if len(fine) == 1:
        return fine[0].from_ms, fine[0].until_ms
    return own - own % _DAY, own - own % _DAY + _DAY


def _columns(
    mentioned: Mapping[int, Sequence[StoredTime]], place: Mapping[int, int]
) -> tuple[NDArray[np.intp], Scores, Scores]:
    """Everything mentioned: the place of its moment, and from when until when in ms."""
    rows = [(place[n], t.from_ms, t.until_ms) for n, times in mentioned.items() for t in times]
    table = np.array(rows, np.float64).reshape(-1, 3)
    return table[:, 0].astype(np.intp), table[:, 1], table[:, 2]
