"""A recalled moment as answering sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from secondme.memory.terms import keys
from secondme.memory.timex import dates


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One recalled moment.

    `context` is what it stands under: a note's heading, a mail's subject. `time` is aware; `span` the
    half-open range of bytes in the file at `path`. `score` is recall's fused score, higher is better,
    comparable within one question only. `signals` are what the views measured, by the view's name;
    `meaning` is the cosine of the question with the moment in its context.
    """

    id: str
    text: str
    time: datetime
    source: str
    score: float
    external_id: str | None = None
    speaker: str | None = None
    context: str | None = None
    path: str | None = None
    span: tuple[int, int] | None = None
    signals: Mapping[str, float] = field(default_factory=dict)

    @property
    def heading(self) -> str:
        """What it stands under, where that says more than a date and than its own words."""
        named = dates.take_out(self.context or "")[1].strip(" ,.:")
        return named if keys(named) - keys(self.text) - keys(self.speaker or "") else ""

    @property
    def cosine(self) -> float | None:
        """How close in meaning to the question, or None where no vector was compared."""
        return self.signals.get("meaning") or None
