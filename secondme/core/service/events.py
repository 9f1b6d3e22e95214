"""How the memory stands, told as it changes, so that every window shows the same."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from secondme.core.app import Core, resident_mb
from secondme.core.service import Call, Event, use_case

_LOOK = 0.25
_LOOK_AT_WORKERS = 1.0
_SHARE = 10
"""Looking takes at most one part in so many of the time."""


@use_case
def events(core: Core, call: Call) -> Iterator[Event]:
    """How the memory stands, at once and whenever that changes, until the client goes or the core ends."""
    told: Event = {}
    seen, workers, looked = -1, list[dict[str, Any]](), 0.0
    counts: dict[str, Any] = {}
    while not call.stop.is_set() and not core.ending.is_set():
        began = time.monotonic()
        version = core.record.store.value("pragma data_version")
        if version != seen or core.embedding.working:
            seen, counts = version, _counts(core)
        if began - looked >= _LOOK_AT_WORKERS or not told:
            looked, workers = began, _workers(core)
        state = {"event": "state", **counts, **_running(core), "workers": workers}
        if state != told:
            told = state
            yield state
        call.stop.wait(max(_LOOK, _SHARE * (time.monotonic() - began)))
    yield {"event": "result", "ended": core.ending.is_set()}


def _counts(core: Core) -> dict[str, Any]:
    newest = core.record.journal.newest(1)
    return {
        "change": newest[0].id if newest else None,
        "items": core.record.items.count(),
        "moments": core.record.moments.count(),
        "pending": core.embedding.pending(),
        "unread": core.facts.pending(),
    }


def _running(core: Core) -> dict[str, Any]:
    index = core.index.standing()
    return {
        "index": {"state": index.state, "reason": index.reason},
        "embedding": {"rate": round(core.embedding.rate()), "error": core.embedding.error},
        "embedder": core.config.embedder,
        "language_model": core.config.language_model,
        "memory": core.config.memory,
    }


def _workers(core: Core) -> list[dict[str, Any]]:
    """The core and each worker; resident memory in whole MB, so that it is not news every time."""
    found: list[dict[str, Any]] = [
        {"role": "core", "model": "", "state": "ready", "pid": None, "budget_mb": None},
        *core.workers(),
    ]
    last = core.models.last_completion()
    for worker in found:
        resident = worker.get("resident_mb", resident_mb())
        worker["resident_mb"] = round(resident or 0)
        if worker["role"] == "language" and last is not None:
            took = last.seconds - last.seconds_to_first
            worker["first_s"] = round(last.seconds_to_first, 2)
            worker["tokens_s"] = round(last.completion_tokens / took, 1) if took > 0 else None
    return found
