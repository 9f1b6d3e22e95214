"""How the memory is: status, what leaves the machine, checks and mending."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from secondme import __version__, config
from secondme.core.app import Core, resident_mb
from secondme.core.erasing import sweep, unfinished
from secondme.core.service import Call, Event, use_case
from secondme.errors import IndexDamagedError, SecondMeError
from secondme.ingest.progress import progress
from secondme.model import catalog, fetch

_LOW_DISK = 1_000_000_000
_PREPARED_SECONDS = 120.0


class Remark(str):
    """What a test has to say though all is well."""

    __slots__ = ()


@use_case
def core_status(core: Core, call: Call) -> Event:
    """The core's process and its workers."""
    index = core.index.standing()
    return {
        "pid": os.getpid(),
        "version": __version__,
        "socket": str(core.config.address),
        "moments": core.record.moments.count(),
        "pending": core.embedding.pending(),
        "workers": core.workers(),
        "uptime_s": round(time.time() - core.started, 1),
        "resident_mb": resident_mb(),
        "index": {"state": index.state, "reason": index.reason, "says": index.says},
        "embedding": {"rate": round(core.embedding.rate(), 1), "error": core.embedding.error},
        "facts": {
            "pending": core.facts.pending(),
            "rate": round(core.facts.rate(), 1),
            "error": core.facts.error,
        },
        "watching": core.watcher.active,
    }


@use_case
def status(core: Core, call: Call) -> Event:
    """What the memory holds, with what it works, and whether anything leaves the machine."""
    core.wait_until_prepared(3.0)
    index = core.index.standing()
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
        "index": index.state,
        "index_says": index.says,
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
        return {"name": catalog.find(name).name, "fetched": core.models.path(name) is not None}
    except SecondMeError as error:
        return {"name": name, "fetched": False, "error": error.line()}


@use_case
def reload(core: Core, call: Call) -> Event:
    """Read the settings again; those that need a new core are named."""
    fresh = config.load()
    live = {
        "embedder",
        "language_model",
        "parser",
        "unconfirmed",
        "me",
        "undo_days",
        "idle_exit",
        "worker_idle",
        "context",
        "theme",
        "memory",
    }
    changed = [n for n in config.SETTINGS if getattr(fresh, n) != getattr(core.config, n)]
    core.reconfigure(fresh)
    return {"changed": changed, "restart_for": [n for n in changed if n not in live]}


@use_case
def index_rebuild(core: Core, call: Call) -> Iterator[Event]:
    """Drop both indexes and make them anew from the record; search goes on meanwhile."""
    core.wait_until_prepared(_PREPARED_SECONDS)
    started = time.monotonic()
    yield progress("words", 0, 0, started)  # one transaction, of which nothing shows before its end
    core.fulltext.rebuild()
    if core.searching.embedder is not None:
        core.index.rebuild()
        yield from _vectors_back(core, call)
    yield {
        "event": "result",
        "moments": core.record.moments.count(),
        "seconds": round(time.monotonic() - started, 2),
    }


def _vectors_back(core: Core, call: Call) -> Iterator[Event]:
    started = time.monotonic()
    core.embedding.wake()
    while (index := core.index.standing()).state != "ready" and not call.stop.is_set():
        if index.state in ("failed", "off"):
            raise IndexDamagedError(f"the vector index is {index.says}")
        yield progress("vectors", index.done, index.total, started)
        call.stop.wait(0.2)


@use_case
def doctor(core: Core, call: Call, *, fix: bool = False) -> Event:
    """Check the record, the indexes, models, disk and permissions; with `fix`, mend what can be."""
    core.wait_until_prepared(_PREPARED_SECONDS)
    checks = [_check(name, test, mend if fix else None, core) for name, test, mend in _CHECKS]
    return {"checks": checks}


Test = Callable[[Core], str | None]


def _check(
    name: str, test: Test, mend: Callable[[Core], None] | None, core: Core
) -> dict[str, Any]:
    """Run a test; when it finds something and can be mended, test again after."""
    fixed = False
    try:
        found = test(core)
        if mend is not None and not _well(found):
            mend(core)
            again = test(core)
            fixed, found = _well(again), again or found
    except SecondMeError as error:
        found = error.line()
    return {"name": name, "ok": _well(found) or fixed, "detail": found or "", "fixed": fixed}


def _well(found: str | None) -> bool:
    return found is None or isinstance(found, Remark)


def _record_sound(core: Core) -> str | None:
    found = core.record.store.check()
    return "; ".join(found[:3]) if found else None


def _words_in_step(core: Core) -> str | None:
    return core.fulltext.check()


def _vectors_in_step(core: Core) -> str | None:
    if core.index.standing().state == "off":
        embedder = core.config.embedder
        return f"the embedder {embedder!r} is not here: `secondme model fetch {embedder}`"
    found = core.index.check()
    index = core.index.standing()
    if found or index.state == "ready":
        return found
    said = f"the vector index is {index.says}"
    return said if index.state == "failed" else Remark(said)


def _models_whole(core: Core) -> str | None:
    bad = []
    for name in (core.config.embedder, core.config.language_model, core.config.parser):
        entry = catalog.find(name)
        path = core.models.path(name)
        if path is None and entry.role == "parser":
            continue  # facts are then found by plain rules
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
    """What lies in the data folder; the folder itself is made private at each start."""
    loose = _loose(core)
    if not loose:
        return None
    more = f", and {len(loose) - 1} more" if loose[1:] else ""
    return f"{loose[0]} can be read by others{more}"


def _make_private(core: Core) -> None:
    for path in _loose(core):
        path.chmod(0o700 if path.is_dir() else 0o600)


def _erased_everywhere(core: Core) -> str | None:
    count = len(unfinished(core))
    return "what was erased for good may still lie in some files" if count else None


def _erase_everywhere(core: Core) -> None:
    with core.embedding.paused():
        sweep(core)


def _loose(core: Core) -> list[Path]:
    """What others can read in the data folder, without the socket's folder that may lie in it."""
    found = []
    for path in core.config.data_dir.rglob("*"):
        with suppress(FileNotFoundError):  # journals come and go
            info = path.lstat()
            loose = info.st_mode & 0o077 and not path.is_symlink() and info.st_uid == os.getuid()
            if loose and not path.is_relative_to(core.config.run_dir):
                found.append(path)
    return found


def _plugins_load(core: Core) -> str | None:
    faults = core.intake.readers.faults
    return "; ".join(f"{f.plugin}: {f.reason}" for f in faults) or None


def _mend_words(core: Core) -> None:
    core.fulltext.rebuild()


def _mend_vectors(core: Core) -> None:
    if core.searching.embedder is not None:
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


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total
