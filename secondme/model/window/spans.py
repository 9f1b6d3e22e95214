"""Ranges of a file, as lists of (start, end) in order of which none touches the next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Span = tuple[int, int]


def merged(spans: Iterable[Span]) -> list[Span]:
    """Any ranges, those that touch one another as one."""
    out: list[Span] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = out[-1][0], max(out[-1][1], end)
        elif end > start:
            out.append((start, end))
    return out


def without(spans: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """What of some ranges does not lie in others."""
    out = []
    for start, end in spans:
        for a, b in others:
            if b > start and a < end:
                if a > start:
                    out.append((start, a))
                start = b
        if start < end:
            out.append((start, end))
    return out


def length(spans: Iterable[Span]) -> int:
    """Bytes in all."""
    return sum(end - start for start, end in spans)
