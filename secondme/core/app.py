"""The core: one process a data directory, which alone writes the record and its indexes."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import OrderedDict
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

from secondme.config import Config, private_dir
from secondme.core.models import Models
from secondme.core.searching import Searching
from secondme.core.vector_index import VectorKeeper, guard
from secondme.errors import SecondMeError
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
from secondme.record import Record
from secondme.record.clock import now_ms, zone_named
from secondme.record.erase import long_forgotten

if TYPE_CHECKING:
    from secondme.model.worker import Worker

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
        self.models = Models(config)
        cutting = Cutting(self.record, self.fulltext, lambda: self.searching.vectors_of())
        comparing = Comparing(
            self.record,
            lambda vector, k: self.index.nearest(vector, k),
            lambda: self.searching.indexed(),
        )
        self.consolidation = Consolidation([cutting, comparing], self.priority)
        self.embedding = Embedding(self.record, self.priority, self.consolidation.wake)
        self.searching = Searching(self.record, self.embedding, self.models)
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
        self.watcher = Watcher(self.record, self.intake, config.settle)
        self.ending = threading.Event()
        self._prepared = threading.Event()
        self.conversations: OrderedDict[str, Any] = OrderedDict()
        self.embedder_fault = ""
        """Why the last question could not be embedded; empty when it could."""

    def start(self) -> None:
        """Begin the background work: embedding, times, facts, the index, watching."""
        self.searching.expect()
        self.models.open_parser(self.facts.use)
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

    def _prepare(self) -> None:
        """Open the embedder and its index, if its model is here; then erase what is long forgotten."""
        if torn := self.fulltext.check():
            log.warning("the word index is made anew: %s", torn)
            self.fulltext.rebuild()
        guard(self.searching.open, self.index)
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

    def reconfigure(self, config: Config) -> None:
        """Take over settings that may change while running: which models are used, and the memory of
        the one that answers, also in the middle of an answer."""
        before, self.config, self.models.config = self.config, config, config
        if config.memory != before.memory:
            self.models.limit_language()
        if config.parser != before.parser:
            self.models.open_parser(self.facts.use)
        if config.embedder != before.embedder:
            self.searching.change()

    @property
    def index(self) -> VectorKeeper:
        """The index that is searched."""
        return self.searching.index

    def _clients(self) -> list[Worker]:
        return [*self.searching.clients(), *self.models.clients()]

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
