"""Words that mean the opposite: who loves a thing does not hate it, what was won was not lost."""

from __future__ import annotations

from functools import cache

from secondme.memory.terms import keys

_PAIRS = """
love adore like enjoy : hate dislike detest loathe
happy joy glad cheerful joyful happiness : sad sadness unhappy miserable sorrow
best : worst
win : lose
succeed success : fail failure
accept : reject refuse decline
focused concentrate : distract distracted
proud : ashamed
cheap cheapest : expensive dearest
arrive : depart
remember : forget
strength : weakness
healthy : sick ill
encourage : discourage
agree : disagree
"""


@cache
def _opposites() -> dict[str, frozenset[str]]:
    table: dict[str, frozenset[str]] = {}
    for pair in _PAIRS.strip().splitlines():
        one, other = (keys(side) for side in pair.split(":"))
        for key in one:
            table[key] = table.get(key, frozenset()) | other
        for key in other:
            table[key] = table.get(key, frozenset()) | one
    return table


def opposed(asked: frozenset[str], said: frozenset[str]) -> bool:
    """Whether what is said has the opposite of something asked, and not that itself, as keys."""
    table = _opposites()
    return any(key not in said and table.get(key, frozenset()) & said for key in asked)
