"""Search by words: any text is a valid question, in any script."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secondme.index.fulltext import FullText
from secondme.plugin import Moment
from secondme.record import Record
from secondme.record.items import Arrival

NOTES = [
    "The dentist said the wisdom tooth must go",
    "Ana's wedding is in Porto on 3 May",
    "昨日、京都に行きました。紅葉がきれいでした。",
    "我们明天去北京开会",
    "เมื่อวานไปกินข้าวกับแม่",
    "Ich war gestern in Köln",
    "Мы ездили на дачу",
]


def take(record: Record, texts: Sequence[str]) -> None:
    """Let these be the moments of one item."""
    arrival = Arrival("n", None, "test", "text/plain", b"n", 0, None, "/n")
    moments = [Moment(text=t, time=datetime(2024, 1, 1, tzinfo=UTC)) for t in texts]
    with record.store.write():
        record.items.take(arrival, moments, record.journal.begin("add", "t"))


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory):
    record = Record(tmp_path_factory.mktemp("words") / "memory.sqlite3")
    index = FullText(record.store)
    take(record, NOTES)
    yield index
    record.close()


def best(index: FullText, question: str) -> str | None:
    found = index.search(question, 10)
    return NOTES[max(found, key=lambda n: found[n]) - 1] if found else None


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("When does the tooth go?", NOTES[0]),
        ("weddings in porto", NOTES[1]),
        ("紅葉", NOTES[2]),
        ("京都に行きました", NOTES[2]),
        ("北京开会", NOTES[3]),
        ("ไปกินข้าว", NOTES[4]),
        ("köln", NOTES[5]),
        ("koln", NOTES[5]),
        ("дачу", NOTES[6]),
        ('"tooth" AND NEAR(wisdom) OR NOT *', NOTES[0]),
        ("text:tooth -dentist ^wisdom", NOTES[0]),
    ],
)
def test_the_right_moment_comes_first(index: FullText, question: str, expected: str) -> None:
    assert best(index, question) == expected


def test_only_stop_words_still_search(index: FullText) -> None:
    assert index.search("the in on", 10)


def test_a_question_of_ten_thousand_words_is_cut(index: FullText) -> None:
    assert best(index, "tooth " + " ".join(f"word{i}" for i in range(10_000))) == NOTES[0]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_no_text_is_an_error(index: FullText, question: str) -> None:
    index.search(question, 5)


def test_a_torn_index_is_named_and_made_anew(tmp_path: Path) -> None:
    record = Record(tmp_path / "memory.sqlite3")
    index = FullText(record.store)
    arrival = Arrival("n", None, "test", "text/plain", b"n", 0, None, "/n")
    moments = [Moment(text=t, time=datetime(2024, 1, 1, tzinfo=UTC)) for t in NOTES]
    with record.store.write() as db:
        record.items.take(arrival, moments, record.journal.begin("add", "t"))
    with record.store.write() as db:
        db.execute("update words_data set block = zeroblob(10) where id > 100")
    assert index.check() is not None
    index.rebuild()
    assert index.check() is None
    assert len(index.search("tooth wedding", 5)) == 2
    record.close()


def test_moments_missing_from_the_index_are_noticed(tmp_path: Path) -> None:
    record = Record(tmp_path / "memory.sqlite3")
    index = FullText(record.store)
    with record.store.write() as db:
        db.execute("drop trigger words_insert")
        take(record, ["lost"])
    assert index.check() == "it lacks 1 moment and has 0 too many"
    record.close()


@pytest.fixture
def long_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A memory that counts as large, where every moment has rain or snow; the third, long ago, both."""
    monkeypatch.setattr("secondme.index.fulltext._LARGE", 100)
    monkeypatch.setattr("secondme.index.fulltext._POSTINGS", 30)
    record = Record(tmp_path / "memory.sqlite3")
    words = FullText(record.store)
    texts = [f"{'rain' if n % 2 else 'snow'} on day {n}" for n in range(1, 301)]
    texts[2] = "rain and snow on one day"
    texts[7] = "a comet in the snow"
    take(record, texts)
    yield words
    record.close()


def test_of_a_word_that_is_everywhere_the_newest_are_looked_at(long_life: FullText) -> None:
    found = long_life.search("snow", 10)
    assert len(found) == 10
    assert min(found) > 200


def test_two_words_that_are_everywhere_find_what_has_both_however_old(long_life: FullText) -> None:
    found = long_life.search("was there ever rain with snow", 10)
    assert max(found, key=lambda n: found[n]) == 3
    assert len(found) > 1


def test_a_rare_word_is_found_however_old(long_life: FullText) -> None:
    assert set(long_life.search("the comet in the snow", 10)) == {8}
