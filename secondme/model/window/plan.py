"""What a memory budget buys: which parts of a model stay, which stream, and how fast that will be."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from secondme.errors import BadInputError
from secondme.model.window.disk import LARGE
from secondme.model.window.layout import Layout, can_sketch, sketch_bytes

MB = 1_000_000
LEAST_ROWS = 1_000_000
"""Bytes of the smallest useful store of the output matrix's rows."""
CACHE_STEP = 128
"""The KV cache's part of the budget grows in steps of so many tokens."""
_HEAP = 8 * MB
_PASSING = 4 * MB
_AHEAD_UNITS = 2
_MOST_AHEAD = 12 * MB
_MOST_ROWS = 6 * MB
_COMPUTE_RATE = 9e9  # bytes of weights a second that one thread multiplies, by measurement
_OVERLAP = 0.85


@dataclass(frozen=True, slots=True)
class Measured:
    """What a worker has measured with a model on this machine. Bytes, seconds, bytes a second.

    `vocabulary` is what the loaded tokenizer takes, `buffers` what llama.cpp computes in, `seconds` the
    time for a token when nothing has to be read, with `threads`.
    """

    vocabulary: int
    buffers: int
    seconds: float = 0.0
    threads: int = 0


@dataclass(frozen=True, slots=True)
class Need:
    """What must be in memory whatever else is, in bytes, by what it is for."""

    vocabulary: int
    buffers: int
    cache: int
    kept: int
    sketch: int
    scores: int
    rows: int
    states: int

    @property
    def total(self) -> int:
        return sum(asdict(self).values())


@dataclass(frozen=True, slots=True)
class Plan:
    """How a budget is used. Bytes.

    `room` is for units that stay, `ahead` for those on their way, `rows` for rows of the output matrix,
    `experts` for slices of experts. With `everything`, nothing streams. `smallest` is the least budget
    that works with a full context, `whole` the one in which all of the model has room.
    """

    budget: int
    need: Need
    room: int
    ahead: int
    rows: int
    experts: int
    streamed: int
    smallest: int
    whole: int

    @property
    def everything(self) -> bool:
        return self.streamed == 0

    @property
    def used(self) -> int:
        return self.need.total - self.need.rows + self.room + self.ahead + self.rows + self.experts


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A plan before loading, the measurements it rests on (`known`: from a run here, or estimates),
    and the sizes of the units that may stream."""

    plan: Plan
    measured: Measured
    sizes: tuple[int, ...]
    known: bool


def make_plan(
    layout: Layout,
    sizes: Sequence[int],
    budget: int,
    *,
    measured: Measured,
    screened: bool,
    sketch: int,
    cache_tokens: int,
    context: int,
    states: int = 0,
    excess: int = 0,
) -> Plan:
    """Divide a budget: first what must be there, then layers, then rows of the output matrix.

    `sizes` are those of the units that may stream, in the order of use, `cache_tokens` what a
    conversation needs of the context, `states` the bytes of saved states, `excess` those that were
    found in memory beyond an earlier plan. Raises `BadInputError` for a budget that is too small.
    """
    rounded = min(-(-cache_tokens // CACHE_STEP) * CACHE_STEP, context)
    need = _need(layout, measured, screened, sketch, rounded, states)
    smallest = smallest_budget(
        layout, sizes, measured=measured, screened=screened, sketch=sketch, context=context
    )
    if budget < smallest:
        raise BadInputError(
            f"{budget / MB:.0f} MB are too little for this model with a context of {context} tokens",
            hint=f"the smallest that works is {-(-smallest // MB)} MB",
        )
    free = budget - need.total + need.rows - min(excess, budget - smallest)
    rows_all = layout.output.size if screened else 0
    total, least_rows = sum(sizes), need.rows
    experts_all = sum(t.size for t in layout.experts)
    experts = least_experts(layout)
    whole = max(need.total + total + max(rows_all - need.rows, 0) + experts_all, smallest)
    if free - least_rows - experts >= total:
        rows = min(free - total - experts, rows_all)
        experts = min(free - total - rows, experts_all) if experts_all else 0
        return Plan(budget, need, total, 0, rows, experts, experts_all - experts, smallest, whole)
    ahead = _ahead(sizes, total - free)
    # A few more rows of the output matrix save more reading than a part of a layer does.
    rows = min(max(least_rows, min(free // 20, _MOST_ROWS)), rows_all) if screened else 0
    ahead = min(ahead, free - rows - experts)
    room = max(free - rows - experts - ahead, 0)
    return Plan(budget, need, room, ahead, rows, experts, total - room, smallest, whole)


def smallest_budget(
    layout: Layout,
    sizes: Sequence[int],
    *,
    measured: Measured,
    screened: bool,
    sketch: int,
    context: int,
) -> int:
    """The least number of bytes that works with a full context."""
    need = _need(layout, measured, screened, sketch, context, 0)
    return need.total + 2 * max(sizes, default=0) + least_experts(layout)


def least_experts(layout: Layout) -> int:
    """A layer's experts, all of them: the tokens of a prompt choose different ones."""
    layers: dict[str, int] = {}
    for tensor in layout.experts:
        layer = tensor.name.split(".")[1]
        layers[layer] = layers.get(layer, 0) + tensor.size
    return max(layers.values(), default=0)


