"""What there was on a day, in a week or a month, what is ahead, and whom one spoke to then."""

# ruff: noqa: E501 - a way to ask on a line

from __future__ import annotations

import re
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from secondme.memory.check import QUOTE
from secondme.memory.facts.reading import key_of
from secondme.memory.known.asking import SUBJECT, Asked, texts_of
from secondme.memory.known.contact import SaidBy
from secondme.memory.known.diary import Diary, Search, is_entry
from secondme.memory.known.naming import NamedTime, Span, one_time, rests
from secondme.memory.known.values import Known, Place, whole
from secondme.memory.known.wording import I_OR_WE as _I
from secondme.memory.terms import clipped, first_person, keys, sentence_spans, stems
from secondme.memory.timex.dates import spoken
from secondme.memory.timex.events import event_in
from secondme.record import Record
from secondme.record.clock import to_ms
from secondme.record.moments import Filter, StoredMoment
from secondme.wording import counted

_PASSAGES = 6
"""So many tell of a day or a month."""
_DAYS = timedelta(days=2)
"""Up to so long all moments are looked at; beyond it the episodes."""
_MOST = 2000
_ASKS = re.compile(
    "|".join(
        (
            rf"what (?:did|have) {_I} (?:do|done|get up to|got up to|been doing|been up to)",
            rf"what (?:was|were|am|are) {_I} (?:doing|up to)|where (?:was|were) {_I}",
            rf"where did {_I} (?:spend|sleep|stay|go)",
            rf"what did {_I} (?:note|note down|write|write down|record)",
            r"what (?:happened|has happened|went on|took place|(?:was|is|were) (?:going on|happening|up|new|on))"
            r"(?: to me| with me| in my life)?",
            r"what do (?:you|I) (?:know|have|remember)",
            r"what(?: was| is|['’]s) (?:in|on) my (?:calendar|diary)(?: for)?",
            r"how (?:was|were)(?: my)?|how did(?: my)? go",
            r"(?:summari[sz]e|sum up|recap)(?: my)?",
        )
    ),
    re.IGNORECASE,
)
_PLANNED = re.compile(
    "|".join(
        (
            rf"what (?:do|will|have) {_I} (?:have|got|do)(?: (?:on|planned|to do|coming up|ahead|in my (?:calendar|diary)))?",
            rf"what am I (?:doing|up to)|what are {_I} (?:doing|up to)",
            r"what(?: is|['’]s) (?:on|planned|coming up|ahead|up)(?: (?:for me|(?:in|on) my (?:calendar|diary)))?",
            r"what(?: is|['’]s) (?:in|on) my (?:calendar|diary)(?: for)?",
            rf"(?:do|have) {_I} (?:have |got )?(?:any|an) (?:appointments?|plans?|events?|meetings?)(?: planned)?",
            rf"(?:what|which) (?:appointments|plans|events|meetings) (?:do|have) {_I} (?:have|got)(?: planned)?",
            r"what are my (?:plans|appointments|events|meetings)(?: for)?",
            r"(?:(?:is there|are there|have I|do I have) )?(?:anything|something)(?: (?:on|planned|coming up|ahead|(?:in|on) (?:my|the) (?:calendar|diary)))*(?: for)?",
        )
    ),
    re.IGNORECASE,
)
_WHOM = re.compile(
    rf"who(?:m)? (?:did|have) {_I} (?:talk|talked|speak|spoken|chat|chatted)(?: to| with)?"
    rf"|who(?:m)? (?:was|were) {_I} (?:talking|speaking|chatting|writing|texting)(?: to| with)?"
    r"|who (?:wrote|talked|spoke|e-?mailed|mailed|texted|messaged|called)(?: to| with)?(?: me| us)?",
    re.IGNORECASE,
)
_LAST_FROM = re.compile(
    r"who (?:was|is) the last (?:one|person)(?: to| who| that) (?:write|wrote|send|sent|mail|text|message)\w*(?: to)? me(?: an? [\w-]+)?"
    r"|who (?:last )?(?:wrote|sent|mailed|e-?mailed|texted|messaged)(?: to)? me(?: an? [\w-]+)?(?: last)?",
    re.IGNORECASE,
)
_RECENT = timedelta(days=90)
_TALKED = re.compile(
    rf"what (?:did|have) (?:{SUBJECT} and {_I}|{_I} and {SUBJECT}) (?:last )?(?:talk|talked|speak|spoken|chat|discuss|discussed)(?: about)?(?: last)?"
    rf"|what (?:did|have) {_I} (?:last )?(?:talk|talked|speak|spoken|chat|discuss|discussed)(?: about)? (?:with|to) {SUBJECT}(?: about)?(?: last)?",
    re.IGNORECASE,
)
_NEXT = tuple(
    (asks, re.compile(pattern, re.IGNORECASE))
    for asks, pattern in (
        (
            "long",
            r"how (?:many days|many weeks|long)(?: is it| are there| is there| do (?:I|we) have)? (?:till|until|to|before) (?:the |my |our )?(?P<what>[^?]+)",
        ),
        ("what", r"(?:what|which)(?: is|['’]s| are| will be) (?:the|my|our) next (?P<what>[^?]+)"),
        (
            "when",
            r"(?:when|(?:on )?(?:what|which) (?:day|date)|what time)(?: is|['’]s| are| will be) (?:the|my|our) next (?P<what>[^?]+)",
        ),
        (
            "when",
            rf"when (?:do|will) {_I} (?:next )?(?:see|meet|visit|go to|have) (?P<what>[^?]+?)(?: next| again)?",
        ),
    )
)
_ANY = frozenset(
    stems(
        "appointment date event meeting visit entry thing item calendar diary plan next with at the a an my our"
        " rehearsal practice session class lesson course"
        " in on to for of what"
    )
)
_FIRST_PERSON = re.compile(r"\b(?:i|we|me|us|my|am)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Passage:
    """A passage of a moment that is to be told, how much it says beside the others, and the day it is of."""

    moment: StoredMoment
    start: int
    end: int
    weight: float
    day: date
    said: str = ""

    @property
    def text(self) -> str:
        return self.said or self.moment.text[self.start : self.end]

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
        search: Search,
    ) -> None:
        self._record = record
        self._search = search
        self._own = own
        self._now = now
        self._until = until
        self._without = without
        self._diary = Diary(record, now, 2**62 if until is None else until, without)

    def __call__(self, question: str) -> Known | None:
        """The answer, if the question asks for a stretch of time and nothing else, or for what is next."""
        if not self._own and _FIRST_PERSON.search(question):
            return None
        for asks, pattern in _NEXT:
            if match := pattern.fullmatch(question):
                return self._next(match["what"], asks=asks)
        if _LAST_FROM.fullmatch(question):
            return self._last_from()
        named = one_time(question, self._now) or self._from_entry(question)
        if named is None:
            return None
        time, words, ways = named
        if any(_WHOM.fullmatch(way) for way in ways):
            return self._whom(time)
        ahead = time.until > self._now and any(_PLANNED.fullmatch(way) for way in ways)
        if not ahead and not any(_ASKS.fullmatch(way) for way in ways):
            return None
        short = time.until - time.since <= _DAYS
        found = self._of_days(time) if short and not ahead else self._of_diary(time)
        if not short and not ahead:  # of a month, what repeats says little
            found = [p for p in found if p.day == p.moment.time.date()] + self._of_episodes(time)
        if not found:
            return Known(words, (), 0.0)
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

    def _from_entry(self, question: str) -> NamedTime | None:
        """The time that a question counts from something in the calendar: "the week after the wedding"."""
        event = event_in(question)
        if event is None:
            return None
        ways = rests(question, event.start, event.end)
        # The calendar is looked through only for what can be answered then.
        if not any(asks.fullmatch(way) for asks in (_WHOM, _PLANNED, _ASKS) for way in ways):
            return None
        when = self._diary.named(event.words, self._search)
        if when is None:
            return None
        try:
            time = Span(*event.around(*when))
        except OverflowError:
            return None
        return time, question[event.start : event.end], ways

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

    def _of_days(self, time: Span) -> list[_Passage]:
        """Sentences of a day or two: what was noted then and what the calendar has before what was said."""
        moments = [*self._diary.over(time.since), *self._between(time.since, time.until)]
        held = {moment.n for moment in moments}
        return [
            *self._sentences(moments),
            *(p for p in self._of_diary(time) if is_entry(p.moment) and p.moment.n not in held),
        ]

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

    def _of_diary(self, time: Span) -> list[_Passage]:
        """What the calendar has, and what was told before of days that are ahead."""
        return [
            _Passage(d.moment, d.start, d.end, 1.5 if is_entry(d.moment) else 1.0, d.day, d.said)
            for d in self._diary.on(time.since, time.until)
        ]

    def _of_episodes(self, time: Span) -> list[_Passage]:
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

    def _whom(self, time: Span) -> Known | None:
        first: dict[str, StoredMoment] = {}
        moments = self._between(time.since, time.until)
        here = {(m.item_id, m.session) for m in moments if self._mine(m)}
        for moment in moments:
            mine = (moment.item_id, moment.session) in here or "from" in moment.meta
            if moment.speaker and not self._mine(moment) and mine:
                first.setdefault(moment.speaker, moment)
        if not first:
            return None
        places = tuple(whole(m) for m in first.values())
        return Known(", ".join(first), places, 0.9)

    def _last_from(self) -> Known | None:
        """Who wrote last, and when."""
        for moment in reversed(self._between(self._now - _RECENT, self._now)):
            if moment.speaker and not self._mine(moment):
                told = f"{moment.speaker}, on {spoken(moment.time.date())}"
                return Known(told, (whole(moment),), 0.9)
        return None

    def _mine(self, moment: StoredMoment) -> bool:
        return moment.speaker is not None and key_of(moment.speaker) in self._own

    # what is next

    def _next(self, what: str, *, asks: str) -> Known | None:
        """The first day ahead that is named together with what is asked for: when it is, in how many days, or
        what is said of it."""
        found = self._diary.next(keys(what) - _ANY)
        if found is None:
            return None
        place = Place(found.moment.n, found.start, found.end)
        if asks == "what":
            return Known(clipped(found.said, QUOTE), (place,), 0.9)
        day = ", ".join(filter(None, (spoken(found.day), found.clock)))
        if asks == "long":
            left = (found.day - self._now.date()).days
            day = f"{counted(left, 'day')}, on {day}" if left else f"today, {day}"
        return Known(day, (place,), 0.9)


def _spans(moment: StoredMoment) -> list[tuple[int, int]]:
    """The sentences of a moment; an entry of a calendar is one."""
    return [(0, len(moment.text))] if is_entry(moment) else sentence_spans(moment.text)


def _spread(found: Sequence[_Passage], time: Span) -> list[_Passage]:
    """The weightiest passage of each part of a time, where there are more than are told."""
    if len(found) <= _PASSAGES:
        return list(found)
    best: dict[int, _Passage] = {}
    for passage in found:
        part = int((passage.moment.time - time.since) / (time.until - time.since) * _PASSAGES)
        if part not in best or best[part].weight < passage.weight:
            best[part] = passage
    return list(best.values())
