"""Taking files in: twice, changed, moved, taken back; and the background job that embeds."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from secondme.errors import BadInputError, RefusedError, WorkerError
from secondme.index.fulltext import FullText
from secondme.ingest import embedding
from secondme.ingest.embedding import Embedding, Priority, window_text
from secondme.ingest.intake import Intake, Said, Tally
from secondme.ingest.reader import Readers
from secondme.ingest.scan import Rules, Skip
from secondme.plugin import Document, Importer, UnreadableError
from secondme.record import Record
from tests.home import until


class World:
    def __init__(self, folder: Path) -> None:
        self.record = Record(folder / "data" / "memory.sqlite3")
        self.words = FullText(self.record.store)
        self.told = 0
        self.intake = Intake(self.record, Readers(UTC), 1_000_000, self._tell)

    def _tell(self) -> None:
        self.told += 1

    def add(self, *paths: Path, force: bool = False) -> Tally:
        events = list(self.intake.add(paths, "test", force=force))
        tally: Tally = events[-1]["tally"]
        return tally

    def texts(self) -> list[str]:
        rows = self.record.store.query("select text from moments where live = 1 order by text")
        return [r[0] for r in rows]

    def undo(self) -> None:
        entry = self.record.journal.last_undoable()
        with self.record.store.write():
            by = self.record.journal.begin("undo", "test")
            self.record.journal.mark_undone(entry, by)
            self.intake.take_back(entry, by)


@pytest.fixture
def world(tmp_path: Path):
    world = World(tmp_path)
    yield world
    world.record.close()


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "a.md").write_text("The bicycle is red.\n\nThe kettle is blue.\n")
    (folder / "b.md").write_text("Ana moved to Porto.\n")
    return folder


def test_a_second_run_says_nothing_new(world: World, notes: Path) -> None:
    first = world.add(notes)
    assert (first.new, first.same) == (2, 0)
    second = world.add(notes)
    assert second.summary() == "nothing new"
    assert second.same == 2
    assert len(world.record.journal.newest(10)) == 1


def test_a_touched_file_that_says_the_same_changes_nothing(world: World, notes: Path) -> None:
    world.add(notes)
    (notes / "a.md").touch()
    assert world.add(notes).same == 2


def test_a_changed_file_replaces_what_it_said(world: World, notes: Path) -> None:
    world.add(notes)
    (notes / "b.md").write_text("Ana moved to Lisbon.\n")
    tally = world.add(notes)
    assert (tally.changed, tally.added, tally.retired) == (1, 1, 1)
    assert "Ana moved to Lisbon." in world.texts()
    assert "Ana moved to Porto." not in world.texts()


def test_a_moved_file_is_the_same_item(world: World, notes: Path) -> None:
    world.add(notes)
    before = world.record.store.value("select id from moments where text like 'Ana%'")
    (notes / "b.md").rename(notes / "people.md")
    tally = world.add(notes)
    assert (tally.moved, tally.added) == (1, 0)
    moment = world.record.moments.get(before)
    assert moment.path == str(notes / "people.md")


def test_undo_takes_an_intake_back_and_adding_again_brings_it_in(world: World, notes: Path) -> None:
    world.add(notes)
    world.undo()
    assert world.texts() == []
    assert world.add(notes).new == 2


def test_undoing_a_change_brings_back_what_the_file_said_before(world: World, notes: Path) -> None:
    world.add(notes)
    (notes / "b.md").write_text("Ana moved to Lisbon.\n")
    world.add(notes)
    world.undo()
    assert "Ana moved to Porto." in world.texts()
    assert "Ana moved to Lisbon." not in world.texts()
    assert world.add(notes).summary() == "nothing new"  # until the file changes again


def test_private_keys_are_refused_unless_forced(world: World, notes: Path) -> None:
    key = notes / "server.md"
    key.write_text("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\n")
    skipped = {Path(s.path).name: s.reason for s in world.add(notes).skipped}
    assert "private key" in skipped["server.md"]
    assert world.add(notes, force=True).new == 1


def test_one_bad_file_does_not_stop_the_rest(world: World, notes: Path) -> None:
    (notes / "bad.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    tally = world.add(notes)
    assert tally.new == 2
    assert [Path(s.path).name for s in tally.skipped] == ["bad.pdf"]


def test_stopping_keeps_what_was_acknowledged(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for i in range(30):
        (folder / f"{i:02}.md").write_text(f"Note number {i} is here.\n")
    stop = threading.Event()
    stop.set()
    assert world.add(folder).new == 30
    events = list(world.intake.add([folder], "test", stop=stop))
    assert events[-1]["tally"].new == 0


def test_what_is_no_longer_watched_is_not_taken_in_and_makes_no_source(
    world: World, notes: Path
) -> None:
    list(world.intake.add([notes], "watcher", watched=True))
    assert world.texts() == []
    assert world.record.sources.all() == []
    source = world.record.sources.ensure("folder", str(notes))
    world.record.sources.set_watched(source, True)
    list(world.intake.add([notes / "a.md", notes / "b.md"], "watcher", watched=True))
    assert len(world.texts()) == 3


def test_a_source_removed_while_it_is_taken_in_takes_in_nothing_more(
    world: World, notes: Path
) -> None:
    (notes / "c.pdf").write_bytes(b"%PDF-1.4 broken")
    (notes / "d.md").write_text("Rui lives in Faro.\n")
    for event in world.intake.add([notes], "test"):
        if event["event"] == "skipped":  # nothing of the rest is committed yet
            world.record.sources.delete(world.record.sources.ensure("folder", str(notes)))
    assert world.texts() == []
    assert world.record.sources.all() == []
    assert world.add(notes).new == 3


def test_what_comes_through_a_pipe_needs_a_name_that_says_what_it_is(world: World) -> None:
    tally, journal = world.intake.add_bytes(b"A line from a pipe.", "stdin.txt", "test")
    assert (tally.new, bool(journal)) == (1, True)
    with pytest.raises(BadInputError, match=r"no importer for \.xyz"):
        world.intake.add_bytes(b"?", "a.xyz", "test")
    with pytest.raises(RefusedError, match="private key"):
        world.intake.add_bytes(b"-----BEGIN PRIVATE KEY-----", "a.txt", "test")


def test_what_a_pipe_brought_and_was_refused_leaves_no_source(world: World) -> None:
    with pytest.raises(BadInputError):
        world.intake.add_bytes(b"", "a.txt", "test")
    assert world.record.sources.all() == []


def test_an_empty_note_is_refused(world: World) -> None:
    from datetime import datetime

    with pytest.raises(BadInputError, match="empty"):
        world.intake.say("note", [Said("  \n")], "test", when=datetime.now(UTC))


class Counting:
    """An embedder by letters: real vectors, without a model."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.fail = False

    def passages(self, texts: Sequence[str]) -> Any:
        if self.fail:
            raise WorkerError("the embedder died")
        self.texts += texts
        return np.array([[t.count(c) + 0.1 for c in "abcdefgh"] for t in texts], np.float32)


