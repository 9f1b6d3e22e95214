"""Whether a Chroma index can be trusted: it is weighed, opened in a child process, and asked."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondme.errors import IndexDamagedError
from secondme.index.chroma_child import Child, folder_of
from secondme.index.chroma_holders import SYNC_THRESHOLD

Floats = NDArray[np.float32]

# What a vector weighs beside its numbers, measured at 100,000: 140 bytes of neighbours and id in
# `data_level0.bin`, 9 in `link_lists.bin`, 34 in the maps, 110 to 190 in Chroma's own SQLite file.
_PER_VECTOR = 400
_FIXED = 4 << 20  # SQLite's tables, and the log of the last thousand writes
_BLOAT, _SLACK = 2, 32 << 20  # heavier than twice its due and this: rebuilt, memory gains as well
_LINKS_PER_VECTOR = 128  # 9 are usual

_MOST_LOST = 0.02  # of the sample, vectors that are not stored as they should be
_LEAST_FOUND = 0.9  # of the sample, vectors that find themselves
_DRIFT = 0.1  # count may differ by this share (and by 100): reconciling mends it


@dataclass(frozen=True, slots=True)
class Health:
    """What a probe found: `reason` is one line when not ok; bytes are those on disk, and what is due."""

    ok: bool
    reason: str
    count: int
    bytes_on_disk: int
    expected_bytes: int


def probe(
    directory: Path,
    sample: Sequence[tuple[int, Floats]],
    expected: int,
    *,
    embedder: str,
    dimensions: int,
    timeout: float,
    server_url: str = "",
) -> Health:
    """Try an index that nobody has open: weigh it, open it in a child process, ask it what is known.

    `sample` holds numbers with their vectors, spread over the whole collection: each must find
    itself, or an exact copy. A crash, a hang beyond `timeout` seconds and an exception are findings.
    Samples not held at all, and a count a little off, are not: reconciling mends these. Raises
    `CoreError` when another process owns the index, or the server does not answer.
    """
    folder = folder_of(directory, embedder)
    weight = Weight() if server_url else Weight.of(folder)
    due = 0 if server_url else expected_bytes(expected, dimensions)

    def health(reason: str, count: int = 0) -> Health:
        return Health(not reason, reason, count, weight.total, due)

    if not server_url and not folder.exists():
        return health(_too_few(0, expected))
    if reason := weight.too_heavy(expected, dimensions):
        return health(reason)
    deadline = time.monotonic() + timeout
    numbers = np.array([n for n, _ in sample], np.int64)
    rows = np.array([v for _, v in sample], np.float32)
    child = Child(directory, embedder, dimensions, server_url)
    try:
        if child.start(create=False, seconds=timeout) is None:
            return health(_too_few(0, expected))
        body = numbers.tobytes() + rows.tobytes()
        found, _ = child.ask("check", body, deadline - time.monotonic(), n=len(sample))
    except IndexDamagedError as error:
        return health(str(error))
    finally:
        child.stop()
    reason = (
        _too_few(found["count"], expected)
        or _astray(found, len(sample))
        or ("" if server_url else weight.too_light(found["count"], dimensions))
        or ("" if server_url else _log_trouble(folder))
    )
    return health(reason, found["count"])


def expected_bytes(count: int, dimensions: int) -> int:
    """What an index of so many vectors should weigh on disk."""
    return count * (4 * dimensions + _PER_VECTOR) + _FIXED


def _too_few(count: int, expected: int) -> str:
    if abs(count - expected) > max(100, _DRIFT * expected) or (expected and not count):
        return f"it holds {count:,} vectors, not {expected:,}"
    return ""


def _astray(found: dict[str, Any], asked: int) -> str:
    held, itself, stored = found["held"], found["found"], found["stored"]
    if asked - held > max(2, _DRIFT * asked):
        return f"{asked - held} of {asked} known vectors are not in it"
    if held - itself - stored > _MOST_LOST * held or itself < _LEAST_FOUND * held:
        return f"{held - itself} of {held} known vectors do not find themselves"
    return ""


def _log_trouble(folder: Path) -> str:
    """Whether Chroma's SQLite file is sound, and its log taken up into the graph."""
    try:
        address = f"{(folder / 'chroma.sqlite3').absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as database:
            sound = database.execute("pragma quick_check(1)").fetchone()[0]
            waiting = database.execute("select count(*) from embeddings_queue").fetchone()[0]
    except sqlite3.Error as error:
        return f"its SQLite file cannot be read: {error}"
    if sound != "ok":
        return f"its SQLite file is damaged: {' '.join(sound.split())}"
    if waiting > 2 * SYNC_THRESHOLD:
        return f"{waiting:,} writes wait in its log and are not taken up"
    return ""


@dataclass(frozen=True, slots=True)
class Weight:
    """Bytes of a folder as its files claim (`total`), of `link_lists.bin` alone, and on the disk."""

    total: int = 0
    links: int = 0
    allocated: int = 0

    @classmethod
    def of(cls, folder: Path) -> Weight:
        total = links = allocated = 0
        for file in folder.rglob("*"):
            with suppress(FileNotFoundError):  # Chroma's journal comes and goes
                if file.is_symlink() or not file.is_file():
                    continue
                stat = file.stat()
                total += stat.st_size
                allocated += stat.st_blocks * 512
                links += stat.st_size if file.name == "link_lists.bin" else 0
        return cls(total, links, allocated)

    def too_heavy(self, count: int, dimensions: int) -> str:
        due = expected_bytes(count, dimensions)
        if self.total > _BLOAT * due + _SLACK:
            return f"it weighs {self.total >> 20:,} MB where {due >> 20:,} MB are due"
        if self.links > _LINKS_PER_VECTOR * count + _FIXED:
            return f"its link_lists.bin has grown to {self.links >> 20:,} MB"
        return ""

    def too_light(self, count: int, dimensions: int) -> str:
        if self.total < 4 * count * dimensions:
            return f"it weighs {self.total:,} bytes, less than its {count:,} vectors alone"
        return ""
