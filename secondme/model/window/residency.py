"""Which weights are in memory: some stay, the others are read just before use into a ring of memory.

Layers are used in a circle, so what was used longest ago is what comes next: keeping the last used
ones, as the system's cache does, keeps nothing of use. Here the same units always stay, evenly spread
through the model, so that reading the others overlaps with computing throughout (Alizadeh et al., 2023,
have the idea of windows of weights and large reads). llama.cpp finds a tensor's data by an address
noted in the tensor, so what comes into the ring needs no fixed place: the address is set at each use.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from secondme.model.gguf import Tensor
from secondme.model.window import disk, native
from secondme.model.window.layout import Unit
from secondme.model.window.ring import Ring
from secondme.model.window.spans import Span, length, merged, without


class Residency:
    """The weights of a model file in anonymous memory at `base`, for one computing thread.

    `units` are in the order of use; `places` has for each of their tensors what llama.cpp keeps the address
    of its data in. Until `arrange` is called nothing is in memory.
    """

    def __init__(
        self,
        path: Path,
        base: int,
        units: Sequence[Unit],
        places: Mapping[str, ctypes.c_void_p],
    ) -> None:
        self._path, self._base, self._units = path, base, list(units)
        self._spans = [merged(disk.outer(t.start, t.end) for t in u.tensors) for u in units]
        self.sizes = [sum(b - a for a, b in spans) for spans in self._spans]
        self._places = [
            [_place(t, spans, places) for t in u.tensors]
            for u, spans in zip(units, self._spans, strict=True)
        ]
        self._reader = disk.Reader(path)
        self._stamp = disk.stamp_of(path.stat())
        self._ring = Ring(disk.Reader(path), sum(self.sizes))
        self._always: list[Span] = []
        self._held: list[Span] = []
        self._stream: list[int] = []
        self.kept: set[int] = set()
        self.arranged = False
        self._read_bytes = 0
        self.seconds_waited = 0.0

    @property
    def resident(self) -> int:
        """Bytes of the units in memory, and of the ring."""
        return length(without(self._held, self._always)) + self._ring.size

    @property
    def bytes_read(self) -> int:
        """All bytes read so far."""
        return self._read_bytes + self._ring.bytes_read

    def unchanged(self) -> bool:
        """Whether the file is still the one that was opened."""
        return self._reader.unchanged(self._path, self._stamp)

    def states(self) -> list[str]:
        """Of each unit: "stays", "streams", or "in flight"."""
        stream = self._stream
        flying = {stream[n % len(stream)] for n in self._ring.ahead()} if stream else set()
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

    def stay(self, tensors: Iterable[Tensor]) -> None:
        """Let these tensors stay, whatever units do, with the pages that they share with others; from the
        next `arrange` on."""
        self._always = merged(disk.outer(t.start, t.end) for t in tensors)

    def rows(self, matrix: Tensor, stride: int, rows: Iterable[int]) -> int:
        """Read these rows of a matrix to their place, with whole pages; the bytes read."""
        spans = [
            disk.outer(matrix.start + row * stride, matrix.start + (row + 1) * stride)
            for row in set(rows)
        ]
        starts, ends = np.array(merged(spans), np.int64).reshape(-1, 2).T
        sizes = ends - starts
        self._reader.scatter(starts, self._base + starts, sizes)
        self._read_bytes += int(sizes.sum())
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
        for start, end in merged(
            disk.outer(tensor.start + n * size, tensor.start + (n + 1) * size) for n in set(chosen)
        ):
            self._read(start, end)

    def drop(self, tensors: Iterable[Tensor]) -> None:
        """Give the whole pages of tensors back."""
        for tensor in tensors:
            a, b = disk.inner(tensor.start, tensor.end)
            native.release(self._base + a, b - a)

    def arrange(self, keep: Iterable[int], ahead: int) -> None:
        """Keep these units in memory, and read the others through a ring of `ahead` bytes; without any,
        they cannot be used.

        Between passes only. Raises `OSError`.
        """
        keep = set(keep)
        self.arranged = False
        self.kept &= keep
        self._stream = [n for n in range(len(self.sizes)) if n not in keep] if ahead else []
        self._ring.arrange([self._spans[n] for n in self._stream], ahead)
        self._hold(merged([*self._always, *(span for n in keep for span in self._spans[n])]))
        for n in keep:
            for place, _, at in self._places[n]:
                place.value = self._base + at
        self.kept = keep
        self.arranged = True

    def again(self) -> None:
        """Begin the circle of reads anew, after a pass that was left in the middle or failed."""
        self._ring.again()

    def wait(self, unit: int) -> None:
        """Wait until a unit is in memory; the one that was waited for before it is dropped.

        Raises `OSError` when the file cannot be read.
        """
        if unit in self.kept:
            return
        started = time.perf_counter()
        starts = self._ring.take()
        self.seconds_waited += time.perf_counter() - started
        for place, (span, offset), _ in self._places[unit]:
            place.value = starts[span] + offset

    def give(self) -> None:
        """What was waited for has been used."""
        self._ring.give()

    def close(self) -> None:
        """Give the file back."""
        self._ring.close()
        self._reader.close()

    def _hold(self, wanted: list[Span]) -> None:
        """Have these pages in memory, and no others. Raises `OSError`."""
        before, large = self._large(self._held), self._large(wanted)
        for a, b in without(self._held, wanted):
            native.split_large(self._base + a, b - a)
            native.release(self._base + a, b - a)
        for a, b in without(before, large):
            native.prefer_small(self._base + a, b - a)
        missing = without(wanted, self._held)
        self._held = without(wanted, missing)
        for a, b in without(large, before):
            native.prefer_large(self._base + a, b - a)
        for a, b in missing:
            self._read(a, b)
        for a, b in without(large, before):
            native.make_large(self._base + a, b - a)
        self._held = wanted

    def _large(self, spans: Sequence[Span]) -> list[Span]:
        """What of these pages can lie in large ones."""
        size, base = disk.LARGE, self._base
        inner = ((-(-(base + a) // size) * size, (base + b) // size * size) for a, b in spans)
        return [(a - base, b - base) for a, b in inner if b > a]

    def _read(self, start: int, end: int) -> None:
        self._reader.fill(self._base + start, start, end)
        self._read_bytes += end - start


def _place(
    tensor: Tensor, spans: Sequence[Span], places: Mapping[str, ctypes.c_void_p]
) -> tuple[ctypes.c_void_p, tuple[int, int], int]:
    """Where a tensor's place is noted, which of the spans it lies in and how far from its start, and
    where in the file."""
    span = next(n for n, (a, b) in enumerate(spans) if a <= tensor.start < b)
    return places[tensor.name], (span, tensor.start - spans[span][0]), tensor.start
