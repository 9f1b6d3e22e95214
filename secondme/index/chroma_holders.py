"""What holds the vectors: Chroma's native module over one folder, or a Chroma server.

The native module is used directly: `import chromadb` costs 50 MB and 0.4 s for OpenTelemetry, gRPC
and HTTP clients that an embedded index has no use for. Only a Chroma server needs them.
"""

from __future__ import annotations

import fcntl
import importlib
import json
import os
import resource
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SYNC_THRESHOLD = 1000
"""Writes that Chroma keeps in its log before it flushes the graph: what is replayed at the next open."""
EF_SEARCH = 200
"""Candidates that a search follows: recall@100 of 0.98 at 100,000 vectors (0.96 with Chroma's 100)."""
_SPACE = {"space": "cosine", "ef_search": EF_SEARCH, "sync_threshold": SYNC_THRESHOLD}
_SLACK = 1 << 30
_DEFAULT = ("default_tenant", "default_database")

Ids = list[str]
Rows = list[list[float]]


class Busy(Exception):
    """Another process owns the folder."""


class Missing(Exception):
    """There is no collection of that name, and none is to be made."""


class Unfit(Exception):
    """The native module takes other arguments than those of the versions known here."""


class Unreachable(Exception):
    """The Chroma server does not answer."""


class Embedded:
    """One folder, one collection, through Chroma's native module."""

    def __init__(self, folder: Path, name: str, create: bool, patience: float) -> None:
        self._lock = _own(folder, patience)
        _limit(folder)
        native = importlib.import_module("chromadb_rust_bindings")
        try:
            self._chroma = native.Bindings(
                allow_reset=False,
                sqlite_db_config=native.SqliteDBConfig(
                    url=str(folder / "chroma.sqlite3"),
                    hash_type=native.MigrationHash.MD5,
                    migration_mode=native.MigrationMode.Apply,
                ),
                persist_path=str(folder),
                hnsw_cache_size=16,
            )
            if not create and name not in self._names():
                raise Missing
            collection = self._chroma.create_collection(
                name, json.dumps({"hnsw": _SPACE}), None, None, True, *_DEFAULT
            )
        except (AttributeError, TypeError) as error:
            raise Unfit(line(error)) from None
        self.dimensions: int | None = collection.dimension
        self._id = str(collection.id)

    def _names(self) -> list[str]:
        return [c.name for c in self._chroma.list_collections(None, 0, *_DEFAULT)]

    def count(self) -> int:
        return int(self._chroma.count(self._id, *_DEFAULT))

    def upsert(self, ids: Ids, rows: Rows) -> None:
        self._chroma.upsert(collection_id=self._id, ids=ids, embeddings=rows)

    def delete(self, ids: Ids) -> None:
        self._chroma.delete(self._id, ids, None, None, None, *_DEFAULT)

    def get(self, ids: Ids | None, vectors: bool, limit: int, offset: int) -> tuple[Ids, Any]:
        include = ["embeddings"] if vectors else []
        found = self._chroma.get(self._id, ids, None, limit, offset, None, include, *_DEFAULT)
        return found.ids, found.embeddings or []

    def query(self, vector: list[float], k: int) -> tuple[Ids, list[float]]:
        found = self._chroma.query(
            self._id, None, [vector], k, None, None, ["distances"], *_DEFAULT
        )
        return found.ids[0], found.distances[0]

    def drop(self, name: str) -> None:
        if name in self._names():
            self._chroma.delete_collection(name, *_DEFAULT)


class Server:
    """The same over HTTP, for a Chroma server that several machines share."""

    def __init__(self, url: str, name: str, create: bool) -> None:
        # asked directly: vectors are no proxy's business
        os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"
        chromadb, httpx = map(importlib.import_module, ("chromadb", "httpx"))
        self.away: type[Exception] = httpx.TransportError
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        settings = chromadb.Settings(_env_file=None, anonymized_telemetry=False)
        try:
            self._client = chromadb.HttpClient(
                host=parts.hostname,
                port=parts.port or (443 if secure else 8000),
                ssl=secure,
                settings=settings,
            )
        except Exception as error:
            raise Unreachable(line(error)) from None
        if not create and name not in self._names():
            raise Missing
        self._collection = self._client.get_or_create_collection(
            name, embedding_function=None, configuration={"hnsw": _SPACE}
        )
        self.dimensions: int | None = self._collection._model.dimension

    def _names(self) -> list[str]:
        return [c.name for c in self._client.list_collections()]

    def count(self) -> int:
        return int(self._collection.count())

    def upsert(self, ids: Ids, rows: Rows) -> None:
        self._collection.upsert(ids=ids, embeddings=rows)

    def delete(self, ids: Ids) -> None:
        self._collection.delete(ids=ids)

    def get(self, ids: Ids | None, vectors: bool, limit: int, offset: int) -> tuple[Ids, Any]:
        include = ["embeddings"] if vectors else []
        found = self._collection.get(ids=ids, limit=limit, offset=offset, include=include)
        rows = found["embeddings"]
        return found["ids"], [] if rows is None else rows

    def query(self, vector: list[float], k: int) -> tuple[Ids, list[float]]:
        found = self._collection.query(
            query_embeddings=[vector], n_results=k, include=["distances"]
        )
        return found["ids"][0], found["distances"][0]

    def drop(self, name: str) -> None:
        if name in self._names():
            self._client.delete_collection(name)


def _own(folder: Path, patience: float) -> int:
    """Hold the folder's lock for the life of this process; wait so many seconds for the last owner."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(f"{folder}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise Busy from None
            time.sleep(0.05)
        else:
            return handle


def _limit(folder: Path) -> None:
    """Bound what a damaged index can do: a torn link list makes Chroma write files of terabytes."""
    held = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
    for what, most in (
        (resource.RLIMIT_FSIZE, 4 * held + _SLACK),
        (resource.RLIMIT_AS, 8 * held + 8 * _SLACK),
    ):
        with suppress(OSError, ValueError):
            resource.setrlimit(what, (most, resource.getrlimit(what)[1]))


def line(error: BaseException) -> str:
    """An error in one line."""
    return " ".join(str(error).split())[:300] or type(error).__name__
