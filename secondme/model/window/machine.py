"""A loaded model in a memory budget: what llama.cpp sees is the model, what is in memory is the window."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from secondme.config import private_dir
from secondme.errors import ModelLostError, WorkerError
from secondme.model.window import disk, native
from secondme.model.window.account import Account, Before
from secondme.model.window.calibration import Pass, Texts, hidden_states
from secondme.model.window.experts import Experts
from secondme.model.window.graph import Watch
from secondme.model.window.layout import Layout, read_layout
from secondme.model.window.measured import BATCH, Kept
from secondme.model.window.native import Floats
from secondme.model.window.pace import Pace
from secondme.model.window.passes import Passes, Seen
from secondme.model.window.plan import TOGETHER, Plan, computing_seconds, watching_seconds, ways_of
from secondme.model.window.residency import Residency
from secondme.model.window.screen import Odds, Screen, open_screen
from secondme.model.window.shelf import Shelf
from secondme.model.window.spread import spread
from secondme.model.window.trial import try_out

_LOOK = 8
"""Passes from one look at the memory in use to the next."""


class Window:
    """The weights of one model in a budget, from the moment after llama.cpp has mapped its file.

    `before` is how the process was before llama.cpp loaded the model, `shelf` has what it allocated.
    Passes run in one thread; `set_budget` and `press` may be called from any.
    """

    def __init__(
        self,
        path: Path,
        budget: int,
        *,
        before: Before,
        shelf: Shelf,
        folder: Path,
        threads: int,
    ) -> None:
        self.layout: Layout = read_layout(path)
        self._folder = private_dir(folder)
        self._kept = Kept(folder, path, threads)
        self._path, self._threads, self._shelf = path, threads, shelf
        self._base = native.replace_mapping(path, before.mapped)
        disk.drop_cache(path)
        native.trim()
        shelf.tidy()
        self.account = Account(self.layout, before, budget)
        layout = self.layout
        every = (*layout.always, *(t for u in layout.units for t in u.tensors))
        own = {t.name: t for t in (*every, *layout.experts, layout.embedding, layout.output)}
        self.watch = Watch(self._base, list(own.values()))
        self._count = 0
        self._lock = threading.Lock()
        self.pace = Pace()
        self._cache: list[tuple[int, int]] = []
        self._noted = False
        self._read = 0
        self._together: dict[bool, int] = {}
        self._odds: list[Odds] = []
        self.plan: Plan
        self._passes: Passes | None = None
        self._ready = False
        self.limit_states: Callable[[int], int] = lambda room: 0
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
            self._look(owner, context, buffers)
            self._calibrate(owner, wide, texts)
            self.plan = self.account.plan()
            self._apply()
            self._rehearse(owner, texts)
            self.rest()
        except OSError as error:
            raise self._lost(error) from None

    def _look(self, owner: Pass, context: int, buffers: int) -> None:
        """What passes look like, and what follows from that; without any weights in memory."""
        shapes = []
        for tokens in (1, 2):
            shapes.append(self.watch.record())
            owner.compute([0] * tokens, 1)
            owner.clear()
        one, several = shapes
        seen = self._seen = Seen(one, several, self.layout)
        layout, account = seen.layout, self.account
        self.layout = account.layout = layout
        places = {name: native.place_of(tensor) for name, tensor in one.tensors.items()}
        self.residency = Residency(self._path, self._base, seen.units, places)
        self.experts = Experts(layout, self.residency)
        self._cache = list(one.cache.values()) if one.fused else []
        self._context, account.context = context, context
        account.grows, account.sizes = bool(self._cache), self.residency.sizes
        account.ways = ways_of(layout, seen.screenable)
        account.measured = replace(
            self._kept.measured(layout),
            vocabulary=account.measured.vocabulary,
            buffers=buffers,
            bandwidth=disk.bandwidth(self._path),
        )
        self.plan = account.plan()
        account.check(account.limit)
        self._passes = Passes(self.watch, seen, self.residency, self.experts)
        self.cut(0)

    @property
    def budget(self) -> int:
        return self.account.wanted

    def set_budget(self, budget: int) -> None:
        """Use so many bytes from the next token on. Raises `BadInputError` for too few."""
        self.account.check(budget)
        self.account.wanted = self.account.limit = budget
        self._arrange_soon()

    def press(self, short: int) -> None:
        """The system lacks so many bytes of memory, or has so many to spare (below 0): use less, or
        again more, never more than the budget."""
        before = self.account.limit
        if self.plan.budget != before:
            return  # the last change is still to come
        self.account.press(short)
        if self.account.limit != before:
            self._arrange_soon()

    def _arrange_soon(self) -> None:
        """Now, or before the next pass."""
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
        self.account.tokens = tokens

    def busy(self) -> threading.Lock:
        """Held while passes run, so that a change of the budget waits for the next one."""
        return self._lock

    def rest(self) -> None:
        """An answer is complete: what is not needed until the next goes."""
        native.trim()
        self._shelf.tidy()

    def compute(
        self, tokens: Sequence[int], cancelled: Callable[[], bool], run: Callable[[bool], int]
    ) -> int:
        """Run a pass over these tokens with the weights it needs; llama.cpp's code.

        `run` calls llama.cpp, which shows `watch` its operations or does not. Raises `WorkerError` when the
        file cannot be read.
        """
        self._odds = []
        if self._passes is None:  # they are looked at
            self.watch.begin()
            return run(True)
        if self._ready:
            self._arrange()
            self._count += 1
            if self._count % _LOOK == 0:
                self._correct()
        began = time.perf_counter()
        try:
            code = self._passes.run(tokens, self.plan.experts, cancelled, run)
        except OSError as error:
            self.residency.again()
            raise self._lost(error) from None
        if not self.stopped:
            self.account.held += len(tokens)
            if len(tokens) <= TOGETHER:
                self.pace.note(len(tokens), time.perf_counter() - began)
        return code

    @property
    def stopped(self) -> bool:
        """Whether the last pass was left because it was cancelled."""
        return self._passes is not None and self._passes.stopped

    def hidden(self, n: int) -> Floats | None:
        """The hidden state after the n-th output of the last pass; None when llama.cpp went on from there."""
        states = self._found
        return None if states is None else states[n]

    @property
    def _found(self) -> Floats | None:
        passes = self._passes
        return passes.hidden if passes is not None and passes.screened else None

    def odds(self, n: int = 0) -> Odds | None:
        """The odds after the n-th output of the last pass; None when llama.cpp computes them."""
        states = self._found
        if states is None or self.screen is None:
            return None
        if not self._odds:
            self._odds = self.screen.odds(states)
        return self._odds[n]

    def cut(self, tokens: int) -> None:
        """Give back what the KV cache holds beyond so many tokens."""
        self.account.held = tokens
        for address, size in self._cache:
            row = size // self._context
            a, b = disk.inner(address + tokens * row, address + size)
            native.release(a, b - a)

    def states_room(self) -> int:
        """Bytes that saved states of fixed beginnings may take."""
        return min(self.account.limit // 25, self.account.limit - self.plan.smallest)

    def hold_states(self, size: int) -> None:
        """One more saved state is to be made: with it they take so many bytes from now on."""
        self.account.states = size
        self.plan = self.account.plan()
        self._apply()

    def report(self) -> dict[str, Any]:
        """How things stand, in bytes and seconds: what is where, what was read, how fast it is."""
        return {
            **self.account.report(self.plan),
            **self.residency.report(),
            **self._matrices(),
            "experts": {"loaded": self.experts.loaded, "all": self.experts.count},
            "token_seconds": self.pace.seconds(1) or None,
            "screen": self.screen.counts._asdict() if self.screen else None,
            "together": self.together,
        }

    @property
    def together(self) -> int:
        """How many tokens can be computed at once with the very results of one after another."""
        return self._together.get(self.plan.screened, 1)

    def one_by_one(self) -> None:
        """Tokens of this model cannot be computed and forgotten again."""
        self._together = {}

    def _matrices(self) -> dict[str, Any]:
        layout, rows = self.layout, self.screen.rows if self.screen else None
        whole = rows is None or rows.capacity == rows.count
        return {
            "embedding": {
                "bytes": layout.embedding.size,
                "state": "stays" if self._passes and self._passes.embedded else "streams",
            },
            "output": {
                "bytes": layout.output.size,
                "state": "stays" if whole else "streams",
                "rows_kept": rows.capacity if rows else layout.vocabulary,
                "rows": layout.vocabulary,
            },
            "bytes_read": self.residency.bytes_read + self._read + (rows.bytes_read if rows else 0),
        }

    def _arrange(self) -> None:
        """Let what is in memory follow the budget and the conversation's length. Between passes."""
        account = self.account
        if account.states:
            account.states = self.limit_states(min(account.states, self.states_room()))
        plan = account.plan()
        if plan == self.plan and self.residency.arranged:
            return
        self.plan = plan
        self._apply()

    def _apply(self) -> None:
        """Have in memory what the plan says, and never more meanwhile."""
        plan, layout = self.plan, self.layout
        keep = spread(self.residency.sizes, plan.room)
        assert self._passes is not None
        if self._passes.screened != plan.screened:
            self.pace.forget()
        self.pace.computing = computing_seconds(layout, self.account.measured, plan.screened)
        self._passes.screened = plan.screened
        if not plan.screened:
            self._close_screen()
        try:
            if self.screen is not None:
                self.screen.rows.resize(plan.rows)
            self.experts.evict(plan.experts)
            self.residency.stay(layout.always if plan.screened else [*layout.always, layout.output])
            self.residency.arrange(keep, plan.ahead)
            if plan.screened and self.screen is None:
                self.screen = self._open_screen(None)
                self.screen.rows.resize(plan.rows)
        except OSError as error:
            raise self._lost(error) from None

    def _open_screen(self, states: Callable[[], Floats] | None) -> Screen:
        layout = self.layout
        return open_screen(
            self._path,
            layout.output,
            self._folder,
            self._threads,
            states=states,
            lost=self._lost,
        )

    def _close_screen(self) -> None:
        if self.screen is not None:
            self._read += self.screen.rows.bytes_read
            self.screen.close()
            self.screen = None
            native.trim()

    def _correct(self) -> None:
        """Let the plan be smaller by what is in memory beyond it. Between passes."""
        rows = self.screen.rows.held if self.screen is not None else 0
        if self.account.over(self.plan, self.residency.resident, rows):
            self._arrange()

    def _states(self, wide: Pass, texts: Texts) -> Floats:
        """The hidden states of texts, and nothing that streams in memory afterwards."""
        sizes = self.residency.sizes
        ahead = max(self.plan.ahead, 2 * max(sizes, default=0))
        # Half of the room is for what is made of them.
        self.residency.arrange(spread(sizes, self.plan.room // 2), ahead)
        states = hidden_states(wide, texts, self._every_hidden)
        self.residency.arrange(set(), 0)
        return states

    def _every_hidden(self) -> Floats:
        assert self._passes is not None
        assert self._passes.hidden is not None
        return self._passes.hidden

    def _calibrate(self, owner: Pass, wide: Callable[[], Pass], texts: Texts) -> None:
        """Once for a model: make the sketch, and try out what the ways of finding tokens take."""
        assert self._passes is not None
        account, kept = self.account, self._kept
        ways, account.ways = account.ways, account.ways[:1]
        self.plan = account.plan()
        if ways[0]:
            self._passes.screened = True
            self.residency.stay(self.layout.always)
            self.screen = self._open_screen(lambda: self._states(wide(), texts))
        self._ready, speeds = True, kept.speeds
        if "together" not in speeds:
            self._apply()
            speeds |= try_out(owner, texts[-1], self.screen)
        kept.note(
            speeds | {"bandwidth": account.measured.bandwidth},
            vocabulary=account.measured.vocabulary,
            buffers=account.measured.buffers,
            batch=BATCH,
            screened=self._seen.screenable,
            units=self.residency.sizes,
        )
        account.measured = kept.measured(self.layout)
        self._together = {True: int(speeds["together"]), False: int(speeds["together_whole"])}
        account.ways = ways

    def _rehearse(self, owner: Pass, texts: Texts) -> None:
        """Read a piece of text once, as a prompt is: what that takes beyond the plan is taken off the
        room for weights, before any answer needs it."""
        owner.compute(texts[0][:BATCH], 1)
        if (odds := self.odds()) is not None:
            odds.scores()
        owner.clear()
        self._correct()

    def note_speed(self) -> None:
        """Keep how long a token takes when nothing has to be read, for later plans; once."""
        if self._noted or not self.plan.everything or not self.pace.settled:
            return
        self._noted = True
        seconds = self.pace.seconds(1)
        if self.plan.screened:
            seconds -= watching_seconds(self.layout)
        else:
            seconds -= self.account.measured.product
        self._kept.note({"layers": seconds})

    def _lost(self, error: OSError) -> WorkerError:
        reason = error.strerror or str(error)
        return ModelLostError(
            f"the model's file {self._path} cannot be read: {reason}",
            hint="bring it back with `secondme model fetch`, then ask again",
        )
