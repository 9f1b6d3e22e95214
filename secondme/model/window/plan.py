"""What a memory budget buys: which parts of a model stay, which stream, and how fast that will be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from secondme.errors import BadInputError
from secondme.model.window.disk import LARGE
from secondme.model.window.layout import Layout, can_sketch, sketch_bytes
from secondme.model.window.measured import MB, Kept, Measured

LEAST_ROWS = 1_000_000
"""Bytes of the smallest useful store of the output matrix's rows."""
TOGETHER = 4
"""Tokens that llama.cpp may compute at once with the very results of one after another; checked."""
CACHE_STEP = 128
"""The KV cache's part of the budget grows in steps of so many tokens."""
_HEAP = 8 * MB
_VARIES = MB // 2
"""What loading takes differs so much from one time to another, or less."""
_PASSING = 4 * MB
_AHEAD_UNITS = 2
_MOST_AHEAD = 12 * MB
_MOST_ROWS = 6 * MB
_COMPUTE_RATE = 9e9  # bytes of weights a second that one thread multiplies, by measurement
_BANDWIDTH = 1.5e9
_OVERLAP = 0.95
_SCREEN, _SCORE = 3e-3, 1e-8  # seconds for a token, and for each token that there is
_WATCHED = 80e-6  # seconds for a layer whose operations are watched
_HANDLED = 7e-11  # seconds of the processor for a byte that is read


@dataclass(frozen=True, slots=True)
class Need:
    """What must be in memory whatever else is, in bytes, by what it is for."""

    vocabulary: int
    buffers: int
    cache: int
    kept: int
    output: int
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
    def screened(self) -> bool:
        """Whether the next token is found by the sketch, or else by the whole output matrix."""
        return self.need.sketch > 0

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


@dataclass(frozen=True, slots=True)
class Demand:
    """What a budget is divided among. Bytes and tokens.

    `sizes` are those of the units that may stream, in the order of use. `ways` are those in which the next
    token can be found: by the screen (true), by the whole output matrix (false). `cache_tokens` is what a
    conversation needs of the context, `states` the bytes of saved states, `excess` those that were found
    in memory beyond an earlier plan.
    """

    layout: Layout
    sizes: Sequence[int]
    measured: Measured
    ways: tuple[bool, ...]
    cache_tokens: int
    context: int
    states: int = 0
    excess: int = 0


def ways_of(layout: Layout, screenable: bool) -> tuple[bool, ...]:
    """In which ways tokens can be found, the one that needs less memory first: a sketch that is hardly
    smaller than its matrix is no use."""
    if screenable and can_sketch(layout.width):
        least = sketch_bytes(layout.width, layout.vocabulary) + LEAST_ROWS
        if least + passing_bytes(layout, True) < layout.output.size + passing_bytes(layout, False):
            return True, False
    return (False,)


def make_plan(demand: Demand, budget: int) -> Plan:
    """Divide a budget, in the way of finding tokens by which they come fastest.

    Raises `BadInputError` for a budget that is too small.
    """
    smallest = smallest_budget(demand)
    if budget < smallest:
        raise BadInputError(
            f"{budget / MB:.0f} MB are too little for this model with a context of "
            f"{demand.context} tokens",
            hint=f"the smallest that works is {megabytes(smallest)} MB",
        )
    free = budget - min(demand.excess, budget - smallest)
    whole = max(_whole(demand, _fastest(demand)), smallest)
    fit = [way for way in demand.ways if _least(demand, _need(demand, way)) <= free]
    # With none, it is a conversation's saved states that take too much, and they give way.
    ways = fit or [min(demand.ways, key=lambda way: _need(demand, way).total)]
    plans = [_divide(demand, way, budget, free, smallest, whole) for way in ways]
    return min(plans, key=lambda plan: predicted_seconds(plan, demand.layout, demand.measured))


