"""Guesses at what a model says next, from what stands in its text already.

Answers repeat their evidence, so after two or three words that stood there before often comes what came
then (prompt lookup; Saxena, 2023). A guess costs little where a pass over the weights is what takes
time, and changes nothing: only what the model itself says counts (Leviathan et al., 2023). How much is
guessed is weighed each time: the longer the piece that stood there before, the more often is right what
comes after it, and what a pass over so many tokens takes has been measured.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

_SHORTEST, _LONGEST = 1, 4
_SEEN = 12
"""Tokens of a piece that stood before, at most, that are looked at."""
_CHANCES = {1: 0.3, 2: 0.6, 4: 0.8, 8: 0.95}
"""How likely the next token is right after a piece of so many tokens or more, as long as little is known."""
_WEIGHT = 4.0


class Guesser:
    """Knows a text token by token, and guesses what follows its end."""

    def __init__(self, tokens: Sequence[int]) -> None:
        self._tokens: list[int] = []
        self._after: dict[tuple[int, ...], int] = {}
        self._right = {length: chance * _WEIGHT for length, chance in _CHANCES.items()}
        self._tried = dict.fromkeys(_CHANCES, _WEIGHT)
        self._length = _SHORTEST
        self._guessed = 0
        for token in tokens:
            self.add(token)

    def add(self, token: int) -> None:
        """The text goes on with this token."""
        at = len(self._tokens)
        for length in range(_SHORTEST, _LONGEST + 1):
            if at >= length:
                self._after[tuple(self._tokens[at - length :])] = at
        self._tokens.append(token)

    def guess(self, most: int, seconds: Callable[[int], float]) -> list[int]:
        """As many tokens, `most` at most, as promise to be worth it: those that followed the longest piece
        of the text's end, where it stood last. `seconds` is what a pass over so many tokens takes."""
        at = self._before()
        self._guessed = 0
        if at is None:
            return []
        self._length = max(length for length in _CHANCES if length <= self._same(at))
        chance = self._right[self._length] / self._tried[self._length]
        best, said, likely = seconds(1), 1.0, 1.0
        for count in range(1, min(most, len(self._tokens) - at) + 1):
            likely *= chance
            said += likely
            if (each := seconds(1 + count) / said) < best:
                best, self._guessed = each, count
        return self._tokens[at : at + self._guessed]

    def judge(self, right: int) -> None:
        """Of the last guess so many tokens were right."""
        self._right[self._length] += right
        self._tried[self._length] += min(right + 1, self._guessed)

    def _before(self) -> int | None:
        """Where it went on when the end of the text stood there before."""
        for length in range(_LONGEST, _SHORTEST - 1, -1):
            at = self._after.get(tuple(self._tokens[-length:]))
            if at is not None:
                return at
        return None

    def _same(self, at: int) -> int:
        """How many tokens before a place are those at the end of the text."""
        tokens, end = self._tokens, len(self._tokens)
        count = 0
        while count < min(_SEEN, at) and tokens[at - 1 - count] == tokens[end - 1 - count]:
            count += 1
        return count
