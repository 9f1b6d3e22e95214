"""Keeping the vector index: opened in a guarded way, set aside when broken, rebuilt from the record."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from secondme.errors import IndexDamagedError, SecondMeError
from secondme.ingest.embedding import Embedding
from secondme.record import Record

if TYPE_CHECKING:
    from secondme.index.chroma import Health, VectorIndex

log = logging.getLogger("secondme")
State = Literal["off", "opening", "ready", "rebuilding", "failed"]
_SAMPLE = 128
_PROBE_SECONDS = 120.0


class VectorKeeper:
    """Owns the Chroma directory. Search by words goes on whatever happens here."""

    def __init__(
        self, record: Record, embedding: Embedding, directory: Path, server_url: str
    ) -> None:
        self._record = record
        self._embedding = embedding
        self._directory = directory
        self._server_url = server_url
        self._lock = threading.RLock()
        self._index: VectorIndex | None = None
        self._embedder = ""
        self._dimensions = 0
        self.state: State = "off"
        self.reason = ""

    def open(self, embedder: str, dimensions: int, *, in_step: bool = True) -> None:
        """Probe, open and reconcile the index of an embedder; broken, it is rebuilt.

        Kept `in_step` with the record from then on, unless it only serves until another is there.
        """
        from secondme.index.chroma import VectorIndex, set_aside

        with self._lock:
            self._embedder, self._dimensions = embedder, dimensions
            self.state, self.reason = "opening", ""
            health = self._probe()
            if not health.ok:
                log.warning("the vector index is set aside and rebuilt: %s", health.reason)
                self.reason = health.reason
                if not self._server_url:
                    set_aside(self._directory, embedder)
            index = VectorIndex.open(
                self._directory,
                embedder=embedder,
                dimensions=dimensions,
                server_url=self._server_url,
            )
            if self.reason and self._server_url:
                index.clear()
            self._record.vectors.mark_all(embedder, index.numbers())
            self._index = index
            self.state = "rebuilding" if self.reason else "ready"
            if in_step:
                self._embedding.attach(index)

    def _probe(self) -> Health:
        from secondme.index.chroma import probe

        vectors = self._record.vectors
        return probe(
            self._directory,
            vectors.sample(self._embedder, _SAMPLE),
            vectors.expected(self._embedder),
            embedder=self._embedder,
            dimensions=self._dimensions,
            timeout=_PROBE_SECONDS,
            server_url=self._server_url,
        )

    def nearest(self, vector: NDArray[np.float32], k: int) -> dict[int, float]:
        """The nearest moments, as number → cosine; nothing while the index is not there."""
        index = self._index
        if index is None:
            return {}
        try:
            numbers, cosines = index.nearest(vector, k)
        except IndexDamagedError as error:
            self.broken(str(error))
            return {}
        return dict(zip(numbers, (float(c) for c in cosines), strict=True))

    def broken(self, reason: str) -> None:
        """The index failed in use: take it out, and mend it in the background."""
        with self._lock:
            if self._index is None:
                return
            log.warning("the vector index failed: %s", reason)
            self._let_go()
            self.state, self.reason = "rebuilding", reason
        threading.Thread(target=self._reopen, name="mend index", daemon=True).start()

    def _reopen(self) -> None:
        guard(lambda: self.open(self._embedder, self._dimensions), self)

    def rebuild(self) -> None:
        """Set the index aside and begin a fresh one; the background job fills it."""
        from secondme.index.chroma import discard_aside, set_aside

        with self._lock:
            if self._server_url and self._index is not None:
                self._index.clear()
            self._let_go()
            if not self._server_url:
                set_aside(self._directory, self._embedder)
                discard_aside(self._directory, self._embedder)
            self._record.vectors.mark_all(self._embedder, set())
            self.open(self._embedder, self._dimensions)

    @property
    def opened(self) -> bool:
        """Whether it was told which embedder's index to keep."""
        return bool(self._embedder)

    @staticmethod
    def delete_others(directory: Path, keepers: Sequence[VectorKeeper]) -> None:
        """Delete every index below a directory that none of these keeps, and what was set aside."""
        from secondme.index.chroma import delete_indexes

        delete_indexes(directory, keep=[keeper._embedder for keeper in keepers])

    def drop(self, embedder: str) -> None:
        """Delete the index of an embedder that is no longer used."""
        if self._index is not None:
            self._index.drop(embedder)

    def check(self) -> str | None:
        """What is wrong with the index as it lies on disk, or None; search by words meanwhile."""
        with self._lock:
            self._let_go()
            health = self._probe()
            self.open(self._embedder, self._dimensions)
        return None if health.ok else health.reason

    def resident(self) -> tuple[int | None, State]:
        """The process that holds Chroma, and the state."""
        return (None if self._index is None else self._index.pid), self.state

    def settle(self) -> None:
        """Note that a rebuild is complete, if it is."""
        if self.state == "rebuilding" and not self._record.vectors.unindexed(self._embedder, 1)[0]:
            from secondme.index.chroma import discard_aside

            self.state = "ready"
            if not self._server_url:
                discard_aside(self._directory, self._embedder)

    def close(self) -> None:
        """Let go of the directory."""
        with self._lock:
            self._let_go()
            self.state = "off"

    def _let_go(self) -> None:
        """Close the index, so that it can be probed, moved or opened by another owner."""
        index, self._index = self._index, None
        self._embedding.detach(index)
        if index is not None:
            try:
                index.close()
            except IndexDamagedError as error:
                log.warning("closing the vector index: %s", error)


def guard(work: Callable[[], None], keeper: VectorKeeper) -> None:
    """Run background work on the index; a failure is noted, searches by words go on."""
    try:
        work()
    except SecondMeError as error:
        keeper.state, keeper.reason = "failed", error.line()
        log.warning("the vector index cannot be opened: %s", error)
    except Exception as error:
        keeper.state, keeper.reason = "failed", f"{type(error).__name__}: {error}"
        log.exception("the vector index cannot be opened")
