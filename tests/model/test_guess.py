"""Guesses at what comes next: from the text itself, and as many as are worth their time."""

from __future__ import annotations

from secondme.model.guess import Guesser

TEXT = [1, 2, 3, 4, 5, 6, 7, 8, 9]


def even(tokens: int) -> float:
    """A pass takes the same however many tokens it is over: reading takes all the time."""
    return 1.0


def each(tokens: int) -> float:
    """A pass takes as long for each token: computing takes all the time."""
    return float(tokens)


def test_what_followed_before_is_guessed() -> None:
    assert Guesser([*TEXT, 3, 4]).guess(3, even) == [5, 6, 7]
    assert Guesser([*TEXT, 3, 4]).guess(1, even) == [5]
    assert Guesser([*TEXT, 8]).guess(3, even) == [9, 8]


def test_the_longest_piece_counts_and_of_those_the_last() -> None:
    assert Guesser([1, 2, 3, 7, 2, 3, 8, 1, 2, 3]).guess(1, even) == [7]
    assert Guesser([2, 3, 7, 2, 3, 8, 2, 3]).guess(1, even) == [8]


def test_nothing_is_guessed_of_a_text_that_does_not_repeat_itself() -> None:
    assert Guesser(TEXT).guess(3, even) == []
    assert Guesser([]).guess(3, even) == []


def test_nothing_is_guessed_where_it_saves_no_time() -> None:
    assert Guesser([*TEXT, *TEXT[:-1]]).guess(3, each) == []
    assert Guesser([*TEXT, *TEXT[:-1]]).guess(3, lambda tokens: 0.0) == []


def test_more_is_guessed_after_a_longer_piece() -> None:
    def dear(tokens: int) -> float:
        return 1 + 0.62 * (tokens - 1)

    assert Guesser([*TEXT, 1]).guess(3, dear) == []
    assert len(Guesser([*TEXT, *TEXT[:5]]).guess(3, dear)) < 3
    assert len(Guesser([*TEXT, 10, *TEXT, 10, *TEXT[:8]]).guess(3, dear)) > 0


def test_after_wrong_guesses_less_is_guessed_and_after_right_ones_more() -> None:
    def dear(tokens: int) -> float:
        return 1 + 0.5 * (tokens - 1)

    guesser = Guesser([*TEXT, 2, 3])
    before = guesser.guess(3, dear)
    for _ in range(20):
        guesser.guess(3, even)
        guesser.judge(0)
    assert guesser.guess(3, dear) == []
    for _ in range(200):
        guesser.guess(3, even)
        guesser.judge(3)
    assert len(guesser.guess(3, dear)) > len(before)