def passing_bytes(layout: Layout, screened: bool) -> int:
    """What is in memory for moments only: scores of tokens, rows of weights just read."""
    return _PASSING + (16 if screened else 8) * layout.vocabulary


def _need(
    layout: Layout, measured: Measured, screened: bool, sketch: int, cache_tokens: int, states: int
) -> Need:
    whole = 0
    if not screened:
        whole = layout.output.size
    return Need(
        vocabulary=measured.vocabulary,
        buffers=measured.buffers,
        cache=cache_tokens * layout.cache_token,
        kept=layout.kept + whole,
        sketch=sketch if screened else 0,
        scores=_HEAP + passing_bytes(layout, screened),
        rows=LEAST_ROWS if screened else 0,
        states=states,
    )


def _ahead(sizes: Sequence[int], short: int) -> int:
    """Bytes for units on their way: one in use and one being read, more when much streams; in large pages,
    into which a disk reads faster."""
    size = max(_AHEAD_UNITS * max(sizes, default=0), min(_MOST_AHEAD, short // 4))
    return size if size < LARGE else -(-size // LARGE) * LARGE


def predicted_seconds(plan: Plan, layout: Layout, measured: Measured, bandwidth: float) -> float:
    """Seconds for a token by plan: reading and computing overlap, reading for the most part."""
    compute = measured.seconds
    if not compute:
        active = layout.streamable + layout.kept + _active_experts(layout)
        compute = (active + plan.need.sketch) / (_COMPUTE_RATE * max(measured.threads, 1) ** 0.8)
    if not bandwidth or plan.everything:
        return compute
    return max(compute, plan.streamed / (bandwidth * _OVERLAP))


def _active_experts(layout: Layout) -> int:
    return sum(t.size * layout.experts_used // max(t.shape[2], 1) for t in layout.experts)


def estimated(layout: Layout, threads: int) -> Measured:
    """What loading will take, before it has been measured."""
    buffers = 64 * layout.width * 4 * 10 + 4 * layout.vocabulary * 4
    return Measured(MB // 2, buffers, 0.0, threads)


def foresee(layout: Layout, budget: int, folder: Path, threads: int, context: int) -> Foreseen:
    """What a budget will buy, before loading: by what was measured earlier, else by estimates.

    Raises `BadInputError` for a budget that is too small.
    """
    kept = load_measured(folder, layout.path)
    measured = measured_from(kept, layout, threads)
    screened = bool(kept.get("screened", can_sketch(layout.width)))
    sizes = kept.get("units") or [unit.size for unit in layout.units]
    plan = make_plan(
        layout,
        sizes,
        budget,
        measured=measured,
        screened=screened,
        sketch=sketch_bytes(layout.width, layout.vocabulary),
        cache_tokens=1024,
        context=context,
    )
    return Foreseen(plan, measured, tuple(sizes), bool(measured.seconds))


def model_key(path: Path) -> str:
    """What tells a model file from others and from its earlier selves."""
    status = path.stat()
    text = f"{path.name}:{status.st_size}:{status.st_mtime_ns}"
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def remove_measured(folder: Path, path: Path) -> int:
    """Delete what was measured with a model; returns the bytes freed."""
    freed = 0
    with suppress(OSError):
        for file in folder.glob(f"{model_key(path)}.*"):
            freed += file.stat().st_size
            file.unlink()
    return freed


def load_measured(folder: Path, path: Path) -> dict[str, Any]:
    """What was kept of earlier runs with a model; empty if nothing."""
    with suppress(OSError, ValueError):
        kept = json.loads((folder / f"{model_key(path)}.json").read_text(encoding="utf-8"))
        if isinstance(kept, dict):
            return kept
    return {}


def save_measured(folder: Path, path: Path, values: dict[str, Any]) -> None:
    """Keep measurements for later plans, for this person only."""
    file = folder / f"{model_key(path)}.json"
    partial = file.with_name(f"{file.name}.{os.getpid()}.partial")
    with suppress(OSError):
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            json.dump(values, out)
        partial.replace(file)


def measured_from(kept: dict[str, Any], layout: Layout, threads: int) -> Measured:
    """Measurements of earlier runs where there are any, estimates elsewhere."""
    base = estimated(layout, threads)
    try:
        seconds = float(kept.get("seconds", {}).get(str(threads), 0.0))
        return replace(
            base,
            vocabulary=int(kept.get("vocabulary", base.vocabulary)),
            buffers=int(kept.get("buffers", base.buffers)),
            seconds=seconds,
        )
    except (TypeError, ValueError, AttributeError):
        return base
