"""How long passes take, over one token and over several."""

from __future__ import annotations

from collections import deque
from statistics import median

_KEPT = 16
_EACH = 0.75
"""What computing takes for a further token, of what it takes for the first."""


class Pace:
    """Seconds of the last passes, by how many tokens they were over. `computing` is what it takes to compute
    one token; weights that are read serve several."""

    def __init__(self) -> None:
        self.computing = 0.0
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
        """What a pass over so many tokens takes; where that is not known, by one over fewer, and 0 where
        nothing is."""
        known = [n for n in list(self._took) if n <= tokens]
        if not known:
            return 0.0
        most = max(known)
        took = median(self._took[most])
        once = min(self.computing or took, median(self._took[1])) if 1 in known else self.computing
        return max(took, once * (1 + _EACH * (tokens - 1)))
