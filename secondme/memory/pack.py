"""Packing recalled moments into a token budget."""

from __future__ import annotations

from collections.abc import Sequence

from secondme.memory.recall import Hit

CHARACTERS_A_TOKEN = 4


def tokens_of(text: str) -> int:
    """About how many tokens a text takes: four characters each, which holds for European languages."""
    return -(-len(text) // CHARACTERS_A_TOKEN)


def pack(hits: Sequence[Hit], budget: int) -> list[Hit]:
    """The best hits, best first, whose texts fit into the budget together; at least the first.

    A hit that does not fit is passed over for smaller ones after it.
    """
    chosen: list[Hit] = []
    used = 0
    for hit in hits:
        cost = tokens_of(hit.moment.text)
        if used + cost <= budget or not chosen:
            chosen.append(hit)
            used += cost
    return chosen
