"""Models: which there are, fetching, choosing, removing."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from secondme import config as settings
from secondme.core.app import Core
from secondme.core.service import Call, Event, use_case
from secondme.errors import BadInputError, ModelError, NotFoundError, RefusedError, SecondMeError
from secondme.model import catalog, discover, fetch
from secondme.model.entries import ENTRIES, Entry
from secondme.model.fetch import Progress
from secondme.wording import counted

_SETTINGS = {"language": "language_model", "embedder": "embedder", "parser": "parser"}
"""The setting that names the model of each role."""
if TYPE_CHECKING:
    from secondme.model.window.layout import Layout
    from secondme.model.window.plan import Foreseen


@use_case
def models(core: Core, call: Call) -> Event:
    """The catalog, and which of it is here and in use."""
    entries = [*ENTRIES, *fetch.fetched_by_address(core.config.models_dir)]
    return {"models": [_json(core, entry) for entry in entries]}


@use_case
def model_fetch(core: Core, call: Call, *, name: str = "default") -> Iterator[Event]:
    """Bring a model here; an interrupted fetch goes on where it stopped."""
    entry = catalog.find(name)
    path = yield from _reported(
        lambda report, stop: fetch.fetch(entry, core.config.models_dir, progress=report, stop=stop),
        call,
    )
    if entry.name == catalog.find(core.config.embedder).name and core.searching.embedder is None:
        core.searching.open_soon()
    if entry.name == catalog.find(core.config.parser).name:
        core.models.open_parser(core.facts.use)
    yield {"event": "result", "name": entry.name, "path": str(path)}


@use_case
def model_verify(core: Core, call: Call, *, name: str | None = None) -> Iterator[Event]:
    """Read models that are here and compare their hashes."""
    chosen = [catalog.find(name)] if name else [e for e in ENTRIES if _path(core, e)]
    checked = []
    for entry in chosen:
        path = core.models.known_path(entry.name)
        try:
            yield from _reported(_verification(path, entry), call)
            checked.append({"name": entry.name, "ok": True, "detail": ""})
        except ModelError as error:
            checked.append({"name": entry.name, "ok": False, "detail": error.line()})
    yield {"event": "result", "checked": checked}


@use_case
def model_use(core: Core, call: Call, *, name: str, memory: int | None = None) -> Event:
    """Answer, or embed, with this model from now on; in so many megabytes, if given (0: no limit)."""
    entry = catalog.find(name)
    if entry.role == "ranker":
        raise BadInputError(
            f"{entry.name} serves `recall --best` wherever it is here: there is nothing to choose"
        )
    path = core.models.known_path(entry.name)
    if memory is not None:
        if entry.role != "language":
            raise BadInputError(
                f"a memory budget is for the model that answers, not for the {entry.role}"
            )
        if memory:
            _foreseen(core, path, memory)
        settings.write_setting(core.config.config_file, "memory", str(memory))
    setting = _SETTINGS[entry.role]
    value = str(entry.path) if entry.path else entry.name
    settings.write_setting(core.config.config_file, setting, value)
    core.reconfigure(settings.load())
    in_force = getattr(core.config, setting)
    if catalog.find(in_force).name != entry.name:
        raise RefusedError(
            f"the variable SECONDME_{setting.upper()} says {in_force!r} and goes before the setting"
        )
    note = ""
    pending = core.embedding.pending() if entry.role == "embedder" else 0
    if pending:
        get = "gets a new vector" if pending == 1 else "get new vectors"
        note = f"{counted(pending, 'moment')} {get}; until then the old ones serve"
    return {"name": entry.name, "role": entry.role, "note": note}


@use_case
def model_memory(core: Core, call: Call, *, memory: int) -> Event:
    """Let the model that answers take so many megabytes from now on, also in the middle of an answer;
    0 is no limit, with the next answer."""
    entry = catalog.find(core.config.language_model)
    path = _path(core, entry)
    if memory and path is not None:
        _foreseen(core, path, memory)
    before = core.config
    settings.write_setting(before.config_file, "memory", str(memory))
    try:
        core.reconfigure(settings.load())
    except SecondMeError:
        settings.write_setting(before.config_file, "memory", str(before.memory))
        core.config = before
        raise
    if core.config.memory != memory:
        raise RefusedError("the variable SECONDME_MEMORY goes before the setting")
    return {"name": entry.name, "memory": memory}


@use_case
def model_plan(core: Core, call: Call, *, name: str = "default", memory: int) -> Event:
    """What so many megabytes buy with a model: what stays, what streams, and how fast that will be."""
    from secondme.model.window import disk
    from secondme.model.window.plan import megabytes, predicted_seconds
    from secondme.model.window.spread import spread

    entry = catalog.find(name)
    path = core.models.known_path(name)
    layout, seen = _foreseen(core, path, memory)
    plan = seen.plan
    try:
        speed = disk.bandwidth(path)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from None
    kept = spread(seen.sizes, plan.room)
    seconds = predicted_seconds(plan, layout, seen.measured, speed)
    return {
        "name": entry.name,
        "memory": memory,
        "smallest": megabytes(plan.smallest),
        "whole": _mb(plan.whole),
        "uses": _mb(plan.used),
        "file": _mb(layout.size),
        "parts": {name: _mb(size) for name, size in asdict(plan.need).items()},
        "layers": {
            "count": layout.layers,
            "stay": _mb(sum(seen.sizes[n] for n in kept)),
            "stream": _mb(sum(seen.sizes) - sum(seen.sizes[n] for n in kept)),
            "ahead": _mb(plan.ahead),
        },
        "embedding": {
            "size": _mb(layout.embedding.size),
            "stays": layout.tied and not plan.screened,
        },
        "output": {
            "size": _mb(layout.output.size),
            "screened": plan.screened,
            "rows": _mb(plan.rows),
        },
        "disk_mb_s": _mb(speed),
        "tokens_s": round(1 / seconds, 1) if seconds else None,
        "measured": seen.known,
    }


@use_case
def model_size(core: Core, call: Call, *, name: str | None = None) -> Event:
    """How large a model's file is: of this one, or of the one that answers."""
    path = core.models.known_path(name or core.config.language_model)
    return {"megabytes": _mb(path.stat().st_size)}


