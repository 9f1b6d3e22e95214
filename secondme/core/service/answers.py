"""Answers from cited evidence: one question, or a conversation that is remembered."""

from __future__ import annotations

import contextlib
import re
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from secondme.core.app import Core
from secondme.core.service import Call, Event, use_case
from secondme.core.service.facts import book
from secondme.core.service.moments import find, make_filter, note_use, search_notice
from secondme.core.service.parts import moment_json, note_read
from secondme.errors import BadInputError, SecondMeError
from secondme.ingest.intake import Said
from secondme.memory.answer import NEAR, Answer, AnswerEvent, Citation, answer
from secondme.memory.check import QUOTE
from secondme.memory.evidence import Evidence
from secondme.memory.looking import Draft
from secondme.memory.prompt import Style
from secondme.memory.recall import Hit
from secondme.memory.terms import clipped
from secondme.model import catalog
from secondme.model.chat import Completion, Message, Token
from secondme.record.moments import Filter, StoredMoment

if TYPE_CHECKING:
    from secondme.memory.known import Known

EVIDENCE = 20
"""Moments recalled for an answer: the best are read by the model, all tell whether there is one."""
_SENTENCES_FROM = 3e9
"""Models with at least this many weights write sentences; smaller ones answer in a few words."""
RECORD = "record"
"""Who has answered, where no model was needed."""
_JUST_NOTED, _SETTLING = 16, 2.0
"""So many unread moments are waited for, so many seconds at most."""
_FEW_TIMES = 300
"""So many moments are read for times at once, which takes a tenth of a second."""
_CONVERSATIONS = 64
_TURNS = 6
_ASSISTANT = "Second Me"
_SENTENCE = re.compile(r"[^.!?？؟…。\n]+[.!?？؟…。]*")
_ASKS = str.maketrans("？؟", "??")


@dataclass(slots=True)
class Conversation:
    """The last turns of a conversation, the person's and the answers to them in turn, and the last
    question that could be understood by itself."""

    turns: list[Message] = field(default_factory=list)
    topic: str = ""


@use_case
def ask(
    core: Core,
    call: Call,
    *,
    question: str,
    k: int = EVIDENCE,
    before: str | None = None,
    after: str | None = None,
    who: str | None = None,
    source: str | None = None,
    now: str | None = None,
    model: str | None = None,
    memory: int | None = None,
    without: list[str] | None = None,
) -> Iterator[Event]:
    """Answer a question from what is remembered, with citations, or refuse.

    `model` answers this one question instead of the model in use, in so many megabytes of `memory`.
    The answer does not rest on the moments `without`.
    """
    filter_ = make_filter(core, before=before, after=after, who=who, source=source, now=now)
    own, out = model is not None or memory is not None, without or ()
    with core.models.lent_language() if own else contextlib.nullcontext():
        for event in _answered(
            core, call, question, question, k, filter_, now, (), model, memory, out
        ):
            if event["event"] == "result":
                note_use(core, "cited", [citation["id"] for citation in event["citations"]])
                note_read(core, call, "ask", event["citations"], event["near"])
            yield event


@use_case
def chat(
    core: Core,
    call: Call,
    *,
    message: str,
    conversation: str,
    private: bool = False,
    without: list[str] | None = None,
) -> Iterator[Event]:
    """One turn of a conversation; both sides are remembered unless it is private.

    The answer does not rest on the moments `without`.
    """
    from secondme.memory.known import goes_on, in_conversation

    history = _conversation(core, conversation)
    before = [turn.content for turn in history.turns]
    meant = in_conversation(message, before, core.record, book(core))
    history.turns = _not_asked_again(history.turns, meant)
    if not goes_on(meant):
        history.topic = ""
    topic = history.topic  # "and when?" is about what came before
    for event in _answered(
        core,
        call,
        meant,
        f"{topic} {meant}".strip(),
        EVIDENCE,
        Filter(),
        None,
        tuple(history.turns),
        without=without or (),
        topic=topic,
    ):
        if event["event"] == "result":
            keep = not private and not event["partial"]
            if not private:
                note_use(core, "cited", [citation["id"] for citation in event["citations"]])
                note_read(core, call, "chat", event["citations"], event["near"])
            said = [Message("user", meant), Message("assistant", event["answer"])]
            history.topic = topic or meant
            if not event["partial"]:
                history.turns = [*history.turns, *said][-2 * _TURNS :]
            event["remembered"] = (
                _remember(core, call, conversation, message, event) if keep else []
            )
        yield event


