"""What the language model reads: a fixed beginning with worked examples, the evidence, the question.

There are few beginnings, so that a model can keep its state after each and read it once. Evidence stands
one moment a line, the speaker before each and, where the question has to do with time or the answer is in
sentences, the date; whatever a moment contains, it stays on its line and cannot end the turn.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from secondme.memory import timex
from secondme.memory.evidence import Evidence
from secondme.memory.kinds import Kind, asked_thing, kind_of
from secondme.memory.terms import around, keys, sentences
from secondme.memory.timex.dates import counted, spoken
from secondme.model.chat import Message

Style = Literal["short", "sentences"]

QUESTION = 600
"""Characters of a question that are read; of a longer one its beginning and its end."""
_LINE = 300
_SPOKEN = 300
_TURNS = 4
_ANY_TIME = datetime(2020, 1, 1, tzinfo=UTC)

_SYSTEM: dict[Style, str] = {
    "short": (
        "Answer the question from the messages alone, in as few words as possible, in the words of the"
        " messages."
    ),
    "sentences": (
        "Answer the question from the messages alone, in one to three short sentences, in the words of"
        " the messages. After each sentence put the numbers of the messages that it rests on, like [2]."
    ),
}
_DATED = (
    " For a date, copy the date in brackets after the words, or else the one before the message."
)
_TIMELY = re.compile(
    r"\b(?:after|ago|already|any ?more|before|current\w*|earli\w+|first|last|late(?:r|st|ly)|new\w*|no longer"
    r"|now|old\w*|previous\w*|recent\w*|since|still|then|until|used to|while|yet)\b",
    re.IGNORECASE,
)
"""Words by which one moment is told from another by when it was."""


@dataclass(frozen=True, slots=True)
class _Example:
    lines: tuple[str, ...]
    question: str
    short: str
    sentences: str


_EXAMPLES = (
    _Example(
        (
            "(3 March 2021) Tomas: Yesterday (2 March 2021) was my first day at the bakery, and my arms"
            " hurt already!",
            "(19 March 2021) Rosa: How is the bakery, Tomas? I still have not been to the new tram"
            " museum.",
            "(2 May 2021) Tomas: We baked four hundred rolls this morning.",
        ),
        "When did Tomas start at the bakery?",
        "2 March 2021",
        "Tomas had his first day at the bakery on 2 March 2021. [1]",
    ),
    _Example(
        (
            "(11 June 2020) Rosa: I finally took my cello to the lake and played until it rained.",
            "(30 August 2020) Tomas: My sister plays the drums, and the neighbours complain.",
            "(5 October 2020) Rosa: The accordion is harder than I thought, but I practise every evening.",
        ),
        "Which instruments does Rosa play?",
        "cello, accordion",
        "Rosa played her cello at the lake. [1] She practises the accordion every evening. [3]",
    ),
    _Example(
        (
            "(8 January 2022) Rosa: Did you keep the old boat, Tomas?",
            "(8 January 2022) Tomas: No, I sold it. Mending the hull would have cost more than the boat"
            " was worth.",
            "(15 January 2022) Tomas: I bought a red bicycle instead.",
        ),
        "Why did Tomas sell the boat?",
        "mending the hull would have cost more than it was worth",
        "Tomas sold it because mending the hull would have cost more than the boat was worth. [2]",
    ),
    _Example(
        (
            "(2 July 2019) Rosa: My uncle Piet lent us his van, so the four of us drove to Denmark. I"
            " came back rested and a bit sunburnt.",
            "(9 July 2019) Tomas: I stayed at home with the cat.",
        ),
        "Who lent Rosa the van?",
        "uncle Piet",
        "Her uncle Piet lent Rosa his van. [1]",
    ),
    _Example(
        (
            "(2 July 2019) Rosa: My uncle Piet lent us his van, so the four of us drove to Denmark. I"
            " came back rested and a bit sunburnt.",
            "(9 July 2019) Tomas: I stayed at home with the cat.",
        ),
        "How did Rosa feel after the journey?",
        "rested and a bit sunburnt",
        "Rosa came back rested and a bit sunburnt. [1]",
    ),
    _Example(
        (
            "(4 April 2022) Tomas: I failed the driving test again, that makes three times now.",
            "(6 April 2022) Rosa: You will manage it, Tomas, everyone is nervous on the first of May.",
        ),
        "How many times did Tomas fail the driving test?",
        "three times",
        "Tomas failed the driving test three times. [1]",
    ),
)
_HINTS: dict[Kind, str] = {
    "date": "a date",
    "duration": "a length of time",
    "number": "a number",
    "person": "a person",
    "place": "a place",
    "yes": "yes or no",
    "list": "all, with commas",
    "reason": "a few words",
    "thing": "a few words",
}
"""What is asked of the model after a question of each kind, where the question itself does not name it."""


class Prompt(NamedTuple):
    """What a model is to read; its first `fixed` messages are those of other prompts too."""

    messages: list[Message]
    fixed: int


def written(
    question: str,
    evidence: Sequence[Evidence],
    style: Style,
    now: datetime,
    history: Sequence[Message] = (),
) -> Prompt:
    """The whole prompt. `evidence` is in the order in which it is to stand and be numbered.

    A date that the question counts ("yesterday") is written out beside it. Of `history` the last
    four turns are kept, each cut to 300 characters.
    """
    dated = style == "sentences" or _of_time(question)
    beginning = _beginning(style, dated)
    said = [
        Message(turn.role, one_line(turn.content, _SPOKEN))
        for turn in history[-_TURNS:]
        if turn.role in ("user", "assistant")
    ]
    lines = _numbered([line(e, question, dated=dated) for e in evidence], style)
    asked = _hinted(_dated(one_line(question, QUESTION), now), style)
    return Prompt([*beginning, *said, Message("user", _turn(lines, asked))], len(beginning))


def _of_time(question: str) -> bool:
    """Whether a question has to do with when something was: it asks for a time, names one or an order, or
    asks for a number or whether it was so, which may be otherwise later."""
    return (
        kind_of(question) in ("date", "duration", "number", "yes")
        or bool(_TIMELY.search(question))
        or bool(timex.find(question, _ANY_TIME))
    )


def line(evidence: Evidence, question: str = "", *, dated: bool = True) -> str:
    """One moment as the model reads it, with the times it counts written out after their words; of a
    long one the part that bears most on the question. A note has its heading where others have their
    speaker."""
    day = f"({spoken(evidence.time.date())})" if dated else ""
    who = one_line(evidence.speaker or evidence.heading, 60)
    before = " ".join(filter(None, (day, who)))
    text = _dated(_excerpt(evidence.text, question), evidence.time)
    return f"{before}: {text}" if before else text


def _beginning(style: Style, dated: bool) -> list[Message]:
    """What to do, and the worked examples as turns."""
    messages = [Message("system", _SYSTEM[style] + (_DATED if dated else ""))]
    for example in _EXAMPLES:
        if not dated and kind_of(example.question) == "date":
            continue
        answer = example.short if style == "short" else example.sentences
        said = example.lines if dated else [line.partition(") ")[2] for line in example.lines]
        turn = _turn(_numbered(said, style), _hinted(example.question, style))
        messages += [Message("user", turn), Message("assistant", answer)]
    return messages


def one_line(text: str, limit: int) -> str:
    """The text on one line without control characters or the marks of a chat template, cut to size.

    A text over the limit keeps its beginning and its end.
    """
    text = " ".join(_MARKS.sub(" ", _CONTROL.sub(" ", text)).split())
    if len(text) <= limit:
        return text
    head = text[: limit * 2 // 3].rsplit(" ", 1)[0]
    tail = text[-(limit // 3) :].split(" ", 1)[-1]
    return f"{head} … {tail}"


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
_MARKS = re.compile(
    r"<\|[^|<>]{0,40}\|>|</?s>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>", re.IGNORECASE
)


def _excerpt(text: str, question: str) -> str:
    """The text, or where it is long its sentences around the one that shares most with the question."""
    if len(text) <= _LINE:
        return one_line(text, _LINE)
    asked = keys(question)
    best = max(sentences(text), key=lambda s: len(asked & keys(s)), default="")
    return one_line(around(text, best, _LINE), _LINE)


def _dated(text: str, said: datetime) -> str:
    """The text with each time that only its own day makes clear written out after its words."""
    out, at = "", 0
    for _, end, reading in counted(text, said.date()):
        out += f"{text[at:end]} ({reading})"
        at = end
    return out + text[at:]


def _numbered(lines: Sequence[str], style: Style) -> list[str]:
    return (
        [f"[{n}] {text}" for n, text in enumerate(lines, 1)]
        if style == "sentences"
        else list(lines)
    )


def _hinted(question: str, style: Style) -> str:
    if style != "short":
        return question
    kind = kind_of(question)
    what = asked_thing(question) if kind == "thing" else None
    return f"{question} ({f'the {what}' if what else _HINTS[kind]})"


def _turn(lines: Sequence[str], question: str) -> str:
    return "Messages:\n" + "\n".join(lines) + "\n\nQuestion: " + question
