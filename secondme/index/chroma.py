"""Search by meaning: an index in Chroma over the record's vectors, and the guard around it.

The record holds every vector; this is dropped and rebuilt at will. It is keyed by the moments' row
numbers and holds no text and no metadata. An embedder has a folder of its own below the given
directory, with one collection, so that a new one is built while the old one serves, and a damaged one
goes alone. Chroma runs in a child process (`secondme.index.chroma_process`) that one owner holds by a
lock: a native crash, a hang or a runaway file there is an `IndexDamagedError` here, and nothing else.

What can go wrong with Chroma 1.5.9 and is looked for: `link_lists.bin` torn (SIGSEGV, or files that
grow without bound), `index_metadata.pickle` missing (answers wrongly, without an error), vectors cut
off (never found, without an error), writes left in its log for ever (sampled searches look healthy).
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np

from secondme.errors import BadInputError, IndexDamagedError
from secondme.index import chroma_process as wire
from secondme.index.chroma_child import Child, Unowned, collection_of, folder_of
from secondme.index.probe import Floats, Health, Weight, expected_bytes, probe

__all__ = [
    "Health",
    "VectorIndex",
    "delete_indexes",
    "discard_aside",
    "expected_bytes",
    "probe",
    "set_aside",
]

_SLICE = 64  # vectors written at a time: a question waits no longer than for one slice
_OPEN_SECONDS = 120.0  # opening may replay a thousand writes, or wait for the last owner
_ANSWER_SECONDS = 60.0
_WEIGH_EVERY = 2_000  # writes between two looks at what the folder weighs


class VectorIndex:
    """Cosine HNSW over number → vector, owned by one process at a time.

    Every method may be called from any thread: one request is with Chroma at a time, and a long
    upsert lets a waiting question go between two slices. A broken index, a crash or a hang raises
    `IndexDamagedError`; the index is then of no more use: close, probe, set aside, rebuild. A server
    that has gone away raises `CoreError`: close, and open it again when it is back.
    """

    def __init__(self, child: Child, directory: Path, server_url: str, embedder: str) -> None:
        self._child = child
        self._directory = directory
        self._server_url = server_url
        self.embedder = embedder
        self.dimensions = child.dimensions
        self._unweighed = 0

    @classmethod
    def open(
        cls, directory: Path, *, embedder: str, dimensions: int, server_url: str = ""
    ) -> VectorIndex:
        """Open an embedder's index below `directory`, or begin an empty one, and load it.

        Raises `IndexDamagedError`, or `CoreError` if another process owns it, the server does not
        answer, or the installed Chroma is of a kind not known here.
        """
        child = Child(directory, embedder, dimensions, server_url)
        child.start(create=True, seconds=_OPEN_SECONDS)
        return cls(child, directory, server_url, embedder)

    def upsert(self, ns: Sequence[int], vectors: Floats) -> None:
        """Write vectors (float32, one row a number); those held already, and alike, cost a look.

        May be repeated after any failure. Raises `BadInputError` for a wrong shape or a number that
        is none, `IndexDamagedError`.
        """
        rows = self._checked(vectors, (len(ns), self.dimensions))
        numbers = np.asarray(ns, np.int64)
        for start in range(0, len(numbers), _SLICE):
            part = slice(start, start + _SLICE)
            body = numbers[part].tobytes() + rows[part].tobytes()
            self._ask("upsert", body, n=len(numbers[part]))
            time.sleep(0.0005)  # locks are not fair: a waiting question takes its turn here
        self._weigh(len(numbers))

    def remove(self, ns: Iterable[int]) -> None:
        """Take numbers out of the answers; unknown ones are passed over.

        Their bytes stay in Chroma's files until the index is rebuilt.
        """
        numbers = np.fromiter(ns, np.int64)
        for start in range(0, len(numbers), 10 * _SLICE):
            self._ask("remove", numbers[start : start + 10 * _SLICE].tobytes())
        self._weigh(len(numbers))

    def nearest(self, vector: Floats, k: int) -> tuple[list[int], Floats]:
        """The k nearest numbers, nearest first, and their cosines; fewer if fewer are held."""
        row = self._checked(vector, (self.dimensions,))
        if k <= 0:
            return [], np.empty(0, np.float32)
        reply, body = self._ask("nearest", row.tobytes(), k=k)
        n = reply["n"]
        return np.frombuffer(body, np.int64, n).tolist(), np.frombuffer(body[8 * n :], np.float32)

    def count(self) -> int:
        """How many vectors the index holds."""
        return int(self._ask("count")[0]["count"])

    def numbers(self) -> set[int]:
        """Every number that the index holds, to reconcile it with the record."""
        return set(np.frombuffer(self._ask("numbers")[1], np.int64).tolist())

    def clear(self) -> None:
        """Begin again, empty."""
        self.drop(self.embedder)
        self._child.start(create=True, seconds=_OPEN_SECONDS)

    def drop(self, embedder: str) -> None:
        """Remove an embedder's index, if there is one; removing one's own closes this first."""
        if self._server_url:
            self._ask("drop", name=collection_of(self._directory, embedder, self._server_url))
            return
        if embedder == self.embedder:
            self.close()
        folder = folder_of(self._directory, embedder)
        with Unowned(folder):
            shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Let go of the index; may be called twice. Later requests raise `IndexDamagedError`."""
        self._child.stop()

    @property
    def pid(self) -> int | None:
        """The process that holds Chroma and the vectors' memory; None when closed."""
        return self._child.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, op: str, body: bytes = b"", **fields: Any) -> wire.Reply:
        return self._child.ask(op, body, _ANSWER_SECONDS, **fields)

    def _checked(self, vectors: Floats, shape: tuple[int, ...]) -> Floats:
        rows = np.ascontiguousarray(vectors, np.float32)
        if rows.shape != shape:
            raise BadInputError(f"the index takes vectors of shape {shape}, not {rows.shape}")
        if not np.isfinite(rows).all():
            raise BadInputError("a vector holds a value that is no finite number")
        return rows

    def _weigh(self, written: int) -> None:
        """Every so many writes, see that Chroma's files do not run away."""
        self._unweighed += written
        if self._server_url or self._unweighed < _WEIGH_EVERY:
            return
        self._unweighed = 0
        folder = folder_of(self._directory, self.embedder)
        if reason := Weight.of(folder).too_heavy(self.count(), self.dimensions):
            raise IndexDamagedError(reason)


