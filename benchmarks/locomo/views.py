"""What each view of recall is worth: recall with all of them, and without each, by kind of question.

    python views.py --data DATA [--without time]

Every conversation is taken in by the real core once; recall then runs in this process over its record,
with exact neighbours in place of the index. A question's present is the end of its conversation.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from evaluate import read, score_recall

from secondme import config
from secondme.core.client import CoreClient
from secondme.index.fulltext import FullText
from secondme.memory.recall import Query, Recall
from secondme.memory.recall.meaning import question_vector
from secondme.model import catalog, fetch
from secondme.model.embed import Embedder
from secondme.record import Record
from secondme.record.moments import StoredMoment

EMBEDDER = "e5-small"
KS = ("recall@1", "recall@5", "recall@10", "recall@20", "recall@1000tok")


class Memory:
    """One conversation: its record, the neighbours of a vector, and its questions with theirs."""

    def __init__(self, folder: Path, home: str, embedder: Embedder) -> None:
        os.environ["SECONDME_HOME"] = home
        client = CoreClient(config.load(), "benchmark")
        list(client.stream("add", paths=[str((folder / "chat.jsonl").resolve())], wait=True))
        list(client.stream("consolidate", now=True))
        while client.call("facts-read", seconds=600.0)["unread"]:
            pass
        client.stop()
        self.conversation = folder.name
        self.record = Record(client.config.database)
        self.words = FullText(self.record.store)
        self.name = self.record.vectors.embedders()[0]
        numbers = [r[0] for r in self.record.store.query("select n from moments where live = 1")]
        self.numbers, self.matrix = self.record.vectors.matrix(self.name, numbers)
        self.now = max(m.time for m in self.record.moments.by_number(numbers).values())
        names = self.record.moments.speaker_names()
        self.questions = [
            (q, question_vector(embedder.query, q["question"], names))
            for q in read(folder / "questions.jsonl")
            if q["evidence"] and q["category"] != "adversarial"
        ]

    def nearest(self, vector: np.ndarray, limit: int) -> Mapping[int, float]:
        cosines = self.matrix @ vector
        return {self.numbers[i]: float(cosines[i]) for i in np.argsort(-cosines)[:limit]}

    def run(self, without: str | None) -> list[dict]:
        """A row a question: recall at each k, its kind, and whether it names a time."""
        recall = Recall(self.record, self.words, self.nearest, self.record.moments.speaker_names)
        rows = []
        for question, vector in self.questions:
            query = Query(question["question"], self.now, vector=lambda known=vector: known)
            timed = bool(recall(query, 1, self.name)) and bool(recall.asked_times)
            kept = recall.views
            recall.views = [view for view in kept if view.name != without]
            hits = recall(query, 50, self.name)
            recall.views = kept
            found = [{"ids": [hit.moment.external_id], "text": line(hit.moment)} for hit in hits]
            kinds = [question["category"], "all", f"conversation {self.conversation}"]
            kind = {"kinds": [*kinds, *(["names a time"] if timed else [])]}
            rows.append(kind | score_recall(found, question["evidence"]))
        return rows


def line(moment: StoredMoment) -> str:
    """A moment as whoever asks gets it."""
    return f"{moment.time:%Y-%m-%d} {moment.speaker}: {moment.text}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--without", nargs="*", help="these views alone; by default each in turn")
    options = parser.parse_args()
    settings = config.load()
    os.environ["SECONDME_MODELS_DIR"] = str(settings.models_dir)
    path = fetch.local_path(catalog.find(EMBEDDER), settings.models_dir)
    assert path is not None, f"fetch the model first: secondme model fetch {EMBEDDER}"
    embedder = Embedder.open(path, settings.models_dir / "converted", 2)
    folders = sorted(p for p in options.data.iterdir() if (p / "chat.jsonl").exists())
    with tempfile.TemporaryDirectory(prefix="views-") as scratch:
        memories = [Memory(f, f"{scratch}/{f.name}", embedder) for f in folders]
        first = memories[0]
        views = [v.name for v in Recall(first.record, first.words, first.nearest, list).views]
        print("| views | kind | n | " + " | ".join(KS) + " |\n" + "|---" * (3 + len(KS)) + "|")
        for without in [None, *(options.without or views)]:
            show(without, [row for memory in memories for row in memory.run(without)])
        for memory in memories:
            memory.record.close()


def show(without: str | None, rows: list[dict]) -> None:
    by_kind = defaultdict(list)
    for row in rows:
        for kind in row["kinds"]:
            by_kind[kind].append(row)
    for kind, some in sorted(by_kind.items()):
        figures = " | ".join(f"{statistics.fmean(r[k] for r in some):.4f}" for k in KS)
        print(
            f"| {f'without {without}' if without else 'all'} | {kind} | {len(some)} | {figures} |"
        )


if __name__ == "__main__":
    main()
