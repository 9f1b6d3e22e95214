"""Recalling moments, and saying which are good or wrong."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from secondme.core.app import Core
from secondme.core.dates import parse_span
from secondme.core.service import Call, Event, use_case
from secondme.core.service.parts import (
    cut,
    found_by_words,
    moment_json,
    note_read,
    surroundings,
    times_json,
    together,
)
from secondme.errors import (
    BadInputError,
    RecordError,
    SecondMeError,
)
from secondme.memory.pack import pack
from secondme.memory.recall import Asked, Hit, Query, Recall
from secondme.memory.recall.meaning import question_vector
from secondme.memory.recall.reading import READ, reread
from secondme.record.clock import from_ms, to_ms, zone_name
from secondme.record.moments import Filter
from secondme.record.uses import Kind

if TYPE_CHECKING:
    from secondme.memory.recall.view import Vector
    from secondme.model.clients import EmbedderClient

log = logging.getLogger("secondme")

PATIENCE = 3.0
"""Seconds that the first question after a start waits for the vector index; then words alone must do."""
SEARCHED = ("ready", "rebuilding")
"""States of the index in which it finds."""
_BEGUN = re.compile(r"\w{2,}$")
_COMPLETIONS = 3
MAX_QUESTION = 4000
"""Characters of a question that are looked at; what comes after says nothing new to an index."""


@dataclass(frozen=True, slots=True)
class Trace:
    """How recall went: milliseconds by step, and the times that the question names as understood."""

    took: dict[str, float] = field(default_factory=dict)
    times: Sequence[Asked] = ()


@use_case
def recall(
    core: Core,
    call: Call,
    *,
    question: str,
    k: int = 10,
    tokens: int | None = None,
    before: str | None = None,
    after: str | None = None,
    who: str | None = None,
    source: str | None = None,
    around: int = 0,
    now: str | None = None,
    explain: bool = False,
    typing: bool = False,
    asked: bool = True,
    length: int | None = None,
    all: bool = False,
    best: bool = False,
    without: list[str] | None = None,
    episodes: bool = False,
    private: bool = False,
) -> Event:
    """The moments that a question is about, best first.

    With `typing` its last word may be unfinished. Without `asked`, questions and answers of
    conversations are left out, as they are of the evidence for answers. `length` cuts each text to so
    many characters. With `all`, age, use and marks do not rank them, and those that say the same each
    come. With `best` a small language model reads what was found, which takes seconds. `without`
    leaves these moments out, and `episodes` says which of the others belong together. What is
    `private` is not noted among the reads.
    """
    started = time.perf_counter()
    if not 1 <= k <= 1000:
        raise BadInputError(f"k is {k}, but must be from 1 to 1000")
    if tokens is not None and tokens < 1:
        raise BadInputError(f"tokens is {tokens}, but must be at least 1")
    filter_ = make_filter(core, before=before, after=after, who=who, source=source, now=now)
    if typing:
        question = _finished(core, question)
    wanted = k if asked else 2 * k + 8
    hits, trace = find(
        core, question, wanted, filter_, now, all_=all, best=best, without=without or ()
    )
    if not asked:
        hits = [h for h in hits if h.moment.tells][:k]
    if tokens is not None:
        hits = pack(hits, tokens)
    mentioned = core.record.times.of([hit.moment.n for hit in hits])
    result: Event = {
        "hits": [
            {
                **cut(moment_json(hit.moment), length),
                "times": times_json(hit.moment, mentioned.get(hit.moment.n, ())),
                "score": round(hit.score, 4),
                **(surroundings(core, hit.moment, around) if around else {}),
                **({"explain": _explained(hit)} if explain else {}),
            }
            for hit in hits
        ],
        "took_ms": 0.0,
    }
    if episodes:
        result["episodes"] = together(core, [hit.moment for hit in hits])
    notice = search_notice(core)
    if notice:
        result["notice"] = notice
    if explain:
        result["took"] = trace.took
        result["times"] = _asked(core, trace.times)
    if not private:
        near = [hit[side] for hit in result["hits"] for side in ("before", "after") if side in hit]
        note_read(core, call, "recall", result["hits"], *near)
    result["took_ms"] = round((time.perf_counter() - started) * 1000, 2)
    return result


def _finished(core: Core, question: str) -> str:
    """The question with the words that its last one may be the beginning of."""
    begun = _BEGUN.search(question)
    words = core.fulltext.completions(begun[0], _COMPLETIONS) if begun else []
    return " ".join([question, *(word for word in words if word != begun[0].lower())])  # type: ignore[index]


def find(
    core: Core,
    question: str,
    k: int,
    filter_: Filter,
    now: str | None,
    *,
    all_: bool = False,
    best: bool = False,
    without: Sequence[str] = (),
) -> tuple[list[Hit], Trace]:
    """Recall through every view, leaving out the moments `without`, and how it went; with `best` small
    models read the first of them.

    What says nothing, a question that Second Me was asked or its refusal, would be nearest of all to
    the same question asked again: it is found only where a source is named. Raises `BadInputError` for
    a question without a word in it, `NotFoundError` when there is no model to read with.
    """
    ranker = core.models.ranker() if best else None
    filter_ = replace(filter_, silent=filter_.source is not None)
    question = question.strip()[:MAX_QUESTION]
    out = {core.record.moments.get(id_).n for id_ in without}
    if not any(c.isalnum() for c in question):
        raise BadInputError("the question is empty", hint='for example: secondme recall "dentist"')
    core.wait_until_prepared(PATIENCE)
    with core.priority:
        start = time.perf_counter()
        embedder, index = core.searching.pair
        asked = _Embedded(core, embedder if index.state in SEARCHED else None, question)
        recall_ = Recall(
            core.record,
            core.fulltext,
            index.nearest,
            core.record.moments.speaker_names,
        )
        query = Query(question, core.now(now), filter_, asked.vector, all_)
        name = embedder.name if embedder else ""
        enough = len(out) + (k if ranker is None else max(k, READ))
        hits = found_by_words(core, lambda: recall_(query, enough, name))
        hits = [h for h in hits if h.moment.n not in out]
        took = {"embedding": asked.seconds, **recall_.took}
        took["meaning"] -= asked.seconds
        if ranker is not None:
            ranked = time.perf_counter()
            windows = core.record.moments.windows([h.moment.n for h in hits[:READ]])
            hits = reread(hits, question, windows, ranker.read)
            took["reading"] = time.perf_counter() - ranked
        took["total"] = time.perf_counter() - start
    rounded = {name: round(seconds * 1000, 2) for name, seconds in took.items()}
    return hits[:k], Trace(rounded, recall_.asked_times)


class _Embedded:
    """A question and its vector, made when first asked for, by whichever thread that is; `seconds` is how
    long that took."""

    def __init__(self, core: Core, embedder: EmbedderClient | None, question: str) -> None:
        self._core, self._embedder, self._question = core, embedder, question
        self._speakers = core.record.moments.speaker_names()
        self._made: Vector | None = None
        self.seconds = 0.0

    def vector(self) -> Vector | None:
        """What the question is searched for with, by meaning; None where it cannot be embedded."""
        if self._embedder is None or self._made is not None:
            return self._made
        start = time.perf_counter()
        try:
            self._made = question_vector(self._embedder.query, self._question, self._speakers)
            self._core.embedder_fault = ""
        except SecondMeError as error:
            self._core.embedder_fault = error.line()
            self._embedder = None
        self.seconds = time.perf_counter() - start
        return self._made


def search_notice(core: Core) -> str | None:
    """Why search goes by words alone at the moment, or None when it does not."""
    standing = core.index.standing()
    why = ""
    if standing.state == "off":
        why = f"the embedder is not here; `secondme model fetch {core.config.embedder}`"
    elif standing.state in ("opening", "failed"):
        why = f"the vector index is {standing.says}"
    elif core.embedder_fault:
        why = core.embedder_fault
    return f"searching by words only: {why}" if why else None


def make_filter(
    core: Core,
    *,
    before: str | None = None,
    after: str | None = None,
    who: str | None = None,
    source: str | None = None,
    now: str | None = None,
) -> Filter:
    """A filter from what a person gives: `after` from the span's start on, `before` up to its start."""
    present = core.now(now)
    since = to_ms(parse_span(after, core.zone, present)[0]) if after else None
    until = to_ms(parse_span(before, core.zone, present)[0]) if before else None
    if since is not None and until is not None and since >= until:
        raise BadInputError(f"nothing can be after {after} and before {before}")
    return Filter(since, until, who, source)


