"""Taking in: moments a second until findable by words, and until embedded; memory idle and busy.

    python benchmarks/ingest.py [--words 20000] [--embed 1500]

Baselines in the same run: SQLite FTS5 alone given the same texts, and two threads of the bare embedder
given the same windows.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import threading
import time
from pathlib import Path

from core_of_its_own import scratch_core, table
from life import chat

from secondme import config
from secondme.core.client import CoreClient
from secondme.ingest.embedding import window_text
from secondme.model import catalog, fetch
from secondme.model.embed import Embedder
from secondme.record import Record


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--words", type=int, default=20_000)
    parser.add_argument("--embed", type=int, default=1500)
    options = parser.parse_args()
    rows = [*by_words(options.words), fts_alone(options.words)]
    print(table(["findable by words", "moments", "seconds", "moments/s"], rows), "\n", flush=True)
    rows, memory = embedded(options.embed)
    print(table(["embedded", "moments", "seconds", "moments/s"], rows), "\n")
    print(table(["resident MB", "core", "index", "embedder"], memory))


def by_words(count: int) -> list[list[object]]:
    """Until all can be found by words, and until all have been read for the times they mention."""
    with tempfile.TemporaryDirectory() as empty, scratch_core(models_dir=empty) as client:
        path = Path(client.config.data_dir).parent / "chat.jsonl"
        chat(path, count)
        client.call("status")
        start = time.perf_counter()
        list(client.stream("add", paths=[str(path)]))
        found = time.perf_counter() - start
        db = sqlite3.connect(f"file:{client.config.database}?mode=ro", uri=True)
        while db.execute("select exists (select 1 from times_due)").fetchone()[0]:
            time.sleep(0.05)
        read = time.perf_counter() - start
        db.close()
        return [row("Second Me", count, found), row("the same, times read", count, read)]


def fts_alone(count: int) -> list[object]:
    import json

    with tempfile.TemporaryDirectory() as folder:
        chat(Path(folder) / "chat.jsonl", count)
        start = time.perf_counter()
        db = sqlite3.connect(f"{folder}/fts.sqlite3")
        db.execute("create virtual table t using fts5(body, tokenize='porter unicode61')")
        lines = (Path(folder) / "chat.jsonl").read_text().splitlines()
        db.executemany("insert into t values (?)", ((json.loads(line)["text"],) for line in lines))
        db.commit()
        return row("FTS5 alone", count, time.perf_counter() - start)


def embedded(count: int) -> tuple[list[list[object]], list[list[object]]]:
    with scratch_core() as client:
        home = Path(client.config.data_dir).parent
        chat(home / "first.jsonl", 64, seed=5)
        list(client.stream("add", paths=[str(home / "first.jsonl")], wait=True))  # workers are warm
        memory = [["idle", *resident(client)]]
        chat(home / "chat.jsonl", count)
        peak = [0.0, 0.0, 0.0]
        done = threading.Event()
        watcher = threading.Thread(target=watch, args=(client.config, peak, done))
        watcher.start()
        start = time.perf_counter()
        list(client.stream("add", paths=[str(home / "chat.jsonl")]))
        while client.call("core-status")["pending"]:
            time.sleep(0.05)
        rows = [row("Second Me, two threads", count, time.perf_counter() - start)]
        done.set()
        watcher.join()
        memory.append(["highest while embedding", *peak])
        client.stop()
        record = Record(client.config.database)
        numbers = [r[0] for r in record.store.query("select n from moments order by n")][-count:]
        texts = [window_text(w) for w in record.moments.windows(numbers).values()]
        record.close()
    rows.append(bare_embedder(texts))
    rows[0].append(
        f"{float(rows[0][3].replace(',', '')) / float(rows[1][3].replace(',', '')):.2f} of bare"
    )
    return [rows[0][:4], rows[1][:4], ["share", "", "", rows[0][4]]], memory


def watch(settings: config.Config, peak: list[float], done: threading.Event) -> None:
    client = CoreClient(settings, "benchmark")
    while not done.wait(0.2):
        peak[:] = [max(a, b) for a, b in zip(peak, resident(client), strict=True)]


def resident(client: CoreClient) -> list[float]:
    status = client.call("core-status")
    workers = {w["role"]: w["resident_mb"] or 0.0 for w in status["workers"]}
    return [status["resident_mb"], workers.get("index", 0.0), workers.get("embedder", 0.0)]


def bare_embedder(texts: list[str]) -> list[object]:
    """The embedder itself with two threads, no process, record or index around it."""
    settings = config.load()
    path = fetch.local_path(catalog.find("e5-small"), settings.models_dir)
    assert path is not None, "fetch the model first: secondme model fetch e5-small"
    embedder = Embedder.open(path, settings.models_dir / "converted", 2)
    embedder.passages(texts[:32])
    start = time.perf_counter()
    ordered = sorted(texts, key=len)
    for at in range(0, len(ordered), 32):
        embedder.passages(ordered[at : at + 32])
    return row("bare embedder, two threads", len(texts), time.perf_counter() - start)


def row(name: str, count: int, seconds: float) -> list[object]:
    return [name, f"{count:,}", f"{seconds:.2f}", f"{count / seconds:,.0f}"]


if __name__ == "__main__":
    main()
