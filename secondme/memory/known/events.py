"""What moments tell of deeds: how often, the first and the last time, which came first, how long between.

A deed is what one sentence of the person says of themselves, with all that the question names in it, as
done: not asked, wished, denied or planned. Its day is the one that the sentence names, or its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from secondme.memory.known.asking import SUBJECT, Asked
from secondme.memory.known.diary import Search
from secondme.memory.known.values import Known, Place
from secondme.memory.terms import clauses, first_person, keys, negated, sentences, stems, undone
from secondme.memory.timex import find
from secondme.memory.timex.dates import spoken
from secondme.record.moments import StoredMoment

_MOST = 400
"""Moments looked at for one deed; with more the record is left to the reader."""
_OFTEN = re.compile(
    r"\b(?:how often|how many times|on how many (?:occasions|days)|how frequently)\b"
    r"(?! do(?:es)?\b| is\b| are\b)",
    re.IGNORECASE,
)
_LAST = re.compile(
    rf"\b(?:for the last time|last time|most recent(?:ly)?|latest)\b|(?<={SUBJECT} )last\b|(?<!the )\blast$",
    re.IGNORECASE,
)
_FIRST = re.compile(
    rf"\b(?:for the first time|first time|earliest)\b|(?<={SUBJECT} )first\b|(?<!the )\bfirst$",
    re.IGNORECASE,
)
_ASKER = re.compile(r"\b(?:I|me)\b")
_WHEN = re.compile(r"^\W*(?:when|(?:on )?(?:what|which)\b.*?\b(?:day|date|time))\b", re.IGNORECASE)
_SIDES = re.compile(
    r"^(?:did|was|were|had) (?P<a>.+?) (?P<how>before or after|after or before|earlier or later than"
    r"|later or earlier than|sooner or later than) (?P<b>.+)$",
    re.IGNORECASE,
)
_CHOICE = re.compile(
    r"^(?:what|which)\b(?P<head>.*?\b(?:first|earlier|sooner|last|later|latest|earliest)\b[^,:@]*?)"
    rf"(?:[,:]\s*|\s+(?=that\b)|(?=\s{SUBJECT}))(?:that )?(?P<a>.+?),? or (?:that )?(?P<b>.+)$",
    re.IGNORECASE,
)
_BETWEEN = (
    r"\bbetween (?P<a>.+?) and (?P<b>.+?)(?:,? in days| in weeks)?$",
    r"\b(?:days?|weeks?|months?|long) after (?P<a>.+?) (?:did|was|until) (?P<b>.+)$",
    r"\bfrom (?:when |the day )?(?P<a>.+?) (?:until|till|to when|to) (?P<b>.+)$",
    r"^after (?P<a>.+?), how (?:many|much|long)\b.*?\b(?:until|till|before) (?P<b>.+)$",
    r"\b(?:days?|weeks?|months?|long) before (?P<b>.+?) (?:did|was|were) (?P<a>.+)$",
)
_LENGTH = re.compile(r"\bhow (?:many (?:days|weeks|months)|long|much time)\b", re.IGNORECASE)
_OTHERS = re.compile(
    r"\W*(?:(?i:where|when|that|who|which|because|as|how|and|but|while|after|before)\s+)?"
    r"(?:[A-ZÀ-Þ]\w+|(?i:he|she|they|you)\b)\s+(?!and (?:I|me)\b)[a-z]"
)
"""A clause that begins with somebody other than who speaks."""
_META = frozenset(
    stems(
        "when what which how many time times day days date week weeks occasion happen happened come came"
        " first last earlier later earliest latest most recent altogether total these were go went by"
        " passed year month between go get got day week pass during event events that do did done"
    )
) | {SUBJECT}


@dataclass(frozen=True, slots=True)
class Deed:
    """Once that somebody did something: the day, and where it is said; not `exact` where only a longer
    time is named, which begins with that day."""

    day: date
    place: Place
    exact: bool = True


class Events:
    """Answers from deeds. `search` finds moments by words, best first."""

    def __init__(
        self,
        search: Search,
        said_by: Callable[[Sequence[int], str], Sequence[StoredMoment]],
    ) -> None:
        """`said_by` gives those of the moments with these numbers that an entity said."""
        self._search = search
        self._said_by = said_by

    def __call__(self, asked: Asked) -> Known | None:
        """The answer, if the question asks for deeds and moments tell them all."""
        text = asked.text
        if _ASKER.search(text):  # "the last time I saw Ann" is no deed of hers
            return None
        return (
            self._compared(asked, _SIDES.match(text))
            or self._between(asked)
            or self._compared(asked, _CHOICE.match(text))
            or self._single(asked)
        )

    def _single(self, asked: Asked) -> Known | None:
        """How often, when first, when last."""
        often = _OFTEN.search(asked.text)
        when = _WHEN.search(asked.text)
        last, first = _LAST.search(asked.text), _FIRST.search(asked.text)
        if not often and not (when and (last or first)):
            return None
        deeds = self.deeds(asked.text, asked.person)
        if asked.time is not None:
            since, until = asked.time.since.date(), asked.time.until
            deeds = [d for d in deeds if since <= d.day <= (until - timedelta(seconds=1)).date()]
        if not deeds:
            return None
        if often:
            count = str(len(deeds))
            return _known(
                count if "many" in often.group().lower() else times_told(len(deeds)), deeds
            )
        chosen = deeds[-1] if last else deeds[0]
        if not chosen.exact:
            return None
        return _known(spoken(chosen.day), [chosen])

    def _compared(self, asked: Asked, match: re.Match[str] | None) -> Known | None:
        """Which of two came first, or whether one was before the other."""
        if match is None:
            return None
        first, second = (self.deeds(match[side], asked.person) for side in "ab")
        if not first or not second:
            return None
        one, other = first[0], second[0]
        if one.day == other.day or not (one.exact and other.exact):
            return None
        if "how" in match.re.groupindex:
            word = re.split(r" or | than", match["how"].lower())
            early, late = ("before", "after") if "before" in word else ("earlier", "later")
            return _known(early if one.day < other.day else late, [one, other])
        later = bool(re.search(r"\b(?:last|later|latest)\b", match["head"], re.IGNORECASE))
        pick = (one.day > other.day) is later
        phrase = match["a"] if pick else match["b"]
        chosen = one if pick else other
        told = f"{_phrase(phrase)}, on {spoken(chosen.day)}"
        return _known(told, [chosen, other if pick else one])

    def _between(self, asked: Asked) -> Known | None:
        length = _LENGTH.search(asked.text)
        if not length:
            return None
        for pattern in _BETWEEN:
            match = re.search(pattern, asked.text, re.IGNORECASE)
            if match is None:
                continue
            first, second = (self.deeds(match[side], asked.person) for side in "ab")
            if first and second and first[0].exact and second[0].exact:
                days = abs((second[0].day - first[0].day).days)
                weeks = "week" in length.group().lower()
                amount, unit = (round(days / 7), "week") if weeks else (days, "day")
                return _known(f"{amount} {unit}{'s' * (amount != 1)}", [first[0], second[0]])
        return None

    def deeds(self, words: str, person: str) -> list[Deed]:
        """When somebody did what these words say, each day once, in the order of time."""
        bare = _FIRST.sub(" ", _LAST.sub(" ", _OFTEN.sub(" ", words))).replace(SUBJECT, " ")
        wanted = keys(bare) - _META
        if not wanted:
            return []
        numbers = list(self._search(" ".join(_content(bare)), _MOST))
        found: dict[date, Deed] = {}
        for moment in self._said_by(numbers, person):
            for deed in _done(moment, wanted):
                found.setdefault(deed.day, deed)
        return [found[day] for day in sorted(found)]


def _content(words: str) -> list[str]:
    return [w for w in re.findall(r"[^\W_]+", words) if keys(w) - _META]


def _done(moment: StoredMoment, wanted: frozenset[str]) -> list[Deed]:
    """Whether a moment says that its speaker did it, and when."""
    deeds = []
    for sentence in sentences(moment.text):
        if not wanted <= keys(sentence) or not first_person(sentence):
            continue
        if sentence.endswith("?") or undone(sentence) or negated(sentence):
            continue
        if _by_another(sentence, wanted):
            continue
        start = moment.text.find(sentence)
        times = find(sentence, moment.time)
        if len(times) > 1:
            continue
        day = times[0].since.date() if times else moment.time.date()
        exact = not times or times[0].until - times[0].since <= timedelta(days=1)
        if day <= moment.time.date():
            deeds.append(Deed(day, Place(moment.n, start, start + len(sentence)), exact))
    return deeds


def _by_another(sentence: str, wanted: frozenset[str]) -> bool:
    """Whether each clause that tells of the deed has another who does it: "where Jo learned to swim"."""
    told = [clause for clause in clauses(sentence) if wanted <= keys(clause)]
    return bool(told) and all(_OTHERS.match(c) and not first_person(c) for c in told)


def _known(text: str, deeds: Sequence[Deed]) -> Known:
    return Known(text, tuple({d.place.n: d.place for d in deeds}.values()), 0.9)


def times_told(count: int) -> str:
    """How often, in words: "twice"."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _phrase(words: str) -> str:
    """A deed as the question has it, without the one who did it."""
    return " ".join(re.sub(rf"(?:^\W*{SUBJECT}|{SUBJECT}(?= ))", " ", words).split()).strip(" ,")