def _conversation(core: Core, name: str) -> Conversation:
    if not name.strip():
        raise BadInputError("a conversation needs a name")
    held: OrderedDict[str, Any] = core.conversations
    conversation: Conversation = held.setdefault(name, Conversation())
    held.move_to_end(name)
    while len(held) > _CONVERSATIONS:
        held.popitem(last=False)
    return conversation


def _not_asked_again(turns: Sequence[Message], message: str) -> list[Message]:
    """The turns without those of the same question: who asks again was not served by the answer, and a
    small model would say it once more."""
    pairs = zip(turns[::2], turns[1::2], strict=True)
    return [turn for pair in pairs if pair[0].content != message for turn in pair]


def _remember(core: Core, call: Call, conversation: str, message: str, event: Event) -> list[str]:
    """Both sides as moments of one item, marked so that answers rest on what the person told alone."""
    sides = (
        Said(message, "Me", {"turn": "question" if asks(message) else "statement"}),
        Said(event["answer"], _ASSISTANT, {"turn": "refusal" if event["refused"] else "answer"}),
    )
    return core.intake.say("chat", sides, call.client, when=core.now(), session=conversation)[0]


def asks(message: str) -> bool:
    """Whether a message only asks: no sentence of three words or more stands there without its "?"."""
    sentences = _SENTENCE.findall(message)
    return "?" in message.translate(_ASKS) and all(
        sentence.translate(_ASKS).rstrip().endswith("?") or len(sentence.split()) < 3
        for sentence in sentences
    )


def _answered(
    core: Core,
    call: Call,
    question: str,
    looked_up: str,
    k: int,
    filter_: Filter,
    now: str | None,
    history: Sequence[Message],
    model_name: str | None = None,
    memory: int | None = None,
    without: Sequence[str] = (),
    topic: str = "",
) -> Iterator[Event]:
    if not 1 <= k <= 50:
        raise BadInputError(f"k is {k}, but must be from 1 to 50")
    started = time.perf_counter()
    _settle(core, call)
    with core.priority:
        hits, _ = find(core, looked_up, 2 * k + 8, filter_, now, without=without)
        evidence = [_evidence(h) for h in hits if h.moment.tells][:k]
        recalled = time.perf_counter()
        yield {
            "event": "recalled",
            "count": len(evidence),
            "question": looked_up,
            "took_ms": _ms(started, recalled),
        }
        first: float | None = None
        known = _from_record(core, question, filter_, now, without, evidence)
        if known is not None:
            by = RECORD
            answered: Iterator[AnswerEvent] = iter((known,))
        else:
            entry = catalog.find(model_name or core.config.language_model)
            model = _WhenNeeded(core, model_name, memory)
            style: Style = "sentences" if entry.parameters >= _SENTENCES_FROM else "short"
            by = entry.name
            answered = answer(
                question, evidence, model, now=core.now(now), style=style, cancel=call.stop,
                history=history, topic=topic, called=_called(core),
            )  # fmt: skip
        for event in answered:
            if isinstance(event, Draft):
                first = first or time.perf_counter()
                yield {"event": "token", "text": event.text}
                continue
            result = _result(event)
    notice = search_notice(core)
    yield {
        "event": "result",
        **result,
        "model": by,
        **({"notice": notice} if notice else {}),
        "recall_ms": _ms(started, recalled),
        "first_word_ms": _ms(started, first) if first else None,
        "took_ms": _ms(started, time.perf_counter()),
    }


