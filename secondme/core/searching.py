"""The embedder and the index that are searched, and the change from one embedder to another."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

from secondme.core.models import Models
from secondme.core.vector_index import VectorKeeper, guard
from secondme.ingest.embedding import Embedding
from secondme.record import Record

if TYPE_CHECKING:
    from secondme.model.clients import EmbedderClient


class Searching:
    """Searches by the configured embedder; a memory that has vectors of another one keeps being searched
    with those until the new ones, and their index, are complete."""

    def __init__(self, record: Record, embedding: Embedding, models: Models) -> None:
        self._record, self._embedding, self._models = record, embedding, models
        self._embedder: EmbedderClient | None = None
        self._following: VectorKeeper | None = None
        self._lock = threading.RLock()
        self.pair: tuple[EmbedderClient | None, VectorKeeper] = (None, self._keeper())
        """The embedder whose vectors are searched, None when none has been fetched, and its index."""

    @property
    def embedder(self) -> EmbedderClient | None:
        return self.pair[0]

    @property
    def index(self) -> VectorKeeper:
        return self.pair[1]

    def expect(self) -> None:
        """The embedder is here and will be opened soon."""
        name = self._models.config.embedder
        if self._models.path(name):
            self.index.expect()
            self._embedding.expect(name)

    def open(self) -> None:
        """Use the configured embedder from now on, if its model is here."""
        with self._lock:
            name = self._models.config.embedder
            if self._models.path(name) is None:
                return
            self._embedder = self._models.embedder(name)
            self._embedding.use(name, self._embedder)
            old = self._complete_other(name)
            if old is None:
                self.pair = (self._embedder, self.index)
                self.index.open(name, self._embedder.dimensions)
                return
            serving = self._models.embedder(old)
            self.pair = (serving, self.index)
            self.index.open(old, serving.dimensions, in_step=False)
            following = self._keeper()
            following.open(name, self._embedder.dimensions)
            self._following = following
            threading.Thread(
                target=self._switch_when_done, args=(following,), name="switch", daemon=True
            ).start()

    def open_soon(self) -> None:
        """The same in the background."""
        work = partial(guard, self.open, self.index)
        threading.Thread(target=work, name="embedder", daemon=True).start()

    def change(self) -> None:
        """Another embedder is configured: let go of the one there was, and open that."""
        with self._lock:
            self.index.close()
            for client in self.clients():
                client.close()
            self.open()

    def clients(self) -> list[EmbedderClient]:
        """The embedders in use; while they change there are two."""
        both = {id(c): c for c in (self.embedder, self._embedder) if c is not None}
        return list(both.values())

    def keepers(self) -> list[VectorKeeper]:
        """Those that have an index open; while embedders change there are two."""
        with self._lock:
            both = (self.index, self._following)
        return [keeper for keeper in both if keeper is not None and keeper.opened]

    def vectors_of(self) -> str | None:
        """The embedder whose vectors the background job goes by, or None when none was fetched."""
        if self.embedder is not None:
            return self.embedder.name
        name = self._models.config.embedder
        return name if self._models.path(name) else None

    def indexed(self) -> str | None:
        """The embedder whose index is complete, or None."""
        embedder, index = self.pair
        if embedder is None or index.state != "ready":
            return None
        unindexed = self._record.vectors.unindexed(embedder.name, 1)[0]
        return None if unindexed else embedder.name

    def _complete_other(self, name: str) -> str | None:
        """Another embedder whose vectors cover the memory better than those of `name`, if there is one."""
        vectors = self._record.vectors
        missing = vectors.count_missing(name)
        for other in vectors.embedders():
            if (
                other != name
                and vectors.count_missing(other) < missing
                and self._models.path(other)
            ):
                return other
        return None

    def _switch_when_done(self, following: VectorKeeper) -> None:
        """Once every moment has its new vector in the new index, search there and let the old go."""
        new, never = self._embedder, threading.Event()
        assert new is not None
        while self._embedding.pending() or self._record.vectors.count_unindexed(new.name):
            never.wait(0.5)
            if self._embedder is not new:  # changed again meanwhile
                following.close()
                return
        with self._lock:
            serving, index = self.pair
            self.pair, self._following = (new, following), None
        index.close()
        if serving is not None:
            serving.close()
            self._record.vectors.drop(serving.name)
            guard(lambda: following.drop(serving.name), following)

    def _keeper(self) -> VectorKeeper:
        config = self._models.config
        return VectorKeeper(self._record, self._embedding, config.chroma_dir, config.chroma_url)