def megabytes(smallest: int) -> int:
    """A smallest budget as a person is told it: so many whole megabytes work each time."""
    return -(-(smallest + _VARIES) // MB)


def smallest_budget(demand: Demand) -> int:
    """The least number of bytes that works with a full context."""
    full = replace(demand, cache_tokens=demand.context, states=0)
    return min(_least(full, _need(full, way)) for way in demand.ways)


def _divide(
    demand: Demand, screened: bool, budget: int, free: int, smallest: int, whole: int
) -> Plan:
    """First what must be there, then layers, then rows of the output matrix."""
    layout, sizes, need = demand.layout, demand.sizes, _need(demand, screened)
    free -= need.total - need.rows
    rows_all = layout.output.size if screened else 0
    total = sum(sizes)
    experts_all = sum(t.size for t in layout.experts)
    experts = least_experts(layout)
    if free - need.rows - experts >= total:
        rows = min(free - total - experts, rows_all)
        experts = min(free - total - rows, experts_all) if experts_all else 0
        return Plan(budget, need, total, 0, rows, experts, experts_all - experts, smallest, whole)
    ahead = _ahead(sizes, total - free)
    # A few more rows of the output matrix save more reading than a part of a layer does.
    rows = min(max(need.rows, min(free // 20, _MOST_ROWS)), rows_all) if screened else 0
    ahead = min(ahead, free - rows - experts)
    room = max(free - rows - experts - ahead, 0)
    return Plan(budget, need, room, ahead, rows, experts, total - room, smallest, whole)


def _least(demand: Demand, need: Need) -> int:
    return need.total + 2 * max(demand.sizes, default=0) + least_experts(demand.layout)


def _whole(demand: Demand, screened: bool) -> int:
    """The bytes in which all of the model has room."""
    layout, need = demand.layout, _need(demand, screened)
    rows = max(layout.output.size - need.rows, 0) if screened else 0
    return need.total + sum(demand.sizes) + rows + sum(t.size for t in layout.experts)


def _fastest(demand: Demand) -> bool:
    """The way in which tokens are found fastest when nothing has to be read."""
    layout, measured = demand.layout, demand.measured
    return min(demand.ways, key=lambda way: _seconds(layout, measured, way))


def least_experts(layout: Layout) -> int:
    """A layer's experts, all of them: the tokens of a prompt choose different ones."""
    layers: dict[str, int] = {}
    for tensor in layout.experts:
        layer = tensor.name.split(".")[1]
        layers[layer] = layers.get(layer, 0) + tensor.size
    return max(layers.values(), default=0)


def passing_bytes(layout: Layout, screened: bool) -> int:
    """What is in memory for moments only: scores of tokens, rows of weights just read."""
    return _PASSING + (12 + 4 * TOGETHER if screened else 8) * layout.vocabulary


def _need(demand: Demand, screened: bool) -> Need:
    layout, measured = demand.layout, demand.measured
    tokens = min(-(-demand.cache_tokens // CACHE_STEP) * CACHE_STEP, demand.context)
    return Need(
        vocabulary=measured.vocabulary,
        buffers=measured.buffers,
        cache=tokens * layout.cache_token,
        kept=layout.kept,
        output=0 if screened else layout.output.size,
        sketch=sketch_bytes(layout.width, layout.vocabulary) if screened else 0,
        scores=_HEAP + passing_bytes(layout, screened),
        rows=LEAST_ROWS if screened else 0,
        states=demand.states,
    )


def _ahead(sizes: Sequence[int], short: int) -> int:
    """Bytes for units on their way: one in use and one being read, more when much streams; in large pages,
    into which a disk reads faster."""
    size = max(_AHEAD_UNITS * max(sizes, default=0), min(_MOST_AHEAD, short // 4))
    return size if size < LARGE else -(-size // LARGE) * LARGE


def predicted_seconds(
    plan: Plan, layout: Layout, measured: Measured, bandwidth: float = 0.0
) -> float:
    """Seconds for a token by plan: reading and computing overlap, reading for the most part."""
    seconds = _seconds(layout, measured, plan.screened)
    if plan.everything:
        return seconds
    if not plan.screened:  # else they are watched anyway
        seconds += watching_seconds(layout)
    read = plan.streamed / ((bandwidth or measured.bandwidth or _BANDWIDTH) * _OVERLAP)
    return max(seconds + plan.streamed * _HANDLED, read)


def computing_seconds(layout: Layout, measured: Measured, screened: bool) -> float:
    """Seconds for a pass over one token when nothing has to be read: without the output product where a
    sketch is used instead."""
    rate = _rate(layout, measured)
    active = layout.streamable + layout.kept + _active_experts(layout)
    seconds = measured.layers or active / rate
    return seconds if screened else seconds + layout.output.size / rate


def _seconds(layout: Layout, measured: Measured, screened: bool) -> float:
    """Seconds for a token when nothing has to be read."""
    seconds = computing_seconds(layout, measured, screened)
    if not screened:
        return seconds
    sketch = sketch_bytes(layout.width, layout.vocabulary)
    found = sketch / _rate(layout, measured) + layout.vocabulary * _SCORE + _SCREEN
    return seconds + (measured.screen or found) + watching_seconds(layout)


def _rate(layout: Layout, measured: Measured) -> float:
    """Bytes of weights that are multiplied in a second."""
    if measured.product:
        return layout.output.size / measured.product
    return float(_COMPUTE_RATE * max(measured.threads, 1) ** 0.8)


def watching_seconds(layout: Layout) -> float:
    """Seconds for a token that it takes to watch the operations of a pass."""
    return layout.layers * _WATCHED


def _active_experts(layout: Layout) -> int:
    return sum(t.size * layout.experts_used // max(t.shape[2], 1) for t in layout.experts)


def foresee(layout: Layout, budget: int, folder: Path, threads: int, context: int) -> Foreseen:
    """What a budget will buy, before loading: by what was measured earlier, else by estimates.

    Raises `BadInputError` for a budget that is too small.
    """
    kept = Kept(folder, layout.path, threads)
    sizes = kept.values.get("units") or [unit.size for unit in layout.units]
    demand = Demand(
        layout,
        sizes,
        kept.measured(layout),
        ways_of(layout, bool(kept.values.get("screened", True))),
        cache_tokens=min(1024, context),
        context=context,
    )
    plan = make_plan(demand, budget)
    return Foreseen(plan, demand.measured, tuple(sizes), bool(demand.measured.layers))
