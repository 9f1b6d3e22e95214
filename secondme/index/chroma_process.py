"""The process that holds Chroma: started by `secondme.index.chroma_child`, spoken to over two pipes.

Chroma lives in a process of its own because its native part can take the whole process down (a
torn `link_lists.bin` is a SIGSEGV), holds the interpreter lock for as long as it writes, and writes
uninitialised heap into `length.bin`: here no text is in the heap, and nobody else waits for the lock.
It ends when its input closes, after the write in hand, so that killing the core tears no file.

A message is two lengths (little-endian, 32 bits), then that many bytes of JSON and of raw numbers:
ids as int64, vectors as rows of float32. No vector library is imported, it would cost 16 MB more.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import struct
import sys
from array import array
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, cast

from secondme.index.chroma_holders import (
    Busy,
    Embedded,
    Ids,
    Missing,
    Rows,
    Server,
    Unfit,
    Unreachable,
    line,
)

HEAD = struct.Struct("<II")
_SAME = 1 - 1e-6  # cosine from which a stored vector counts as the one being written
_ITSELF = 0.999  # cosine of a vector with itself, after a float16 and a normalisation
_COPY = 0.9999  # cosine from which another's vector counts as an exact copy
_PAGE = 50_000  # ids fetched at a time

Reply = tuple[dict[str, Any], bytes]


class Service:
    """What the owner may ask; each method takes its fields and raw numbers, and returns the same."""

    def __init__(self) -> None:
        self._index: Embedded | Server
        self._dimensions = 0

    def open(
        self,
        body: bytes,
        *,
        folder: str,
        url: str,
        name: str,
        dimensions: int,
        create: bool,
        patience: float,
    ) -> Reply:
        """Open the index and load it whole, so that what is broken shows now.

        Says how many vectors it holds; None where there is no index, and none is to be created.
        """
        try:
            if url:
                self._index = Server(url, name, create)
            else:
                self._index = Embedded(Path(folder), name, create, patience)
        except Missing:
            return {"count": None}, b""
        self._dimensions = dimensions
        held = self._index.dimensions
        if held is not None and held != self._dimensions:
            raise ValueError(f"it holds vectors of {held} numbers, not of {self._dimensions}")
        count = self._index.count()
        if count:
            self._index.query([1.0] * self._dimensions, 1)
        return {"count": count}, b""

    def away(self, error: BaseException) -> bool:
        """Whether the error means that the server has gone away, and not that the index is broken."""
        index = getattr(self, "_index", None)
        return isinstance(index, Server) and isinstance(error, index.away)

    def count(self, body: bytes) -> Reply:
        """How many vectors the index holds."""
        return {"count": self._index.count()}, b""

    def upsert(self, body: bytes, *, n: int) -> Reply:
        """Write the vectors that are new or other than those held.

        Writing what is there already takes hnswlib's repair path, the one that others' crashes and
        runaway files come from; a second run after a crash must not take it for every vector.
        """
        ids, rows = self._split(body, n)
        held = self._held(ids)
        fresh = [
            i for i, id in enumerate(ids) if id not in held or _cosine(held[id], rows[i]) < _SAME
        ]
        if fresh:
            self._index.upsert([ids[i] for i in fresh], [rows[i] for i in fresh])
        return {"written": len(fresh)}, b""

    def remove(self, body: bytes) -> Reply:
        """Take vectors out; those not held are passed over."""
        held, _ = self._index.get(_texts(body), False, len(body), 0)
        if held:
            self._index.delete(held)
        return {"removed": len(held)}, b""

    def nearest(self, body: bytes, *, k: int) -> Reply:
        """The ids of the k nearest (int64) and their cosines (float32)."""
        ids, cosines = self._nearest(_rows(body, 1, self._dimensions)[0], k)
        return {"n": len(ids)}, array("q", map(int, ids)).tobytes() + array("f", cosines).tobytes()

    def numbers(self, body: bytes) -> Reply:
        """Every id, as int64."""
        numbers, offset = array("q"), 0
        while True:
            ids, _ = self._index.get(None, False, _PAGE, offset)
            numbers.extend(map(int, ids))
            offset += len(ids)
            if len(ids) < _PAGE:
                return {}, numbers.tobytes()

    def check(self, body: bytes, *, n: int) -> Reply:
        """Ask for the neighbours of known vectors.

        Says how many are held, how many of these find themselves (or an exact copy, being stored
        rightly), and how many others are stored rightly though not found: hnswlib loses the way to
        some where very many are exact copies.
        """
        ids, rows = self._split(body, n)
        held = set(self._index.get(ids, False, n, 0)[0]) if n else set()
        found = stored = 0
        for id, row in zip(ids, rows, strict=True):
            if id not in held:
                continue
            hits = list(zip(*self._nearest(row, 10), strict=True)) if any(row) else [(id, 1.0)]
            if any(hit == id and cosine >= _ITSELF for hit, cosine in hits):
                found += 1
            elif self._stored(id, row):
                copy = any(cosine >= _COPY for _, cosine in hits)
                found, stored = found + copy, stored + (not copy)
        counts = {"held": len(held), "found": found, "stored": stored}
        return {**counts, "count": self._index.count()}, b""

    def drop(self, body: bytes, *, name: str) -> Reply:
        """Remove a collection, if there is one of that name."""
        self._index.drop(name)
        return {}, b""

    def _stored(self, id: str, row: list[float]) -> bool:
        try:
            return _cosine(self._held([id])[id], row) >= _ITSELF
        except Exception:  # whatever Chroma makes of a damaged file: it is not there
            return False

    def _nearest(self, vector: list[float], k: int) -> tuple[Ids, list[float]]:
        ids, distances = self._index.query(vector, k)
        return ids, [1.0 - d for d in distances]

    def _held(self, ids: Ids) -> dict[str, Any]:
        found, vectors = self._index.get(ids, True, len(ids), 0)
        return {id: v for id, v in zip(found, vectors, strict=True) if v is not None}

    def _split(self, body: bytes, n: int) -> tuple[Ids, Rows]:
        """Ids and rows of a body that holds n of each."""
        if not n:
            return [], []
        return _texts(body[: 8 * n]), _rows(body[8 * n :], n, self._dimensions)


def _texts(body: bytes) -> Ids:
    return list(map(str, memoryview(body).cast("q")))


def _rows(body: bytes, n: int, dimensions: int) -> Rows:
    return cast(Rows, memoryview(body).cast("f", shape=[n, dimensions]).tolist())


def _cosine(a: Any, b: list[float]) -> float:
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    norm = sum(x * x for x in a) * sum(y * y for y in b)
    return float(dot / norm**0.5) if norm else 1.0


def _answer(service: Service, request: dict[str, Any], body: bytes) -> Reply:
    try:
        reply: Reply = getattr(service, request.pop("op"))(body, **request)
    except (SystemExit, KeyboardInterrupt):
        raise
    except Busy:
        return {"error": "busy", "text": "another process owns it"}, b""
    except Unreachable as error:
        return {"error": "unreachable", "text": line(error)}, b""
    except Unfit as error:
        return {"error": "unfit", "text": line(error)}, b""
    except BaseException as error:  # a Rust panic is no Exception
        kind = "unreachable" if service.away(error) else "damaged"
        return {"error": kind, "text": line(error)}, b""
    return reply


def read(stream: BinaryIO) -> Reply | None:
    """The next message, or None at the end of the stream."""
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    text_size, body_size = HEAD.unpack(head)
    text, body = stream.read(text_size), stream.read(body_size)
    if len(text) < text_size or len(body) < body_size:
        return None
    return json.loads(text), body


def write(stream: BinaryIO, message: dict[str, Any], body: bytes) -> None:
    """Send one message."""
    text = json.dumps(message).encode()
    stream.write(HEAD.pack(len(text), len(body)) + text + body)
    stream.flush()


def _end(*_: object) -> NoReturn:
    sys.exit(0)


def main() -> None:
    """Answer until the input ends."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(2, 1)  # whatever native code prints is no message
    os.umask(0o077)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the owner's Ctrl-C is the owner's to act on
    signal.signal(signal.SIGTERM, _end)  # runs between native calls, so that no write is torn
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold the vectors
    service = Service()
    while (message := read(requests)) is not None:
        write(replies, *_answer(service, *message))


if __name__ == "__main__":
    main()
