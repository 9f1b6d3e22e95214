"""The vector index is kept in step with the record, whatever becomes of what holds it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC
from pathlib import Path

import numpy as np
import pytest

from secondme.core import vector_index
from secondme.core.vector_index import VectorKeeper
from secondme.index.chroma_child import folder_of
from secondme.ingest.embedding import Embedding, Priority
from secondme.ingest.intake import Intake
from secondme.ingest.reader import Readers
from secondme.record import Record
from tests.home import chat, until

DIMENSIONS = 16


class Hashing:
    """Gives a text a vector that no other text has."""

    name = "hashing"

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        return np.stack([self.query(text) for text in texts])

    def query(self, text: str) -> np.ndarray:
        row = np.random.default_rng(zlib.crc32(text.encode())).standard_normal(DIMENSIONS)
        return (row / np.linalg.norm(row)).astype(np.float32)


class Kept:
    """A record with its embedding job and the keeper of its index."""

    def __init__(self, folder: Path, server_url: str = "") -> None:
        self.folder = folder
        self.record = Record(folder / "memory.sqlite3")
        self.job = Embedding(self.record, Priority())
        self.keeper = VectorKeeper(self.record, self.job, folder / "chroma", server_url)
        self.job.use(Hashing.name, Hashing())

    def add(self, name: str, count: int) -> None:
        chat(self.folder / f"{name}.jsonl", name, count)
        intake = Intake(self.record, Readers(UTC), 1_000_000, self.job.wake)
        list(intake.add([self.folder / f"{name}.jsonl"], "test"))

    def open(self) -> None:
        self.keeper.open(Hashing.name, DIMENSIONS)

    def begin(self, count: int) -> None:
        """With so many moments, all of them in the index."""
        self.add("a", count)
        self.job.start()
        self.open()
        until(self.in_step)

    def in_step(self) -> bool:
        return (
            self.keeper.standing().says == "ready"
            and not self.job.pending()
            and not self.record.vectors.count_unindexed(Hashing.name)
        )

    def finds_all(self) -> bool:
        vectors = self.record.vectors.get(Hashing.name, self.numbers())
        return all(n in self.keeper.nearest(vector, 1) for n, vector in vectors.items())

    def numbers(self) -> list[int]:
        return [row[0] for row in self.record.store.query("select n from moments where live = 1")]

    def close(self) -> None:
        self.job.stop()
        self.keeper.close()
        self.record.close()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    kept = Kept(tmp_path)
    yield kept
    kept.close()


def test_what_was_set_aside_goes_also_when_the_core_was_killed_before_it_could(kept: Kept) -> None:
    kept.begin(20)
    kept.keeper.close()
    index = folder_of(kept.folder / "chroma", Hashing.name)
    aside = index.with_name(f"{index.name}.broken-20260102T030405.000000Z")
    shutil.copytree(index, aside)
    kept.open()
    until(kept.in_step)
    assert not aside.exists()
    assert kept.finds_all()


def test_a_rebuild_says_how_far_it_is_and_a_check_leaves_it_alone(kept: Kept) -> None:
    kept.begin(600)
    kept.job.stop()

    kept.keeper.rebuild()
    assert kept.keeper.standing().says == "being rebuilt, 0 of 600"
    process, _ = kept.keeper.resident()
    assert kept.keeper.check() is None
    assert kept.keeper.resident() == (process, "rebuilding"), "it is the same process"

    going_on = Embedding(kept.record, Priority())
    going_on.use(Hashing.name, Hashing())
    seen = set()

    class Slow:
        """The index, which is looked at between two steps."""

        def upsert(self, ns: Sequence[int], vectors: np.ndarray) -> None:
            seen.add(kept.keeper.standing().says)
            kept.keeper._index.upsert(ns, vectors)

        def remove(self, ns: Sequence[int]) -> None:
            kept.keeper._index.remove(ns)

    going_on.attach(Slow(), pytest.fail)
    going_on.start()
    until(kept.in_step)
    going_on.stop()
    assert len(seen) >= 3
    assert "being rebuilt, 256 of 600" in seen
    assert kept.finds_all()


def test_a_check_of_an_index_that_is_well_finds_nothing(kept: Kept) -> None:
    kept.begin(20)
    assert kept.keeper.check() is None
    until(kept.in_step)
    assert kept.finds_all()


def test_a_process_that_dies_while_nobody_asks_is_replaced(kept: Kept) -> None:
    kept.begin(20)
    process, _ = kept.keeper.resident()
    os.kill(process, signal.SIGKILL)
    kept.add("b", 20)
    until(kept.in_step)
    assert kept.keeper.resident()[0] not in (None, process)
    assert len(kept.numbers()) == 40
    assert kept.finds_all()


class Server:
    """A Chroma server that comes and goes."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.folder = folder
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        command = [Path(sys.executable).with_name("chroma"), "run", "--path", self.folder]
        self.process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self.answers)

    def answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None


def test_a_server_that_was_away_is_found_again_and_gets_what_it_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_index, "_RETRY_MOST", 0.2)
    server = Server(tmp_path / "server")
    kept = Kept(tmp_path, f"http://127.0.0.1:{server.port}")
    try:
        kept.add("a", 10)
        kept.job.start()
        kept.open()  # before it is there at all
        says = kept.keeper.standing().says
        assert says.startswith(f"out of use: the Chroma server http://127.0.0.1:{server.port} ")
        assert "does not answer" in says

        server.start()
        until(kept.in_step)
        assert kept.finds_all()

        server.stop()
        assert kept.keeper.nearest(Hashing().query("x"), 3) == {}
        until(lambda: kept.keeper.standing().state == "failed")
        kept.add("b", 10)
        until(lambda: not kept.job.pending())
        assert kept.job.error is None, "vectors are made all the same"

        server.start()
        until(kept.in_step)
        assert kept.keeper.standing().reason == ""
        assert len(kept.numbers()) == 20
        assert kept.finds_all()

        server.stop()
        kept.add("c", 10)  # now it is the background job that finds the server gone
        until(lambda: kept.keeper.standing().state == "failed")
        server.start()
        until(kept.in_step)
        assert len(kept.numbers()) == 30
        assert kept.finds_all()
    finally:
        kept.close()
        server.stop()
