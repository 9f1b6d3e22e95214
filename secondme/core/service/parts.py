"""Parts that the answers of several use cases have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from secondme.core.app import Core
from secondme.core.service import Call, Event
from secondme.memory.evidence import Evidence
from secondme.record.episodes import Episode
from secondme.record.moments import StoredMoment


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


def whole_episode(core: Core, id_: str) -> Event:
    """An episode with all its moments."""
    episode = core.record.episodes.get(id_)
    numbers = core.record.episodes.numbers(episode.n)
    moments = core.record.moments.by_number(numbers)
    return {
        **episode_json(episode),
        "said": [moment_json(moments[n]) for n in numbers if n in moments],
    }
