"""Showing a moment where it stands, or an episode whole, with what each belongs to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from secondme.core.app import Core
from secondme.core.service import Call, Event, use_case
from secondme.core.service.moments import PATIENCE, SEARCHED, note_use
from secondme.core.service.originals import passage
from secondme.core.service.parts import (
    cut,
    episode_json,
    found_by_words,
    moment_json,
    note_read,
    summary_json,
    surroundings,
    times_json,
)
from secondme.memory.links import Links
from secondme.record.moments import StoredMoment

T = TypeVar("T")


@use_case
def show(
    core: Core,
    call: Call,
    *,
    id: str,
    around: int = 3,
    length: int | None = None,
    private: bool = False,
) -> Event:
    """A moment in its surroundings, with where it comes from and older ones that it is related to; or an
    episode with its moments, its summary, and others that are about the same.

    `length` cuts each text. What is `private` is not noted."""
    if id[:1].lower() == "e":
        whole = _episode(core, id)
        if not private:
            note_read(core, call, "show", whole["said"])
        return whole
    moment = core.record.moments.get(id)
    if not private:
        note_use(core, "opened", [moment.id])
    result = _moment(core, moment, around, length)
    if not private:
        near = (result[name] for name in ("alike", "related", "before", "after"))
        note_read(core, call, "show", [result], *near)
    return result


def _episode(core: Core, id_: str) -> Event:
    episode = core.record.episodes.get(id_)
    numbers = core.record.episodes.numbers(episode.n)
    moments = core.record.moments.by_number(numbers)
    told = core.record.episodes.summaries([episode.n]).get(episode.n, [])
    similar = _linked(core, lambda links: links.similar(episode))
    return {
        **episode_json(episode),
        "summary": summary_json(told),
        "similar": [episode_json(other) for other in similar],
        "said": [moment_json(moments[n]) for n in numbers if n in moments],
    }


def _moment(core: Core, moment: StoredMoment, around: int, length: int | None) -> Event:
    episode = core.record.episodes.of(moment)
    alike = core.record.moments.by_number(core.record.alike.others(moment.n))
    item = core.record.items.get(moment.item_id)
    mentioned = core.record.times.of([moment.n]).get(moment.n, [])
    uses = core.record.uses.of([moment.n]).get(moment.n, [])
    words, related = _linked(core, lambda links: (links.keywords(moment), links.related(moment)))
    return {
        **cut(moment_json(moment), length),
        "times": times_json(moment, mentioned),
        "live": moment.live,
        "context": moment.context,
        "meta": moment.meta,
        "passage": passage(core, moment, length),
        "episode": episode_json(episode) if episode else None,
        "keywords": words,
        "related": [cut(moment_json(other), length) for other in related],
        "marks": [kind for kind, _ in uses if kind in ("good", "wrong")],
        "alike": [moment_json(other) for other in alike.values()],
        **surroundings(core, moment, around, length),
        "item": {
            "id": item["id"],
            "name": item["name"],
            "title": item["title"],
            "media_type": item["media_type"],
            "places": [p["path"] for p in item["places"]],
            "versions": len(item["versions"]),
            "sha256": item["sha256"],
        },
    }


def _linked(core: Core, find: Callable[[Links], T]) -> T:
    """What is found by the indexes as they are."""
    core.wait_until_prepared(PATIENCE)
    with core.priority:
        embedder, index = core.searching.pair
        name = embedder.name if embedder is not None and index.state in SEARCHED else None
        links = Links(core.record, core.fulltext, index.nearest, name)
        return found_by_words(core, lambda: find(links))
