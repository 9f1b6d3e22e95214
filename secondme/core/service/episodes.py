"""Episodes: what belongs together in time, with its title and its people."""

from __future__ import annotations

from secondme.core.app import Core
from secondme.core.service import Call, Event, use_case
from secondme.core.service.moments import make_filter
from secondme.core.service.parts import episode_json, note_read, summary_json
from secondme.errors import BadInputError


@use_case
def episodes(
    core: Core,
    call: Call,
    *,
    who: str | None = None,
    before: str | None = None,
    after: str | None = None,
    source: str | None = None,
    limit: int = 20,
) -> Event:
    """Episodes with a moment that passes the filters, newest first, each with its summary; how many
    moments wait for one."""
    if not 1 <= limit <= 10_000:
        raise BadInputError(f"limit is {limit}, but must be from 1 to 10000")
    filter_ = make_filter(core, who=who, before=before, after=after, source=source)
    found = core.record.episodes.find(filter_, limit)
    told = core.record.episodes.summaries([each.n for each in found])
    note_read(core, call, "episodes", ({"id": t.moment.id} for ts in told.values() for t in ts))
    return {
        "episodes": [
            {**episode_json(each), "summary": summary_json(told.get(each.n, []))} for each in found
        ],
        "waiting": core.record.episodes.waiting(),
    }
