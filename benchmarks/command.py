"""`secondme recall` as a whole process, on a warm core, beside what it must pay anyway.

    python benchmarks/command.py [--runs 30]

Baselines in the same run, taken in turn: `python -c pass`, `python -c "import typer"`, and the same query
by a script that imports chromadb and opens the index itself (with the question's vector given to it).
All of them with compiled bytecode, as `pip install` leaves it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from core_of_its_own import percentile, scratch_core, table
from life import QUESTIONS, chat

OWN_SCRIPT = """
import sys, chromadb, numpy as np
c = chromadb.PersistentClient(sys.argv[1]).get_collection("bare", embedding_function=None)
print(c.query(query_embeddings=np.ones((1, 384), np.float32), n_results=10)["ids"])
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=30)
    options = parser.parse_args()
    with scratch_core() as client:
        home = Path(client.config.data_dir).parent
        chat(home / "chat.jsonl", 1000)
        list(client.stream("add", paths=[str(home / "chat.jsonl")], wait=True))
        bare_chroma(client, home / "bare")
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            'python -c "import typer"': [sys.executable, "-c", "import typer"],
            "secondme recall": [
                str(Path(sys.executable).parent / "secondme"),
                "recall",
                QUESTIONS[0],
            ],
            "a script with chromadb": [sys.executable, "-c", OWN_SCRIPT, str(home / "bare")],
        }
        env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        times: dict[str, list[float]] = {name: [] for name in commands}
        for run in range(options.runs + 1):
            for name, command in commands.items():
                start = time.perf_counter()
                subprocess.run(
                    command,
                    env=env,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    check=True,
                )
                if run:  # the first writes the bytecode that an installed package comes with
                    times[name].append((time.perf_counter() - start) * 1000)
    base = times['python -c "import typer"']
    rows = []
    for name, taken in times.items():
        ratio = percentile([t / b for t, b in zip(taken, base, strict=True)], 0.5)
        rows.append(
            [
                f"`{name}`",
                f"{percentile(taken, 0.5):.0f}",
                f"{percentile(taken, 0.9):.0f}",
                f"{ratio:.2f}",
            ]
        )
    print(table(["command", "p50 ms", "p90 ms", "beside typer, median of pairs"], rows))


def bare_chroma(client, folder: Path) -> None:
    """The memory's vectors in a plain Chroma collection."""
    import sqlite3

    import chromadb
    import numpy as np

    rows = (
        sqlite3.connect(client.config.database).execute("select n, vector from vectors").fetchall()
    )
    collection = chromadb.PersistentClient(str(folder)).create_collection(
        "bare", embedding_function=None
    )
    vectors = np.stack([np.frombuffer(r[1], "<f2").astype(np.float32) for r in rows])
    collection.upsert([str(r[0]) for r in rows], embeddings=vectors)


if __name__ == "__main__":
    main()
