"""How long passes take, over one token and over several."""

from __future__ import annotations

from collections import deque
from statistics import median

_KEPT = 16


class Pace:
    """Seconds of the last passes, by how many tokens they were over."""

    def __init__(self) -> None:
        self._took: dict[int, deque[float]] = {}

    def note(self, tokens: int, seconds: float) -> None:
        """A pass over so many tokens took so long."""
        self._took.setdefault(tokens, deque(maxlen=_KEPT)).append(seconds)

    def forget(self) -> None:
        """From now on passes are others."""
        self._took.clear()

    @property
    def settled(self) -> bool:
        """Whether much is known of passes over one token."""
        return len(self._took.get(1, ())) == _KEPT

    def seconds(self, tokens: int) -> float:
        """What a pass over so many tokens takes: as much as one over fewer, where that is not known, and
        0 where nothing is."""
        known = [n for n in list(self._took) if n <= tokens]
        return median(self._took[max(known)]) if known else 0.0
