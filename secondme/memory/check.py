"""The evidence check: does what a claim says stand in the moments that it rests on, or follow from them?

Every content word, name, number and date of a claim must be found. Words are compared by stem, numbers
with the word that follows them, dates against what a moment's words mean on the day they were said. A
claim is about somebody only if the moment speaks of that person: a speaker's "I" is the speaker, "you"
is somebody else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cached_property

from secondme.memory.claim import (
    Line,
    Need,
    Support,
    ages_in,
    counted_in,
    needs_of,
    polarity_of,
    writes_a_day,
)
from secondme.memory.evidence import Evidence
from secondme.memory.kinds import (
    Kind,
    answers,
    asks_age,
    counted,
    counts_deeds,
    fits,
    kind_of,
    names_place,
    over,
    priced,
    unlabelled,
    without_asking,
    without_turn,
)
from secondme.memory.opposites import opposed
from secondme.memory.recall.people import named_speakers
from secondme.memory.terms import (
    Term,
    around,
    asked,
    clauses,
    clipped,
    first_person,
    keys,
    negated,
    terms,
    tokens,
    undone,
)
from secondme.memory.timex import dates

QUOTE = 240
"""Characters that a quoted passage may have."""
_WHOSE = re.compile(r"\b([A-ZÀ-Þ]\w+)['’]s\b")
_OWNED = re.compile(r"(?:['’]s|\b(?:having|own|owns|owning)) ((?:[\w'’-]+ ?){1,2})")
"""What a question says that somebody has."""
_TO_THE_POINT = 0.75
"""The share of what the best moment has of a question with which another is to the point too."""
_RANKED = 0.2
"""What a point of recall's score weighs beside the share of the question that a moment has."""
_OWN = 0.3
"""What it weighs that a moment may be about the one person whom the question names."""
_SAYS = re.compile(r"\b(?:say|says|said|tell|told)\b", re.IGNORECASE)
_SAYING = re.compile(r"\b(?:says?|said|told|wrote|asked)\b|[\"“”«»]", re.IGNORECASE)
_SMALL = re.compile(r"\b[^\W\d_A-ZÀ-Þ]\w*")
_PAST = re.compile(r"\W*(?:did|was|were|have|has|had)\b", re.IGNORECASE)
_OR = frozenset("or oder ou o".split())
_YES = 0.6
"""The share of a question that one part of a sentence must have to affirm it."""
_MAIN = 0.5
"""The share of a claim that one moment must hold by itself, so that no claim is pieced together."""


