"""Episodes: consecutive moments that belong together, cut where meaning jumps or time pauses.

After Fountas et al. 2024, "Human-like episodic memory for infinite context LLMs" (EM-LLM,
arXiv 2407.09450): cut where the surprise is higher than is usual around there, then shift each cut to
where similarity is high on both sides and low across. There surprise is the language model's; here it is
how far the next few moments' vectors point from the last few.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

VERSION = 2
"""Goes up when moments would be cut, named or summed up otherwise; episodes of an older version are cut
again."""
AROUND = 64
"""Moments on each side that tell what is usual."""
LEAST = 6
"""A jump in meaning makes no episode shorter than this; a pause may."""
_SIDE = 4
_UNUSUAL = 1.0
"""Deviations above the mean that a jump must have."""
_CARRIED = 0.3
"""A moment's vector is made with the two before it: so much of the last one's is taken out again."""
_SHIFT = 2
_PAUSE_MS = 4 * 3_600_000
_PAUSE_TIMES = 10


def cuts(vectors: Floats | None, times: NDArray[np.int64]) -> list[int]:
    """Where episodes begin, but for the first: positions from 1 to n - 1, rising.

    `vectors` is n by d in the order of the moments, or None where there are none; `times` are in ms.
    """
    n = len(times)
    pauses = _pauses(times)
    if vectors is None:
        return pauses
    found = list(pauses)
    for start, end in zip([0, *pauses], [*pauses, n], strict=True):
        found += [start + cut for cut in _jumps(vectors[start:end])]
    return sorted(found)


def _pauses(times: NDArray[np.int64]) -> list[int]:
    """Where nothing was said for hours, and for much longer than is usual in this stream."""
    if len(times) < 2:
        return []
    gaps = np.diff(times)
    least = max(_PAUSE_MS, _PAUSE_TIMES * float(np.median(gaps)))
    return [int(i) + 1 for i in np.flatnonzero(gaps > least)]


def _jumps(vectors: Floats) -> list[int]:
    """Where meaning jumps by more than is usual around there, and by the most near there."""
    n = len(vectors)
    if n < 2 * LEAST:
        return []
    own = _distinct(vectors)
    surprise = _surprise(own)
    found: list[int] = []
    for i in range(LEAST, n - LEAST + 1):
        usual = surprise[max(1, i - AROUND) : i + AROUND + 1]
        near = surprise[max(1, i - LEAST) : i + LEAST + 1]
        if surprise[i] == near.max() and surprise[i] > usual.mean() + _UNUSUAL * usual.std():
            cut = _shifted(own, i)
            if cut - (found[-1] if found else 0) >= LEAST and n - cut >= LEAST:
                found.append(cut)
    return found


def _distinct(vectors: Floats) -> Floats:
    """Unit vectors of what is a moment's own, without what all around it have in common."""
    own = vectors.astype(np.float32).copy()
    own[1:] -= _CARRIED * vectors[:-1]
    sums = _sums(own)
    n = len(own)
    low, high = np.maximum(np.arange(n) - AROUND, 0), np.minimum(np.arange(n) + AROUND + 1, n)
    own -= (sums[high] - sums[low]) / (high - low)[:, None]
    return _unit(own)


def _surprise(own: Floats) -> Floats:
    """1 - cosine of the mean of the few before each place and the few from it on; 0 at the first."""
    sums, n = _sums(own), len(own)
    at = np.arange(n)
    before = _unit(sums[at] - sums[np.maximum(at - _SIDE, 0)])
    after = _unit(sums[np.minimum(at + _SIDE, n)] - sums[at])
    jumps: Floats = 1 - np.einsum("ij,ij->i", before, after)
    jumps[0] = 0
    return jumps


def _shifted(own: Floats, cut: int) -> int:
    """The place near a cut at which similarity is highest on its two sides against that across."""
    reach = range(max(1, cut - _SHIFT), min(len(own) - 1, cut + _SHIFT) + 1)
    return max(reach, key=lambda place: _contrast(own, place))


def _contrast(own: Floats, place: int) -> float:
    before, after = own[max(0, place - LEAST) : place], own[place : place + LEAST]
    sides = [_within(side) for side in (before, after) if len(side) > 1]
    return float(np.mean(sides)) - float((before @ after.T).mean()) if sides else -np.inf


def _within(side: Floats) -> float:
    """The mean cosine of pairs of unit vectors."""
    n, total = len(side), side.sum(axis=0)
    return float((total @ total - n) / (n * (n - 1)))


def _sums(rows: Floats) -> Floats:
    """Running sums, with a row of zeros first."""
    return np.vstack([np.zeros((1, rows.shape[1]), np.float64), rows.cumsum(0, dtype=np.float64)])


def _unit(rows: Floats) -> Floats:
    unit: Floats = rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9)
    return unit
