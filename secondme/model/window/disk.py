"""Reads of a model file past the page cache, many at a time where the system can.

Linux has native asynchronous I/O (`io_submit`); elsewhere pieces are read one after another.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import mmap
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

PAGE = mmap.PAGESIZE
SUPPORTED = sys.platform == "linux"
"""Whether memory can be put in the place of a file's mapping, and taken away, as the window does."""
PIECE = 1 << 20
"""Bytes of one read."""
_AT_ONCE = 128
_NUMBERS = {"x86_64": (206, 208, 209), "aarch64": (0, 4, 2)}
_MEASURED = 64 << 20
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


_IOCB = np.dtype(
    [
        ("data", "<u8"),
        ("key", "<u8"),
        ("op", "<u2"),
        ("priority", "<i2"),
        ("file", "<u4"),
        ("buffer", "<u8"),
        ("bytes", "<u8"),
        ("offset", "<i8"),
        ("reserved", "<u8"),
        ("flags", "<u8"),
    ]
)
_EVENT = np.dtype([("data", "<u8"), ("object", "<u8"), ("result", "<i8"), ("second", "<i8")])


class Reader:
    """Reads pages of a file straight into memory. For one thread at a time.

    Raises `OSError` when the file cannot be read, also when it has become shorter.
    """

    def __init__(self, path: Path) -> None:
        self.size = path.stat().st_size
        self._file = _open_direct(path)
        self._queue = ctypes.c_ulong(0)
        numbers = _NUMBERS.get(platform.machine()) if SUPPORTED else None
        if numbers:
            setup, self._getevents, self._submit = numbers
            if _libc.syscall(setup, _AT_ONCE, ctypes.byref(self._queue)) != 0:
                self._queue.value = 0

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
        """Read several ranges of pages, each to its address."""
        for n in range(0, len(offsets), _AT_ONCE):
            part = slice(n, n + _AT_ONCE)
            if self._queue.value and len(offsets) > 1:
                self._together(offsets[part], addresses[part], sizes[part])
            else:
                for each in zip(offsets[part], addresses[part], sizes[part], strict=True):
                    self._one(*map(int, each))

    def close(self) -> None:
        """Give the file back."""
        with contextlib.suppress(OSError):
            os.close(self._file)

    def unchanged(self, path: Path, stamp: tuple[int, ...]) -> bool:
        """Whether the open file is still what it was, and still what lies at the path."""
        with contextlib.suppress(OSError):
            return stamp_of(os.fstat(self._file)) == stamp == stamp_of(path.stat())
        return False

    def _one(self, offset: int, address: int, size: int) -> None:
        done = 0
        while done < size:
            buffer = (ctypes.c_char * (size - done)).from_address(address + done)
            count = os.preadv(self._file, [buffer], offset + done)
            if count == 0 or count % PAGE:
                done += count
                break
            done += count
        self._check(offset, size, done)

    def _together(
        self,
        offsets: npt.NDArray[np.int64],
        addresses: npt.NDArray[np.int64],
        sizes: npt.NDArray[np.int64],
    ) -> None:
        count = len(offsets)
        blocks = np.zeros(count, _IOCB)
        blocks["file"], blocks["buffer"] = self._file, addresses
        blocks["bytes"], blocks["offset"], blocks["data"] = sizes, offsets, np.arange(count)
        pointers = (blocks.ctypes.data + 64 * np.arange(count)).astype("<u8")
        events = np.zeros(count, _EVENT)
        submitted = self._call(self._submit, count, ctypes.c_void_p(pointers.ctypes.data))
        if submitted > 0:
            self._call(
                self._getevents, submitted, submitted, ctypes.c_void_p(events.ctypes.data), None
            )
        for event in events[: max(submitted, 0)]:
            n = int(event["data"])
            if event["result"] < 0:
                raise OSError(-int(event["result"]), os.strerror(-int(event["result"])))
            if event["result"] < sizes[n]:
                self._check(int(offsets[n]), int(sizes[n]), int(event["result"]))
        for n in range(max(submitted, 0), count):  # the queue was full
            self._one(int(offsets[n]), int(addresses[n]), int(sizes[n]))

    def _call(self, number: int, *arguments: Any) -> int:
        """A system call on the queue, begun again when a signal breaks it off."""
        sized = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
        while True:
            result = int(_libc.syscall(ctypes.c_long(number), self._queue, *sized))
            if result >= 0 or ctypes.get_errno() != errno.EINTR:
                return result

    def _check(self, offset: int, size: int, got: int) -> None:
        if offset + got < min(offset + size, self.size):
            raise OSError(errno.EIO, "the file has become shorter")


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
    buffer = mmap.mmap(-1, 8 * PIECE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(buffer))
    reader = Reader(path)
    try:
        best = 0.0
        for start in range(0, size, 8 * PIECE):
            end = min(start + 8 * PIECE, size)
            began = time.perf_counter()
            reader.fill(address, start, end)
            best += time.perf_counter() - began
        return size / best if best else 0.0
    finally:
        reader.close()
