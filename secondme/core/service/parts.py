"""Parts that the answers of several use cases have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from secondme.core.app import Core
from secondme.core.service import Call
from secondme.errors import IndexDamagedError
from secondme.memory.evidence import Evidence
from secondme.record.clock import from_ms
from secondme.record.episodes import Episode, Told
from secondme.record.moments import StoredMoment
from secondme.record.times import StoredTime

T = TypeVar("T")


def found_by_words(core: Core, find: Callable[[], T]) -> T:
    """What is found with the index of words, which is made anew where it is torn."""
    try:
        return find()
    except IndexDamagedError:
        core.fulltext.rebuild()
        return find()


def moment_json(moment: StoredMoment | Evidence) -> dict[str, Any]:
    """A moment as every JSON answer has it."""
    return {
        "id": moment.id,
        "external_id": moment.external_id,
        "text": moment.text,
        "time": moment.time.isoformat(),
        "speaker": moment.speaker,
        "source": moment.source,
        "path": moment.path,
        "span": list(moment.span) if moment.span else None,
    }


def note_read(core: Core, call: Call, kind: str, *given: Iterable[Mapping[str, Any]]) -> None:
    """Note in the log of reads that the client is given these moments, as JSON answers have them."""
    ids = (moment["id"] for moments in given for moment in moments)
    core.record.reads.note(call.client, kind, ids)


def together(core: Core, moments: Sequence[StoredMoment]) -> list[dict[str, Any]]:
    """The episodes of several moments that these are in, each with which of these are `here`; in the
    order of the first of them."""
    held = core.record.episodes.holding([moment.n for moment in moments])
    known = {e.n: e for e in core.record.episodes.numbered(sorted({*held.values()}))}
    here: dict[int, list[str]] = {}
    for moment in moments:
        if held.get(moment.n) in known:
            here.setdefault(held[moment.n], []).append(moment.id)
    return [{**episode_json(known[n]), "here": ids} for n, ids in here.items()]


def episode_json(episode: Episode) -> dict[str, Any]:
    """An episode as every JSON answer has it."""
    return {
        "id": episode.id,
        "title": episode.title,
        "since": episode.since.isoformat(),
        "until": episode.until.isoformat(),
        "people": episode.people,
        "moments": episode.moments,
        "source": episode.source,
    }


def summary_json(told: Sequence[Told]) -> list[dict[str, Any]]:
    """The passages that sum an episode up, as every JSON answer has them."""
    return [
        {"text": each.text, "moment": each.moment.id, "speaker": each.moment.speaker}
        for each in told
    ]


def cut(moment: dict[str, Any], length: int | None) -> dict[str, Any]:
    """A moment of JSON with its text cut to a length."""
    return {**moment, "text": moment["text"][:length]}


def times_json(moment: StoredMoment, mentioned: Sequence[StoredTime]) -> list[dict[str, Any]]:
    """The times that a moment mentions, in its own zone."""
    return [
        {
            "words": moment.text[time.start : time.end],
            "start": time.start,
            "end": time.end,
            "from": from_ms(time.from_ms, moment.zone).isoformat(),
            "until": from_ms(time.until_ms, moment.zone).isoformat(),
            "granularity": time.granularity,
        }
        for time in mentioned
    ]


def surroundings(
    core: Core, moment: StoredMoment, count: int, length: int | None = None
) -> dict[str, Any]:
    """Up to so many moments of the same item before and after, their texts cut to a length."""
    near = core.record.moments.around(moment, count, count)
    return {
        "before": [cut(moment_json(m), length) for m in near if m.seq < moment.seq],
        "after": [cut(moment_json(m), length) for m in near if m.seq > moment.seq],
    }
