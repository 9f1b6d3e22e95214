"""Times that moments mention: kept in the record, weighed by recall."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from secondme.index.fulltext import FullText
from secondme.ingest.embedding import Priority
from secondme.memory import timex
from secondme.memory.recall import Query, Recall
from secondme.memory.times import Reading
from secondme.plugin import Moment
from secondme.record import Record
from secondme.record.clock import from_ms
from secondme.record.items import Arrival

NOW = datetime(2024, 1, 10, 12, tzinfo=UTC)


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    record = Record(tmp_path / "memory.sqlite3")
    FullText(record.store)
    yield record
    record.close()


def take(record: Record, *said: tuple[str, str], path: str = "/n") -> None:
    """Take in what was said on these days, as the newest version of a file."""
    moments = [
        Moment(text=text, time=datetime.fromisoformat(day).replace(hour=9, tzinfo=UTC))
        for day, text in said
    ]
    data = repr(said).encode()
    arrival = Arrival("n", None, "test", "text/plain", data, 0, None, path)
    with record.store.write():
        record.items.take(arrival, moments, record.journal.begin("add", "t"))


def read_all(record: Record) -> None:
    job = Reading(record, Priority())
    while job.read_some():
        pass


def kept(record: Record, n: int = 1) -> list[tuple[str, str, str]]:
    """What the record keeps of a moment's times: the words, the first day, the granularity."""
    text = record.store.value("select text from moments where n = ?", (n,))
    return [
        (text[t.start : t.end], from_ms(t.from_ms).date().isoformat(), t.granularity)
        for t in record.times.of([n]).get(n, [])
    ]


class TestTheRecord:
    def test_keeps_what_a_moment_mentions(self, record: Record) -> None:
        take(record, ("2023-05-08", "I ran yesterday, and next month I swim."))
        assert record.times.count_due() == 1
        read_all(record)
        assert record.times.count_due() == 0
        assert kept(record) == [
            ("yesterday", "2023-05-07", "day"),
            ("next month", "2023-06-01", "month"),
        ]

    def test_catches_up_with_moments_from_before(self, tmp_path: Path) -> None:
        record = Record(tmp_path / "old.sqlite3")
        take(record, ("2023-05-08", "I ran yesterday."))
        db = record.store.db
        for statement in (
            "drop trigger times_due_insert",
            "drop trigger times_due_update",
            "drop table times",
            "drop table times_due",
            "drop table makers",
            "delete from _sqlite_migrations where name = 'times_that_moments_mention'",
        ):
            db.execute(statement)
        record.close()
        again = Record(tmp_path / "old.sqlite3")
        read_all(again)
        assert [words for words, _, _ in kept(again)] == ["yesterday"]
        again.close()

    def test_reads_all_again_when_the_reader_is_another_version(self, record: Record) -> None:
        take(record, ("2023-05-08", "I ran yesterday."))
        record.times.made_by(timex.VERSION)
        read_all(record)
        record.times.made_by(timex.VERSION)
        assert record.times.count_due() == 0
        record.times.made_by(timex.VERSION + 1)
        assert record.times.count_due() == 1

    def test_reads_a_moment_again_when_its_own_time_has_changed(self, record: Record) -> None:
        take(record, ("2023-05-08", "I ran yesterday."))
        read_all(record)
        take(record, ("2023-06-08", "I ran yesterday."))
        assert kept(record) == []
        read_all(record)
        assert kept(record) == [("yesterday", "2023-06-07", "day")]

    def test_keeps_nothing_of_a_moment_that_is_erased(self, record: Record) -> None:
        take(record, ("2023-05-08", "I ran yesterday."))
        read_all(record)
        with record.store.write() as db:
            db.execute("update moments set text = ''")
        assert record.store.value("select count(*) from times") == 0
        read_all(record)
        assert record.store.value("select count(*) from times") == 0


def test_the_job_reads_what_comes_in_by_itself(record: Record) -> None:
    job = Reading(record, Priority())
    job.start()
    take(record, ("2023-05-08", "I ran yesterday."))
    job.wake()
    for _ in range(500):
        if not record.times.count_due():
            break
        time.sleep(0.02)
    job.stop()
    assert record.times.count_due() == 0
    assert job.error is None


class TestRecall:
    LIFE = (
        ("2022-05-14", "We went camping by the lake and it rained."),
        ("2023-04-02", "We went camping near the old mill."),
        ("2023-07-20", "Camping again! In June we went to the coast."),
        ("2023-09-02", "The wedding was lovely, everybody danced."),
        ("2023-09-06", "We went to the mountains and read all day."),
        ("2024-01-02", "We went to the cinema and read the papers."),
    )

    def found(self, record: Record, question: str) -> list[str]:
        take(record, *self.LIFE)
        read_all(record)
        self.recall = Recall(
            record, FullText(record.store), lambda *_: {}, record.moments.speaker_names
        )
        hits = self.recall(Query(question, NOW), 6, "")
        return [hit.moment.time.date().isoformat() for hit in hits]

    @pytest.mark.parametrize(
        ("question", "first"),
        [
            ("Where did we go camping in May 2022?", "2022-05-14"),
            ("Where did we go camping last spring?", "2023-04-02"),
            ("Where did we go camping in June?", "2023-07-20"),
            ("Wo waren wir im April 2023 camping?", "2023-04-02"),
            ("Where did we go the week after the wedding, to read?", "2023-09-06"),
            ("What did we read last week?", "2024-01-02"),
            ("Where did we go camping after March 2023?", "2023-04-02"),
            ("Where did we go camping before 1 June 2022?", "2022-05-14"),
        ],
    )
    def test_prefers_the_time_that_is_asked_about(
        self, record: Record, question: str, first: str
    ) -> None:
        assert self.found(record, question)[0] == first

    def test_leaves_nothing_out_for_its_time(self, record: Record) -> None:
        found = self.found(record, "Where did we go camping in May 2022?")
        assert {"2022-05-14", "2023-04-02", "2023-07-20"} <= set(found)

    def test_finds_what_was_said_on_a_day_without_a_word_of_it(self, record: Record) -> None:
        assert self.found(record, "Anything on 6 September 2023?")[0] == "2023-09-06"

    def test_tells_the_time_that_it_has_understood(self, record: Record) -> None:
        self.found(record, "What did we do last spring?")
        (asked,) = self.recall.asked_times
        assert asked.words == "last spring"
        assert from_ms(asked.since).date().isoformat() == "2023-03-01"

    def test_an_event_that_nobody_spoke_of_is_no_time(self, record: Record) -> None:
        self.found(record, "What did we read after the funeral of the emperor?")
        assert self.recall.asked_times == []
