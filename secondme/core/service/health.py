"""How the memory is: status, what leaves the machine, checks and mending."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from secondme import __version__, config
from secondme.core.app import Core, resident_mb
from secondme.core.erasing import sweep, unfinished
from secondme.core.service import Call, Event, use_case
from secondme.errors import SecondMeError
from secondme.ingest.progress import progress
from secondme.model import catalog, fetch

_LOW_DISK = 1_000_000_000


@use_case
def core_status(core: Core, call: Call) -> Event:
    """The core's process and its workers."""
    core.index.settle()
    return {
        "pid": os.getpid(),
        "version": __version__,
        "socket": str(core.config.tcp_file if core.config.uses_tcp else core.config.socket),
        "moments": core.record.moments.count(),
        "pending": core.embedding.pending(),
        "workers": core.workers(),
        "uptime_s": round(time.time() - core.started, 1),
        "resident_mb": resident_mb(),
        "index": {"state": core.index.state, "reason": core.index.reason},
        "embedding": {"rate": round(core.embedding.rate(), 1), "error": core.embedding.error},
        "watching": core.watcher.active,
    }


@use_case
def status(core: Core, call: Call) -> Event:
    """What the memory holds, with what it works, and whether anything leaves the machine."""
    core.wait_until_prepared(3.0)
    core.index.settle()
    sources = core.record.sources.all()
    return {
        "version": __version__,
        "data_dir": str(core.config.data_dir),
        "items": core.record.items.count(),
        "moments": core.record.moments.count(),
        "pending": core.embedding.pending(),
        "sources": len(sources),
        "watched": sum(s.watched for s in sources),
        "disk_mb": round(_size(core.config.data_dir) / 1e6, 1),
        "embedder": _model(core, core.config.embedder),
        "language_model": _model(core, core.config.language_model),
        "index": core.index.state,
        "plugins_failed": [
            {"plugin": f.plugin, "reason": f.reason} for f in core.intake.readers.faults
        ],
        "leaves_machine": leaves_machine(core),
    }


def leaves_machine(core: Core) -> list[str]:
    """In plain sentences, everything that goes to other machines or could; empty by default."""
    out = []
    if core.config.chroma_url:
        out.append(f"The vectors of all moments go to the Chroma server {core.config.chroma_url}.")
    return out


def _model(core: Core, name: str) -> dict[str, Any]:
    try:
        return {"name": catalog.find(name).name, "fetched": core.model_path(name) is not None}
    except SecondMeError as error:
        return {"name": name, "fetched": False, "error": error.line()}


@use_case
def reload(core: Core, call: Call) -> Event:
    """Read the settings again; those that need a new core are named."""
    fresh = config.load()
    live = {"embedder", "language_model", "undo_days", "idle_exit", "worker_idle", "context"}
    changed = [n for n in config.SETTINGS if getattr(fresh, n) != getattr(core.config, n)]
    core.reconfigure(fresh)
    return {"changed": changed, "restart_for": [n for n in changed if n not in live]}


@use_case
def index_rebuild(core: Core, call: Call) -> Iterator[Event]:
    """Drop both indexes and make them anew from the record; search goes on meanwhile."""
    started = time.monotonic()
    yield progress("words", 0, 1, started)
    core.fulltext.rebuild()
    yield progress("words", 1, 1, started)
    if core.embedder is not None:
        core.index.rebuild()
        yield from _vectors_back(core, call)
    yield {
        "event": "result",
        "moments": core.record.moments.count(),
        "seconds": round(time.monotonic() - started, 2),
    }


def _vectors_back(core: Core, call: Call) -> Iterator[Event]:
    embedder = core.embedder
    assert embedder is not None
    vectors, started = core.record.vectors, time.monotonic()
    total = vectors.count_unindexed(embedder.name)
    while (left := vectors.count_unindexed(embedder.name)) and not call.stop.is_set():
        yield progress("vectors", total - left, total, started)
        core.embedding.wake()
        call.stop.wait(0.2)
        if core.index.state == "failed":
            raise SecondMeError(f"the vector index cannot be rebuilt: {core.index.reason}")
    core.index.settle()


@use_case
def doctor(core: Core, call: Call, *, fix: bool = False) -> Event:
    """Check the record, the indexes, models, disk and permissions; with `fix`, mend what can be."""
    checks = [_check(name, test, mend if fix else None, core) for name, test, mend in _CHECKS]
    return {"checks": checks}


Test = Callable[[Core], str | None]


def _check(
    name: str, test: Test, mend: Callable[[Core], None] | None, core: Core
) -> dict[str, Any]:
    """Run a test (None is well); when it finds something and can be mended, test again after."""
    fixed = False
    try:
        found = test(core)
        if found and mend is not None:
            mend(core)
            again = test(core)
            fixed, found = again is None, again or found
    except SecondMeError as error:
        found = error.line()
    return {"name": name, "ok": found is None or fixed, "detail": found or "", "fixed": fixed}


def _record_sound(core: Core) -> str | None:
    found = core.record.store.check()
    return "; ".join(found[:3]) if found else None


def _words_in_step(core: Core) -> str | None:
    return core.fulltext.check()


def _vectors_in_step(core: Core) -> str | None:
    if core.embedder is None:
        return f"the embedder {core.config.embedder!r} is not here: `secondme model fetch`"
    core.index.settle()
    if core.index.state == "failed":
        return f"the vector index cannot be opened: {core.index.reason}"
    return core.index.check()


def _models_whole(core: Core) -> str | None:
    bad = []
    for name in (core.config.embedder, core.config.language_model):
        entry = catalog.find(name)
        path = core.model_path(name)
        if path is None:
            bad.append(f"{entry.name} is not here: `secondme model fetch {entry.name}`")
            continue
        try:
            fetch.verify(path, entry)
        except SecondMeError as error:
            bad.append(error.line())
    return "; ".join(bad) or None


def _disk_free(core: Core) -> str | None:
    free = shutil.disk_usage(core.config.data_dir).free
    return f"only {free / 1e6:.0f} MB are free on its disk" if free < _LOW_DISK else None


def _private(core: Core) -> str | None:
    loose = [p for p in _files(core.config.data_dir) if p.stat().st_mode & 0o077]
    return f"{len(loose)} files can be read by others, such as {loose[0]}" if loose else None


def _make_private(core: Core) -> None:
    for path in _files(core.config.data_dir):
        path.chmod(0o700 if path.is_dir() else 0o600)


def _erased_everywhere(core: Core) -> str | None:
    count = len(unfinished(core))
    return "what was erased for good may still lie in some files" if count else None


def _erase_everywhere(core: Core) -> None:
    with core.embedding.paused():
        sweep(core)


def _plugins_load(core: Core) -> str | None:
    faults = core.intake.readers.faults
    return "; ".join(f"{f.plugin}: {f.reason}" for f in faults) or None


def _mend_words(core: Core) -> None:
    core.fulltext.rebuild()


def _mend_vectors(core: Core) -> None:
    if core.embedder is not None:
        core.index.rebuild()


_CHECKS: tuple[tuple[str, Test, Callable[[Core], None] | None], ...] = (
    ("record", _record_sound, None),
    ("word index", _words_in_step, _mend_words),
    ("vector index", _vectors_in_step, _mend_vectors),
    ("models", _models_whole, None),
    ("free disk", _disk_free, None),
    ("permissions", _private, _make_private),
    ("erasing", _erased_everywhere, _erase_everywhere),
    ("plugins", _plugins_load, None),
)


def _files(folder: Path) -> list[Path]:
    return [folder, *folder.rglob("*")]


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total
