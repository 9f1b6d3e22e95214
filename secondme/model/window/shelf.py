"""Memory that is seldom needed, on disk instead: a tokenizer of 150,000 tokens takes 40 MB and is used
for milliseconds before each answer.

What a function allocates comes to lie together when it runs in a thread of its own, in whose heap the C
library (glibc) puts it. That heap is then written to a file without a name, and the file is mapped in its
place: addresses stay right, pages come back when they are touched, and those that are changed become
memory again. Where the C library is another one, everything stays in memory.
"""

from __future__ import annotations

import ctypes
import os
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Generic, TypeVar

from secondme.model.window import native

T = TypeVar("T")

_HEAP = 64 << 20
"""A thread's heap lies in pieces that begin at multiples of this."""
_MMAP_THRESHOLD, _TRIM_THRESHOLD, _ARENA_MAX = -3, -1, -8
_RANDOM, _PAGEOUT = 1, 21
_TRIES = 64
# With `PyDLL` no other thread of Python's runs between the calls that copy and those that replace.
_library = ctypes.PyDLL(None, use_errno=True)


class Shelf:
    """Heaps that lie in files of `folder`, which nobody else can open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ranges: list[tuple[int, int]] = []

    def put(self, work: Callable[[], T]) -> T:
        """Do this, and put on disk what it leaves in memory."""
        if not _usable():
            return work()
        known = {start for start, _ in _heaps()}
        thread: _Thread[T] = _with_heap_of_its_own(known)
        _library.mallopt(_MMAP_THRESHOLD, _HEAP // 2)  # large pieces, too, go to the heap
        try:
            result = thread.do(work)
        finally:
            _library.mallopt(_MMAP_THRESHOLD, 1 << 20)
            _library.mallopt(_TRIM_THRESHOLD, 4 << 20)
        time.sleep(0.02)  # until it is parked
        if thread.heap not in known:
            self._move(thread.heap, known)
        return result

    def tidy(self) -> None:
        """Let nothing of it be in memory until it is used again."""
        for start, end in self._ranges:
            native.advise(start, end - start, _PAGEOUT)

    def _move(self, first: int, known: set[int]) -> None:
        """Put the heap that begins at `first` on disk, as far as there is room."""
        heaps = dict(_heaps())
        if first not in heaps:
            return
        owner = _word(first)
        for start, end in heaps.items():
            if start in known or _word(start) != owner:
                continue
            try:
                with tempfile.TemporaryFile(dir=self._folder, buffering=0) as file:
                    native.exchange(_library, start, end - start, file.fileno())
            except OSError:  # no room on disk: it stays in memory
                return
            native.advise(start, end - start, _RANDOM)
            self._ranges.append((start, end))


class _Thread(Generic[T]):
    """A thread that does one thing and is then parked for good: another one would be given its heap.

    `heap` is where that begins.
    """

    def __init__(self) -> None:
        self.heap = 0
        self._results: list[T] = []
        self._errors: list[BaseException] = []
        self._work: Callable[[], T] | None = None
        self._said, self._told, self._parked = (threading.Lock() for _ in range(3))
        for lock in (self._said, self._told, self._parked):
            lock.acquire()
        threading.Thread(target=self._run, name="shelf", daemon=True).start()
        self._said.acquire()

    def do(self, work: Callable[[], T]) -> T:
        """The result of this; its errors come through."""
        self._work = work
        self._told.release()
        self._said.acquire()
        if self._errors:
            self._parked.release()
            raise self._errors[0]
        return self._results[0]

    def end(self) -> None:
        """Let it go without having done anything."""
        self._parked.release()
        self._told.release()

    def _run(self) -> None:
        self.heap = native.allocated() // _HEAP * _HEAP
        self._said.release()
        self._told.acquire()
        try:
            if self._work is not None:
                self._results.append(self._work())
        except BaseException as error:
            self._errors.append(error)
        self._said.release()
        self._parked.acquire()


def _with_heap_of_its_own(known: Collection[int]) -> _Thread[T]:
    """A thread whose heap is none of those known: threads that ended have left theirs to be used again."""
    _library.mallopt(_ARENA_MAX, 1 << 20)  # else, with many threads, they share heaps
    others: list[_Thread[T]] = []
    while (thread := _Thread[T]()).heap in known and len(others) < _TRIES:
        others.append(thread)
    for other in others:
        other.end()
    return thread


def _usable() -> bool:
    """Whether heaps are what they are taken for here: glibc's, 64 bits, nothing of Python's in them."""
    glibc = hasattr(_library, "gnu_get_libc_version")
    return glibc and ctypes.sizeof(ctypes.c_void_p) == 8 and "PYTHONMALLOC" not in os.environ


def _heaps() -> Iterator[tuple[int, int]]:
    """The mappings that may be a thread's heap."""
    for line in Path("/proc/self/maps").read_text(encoding="ascii", errors="replace").splitlines():
        parts = line.split()
        start, end = (int(part, 16) for part in parts[0].split("-"))
        if len(parts) == 5 and parts[1].startswith("rw") and start % _HEAP == 0:
            yield start, end


def _word(address: int) -> int:
    """A heap begins with the address of what it belongs to."""
    return ctypes.c_uint64.from_address(address).value
