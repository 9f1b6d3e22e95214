"""Which units of a model stay in memory."""

from __future__ import annotations

from collections.abc import Sequence


def spread(sizes: Sequence[int], room: int) -> set[int]:
    """Which of the units stay in `room` bytes: as many as fit, the others evenly spread among them."""
    total = sum(sizes)
    if room >= total:
        return set(range(len(sizes)))
    share = max(total - room, 0) / total
    while True:
        kept, owed = set(), 0.0
        for n, size in enumerate(sizes):
            owed += size * share
            if owed * 2 > size:
                owed -= size
            else:
                kept.add(n)
        if sum(sizes[n] for n in kept) <= max(room, 0):
            return kept
        share = min(share + 0.002, 1.0)
