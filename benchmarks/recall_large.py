"""Recall over a record of a million moments, without its vector index, which takes too long to build.

    python benchmarks/recall_large.py [--sizes 100000 1000000]

The words, the ranking and the record's reads are what they are in use; in place of Chroma's neighbours
come moments by chance, and the question's vector is one by chance. Processor time of one thread. Takes
about six minutes a million, and 1.6 GB of disk.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from core_of_its_own import scratch_core, table
from life import QUESTIONS, chat
from recall_speed import REAL, grow, read_facts

from secondme.index.fulltext import FullText
from secondme.memory.recall import Query, Recall
from secondme.record import Record

ROUNDS = 6
AT_ONCE = 100_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[AT_ONCE, 10 * AT_ONCE])
    options = parser.parse_args()
    rows = []
    for size in options.sizes:
        with scratch_core() as client:
            fill(client, size)
            rows.append(measure(client.config.database, size))
            print(rows[-1], flush=True)
    print(table(["moments", "p50 ms", "p90 ms", "words", "time", "ranking", "record MB"], rows))


def fill(client, size: int) -> None:
    """Real vectors and facts for the first moments, made ones for the rest, episodes of twenty."""
    home = Path(client.config.data_dir).parent
    chat(home / "first.jsonl", REAL)
    list(client.stream("add", paths=[str(home / "first.jsonl")], wait=True))
    read_facts(client)
    client.stop()
    for at in range(REAL, size, AT_ONCE):
        part = home / f"rest-{at}.jsonl"
        chat(part, min(AT_ONCE, size - at), seed=at)
        grow(client, part)
    db = sqlite3.connect(client.config.database)
    db.executescript(
        """delete from episode_moments; delete from episodes; delete from episode_words;
        insert into episodes (n, id, since, until, zone, title, people, made_by)
            select distinct n / 20 + 1, 'e' || (n / 20 + 1), 0, 0, 'UTC', '', '[]', '' from moments;
        insert into episode_moments select n, n / 20 + 1 from moments;
        insert into episode_words (rowid, text) select e.episode,
            group_concat(m.speaker || ': ' || m.text, char(10))
            from episode_moments e join moments m on m.n = e.n group by e.episode;"""
    )
    db.close()


def measure(database: Path, size: int) -> list[object]:
    record, dice = Record(database), np.random.default_rng(3)
    words, embedder = FullText(record.store), record.vectors.embedders()[0]
    vector = dice.normal(size=384).astype(np.float32)
    vector /= np.linalg.norm(vector)

    def by_chance(_: object, limit: int) -> dict[int, float]:
        return {int(n): 0.8 for n in dice.choice(size, limit, replace=False) + 1}

    recall = Recall(record, words, by_chance, record.moments.speaker_names)
    times, parts = [], []
    for turn in range(ROUNDS + 1):
        for question in QUESTIONS:
            start = time.thread_time()
            recall(Query(question, datetime.now(UTC), vector=lambda: vector), 10, embedder)
            if turn:  # the first is to warm up
                times.append((time.thread_time() - start) * 1000)
                parts.append(dict(recall.took))
    record.close()
    total = sum(sum(p.values()) for p in parts)
    shares = [f"{sum(p[k] for p in parts) / total:.0%}" for k in ("words", "time", "ranking")]
    p90 = statistics.quantiles(times, n=10)[-1]
    megabytes = database.stat().st_size // 1_000_000
    return [f"{size:,}", f"{statistics.median(times):.1f}", f"{p90:.1f}", *shares, megabytes]


if __name__ == "__main__":
    main()
