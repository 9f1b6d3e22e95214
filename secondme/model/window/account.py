"""What a model may take in memory, and what it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from secondme.errors import ModelError
from secondme.model.window import disk, native
from secondme.model.window.layout import Layout
from secondme.model.window.measured import MB, Measured
from secondme.model.window.plan import (
    Demand,
    Plan,
    make_plan,
    passing_bytes,
    smallest_budget,
)

_SPARE = 500_000
_LEAST_TOKENS = 256


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
                hint="`secondme model memory 0` uses the model without one",
            )
        try:
            return Before(native.anonymous_bytes(), native.mappings(path))
        except OSError as error:
            raise ModelError(f"the model file {path} cannot be read: {error.strerror}") from None


class Account:
    """The budget of a loaded model, by what it is used for.

    `wanted` is the budget that was given, `limit` the one in force: less, while the system is short of
    memory. `tokens` is what the conversation needs of the context, `held` what it has of it, `states`
    the bytes of saved states. `layout`, `measured`, `sizes` (of the units that may stream), `ways` (of
    finding tokens) and `context` are set when the model is known.
    """

    def __init__(self, layout: Layout, before: Before, budget: int) -> None:
        self.layout, self._baseline = layout, before.anonymous
        self.wanted = self.limit = budget
        self.tokens = self.held = self.states = 0
        self.sizes: Sequence[int] = ()
        self.ways: tuple[bool, ...] = (False,)
        self.grows = False
        self.context = 0
        self._excess = 0
        self._last: tuple[int, Demand, Plan] | None = None
        self.measured = Measured(self.used(), 0)

    def used(self) -> int:
        """Bytes that the model takes now."""
        return max(native.anonymous_bytes() - self._baseline, 0)

    def check(self, budget: int) -> None:
        """Raises `BadInputError` when so many bytes are too few."""
        make_plan(self._demand(self.context), budget)

    def smallest(self) -> int:
        """The least number of bytes that works with a full context."""
        return smallest_budget(self._demand(self.context))

    def plan(self) -> Plan:
        """How the budget is used now. Raises `BadInputError` when it is too small."""
        demand = self._demand(max(self.tokens, _LEAST_TOKENS))
        if self._last is None or self._last[:2] != (self.limit, demand):
            self._last = self.limit, demand, make_plan(demand, self.limit)
        return self._last[2]

    def over(self, plan: Plan, resident: int, rows: int) -> bool:
        """Whether more is in memory than there should be by plan, with so many bytes of units and of the
        output matrix's rows. Later plans are smaller by that. Between passes."""
        need = plan.need
        passing = passing_bytes(self.layout, plan.screened)  # not in memory between passes
        expected = need.total - need.rows - passing + plan.experts + resident + rows
        if self.grows:
            expected -= max(need.cache - self.held * self.layout.cache_token, 0)
        if self.used() - expected <= self._excess:
            return False
        native.trim()
        over = self.used() - expected
        if over <= self._excess:
            return False
        self._excess = over + _SPARE
        return True

    def report(self, plan: Plan) -> dict[str, Any]:
        """The budget and what of it is used, in bytes."""
        return {
            "budget": self.wanted,
            "limit": self.limit,
            "smallest": plan.smallest,
            "used": self.used(),
            "interpreter": self._baseline,
            "planned": plan.used,
            "parts": asdict(plan.need),
        }

    def press(self, short: int) -> None:
        """The system lacks so many bytes (below 0: it has so many to spare): the limit follows."""
        least = -(-self.smallest() // MB) * MB
        self.limit = min(max(self.limit - short, least), self.wanted)

    def _demand(self, tokens: int) -> Demand:
        return Demand(
            self.layout,
            self.sizes,
            self.measured,
            self.ways,
            cache_tokens=tokens if self.grows else self.context,
            context=self.context,
            states=self.states,
            excess=self._excess,
        )
