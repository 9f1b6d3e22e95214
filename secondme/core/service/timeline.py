"""The memory along time: how much there is of what, by year, month and day, and a day's moments."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any, Literal

from secondme.core.app import Core
from secondme.core.dates import parse_span
from secondme.core.service import Call, Event, use_case
from secondme.core.service.parts import moment_json, together
from secondme.errors import BadInputError
from secondme.record.clock import from_ms, to_ms, zone_name

_QUARTER = 900_000
"""Milliseconds of a quarter of an hour: every zone's days begin at the start of one."""
_FORMS = {"year": "%Y", "month": "%Y-%m", "day": "%Y-%m-%d"}


@use_case
def timeline(
    core: Core,
    call: Call,
    *,
    when: str | None = None,
    by: Literal["year", "month", "day"] | None = None,
    length: int | None = None,
) -> Event:
    """The years of the memory, the months of a year, the days of a month, or the moments of a day.

    `by` names another unit than the one that follows. `kinds` counts by what a moment comes from
    (chat, mail, calendar, …). Days are the person's own. `length` cuts each text.
    """
    if when is None:
        return {"when": None, "unit": by or "year", "parts": _parts(core, by or "year", None)}
    start, end = parse_span(when, core.zone)
    span = to_ms(start), to_ms(end)
    if by or end - start > timedelta(days=2):
        unit = by or ("month" if end - start > timedelta(days=40) else "day")
        return {"when": when, "unit": unit, "parts": _parts(core, unit, span)}
    if end - start < timedelta(hours=12):
        raise BadInputError(f"{when!r} is no day", hint="give 2024, 2024-05 or 2024-05-03")
    moments = core.record.moments.between(*span)
    core.record.reads.note(call.client, "timeline", (m.id for m in moments))
    day = f"{start:%Y-%m-%d}"
    return {
        "when": day,
        "unit": "moment",
        "parts": _parts(core, "day", span),
        "moments": [{**moment_json(m), "text": m.text[:length]} for m in moments],
        "episodes": together(core, moments),
        "previous": _day(core, core.record.moments.nearest_time(span[0], later=False)),
        "next": _day(core, core.record.moments.nearest_time(span[1] - 1, later=True)),
    }


def _parts(core: Core, unit: str, span: tuple[int, int] | None) -> list[dict[str, Any]]:
    """The units that hold something, in order, with their counts by kind."""
    zone = zone_name(core.now())
    form = _FORMS[unit]
    names: dict[int, str] = {}
    kinds: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for quarter, kind, count in core.record.moments.density(_QUARTER, span):
        name = names.get(quarter)
        if name is None:
            name = names[quarter] = from_ms(quarter * _QUARTER, zone).strftime(form)
        kinds[name][kind] += count
    return [
        {"when": name, "moments": counts.total(), "kinds": dict(counts.most_common())}
        for name, counts in sorted(kinds.items())
    ]


def _day(core: Core, ms: int | None) -> str | None:
    if ms is None:
        return None
    when: datetime = from_ms(ms, zone_name(core.now()))
    return f"{when:%Y-%m-%d}"
