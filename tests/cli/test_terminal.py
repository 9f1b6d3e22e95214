"""On a terminal there are colours, lines that fit, and drafts that can be taken off the screen again."""

from __future__ import annotations

import io
import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondme.cli.asking import Draft
from secondme.cli.output import broken
from secondme.wording import cells, day, duration, fit, minute, size
from tests.cli.terminal import Screen, in_terminal, plain
from tests.home import Home


def test_colours_are_for_terminals(memory: Home) -> None:
    assert "\x1b[" not in memory.run("recall", "ladder").out
    code, written = in_terminal(memory, "recall", "ladder")
    assert code == 0
    assert "\x1b[1mladder\x1b[0m" in written, "the word asked for is emphasised"
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        assert "\x1b[" not in in_terminal(memory, "recall", "ladder", **{name: value})[1]


def test_lines_fit_the_terminal(shared: Home) -> None:
    shared.run("note", "the umbrella " * 30)
    code, written = in_terminal(shared, "recall", "umbrella", columns=50)
    assert code == 0
    lines = plain(written).splitlines()
    assert len(lines) > 8
    assert all(len(line) <= 50 for line in lines if "umbrella umbrella" in line)
    assert max(map(len, shared.run("recall", "umbrella").out.splitlines())) > 300, "not in a pipe"


def test_a_narrow_terminal_gives_the_last_column_lines_of_its_own(shared: Home) -> None:
    shared.run("note", "the paper boats are in the blue box under the stairs")
    written = plain(in_terminal(shared, "log", "-n", "1", columns=50)[1])
    assert written.count("\n") > 3, written
    head, what, change, *text = written.rstrip().splitlines()
    assert (head.split()[0], what.strip()) == ("id", "what")
    assert "note" in change
    assert (
        " ".join(" ".join(text).split()) == "the paper boats are in the blue box under the stairs"
    )
    assert all(len(line) <= 50 for line in text)
    assert "what" in in_terminal(shared, "log", "-n", "1", columns=90)[1].splitlines()[0]


def test_it_says_that_it_starts_the_core(cold: Home) -> None:
    assert "starting the core …" in in_terminal(cold, "sources")[1]
    assert "starting" not in in_terminal(cold, "sources")[1]


def test_a_chat_ends_with_an_empty_line_an_end_or_quit(shared: Home) -> None:
    for typed in ("\n", "/quit\n", "\x04"):
        code, written = in_terminal(shared, "chat", keys=(("> ", typed),))
        assert code == 0, written
    assert (
        "nothing of this is kept"
        in in_terminal(shared, "chat", "--private", keys=(("> ", "\n"),))[1]
    )


def test_an_error_in_a_chat_does_not_end_it(shared: Home) -> None:
    shared.run("note", "The ladder stands behind the shed.")
    question = "Where does the ladder stand?\n"
    code, written = in_terminal(shared, "chat", keys=(("> ", question), ("error: ", "\n")))
    assert code == 1, "the last reply failed"
    assert "`secondme model fetch" in plain(written)
    piped = shared.run("chat", stdin=question)
    assert piped.code == 1
    assert piped.err.count("\n") == 1


@given(st.text(alphabet="ab \n日本é\u0301", max_size=120), st.integers(1, 6), st.integers(8, 16))
def test_a_draft_leaves_no_trace(text: str, pieces: int, columns: int) -> None:
    screen, terminal = Screen(columns, 400), io.StringIO()
    screen.write("asked\n")
    kept, sys.stdout = sys.stdout, terminal
    try:
        draft = Draft(True, os.terminal_size((columns, 400)))
        for at in range(pieces):
            step = len(text) // pieces + 1
            draft.follow({"event": "token", "text": text[at * step : (at + 1) * step]})
        draft.erase()
    finally:
        sys.stdout = kept
    screen.write(terminal.getvalue())
    screen.write("answer")
    assert screen.text() == "asked\nanswer"


@given(st.text(alphabet="abc 日本\u0301é", max_size=200), st.integers(2, 30))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    lines = broken(text, width)
    assert all(cells(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(st.text(max_size=60), st.integers(4, 20))
def test_a_clipped_line_fits(text: str, width: int) -> None:
    assert cells(fit(text, width)) <= width


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (size(512), "512 bytes"),
        (size(3_100), "3.1 kB"),
        (size(491_400_064), "491 MB"),
        (size(1_117_320_768), "1.12 GB"),
        (duration(0.4), "0 s"),
        (duration(185), "3 min 5 s"),
        (duration(7800), "2 h 10 min"),
        (duration(86400), "1 day"),
        (duration(3 * 86400 + 4 * 3600), "3 days 4 h"),
        (day("2024-05-12T18:30:00+01:00"), "12 May 2024"),
        (minute("2024-05-12T18:30:00+01:00"), "12 May 2024, 18:30"),
        (minute("2024-05-12T00:00:00+01:00"), "12 May 2024"),
    ],
)
def test_sizes_times_and_dates_read_well(made: str, expected: str) -> None:
    assert made == expected