def set_aside(directory: Path, embedder: str = "") -> Path:
    """Move the directory (or one embedder's part of it) out of the way; it must not be open.

    The newest one is kept for a look, unless the disk needs the room; older ones are deleted.
    Returns where it went. Raises `CoreError` if it is open, `IndexDamagedError` if it cannot move.
    """
    path = folder_of(directory, embedder) if embedder else directory
    aside = path.with_name(f"{path.name}.broken-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
    folders = [path] if embedder else [lock.with_suffix("") for lock in directory.glob("*.lock")]
    for folder in folders:
        with Unowned(folder):
            pass
    discard_aside(directory, embedder)
    if path.exists():
        try:
            path.rename(aside)
        except OSError as error:
            raise IndexDamagedError(
                f"the damaged index {path} cannot be set aside: {error.strerror}",
                hint="remove the folder",
            ) from None
        if Weight.of(aside).allocated > shutil.disk_usage(aside.parent).free:
            shutil.rmtree(aside, ignore_errors=True)
    return aside


def discard_aside(directory: Path, embedder: str = "") -> None:
    """Delete what was set aside: vectors of forgotten moments may be in it."""
    path = folder_of(directory, embedder) if embedder else directory
    for old in path.parent.glob(f"{path.name}.broken-*"):
        shutil.rmtree(old, ignore_errors=True)


def delete_indexes(directory: Path, keep: Sequence[str]) -> None:
    """Delete every index below the directory but those of the embedders to keep.

    Raises `CoreError` if one is open.
    """
    kept = {folder_of(directory, embedder).name for embedder in keep}
    for folder in directory.iterdir() if directory.is_dir() else ():
        if folder.is_dir() and folder.name not in kept:
            with Unowned(folder):
                shutil.rmtree(folder, ignore_errors=True)
