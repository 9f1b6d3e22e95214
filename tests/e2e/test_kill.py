"""Nothing acknowledged is ever lost: the core is killed at random points of an ingest."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import threading
import time
import uuid
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import chromadb
import numpy as np
import pytest

from secondme.core.client import lock_holder
from secondme.errors import SecondMeError
from secondme.model.e5_packed import Floats
from tests.home import Home, chat

ROUNDS = int(os.environ.get("SECONDME_KILL_ROUNDS", "60"))
"""What one kill in twenty would lose is missed by so many once in twenty runs, by a hundred once in 170;
more are for the variable."""
FILES = 6
MESSAGES = 4
SOON = (0.0, 0.01, 0.03, 0.06, 0.1, 0.3)
"""Seconds until a kill, on average: while files are read, while they are stored, and just after."""
LATE = 2.5
"""The same for every tenth round: while vectors are made and go to the index."""


@pytest.mark.slow
@pytest.mark.models
@pytest.mark.timeout(2400)
def test_a_core_killed_again_and_again_loses_and_doubles_nothing(
    tmp_path: Path, models_dir: Path, e5_packed: Path
) -> None:
    """`SECONDME_KILL_ROUNDS` sets the number of rounds."""
    dice = random.Random(20240503)
    home = Home(tmp_path / "home", models=str(models_dir))
    life, acknowledged = tmp_path / "life", set[str]()
    try:
        for number in range(ROUNDS):
            for f in range(FILES):
                chat(life / f"round{number}" / f"{f}.jsonl", f"r{number}f{f}", MESSAGES)
            delay = LATE if number % 10 == 9 else dice.choice(SOON)
            acknowledged |= add_and_kill(home, life, delay * dice.uniform(0.5, 1.5))
        assert acknowledged, "no round got as far as an acknowledgement: the test tests nothing"
        held = moments(home, tmp_path)
        for path in acknowledged:
            assert (
                sum(count for name, count in held.items() if name.startswith(f"{marker(path)}-"))
                == MESSAGES
            )
        words = [f"marker{marker(path)}x{i}" for path in acknowledged for i in range(MESSAGES)]
        assert [word for word in words if found_by(home, word) != 1] == []
        for path in sorted(acknowledged)[::10]:
            hits = home.call("recall", question=f"marker{marker(path)}x0", k=1)["hits"]
            assert hits[0]["path"] == path
        home.finish("add", paths=[str(life)], wait=True)
        everything = moments(home, tmp_path)
        assert len(everything) == ROUNDS * FILES * MESSAGES
        assert set(everything.values()) == {1}, "something was taken in twice"
        checks = home.call("doctor")["checks"]
        assert [
            c
            for c in checks
            if c["name"] in ("record", "word index", "vector index") and not c["ok"]
        ] == []
        before = indexed(home)
        home.finish("index-rebuild")
        after = indexed(home)
        assert len(before.words) == len(everything)
        assert before.words == after.words
        assert before.vectors.keys() == after.vectors.keys() == set(before.words)
        likeness = [float(before.vectors[n] @ after.vectors[n]) for n in before.words]
        assert min(likeness) > 0.99
    finally:
        home.stop()


def add_and_kill(home: Home, folder: Path, delay: float) -> set[str]:
    """Take in a folder while a timer kills the core; returns the paths that were acknowledged."""
    home.client.ensure()
    timer = threading.Timer(delay, home.kill)
    timer.start()
    done: set[str] = set()
    try:
        for event in home.client.stream("add", start=False, paths=[str(folder)]):
            if event["event"] == "taken":
                done |= set(event["paths"])
    except SecondMeError:
        pass
    timer.join()
    while lock_holder(home.config):  # dying takes a moment
        time.sleep(0.01)
    return done


def marker(path: str) -> str:
    return f"r{Path(path).parent.name.removeprefix('round')}f{Path(path).stem}"


def found_by(home: Home, word: str) -> int:
    """How many moments the index of words has for a word."""
    with closing(sqlite3.connect(f"file:{home.config.database}?mode=ro", uri=True)) as record:
        found = record.execute("select count(*) from words where words match ?", (word,))
        return int(found.fetchone()[0])


def moments(home: Home, scratch: Path) -> Counter[str]:
    """How often each message is remembered, by the source's own id, read from an export."""
    target = scratch / f"export{uuid.uuid4().hex}"
    home.finish("export", path=str(target))
    rows = [json.loads(line) for line in (target / "moments.jsonl").read_text("utf-8").splitlines()]
    return Counter(row["external_id"] for row in rows if row["live"])


@dataclass(frozen=True)
class Indexed:
    """What both indexes hold: the numbers found by words, and the vectors, of length 1."""

    words: list[int]
    vectors: dict[int, Floats]


def indexed(home: Home) -> Indexed:
    """Read from the indexes' own files, while no core runs."""
    while (status := home.call("status"))["index"] != "ready" or status["pending"]:
        time.sleep(0.1)
    home.stop()
    record = sqlite3.connect(home.config.database)
    words = [n for (n,) in record.execute("select id from words_docsize order by id")]
    record.close()
    (folder,) = (p for p in home.config.chroma_dir.iterdir() if (p / "chroma.sqlite3").exists())
    found = chromadb.PersistentClient(str(folder)).list_collections()[0].get(include=["embeddings"])
    vectors = np.asarray(found["embeddings"], np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Indexed(words, dict(zip(map(int, found["ids"]), vectors, strict=True)))
