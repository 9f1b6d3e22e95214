"""Reads of a model file past the page cache, many at a time: a disk is fast with some megabytes under way.

By Linux's asynchronous I/O (`io_submit`), where it can be had; elsewhere by two threads.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import mmap
import os
import platform
import queue
import struct
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

PAGE = mmap.PAGESIZE
LARGE = 2 << 20
"""Bytes of a large page of memory."""
SUPPORTED = sys.platform == "linux"
"""Whether memory can be put in the place of a file's mapping, and taken away, as the window does."""
PIECE = 1 << 20
"""Bytes of one read."""
AT_ONCE = 128
"""Reads under way at a time, at most."""
_NUMBERS = {"x86_64": (206, 207, 208, 209), "aarch64": (0, 1, 4, 2)}
_MEASURED = 64 << 20
_UNDER_WAY = 12
_HOLDS = 60.0
_bandwidths: dict[Path, tuple[float, float]] = {}
_libc = ctypes.CDLL(None, use_errno=True)


def inner(start: int, end: int) -> tuple[int, int]:
    """The whole pages within a range (empty where there is none)."""
    a, b = -(-start // PAGE) * PAGE, end // PAGE * PAGE
    return a, max(a, b)


def outer(start: int, end: int) -> tuple[int, int]:
    """The whole pages that a range touches."""
    return start // PAGE * PAGE, -(-end // PAGE) * PAGE


def memory(size: int) -> mmap.mmap:
    """Memory of this process alone, none of it touched yet, in small pages unless they are asked to be
    large."""
    if not SUPPORTED:
        return mmap.mmap(-1, size)
    room = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with contextlib.suppress(OSError):  # a system without large pages
        room.madvise(mmap.MADV_NOHUGEPAGE)
    return room


_IOCB = struct.Struct("<QQHhIQQqQQ")  # number, key, read, priority, file, address, size, offset
_EVENT = struct.Struct("<QQqq")  # number, address of the request, result


class Piece(NamedTuple):
    """Bytes of a file that are to lie at an address (all multiples of a page), and what for."""

    mark: int
    offset: int
    address: int
    size: int


class Reader:
    """Reads pages of a file straight into memory. For one thread at a time.

    Raises `OSError` when the file cannot be read, also when it has become shorter.
    """

    def __init__(self, path: Path) -> None:
        self.size = path.stat().st_size
        self._file = _open_direct(path)
        self._queue = ctypes.c_ulong(0)
        self._flying: dict[int, Piece] = {}
        self._count = 0
        numbers = _NUMBERS.get(platform.machine()) if SUPPORTED else None
        if numbers:
            setup, self._destroy, self._getevents, self._submit = numbers
            if _libc.syscall(setup, AT_ONCE, ctypes.byref(self._queue)) != 0:
                self._queue.value = 0
        self._blocks = ctypes.create_string_buffer(AT_ONCE * _IOCB.size)
        at = ctypes.addressof(self._blocks)
        self._pointers = (ctypes.c_uint64 * AT_ONCE)(*range(at, at + len(self._blocks), _IOCB.size))
        self._events = ctypes.create_string_buffer(AT_ONCE * _EVENT.size)
        self._pool = None if self._queue.value else ThreadPoolExecutor(2, "weights")
        self._ended: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()

    @property
    def flying(self) -> int:
        """How many pieces are under way."""
        return len(self._flying)

    def fill(self, address: int, start: int, end: int) -> None:
        """Read the pages from `start` to `end` of the file to an address (all multiples of a page)."""
        offsets = np.arange(start, end, PIECE, dtype=np.int64)
        sizes = np.minimum(PIECE, end - offsets)
        self.scatter(offsets, address + (offsets - start), sizes)

    def scatter(
        self,
        offsets: npt.NDArray[np.int64],
        addresses: npt.NDArray[np.int64],
        sizes: npt.NDArray[np.int64],
    ) -> None:
        """Read several ranges of pages, each to its address; nothing else may be under way."""
        for n in range(0, len(offsets), AT_ONCE):
            part = slice(n, n + AT_ONCE)
            columns = (each[part].tolist() for each in (offsets, addresses, sizes))
            self.begin([Piece(0, *piece) for piece in zip(*columns, strict=True)])
            try:
                while self._flying:
                    self.ended()
            finally:
                self.settle()

    def begin(self, pieces: Sequence[Piece]) -> None:
        """Begin to read pieces, at most `AT_ONCE` with those under way."""
        if not pieces:
            return
        numbers = range(self._count, self._count + len(pieces))
        self._count += len(pieces)
        self._flying.update(zip(numbers, pieces, strict=True))
        if self._pool is not None:
            for number, piece in zip(numbers, pieces, strict=True):
                self._pool.submit(self._read, number, piece)
            return
        for n, (number, piece) in enumerate(zip(numbers, pieces, strict=True)):
            where = piece.address, piece.size, piece.offset
            _IOCB.pack_into(self._blocks, n * _IOCB.size, number, 0, 0, 0, self._file, *where, 0, 0)
        taken = self._call(self._submit, len(pieces), self._pointers)
        for number, piece in list(zip(numbers, pieces, strict=True))[max(taken, 0) :]:
            self._read(number, piece)  # the queue was full

    def ended(self) -> list[int]:
        """Wait for pieces, one at least; the marks of those that have been read."""
        if not self._ended.empty() or self._pool is not None:
            events = [self._ended.get()]
        else:
            count = self._call(self._getevents, 1, AT_ONCE, self._events, None)
            if count < 0:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            found = _EVENT.iter_unpack(memoryview(self._events)[: count * _EVENT.size])
            events = [(number, result) for number, _, result, _ in found]
        pieces = [(self._flying.pop(number), result) for number, result in events]
        for piece, result in pieces:
            if result < 0:
                raise OSError(-result, os.strerror(-result))
            if piece.offset + result < min(piece.offset + piece.size, self.size):
                raise OSError(errno.EIO, "the file has become shorter")
        return [piece.mark for piece, _ in pieces]

    def settle(self) -> None:
        """Wait until nothing is under way, whatever came of it."""
        while self._flying:
            with contextlib.suppress(OSError):
                self.ended()

    def close(self) -> None:
        """Give the file back."""
        self.settle()
        if self._queue.value:
            _libc.syscall(self._destroy, self._queue)
        if self._pool is not None:
            self._pool.shutdown()
        with contextlib.suppress(OSError):
            os.close(self._file)

    def unchanged(self, path: Path, stamp: tuple[int, ...]) -> bool:
        """Whether the open file is still what it was, and still what lies at the path."""
        with contextlib.suppress(OSError):
            return stamp_of(os.fstat(self._file)) == stamp == stamp_of(path.stat())
        return False

    def _read(self, number: int, piece: Piece) -> None:
        """Read a piece at once, as far as the file goes."""
        done = 0
        try:
            while done < piece.size:
                room = (ctypes.c_char * (piece.size - done)).from_address(piece.address + done)
                count = os.preadv(self._file, [room], piece.offset + done)
                done += count
                if count == 0 or count % PAGE:
                    break
            self._ended.put((number, done))
        except OSError as error:
            self._ended.put((number, -(error.errno or errno.EIO)))

    def _call(self, number: int, *arguments: Any) -> int:
        """A system call on the queue, begun again when a signal breaks it off."""
        sized = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
        while True:
            result = int(_libc.syscall(ctypes.c_long(number), self._queue, *sized))
            if result >= 0 or ctypes.get_errno() != errno.EINTR:
                return result


def stamp_of(status: os.stat_result) -> tuple[int, ...]:
    """What changes when a file is replaced or written to."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def drop_cache(path: Path) -> None:
    """Tell the system that a file's pages are not needed in its cache."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _open_direct(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | getattr(os, "O_DIRECT", 0))
    except OSError as error:
        if error.errno != errno.EINVAL:  # a file system without direct reads
            raise
        return os.open(path, os.O_RDONLY)


def bandwidth(path: Path) -> float:
    """Bytes a second of direct reads of a file, measured on up to 64 MB of it. Raises `OSError`.

    What was measured holds for a minute, so that what is foreseen from it does not jump about.
    """
    measured, at = _bandwidths.get(path, (0.0, 0.0))
    if not measured or time.monotonic() - at > _HOLDS:
        measured = _bandwidth(path)
        _bandwidths[path] = (measured, time.monotonic())
    return measured


def _bandwidth(path: Path) -> float:
    size = min(path.stat().st_size // PAGE * PAGE, _MEASURED)
    room = memory(_UNDER_WAY * PIECE + LARGE)
    with contextlib.suppress(AttributeError, OSError):  # as weights are read
        room.madvise(mmap.MADV_HUGEPAGE)
    room.write(bytes(len(room)))
    address = -(-ctypes.addressof(ctypes.c_char.from_buffer(room)) // LARGE) * LARGE
    pieces = [
        Piece(n, start, address + n % _UNDER_WAY * PIECE, min(PIECE, size - start))
        for n, start in enumerate(range(0, size, PIECE))
    ]
    reader = Reader(path)
    try:
        began = time.perf_counter()
        while pieces or reader.flying:
            free = _UNDER_WAY - reader.flying
            reader.begin(pieces[:free])
            del pieces[:free]
            reader.ended()
        return size / (time.perf_counter() - began) if size else 0.0
    finally:
        reader.close()
