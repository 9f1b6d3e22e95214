"""What there was on a day, in a week or a month, what is ahead, and whom one spoke to then."""

# ruff: noqa: E501 - a way to ask on a line

from __future__ import annotations

import re
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from secondme.memory.check import QUOTE
from secondme.memory.facts.reading import key_of
from secondme.memory.known.asking import SUBJECT, Asked, texts_of, without_opening
from secondme.memory.known.contact import SaidBy
from secondme.memory.known.values import Known, Place
from secondme.memory.terms import clipped, first_person, keys, sentence_spans, stems
from secondme.memory.timex import Mention, find
from secondme.memory.timex.dates import spoken
from secondme.record import Record
from secondme.record.clock import from_ms, to_ms
from secondme.record.moments import Filter, StoredMoment

_PASSAGES = 6
"""So many tell of a day or a month."""
_DAYS = timedelta(days=2)
"""Up to so long all moments are looked at; beyond it the episodes."""
_ZONES = timedelta(hours=14)
"""By how much days of two zones may be apart."""
_LONGEST = timedelta(days=60)
"""How long an entry of a calendar may last that tells of each of its days."""
_MOST = 2000
_AHEAD = 400
_I = r"(?:I|we)"
_ASKS = re.compile(
    "|".join(
        (
            rf"what (?:did|have) {_I} (?:do|done|get up to|got up to|been doing|been up to)",
            rf"what (?:was|were|am|are) {_I} (?:doing|up to)|where (?:was|were) {_I}",
            rf"what did {_I} (?:note|note down|write|write down|record)",
            r"what (?:happened|has happened|went on|took place|(?:was|is|were) (?:going on|happening|up|new|on))"
            r"(?: to me| with me| in my life)?",
            r"what do (?:you|I) (?:know|have|remember)",
            r"how (?:was|were)(?: my)?|how did(?: my)? go",
            r"(?:summari[sz]e|sum up|recap)(?: my)?",
        )
    ),
    re.IGNORECASE,
)
_PLANNED = re.compile(
    "|".join(
        (
            rf"what (?:do|will) {_I} (?:have|do)(?: (?:on|planned|to do|coming up|ahead|in my (?:calendar|diary)))?",
            rf"what am I (?:doing|up to)|what are {_I} (?:doing|up to)",
            r"what(?: is|['’]s) (?:on|planned|coming up|ahead|up)(?: (?:for me|(?:in|on) my (?:calendar|diary)))?",
            r"what(?: is|['’]s) (?:in|on) my (?:calendar|diary)(?: for)?",
            rf"(?:do|have) {_I} (?:have |got )?(?:any|an) (?:appointments?|plans?|events?|meetings?)(?: planned)?",
            rf"(?:what|which) (?:appointments|plans|events|meetings) (?:do|have) {_I} (?:have|got)(?: planned)?",
            r"what are my (?:plans|appointments|events|meetings)(?: for)?",
        )
    ),
    re.IGNORECASE,
)
_WHOM = re.compile(
    rf"who(?:m)? (?:did|have) {_I} (?:talk|talked|speak|spoken|chat|chatted)(?: to| with)?"
    r"|who (?:wrote|talked|spoke)(?: to| with)?(?: me| us)?",
    re.IGNORECASE,
)
_TALKED = re.compile(
    rf"what (?:did|have) (?:{SUBJECT} and {_I}|{_I} and {SUBJECT}) (?:last )?(?:talk|talked|speak|spoken|chat|discuss|discussed)(?: about)?(?: last)?"
    rf"|what (?:did|have) {_I} (?:last )?(?:talk|talked|speak|spoken|chat|discuss|discussed)(?: about)? (?:with|to) {SUBJECT}(?: about)?(?: last)?",
    re.IGNORECASE,
)
_NEXT = re.compile(
    r"(?:when|what|which|(?:on )?(?:what|which) (?:day|date)|what time)(?: is|['’]s| are| will be) (?:the|my|our)"
    r" next (?P<what>[^?]+?)"
    rf"|when (?:do|will) {_I} (?:next )?(?:see|meet|visit|go to|have) (?P<whom>[^?]+?)(?: next| again)?",
    re.IGNORECASE,
)
_THING = re.compile(r"what(?: is|['’]s| are| will be)\b", re.IGNORECASE)
_ANY = frozenset(
    stems(
        "appointment date event meeting visit entry thing item calendar diary plan next with at the a an my our"
        " in on to for of what"
    )
)
_CLOCK = re.compile(r"\b(\d{1,2}:\d{2})(?:–\d{1,2}:\d{2})?\b")
_BEFORE = re.compile(r"\b(?:in|on|at|during|over|for|about|from|of)\s+$", re.IGNORECASE)
_REPEATED = re.compile(r"\. Every ")
_FIRST_PERSON = re.compile(r"\b(?:i|we|me|us|my|am)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Passage:
    """A passage of a moment that is to be told, how much it says beside the others, and the day it is of."""

    moment: StoredMoment
    start: int
    end: int
    weight: float
    day: date

    @property
    def text(self) -> str:
        return self.moment.text[self.start : self.end]

    @property
    def place(self) -> Place:
        return Place(self.moment.n, self.start, self.end)


class Period:
    """Answers about a stretch of time. `own` are the keys of the person's own names; with `until` (ms) only
    what was said before then counts, and nothing that the moments `without` say."""

    def __init__(
        self,
        record: Record,
        own: Set[str],
        now: datetime,
        until: int | None,
        without: Set[int],
    ) -> None:
        self._record = record
        self._own = own
        self._now = now
        self._until = until
        self._without = without

    def __call__(self, question: str) -> Known | None:
        """The answer, if the question asks for a stretch of time and nothing else, or for what is next."""
        text = without_opening(question)
        if not self._own and _FIRST_PERSON.search(text):
            return None
        if match := _NEXT.fullmatch(text):
            return self._next(match["what"] or match["whom"], when=not _THING.match(text))
        times = find(text, self._now)
        if len(times) != 1:
            return None
        time, rest = times[0], _without(text, times[0])
        if _WHOM.fullmatch(rest):
            return self._whom(time)
        ahead = time.until > self._now and bool(_PLANNED.fullmatch(rest))
        if not ahead and not _ASKS.fullmatch(rest):
            return None
        short = time.until - time.since <= _DAYS
        found = self._of_days(time) if short and not ahead else self._of_events(time)
        if not short and not ahead:
            found += self._of_episodes(time)
        if not found:
            return Known(text[time.start : time.end], (), 0.0)
        return self._told(
            _spread(found, time) if not short and not ahead else found, dated=not short
        )

    def talked(
        self, keys_of: Callable[[str], Set[str]], said_by: SaidBy, asked: Asked
    ) -> Known | None:
        """What the person and another talked about in a stretch of time, or else on the day of the last word.
        `keys_of` gives the keys of an entity's names, `said_by` its newest message of a span."""
        theirs = keys_of(asked.person)
        if theirs & self._own or not any(_TALKED.fullmatch(text) for text in texts_of(asked)):
            return None
        if asked.time is not None:
            since, until = asked.time.since, asked.time.until
        else:
            newest = said_by(asked.person, -(2**62), self._end(self._now), True)
            if newest is None:
                return None
            since = newest.time.replace(hour=0, minute=0, second=0, microsecond=0)
            until = since + timedelta(days=1)
        moments = self._between(since, until)
        talks = {
            (m.item_id, m.session) for m in moments if m.speaker and key_of(m.speaker) in theirs
        }
        found = self._sentences([m for m in moments if (m.item_id, m.session) in talks])
        dated = asked.time is None or until - since > _DAYS
        return self._told(found, dated=dated, talk=True) if found else None

    # what there was

    def _told(self, found: Sequence[_Passage], *, dated: bool, talk: bool = False) -> Known:
        """The weightiest passages in the order of time, those of a moment together."""
        best = sorted(found, key=lambda p: -p.weight)[:_PASSAGES]
        by_moment: dict[int, list[_Passage]] = {}
        for passage in sorted(best, key=lambda p: (p.day, p.moment.ms, p.moment.seq, p.start)):
            by_moment.setdefault(passage.moment.n, []).append(passage)
        lines = [
            f"{self._line(passages, dated=dated, talk=talk)} [{n}]"
            for n, passages in enumerate(by_moment.values(), 1)
        ]
        places = tuple(passages[0].place for passages in by_moment.values())
        return Known("\n".join(lines), places, 0.9)

    def _line(self, passages: Sequence[_Passage], *, dated: bool, talk: bool) -> str:
        """What a moment says, with who says it, if not the person or in a talk, and its day."""
        moment = passages[0].moment
        said = clipped(" ".join(p.text for p in passages).removeprefix("Event: "), 2 * QUOTE)
        if moment.speaker and (talk or not self._mine(moment)):
            said = f"{'You' if self._mine(moment) else moment.speaker}: “{said}”"
        return f"{spoken(passages[0].day)}: {said}" if dated else said

    def _of_days(self, time: Mention) -> list[_Passage]:
        """Sentences of a day or two: what was noted then and what the calendar has before what was said."""
        return self._sentences([*self._over(time), *self._between(time.since, time.until)])

    def _sentences(self, moments: Sequence[StoredMoment]) -> list[_Passage]:
        """The sentences of moments: what sums up their episodes, and long ones, before the others."""
        telling = self._summed([m.n for m in moments])
        passages = []
        for moment in moments:
            for start, end in _spans(moment)[:8]:
                said = moment.text[start:end]
                weight = telling.get((moment.n, said), 0.0) + len(keys(said)) / 30
                weight += 1.0 if moment.speaker is None else 0.0
                passages.append(_Passage(moment, start, end, weight, moment.time.date()))
        return passages

    def _over(self, time: Mention) -> list[StoredMoment]:
        """Entries of the calendar that began before a day and last beyond its beginning."""
        first = to_ms(time.since)
        numbers = self._record.times.over(first, to_ms(time.since - _LONGEST))
        moments = self._record.moments.by_number(numbers)
        span = Filter(since=-(2**62), until=self._end(time.until))
        return [
            m
            for m in moments.values()
            if is_entry(m)
            and m.ms < first
            and self._counts(m, span)
            and not _REPEATED.search(m.text)
        ]

    def _of_events(self, time: Mention) -> list[_Passage]:
        """What the calendar has, and what was told before of days that are ahead."""
        first, last = time.since.date(), (time.until - timedelta(seconds=1)).date()
        mentions = self._record.times.ahead(to_ms(time.since - _ZONES), _AHEAD)
        moments = self._record.moments.by_number([n for n, _ in mentions])
        span = Filter(since=-(2**62), until=self._end(time.until))
        found = {}
        for n, mention in mentions:
            moment = moments[n]
            day = from_ms(mention.from_ms, moment.zone).date()
            event = is_entry(moment)
            told = event or moment.time <= self._now < time.since + _ZONES
            if first <= day <= last and told and self._counts(moment, span):
                start, end = _sentence(moment, mention.start)
                found[n] = _Passage(moment, start, end, 1.5 if event else 1.0, day)
        return [passage for passage in found.values() if passage.end]

    def _of_episodes(self, time: Mention) -> list[_Passage]:
        """The two most telling passages of each episode, and the first three sentences of what none sums up."""
        span = Filter(since=to_ms(time.since), until=self._end(time.until))
        episodes = {e.n: e.moments for e in self._record.episodes.find(span, _MOST)}
        told = self._record.episodes.summaries(list(episodes))
        found = [
            self._weighed(
                passage.moment, passage.moment.text.find(passage.text), passage.text, size
            )
            for n, size in episodes.items()
            for passage in told.get(n, [])[:2]
        ]
        numbers = self._record.moments.matching(span, _MOST)
        held = self._record.episodes.holding(numbers)
        alone = [n for n in numbers if held.get(n) not in told]
        for moment in self._record.moments.by_number(alone).values():
            if not is_entry(moment):
                for start, end in _spans(moment)[:3]:
                    found.append(self._weighed(moment, start, moment.text[start:end], 1))
        found = [passage for passage in found if self._counts(passage.moment, span)]
        return [p for p in found if not p.text.startswith("Subject: ")] or found

    def _weighed(self, moment: StoredMoment, start: int, said: str, size: int) -> _Passage:
        """A passage of one of so many moments: what was noted, in whole sentences, of oneself counts most."""
        weight = size**0.5 * (2.0 if moment.speaker is None else 1.0)
        weight *= min(1.0, len(keys(said)) / 8) * (1.5 if first_person(said) else 1.0)
        return _Passage(moment, start, start + len(said), weight, moment.time.date())

    def _summed(self, numbers: Sequence[int]) -> dict[tuple[int, str], float]:
        """How telling sentences are, by the summaries of the episodes that moments are in: 1 at most."""
        episodes = set(self._record.episodes.holding(numbers).values())
        return {
            (told.moment.n, told.text): 1 / (1 + place)
            for passages in self._record.episodes.summaries(sorted(episodes)).values()
            for place, told in enumerate(passages)
        }

    def _between(self, since: datetime, until: datetime) -> list[StoredMoment]:
        span = Filter(since=to_ms(since), until=self._end(until))
        if span.until is None or span.since is None or span.since >= span.until:
            return []
        found = self._record.moments.between(span.since, span.until)[:_MOST]
        return [m for m in found if self._counts(m, span)]

    def _end(self, until: datetime) -> int:
        return min(to_ms(until), 2**62 if self._until is None else self._until)

    def _counts(self, moment: StoredMoment, span: Filter) -> bool:
        inside = (span.since or 0) <= moment.ms < (span.until or 0)
        return inside and moment.tells and moment.n not in self._without

    # whom one spoke to

    def _whom(self, time: Mention) -> Known | None:
        first: dict[str, StoredMoment] = {}
        moments = self._between(time.since, time.until)
        here = {(m.item_id, m.session) for m in moments if self._mine(m)}
        for moment in moments:
            if (
                moment.speaker
                and not self._mine(moment)
                and (moment.item_id, moment.session) in here
            ):
                first.setdefault(moment.speaker, moment)
        if not first:
            return None
        places = tuple(Place(m.n, 0, len(m.text)) for m in first.values())
        return Known(", ".join(first), places, 0.9)

    def _mine(self, moment: StoredMoment) -> bool:
        return moment.speaker is not None and key_of(moment.speaker) in self._own

    # what is next

    def _next(self, what: str, *, when: bool) -> Known | None:
        """The first day ahead that is named together with what is asked for: when it is, or what is said of
        it. Of anything at all only the calendar tells."""
        wanted = keys(what) - _ANY
        today = self._now.replace(hour=0, minute=0, second=0, microsecond=0)
        ahead = self._record.times.ahead(to_ms(today), _AHEAD)
        moments = self._record.moments.by_number([n for n, _ in ahead])
        for n, time in ahead:
            moment = moments[n]
            event = is_entry(moment)
            if not moment.tells or n in self._without or not (event or wanted):
                continue
            if moment.ms > to_ms(self._now) and not event:
                continue
            start, end = _sentence(moment, time.start)
            said = moment.text[start:end]
            if end and wanted <= keys(said):
                day = spoken(from_ms(time.from_ms, moment.zone).date())
                clock = _CLOCK.search(said) if event else None
                told = f"{day}, {clock[1]}" if clock else day
                told = told if when else clipped(said.removeprefix("Event: "), QUOTE)
                return Known(told, (Place(n, start, end),), 0.9)
        return None


def is_entry(moment: StoredMoment) -> bool:
    """Whether it is an entry of a calendar."""
    return moment.text.startswith("Event: ")


def _spans(moment: StoredMoment) -> list[tuple[int, int]]:
    """The sentences of a moment; an entry of a calendar is one."""
    return [(0, len(moment.text))] if is_entry(moment) else sentence_spans(moment.text)


def _sentence(moment: StoredMoment, at: int) -> tuple[int, int]:
    """The sentence that holds this character; (0, 0) if there is none."""
    return next((span for span in _spans(moment) if span[0] <= at < span[1]), (0, 0))


def _spread(found: Sequence[_Passage], time: Mention) -> list[_Passage]:
    """The weightiest passage of each part of a time, where there are more than are told."""
    if len(found) <= _PASSAGES:
        return list(found)
    best: dict[int, _Passage] = {}
    for passage in found:
        part = int((passage.moment.time - time.since) / (time.until - time.since) * _PASSAGES)
        if part not in best or best[part].weight < passage.weight:
            best[part] = passage
    return list(best.values())


def _without(text: str, time: Mention) -> str:
    """A question without the time that it names, and without the preposition before that."""
    return " ".join(f"{_BEFORE.sub('', text[: time.start])} {text[time.end :]}".split())
