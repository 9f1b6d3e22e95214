"""Expressions of time: found in ten languages, resolved against when they were said."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secondme.memory.timex import find
from secondme.memory.timex.dates import counted
from secondme.memory.timex.events import event_in
from secondme.memory.timex.lexicon import LANGUAGES, language

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

import timex as benchmark

SAID = datetime(2023, 5, 8, 13, 56, tzinfo=ZoneInfo("Europe/London"))
WORDS = sorted({form for name in LANGUAGES for form in language(name).phrases})


def days(text: str, said: datetime = SAID) -> list[tuple[str, date, date]]:
    """Each expression with the first and the last day of what it means."""
    return [
        (text[m.start : m.end], m.since.date(), (m.until - timedelta(microseconds=1)).date())
        for m in find(text, said)
    ]


@pytest.mark.parametrize(
    ("half", "english", "others"), [("tuned", 0.98, 0.98), ("hidden", 0.95, 0.95)]
)
def test_the_labelled_set_is_understood(half: str, english: float, others: float) -> None:
    scores = benchmark.score(list(benchmark.read(half)), benchmark.ours, benchmark.exact)
    assert scores["en"] >= english
    assert scores["others"] >= others
    assert min(scores.values()) >= 0.85


@pytest.mark.parametrize(
    "text",
    [
        "I may march with the second group.",
        "We talked for two hours and 15 minutes.",
        "There were 2019 people and it cost 1984 euros.",
        "Every Sunday we sit in the sun; on a Monday we rest.",
        "version 2.0.1, page 365, room 1812, 3-5 eggs",
        "Call 555-2019-12 or 10.0.0.1",
        "Sie kommt jeden Montag für zwei Stunden.",
        "Chaque mardi elle nage une heure.",
        "毎週火曜日に一時間泳ぐ。",
    ],
)
def test_what_is_no_time_is_left_alone(text: str) -> None:
    assert find(text, SAID) == []


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("It was on Monday.", date(2023, 5, 1), date(2023, 5, 1)),
        ("See you on Thursday!", date(2023, 5, 11), date(2023, 5, 11)),
        ("We were there in August.", date(2022, 8, 1), date(2022, 8, 31)),
        ("We will be there in August.", date(2023, 8, 1), date(2023, 8, 31)),
        ("Wir waren am Freitag dort.", date(2023, 5, 5), date(2023, 5, 5)),
        ("Am Freitag kommt sie.", date(2023, 5, 12), date(2023, 5, 12)),
    ],
)
def test_the_tense_says_which_one_is_meant(text: str, first: date, last: date) -> None:
    assert [(f, u) for _, f, u in days(text)] == [(first, last)]


def test_a_day_that_does_not_exist_is_none() -> None:
    assert find("31 February 2023, 2023-02-30, 32.1.2023", SAID) == []


def test_days_are_days_of_the_zone_also_when_clocks_change() -> None:
    (found,) = find("yesterday", datetime(2023, 3, 27, 9, tzinfo=ZoneInfo("Europe/London")))
    assert found.since.isoformat() == "2023-03-26T00:00:00+00:00"
    assert found.until.isoformat() == "2023-03-27T00:00:00+01:00"


@pytest.mark.parametrize("year", [1, 2, 9998, 9999])
def test_at_the_ends_of_the_calendar_nothing_is_raised(year: int) -> None:
    for month, day in ((1, 1), (12, 31)):
        said = datetime(year, month, day, tzinfo=UTC)
        for text in (
            "yesterday, last week, 3 years ago, in 500 years, next month, in May",
            "am Wochenende, letzten Winter, bis Freitag, seit 2019, vor 99 Wochen",
        ):
            for found in find(text, said):
                assert found.since < found.until


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([*WORDS, "2023", "14", "3.", "1st", ",", ".", "-"]), max_size=25),
    st.datetimes(timezones=st.timezones()),
)
def test_any_words_of_time_in_any_order_are_read(words: list[str], said: datetime) -> None:
    text = " ".join(words)
    at = 0
    for found in find(text, said):
        assert at <= found.start < found.end <= len(text)
        assert found.since.replace(tzinfo=None) < found.until.replace(tzinfo=None)
        at = found.end


@given(st.text(max_size=300), st.datetimes(timezones=st.timezones()))
def test_any_text_is_read(text: str, said: datetime) -> None:
    for found in find(text, said):
        assert 0 <= found.start < found.end <= len(text)
    event_in(text)


@pytest.mark.parametrize(
    "piece", ["last ", "the ", "1 ", "2019-", "in the ", "一", "vor zwei ", "May 3, ", "and ", ":"]
)
def test_a_text_of_a_megabyte_is_read(piece: str) -> None:
    find(piece * (1_000_000 // len(piece)), SAID)


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("I went yesterday", "7 May 2023"),
        ("It rained last week", "the week before 8 May 2023"),
        ("It rained last Friday", "the Friday before 8 May 2023"),
        ("He came two weeks ago", "two weeks before 8 May 2023"),
        ("We moved last year", "2022"),
        ("We go next month", "June 2023"),
        ("last summer we swam", "summer 2022"),
        ("Ich war vorgestern krank", "6 May 2023"),
        ("Wir kamen vor zwei Wochen", "2 weeks before 8 May 2023"),
        ("I won it on Friday!", "the Friday before 8 May 2023"),
        ("We met a few years ago", "a few years before 8 May 2023"),
    ],
)
def test_what_is_counted_is_written_out(text: str, reading: str) -> None:
    assert [r for _, _, r in counted(text, SAID.date())] == [reading]


def test_what_names_its_year_needs_no_writing_out() -> None:
    assert list(counted("On 3 May 2019, in summer 2020, since 2021", SAID.date())) == []


@pytest.mark.parametrize(
    ("question", "event", "side", "length"),
    [
        ("What did we do the week after the wedding?", "wedding", 1, 7),
        ("Where did I work when I lived in Porto?", "I lived in Porto", 0, None),
        ("When I lived in Porto, where did I work?", "I lived in Porto", 0, None),
        ("What did I read two weeks before the exam?", "exam", -1, 14),
        ("Was habe ich nach der Hochzeit gemacht?", "Hochzeit gemacht", 1, None),
        ("Où ai-je dormi après le mariage ?", "mariage", 1, None),
    ],
)
def test_events_that_a_time_is_counted_from(
    question: str, event: str, side: int, length: int | None
) -> None:
    found = event_in(question)
    assert found
    assert (found.words, found.side) == (event, side)
    assert found.length == (timedelta(days=length) if length else None)


@pytest.mark.parametrize(
    "question",
    [
        "When did Ana move?",
        "Until when is it valid?",
        "When did she meet her friends, family and dog?",
        "Who came?",
        "",
    ],
)
def test_a_question_for_a_time_names_no_event(question: str) -> None:
    assert event_in(question) is None