@use_case
def residency(core: Core, call: Call) -> Event:
    """How the weights of the model that answers lie in memory; null while none runs in a budget."""
    return {"residency": core.models.language_residency()}


def _foreseen(core: Core, path: Path, memory: int) -> tuple[Layout, Foreseen]:
    from secondme.model.window.layout import read_layout
    from secondme.model.window.plan import foresee

    layout = read_layout(path)
    folder = core.config.models_dir / "converted"
    return layout, foresee(
        layout, memory * 1_000_000, folder, core.models.threads, core.config.context
    )


def _mb(size: float) -> float:
    return round(size / 1e6, 1)


@use_case
def model_remove(core: Core, call: Call, *, name: str) -> Event:
    """Delete a model's file. Raises `NotFoundError` when there is nothing of it here."""
    entry = catalog.find(name)
    used = _used(core)
    if entry.name in used:
        raise RefusedError(f"the model {entry.name!r} is in use", hint="choose another one first")
    measured = 0
    if (path := _path(core, entry)) is not None and entry.path is None:
        from secondme.model.window.measured import remove_measured

        measured = remove_measured(core.config.models_dir / "converted", path)
    freed = fetch.remove(entry, core.config.models_dir) + measured
    if not freed:
        raise NotFoundError(
            f"the model {entry.name!r} is not here", hint="`secondme model list` shows which are"
        )
    return {"name": entry.name, "freed": freed}


@use_case
def model_recommend(core: Core, call: Call) -> Event:
    """What suits this machine, best first, and why."""
    free = available_mb()
    found = catalog.recommend(free, core.models.threads)
    return {
        "memory_mb": free,
        "recommendations": [
            {
                "name": r.entry.name,
                "fits": r.fits,
                "reason": r.reason,
                "fetched": _path(core, r.entry) is not None,
            }
            for r in found
        ],
    }


@use_case
def models_found(core: Core, call: Call, *, folder: str | None = None) -> Event:
    """Models that other programs keep on this machine."""
    found, skipped = discover.discover(Path(folder) if folder else None)
    return {
        "found": [
            {
                "tool": f.tool,
                "name": f.name,
                "path": str(f.path),
                "size": f.size,
                **{
                    k: v
                    for k, v in asdict(f.header).items()
                    if k in ("architecture", "context", "parameters")
                },
            }
            for f in found
        ],
        "skipped": [{"path": str(s.path), "reason": s.reason} for s in skipped],
    }


def available_mb() -> int:
    """Memory that programs can have without swapping, in MiB."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) // 1024
    except OSError:
        pass
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return pages // 2**21  # half of what is there, where the system does not tell what is free


def _verification(path: Path, entry: Entry) -> Callable[[Any, threading.Event], None]:
    return lambda report, stop: fetch.verify(path, entry, progress=report, stop=stop)


def _path(core: Core, entry: Entry) -> Path | None:
    return fetch.local_path(entry, core.config.models_dir)


def _used(core: Core) -> set[str]:
    """The names of the models in use, a model for each role."""
    return {catalog.find(getattr(core.config, setting)).name for setting in _SETTINGS.values()}


def _json(core: Core, entry: Entry) -> dict[str, Any]:
    used = _used(core)
    return {
        "name": entry.name,
        "aliases": list(entry.aliases),
        "role": entry.role,
        "licence": entry.licence,
        "size": entry.size,
        "memory_mb": entry.memory_mb,
        "fetched": _path(core, entry) is not None,
        "in_use": entry.name in used,
        "description": entry.description,
        "sources": [str(s).split(":")[0] for s in entry.sources],
    }


def _reported(
    work: Callable[[Any, threading.Event], Any], call: Call
) -> Generator[Event, None, Any]:
    """Run work that reports progress in a thread, yielding its reports as events; gives its result."""
    reports: queue.Queue[Progress | None] = queue.Queue()
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(work(reports.put, call.stop))
        except BaseException as error:
            outcome.append(error)
        finally:
            reports.put(None)

    thread = threading.Thread(target=run, name="fetch", daemon=True)
    thread.start()
    try:
        while (report := reports.get()) is not None:
            yield {"event": "progress", **asdict(report), "what": report.name}
    finally:
        if thread.is_alive() and not outcome:
            call.stop.set()
        thread.join(30)
    if outcome and isinstance(outcome[0], SecondMeError):
        raise outcome[0]
    if outcome and isinstance(outcome[0], BaseException):
        raise ModelError(f"the fetch failed: {type(outcome[0]).__name__}: {outcome[0]}")
    return outcome[0] if outcome else None