class Held:
    """An index that remembers what it was given."""

    def __init__(self) -> None:
        self.vectors: dict[int, Any] = {}

    def upsert(self, ns: Sequence[int], vectors: Any) -> None:
        self.vectors.update(zip(ns, vectors, strict=True))

    def remove(self, ns: Sequence[int]) -> None:
        for n in ns:
            del self.vectors[n]


def test_pending_moments_are_embedded_and_indexed(world: World, notes: Path) -> None:
    world.add(notes)
    job, embedder, index = Embedding(world.record, Priority()), Counting(), Held()
    job.start()
    try:
        job.use("letters", embedder)
        job.attach(index, pytest.fail)
        until(lambda: len(index.vectors) == 3 and job.pending() == 0)
        (notes / "a.md").write_text("The bicycle is red.\n")
        world.add(notes)
        job.wake()
        until(lambda: len(index.vectors) == 2)
    finally:
        job.stop()


def test_an_embedder_that_fails_is_named_and_tried_again(
    world: World, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding, "_AGAIN", 0.1)
    world.add(notes)
    job, embedder = Embedding(world.record, Priority()), Counting()
    embedder.fail = True
    job.start()
    try:
        job.use("letters", embedder)
        until(lambda: job.error is not None)
        assert "the embedder died" in str(job.error)
        embedder.fail = False
        job.wake()
        until(lambda: job.pending() == 0)
    finally:
        job.stop()


def test_background_work_waits_while_a_person_does(world: World, notes: Path) -> None:
    world.add(notes)
    priority = Priority()
    job, embedder = Embedding(world.record, priority), Counting()
    job.start()
    try:
        with priority:
            job.use("letters", embedder)
            time.sleep(0.3)
            assert embedder.texts == []
        until(lambda: job.pending() == 0)
    finally:
        job.stop()


def test_a_vector_is_made_of_a_moment_and_the_two_before_it(world: World, tmp_path: Path) -> None:
    from tests.home import chat

    chat(tmp_path / "c.jsonl", "x", 5)
    world.add(tmp_path / "c.jsonl")
    windows = world.record.moments.windows([1, 2, 5])
    assert [m.n for m in windows[1]] == [1]
    assert [m.n for m in windows[5]] == [3, 4, 5]
    lines = window_text(windows[5]).splitlines()
    assert lines[-1].startswith("Ana: message markerxx4")
    assert len(lines) == 3


def test_importers_that_decline_say_what_they_looked_for(tmp_path: Path) -> None:
    class Wants(Importer):
        def __init__(self, name: str, why: Exception | None) -> None:
            self.name, self.suffixes, self.why = name, (".csv",), why

        def probe(self, document: Document) -> bool:
            if self.why is not None:
                raise self.why
            return False

    readers = Readers(UTC)
    rules = Rules(readers.suffixes, 1_000_000)
    unknown = readers.read_bytes(b"a;b", "x.xyz", rules)
    assert isinstance(unknown, Skip)
    assert unknown.reason == "there is no importer for .xyz"

    readers.importers = [
        Wants("bank", UnreadableError("it has no column 'amount'")),
        Wants("books", None),
        Wants("broken", KeyError("x")),
    ]
    declined = readers.read_bytes(b"a;b", "x.csv", rules)
    assert isinstance(declined, Skip)
    assert declined.reason == (
        "no importer for .csv knows it: 'bank': it has no column 'amount'; "
        "'books': it is of another kind; 'broken': failed: KeyError: 'x'"
    )
