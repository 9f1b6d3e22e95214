"""A loaded model in a memory budget: what llama.cpp sees is the model, what is in memory is the window."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from secondme.config import private_dir
from secondme.errors import ModelError, ModelLostError, WorkerError
from secondme.model.gguf import Tensor
from secondme.model.window import disk, native
from secondme.model.window.graph import Shape, Watch, is_screened
from secondme.model.window.layout import UNIT, Layout, Unit, can_sketch, read_layout, sketch_bytes
from secondme.model.window.native import Floats, Workbench
from secondme.model.window.plan import (
    MB,
    Measured,
    Plan,
    load_measured,
    make_plan,
    model_key,
    save_measured,
    states_room,
)
from secondme.model.window.residency import Residency
from secondme.model.window.rows import Rows
from secondme.model.window.screen import Odds, Screen, Sketch, make_sketch
from secondme.model.window.spread import spread

TOGETHER = 4
"""Tokens that llama.cpp may compute at once with the very results of one after another; checked."""
_CALIBRATION = 2400
_WIDE = 32
_SPARE = 500_000
_PASSING = 3_000_000
_RATES = 16

Texts = Sequence[list[int]]


class Pass(Protocol):
    """How the window has tokens computed: the owner's context."""

    def compute(self, tokens: Sequence[int], outputs: int) -> None:
        """Compute these tokens after those that are held, as the last ones with odds."""

    def clear(self) -> None:
        """Hold no tokens."""

    def close(self) -> None:
        """Give its memory back."""


class Before(NamedTuple):
    """A process before it loads a model: its anonymous memory in bytes (Python and its libraries, which
    the budget does not count), and where it has the model's file mapped already."""

    anonymous: int
    mapped: set[int]

    @staticmethod
    def look(path: Path) -> Before:
        """How this process is now. Raises `ModelError` where the window does not work."""
        if not disk.SUPPORTED:
            raise ModelError(
                "a memory budget for the language model works on Linux only, so far",
                hint="`secondme config memory 0` uses the model without one",
            )
        try:
            return Before(native.anonymous_bytes(), native.mappings(path))
        except OSError as error:
            raise ModelError(f"the model file {path} cannot be read: {error.strerror}") from None


