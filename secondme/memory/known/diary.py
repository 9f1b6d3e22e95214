"""What a calendar has on a day, repeated entries on each of their days, and days ahead that are spoken of."""

from __future__ import annotations

import re
from calendar import day_name, month_name
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

from secondme.memory.terms import keys, sentence_spans, stems
from secondme.record import Record
from secondme.record.clock import from_ms, to_ms
from secondme.record.moments import StoredMoment

Search = Callable[[str, int], Mapping[int, float]]
"""Moments by words, so many at most: their numbers, with scores."""
_ZONES = timedelta(hours=14)
"""By how much days of two zones may be apart."""
_LONGEST = timedelta(days=60)
"""How long an entry of a calendar may last that tells of each of its days."""
_MENTIONS = 400
_TIMES = 400
"""How many days of a repeated entry are looked at."""
_CLOCK = re.compile(r"\b(\d{1,2}:\d{2})(?:–\d{1,2}:\d{2})?\b")
_DATES = frozenset(stems(" ".join([*month_name, *day_name])))
_REPEATED = re.compile(r"\. Every ")


@dataclass(frozen=True, slots=True)
class Dated:
    """A passage of a moment that tells of a day: an entry of a calendar, also a repeated one, or what was
    said of it before."""

    moment: StoredMoment
    start: int
    end: int
    day: date

    @property
    def said(self) -> str:
        """What it says; of a repeated entry what it is, and when on that day."""
        text = self.moment.text[self.start : self.end].removeprefix("Event: ")
        if not is_entry(self.moment) or self.day == self.moment.time.date():
            return text
        title = str(self.moment.meta.get("title") or text)
        return ", ".join(filter(None, (title, self.clock)))

    @property
    def clock(self) -> str | None:
        """At what time an entry begins."""
        found = _CLOCK.search(self.moment.text) if is_entry(self.moment) else None
        return found[1] if found else None


class Diary:
    """Reads what the record has about days. `until` (ms) and `without` leave moments out."""

    def __init__(self, record: Record, now: datetime, until: int, without: Set[int]) -> None:
        self._record = record
        self._now = now
        self._until = until
        self._without = without

    def on(self, since: datetime, until: datetime) -> list[Dated]:
        """What tells of the days from one time up to another, in their order; what was said before counts
        where they are ahead."""
        first, last = since.date(), (until - timedelta(seconds=1)).date()
        found = [
            dated
            for dated in self._mentioned(since - _ZONES)
            if first <= dated.day <= last
            and (is_entry(dated.moment) or dated.moment.time <= self._now < since + _ZONES)
        ]
        for moment in self._repeated():
            for day in islice(_days(moment, since), _TIMES):
                if day > last:
                    break
                if day >= first and day != moment.time.date():
                    found.append(Dated(moment, 0, len(moment.text), day))
        entries = [dated for dated in found if is_entry(dated.moment)]
        found = [d for d in found if is_entry(d.moment) or not any(_same(d, e) for e in entries)]
        return sorted(found, key=lambda d: (d.day, d.clock or "", d.moment.ms))

    def over(self, day: datetime) -> list[StoredMoment]:
        """Entries that began before a day and last beyond its beginning."""
        numbers = self._record.times.over(to_ms(day), to_ms(day - _LONGEST))
        moments = self._moments(numbers)
        return [
            m for m in moments if is_entry(m) and m.ms < to_ms(day) and not _REPEATED.search(m.text)
        ]

    def named(self, words: str, search: Search) -> tuple[datetime, datetime] | None:
        """The days of the entry that has all of these words, the last one begun or else the next; none where
        it is repeated. `search` finds moments by words."""
        wanted = keys(words)
        found = [
            m
            for m in (self._moments(list(search(words, _MENTIONS))) if wanted else [])
            if is_entry(m) and wanted <= keys(m.text) and not _REPEATED.search(m.text)
        ]
        if not found:
            return None
        begun = [m for m in found if m.time <= self._now]
        entry = max(begun, key=lambda m: m.ms) if begun else min(found, key=lambda m: m.ms)
        ends = [t.until_ms for t in self._record.times.of([entry.n]).get(entry.n, [])]
        last = from_ms(max([entry.ms + 1, *ends]) - 1, entry.zone)
        return _midnight(entry.time), _midnight(last) + timedelta(days=1)

    def next(self, wanted: Set[str]) -> Dated | None:
        """The first day from today on that is named together with these words; of none at all only the
        calendar tells."""
        today = _midnight(self._now)
        found = []
        for dated in self._mentioned(today):
            said = dated.moment.text[dated.start : dated.end]
            told = is_entry(dated.moment) or (bool(wanted) and dated.moment.time <= self._now)
            if told and wanted <= keys(said) and dated.day >= today.date():
                found.append(dated)
                break
        for moment in self._repeated():
            if wanted <= keys(moment.text):
                found += [
                    Dated(moment, 0, len(moment.text), d) for d in islice(_days(moment, today), 1)
                ]
        return min(found, key=lambda d: (d.day, d.clock or ""), default=None)

    def _mentioned(self, since: datetime) -> Iterator[Dated]:
        """Sentences that name a day from a time on, the soonest first; an entry is one."""
        mentions = self._record.times.ahead(to_ms(since), _MENTIONS)
        moments = {m.n: m for m in self._moments([n for n, _ in mentions])}
        for n, mention in mentions:
            if (moment := moments.get(n)) is None:
                continue
            day = from_ms(mention.from_ms, moment.zone).date()
            if is_entry(moment):
                if day == moment.time.date():
                    yield Dated(moment, 0, len(moment.text), day)
                continue
            for start, end in sentence_spans(moment.text):
                if start <= mention.start < end:
                    yield Dated(moment, start, end, day)

    def _repeated(self) -> list[StoredMoment]:
        return self._moments(self._record.moments.repeated())

    def _moments(self, numbers: list[int]) -> list[StoredMoment]:
        """Those of the moments that count."""
        found = self._record.moments.by_number(numbers).values()
        return [
            m
            for m in found
            if m.live and m.tells and m.n not in self._without and m.ms < self._until
        ]


def _midnight(time: datetime) -> datetime:
    return time.replace(hour=0, minute=0, second=0, microsecond=0)


def is_entry(moment: StoredMoment) -> bool:
    """Whether it is an entry of a calendar."""
    return moment.text.startswith("Event: ")


def _same(told: Dated, entry: Dated) -> bool:
    """Whether what was said of a day is what the calendar has then: two words of it that are no date."""
    words = keys(told.said) & keys(entry.moment.text) - _DATES
    return told.day == entry.day and sum(not word.isdigit() for word in words) >= 2


def _days(moment: StoredMoment, since: datetime) -> Iterator[date]:
    """The days of a repeated entry from a time on; none where its rule cannot be read."""
    from dateutil.rrule import rrulestr

    begun = moment.time.replace(tzinfo=None)
    rule = re.sub(r"(UNTIL=\d{8}T\d{6})Z", r"\1", str(moment.meta["rrule"]))
    try:
        days = rrulestr(rule, dtstart=begun)
        for day in days.xafter(since.replace(tzinfo=None), inc=True):
            yield day.date()
    except (ValueError, TypeError, OverflowError):
        return
