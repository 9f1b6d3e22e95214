"""Rows of a matrix that lies on disk: those used often stay in memory, the others are read when asked."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from secondme.model.gguf import Tensor
from secondme.model.window import disk, native
from secondme.model.window.ring import Ring

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]
_AT_ONCE = 128
_AHEAD = 4 << 20
LEAST = 1_000_000
"""Bytes of the smallest useful store."""


class Rows:
    """The rows of a matrix of `stride` bytes each, of which `room` bytes stay in memory.

    Not for several threads. Raises `OSError` when the file cannot be read.
    """

    def __init__(self, path: Path, matrix: Tensor, stride: int, room: int) -> None:
        self.count, self.stride = matrix.shape[1], stride
        self._start = matrix.start
        self._reader = disk.Reader(path)
        self._held = disk.memory(self.count * stride)  # touched as far as `room` only
        self._address = ctypes.addressof(ctypes.c_char.from_buffer(self._held))
        self._store = np.frombuffer(self._held, np.uint8).reshape(self.count, stride)
        self._slot = np.full(self.count, -1, np.int32)
        self._row = np.zeros(self.count, np.int32)  # as far as filled
        self._used = np.zeros(self.count, np.int32)
        self._clock = self._filled = self.capacity = 0
        pages = 2 + -(-stride // disk.PAGE)
        self._pages = pages
        self._scratch = disk.memory(_AT_ONCE * pages * disk.PAGE)
        self._scratch_at = ctypes.addressof(ctypes.c_char.from_buffer(self._scratch))
        self._scratch_rows = np.frombuffer(self._scratch, np.uint8)
        self.bytes_read = self.asked = self.read = 0
        self.resize(room)

    def resize(self, room: int) -> None:
        """Keep at most so many bytes of rows."""
        capacity = max(min(room // self.stride, self.count), min(_AT_ONCE, self.count))
        if capacity < self.capacity:
            self._slot[self._row[capacity : self._filled]] = -1
            self._filled = min(self._filled, capacity)
            a, b = disk.inner(capacity * self.stride, len(self._held))
            native.release(self._address + a, b - a)
        self.capacity = capacity

    @property
    def held(self) -> int:
        """Bytes of rows in memory."""
        return self._filled * self.stride

    def take(self, rows: Numbers) -> Bytes:
        """A copy of these rows (all different) in their order: an array (rows, bytes)."""
        self._clock += 1
        self.asked += len(rows)
        out = np.empty((len(rows), self.stride), np.uint8)
        slots = self._slot[rows]
        here = slots >= 0
        out[here] = self._store[slots[here]]
        self._used[slots[here]] = self._clock
        missing = np.flatnonzero(~here)
        self.read += len(missing)
        for n in range(0, len(missing), _AT_ONCE):
            part = missing[n : n + _AT_ONCE]
            out[part] = self._fetch(rows[part])
            self._keep(rows[part], out[part])
        return out

    def everything(self, at_once: int) -> Iterator[tuple[int, Bytes]]:
        """All rows in order, so many at once, each part with the number of its first row."""
        firsts = range(0, self.count, at_once)
        ends = [self._start + min(first + at_once, self.count) * self.stride for first in firsts]
        starts = [self._start + first * self.stride for first in firsts]
        spans = [disk.outer(start, end) for start, end in zip(starts, ends, strict=True)]
        ring = Ring(self._reader, _AHEAD + max(end - start for start, end in spans))
        try:
            ring.arrange([[span] for span in spans], _AHEAD)
            for first, start, end, (a, b) in zip(firsts, starts, ends, spans, strict=True):
                (at,) = ring.take()
                data = native.view(at + start - a, end - start)
                self.bytes_read += b - a
                yield first, data.reshape(-1, self.stride)
        finally:
            ring.arrange([], 0)

    def close(self) -> None:
        """Give the file back."""
        self._reader.close()

    def _fetch(self, rows: Numbers) -> Bytes:
        starts = self._start + rows * self.stride
        first = starts // disk.PAGE * disk.PAGE
        sizes = -(-(starts + self.stride) // disk.PAGE) * disk.PAGE - first
        places = np.arange(len(rows)) * self._pages * disk.PAGE
        self._reader.scatter(first, self._scratch_at + places, sizes)
        self.bytes_read += int(sizes.sum())
        at = (places + starts - first)[:, None] + np.arange(self.stride)[None]
        rows_: Bytes = self._scratch_rows[at]
        return rows_

    def _keep(self, rows: Numbers, data: Bytes) -> None:
        """Let these rows take free places, then those of the rows used longest ago."""
        rows, data = rows[: self.capacity], data[: self.capacity]
        free = min(self.capacity - self._filled, len(rows))
        slots = np.arange(self._filled, self._filled + free)
        self._filled += free
        if over := len(rows) - free:
            used = self._used[: self._filled].copy()
            used[slots] = self._clock
            oldest = np.argpartition(used, over - 1)[:over]
            self._slot[self._row[oldest]] = -1
            slots = np.concatenate([slots, oldest])
        self._store[slots] = data
        self._slot[rows], self._row[slots], self._used[slots] = slots, rows, self._clock
