"""A sketch of an output matrix: what is kept of it in memory so that the rows that matter are found.

The vocabulary's matrix W is the largest part of a small model, and each token's odds are its product with
one hidden state h. With S the root of the hidden states' second moment, W h = (W S)(S^-1 h): the leading
singular directions of W S are those in which scores vary most. So each row is kept only along these (the
first ones in 8 bits, the others in 4): that sketch gives every row's score nearly.

The error of a row's score is w times what the sketch leaves out of h; it goes with that row's `spread`
(what w would give for such rests as came up in calibration) and, less than in proportion, with how large
a token's rest is along the next directions: rows that a state points to have large errors also where it
is not unusual.
(The idea of screening a product with a low-rank sketch is that of SVD-softmax: Shim et al., 2017.)
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from secondme.model.window.layout import sketch_parts
from secondme.model.window.native import (
    F32,
    Q4_0,
    Q8_0,
    Floats,
    Workbench,
    quantize,
    row_bytes,
)
from secondme.model.window.rows import Bytes, Numbers, Rows

FIRST = 256
"""Rows that are always scored exactly."""
BOUND = 7.0
"""The least number of standard deviations, of an ordinary token, in which a row's error is taken to lie."""
MARGIN = 1.05
_TOP = 4
CHUNK = 1024
_PORTION = 1 << 15
_GROUP = 64
_SAMPLED = 8192
_RIDGE = 0.02
_VERSION = 9


@dataclass(slots=True)
class Sketch:
    """What is kept of an output matrix, and the directions it is kept along.

    `basis` (directions, width) gives what a hidden state has of each direction: those of the sketch, then
    those by which rests are measured, of which `variance` is the second moment. `fine` and `coarse` hold a
    row for each token, `spread` one number.
    """

    basis: Floats
    variance: Floats
    fine: Bytes
    coarse: Bytes
    spread: Floats
    bound: float

    @property
    def nbytes(self) -> int:
        return self.fine.nbytes + self.coarse.nbytes + self.spread.nbytes + self.basis.nbytes

    @property
    def directions(self) -> int:
        return sum(sketch_parts(self.basis.shape[1])[:2])

    def split(self, states: Floats, bench: Workbench) -> tuple[Floats, Floats]:
        """Hidden states (count, width) along the sketch's directions, and for each by how much more than
        usual scores may err for what is left of it (about 1)."""
        # By ggml, since numpy's own library for it would keep some megabytes of buffers.
        along = bench.product(self.basis.view(np.uint8), F32, states).copy()
        d = self.directions
        unusual = (along[:, d:] ** 2 / self.variance).mean(1)
        return along[:, :d], unusual**0.25

    def save(self, file: Path, key: str) -> None:
        """Write it for this person only; a half-written file is never left in its place."""
        partial = file.with_name(f"{file.name}.{os.getpid()}.partial")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            np.savez(
                out,
                key=np.array(f"{_VERSION}:{key}"),
                basis=self.basis,
                variance=self.variance,
                fine=self.fine,
                coarse=self.coarse,
                spread=self.spread,
                bound=np.array(self.bound),
            )
        partial.replace(file)

    @staticmethod
    def load(file: Path, key: str) -> Sketch | None:
        """What was saved for this key, or None."""
        try:
            with np.load(file, allow_pickle=False) as saved:
                if str(saved["key"]) != f"{_VERSION}:{key}":
                    return None
                names = ("basis", "variance", "fine", "coarse", "spread")
                arrays: dict[str, Any] = {name: saved[name] for name in names}
                return Sketch(**arrays, bound=float(saved["bound"]))
        except (OSError, ValueError, KeyError, EOFError, RuntimeError):
            return None


def make_sketch(rows: Rows, kind: int, states: Floats, bench: Workbench) -> Sketch:
    """Measure how hidden states vary, and keep the matrix along their leading directions.

    `states` (tokens, width) are hidden states of texts of several kinds. Most of them fit the
    directions; on every fourth one the variance along them is measured, and the sketch is tested.
    """
    test = states[::4]
    fit = np.delete(states, np.s_[::4], axis=0)
    width = states.shape[1]
    fine, coarse, rest = sketch_parts(width)
    d, m = fine + coarse, fine + coarse + rest
    basis, directions = _directions(fit, _moment(rows, kind, width, bench), m)
    along = test @ basis.T
    variance = (along**2).mean(0)
    lost = float(((test - along @ directions.T) ** 2).sum() / test.size)
    count = rows.count
    sketch = Sketch(
        basis=basis,
        variance=variance[d:].astype(np.float32),
        fine=np.empty((count, row_bytes(Q8_0, fine)), np.uint8),
        coarse=np.empty((count, row_bytes(Q4_0, coarse)), np.uint8),
        spread=np.empty(count, np.float32),
        bound=BOUND,
    )
    best = np.full((len(test), _TOP), -np.inf, np.float32)
    winners = np.zeros((len(test), _TOP), np.int64)
    for first, data in rows.everything(CHUNK):
        exact = bench.floats(data, kind, width)
        along = exact @ directions
        part = slice(first, first + len(data))
        _keep(sketch, part, along, fine, d)
        other = lost * (exact**2).sum(1)
        sketch.spread[part] = np.sqrt((along[:, d:] ** 2) @ variance[d:] + other)
        best = np.concatenate([best, test @ exact.T], axis=1)
        numbers = np.broadcast_to(first + np.arange(len(data)), (len(test), len(data)))
        winners = np.concatenate([winners, numbers], axis=1)
        top = np.argpartition(best, -_TOP, axis=1)[:, -_TOP:]
        best = np.take_along_axis(best, top, axis=1)
        winners = np.take_along_axis(winners, top, axis=1)
    sketch.bound = _bound(sketch, bench, test, best, winners)
    return sketch


