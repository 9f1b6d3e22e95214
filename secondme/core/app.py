"""The core: one process a data directory, which alone writes the record and its indexes."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from secondme.config import Config, private_dir
from secondme.core.vector_index import VectorKeeper, guard
from secondme.errors import NotFoundError, SecondMeError
from secondme.index.fulltext import FullText
from secondme.ingest.embedding import Embedding, Priority
from secondme.ingest.intake import Intake
from secondme.ingest.reader import Readers
from secondme.ingest.watch import Watcher
from secondme.memory.comparing import Comparing
from secondme.memory.consolidate import Consolidation
from secondme.memory.cutting import Cutting
from secondme.memory.facts.job import Facts
from secondme.memory.times import Reading
from secondme.model import catalog, fetch
from secondme.record import Record
from secondme.record.clock import now_ms, zone_named
from secondme.record.erase import long_forgotten

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from secondme.model.chat import Completion
    from secondme.model.clients import (
        EmbedderClient,
        LanguageClient,
        ParserClient,
        RankerClient,
    )

_PARSER_IDLE = 60.0
"""Seconds after which the parser is unloaded: only the background needs it; and the model that ranks."""

log = logging.getLogger("secondme")


class Core:
    """Everything that a use case may need."""

    def __init__(self, config: Config) -> None:
        """Open the record and load the importers. Raises `RecordError`. Models load when needed."""
        self.config = config
        self.started = time.time()
        self.zone = local_zone(config.zone)
        private_dir(config.data_dir)
        self.record = Record(config.database)
        self.fulltext = FullText(self.record.store)
        self.priority = Priority()
        cutting = Cutting(self.record, self.fulltext, self._vectors_of)
        comparing = Comparing(self.record, self._nearest, self._indexed)
        self.consolidation = Consolidation([cutting, comparing], self.priority)
        self.embedding = Embedding(self.record, self.priority, self.consolidation.wake)
        self.times = Reading(self.record, self.priority)
        self.intake = Intake(
            self.record, Readers(self.zone), config.max_file_mb * 1_000_000, self.taken
        )
        self.facts = Facts(
            self.record,
            self.priority,
            lambda: self.config.me,
            lambda: self.embedding.working,  # what is found by meaning is wanted sooner
        )
        self.index = self._keeper()
        self.watcher = Watcher(self.record, self.intake, config.settle)
        self.ending = threading.Event()
        self._prepared = threading.Event()
        self.conversations: OrderedDict[str, Any] = OrderedDict()
        self._models = threading.RLock()
        self._embedder: EmbedderClient | None = None
        self._search: tuple[EmbedderClient | None, VectorKeeper] = (None, self.index)
        self._parser: ParserClient | None = None
        self._ranker: RankerClient | None = None
        self._following: VectorKeeper | None = None
        self._language: LanguageClient | None = None
        self._language_spec: dict[str, Any] = {}
        self.embedder_fault = ""
        """Why the last question could not be embedded; empty when it could."""

    def start(self) -> None:
        """Begin the background work: embedding, times, facts, the index, watching."""
        if self.model_path(self.config.embedder):
            self.index.expect()
            self.embedding.expect(self.config.embedder)
        self.open_parser()
        self.embedding.start()
        self.consolidation.start()
        self.times.start()
        self.facts.start()
        self.watcher.start()
        threading.Thread(target=self._prepare, name="prepare", daemon=True).start()

    def taken(self) -> None:
        """New moments are in the record: the background work has something to do."""
        self.times.wake()
        self.embedding.wake()
        self.facts.wake()

    def open_parser(self) -> None:
        """Read for facts with the configured parser from now on, if its model is here."""
        from secondme.model.clients import ParserClient

        with self._models:
            name = self.config.parser
            path = self.model_path(name)
            if self._parser is not None:
                self._parser.close()
            self._parser = None
            if path is not None:
                self._parser = ParserClient(
                    {
                        "name": catalog.find(name).name,
                        "path": str(path),
                        "cache_dir": str(self.config.models_dir / "converted"),
                    },
                    timeout=self.config.request_timeout,
                    idle_after=min(self.config.worker_idle * 60, _PARSER_IDLE),
                    log_file=self.config.log_dir / "parser.log",
                )
            self.facts.use(self._parser)

    def _prepare(self) -> None:
        """Open the embedder and its index, if its model is here; then erase what is long forgotten."""
        if torn := self.fulltext.check():
            log.warning("the word index is made anew: %s", torn)
            self.fulltext.rebuild()
        guard(self.open_embedder, self.index)
        self._prepared.set()
        self._erase_old()

    def _erase_old(self) -> None:
        """Erase what was forgotten so long ago that it cannot be undone; finish what was begun."""
        from secondme.core.erasing import erase_for_good, sweep, unfinished

        old = long_forgotten(self.record.store, now_ms() - self.config.undo_days * 86_400_000)
        try:
            if old:
                erase_for_good(self, old, "core")
            elif unfinished(self):
                with self.embedding.paused():
                    sweep(self)
        except SecondMeError as error:
            log.warning("erasing what was forgotten long ago: %s", error)

    def wait_until_prepared(self, seconds: float) -> None:
        """Give a core that has just started a moment to open its index; return at once after that."""
        self._prepared.wait(seconds)

    def open_embedder(self) -> None:
        """Use the configured embedder from now on; a memory that has vectors of another one keeps
        being searched with those until the new ones, and their index, are complete."""
        with self._models:
            name = self.config.embedder
            path = self.model_path(name)
            if path is None:
                return
            self._embedder = self._embedder_client(name, path)
            self.embedding.use(name, self._embedder)
            old = self._complete_other(name)
            if old is None:
                self._search = (self._embedder, self.index)
                self.index.open(name, self._embedder.dimensions)
                return
            serving = self._embedder_client(old, self.known_path(old))
            self._search = (serving, self.index)
            self.index.open(old, serving.dimensions, in_step=False)
            following = self._keeper()
            following.open(name, self._embedder.dimensions)
            self._following = following
            threading.Thread(
                target=self._switch_when_done, args=(following,), name="switch", daemon=True
            ).start()

    def open_embedder_soon(self) -> None:
        """The same in the background."""
        work = partial(guard, self.open_embedder, self.index)
        threading.Thread(target=work, name="embedder", daemon=True).start()

    def _complete_other(self, name: str) -> str | None:
        """Another embedder whose vectors cover the memory better than those of `name`, if there is one."""
        vectors = self.record.vectors
        missing = vectors.count_missing(name)
        for other in vectors.embedders():
            if other != name and vectors.count_missing(other) < missing and self.model_path(other):
                return other
        return None

    def _switch_when_done(self, following: VectorKeeper) -> None:
        """Once every moment has its new vector in the new index, search there and let the old go."""
        new, never = self._embedder, threading.Event()
        assert new is not None
        while self.embedding.pending() or self.record.vectors.count_unindexed(new.name):
            never.wait(0.5)
            if self._embedder is not new:  # changed again meanwhile
                following.close()
                return
        with self._models:
            serving, index = self._search
            self._search, self.index, self._following = (new, following), following, None
        index.close()
        if serving is not None:
            serving.close()
            self.record.vectors.drop(serving.name)
            guard(lambda: following.drop(serving.name), following)

    def keepers(self) -> list[VectorKeeper]:
        """Those that have an index open; while embedders change there are two."""
        with self._models:
            both = (self.index, self._following)
        return [keeper for keeper in both if keeper is not None and keeper.opened]

    def _keeper(self) -> VectorKeeper:
        config = self.config
        return VectorKeeper(self.record, self.embedding, config.chroma_dir, config.chroma_url)

    def _embedder_client(self, name: str, path: Path) -> EmbedderClient:
        from secondme.model.clients import EmbedderClient

        return EmbedderClient(
            {
                "name": name,
                "path": str(path),
                "cache_dir": str(self.config.models_dir / "converted"),
                "threads": self.threads,
            },
            timeout=self.config.request_timeout,
            idle_after=self.config.worker_idle * 60,
            log_file=self.config.log_dir / "embedder.log",
        )

    @property
    def threads(self) -> int:
        return self.config.threads or os.cpu_count() or 1

    def model_path(self, name: str) -> Path | None:
        """Where a model's file lies, or None when it has not been fetched."""
        return fetch.local_path(catalog.find(name), self.config.models_dir)

    def known_path(self, name: str) -> Path:
        """Where a model's file lies. Raises `NotFoundError`, with the command that fetches it."""
        path = self.model_path(name)
        if path is None:
            name = catalog.find(name).name
            raise NotFoundError(
                f"the model {name!r} is not here", hint=f"`secondme model fetch {name}`"
            )
        return path

    @property
    def embedder(self) -> EmbedderClient | None:
        """The embedder whose vectors are searched, or None when none has been fetched."""
        return self._search[0]

    def _vectors_of(self) -> str | None:
        """The embedder whose vectors the background job goes by, or None when none was fetched."""
        if self._search[0] is not None:
            return self._search[0].name
        return self.config.embedder if self.model_path(self.config.embedder) else None

    def _indexed(self) -> str | None:
        """The embedder whose index is complete, or None."""
        embedder, index = self._search
        if embedder is None or index.state != "ready":
            return None
        unindexed = self.record.vectors.unindexed(embedder.name, 1)[0]
        return None if unindexed else embedder.name

    def _nearest(self, vector: NDArray[np.float32], k: int) -> dict[int, float]:
        return self._search[1].nearest(vector, k)

    @property
    def search(self) -> tuple[EmbedderClient | None, VectorKeeper]:
        """The embedder and the index that go together, at one moment."""
        return self._search

    def ranker(self) -> RankerClient:
        """The model that ranks what was found anew. Raises `NotFoundError` when it was not fetched."""
        from secondme.model.clients import RankerClient

        with self._models:
            path = self.known_path(catalog.RANKER)
            if self._ranker is None:
                self._ranker = RankerClient(
                    {
                        "name": catalog.RANKER,
                        "path": str(path),
                        "quick": str(fetch.quick_copy(path, self.config.models_dir)),
                        "threads": self.threads,
                    },
                    timeout=self.config.request_timeout,
                    idle_after=min(self.config.worker_idle * 60, _PARSER_IDLE),
                    log_file=self.config.log_dir / "ranker.log",
                )
            return self._ranker

    def language(self, name: str | None = None, memory: int | None = None) -> LanguageClient:
        """The language model in use, or the one of that name until the next one is asked for.

        It takes so many megabytes (None: as configured; 0: without a limit). A change from one limit
        to another is made while it runs. Raises `NotFoundError` when the model has not been fetched,
        `BadInputError` when the limit is too small for it.
        """
        from secondme.model.clients import LanguageClient

        with self._models:
            wanted = name or self.config.language_model
            spec = {
                "name": catalog.find(wanted).name,
                "path": str(self.known_path(wanted)),
                "threads": self.threads,
                "context": self.config.context,
                "cache_dir": str(self.config.models_dir / "converted"),
            }
            limit = self.config.memory if memory is None else memory
            if limit:
                spec["budget_mb"] = limit
                spec["floor_mb"] = self.config.memory_floor
            if self._language is None:
                self._language = LanguageClient(
                    spec,
                    timeout=self.config.request_timeout,
                    idle_after=self.config.worker_idle * 60,
                    log_file=self.config.log_dir / "language.log",
                )
            elif self._language_spec != spec:
                before = self._language_spec
                if limit and before.get("budget_mb") and before | {"budget_mb": limit} == spec:
                    self._language.set_memory(limit)
                else:
                    self._language.reconfigure(spec)
            self._language_spec = spec
            return self._language

    @contextlib.contextmanager
    def lent_language(self) -> Iterator[None]:
        """While this lasts another model, or another limit, may be in use for one question. A model that
        was in memory before is brought back afterwards, before anybody asks for it."""
        client = self._language
        loaded = client is not None and client.status().state in ("ready", "busy")
        try:
            yield
        finally:
            if loaded:
                threading.Thread(target=self._load_language, name="language", daemon=True).start()

    def _load_language(self) -> None:
        with contextlib.suppress(SecondMeError):
            self.language().loaded()

    def last_completion(self) -> Completion | None:
        """What the language model's last answer took, or None before there was one."""
        return None if self._language is None else self._language.last

    def language_residency(self) -> dict[str, Any] | None:
        """How the language model's weights lie in memory; None when none runs in a budget."""
        language = self._language
        if language is None or language.status().state not in ("ready", "busy"):
            return None
        return language.residency()

    def unload_language(self) -> None:
        """End the language model's worker, with all that it has read; the next use starts it again."""
        with self._models:
            client, self._language = self._language, None
        if client is not None:
            client.close()

    def reconfigure(self, config: Config) -> None:
        """Take over settings that may change while running: which models are used, and the memory of
        the one that answers, also in the middle of an answer."""
        changed = config.embedder != self.config.embedder
        limited = config.memory != self.config.memory
        other_parser = config.parser != self.config.parser
        self.config = config
        if limited and config.memory and self._language is not None:
            self.language()
        if other_parser:
            self.open_parser()
        if changed:
            with self._models:
                self.index.close()
                for client in {id(c): c for c in (self.embedder, self._embedder) if c}.values():
                    client.close()
                self.open_embedder()

    def _clients(self) -> list[EmbedderClient | LanguageClient | ParserClient | RankerClient]:
        """Every worker's client once; while embedders change there are two of them."""
        embedders = [self.embedder]
        if self._embedder is not self.embedder:
            embedders.append(self._embedder)
        found = (*embedders, self._parser, self._language, self._ranker)
        return [client for client in found if client is not None]

    def workers(self) -> list[dict[str, object]]:
        """Each worker's role, process, and resident memory in MB."""
        pid, state = self.index.resident()
        out: list[dict[str, object]] = [
            {
                "role": "index",
                "model": "chroma",
                "state": state,
                "pid": pid,
                "resident_mb": resident_mb(pid) if pid else 0.0,
                "budget_mb": None,
            }
        ]
        for client in self._clients():
            status = client.status()
            out.append(
                {
                    "role": status.role,
                    "model": status.model,
                    "state": status.state,
                    "pid": status.pid,
                    "resident_mb": status.resident_mb or 0.0,
                    "budget_mb": status.budget_mb,
                }
            )
        return out

    def now(self, given: str | None = None) -> datetime:
        """The present in the person's zone, or the moment given in ISO form."""
        from secondme.core.dates import parse_moment

        return datetime.now(self.zone) if given is None else parse_moment(given, self.zone)

    def close(self) -> None:
        """End background work and workers, and close the record."""
        self.watcher.stop()
        self.consolidation.stop()
        self.embedding.stop()
        self.times.stop()
        self.facts.stop()
        for client in self._clients():
            try:
                client.close()
            except SecondMeError as error:
                log.warning("closing a worker: %s", error)
        self.index.close()
        self.record.close()


def resident_mb(pid: int | str = "self") -> float:
    """Resident memory of a process in MB (10^6 bytes); 0.0 where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError):
        return 0.0
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def local_zone(name: str) -> tzinfo:
    """The person's time zone: the one named, or the system's by its IANA name where it can be told."""
    if name:
        return zone_named(name)
    link = Path("/etc/localtime")
    if os.environ.get("TZ"):
        return zone_named(os.environ["TZ"].removeprefix(":"))
    if link.is_symlink():
        parts = str(link.readlink()).split("zoneinfo/")
        if len(parts) == 2:
            return zone_named(parts[1])
    return datetime.now().astimezone().tzinfo or zone_named("UTC")
