"""Keeping the vector index: opened in a guarded way, set aside when broken, rebuilt from the record."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from secondme.errors import CoreError, IndexDamagedError, RefusedError, SecondMeError
from secondme.ingest.embedding import Embedding
from secondme.record import Record

if TYPE_CHECKING:
    from secondme.index.chroma import Health, VectorIndex

log = logging.getLogger("secondme")
State = Literal["off", "opening", "ready", "rebuilding", "failed"]
_SAMPLE = 128
_PROBE_SECONDS = 120.0
_RETRY_FIRST, _RETRY_MOST = 1.0, 30.0  # seconds until a failed index is tried again, doubling


@dataclass(frozen=True, slots=True)
class Standing:
    """How the index stands: of `total` vectors it holds `done`; why, if it is not well."""

    state: State
    reason: str
    done: int = 0
    total: int = 0

    @property
    def says(self) -> str:
        """The same in plain words, to follow "the vector index is"."""
        if self.state == "ready":
            return "ready"
        words = {"off": "not open", "opening": "being opened", "failed": "out of use"}.get(
            self.state, f"being rebuilt, {self.done:,} of {self.total:,}"
        )
        return f"{words}: {self.reason}" if self.reason else words


class VectorKeeper:
    """Owns the Chroma directory. Search by words goes on whatever happens here.

    An index that cannot be opened, such as that of a server that is away, is tried again by itself
    until it can, and then brought in step with the record.
    """

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
        self._in_step = True
        self._failures = 0
        self._retry: threading.Timer | None = None
        self._reason = ""
        self.state: State = "off"

    def standing(self) -> Standing:
        """How the index stands; the one place that tells. A rebuild that is complete is noted here."""
        if self.state != "rebuilding":
            return Standing(self.state, "" if self.state == "ready" else self._reason)
        vectors = self._record.vectors
        left = vectors.count_unindexed(self._embedder)
        if not left and self._index is not None:
            self._settle()
            return Standing("ready", "")
        total = vectors.count(self._embedder)
        return Standing("rebuilding", self._reason, total - left, total)

    def _settle(self) -> None:
        from secondme.index.chroma import discard_aside

        with self._lock:
            if self.state == "rebuilding":
                self.state, self._reason = "ready", ""
                if not self._server_url:
                    discard_aside(self._directory, self._embedder)

    def expect(self) -> None:
        """Say that the index is about to be opened."""
        self.state, self._reason = "opening", ""

    def fail(self, reason: str) -> None:
        """Say that the index cannot be opened, for a reason that lies elsewhere."""
        self.state, self._reason = "failed", reason

    def open(self, embedder: str, dimensions: int, *, in_step: bool = True) -> None:
        """Probe, open and reconcile the index of an embedder; broken, it is rebuilt.

        Kept `in_step` with the record from then on, unless it only serves until another is there.
        What cannot be opened now is tried again later.
        """
        with self._lock:
            self._embedder, self._dimensions, self._in_step = embedder, dimensions, in_step
            self._failures = 0
            self._attempt()

    def _attempt(self) -> None:
        with self._lock:
            self._forget_retry()
            try:
                self._open()
                self._failures = 0
            except SecondMeError as error:
                if not self._failures:
                    log.warning("the vector index cannot be opened: %s", error)
                self._try_again(error.line())
            except Exception as error:
                log.exception("the vector index cannot be opened")
                self._try_again(f"{type(error).__name__}: {error}")

    def _try_again(self, reason: str) -> None:
        """Note the failure, and open the index again after a while, each time a longer one."""
        self._let_go()
        self.fail(reason)
        wait = min(_RETRY_MOST, _RETRY_FIRST * 2**self._failures)
        self._failures += 1
        self._retry = threading.Timer(wait, self._again)
        self._retry.daemon = True
        self._retry.start()

    def _again(self) -> None:
        """Open the index in the background, unless that was done or it was closed meanwhile."""
        with self._lock:
            if self._index is None and self.state != "off":
                self._attempt()

    def _forget_retry(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None

    def _open(self) -> None:
        from secondme.index.chroma import VectorIndex, discard_aside, set_aside

        embedder = self._embedder
        if not self._failures:  # between two tries the reason of the last one stands
            self.expect()
        health = self._probe()
        if not health.ok:
            log.warning("the vector index is set aside and rebuilt: %s", health.reason)
        if not self._server_url:
            if health.ok:  # a core may have ended while it was rebuilt
                discard_aside(self._directory, embedder)
            else:
                set_aside(self._directory, embedder)
        index = VectorIndex.open(
            self._directory,
            embedder=embedder,
            dimensions=self._dimensions,
            server_url=self._server_url,
        )
        self._index = index
        if not health.ok and self._server_url:
            index.clear()
        index.remove(self._record.vectors.mark_all(embedder, index.numbers()))
        self._reason = health.reason
        self.state = "ready" if health.ok else "rebuilding"
        if self._in_step:
            self._embedding.attach(index, partial(self.broken, index))

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
        except (IndexDamagedError, CoreError) as error:
            self.broken(index, error)
            return {}
        return dict(zip(numbers, (float(c) for c in cosines), strict=True))

    def broken(self, index: VectorIndex, error: SecondMeError) -> None:
        """The index failed in use: take it out, and mend it in the background."""
        with self._lock:
            if self._index is not index:  # it has been let go already
                return
            log.warning("the vector index failed: %s", error)
            self._let_go()
            self.state, self._reason = "opening", error.line()
            self._failures = 0
        threading.Thread(target=self._again, name="mend index", daemon=True).start()

    def rebuild(self, *, serving_too: bool = False) -> None:
        """Set the index aside and begin a fresh one; the background job fills it.

        While another embedder's index is about to take its place it is refused (`RefusedError`), unless
        `serving_too`: then this one stays empty until the other serves.
        """
        from secondme.index.chroma import discard_aside, set_aside

        with self._lock:
            if not self.opened:
                raise RefusedError("the vector index is still being opened", hint="try again soon")
            if not (self._in_step or serving_too):
                raise RefusedError(
                    "the embedder is being changed, and its index made anew in any case",
                    hint="`secondme core status` says how far it is",
                )
            if self._server_url and self._index is not None:
                self._index.clear()
            self._let_go()
            if not self._server_url:
                set_aside(self._directory, self._embedder)
                discard_aside(self._directory, self._embedder)
            self._record.vectors.mark_all(self._embedder, set())
            self.open(self._embedder, self._dimensions, in_step=self._in_step)
            if self.state == "ready":
                self.state = "rebuilding"

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
        """What is wrong with the index as it lies on disk, or None; search by words meanwhile.

        Only one that is ready is looked at: one that is being opened or rebuilt is left alone.
        """
        with self._lock:
            if self.state != "ready":
                return None
            self._let_go()
            try:
                health = self._probe()
            finally:
                self.open(self._embedder, self._dimensions, in_step=self._in_step)
        return None if health.ok else health.reason

    def resident(self) -> tuple[int | None, State]:
        """The process that holds Chroma, and the state."""
        return (None if self._index is None else self._index.pid), self.state

    def close(self) -> None:
        """Let go of the directory."""
        with self._lock:
            self._forget_retry()
            self._let_go()
            self.state, self._reason = "off", ""

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
        keeper.fail(error.line())
        log.warning("the vector index cannot be opened: %s", error)
    except Exception as error:
        keeper.fail(f"{type(error).__name__}: {error}")
        log.exception("the vector index cannot be opened")
