"""What each view of recall is worth: the same questions with one view left out at a time.

    python ablation.py --data DATA      # folders made by convert.py

In one process, without the core: the product's record, word index, episodes and recall; the nearest by
meaning are found by comparing with every vector. The question is asked a day after the last message.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from evaluate import read, score_recall, table

from secondme import config
from secondme.index.fulltext import FullText
from secondme.ingest.embedding import window_text
from secondme.memory.cutting import Cutting
from secondme.memory.recall import Query, Recall
from secondme.memory.recall.meaning import question_vector
from secondme.model import catalog, fetch
from secondme.model.embed import Embedder
from secondme.plugin import Moment
from secondme.record import Record
from secondme.record.items import Arrival

NAME = "e5-small"
FIGURES = ("recall@1", "recall@5", "recall@10", "recall@20", "recall@1000tok")


class Memory:
    """One conversation, taken in, embedded and cut into episodes."""

    def __init__(self, folder: Path, scratch: Path, embedder: Embedder) -> None:
        self.record = Record(scratch / f"{folder.name}.sqlite3")
        self.words = FullText(self.record.store)
        self.embedder = embedder
        moments = [
            Moment(
                text=m["text"],
                speaker=m["speaker"],
                time=datetime.fromisoformat(m["time"]).replace(tzinfo=UTC),
                session=str(m["session"]),
                external_id=m["id"],
            )
            for m in read(folder / "chat.jsonl")
        ]
        self.now = max(m.time for m in moments) + timedelta(days=1)
        with self.record.store.write():
            entry = self.record.journal.begin("add", "benchmark")
            arrival = Arrival("chat", None, "chat", "text/plain", b"", 0, None)
            self.record.items.take(arrival, moments, entry)
        numbers = self.record.vectors.missing(NAME, len(moments))
        windows = self.record.moments.windows(numbers)
        for at in range(0, len(numbers), 32):
            part = numbers[at : at + 32]
            self.record.vectors.put(
                NAME, part, embedder.passages([window_text(windows[n]) for n in part])
            )
        self.numbers, self.vectors = self.record.vectors.matrix(NAME, numbers)
        cutting = Cutting(self.record, self.words, lambda: NAME)
        while cutting.some():
            pass

    def nearest(self, vector: np.ndarray, k: int) -> Mapping[int, float]:
        cosines = self.vectors @ vector
        return {self.numbers[i]: float(cosines[i]) for i in np.argsort(-cosines)[:k]}

    def vector(self, question: str) -> np.ndarray:
        return question_vector(self.embedder.query, question, self.record.moments.speaker_names())

    def recall(self, question: str, vector: np.ndarray, without: str) -> list[dict[str, object]]:
        names = self.record.moments.speaker_names
        recall = Recall(self.record, self.words, self.nearest, names)
        recall.views = [view for view in recall.views if view.name != without]
        hits = recall(Query(question, self.now, vector=vector), 50, NAME)
        return [
            {
                "ids": [h.moment.external_id],
                "text": f"{h.moment.time:%Y-%m-%d} {h.moment.speaker}: {h.moment.text}",
            }
            for h in hits
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    folders = sorted(p.parent for p in parser.parse_args().data.glob("*/chat.jsonl"))
    settings = config.load()
    packed = fetch.fetch(catalog.find(NAME), settings.models_dir)
    embedder = Embedder.open(packed, settings.models_dir / "converted")
    with tempfile.TemporaryDirectory() as scratch:
        memories = [Memory(folder, Path(scratch), embedder) for folder in folders]
        asked = [
            (memory, q, memory.vector(q["question"]))
            for folder, memory in zip(folders, memories, strict=True)
            for q in read(folder / "questions.jsonl")
            if q["evidence"] and q["category"] != "adversarial"
        ]
        print("| | " + " | ".join(FIGURES) + " | multi-hop @10 |\n|" + "---|" * (len(FIGURES) + 2))
        views = [
            view.name for view in Recall(memories[0].record, memories[0].words, dict, list).views
        ]
        for without in ("", *(name for name in views if name != "words")):
            rows = [
                {"id": q["id"], "category": q["category"]}
                | score_recall(memory.recall(q["question"], vector, without), q["evidence"])
                for memory, q, vector in asked
            ]
            found = table(rows)
            every = [f"{found['ALL but adversarial'][figure]:.3f}" for figure in FIGURES]
            hop = f"{found['multi-hop']['recall@10']:.3f}"
            print(
                "| " + " | ".join([f"without {without}" if without else "all", *every, hop]) + " |"
            )


if __name__ == "__main__":
    main()
