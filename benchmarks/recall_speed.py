"""Recall through the socket, warm, as the memory grows; Chroma alone beside it in the same run.

    python benchmarks/recall_speed.py [--sizes 1000 10000 100000] [--real]

Vectors: with `--real` every moment is embedded (about 90 a second); otherwise the stored vectors are
real ones of 2,000 moments, mixed and jittered, since speed does not depend on what they mean. The
question is always embedded by the real model.
"""

from __future__ import annotations

import argparse
import sqlite3
import time
from pathlib import Path

import numpy as np
from core_of_its_own import percentile, scratch_core, table
from life import QUESTIONS, chat

ROUNDS = 12
REAL = 2000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--real", action="store_true")
    options = parser.parse_args()
    rows, bare = [], []
    for size in options.sizes:
        with scratch_core() as client:
            fill(client, size, options.real)
            rows.append(measure(client, size))
            bare.append(chroma_alone(client, size))
            print(rows[-1], bare[-1], flush=True)
    head = [
        "moments",
        "p50 ms",
        "p99 ms",
        "embedding",
        "FTS5",
        "Chroma",
        "ranking",
        "core MB",
        "index MB",
        "embedder MB",
    ]
    print(table(head, rows))
    print()
    print(table(["moments", "Chroma alone, 200 neighbours, p50 ms", "p99 ms"], bare))


def fill(client, size: int, real: bool) -> None:
    home = Path(client.config.data_dir).parent
    first = min(size, REAL) if not real else size
    chat(home / "first.jsonl", first)
    list(client.stream("add", paths=[str(home / "first.jsonl")], wait=True))
    read_facts(client)
    if size > first:
        chat(home / "rest.jsonl", size - first, seed=2)
        client.stop()
        grow(client, home / "rest.jsonl")
    while (
        client.call("core-status")["pending"]
        or client.call("core-status")["index"]["state"] != "ready"
    ):
        time.sleep(0.5)
    list(client.stream("index-rebuild")) if size > first else None
    client.stop()  # at rest: as after a start
    client.call("recall", question="warm up")
    while client.call("core-status")["index"]["state"] != "ready":
        time.sleep(0.2)
    list(client.stream("consolidate", now=True))
    read_facts(client)


def read_facts(client) -> None:
    """Wait until the background has read everything, so that nothing runs beside what is measured."""
    while client.call("facts-read", seconds=600.0)["unread"]:
        pass


def grow(client, path: Path) -> None:
    """Add a chat by words alone, then give its moments vectors made from real ones."""
    import os

    os.environ["SECONDME_MODELS_DIR"] = str(client.config.data_dir / "none")
    from secondme import config
    from secondme.core.client import CoreClient

    bare = CoreClient(config.load(), "benchmark")
    list(bare.stream("add", paths=[str(path)]))
    bare.stop()
    os.environ["SECONDME_MODELS_DIR"] = str(client.config.models_dir)
    db = sqlite3.connect(client.config.database)
    name, blobs = "", []
    for name, blob in db.execute("select embedder, vector from vectors where n <= ?", (REAL,)):
        blobs.append(np.frombuffer(blob, "<f2").astype(np.float32))
    base, dice = np.stack(blobs), np.random.default_rng(7)
    missing = [
        r[0] for r in db.execute("select n from moments where n not in (select n from vectors)")
    ]
    for at in range(0, len(missing), 5000):
        part = missing[at : at + 5000]
        mixed = (
            base[dice.integers(len(base), size=len(part))]
            + base[dice.integers(len(base), size=len(part))]
        )
        mixed += dice.normal(scale=0.02, size=mixed.shape)
        mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
        db.executemany(
            "insert into vectors (n, embedder, vector, indexed) values (?, ?, ?, 0)",
            [(n, name, v.astype("<f2").tobytes()) for n, v in zip(part, mixed, strict=True)],
        )
    db.execute("insert or ignore into alike select n, n from moments")  # compared, none the same
    db.execute(  # read for facts, with verbs of real ones: without a model some were read by rules alone
        "insert or replace into readings (n, extractor, verbs) select m.n, r.extractor, r.verbs"
        f" from moments m join readings r on r.n = 1 + m.n % {len(base)} where m.n > {len(base)}"
    )
    db.commit()
    db.close()


def measure(client, size: int) -> list[object]:
    for question in QUESTIONS:
        client.call("recall", question=question)
    times, parts = [], []
    for _ in range(ROUNDS):
        for question in QUESTIONS:
            start = time.perf_counter()
            result = client.call("recall", question=question, explain=True)
            times.append((time.perf_counter() - start) * 1000)
            parts.append(result["took"])
    status = client.call("core-status")
    resident = {w["role"]: w["resident_mb"] for w in status["workers"]}
    total = sum(p["total"] for p in parts)
    share = {
        k: f"{sum(p[k] for p in parts) / total:.0%}"
        for k in ("embedding", "words", "meaning", "ranking")
    }
    return [
        f"{size:,}",
        f"{percentile(times, 0.5):.1f}",
        f"{percentile(times, 0.99):.1f}",
        share["embedding"],
        share["words"],
        share["meaning"],
        share["ranking"],
        status["resident_mb"],
        resident.get("index"),
        resident.get("embedder"),
    ]


def chroma_alone(client, size: int) -> list[object]:
    """The same vectors in a bare Chroma collection of the caller's own process."""
    import tempfile

    import chromadb

    db = sqlite3.connect(f"file:{client.config.database}?mode=ro", uri=True)
    rows = db.execute("select n, vector from vectors").fetchall()
    vectors = np.stack([np.frombuffer(r[1], "<f2").astype(np.float32) for r in rows])
    with tempfile.TemporaryDirectory() as folder:
        collection = chromadb.PersistentClient(folder).create_collection(
            "bare", metadata={"hnsw:space": "cosine"}, embedding_function=None
        )
        for at in range(0, len(rows), 5000):
            collection.upsert(
                [str(r[0]) for r in rows[at : at + 5000]], embeddings=vectors[at : at + 5000]
            )
        times = []
        for i in range(ROUNDS * len(QUESTIONS)):
            vector = vectors[i * 37 % len(vectors)]
            start = time.perf_counter()
            collection.query(
                query_embeddings=[vector], n_results=min(200, len(rows)), include=["distances"]
            )
            times.append((time.perf_counter() - start) * 1000)
    return [f"{size:,}", f"{percentile(times, 0.5):.1f}", f"{percentile(times, 0.99):.1f}"]


if __name__ == "__main__":
    main()
