"""The record: SQLite as the system of record for items, moments, vectors, sources and the journal."""

from __future__ import annotations

from pathlib import Path

from secondme.record.alike import Alike
from secondme.record.claims import Claims
from secondme.record.db import Store
from secondme.record.entities import Entities
from secondme.record.episodes import Episodes
from secondme.record.items import Items
from secondme.record.journal import Journal
from secondme.record.moments import Moments
from secondme.record.reads import Reads
from secondme.record.sources import Sources
from secondme.record.times import Times
from secondme.record.uses import Uses
from secondme.record.vectors import Vectors


class Record:
    """Everything that is remembered, in one file."""

    def __init__(self, path: Path) -> None:
        """Open or create the record. Raises `RecordError`."""
        self.store = Store(path)
        self.journal = Journal(self.store)
        self.sources = Sources(self.store)
        self.items = Items(self.store)
        self.moments = Moments(self.store)
        self.vectors = Vectors(self.store)
        self.entities = Entities(self.store)
        self.claims = Claims(self.store)
        self.episodes = Episodes(self.store, self.moments)
        self.alike = Alike(self.store)
        self.uses = Uses(self.store)
        self.reads = Reads(self.store)
        self.times = Times(self.store)

    def close(self) -> None:
        """Close the file; call once, when nobody uses the record any more."""
        self.reads.flush()
        self.store.close()
