"""Originals: the bytes that came in, each once, under the hash of what is stored."""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Iterable, Sequence

Span = tuple[int, int]


def put(db: sqlite3.Connection, data: bytes) -> str:
    """Store bytes, compressed where that helps, unless they are there; returns their hash."""
    sha = hashlib.sha256(data).hexdigest()
    packed = zlib.compress(data, 1)
    codec, blob = ("zlib", packed) if len(packed) < len(data) else ("raw", data)
    db.execute("insert or ignore into originals values (?,?,?,?)", (sha, len(data), codec, blob))
    return sha


def get(db: sqlite3.Connection, sha256: str) -> bytes | None:
    """The bytes stored under a hash, or None."""
    row = db.execute("select codec, data from originals where sha256 = ?", (sha256,)).fetchone()
    return None if row is None else unpacked(row[0], row[1])


def unpacked(codec: str, data: bytes) -> bytes:
    """Stored bytes as they came in."""
    return zlib.decompress(data) if codec == "zlib" else data


def drop_unused(db: sqlite3.Connection) -> None:
    """Delete the originals that no version of any item refers to."""
    db.execute(
        "delete from originals where not exists"
        " (select 1 from versions v where v.sha256 = originals.sha256)"
    )


def blank(data: bytes, spans: Iterable[Span]) -> bytes:
    """The bytes with spaces where the spans are, and where an mbox's "From " line stands before one.

    Everything else keeps its place, so that the spans of other moments stay right.
    """
    out = bytearray(data)
    for start, end in spans:
        line = data.rfind(b"\n", 0, max(start - 1, 0)) + 1
        if data.startswith(b"From ", line) and line < start:
            start = line
        end = min(end, len(out))
        out[start:end] = b" " * max(end - start, 0)
    return bytes(out)


def blank_version(
    db: sqlite3.Connection,
    item_id: str,
    sha256: str,
    spans: Sequence[tuple[int | None, int | None]],
) -> bool | None:
    """Blank spans of an item's original, or drop it where one is not known.

    Returns whether it was blanked (True) or dropped (False); None when there was nothing to do.
    """
    data = get(db, sha256)
    if not spans or data is None:
        return None
    known = [(a, b) for a, b in spans if a is not None and b is not None]
    if len(known) < len(spans):
        db.execute("delete from versions where item_id = ? and sha256 = ?", (item_id, sha256))
        return False
    clean = put(db, blank(data, known))
    db.execute(
        "update versions set sha256 = ? where item_id = ? and sha256 = ?", (clean, item_id, sha256)
    )
    return True