class Check:
    """Checks claims against the evidence for one question.

    `evidence` comes best first. Claims rest on the first `read` moments; all of them say how rare a
    word is. `kind` is what the answer is to be, where the question alone does not say it; `called` are
    names of people and animals, which are no places.
    """

    def __init__(
        self,
        question: str,
        evidence: Sequence[Evidence],
        *,
        read: int = 8,
        kind: Kind | None = None,
        called: Collection[str] = (),
    ) -> None:
        self.question = question
        self.kind = kind or kind_of(question)
        self.read = min(read, len(evidence))
        self.lines = [Line(e) for e in evidence]
        self.asked = asked(without_asking(without_turn(dates.take_out(question)[1])))
        about = frozenset(term.key for term in self.asked)
        small = {word for word in _SMALL.findall(question) if len(word) > 1}
        self._common = {
            word for e in evidence for word in small.intersection(_SMALL.findall(e.text))
        }
        names = frozenset[str]().union(*(keys(e.speaker or "") for e in evidence))
        self.about = (about - names) | (about & keys(" ".join(self._common))) or about
        self.counted = counted(question) if self.kind == "number" else frozenset[str]()
        self._speakers = sorted({e.speaker for e in evidence if e.speaker})
        self._called = [*self._speakers, *called]
        self.person = self._named(question)
        self._owned = keys(" ".join(_OWNED.findall(question)))
        self._whose = keys(" ".join(_WHOSE.findall(question)))
        count = len(self.lines)
        self._weights = {
            key: math.log(1 + (count + 1) / (1 + sum(key in line.keys for line in self.lines)))
            for key in self.about
        }

    def _named(self, text: str) -> str | None:
        """The one speaker whom a text names; a word that others write small names nobody: "passport"."""
        named = named_speakers(text, self._speakers)
        if len(named) != 1:
            return None
        name = next(iter(named))
        return None if name.split()[0].lower() in self._common else name

    def counts(self, place: int, claim: str = "") -> bool:
        """Whether a moment counts what the question counts, if it counts: with the number of the claim,
        or, where that has none ("several"), the thing alone."""
        if not self.counted:
            return True
        numbers = {term.key for term in terms(claim) if term.kind == "number"}
        said = self.lines[place].sentences
        if claim and not numbers:
            return any(self.counted & keys(sentence) for sentence in said)
        there = {number.key for s in said for number in self.numbers_in(s)}
        return bool(there & numbers if numbers else there)

    def numbers_in(self, sentence: str) -> list[Term]:
        """The numbers with which a sentence counts what the question counts."""
        return counted_in(sentence, self.counted, deeds=counts_deeds(self.question))

    @cached_property
    def _to_the_point(self) -> frozenset[int]:
        """The moments with enough of the question that a date of theirs can answer it."""
        shares = [self.coverage(line) for line in self.lines[: self.read]]
        return frozenset(i for i, s in enumerate(shares) if s >= _TO_THE_POINT * max(shares))

    @cached_property
    def order(self) -> list[int]:
        """The places of the moments that are read, the most to the point first: of the time that the
        question names, if it names one, and rather of the person whom it names."""
        named = [day for day in dates.take_out(self.question)[0] if day.month or day.year]
        says = _SAYS.search(self.question)

        def place(i: int) -> tuple[bool, float]:
            spans = self.lines[i].spans if named else []
            within = any(all(day.holds(span) for day in named) for span in spans)
            told = says is not None and bool(_SAYING.search(self.lines[i].evidence.text))
            return within, self.worth(i) + _OWN * self.is_of_person(i) + _OWN * told

        return sorted(range(self.read), key=place, reverse=True)

    def worth(self, i: int) -> float:
        """How much to the point a moment is: its share of the question, less what recall puts it
        behind its best."""
        behind = max(line.evidence.score for line in self.lines) - self.lines[i].evidence.score
        return self.coverage(self.lines[i]) - _RANKED * behind

    def speaks_of(self, line: Line, about: frozenset[str], person: str | None = None) -> bool:
        """Whether what a moment says with these terms may be about this person, the one whom the question
        names if no other is given; true where there is none."""
        person = person or self.person
        return person is None or line.speaks_of(person, about, self._owned)

    def is_of_person(self, i: int) -> bool:
        """Whether a moment may be about the one person whom the question names, if it names one."""
        line = self.lines[i]
        return self.speaks_of(line, self.about) and not line.is_of_another(self._whose, self.about)

    def nearest(self) -> list[int]:
        """The moment that is most about the question, and the next one where that has as much of it."""
        return [i for n, i in enumerate(self.order[:2]) if n == 0 or i in self._to_the_point]

    def coverage(self, line: Line) -> float:
        """The share of what the question is about that stands in this moment, rare terms weigh more; none
        where it says the opposite."""
        return 0.0 if opposed(self.about, line.keys) else self._share(line.keys)

    def _share(self, there: frozenset[str]) -> float:
        total = sum(self._weights.values())
        return sum(self._weights[key] for key in self.about & there) / total if total else 0.0

    def support(
        self,
        claim: str,
        *,
        limit: int = 2,
        prefer: Sequence[int] = (),
        without: Collection[int] = (),
    ) -> Support:
        """How far the evidence, `without` some of its places, bears out a claim by at most `limit` moments.

        "Yes" needs a moment that holds half of what the question is about, "no" one that denies it.
        `prefer` are places in the evidence that come first among equals. When the claim begins with
        a speaker's name, or else the question names one speaker, moments that speak of somebody else
        bear out nothing.
        """
        polarity, rest = polarity_of(claim)
        needs = needs_of(rest)
        about = self.about | frozenset().union(*(need.keys for need in needs))
        first = claim.split(maxsplit=1)[:1] if len(needs) > 1 else []
        person = (self._named(first[0]) if first else None) or self.person
        open_to = [i for i in self._open(about, person, polarity) if i not in without]
        if not needs:
            best = max(open_to, key=lambda i: self._rank(i, prefer), default=None)
            if polarity is None or best is None:
                return Support(0.0, (claim.strip(),), ())
            return Support(1.0, (), (best,))
        support = self._cover(needs, open_to, limit, prefer)
        if support.whole and polarity is None and self._turned(claim, needs, support.lines[0]):
            return replace(support, missing=("not",))
        if support.whole and self._beside_the_point(rest, needs, support.lines):
            return replace(support, missing=(claim.strip(),))
        return support

    def _beside_the_point(self, claim: str, needs: list[Need], places: Sequence[int]) -> bool:
        """Whether what has the words of a claim does not say it as what the question asks for."""
        texts = [self.lines[i].evidence.text for i in places]
        if self.kind == "place" and not names_place(" ".join(texts), claim):
            return True
        if self.kind == "person" and self._only_said(needs, places[0]):
            return True
        told = self._tells_age(places[0], claim) and priced(self.question, claim, texts[0])
        return not told or not any(self.counts(i, claim) for i in places)

    def may_quote(self, place: int) -> bool:
        """Whether a moment is to the point enough to stand for an answer, in its own words: it has half of
        the question, unless none has any of it, as in another language, it says that and does not ask it, and
        has a number where one is asked."""
        text = self.lines[place].evidence.text
        told = self.kind not in ("number", "duration") or fits(self.kind, unlabelled(text))
        told = told and priced(self.question, text, text)
        best = max(map(self.coverage, self.lines), default=0.0)
        near = self.coverage(self.lines[place]) >= _MAIN or not best
        there = self.lines[place].keys
        theirs = not self._whose or bool(self._whose & there)
        return (
            theirs
            and not opposed(self.about, there)
            and near
            and told
            and self.counts(place)
            and self._tells_age(place)
            and not self._asks(place)
        )

    def _asks(self, place: int) -> bool:
        """Whether what a moment has of the question it only asks."""
        return self.quote(place).endswith("?")

    def _tells_age(self, place: int, claim: str = "") -> bool:
        """Whether a moment says an age, that of the claim if it has one; true where none is asked for."""
        numbers = {term.key for term in terms(claim) if term.kind == "number"}
        ages = ages_in(self.lines[place].evidence.text)
        return not asks_age(self.question) or bool(ages & numbers if numbers else ages)

    def _only_said(self, needs: list[Need], place: int) -> bool:
        """Whether a moment bears out a person only as the one who says it, and not of themselves."""
        line = self.lines[place]
        said = frozenset[str]().union(*(need.keys for need in needs))
        return not said & keys(line.evidence.text) and not any(
            first_person(s) for s in line.sentences if self.about & keys(s)
        )

    def _turned(self, claim: str, needs: list[Need], place: int) -> bool:
        """Whether the moment says the opposite: it denies what the claim says, or the other way."""
        said = frozenset[str]().union(*(need.keys for need in needs))
        if not said:
            return False
        sentence = max(self.lines[place].sentences, key=lambda s: len(said & keys(s)))
        if negated(claim):
            return not negated(sentence)
        clause = max(clauses(sentence), key=lambda c: len(said & keys(c)), default="")
        return over(self.question, clause) or (negated(clause) and not negated(self.question))

    def fits(self, claim: str) -> bool:
        """Whether a claim is of the kind that the question asks for."""
        return answers(self.question, self.kind, claim, self._called)

    def echoes(self, claim: str) -> bool:
        """Whether a claim only repeats the question, which asks for no choice between two things."""
        if not _OR.isdisjoint(tokens(self.question)):
            return False
        needs, named = needs_of(claim), frozenset(term.key for term in self.asked)
        named |= frozenset[str]().union(*(n for c in self._called if (n := keys(c)) & named))
        return bool(needs) and all(need.keys and need.keys <= named for need in needs)

    def _cover(
        self, needs: list[Need], open_to: list[int], limit: int, prefer: Sequence[int]
    ) -> Support:
        if all(need.date is not None or need.number for need in needs):
            open_to = [i for i in open_to if i in self._to_the_point]
        undated = {i for i in self._to_the_point if not writes_a_day(self.quote(i))}
        met = {
            i: {
                n for n, need in enumerate(needs) if self.lines[i].meets(need, own_day=i in undated)
            }
            for i in open_to
        }
        chosen: list[int] = []
        left = set(range(len(needs)))
        while left and len(chosen) < limit:
            best = max(
                open_to, key=lambda i: (len(met[i] & left), *self._rank(i, prefer)), default=None
            )
            gain = met[best] & left if best is not None else set()
            if best is None or not gain or (not chosen and len(gain) < _MAIN * len(needs)):
                break
            chosen.append(best)
            left -= gain
        missing = tuple(needs[n].surface for n in sorted(left))
        return Support(1 - len(left) / len(needs), missing, tuple(chosen))

    def _open(
        self, about: frozenset[str], person: str | None, polarity: str | None = None
    ) -> list[int]:
        """The places of moments that may bear out a claim about these things and this person."""
        return [
            i
            for i, line in enumerate(self.lines[: self.read])
            if self.speaks_of(line, about, person)
            and not opposed(self.about, line.keys)
            and not line.is_of_another(self._whose, self.about)
            and (polarity is None or self._agrees(line, polarity == "yes"))
        ]

    def _agrees(self, line: Line, yes: bool) -> bool:
        """Whether a moment affirms (or denies) what the question is about; what should have been was
        not. To affirm, one part of a sentence must have most of it: "I am allergic to birch; walnuts are
        fine" says nothing of an allergy to walnuts."""
        past = _PAST.match(self.question)
        about = [s for s in line.sentences if self.about & keys(s)]
        denied = any(negated(s) or (past and undone(s)) for s in about)
        said = (keys(part) | keys(line.evidence.heading) for s in about for part in s.split(";"))
        if yes and not any(
            self._share(part | keys(line.evidence.speaker or "")) >= _YES for part in said
        ):
            return False
        return self.coverage(line) >= _MAIN and denied is not yes

    def _rank(self, i: int, prefer: Sequence[int]) -> tuple[bool, float, float]:
        return i in prefer, self.coverage(self.lines[i]), self.lines[i].evidence.score

    def passage(self, text: str = "") -> int | None:
        """The place of the moment that comes nearest to answering, given what a model said.

        One that has nothing of the kind that the question asks for, or only asks it too, comes last.
        """
        said = keys(text)

        def nearness(i: int) -> tuple[bool, bool, float, float]:
            line = self.lines[i]
            there = line.evidence.text
            return (
                not line.is_of_another(self._whose, self.about)
                and self.speaks_of(line, self.about | said),
                fits(self.kind, there) and not self._asks(i),
                self.coverage(line) + len(said & keys(there)) / max(1, len(said)),
                line.evidence.score,
            )

        return max(range(self.read), key=nearness, default=None)

    def quote(self, i: int, text: str = "", *, wide: bool = False) -> str:
        """The sentence of a moment that has most of the text, and of such most of the question, in its own
        words.

        With `wide`, with as much of what follows and comes before as fits.
        """
        said = keys(text)
        line = self.lines[i]
        best = max(
            line.sentences,
            key=lambda s: (len(said & keys(s)), len(self.about & keys(s)) - 1.5 * s.endswith("?")),
            default="",
        )
        return clipped(around(line.evidence.text, best, QUOTE) if wide else best, QUOTE)
