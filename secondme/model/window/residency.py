"""Which weights are in memory: some stay, the others are read just before use and dropped after it.

Layers are used in a circle, so what was used longest ago is what comes next: keeping the last used
ones, as the system's cache does, keeps nothing of use. Here the same units always stay, evenly spread
through the model, so that reading the others overlaps with computing throughout (Alizadeh et al., 2023,
have the idea of windows of weights and large reads).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from secondme.model.gguf import Tensor
from secondme.model.window import disk, native
from secondme.model.window.layout import Unit


class Residency:
    """The weights of a model file in anonymous memory at `base`, for one computing thread.

    `units` are in the order of use. Until `arrange` is called nothing is in memory. Reading runs in a
    thread of its own; its errors are raised by `wait`.
    """

    def __init__(self, path: Path, base: int, units: Sequence[Unit]) -> None:
        self._path, self._base, self._units = path, base, list(units)
        self._ranges = [_inner_ranges(unit.tensors) for unit in units]
        self.sizes = [sum(b - a for a, b in ranges) for ranges in self._ranges]
        self._reader, self._own = disk.Reader(path), disk.Reader(path)
        self._stamp = disk.stamp_of(path.stat())
        self.kept: set[int] = set()
        self.arranged = False
        self._stream: list[int] = []
        self._ahead = 0
        self._held = 0
        self._loaded = self._used = 0
        self._loading = -1
        self._current: int | None = None
        self._paused = True
        self._error: OSError | None = None
        self._closed = False
        self._changed = threading.Condition()
        self.bytes_read = 0
        self.seconds_waited = 0.0
        self.seconds_reading = 0.0
        self._thread = threading.Thread(target=self._run, name="weights", daemon=True)
        self._thread.start()

    @property
    def resident(self) -> int:
        """Bytes of the units in memory, those being read included."""
        return sum(self.sizes[n] for n in self.kept) + self._held

    def unchanged(self) -> bool:
        """Whether the file is still the one that was opened."""
        return self._own.unchanged(self._path, self._stamp)

    def states(self) -> list[str]:
        """Of each unit: "stays", "streams", or "in flight"."""
        with self._changed:
            stream, loaded, used = self._stream, self._loaded, self._used
            flying = {stream[n % len(stream)] for n in range(used, loaded + 1)} if stream else set()
            return [
                "stays" if n in self.kept else "in flight" if n in flying else "streams"
                for n in range(len(self.sizes))
            ]

    def report(self) -> dict[str, Any]:
        """Each unit's layer, bytes and state, and the seconds that were waited for them."""
        cells = [
            {"layer": unit.layer, "bytes": size, "state": state}
            for unit, size, state in zip(self._units, self.sizes, self.states(), strict=True)
        ]
        return {"cells": cells, "seconds_waited": self.seconds_waited}

    def fill(self, tensors: Iterable[Tensor]) -> None:
        """Read tensors that stay whatever happens, with the pages that they share with others."""
        for start, end in _merged(disk.outer(t.start, t.end) for t in tensors):
            self._read(self._own, start, end)

    def fill_edges(self) -> None:
        """Read the pages that units share with their neighbours; these always stay."""
        edges = set()
        for unit in self._units:
            for tensor in unit.tensors:
                a, b = disk.inner(tensor.start, tensor.end)
                edges |= {disk.outer(tensor.start, a), disk.outer(b, tensor.end)}
        for start, end in _merged(edge for edge in edges if edge[1] > edge[0]):
            self._read(self._own, start, end)

    def rows(self, matrix: Tensor, stride: int, rows: Iterable[int]) -> int:
        """Read these rows of a matrix to their place, with whole pages; the bytes read."""
        spans = [
            disk.outer(matrix.start + row * stride, matrix.start + (row + 1) * stride)
            for row in set(rows)
        ]
        merged = np.array(_merged(spans), np.int64).reshape(-1, 2)
        sizes = merged[:, 1] - merged[:, 0]
        self._own.scatter(merged[:, 0], self._base + merged[:, 0], sizes)
        self.bytes_read += int(sizes.sum())
        return int(sizes.sum())

    def drop_rows(self, matrix: Tensor, stride: int, rows: Iterable[int]) -> None:
        """Give back what `rows` read, but for pages that the matrix shares with others."""
        lowest, highest = disk.inner(matrix.start, matrix.end)
        for row in set(rows):
            start = matrix.start + row * stride
            a, b = disk.outer(start, start + stride)
            a, b = max(a, lowest), min(b, highest)
            native.release(self._base + a, b - a)

    def slices(self, tensor: Tensor, chosen: Iterable[int], size: int) -> None:
        """Read some slices of `size` bytes of a tensor of experts."""
        for start, end in _merged(
            disk.outer(tensor.start + n * size, tensor.start + (n + 1) * size) for n in set(chosen)
        ):
            self._read(self._own, start, end)

    def drop(self, tensors: Iterable[Tensor]) -> None:
        """Give the whole pages of tensors back."""
        for tensor in tensors:
            a, b = disk.inner(tensor.start, tensor.end)
            native.release(self._base + a, b - a)

    def arrange(self, keep: Iterable[int], ahead: int) -> None:
        """Keep these units in memory, and stream the others at most `ahead` bytes ahead of use.

        Between passes only. Raises `OSError`.
        """
        keep = set(keep)
        self.arranged = False
        self.pause()
        for n in self.kept - keep:
            self._release(n)
        with self._changed:
            new = keep - self.kept
            self.kept &= keep
            self._stream = [n for n in range(len(self.sizes)) if n not in keep]
            self._ahead = ahead
        for n in sorted(new):
            for a, b in self._ranges[n]:
                self._read(self._own, a, b)
            self.kept.add(n)
        self.arranged = True
        with self._changed:
            self._paused, self._error = False, None
            self._changed.notify_all()

    def pause(self) -> None:
        """Stop reading ahead and drop what was read ahead, as at the start of a circle."""
        with self._changed:
            self._paused = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._loading < 0)
            for n in range(self._used, self._loaded):
                self._release(self._stream[n % len(self._stream)])
            self._loaded = self._used = self._held = 0
            self._current = None

    def again(self) -> None:
        """Begin the circle of reads anew, after a pass that was left in the middle or failed."""
        self.pause()
        with self._changed:
            self._paused, self._error = False, None
            self._changed.notify_all()

    def wait(self, unit: int) -> None:
        """Wait until a unit is in memory; those that were waited for before it are dropped.

        Raises `OSError` when the file cannot be read.
        """
        if unit in self.kept:
            return
        started = time.perf_counter()
        with self._changed:
            self._drop_used(unit)
            self._changed.wait_for(lambda: self._loaded > self._used or self._error is not None)
            if self._loaded <= self._used and self._error is not None:
                raise self._error
        self.seconds_waited += time.perf_counter() - started

    def end_of_pass(self) -> None:
        """What was waited for has been used."""
        with self._changed:
            if self._stream and self._current is not None:
                self._drop_used(None)

    def _drop_used(self, unit: int | None) -> None:
        """Drop the unit in use and take the next one up. The lock is held."""
        if self._current is not None:
            self._release(self._stream[self._used % len(self._stream)])
            self._held -= self.sizes[self._stream[self._used % len(self._stream)]]
            self._used += 1
            self._changed.notify_all()
        self._current = unit

    def close(self) -> None:
        """Stop reading, and give the file back."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()
        self._reader.close()
        self._own.close()

    def _run(self) -> None:
        """Read the streamed units in a circle, as far ahead as may be."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._may_load())
                if self._closed:
                    return
                n = self._stream[self._loaded % len(self._stream)]
                self._loading = n
                self._held += self.sizes[n]
            error = None
            started = time.perf_counter()
            try:
                for a, b in self._ranges[n]:
                    self._read(self._reader, a, b)
            except OSError as raised:
                error = raised
            self.seconds_reading += time.perf_counter() - started
            with self._changed:
                self._loading = -1
                if error is None:
                    self._loaded += 1
                else:
                    self._error = error
                    self._held -= self.sizes[n]
                    self._release(n)
                self._changed.notify_all()

    def _may_load(self) -> bool:
        if self._paused or self._error is not None or not self._stream:
            return False
        if self._loaded - self._used >= len(self._stream):
            return False
        n = self._stream[self._loaded % len(self._stream)]
        return self._held == 0 or self._held + self.sizes[n] <= self._ahead

    def _release(self, unit: int) -> None:
        for a, b in self._ranges[unit]:
            native.release(self._base + a, b - a)

    def _read(self, reader: disk.Reader, start: int, end: int) -> None:
        if end > start:
            reader.fill(self._base + start, start, end)
            self.bytes_read += end - start


def _inner_ranges(tensors: Sequence[Tensor]) -> list[tuple[int, int]]:
    """The whole pages within tensors, neighbours together where no page between is shared."""
    return _merged(disk.inner(t.start, t.end) for t in tensors)


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if end <= start:
            continue
        if out and start <= out[-1][1]:
            out[-1] = out[-1][0], max(out[-1][1], end)
        else:
            out.append((start, end))
    return out