def _keep(sketch: Sketch, part: slice, along: Floats, fine: int, d: int) -> None:
    """Quantise rows into the sketch."""
    for kept, columns, kind in (
        (sketch.fine, slice(fine), Q8_0),
        (sketch.coarse, slice(fine, d), Q4_0),
    ):
        values = np.ascontiguousarray(along[:, columns], np.float32)
        quantize(values, kind, kept[part].ctypes.data)


def _bound(sketch: Sketch, bench: Workbench, test: Floats, best: Floats, rows: Numbers) -> float:
    """How many spreads the errors of the best rows of states took where a sketch did not have them among
    the first. That is asked of more than the very best, of which too few are missing to judge by."""
    worst = 0.0
    for state, scores, numbers in zip(test, best, rows, strict=True):
        (estimates,), (unusual,) = estimate(sketch, bench, state[None])
        first = largest(estimates, min(FIRST, len(estimates)))
        far = ~np.isin(numbers, first)
        errors = (scores - estimates[numbers]) / (unusual * sketch.spread[numbers])
        worst = max(worst, float(errors[far].max(initial=0.0)))
    return max(BOUND, worst * MARGIN)


def estimate(sketch: Sketch, bench: Workbench, states: Floats) -> tuple[Floats, Floats]:
    """Every row's score by the sketch for each hidden state (count, rows), and how unusual the rest of
    each state is. Several take little longer than one."""
    along, unusual = sketch.split(states, bench)
    fine = sketch_parts(states.shape[1])[0]
    scores = np.empty((len(states), len(sketch.fine)), np.float32)
    for first in range(0, len(sketch.fine), _PORTION):  # ggml keeps what one took
        part = slice(first, first + _PORTION)
        scores[:, part] = bench.product(sketch.fine[part], Q8_0, along[:, :fine])
        scores[:, part] += bench.product(sketch.coarse[part], Q4_0, along[:, fine:])
    return scores, unusual


def _directions(states: Floats, rows: Floats, count: int) -> tuple[Floats, Floats]:
    """The directions in which scores vary most for such states and for rows of this second moment: what
    gives a state's coordinates along them (count, width), and a row's (width, count)."""
    moment = states.T @ states / len(states)
    values, vectors = np.linalg.eigh(moment)
    values = np.sqrt(np.maximum(values, 0.0) + _RIDGE * values.sum() / len(values))
    root, inverse = (vectors * values) @ vectors.T, (vectors / values) @ vectors.T
    leading = np.linalg.eigh(root @ rows @ root)[1][:, : -count - 1 : -1]
    basis = np.ascontiguousarray(leading.T @ inverse, np.float32)
    return basis, np.ascontiguousarray(root @ leading, np.float32)


def _moment(rows: Rows, kind: int, width: int, bench: Workbench) -> Floats:
    """The second moment of rows from all over the matrix."""
    chosen = np.unique(np.linspace(0, rows.count - 1, _SAMPLED).astype(np.int64))
    moment = np.zeros((width, width), np.float32)
    for part in np.array_split(chosen, -(-len(chosen) // CHUNK)):
        exact = bench.floats(rows.take(part), kind, width)
        moment += exact.T @ exact
    return moment


def largest(values: Floats, count: int) -> Numbers:
    """Where the largest of many values are, `count` or a few more where some are equal."""
    whole = len(values) // _GROUP * _GROUP
    tops = values[:whole].reshape(-1, _GROUP).max(axis=1, initial=-np.inf)
    # With so many groups whose largest is above a level, no value below it is wanted.
    level = nth_best(tops if len(tops) >= 2 * count else values, count)
    some: Numbers = np.flatnonzero(values >= level)
    found: Numbers = some[values[some] >= nth_best(values[some], count)]
    return found


def nth_best(values: Floats, n: int) -> float:
    """The n-th largest of values."""
    return float(values.max() if n == 1 else np.partition(values, len(values) - n)[len(values) - n])
