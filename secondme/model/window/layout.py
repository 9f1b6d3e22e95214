"""What a model file is made of: units that can stay or stream, and what lies in memory always."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from secondme.errors import ModelError
from secondme.model.gguf import BadHeaderError, Tensor, read_contents, whole
from secondme.model.window.disk import outer
from secondme.model.window.spans import length, merged

UNIT = 2_000_000
"""Bytes of weights that are used together, at most (a single tensor may be larger): the sooner some have
been used, the sooner others can be read in their place."""
_SMALL = 1 << 16
_SPLIT = re.compile(r".+-\d{5}-of-\d{5}\.gguf", re.IGNORECASE)
_FINE, _COARSE, _REST = 32, (192, 512), 160
_EMBEDDING, _OUTPUT = "token_embd.weight", "output.weight"


@dataclass(frozen=True, slots=True)
class Unit:
    """Weights of one layer that are used one after another: `tensors` about in the order of use."""

    layer: int
    tensors: tuple[Tensor, ...]

    @property
    def size(self) -> int:
        return sum(tensor.size for tensor in self.tensors)


@dataclass(frozen=True)
class Layout:
    """A model file by its parts. Sizes in bytes.

    `units` are large tensors of the layers; `experts` those of which a token uses only some slices
    (mixture of experts); `always` is all else but the embedding and the output matrix, which are one
    in a tied model. `cache_token` is what a token takes in the KV cache.
    """

    path: Path
    size: int
    architecture: str
    layers: int
    units: tuple[Unit, ...]
    experts: tuple[Tensor, ...]
    always: tuple[Tensor, ...]
    embedding: Tensor
    output: Tensor
    cache_token: int
    experts_used: int

    @property
    def tied(self) -> bool:
        return self.embedding is self.output

    @property
    def vocabulary(self) -> int:
        return self.embedding.shape[1]

    @property
    def width(self) -> int:
        return self.embedding.shape[0]

    def staying(self, names: Collection[str]) -> Layout:
        """The same, with these tensors among those that are always in memory."""
        stay = [t for unit in self.units for t in unit.tensors if t.name in names]
        left = (tuple(t for t in unit.tensors if t.name not in names) for unit in self.units)
        units = (
            Unit(unit.layer, rest) for unit, rest in zip(self.units, left, strict=True) if rest
        )
        return replace(self, units=tuple(units), always=(*self.always, *stay))

    @property
    def streamable(self) -> int:
        return sum(unit.size for unit in self.units)

    @cached_property
    def kept(self) -> int:
        """Bytes of what is always in memory, in whole pages."""
        return length(merged(outer(tensor.start, tensor.end) for tensor in self.always))


def read_layout(path: Path) -> Layout:
    """The parts of a GGUF file. Raises `ModelError` for one that cannot be used in parts."""
    if _SPLIT.fullmatch(path.name):
        raise ModelError(
            f"{path.name} is split into several files, which a memory budget does not work with",
            hint="join the pieces with llama.cpp's gguf-split",
        )
    try:
        fields, tensors = read_contents(path)
        size = path.stat().st_size
    except (OSError, BadHeaderError) as error:
        raise ModelError(f"{path} cannot be used as a model: {error}") from None
    by_name = {tensor.name: tensor for tensor in tensors}
    embedding = by_name.get(_EMBEDDING)
    if embedding is None or len(embedding.shape) < 2:
        raise ModelError(f"{path.name} is not a language model of a kind that can be used in parts")
    architecture = str(fields.get("general.architecture", ""))
    units, experts, always = _parts(tensors)
    return Layout(
        path=path,
        size=size,
        architecture=architecture,
        layers=whole(fields.get(f"{architecture}.block_count")),
        units=units,
        experts=experts,
        always=always,
        embedding=embedding,
        output=by_name.get(_OUTPUT, embedding),
        cache_token=_cache_token(fields, architecture),
        experts_used=whole(fields.get(f"{architecture}.expert_used_count")),
    )


def _parts(
    tensors: tuple[Tensor, ...],
) -> tuple[tuple[Unit, ...], tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Units in the order of the layers; tensors that belong to experts; what is always in memory."""
    units: dict[int, list[list[Tensor]]] = {}
    experts, always = [], []
    for tensor in sorted(tensors, key=_in_use):
        match = re.match(r"blk\.(\d+)\.", tensor.name)
        if tensor.name in (_EMBEDDING, _OUTPUT):
            continue
        if not match or tensor.size < _SMALL or len(tensor.shape) < 2:
            always.append(tensor)
        elif "_exps." in tensor.name and len(tensor.shape) == 3:
            experts.append(tensor)
        else:
            groups = units.setdefault(int(match[1]), [[]])
            if groups[-1] and sum(t.size for t in groups[-1]) + tensor.size > UNIT:
                groups.append([])
            groups[-1].append(tensor)
    ordered = tuple(Unit(layer, tuple(group)) for layer in sorted(units) for group in units[layer])
    return ordered, tuple(experts), tuple(always)


def _in_use(tensor: Tensor) -> tuple[int, int]:
    """Sorts a layer's tensors about as they are used, whatever their order in the file."""
    return 2 * ("ffn" in tensor.name) + ("ffn_down" in tensor.name), tensor.start


def _cache_token(fields: Mapping[str, Any], architecture: str) -> int:
    """Bytes of a token in the KV cache: keys and values of 16 bits for each layer."""

    def said(key: str) -> Any:
        return fields.get(f"{architecture}.{key}")

    layers, width = whole(said("block_count")), whole(said("embedding_length"))
    heads = said("attention.head_count_kv") or said("attention.head_count") or 1
    each = list(heads) if isinstance(heads, tuple) else [heads] * layers
    count = said("attention.head_count")
    queries = (max(count) if isinstance(count, tuple) else count) or 1
    length = whole(said("attention.key_length")) or width // queries
    values = whole(said("attention.value_length")) or width // queries
    return 2 * (length + values) * sum(each)


def sketch_parts(width: int) -> tuple[int, int, int]:
    """Directions in which a sketch of the output matrix keeps it in 8 bits, in 4 bits, and those in
    which the rest is measured."""
    least, most = _COARSE
    coarse = min(max(least, width // 4), most, width // 3) // 64 * 64
    return _FINE, coarse, min(_REST, width - _FINE - coarse)


def sketch_bytes(width: int, vocabulary: int) -> int:
    """What a sketch takes in memory."""
    fine, coarse, rest = sketch_parts(width)
    row = fine * 34 // 32 + coarse * 18 // 32 + 4
    return vocabulary * row + width * (fine + coarse + rest) * 4


def can_sketch(width: int) -> bool:
    """Whether a sketch is worth it: a narrow matrix is hardly larger than its sketch."""
    return width >= 4 * _FINE and width % 32 == 0
