"""How counts read, in every line that a person sees."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """`1 moment`, `2,345 moments`."""
    return f"{count:,} {noun if count == 1 else noun + 's'}"
