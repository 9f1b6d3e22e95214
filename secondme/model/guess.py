"""Guesses at what a model says next, from what stands in its text already.

Answers repeat their evidence, so after two or three words that stood there before often comes what came
then (prompt lookup; Saxena, 2023). A guess costs little where a pass over the weights is what takes
time, and changes nothing: only what the model itself says counts (Leviathan et al., 2023).
"""

from __future__ import annotations

from collections.abc import Sequence

_LONGEST, _SHORTEST = 4, 2


class Guesser:
    """Knows a text token by token, and guesses what follows its end."""

    def __init__(self, tokens: Sequence[int]) -> None:
        self._tokens: list[int] = []
        self._after: dict[tuple[int, ...], int] = {}
        for token in tokens:
            self.add(token)

    def add(self, token: int) -> None:
        """The text goes on with this token."""
        at = len(self._tokens)
        for length in range(_SHORTEST, _LONGEST + 1):
            if at >= length:
                self._after[tuple(self._tokens[at - length :])] = at
        self._tokens.append(token)

    def guess(self, count: int) -> list[int]:
        """Up to `count` tokens that followed the longest piece of the text's end, where it stood last."""
        for length in range(_LONGEST, _SHORTEST - 1, -1):
            at = self._after.get(tuple(self._tokens[-length:]))
            if at is not None and count > 0:
                return self._tokens[at : at + count]
        return []
