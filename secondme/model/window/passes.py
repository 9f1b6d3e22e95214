"""llama.cpp's passes over tokens, with the weights that each needs when it needs them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from secondme.errors import ModelError, WorkerError
from secondme.model.window import native
from secondme.model.window.experts import Experts
from secondme.model.window.graph import Shape, Watch, is_screened, units_of
from secondme.model.window.layout import Layout, can_sketch
from secondme.model.window.native import Floats
from secondme.model.window.plan import TOGETHER
from secondme.model.window.residency import Residency


class Seen:
    """What passes of a model look like: those of one token and those of several.

    `layout` is the file's, with what must stay among what always does; `units` are the weights that may
    stream, in the order of use; with `screenable`, a pass can end at the hidden states. Raises
    `ModelError` for a model that cannot be used in parts.
    """

    def __init__(self, one: Shape, several: Shape, layout: Layout) -> None:
        # What is used by parts has addresses of its own, which would have to be set too: it stays.
        moved = {name for name, at in one.tensors.items() if several.tensors.get(name) != at}
        self.layout = layout = layout.staying(one.views | several.views | moved)
        self.one, self.several = one, several
        self.units = units_of(one, layout)
        self._first = [shape.first_of(self.units) for shape in (one, several)]
        if units_of(several, layout) != self.units:
            raise ModelError("this kind of model cannot be used in parts: its order of work varies")
        flat = can_sketch(layout.width) and len(layout.output.shape) == 2
        self.screenable = flat and all(is_screened(s, layout.output) for s in (one, several))

    def first(self, tokens: int) -> list[int]:
        """For each unit the operation of such a pass that uses it first."""
        return self._first[tokens > 1]

    def shape(self, tokens: int) -> Shape:
        """What a pass over so many tokens looks like."""
        return self.several if tokens > 1 else self.one


class Passes:
    """Runs passes. With `screened`, they end with the hidden states, which are then in `hidden` (outputs,
    width), and else with the output product. `stopped` says whether the last one was left because it was
    cancelled."""

    def __init__(self, watch: Watch, seen: Seen, residency: Residency, experts: Experts) -> None:
        self._watch, self._seen = watch, seen
        self._residency, self._experts = residency, experts
        self._stride = native.row_bytes(seen.layout.embedding.kind, seen.layout.width)
        self._cancelled: Callable[[], bool] = lambda: False
        self.screened = False
        self.hidden: Floats | None = None
        self.stopped = False

    @property
    def embedded(self) -> bool:
        """Whether all of the embedding is in memory: as the output matrix that stays."""
        return self._seen.layout.tied and not self.screened

    def run(
        self,
        tokens: Sequence[int],
        room: int,
        cancelled: Callable[[], bool],
        compute: Callable[[bool], int],
    ) -> int:
        """A pass over these tokens; llama.cpp's code. `room` is for experts, in bytes.

        `compute` calls llama.cpp, whose operations are watched or not. Raises `OSError` when the file
        cannot be read.
        """
        self._cancelled, self.stopped = cancelled, False
        shape, embedding = self._seen.shape(len(tokens)), self._seen.layout.embedding
        touched = 0
        if not self.embedded:
            touched = self._residency.rows(embedding, self._stride, tokens)
        stops = self._stops(shape, len(tokens), room)
        self._watch.follow(shape, stops)
        self._watch.begin()
        code = compute(bool(stops))
        if self._watch.error is not None:
            raise self._watch.error
        if self._watch.mismatch:
            raise WorkerError("llama.cpp worked otherwise than expected: the memory budget failed")
        if self.stopped:
            self._residency.again()
        else:
            self._residency.give()
        if touched:
            self._residency.drop_rows(embedding, self._stride, tokens)
        return code

    def _stops(self, shape: Shape, tokens: int, room: int) -> dict[int, Callable[[], bool]]:
        """Where a pass stops, and for what: weights that stream, experts, the hidden states."""
        every = tokens > TOGETHER  # a long pass looks often whether it is still wanted
        stops: dict[int, Callable[[], bool]] = {}
        for n, operation in enumerate(self._seen.first(tokens)):
            if every or n not in self._residency.kept:
                stops[operation - 1] = self._waiting(n)
            elif n and n - 1 not in self._residency.kept:
                stops[operation - 1] = self._used
        for layer, operation in shape.chosen.items():
            if layer in self._experts:
                also = stops.get(operation)
                stops[operation] = self._choosing(layer, tokens, room, also)
        if self.screened:
            stops[shape.hidden] = self._take_hidden
        return stops

    def _waiting(self, unit: int) -> Callable[[], bool]:
        def wait() -> bool:
            if self._cancelled():
                self.stopped = True
                return False
            self._residency.wait(unit)
            return True

        return wait

    def _used(self) -> bool:
        """The unit before has been used: others can be read in its place while those that stay are used."""
        self._residency.give()
        return True

    def _choosing(
        self, layer: int, tokens: int, room: int, also: Callable[[], bool] | None
    ) -> Callable[[], bool]:
        def choose() -> bool:
            if also is not None and not also():
                return False
            self._experts.choose(layer, self._watch.numbers().tolist(), tokens, room)
            return True

        return choose

    def _take_hidden(self) -> bool:
        self.hidden = self._watch.states(self._seen.layout.width)
        return False