class Window:
    """The weights of one model in a budget, from the moment after llama.cpp has mapped its file.

    `before` is how the process was before llama.cpp loaded the model. Passes run in one thread;
    `set_budget` may be called from any.
    """

    def __init__(
        self, path: Path, budget: int, *, before: Before, folder: Path, threads: int
    ) -> None:
        self.layout: Layout = read_layout(path)
        self._folder = private_dir(folder)
        self._path, self._threads = path, threads
        native.trim()
        self._baseline = before.anonymous
        self._vocabulary_bytes = max(native.anonymous_bytes() - before.anonymous, 0)
        self._base = native.replace_mapping(path, before.mapped)
        disk.drop_cache(path)
        layout = self.layout
        self._every = (*layout.always, *(t for u in layout.units for t in u.tensors))
        own = {t.name: t for t in (*self._every, *layout.experts, layout.embedding, layout.output)}
        self.watch = Watch(self._base, list(own.values()))
        self._budget = self._wanted = budget
        self._tokens = self._tokens_held = self._excess = self._passes = 0
        self._lock = threading.Lock()
        self._shapes: dict[bool, Shape] = {}
        self._loaded_experts: OrderedDict[tuple[int, int], int] = OrderedDict()
        self._hidden: Floats | None = None
        self._cancelled: Callable[[], bool] = lambda: False
        self._rates: list[float] = []
        self._cache: list[tuple[int, int]] = []
        self._noted = False
        self._state = "looking"
        self.stopped = False
        self.together = 1
        self.screen: Screen | None = None

    def open(
        self,
        owner: Pass,
        wide: Callable[[], Pass],
        texts: Texts,
        context: int,
        buffers: int,
    ) -> None:
        """Look at the model's passes, calibrate once, and bring in memory what stays.

        `wide` makes a context for the calibration, with odds after each of many tokens; `texts` are the
        tokens of texts as the model will see them; `buffers` are the bytes that llama.cpp computes in.
        Raises `BadInputError` for too small a budget and `ModelError` when the file cannot be read.
        """
        try:
            self._open(owner, wide, texts, context, buffers)
        except OSError as error:
            raise self._lost(error) from None

    def _open(
        self, owner: Pass, wide: Callable[[], Pass], texts: Texts, context: int, buffers: int
    ) -> None:
        layout = self.layout
        self._context = context
        for many in (False, True):
            self._shapes[many] = self.watch.record()
            owner.compute([0] * (2 if many else 1), 1)
            owner.clear()
        one, several = self._shapes[False], self._shapes[True]
        screened = all(is_screened(s, layout.output) for s in self._shapes.values())
        screened = screened and can_sketch(layout.width) and len(layout.output.shape) == 2
        self._units = _units(one, layout)
        order = [u.tensors[0].name for u in self._units]
        if [u.tensors[0].name for u in _units(several, layout)] != order:
            raise ModelError("this kind of model cannot be used in parts: its order of work varies")
        self.residency = Residency(self._path, self._base, self._units)
        self._measured = Measured(
            self._vocabulary_bytes, buffers + TOGETHER * layout.vocabulary * 4, 0.0, self._threads
        )
        self._sketch_bytes = sketch_bytes(layout.width, layout.vocabulary)
        self._screened = screened
        self._cache = list(one.cache.values()) if one.fused else []
        self.plan = self._planned(min(context, 1024))
        self._whole = [] if screened else [layout.output]
        self.residency.fill([*layout.always, *self._whole])
        self.residency.fill_edges()
        self._stride = native.row_bytes(layout.embedding.kind, layout.width)
        self._embedded = layout.tied and not screened
        self._experts_at = {
            layer: [t for t in layout.experts if t.name.startswith(f"blk.{layer}.")]
            for layer in {int(t.name.split(".")[1]) for t in layout.experts}
        }
        self.cut(0)
        self._state = "measuring"
        if screened:
            self._open_screen(wide, texts)
        self._state = "open"
        self._arrange()
        self._measure(owner, texts)
        self._rehearse(owner, texts)

    @property
    def budget(self) -> int:
        return self._wanted

    def set_budget(self, budget: int) -> None:
        """Use so many bytes from the next token on. Raises `BadInputError` for too few."""
        make_plan(self.layout, self._sizes(), budget, **self._terms(self._context))
        self._wanted = budget
        if self._lock.acquire(blocking=False):
            try:
                self._arrange()
            finally:
                self._lock.release()

    def reserve(self, tokens: int) -> None:
        """A conversation may need so many tokens of the context from now on."""
        if not self.residency.unchanged():
            raise ModelLostError(
                f"the model's file {self._path} has changed", hint="ask again: it is loaded anew"
            )
        self._tokens = tokens

    def busy(self) -> threading.Lock:
        """Held while passes run, so that a change of the budget waits for the next one."""
        return self._lock

    def compute(
        self, tokens: Sequence[int], cancelled: Callable[[], bool], run: Callable[[], int]
    ) -> int:
        """Run a pass over these tokens with the weights it needs; llama.cpp's code.

        `run` calls llama.cpp. `stopped` says afterwards whether the pass was left because of
        `cancelled`. Raises `WorkerError` when the file cannot be read.
        """
        self._cancelled, self.stopped = cancelled, False
        if self._state == "looking":
            self.watch.begin()
            return run()
        if self._state == "open":
            self._arrange()
            self._passes += 1
            if self._passes % 8 == 0 and native.anonymous_bytes() - self._baseline > self._wanted:
                self._correct()
        began = time.perf_counter()
        many = len(tokens) > 1
        shape = self._shapes[many]
        self._count = len(tokens)
        try:
            touched = 0
            if not self._embedded:
                touched = self.residency.rows(self.layout.embedding, self._stride, tokens)
            self.watch.follow(shape, self._stops(shape))
            self.watch.begin()
            code = run()
            if self.watch.error is not None:
                raise self.watch.error
            if self.watch.mismatch:
                raise WorkerError(
                    "llama.cpp worked otherwise than expected: the memory budget failed"
                )
            if self.stopped:
                self.residency.again()
            else:
                self.residency.end_of_pass()
            if touched:
                self._drop_embedding(tokens)
        except OSError as error:
            self.residency.again()
            raise self._lost(error) from None
        if not many:
            self._rates = [*self._rates[-31:], time.perf_counter() - began]
        return code

    def odds(self, n: int = 0) -> Odds | None:
        """The odds after the n-th output of the last pass; None when llama.cpp computes them."""
        if self.screen is None:
            return None
        assert self._hidden is not None
        try:
            return self.screen.odds(self._hidden[n])
        except OSError as error:
            raise self._lost(error) from None

    def cut(self, tokens: int) -> None:
        """Give back what the KV cache holds beyond so many tokens."""
        self._tokens_held = tokens
        for address, size in self._cache:
            row = size // self._context
            a, b = disk.inner(address + tokens * row, address + size)
            native.release(a, b - a)

    def report(self) -> dict[str, Any]:
        """How things stand, in bytes and seconds: what is where, what was read, how fast it is."""
        residency, layout = self.residency, self.layout
        cells = [
            {"layer": unit.layer, "bytes": size, "state": state}
            for unit, size, state in zip(
                self._units, residency.sizes, residency.states(), strict=True
            )
        ]
        rows = self.screen.rows if self.screen else None
        rates = sorted(self._rates)
        return {
            "budget": self._wanted,
            "smallest": self.plan.smallest,
            "used": max(native.anonymous_bytes() - self._baseline, 0),
            "interpreter": self._baseline,
            "planned": self.plan.used,
            "parts": asdict(self.plan.need),
            "cells": cells,
            "embedding": {
                "bytes": layout.embedding.size,
                "state": "stays" if self._embedded else "streams",
            },
            "output": {
                "bytes": layout.output.size,
                "state": "stays" if rows is None or rows.capacity == rows.count else "streams",
                "rows_kept": rows.capacity if rows else layout.vocabulary,
                "rows": layout.vocabulary,
            },
            "experts": {
                "loaded": len(self._loaded_experts),
                "all": sum(t[0].shape[2] for t in self._experts_at.values()),
            },
            "bytes_read": residency.bytes_read + (rows.bytes_read if rows else 0),
            "seconds_waited": residency.seconds_waited,
            "token_seconds": rates[len(rates) // 2] if rates else None,
            "screen": self.screen.counts._asdict() if self.screen else None,
            "together": self.together,
        }

    def _sizes(self) -> list[int]:
        return self.residency.sizes

    def _terms(self, cache_tokens: int) -> dict[str, Any]:
        return {
            "measured": self._measured,
            "screened": self._screened,
            "sketch": self._sketch_bytes,
            "cache_tokens": cache_tokens if self._cache else self._context,
            "context": self._context,
            "excess": self._excess,
        }

    def _planned(self, cache_tokens: int) -> Plan:
        return make_plan(self.layout, self._sizes(), self._wanted, **self._terms(cache_tokens))

    def _arrange(self) -> None:
        """Let what is in memory follow the budget and the conversation's length. Between passes."""
        plan = self._planned(max(self._tokens, 256))
        if plan == self.plan and self.residency.arranged:
            return
        self.plan, self._budget = plan, self._wanted
        keep = spread(self._sizes(), plan.room)
        if self.screen is not None:
            self.screen.rows.resize(plan.rows)
        try:
            self._evict_experts(plan.experts)
            self.residency.arrange(keep, plan.ahead)
        except OSError as error:
            raise self._lost(error) from None

    def _stops(self, shape: Shape) -> dict[int, Callable[[], bool]]:
        """Where a pass stops, and for what: weights that stream, experts, the hidden states."""
        waits: dict[int, list[int]] = {}
        every = self._count > TOGETHER  # a long pass looks often whether it is still wanted
        for n, unit in enumerate(self._units):
            if every or n not in self.residency.kept:
                first = min(shape.first[t.name] for t in unit.tensors)
                waits.setdefault(first - 1, []).append(n)
        stops: dict[int, Callable[[], bool]] = {}
        for operation, units in waits.items():
            stops[operation] = self._waiting(units)
        for layer, operation in shape.chosen.items():
            if layer in self._experts_at:
                stops[operation] = self._choosing(layer, stops.get(operation))
        if self._screened:
            stops[shape.hidden] = self._take_hidden
        return stops

    def _waiting(self, units: Sequence[int]) -> Callable[[], bool]:
        def wait() -> bool:
            if self._cancelled():
                self.stopped = True
                return False
            for unit in units:
                self.residency.wait(unit)
            return True

        return wait

    def _choosing(self, layer: int, also: Callable[[], bool] | None) -> Callable[[], bool]:
        def choose() -> bool:
            if also is not None and not also():
                return False
            tensors = self._experts_at[layer]
            count = tensors[0].shape[2]
            chosen = _chosen(
                self.watch.numbers().tolist(), count, self.layout.experts_used, self._count
            )
            missing = [n for n in chosen if (layer, n) not in self._loaded_experts]
            size = sum(_slice_bytes(tensor) for tensor in tensors)
            for n in chosen:
                if (layer, n) in self._loaded_experts:
                    self._loaded_experts.move_to_end((layer, n))
            self._evict_experts(self.plan.experts - size * len(missing))
            for tensor in tensors:
                self.residency.slices(tensor, missing, _slice_bytes(tensor))
            for n in missing:
                self._loaded_experts[layer, n] = size
            return True

        return choose

    def _evict_experts(self, room: int) -> None:
        """Drop the experts used longest ago until the others fit."""
        held = sum(self._loaded_experts.values())
        while held > max(room, 0) and self._loaded_experts:
            (layer, n), size = self._loaded_experts.popitem(last=False)
            held -= size
            for tensor in self._experts_at[layer]:
                each = _slice_bytes(tensor)
                part = tensor._replace(start=tensor.start + n * each, size=each)
                self.residency.drop([part])

    def _take_hidden(self) -> bool:
        self._hidden = self.watch.states(self.layout.width)
        return False

    def _drop_embedding(self, tokens: Sequence[int]) -> None:
        for token in set(tokens):
            start = self.layout.embedding.start + token * self._stride
            a, b = disk.outer(start, start + self._stride)
            lowest, highest = disk.inner(self.layout.embedding.start, self.layout.embedding.end)
            a, b = max(a, lowest), min(b, highest)
            native.release(self._base + a, b - a)

    def _open_screen(self, wide: Callable[[], Pass], texts: Texts) -> None:
        """The sketch of the output matrix: from its file, or measured now and written there."""
        layout = self.layout
        stride = native.row_bytes(layout.output.kind, layout.width)
        rows = Rows(self._path, layout.output, stride, 0)
        room = 64 * MB + 8 * layout.vocabulary + 4 * 1024 * layout.width * 4
        bench = Workbench(room, self._threads)  # address space; touched as far as it is used
        file = self._folder / f"{model_key(self._path)}.sketch"
        sketch = Sketch.load(file, model_key(self._path))
        if sketch is None or sketch.fine.shape[0] != layout.vocabulary:
            self._keep_little()
            states = self._states(wide, texts)
            self.residency.arrange(set(), 0)
            sketch = make_sketch(rows, layout.output.kind, states, bench)
            del states
            sketch.save(file, model_key(self._path))
            native.trim()
        self.screen = Screen(sketch, rows, layout.output.kind, bench)

    def _keep_little(self) -> None:
        """While the sketch is made, half of the room is for that."""
        self.plan = replace(self.plan, rows=0)
        self.residency.arrange(spread(self._sizes(), self.plan.room // 2), self.plan.ahead)

    def _states(self, wide: Callable[[], Pass], texts: Texts) -> Floats:
        """Hidden states of the calibration texts: what the model has after each of their tokens."""
        owner = wide()
        parts: list[Floats] = []
        for tokens in _portions(texts, _CALIBRATION):
            for n in range(0, len(tokens), _WIDE):
                part = tokens[n : n + _WIDE]
                owner.compute(part, len(part))
                assert self._hidden is not None
                parts.append(self._hidden)
            owner.clear()
        owner.close()
        native.trim()
        return np.concatenate(parts)

    def _measure(self, owner: Pass, texts: Texts) -> None:
        """Check that several tokens at once give the very results of one after another; note sizes."""
        kept = load_measured(self._folder, self._path)
        tokens = texts[-1][: 2 * TOGETHER]
        together = kept.get("together") if kept.get("threads") == self._threads else None
        if together is None and self._screened:
            results = []
            for at_once in (1, TOGETHER):
                out = []
                for n in range(0, len(tokens), at_once):
                    part = tokens[n : n + at_once]
                    owner.compute(part, len(part))
                    assert self._hidden is not None
                    out += [row.tobytes() for row in self._hidden]
                owner.clear()
                results.append(out)
            together = TOGETHER if results[0] == results[1] else 1
        self.together = int(together or 1)
        kept |= {
            "vocabulary": self._vocabulary_bytes,
            "buffers": self._measured.buffers,
            "screened": self._screened,
            "together": self.together,
            "threads": self._threads,
            "units": self._sizes(),
        }
        save_measured(self._folder, self._path, kept)

    def _rehearse(self, owner: Pass, texts: Texts) -> None:
        """Read a piece of text once, as a prompt is: what that takes beyond the plan is taken off the
        room for weights, before any answer needs it."""
        owner.compute(texts[0][:64], 1)
        self.odds()
        owner.clear()
        self._correct()

    def _correct(self) -> None:
        """Let the plan be smaller by what is in memory beyond it. Between passes."""
        plan, held = self.plan, self._cache_held()
        expected = plan.used - plan.need.states - max(plan.need.cache - held, 0)
        expected -= plan.room + plan.ahead - self.residency.resident
        expected -= _PASSING + 16 * self.layout.vocabulary  # not in memory between passes
        if self.screen is not None:
            expected -= plan.rows - self.screen.rows.held
        over = native.anonymous_bytes() - self._baseline - expected
        if over > 0:
            self._excess += over + _SPARE
            self._arrange()

    def _cache_held(self) -> int:
        """Bytes of the KV cache that are in use."""
        return self._tokens_held * self.layout.cache_token

    def note_speed(self) -> None:
        """Keep how long a token takes when nothing has to be read, for later plans; once."""
        if self._noted or not self.plan.everything or len(self._rates) < _RATES:
            return
        self._noted = True
        kept = load_measured(self._folder, self._path)
        speeds: dict[str, float] = kept.get("seconds") or {}
        seconds = sorted(self._rates)[len(self._rates) // 2]
        speeds = {**speeds, str(self._threads): seconds}
        save_measured(self._folder, self._path, kept | {"seconds": speeds})

    def states_room(self) -> int:
        """Bytes that saved states of fixed beginnings may take."""
        return states_room(self._wanted)

    def _lost(self, error: OSError) -> WorkerError:
        reason = error.strerror or str(error)
        return ModelLostError(
            f"the model's file {self._path} cannot be read: {reason}",
            hint="bring it back with `secondme model fetch`, then ask again",
        )


def _units(shape: Shape, layout: Layout) -> list[Unit]:
    """Weights in the order in which a pass uses them, together as long as they are small.

    A unit ends where everything before it has been used for the last time.
    """
    streamable = [t for unit in layout.units for t in unit.tensors if t.name in shape.first]
    streamable.sort(key=lambda t: shape.first[t.name])
    units: list[list[Tensor]] = []
    for tensor in streamable:
        if units:
            size = sum(t.size for t in units[-1])
            used_until = max(shape.last[t.name] for t in units[-1])
            small = size + tensor.size <= UNIT and _layer(units[-1][0]) == _layer(tensor)
            if small or used_until >= shape.first[tensor.name] - 1:
                units[-1].append(tensor)
                continue
        units.append([tensor])
    return [Unit(_layer(group[0]), tuple(group)) for group in units]


def _slice_bytes(tensor: Tensor) -> int:
    """What one expert's part of a tensor takes."""
    return int(native.row_bytes(tensor.kind, tensor.shape[0])) * tensor.shape[1]


def _layer(tensor: Tensor) -> int:
    return int(tensor.name.split(".")[1])


def _chosen(numbers: list[int], count: int, used: int, tokens: int) -> list[int]:
    """The experts that tokens have chosen, from llama.cpp's table: `used` of each row count.

    The table's rows are `used` numbers long, or (where it is part of a sorted one) `count`.
    """
    if len(numbers) != tokens * used and (len(numbers) - used) % count == 0:
        chosen = {n for at in range(0, len(numbers), count) for n in numbers[at : at + used]}
    else:
        chosen = set(numbers)
    return sorted(n for n in chosen if 0 <= n < count)


def _portions(texts: Sequence[list[int]], limit: int) -> Iterator[list[int]]:
    """Token lists up to so many tokens in all, each short enough for a small context."""
    for tokens in texts:
        yield tokens[: min(limit, 250)]
        limit -= len(tokens[:250])
        if limit <= 0:
            return
