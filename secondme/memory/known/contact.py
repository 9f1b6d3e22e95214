"""When somebody was last or first heard from or spoken to, and what they wrote: told by who speaks when."""

# ruff: noqa: E501 - a way to ask on a line

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from secondme.memory.check import QUOTE
from secondme.memory.known.asking import SUBJECT, Asked, texts_of
from secondme.memory.known.events import Deed, times_told
from secondme.memory.known.values import Known, Place, length, whole
from secondme.memory.known.wording import I_OR_WE as _I
from secondme.memory.known.wording import ways
from secondme.memory.terms import clipped
from secondme.memory.timex.dates import spoken
from secondme.record.clock import to_ms
from secondme.record.moments import StoredMoment

SaidBy = Callable[[str, int, int, bool], StoredMoment | None]
"""The newest or oldest message of an entity from one time (ms) to another."""
DeedsOf = Callable[[str, str], Iterable[Deed]]

_FOREVER = 2**62
_SPEAKING = r"(?:speak|spoken|spoke|talk(?:ed)?|chat(?:ted)?)(?: to| with)?"
_TOUCH = rf"(?:{_SPEAKING}|(?:be|been|was|were) in (?:touch|contact) with|(?:have|had) (?:contact|a chat) with)"
_HEARING = r"(?:(?:hear|heard)(?: anything| something)?|(?:get|got|gotten|receive[d]?) (?:an? )?(?:\w+ )?(?:e-?mail|mail|message|letter|text|news)) from"
_WRITING = r"(?:write|wrote|written|text(?:ed)?|e?-?mail(?:ed)?|message[d]?|contact(?:ed)?|reply|replied|answer(?:ed)?|speak|spoke|talk(?:ed)?|call(?:ed)?|get in touch(?: with)?)(?: to| with)?"
_LETTER = r"(?:e-?mail|mail|message|letter|text|note|answer|reply)"
_ME = r"(?: me| us| back| anything| something)?"
_END = r"(?P<which>last|first)"
_LASTLY = rf"(?:for )?(?:the )?{_END}(?: time)?"
_WHEN = r"(?:when|how long ago|(?:on )?(?:what|which) (?:day|date))"
_TIME = rf"{_WHEN} (?:was|is) the {_END} time(?: that)?"
_SUBJECT = re.compile(r"\ASubject: (.*)\s+")
_LONG = re.compile("how long", re.IGNORECASE)
_SINCE = r"how long (?:is it|['’]?s it been|has it been|was it)? ?since"
_SEEING = r"(?:see|seen|saw|meet|met|visit(?:ed)?|(?:go|went|been) to(?: see)?|(?:was|been|were|be) (?:at|with))"
_Side = Literal["theirs", "either", "words", "news", "seen", "often"]
_ASKS: tuple[tuple[_Side, tuple[re.Pattern[str], ...]], ...] = (
    (
        "theirs",
        ways(
            rf"{_WHEN} (?:did|have) {_I} {_END} {_HEARING} {SUBJECT}",
            rf"{_WHEN} (?:did|have) {_I} {_HEARING} {SUBJECT} {_LASTLY}",
            rf"{_WHEN} (?:did|has) {SUBJECT} {_END} {_WRITING}{_ME}",
            rf"{_WHEN} (?:did|has) {SUBJECT} {_WRITING}{_ME} {_LASTLY}",
            rf"{_TIME} {_I} {_HEARING} {SUBJECT}",
            rf"{_TIME} {SUBJECT} {_WRITING}{_ME}",
            rf"{_SINCE} {_I} (?:last )?{_HEARING} {SUBJECT}",
            rf"{_SINCE} {SUBJECT} (?:last )?{_WRITING}{_ME}",
            rf"{_WHEN} (?:was|is) {SUBJECT} {_END} {_LETTER}(?: to{_ME}| from {_I})?",
        ),
    ),
    (
        "either",
        ways(
            rf"{_WHEN} (?:did|have) {_I} {_END} {_TOUCH} {SUBJECT}",
            rf"{_WHEN} (?:did|have) {_I} {_TOUCH} {SUBJECT} {_LASTLY}",
            rf"{_TIME} {_I} {_TOUCH} {SUBJECT}",
            rf"{_SINCE} {_I} (?:last )?{_TOUCH} {SUBJECT}",
        ),
    ),
    (
        "words",
        ways(
            rf"what did {SUBJECT} (?P<which>last) (?:write|say|tell|text|mail)(?: to)?{_ME}",
            rf"what did {SUBJECT} (?:write|say|tell|text|mail)(?: to)?{_ME} (?:the )?(?P<which>last)(?: time)?",
            rf"what did {SUBJECT} (?:write|say)(?: to)?{_ME} in (?:his|her|their|the) (?P<which>last|latest|newest|first) {_LETTER}",
            rf"what (?:was|is|['’]s) {SUBJECT} (?P<which>last|latest|newest|first) {_LETTER}(?: to{_ME}| about)?",
            rf"what (?:was|is|['’]s) the (?P<which>last|latest|first) (?:thing|{_LETTER})(?: that| which)? {SUBJECT} (?:said|wrote|told|sent|texted)(?: to)?{_ME}",
            rf"what (?:was|is|['’]s) in {SUBJECT} (?P<which>last|latest|newest|first) {_LETTER}(?: to{_ME})?",
        ),
    ),
    (
        "news",
        ways(
            rf"(?:(?:is|are) there )?(?:any )?(?:new |recent |latest )?news (?:from|of|about) {SUBJECT}",
            rf"what(?: is|['’]s) (?:new|up|the latest)(?: news)? (?:with|from|on) {SUBJECT}",
            rf"how is {SUBJECT}(?: doing| getting on)?(?: now| these days| at the moment)?",
        ),
    ),
    (
        "seen",
        ways(
            rf"{_WHEN} (?:was|were) {_I} {_END} (?:at|with|to see) {SUBJECT}",
            rf"{_WHEN} (?:did|have) {_I} {_END} {_SEEING} {SUBJECT}",
            rf"{_WHEN} (?:did|have) {_I} {_SEEING} {SUBJECT} {_LASTLY}",
            rf"{_TIME} {_I} {_SEEING} {SUBJECT}",
            rf"{_SINCE} {_I} (?:last )?{_SEEING} {SUBJECT}",
        ),
    ),
    (
        "often",
        ways(
            rf"how (?:often|many times|frequently) (?:did|have) {_I} {_SEEING} {SUBJECT}",
        ),
    ),
)
"""What a question asks for: messages of theirs, words with them, what they wrote, news, when or how often seen."""
_NOTED: dict[_Side, tuple[str, ...]] = {
    "either": ("spoke", "talked", "phoned", "telephoned", "chatted"),
    "seen": ("saw", "met", "visited"),
    "often": ("saw", "met", "visited"),
}
"""Verbs by which somebody notes that they have spoken to another, or seen them."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is asked for: whose messages count, whether the first or the last, and whether its words."""

    side: _Side
    last: bool


