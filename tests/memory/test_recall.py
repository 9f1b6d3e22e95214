"""How views are weighed against each other."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from secondme.index.fulltext import FullText
from secondme.memory.recall import Query, Recall
from secondme.plugin import Moment
from secondme.record import Record
from secondme.record.items import Arrival


def test_the_one_moment_with_a_rare_word_comes_before_a_crowd_that_is_alike(tmp_path: Path) -> None:
    """In a large memory the nearest by meaning differ by a hair, and the rest is far below them."""
    record = Record(tmp_path / "memory.sqlite3")
    words = FullText(record.store)
    said = ["the quokka is asleep", *(f"a line about garden number {i}" for i in range(250))]
    moments = [
        Moment(text=text, time=datetime(2024, 1, 1, tzinfo=UTC), session=str(i))
        for i, text in enumerate(said)
    ]
    arrival = Arrival("n", None, "test", "text/plain", b"n", 0, None, "/n")
    with record.store.write():
        record.items.take(arrival, moments, record.journal.begin("add", "t"))
    question = np.array([1.0, 0.0, 0.0], np.float32)
    dice = np.random.default_rng(1)
    crowd = np.column_stack([np.full(250, 0.95), dice.normal(0.3, 0.01, 250), np.zeros(250)])
    vectors = np.vstack([[0.5, 0.0, 0.87], crowd]).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    record.vectors.put("e", list(range(1, 252)), vectors)
    nearest = {n: float(vectors[n - 1] @ question) for n in range(2, 202)}
    recall = Recall(record, words, lambda _, k: nearest, record.moments.speaker_names)
    hits = recall(Query("quokka", datetime.now(UTC), vector=question), 5, "e")
    record.close()
    assert hits[0].moment.text == "the quokka is asleep"
