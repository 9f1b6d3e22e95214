"""Watching llama.cpp's passes: which weights each operation uses, and stopping at the right places.

A pass is a list of operations. The first one of a kind is only recorded: for each operation, where the
weights lie that it reads. Later ones of that kind stop where something is to be done, and each such
place is known again by the name of its operation, so that a pass of another shape is never mistaken.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from secondme.model.gguf import Tensor
from secondme.model.window import native
from secondme.model.window.layout import UNIT, Layout, Unit
from secondme.model.window.native import Floats

_HIDDEN = b"result_norm"
_CHOSEN = re.compile(rb"ffn_moe_topk-(\d+)")
_CACHE = re.compile(rb"cache_[kv]_l\d+$")
_APART = (b"kq-", b"kq_soft_max")


@dataclass(slots=True)
class Shape:
    """What a kind of pass looks like: its operations by number.

    `first` says for each tensor of the file which operation uses it first, `tensors` where llama.cpp has
    it; those in `views` are used by parts or in another shape too. `hidden` is the operation
    that ends with the hidden states, `screened` whether only the output product follows it. `cache`
    are the ranges of the KV cache, `fused` whether attention reads it row by row.
    """

    names: list[bytes] = field(default_factory=list)
    first: dict[str, int] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)
    tensors: dict[str, int] = field(default_factory=dict)
    views: set[str] = field(default_factory=set)
    hidden: int = -1
    screened: bool = False
    chosen: dict[int, int] = field(default_factory=dict)
    cache: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    fused: bool = True

    def first_of(self, units: Sequence[Unit]) -> list[int]:
        """For each unit the operation that uses it first."""
        return [min(self.first[tensor.name] for tensor in unit.tensors) for unit in units]


class Watch:
    """The callback of llama.cpp's scheduler.

    `record()` makes the next pass one that is only looked at. `follow(shape, stops)` makes the later
    ones call `stops[operation]()` when that operation is done; when it returns False the pass ends
    there. `asked` is how many operations of the last pass it was shown.
    """

    def __init__(self, base: int, tensors: Sequence[Tensor]) -> None:
        self._base = base
        self._tensors = sorted(tensors, key=lambda tensor: tensor.start)
        self._starts = [tensor.start for tensor in self._tensors]
        self._end = max(tensor.end for tensor in tensors)
        self._recording: Shape | None = None
        self._names: list[bytes] = []
        self._stops: dict[int, Callable[[], bool]] = {}
        self._flags = bytearray()
        self.asked = 0
        self._tensor = 0
        self.mismatch = False
        self.error: BaseException | None = None
        self.callback = native.Callback(self._on_node)

    def record(self) -> Shape:
        """Only look at the next pass; what was seen is in the result after it."""
        self._recording, self._stops, self.asked = Shape(), {}, 0
        return self._recording

    def follow(self, shape: Shape, stops: dict[int, Callable[[], bool]]) -> None:
        """Stop at these operations in passes of this shape."""
        self._recording, self._names, self._stops = None, shape.names, stops
        self._flags = bytearray(len(shape.names))
        for operation in stops:
            self._flags[operation] = 1

    def begin(self) -> None:
        """A pass begins."""
        self.asked, self.mismatch, self.error = 0, False, None

    def states(self, width: int) -> Floats:
        """What the operation at which the pass stands has computed, as rows of floats."""
        return native.contents(self._tensor, np.float32).reshape(-1, width)

    def numbers(self) -> Any:
        """The same as whole numbers, in one dimension."""
        return native.contents(self._tensor, np.int32)

    def _on_node(self, tensor: int, ask: bool, _: Any) -> bool:
        if ask:
            n = self.asked
            self.asked = n + 1
            if self._recording is not None:
                self._look(self._recording, n, tensor)
                return False
            return n < len(self._flags) and self._flags[n] == 1
        operation = self.asked - 1
        stop = self._stops.get(operation)
        if stop is None:
            return True
        self._tensor = tensor
        if native.name_of(tensor) != self._names[operation]:
            self.mismatch = True
            return False
        try:
            return stop()
        except BaseException as error:  # it must not get lost in llama.cpp
            self.error = error
            return False

    def _look(self, shape: Shape, n: int, tensor: int) -> None:
        name = bytes(native.name_of(tensor) or b"")
        shape.names.append(name)
        if name == _HIDDEN:
            shape.hidden = n
        if name.startswith(_APART):
            shape.fused = False
        if chosen := _CHOSEN.fullmatch(name):
            shape.chosen[int(chosen[1])] = n
        for source in native.sources_of(tensor):
            address = native.data_of(source) or 0
            known = bytes(native.name_of(source) or b"")
            at = address - self._base
            if 0 <= at < self._end:
                found = self._tensors[max(bisect_right(self._starts, at) - 1, 0)]
                shape.first.setdefault(found.name, n)
                shape.last[found.name] = n
                if known == found.name.encode():
                    shape.tensors[found.name] = source
                else:
                    shape.views.add(found.name)
            elif _CACHE.match(known):
                shape.cache.setdefault(known, (address, native.bytes_of(source)))


def is_screened(shape: Shape, output: Tensor) -> bool:
    """Whether a pass ends with the hidden states and then one product with the output matrix."""
    return (
        shape.hidden == len(shape.names) - 2 and shape.last.get(output.name) == len(shape.names) - 1
    )


def units_of(shape: Shape, layout: Layout) -> list[Unit]:
    """Weights in the order in which a pass uses them, together as long as they are small.

    A unit ends where everything before it has been used for the last time.
    """
    streamable = [t for unit in layout.units for t in unit.tensors if t.name in shape.tensors]
    streamable.sort(key=lambda t: shape.first[t.name])
    units: list[list[Tensor]] = []
    for tensor in streamable:
        if units:
            size = sum(t.size for t in units[-1])
            used_until = max(shape.last[t.name] for t in units[-1])
            small = size + tensor.size <= UNIT and _layer(units[-1][0]) == _layer(tensor)
            if small or used_until >= shape.first[tensor.name]:
                units[-1].append(tensor)
                continue
        units.append([tensor])
    return [Unit(_layer(group[0]), tuple(group)) for group in units]


def _layer(tensor: Tensor) -> int:
    return int(tensor.name.split(".")[1])
