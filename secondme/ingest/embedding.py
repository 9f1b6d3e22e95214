"""The background job that gives moments their vectors and keeps the vector index in step.

It yields at once to a person who is waiting, survives a crash (what is to do follows from the record)
and keeps one batch with the embedder while the one before is being stored.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from secondme.errors import CoreError, IndexDamagedError, SecondMeError
from secondme.ingest.job import Job
from secondme.record import Record
from secondme.record.moments import StoredMoment

Floats = NDArray[np.float32]
_FETCH = 512
_BATCH = 32
_SYNC = 256  # vectors that the index takes at a time: what its progress goes by
_EARLIER = 300
"""Of a moment that comes before, this many characters (its last) go into the vector."""
_QUIET = 0.05
_AGAIN = 5.0
"""Seconds after which a failed embedder is tried again."""


class Embeds(Protocol):
    """What gives texts their vectors."""

    def passages(self, texts: Sequence[str]) -> Floats: ...


class Indexes(Protocol):
    """What finds neighbours of vectors."""

    def upsert(self, ns: Sequence[int], vectors: Floats) -> None: ...
    def remove(self, ns: Sequence[int]) -> None: ...


def said(moment: StoredMoment) -> str:
    """A moment's line as embedders and readers get it: who, then what."""
    return f"{moment.speaker}: {moment.text}" if moment.speaker else moment.text


def window_text(window: Sequence[StoredMoment]) -> str:
    """What a moment's vector is made of: itself after the ends of the moments before it."""
    *before, moment = window
    lines = [said(m)[-_EARLIER:] for m in before]
    head = [moment.context] if moment.context and not before else []
    return "\n".join([*head, *lines, said(moment)])


class Priority:
    """Lets background work step aside while a person waits."""

    def __init__(self) -> None:
        self._waiting = 0
        self._last = 0.0
        self._condition = threading.Condition()

    def __enter__(self) -> None:
        with self._condition:
            self._waiting += 1

    def __exit__(self, *_: object) -> None:
        with self._condition:
            self._waiting -= 1
            self._last = time.monotonic()
            self._condition.notify_all()

    def give_way(self, stop: threading.Event) -> None:
        """Return once nobody has been waiting for a moment, or `stop` is set."""
        while not stop.is_set():
            with self._condition:
                if self._waiting:
                    self._condition.wait(0.5)
                    continue
                quiet = _QUIET - (time.monotonic() - self._last)
            if quiet <= 0:
                return
            stop.wait(quiet)


class Embedding(Job):
    """The job: pending moments → vectors in the record → the index."""

    NAME = "embedding"

    def __init__(
        self, record: Record, priority: Priority, then: Callable[[], None] = lambda: None
    ) -> None:
        """`then` is called whenever what it was woken for is done."""
        super().__init__()
        self._then = then
        self._record = record
        self._priority = priority
        self._embedder: tuple[str, Embeds] | None = None
        self._expected = ""
        self._index: Indexes | None = None
        self._lost: Callable[[SecondMeError], None] = lambda error: None
        self._step = threading.Lock()  # held while the index takes vectors and that is noted
        self.working = False
        self._rates: deque[tuple[float, int]] = deque(maxlen=40)
        self._storing = threading.RLock()

    def expect(self, name: str) -> None:
        """Say which embedder is about to be used: what has no vector of it is pending."""
        self._expected = name

    def use(self, name: str, embedder: Embeds) -> None:
        """Make vectors with this embedder from now on."""
        self._embedder, self._expected = (name, embedder), name
        self._index = None
        self.wake()

    def attach(self, index: Indexes, lost: Callable[[SecondMeError], None]) -> None:
        """The index to keep in step from now on; `lost` is told when it fails, and it is let go."""
        self._index, self._lost = index, lost
        self.wake()

    def detach(self, index: Indexes | None) -> None:
        """Leave this index alone, if it is the one that is kept in step, after the step in hand."""
        with self._step:
            if self._index is index:
                self._index = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Inside, no vector is written, neither to the record nor to the index."""
        with self._storing:
            yield

    def pending(self) -> int:
        """How many live moments have no vector yet."""
        return self._record.vectors.count_missing(self._expected) if self._expected else 0

    def rate(self) -> float:
        """Moments embedded a second, over the last batches; 0.0 at rest."""
        rates = list(self._rates)
        if len(rates) < 2 or rates[-1][0] <= rates[0][0]:
            return 0.0
        return sum(n for _, n in rates[1:]) / (rates[-1][0] - rates[0][0])

    def _run(self) -> None:
        while not self._stop.is_set():
            woken = self._wake.wait(30)
            self._wake.clear()
            try:
                self.working = True
                while not self._stop.is_set() and (self._embed_some() or self._sync()):
                    pass
                self.error = None
            except SecondMeError as error:
                self.error = error.line()
            finally:
                self.working = False
                self._rates.clear()
            if self.error:
                self._stop.wait(_AGAIN)
                self._wake.set()
            elif woken:
                self._then()

    def _embed_some(self) -> bool:
        """Embed the next few hundred moments, similar lengths together; False if there are none."""
        if self._embedder is None:
            return False
        name, embedder = self._embedder
        numbers = self._record.vectors.missing(name, _FETCH)
        if not numbers:
            return False
        windows = self._record.moments.windows(numbers)
        texts = sorted(((n, window_text(w)) for n, w in windows.items()), key=lambda t: len(t[1]))
        batches = [texts[i : i + _BATCH] for i in range(0, len(texts), _BATCH)]
        with ThreadPoolExecutor(1, "embed") as ahead:
            waiting: Future[Floats] | None = None
            previous: list[tuple[int, str]] = []
            for batch in [*batches, []]:
                self._priority.give_way(self._stop)
                if self._stop.is_set():
                    return False
                following = (
                    ahead.submit(embedder.passages, [t for _, t in batch]) if batch else None
                )
                if waiting is not None:
                    self._store(name, previous, waiting.result())
                waiting, previous = following, batch
        while not self._stop.is_set() and self._sync():
            pass
        return True

    def _store(self, name: str, batch: Sequence[tuple[int, str]], vectors: Floats) -> None:
        with self._storing:
            self._record.vectors.put(name, [n for n, _ in batch], vectors)
        self._rates.append((time.monotonic(), len(batch)))

    def _sync(self) -> bool:
        """Bring the index a step nearer to the record; False if it is in step, or there is none."""
        try:
            with self._storing, self._step:
                index, lost = self._index, self._lost
                if self._embedder is None or index is None:
                    return False
                return self._take_step(self._embedder[0], index)
        except (IndexDamagedError, CoreError) as error:
            self.detach(index)
            lost(error)
            return False

    def _take_step(self, name: str, index: Indexes) -> bool:
        numbers, vectors = self._record.vectors.unindexed(name, _SYNC)
        if numbers:
            index.upsert(numbers, vectors)
            self._record.vectors.mark(name, numbers, True)
            return True
        stale = self._record.vectors.stale(name, _SYNC)  # looks through all: once all are in
        if stale:
            index.remove(stale)
            self._record.vectors.mark(name, stale, False)
        return bool(stale)
