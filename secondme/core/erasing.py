"""Erasing for good: the record's rows, then every place where their bytes may still lie.

The journal's entry says whether the places have been swept: a core that died in between goes on with
it when it starts.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from secondme.core.vector_index import VectorKeeper
from secondme.errors import SecondMeError
from secondme.memory import terms
from secondme.record.erase import Erased, erase

if TYPE_CHECKING:
    from secondme.core.app import Core

log = logging.getLogger("secondme")
_READERS_SECONDS = 20.0
"""How long the write-ahead log may be kept busy by those who read, such as an export."""


def erase_for_good(
    core: Core, numbers: Sequence[int], client: str
) -> tuple[Erased, str, list[str]]:
    """Erase moments everywhere; returns what went, the journal entry, and what could not be done.

    Raises `RecordError` when the record cannot be written; then nothing has changed.
    """
    with core.embedding.paused():
        with core.record.store.write():
            entry = core.record.journal.begin("erase", client, swept=False)
            done = erase(core.record.store, numbers, entry)
            noun = "moment" if done.moments == 1 else "moments"
            core.record.journal.finish(entry, f"erased {done.moments} {noun} for good", swept=False)
        return done, entry, sweep(core)


def unfinished(core: Core) -> list[str]:
    """Journal entries of erasures whose places have not all been swept."""
    rows = core.record.store.query(
        "select id from journal where kind = 'erase' and json_extract(data, '$.swept') = 0"
    )
    return [row[0] for row in rows]


def sweep(core: Core) -> list[str]:
    """Clear every place that may hold bytes of rows that were erased; returns what could not be done."""
    core.record.moments.names_changed()
    core.conversations.clear()
    terms.forget()
    core.models.unload_language()
    failed = []
    for what, work in (
        ("the word index", core.fulltext.rebuild),
        ("the vector index", lambda: _sweep_vectors(core)),
        ("the record's file", core.record.store.vacuum),
        ("the write-ahead log", lambda: _empty_log(core)),
    ):
        if line := _failure(work):
            log.warning("erasing: %s: %s", what, line)
            failed.append(f"{what} may still hold it: {line}")
    if not failed:
        for entry in unfinished(core):
            summary = core.record.journal.get(entry).summary
            core.record.journal.finish(entry, summary, swept=True)
        core.record.store.checkpoint()
    return failed


def _failure(work: Callable[[], None]) -> str | None:
    try:
        work()
    except SecondMeError as error:
        return error.line()
    return None


def _sweep_vectors(core: Core) -> None:
    """Begin each index anew, and delete those that nobody has open."""
    keepers = core.searching.keepers()
    for keeper in keepers:
        keeper.rebuild(serving_too=True)
        if keeper.state == "failed":
            raise SecondMeError(f"it cannot be opened: {keeper.standing().reason}")
    VectorKeeper.delete_others(core.config.chroma_dir, keepers)


def _empty_log(core: Core) -> None:
    if not core.record.store.checkpoint(_READERS_SECONDS):
        raise SecondMeError(
            "the record is being read all the time", hint="`secondme doctor --fix`, later"
        )


def copies(core: Core) -> list[str]:
    """Exports of this memory, by path, that still lie where they were written."""
    rows = core.record.store.query("select data from journal where kind = 'export' order by id")
    paths = dict.fromkeys(json.loads(row[0])["path"] for row in rows)
    return [path for path in paths if (Path(path) / "manifest.json").exists()]
