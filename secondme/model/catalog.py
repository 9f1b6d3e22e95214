"""Finding a model: the one that a name stands for, and the one that suits a machine.

Nothing here touches the network. `find` turns what a person types into an `Entry`, `recommend` says
which language model suits a machine.
"""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from secondme.errors import NotFoundError
from secondme.model.entries import ENTRIES, Entry, FileSource, HubSource, PyPISource, Role
from secondme.model.gguf import size_of
from secondme.wording import counted

RANKER = "minilm-colbert"
"""The models that read what recall found when the best order is asked for."""
_USEFUL_THREADS = 8  # more of them wait for memory
_COMFORTABLE = 10.0  # seconds that a person waits for an answer without wondering
_BY_NAME = {key: entry for entry in ENTRIES for key in (entry.name, *entry.aliases)}
_HUB_NAME = re.compile(
    r"hf:(?P<repo>[\w.-]+/[\w.-]+)/(?P<file>[^@?#\\]+\.gguf)(?:@(?P<rev>[\w./-]+))?"
)


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A language model for a machine: whether it fits, the seconds an answer would take, and why."""

    entry: Entry
    fits: bool
    seconds: float
    reason: str


def find(name: str, *, role: Role | None = None) -> Entry:
    """The model that a name, an alias, a path or an address in a hub stands for.

    The address is `hf:OWNER/REPO/FILE.gguf`, with `@REVISION` where wanted. A path gives a language
    model that is used where it lies. With `role`, an entry of another role counts as not found.
    Raises `NotFoundError`, which names what comes near, and `BadInputError` for a file that is not
    GGUF or cannot be read.
    """
    entry = _BY_NAME.get(name) or _on_hub(name) or _on_disk(name)
    if entry is None or (role is not None and entry.role != role):
        known = sorted(key for key, e in _BY_NAME.items() if role in (None, e.role))
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
        kind = "language model" if role == "language" else role or "model"
        hint = (
            "did you mean " + " or ".join(near) + "?" if near else "known are " + ", ".join(known)
        )
        raise NotFoundError(f"there is no {kind} named {name!r}", hint=hint)
    return entry


def recommend(memory_mb: int, threads: int) -> list[Recommendation]:
    """Every language model of the catalog, best first for `memory_mb` MiB free and `threads` threads.

    First those that fit and answer within ten seconds, the larger before the smaller, where one that
    was not measured must be clearly larger to go before one that was; then those that fit but are
    slow, the quicker first; then those that do not fit. `threads` 0 is all cores.
    """
    threads = threads or os.cpu_count() or 1
    found = [_assess(entry, memory_mb, threads) for entry in ENTRIES if entry.role == "language"]
    return sorted(found, key=_rank)


def _assess(entry: Entry, free: int, threads: int) -> Recommendation:
    fits = entry.memory_mb <= free
    seconds = _seconds(entry, threads)
    facts = [
        f"needs about {entry.memory_mb:,} MB of the {free:,} MB free"
        if fits
        else f"needs about {entry.memory_mb:,} MB and only {free:,} MB are free",
        f"about {seconds:.1f} s an answer on {counted(threads, 'thread')}"
        + (", because it thinks first" if entry.thinks else ""),
        f"F1 {entry.f1:.2f} measured" if entry.f1 is not None else "quality not measured here",
        entry.languages,
        entry.licence,
        f"{entry.size / 1e9:.1f} GB from {_whence(entry)}",
    ]
    return Recommendation(entry, fits, seconds, "; ".join(facts))


def _rank(one: Recommendation) -> tuple[int, float]:
    if not one.fits:
        return 2, one.entry.memory_mb
    if one.seconds > _COMFORTABLE:
        return 1, one.seconds
    return 0, -one.entry.parameters * (1.0 if one.entry.f1 is not None else 0.6)


def _seconds(entry: Entry, threads: int) -> float:
    """Seconds an answer: as measured on two threads, else on the line through the two measured."""
    on_two = entry.seconds if entry.seconds is not None else 1.0 + 2.6e-9 * entry.parameters
    return on_two * (3.0 if entry.thinks else 1.0) * 2 / min(threads, _USEFUL_THREADS)


def _whence(entry: Entry) -> str:
    return "a package registry" if isinstance(entry.sources[0], PyPISource) else "a model hub"


def _on_hub(name: str) -> Entry | None:
    match = _HUB_NAME.fullmatch(name)
    if match is None or ".." in name.split("/"):
        return None
    source = HubSource(match["repo"], match["file"], match["rev"] or "main")
    return Entry(
        name=name,
        role="language",
        sources=(source,),
        sha256=None,
        size=0,
        licence="see the hub",
        description=f"{match['file']} of {match['repo']}",
        origin=match["repo"],
    )


def _on_disk(name: str) -> Entry | None:
    if not (name.endswith(".gguf") or "/" in name or os.sep in name) or name.startswith("hf:"):
        return None
    path = Path(name).expanduser().absolute()
    size = size_of(path)
    return Entry(
        name=str(path),
        role="language",
        sources=(FileSource(path),),
        sha256=None,
        size=size,
        licence="unknown",
        description=path.name,
        memory_mb=int(size / (1 << 20) * 1.1) + 200,
    )
