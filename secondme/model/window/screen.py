"""The next token without the whole output matrix: a sketch finds the rows that matter.

The rows that can be best are read and multiplied exactly, with ggml's own kernel, so that the scores are
llama.cpp's to the last bit. That none is missed is made sure for each token: a row is read when its
estimate and `BOUND` times its spread, times the root of how unusual the token's rest is, reach the best
exact score. Exact scores of a good beginning of `FIRST` rows come first; when more than `LIMIT` of all
rows would have to be read, all are.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from secondme.errors import BadInputError
from secondme.model.gguf import Tensor
from secondme.model.window.disk import drop_cache
from secondme.model.window.measured import model_key
from secondme.model.window.native import (
    Floats,
    Workbench,
    row_bytes,
    trim,
)
from secondme.model.window.rows import Bytes, Numbers, Rows
from secondme.model.window.sketch import (
    CHUNK,
    FIRST,
    MARGIN,
    Sketch,
    estimate,
    largest,
    make_sketch,
    nth_best,
)

LIMIT = 0.05
"""Share of all rows from which on all are read: in their order that is faster than here and there."""
_AT_ONCE = 512
_PART = 2 << 20

Mask = npt.NDArray[np.bool_]
Lost = Callable[[OSError], Exception]


class Counts(NamedTuple):
    """How the screen fared: tokens found, those for which more rows than the first were read, and
    those for which all were; the rows scored exactly."""

    tokens: int
    widened: int
    all: int
    rows: int


class Screen:
    """Finds the odds of next tokens with a sketch and the rows it points to; raises what `lost` makes of an
    error in reading these."""

    def __init__(self, sketch: Sketch, rows: Rows, kind: int, bench: Workbench, lost: Lost) -> None:
        self.sketch, self.rows = sketch, rows
        self._kind, self._bench, self._lost = kind, bench, lost
        self._tokens = self._widened = self._all = self._rows = 0

    @property
    def counts(self) -> Counts:
        return Counts(self._tokens, self._widened, self._all, self._rows)

    def odds(self, states: Floats) -> list[Odds]:
        """The odds after each of these hidden states (count, width)."""
        self._tokens += len(states)
        estimates, unusual = estimate(self.sketch, self._bench, states)
        each = zip(states, estimates, unusual.tolist(), strict=True)
        return [Odds(self, *one) for one in each]

    def exact(self, hidden: Floats, rows: Numbers) -> Floats:
        """The exact scores of some rows."""
        self._rows += len(rows)
        parts = np.split(rows, range(_AT_ONCE, len(rows), _AT_ONCE))
        return self._products(hidden, (self.rows.take(part) for part in parts))

    def exact_all(self, hidden: Floats) -> Floats:
        """The exact scores of all rows."""
        self._all += 1
        self._rows += self.rows.count
        return self._products(hidden, (data for _, data in self.rows.everything(_AT_ONCE)))

    def _products(self, hidden: Floats, parts: Iterable[Bytes]) -> Floats:
        product = self._bench.product
        try:
            return np.concatenate([product(part, self._kind, hidden).copy() for part in parts])
        except OSError as error:
            raise self._lost(error) from None

    def product_seconds(self, hidden: Floats) -> float:
        """What multiplying all rows takes, without reading them: the lesser of two times for each part."""
        rounds: list[list[float]] = []
        for _ in range(2):
            took: list[float] = []
            for _, data in self.rows.everything(max(_PART // self.rows.stride, 1)):
                began = time.perf_counter()
                self._bench.product(data, self._kind, hidden)
                took.append(time.perf_counter() - began)
            rounds.append(took)
        return float(sum(min(times) for times in zip(*rounds, strict=True)))

    def same_product(self, several: Floats) -> bool:
        """Whether multiplying several states at once gives the very scores of one after another."""
        data = self.rows.take(np.arange(min(_AT_ONCE, self.rows.count)))
        single = [self._bench.product(data, self._kind, state).tobytes() for state in several]
        return self._bench.product(data, self._kind, several).tobytes() == b"".join(single)

    def close(self) -> None:
        """Give its memory back; it cannot be used afterwards."""
        self.rows.close()
        self._bench.close()

    def widen(self) -> None:
        """Count a token for which the first rows were not enough."""
        self._widened += 1


def open_screen(
    path: Path,
    output: Tensor,
    folder: Path,
    threads: int,
    *,
    states: Callable[[], Floats] | None,
    lost: Lost,
) -> Screen:
    """The screen of a model's output matrix: its sketch from the folder, or made now of the model's hidden
    states, if they are given, and kept there. Raises `OSError` when it or the model's file cannot be read."""
    width, vocabulary = output.shape
    rows = Rows(path, output, row_bytes(output.kind, width), 0)
    room = (64 << 20) + 8 * vocabulary + CHUNK * width * 4
    bench = Workbench(room, threads)  # address space; touched as far as it is used
    key = model_key(path)
    file = folder / f"{key}.sketch"
    sketch = Sketch.load(file, key)
    if sketch is None or len(sketch.fine) != vocabulary:
        if states is None:
            raise FileNotFoundError(errno.ENOENT, "what was measured of it is gone", str(file))
        sketch = make_sketch(rows, output.kind, states(), bench)
        sketch.save(file, key)
        trim()
    drop_cache(file)
    return Screen(sketch, rows, output.kind, bench, lost)


class Odds:
    """The odds of the next token: estimates, and exact scores where they matter."""

    def __init__(self, screen: Screen, hidden: Floats, estimates: Floats, unusual: float) -> None:
        self._screen, self._hidden = screen, hidden
        self._scores, self._unusual = estimates, unusual
        self._known = np.zeros(len(estimates), np.bool_)

    def scores(self, head: int = 1, allowed: Mask | None = None) -> Floats:
        """Every token's score, of which the `head` best (of those allowed) are exact, the others about
        right and below them. Raises `BadInputError` when none is allowed."""
        scores, known = self._scores, self._known
        candidates = scores if allowed is None else np.where(allowed, scores, -np.inf)
        room = len(scores) if allowed is None else int(allowed.sum())
        if room == 0:
            raise BadInputError("no token is allowed next")
        first = largest(candidates, min(max(FIRST, 2 * head), room))
        self._score(first)
        exact = scores[first]
        level = nth_best(exact, min(head, room))
        sketch = self._screen.sketch
        reach = sketch.spread * np.float32(self._unusual * sketch.bound)
        reach += scores
        rival = reach >= level
        if allowed is not None:
            rival &= allowed
        rival &= ~known
        more = np.flatnonzero(rival)
        if len(more) > LIMIT * len(scores):
            scores[:] = self._screen.exact_all(self._hidden)
            known[:] = True
        elif len(more):
            self._screen.widen()
            before = scores[more]
            self._score(more)
            self._learn(more, scores[more] - before, scores[more] > level)
        return scores

    def _learn(self, rows: Numbers, errors: Floats, found: Mask) -> None:
        """Widen the bound when a row that mattered was within it by little."""
        if found.any():
            sketch = self._screen.sketch
            took = errors[found] / (self._unusual * sketch.spread[rows[found]])
            sketch.bound = max(sketch.bound, float(took.max()) * MARGIN)

    def _score(self, rows: Numbers) -> None:
        rows = rows[~self._known[rows]]
        if len(rows):
            self._scores[rows] = self._screen.exact(self._hidden, rows)
            self._known[rows] = True