def _settle(core: Core, call: Call) -> None:
    """Let what was noted just now be read first: who asks right after a note asks about it."""
    if core.record.times.count_due() <= _FEW_TIMES:
        while core.times.read_some():
            pass
    if 0 < core.facts.pending() <= _JUST_NOTED:
        with contextlib.suppress(SecondMeError):  # without facts the moments themselves answer
            core.facts.wake()
            core.facts.wait(call.stop, _SETTLING)


def _called(core: Core) -> list[str]:
    """The names of everybody and of every animal that is known for sure."""
    names = core.record.entities.names()
    return [
        name.name
        for key, name in names.by_key.items()
        if ">" not in key and names.kinds.get(name.entity) in ("person", "animal")
    ]


class _WhenNeeded:
    """The language model, looked up when it is first asked: a refusal needs none."""

    def __init__(self, core: Core, name: str | None, memory: int | None) -> None:
        self._core, self._name, self._memory = core, name, memory

    def chat(self, messages: Sequence[Message], **options: Any) -> Iterator[Token | Completion]:
        """What the model says."""
        return self._core.models.language(self._name, self._memory).chat(messages, **options)


def _from_record(
    core: Core,
    question: str,
    filter_: Filter,
    now: str | None,
    without: Sequence[str],
    evidence: Sequence[Evidence],
) -> Answer | None:
    """The answer that the record gives by itself, if it does; not where only a part of it may count."""
    if filter_.since is not None or filter_.who or filter_.source:
        return None
    # Its ways to ask take a tenth of the time in which a core starts, and only a question needs them.
    from secondme.memory.known import tell

    out = frozenset(core.record.moments.get(id_).n for id_ in without)
    search, until = core.fulltext.search, filter_.until
    known = tell(question, core.record, book(core), search, core.now(now), until, out)
    if known is not None and not known.places:
        text = f"I do not know: I find nothing about {known.text}."
        return Answer(text=text, refused=True, looked_for=[known.text], near=list(evidence[:NEAR]))
    return _cited(core, known) if known else None


def _cited(core: Core, known: Known) -> Answer | None:
    """An answer of the record with the moments that it rests on."""
    moments = core.record.moments.by_number([place.n for place in known.places])
    citations = [
        Citation(
            n,
            _moment(moments[place.n]),
            clipped(moments[place.n].text[place.start : place.end], QUOTE),
        )
        for n, place in enumerate((p for p in known.places if p.n in moments), 1)
    ]
    if not citations:
        return None
    return Answer(text=known.text, confidence=known.confidence, citations=citations)


def _evidence(hit: Hit) -> Evidence:
    return _moment(hit.moment, hit.score, dict(hit.signals))


def _moment(
    moment: StoredMoment, score: float = 0.0, signals: dict[str, float] | None = None
) -> Evidence:
    return Evidence(
        id=moment.id,
        external_id=moment.external_id,
        text=moment.text,
        time=moment.time,
        speaker=moment.speaker,
        context=moment.context,
        source=moment.source,
        path=moment.path,
        span=moment.span,
        score=score,
        signals=signals or {},
    )


def _result(answer_: Answer) -> dict[str, Any]:
    return {
        "answer": answer_.text,
        "refused": answer_.refused,
        "quoted": answer_.quoted,
        "partial": answer_.partial,
        "confidence": round(answer_.confidence, 3),
        "citations": [
            {
                "n": citation.n,
                **moment_json(citation.evidence),
                "quote": citation.quote,
            }
            for citation in answer_.citations
        ],
        "looked_for": list(answer_.looked_for),
        "near": [moment_json(e) for e in answer_.near],
    }


def _ms(start: float, end: float) -> float:
    return round((end - start) * 1000, 1)
