"""Mixtures of experts: only the slices of weights that a pass chooses are read, and the last ones stay."""

from __future__ import annotations

from collections import OrderedDict

from secondme.model.gguf import Tensor
from secondme.model.window import native
from secondme.model.window.layout import Layout
from secondme.model.window.residency import Residency


class Experts:
    """The experts of a model's layers that are in memory."""

    def __init__(self, layout: Layout, residency: Residency) -> None:
        self._used, self._residency = layout.experts_used, residency
        self._at: dict[int, list[Tensor]] = {}
        for tensor in layout.experts:
            self._at.setdefault(int(tensor.name.split(".")[1]), []).append(tensor)
        self._loaded: OrderedDict[tuple[int, int], int] = OrderedDict()

    def __contains__(self, layer: int) -> bool:
        return layer in self._at

    @property
    def loaded(self) -> int:
        """How many are in memory."""
        return len(self._loaded)

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(tensors[0].shape[2] for tensors in self._at.values())

    def choose(self, layer: int, numbers: list[int], tokens: int, room: int) -> None:
        """Bring in memory what so many tokens have chosen in a layer, by llama.cpp's table, and drop
        the experts used longest ago as far as `room` bytes are not enough. Raises `OSError`."""
        tensors = self._at[layer]
        chosen = _chosen(numbers, tensors[0].shape[2], self._used, tokens)
        missing = [n for n in chosen if (layer, n) not in self._loaded]
        size = sum(map(_slice_bytes, tensors))
        for n in chosen:
            if (layer, n) in self._loaded:
                self._loaded.move_to_end((layer, n))
        self.evict(room - size * len(missing))
        for tensor in tensors:
            self._residency.slices(tensor, missing, _slice_bytes(tensor))
        for n in missing:
            self._loaded[layer, n] = size

    def evict(self, room: int) -> None:
        """Drop the experts used longest ago until the others fit."""
        held = sum(self._loaded.values())
        while held > max(room, 0) and self._loaded:
            (layer, n), size = self._loaded.popitem(last=False)
            held -= size
            for tensor in self._at[layer]:
                each = _slice_bytes(tensor)
                part = tensor._replace(start=tensor.start + n * each, size=each)
                self._residency.drop([part])


def _slice_bytes(tensor: Tensor) -> int:
    """What one expert's part of a tensor takes."""
    return int(native.row_bytes(tensor.kind, tensor.shape[0])) * tensor.shape[1]


def _chosen(numbers: list[int], count: int, used: int, tokens: int) -> list[int]:
    """The experts that tokens have chosen, from llama.cpp's table: `used` of each row count.

    The table's rows are `used` numbers long, or (where it is part of a sorted one) `count`.
    """
    if len(numbers) != tokens * used and (len(numbers) - used) % count == 0:
        chosen = {n for at in range(0, len(numbers), count) for n in numbers[at : at + used]}
    else:
        chosen = set(numbers)
    return sorted(n for n in chosen if 0 <= n < count)