def _asked(core: Core, times: Sequence[Asked]) -> list[dict[str, Any]]:
    """The times that a question names, each once, as they were understood."""
    zone = zone_name(core.now())
    once = {asked.words: asked for asked in reversed(times)}
    return [
        {
            "words": asked.words,
            "from": from_ms(asked.since, zone).isoformat(),
            "until": from_ms(asked.until, zone).isoformat(),
        }
        for asked in reversed(once.values())
    ]


def _explained(hit: Hit) -> dict[str, Any]:
    return {
        name: {
            "share": round(share, 3),
            "measured": round(hit.signals[name], 4),
            **({"rank": hit.found_by[name]} if name in hit.found_by else {}),
        }
        for name, share in hit.parts.items()
    }


def note_use(core: Core, kind: Kind, ids: list[str]) -> None:
    """Note what was cited or opened; a record that cannot be written does not stand in the way."""
    if ids:
        try:
            core.record.uses.add(kind, ids)
        except RecordError as error:
            log.warning("a use was not noted: %s", error)


@use_case
def mark(core: Core, call: Call, *, ids: list[str], verdict: Literal["good", "wrong"]) -> Event:
    """Say that moments are good or wrong: from now on they rank higher or lower."""
    if not ids:
        raise BadInputError("say which moments to mark", hint="`secondme recall` shows ids")
    moments = [core.record.moments.get(id_) for id_ in dict.fromkeys(ids)]
    noun, marked = "moment" if len(moments) == 1 else "moments", [m.id for m in moments]
    with core.record.store.write():
        entry = core.record.journal.begin(
            "mark",
            call.client,
            f"marked {len(moments)} {noun} as {verdict}",
            ids=marked,
            verdict=verdict,
        )
        core.record.uses.add(verdict, marked, entry)
    result: Event = {
        "marked": [moment_json(m) for m in moments],
        "verdict": verdict,
        "journal": entry,
    }
    note_read(core, call, "mark", result["marked"])
    return result


@use_case
def speakers(core: Core, call: Call) -> Event:
    """Everyone who speaks in this memory, with how many moments."""
    return {"speakers": [{"name": n, "moments": c} for n, c in core.record.moments.speakers()]}
