"""Items: taking in twice, changes, moves, copies, and going back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secondme.errors import NotFoundError, RecordError
from secondme.index.fulltext import FullText
from secondme.plugin import Moment
from secondme.record import Record
from secondme.record.items import Arrival, Taken

NOON = datetime(2024, 5, 3, 12, tzinfo=UTC)


@pytest.fixture
def record(tmp_path: Path):
    record = Record(tmp_path / "memory.sqlite3")
    FullText(record.store)
    yield record
    record.close()


def take(record: Record, texts: list[str], path: str = "/notes/a.md") -> Taken:
    data = "\n".join(texts).encode()
    arrival = Arrival("a.md", None, "test", "text/plain", data, 0, None, path)
    with record.store.write():
        known = record.items.known(arrival)
        if known:
            return known
        entry = record.journal.begin("add", "test")
        return record.items.take(arrival, [Moment(text=t, time=NOON) for t in texts], entry)


def live(record: Record) -> list[str]:
    rows = record.store.query("select text from moments where live = 1 order by item_id, seq")
    return [row[0] for row in rows]


def test_the_same_bytes_change_nothing(record: Record) -> None:
    assert take(record, ["one", "two"]).change == "new"
    assert take(record, ["one", "two"]).change == "same"
    assert live(record) == ["one", "two"]


def test_a_changed_file_keeps_the_ids_of_what_stayed_and_the_history_of_what_went(
    record: Record,
) -> None:
    take(record, ["one", "two", "three"])
    before = {r["text"]: r["id"] for r in record.store.query("select * from moments")}
    taken = take(record, ["one", "three", "four"])
    assert (taken.change, taken.added, taken.retired) == ("changed", 1, 1)
    assert live(record) == ["one", "three", "four"]
    after = {r["text"]: r["id"] for r in record.store.query("select * from moments")}
    assert after["one"] == before["one"]
    assert after["three"] == before["three"]
    assert after["two"] == before["two"]  # retired, still there
    assert record.items.original(taken.item_id, 1) == b"one\ntwo\nthree"
    assert record.items.original(taken.item_id) == b"one\nthree\nfour"


def test_what_returns_to_a_file_gets_its_old_id_back(record: Record) -> None:
    take(record, ["one", "two"])
    id_ = record.store.value("select id from moments where text = 'two'")
    take(record, ["one"])
    take(record, ["one", "two", "three"])
    assert record.store.value("select id from moments where text = 'two' and live = 1") == id_


def test_a_moved_file_is_the_same_item(record: Record) -> None:
    first = take(record, ["one"], "/notes/a.md")
    moved = take(record, ["one"], "/notes/b.md")
    assert (moved.change, moved.item_id) == ("moved", first.item_id)
    assert live(record) == ["one"]


def test_a_copy_that_changes_leaves_the_other_alone(record: Record) -> None:
    take(record, ["one"], "/notes/a.md")
    take(record, ["one"], "/notes/b.md")
    take(record, ["one", "two"], "/notes/b.md")
    assert sorted(live(record)) == ["one", "one", "two"]


def test_a_file_that_only_grows_is_kept_once(record: Record) -> None:
    for count in range(1, 6):
        taken = take(record, [f"line {i}" for i in range(count)])
    assert record.store.value("select count(*) from originals") == 1
    assert record.items.original(taken.item_id, 1) == b"line 0"
    assert record.items.original(taken.item_id, 3) == b"line 0\nline 1\nline 2"


def test_the_same_words_twice_in_a_file_are_two_moments(record: Record) -> None:
    take(record, ["yes", "yes"])
    assert live(record) == ["yes", "yes"]
    assert record.store.value("select count(distinct id) from moments") == 2


def test_forgotten_moments_do_not_return_with_their_file(record: Record) -> None:
    take(record, ["one", "two"])
    with record.store.write() as db:
        entry = record.journal.begin("forget", "test")
        db.execute("update moments set live = 0, forgotten_by = ? where text = 'two'", (entry,))
    take(record, ["one", "two", "three"])
    assert live(record) == ["one", "three"]


def test_a_changed_neighbour_asks_for_a_new_vector(record: Record) -> None:
    import numpy as np

    take(record, ["one", "two", "three", "four"])
    numbers = record.vectors.missing("e", 10)
    record.vectors.put("e", numbers, np.ones((4, 3), np.float32))
    take(record, ["zero", "one", "two", "three", "four"])
    waiting = record.moments.by_number(record.vectors.missing("e", 10))
    assert sorted(m.text for m in waiting.values()) == ["one", "two", "zero"]


words = st.lists(st.sampled_from("a b c d e f".split()), max_size=8)


@settings(max_examples=40, deadline=None)
@given(versions=st.lists(words, min_size=1, max_size=5))
def test_after_any_changes_what_is_live_is_what_the_file_holds(
    tmp_path_factory: pytest.TempPathFactory, versions: list[list[str]]
) -> None:
    record = Record(tmp_path_factory.mktemp("r") / "memory.sqlite3")
    index = FullText(record.store)
    try:
        for texts in versions:
            take(record, texts)
            assert live(record) == texts
            assert index.check() is None
            found = index.search("a", 100)
            assert len(found) == texts.count("a")
        before = index.search("a b c", 100)
        index.rebuild()
        assert index.search("a b c", 100) == pytest.approx(before)
    finally:
        record.close()


def test_a_moment_is_found_by_the_beginning_of_its_id(record: Record) -> None:
    take(record, ["one"])
    id_ = record.store.value("select id from moments")
    assert record.moments.get(id_[:6]).text == "one"
    with pytest.raises(NotFoundError, match="no moment has an id beginning 'zzz'"):
        record.moments.get("zzz")


def test_times_come_back_in_their_own_zone(record: Record) -> None:
    time = datetime.fromisoformat("2024-05-03T18:30:00+02:00")
    arrival = Arrival("x", None, "test", "text/plain", b"x", 0, None, "/x")
    with record.store.write():
        record.items.take(arrival, [Moment(text="x", time=time)], record.journal.begin("add", "t"))
    moment = record.moments.get(record.store.value("select id from moments"))
    assert moment.time == time
    assert moment.time.isoformat() == "2024-05-03T18:30:00+02:00"


def test_a_file_that_is_no_record_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "memory.sqlite3").write_bytes(b"this is no database" * 100)
    with pytest.raises(RecordError, match="cannot be opened"):
        Record(tmp_path / "memory.sqlite3")


def test_a_record_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    record = Record(tmp_path / "memory.sqlite3")
    with record.store.write() as db:
        db.execute(
            "insert into _sqlite_migrations (migration_set, name, applied_at)"
            " values ('secondme', 'from_the_future', '')"
        )
    record.close()
    with pytest.raises(RecordError, match="newer version"):
        Record(tmp_path / "memory.sqlite3")


def test_the_file_is_for_its_owner_alone(record: Record) -> None:
    take(record, ["one"])
    for path in record.store.path.parent.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path