class Contact:
    """Answers from who said something when. `said_by` finds messages of somebody, `deeds` what the person
    tells of having done, `entries` those of a calendar that name somebody; `name` gives an entity's name;
    `me` is the person whose memory this is."""

    def __init__(
        self,
        said_by: SaidBy,
        deeds: DeedsOf,
        entries: Callable[[str], Iterable[StoredMoment]],
        name: Callable[[str], str],
        me: str | None,
        now: datetime,
    ) -> None:
        self._said_by = said_by
        self._deeds = deeds
        self._entries = entries
        self._name = name
        self._me = me
        self._now = now

    def __call__(self, asked: Asked) -> Known | None:
        """The answer, if the question asks for the first or the last word with somebody else, or when they
        were seen."""
        wanted = next((w for text in texts_of(asked) if (w := _wanted(text))), None)
        if wanted is None or asked.person == self._me:
            return None
        since, until = datetime.min.date(), self._now.date()
        if asked.time is not None:
            last = (asked.time.until - timedelta(seconds=1)).date()
            since, until = asked.time.since.date(), min(until, last)
        found = [each for each in self._found(asked, wanted) if since <= each[0] <= until]
        if not found:
            what = f"a message from {self._name(asked.person)}"
            return Known(what, (), 0.0) if wanted.side in ("theirs", "words") else None
        if wanted.side == "often":
            return self._often(asked, found)
        day, moment, place = (max if wanted.last else min)(found, key=lambda each: each[0])
        if wanted.side in ("words", "news") and moment is not None:
            when = f"{spoken(day)}: " if wanted.side == "news" else ""
            text = clipped(_SUBJECT.sub(r"\1: ", moment.text), QUOTE)
            return Known(f"{when}“{text}”", (place,), 0.9)
        return Known(self._told(asked, day), (place,), 0.9)

    def _found(
        self, asked: Asked, wanted: _Wanted
    ) -> Iterator[tuple[date, StoredMoment | None, Place]]:
        """Each day that counts, with the message where it is one, and where it stands."""
        moments: list[StoredMoment] = []
        if wanted.side in ("seen", "often"):
            moments = list(self._entries(asked.person))
        else:
            since, until = -_FOREVER, to_ms(self._now) + 1
            if asked.time is not None:
                since, until = to_ms(asked.time.since), min(until, to_ms(asked.time.until))
            message = self._said_by(asked.person, since, until, wanted.last)
            moments = [] if message is None else [message]
        for moment in moments:
            yield moment.time.date(), moment, whole(moment)
        for verb in _NOTED.get(wanted.side, ()):
            for name in (self._name(asked.person).split(" ")[0], *asked.kin[-1:]):
                for deed in self._deeds(f"{verb} {name}", self._me or ""):
                    if deed.exact:
                        yield deed.day, None, deed.place

    def _often(
        self, asked: Asked, found: Sequence[tuple[date, StoredMoment | None, Place]]
    ) -> Known:
        """On how many days."""
        by_day = {day: place for day, _, place in sorted(found, key=lambda each: each[0])}
        many = "many" in asked.text.lower()
        count = str(len(by_day)) if many else times_told(len(by_day))
        return Known(count, tuple(by_day.values()), 0.9)

    def _told(self, asked: Asked, day: date) -> str:
        """The day, or how long ago that is where that is asked for."""
        if not _LONG.match(asked.text):
            return spoken(day)
        today = self._now.date()
        return "today" if day == today else f"{length(day, today)} ago, on {spoken(day)}"


def _wanted(text: str) -> _Wanted | None:
    for side, patterns in _ASKS:
        for pattern in patterns:
            if match := pattern.fullmatch(text):
                return _Wanted(side, (match.groupdict().get("which") or "last") != "first")
    return None
