#!/usr/bin/env python3
"""Score a memory system on LoCoMo-style conversations: what it recalls, and what it answers.

    python evaluate.py --data dev --adapter MODULE:FACTORY [--answers] [--category NAME ...] [--json OUT]

Only the standard library is used. FACTORY is called once per conversation with an
empty scratch directory and returns an object with:

    add(path)              take in chat.jsonl whole; return when every message can be recalled
    recall(question, k)    best first: [{"ids": [message id, ...], "text": what would go in the prompt}]
    answer(question)       (only with --answers) {"text": str, "refused": bool, "ids": [cited message id, ...]}
    close()                release everything

chat.jsonl holds one message a line: id, conversation, session, time (ISO 8601), speaker, text.

Recall figures (questions that have evidence and an answer; each the mean over questions):
    recall@k     share of the evidence messages that the first k hits cover
    hit@k        whether all of the evidence is covered
    recall@T tok share of the evidence inside the first T tokens of returned text (4 characters a token)
Answer figures:
    f1           LoCoMo's token F1 (lower case, no articles or punctuation, Porter-less), refusal = empty
    refused      adversarial: the share refused, which is right; the others: the share refused, which is wrong
    cited        share of the non-refused answers that cite at least one evidence message
"""

import argparse
import collections
import importlib
import json
import pathlib
import shutil
import statistics
import string
import tempfile
import time

KS, TOKENS = (1, 5, 10, 20), (500, 1000, 2000)


def read(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def words(text):
    text = "".join(c for c in str(text).lower().replace(",", "") if c not in string.punctuation)
    return [w for w in text.split() if w not in ("a", "an", "the", "and")]


def token_f1(prediction, truth):
    p, t = words(prediction), words(truth)
    common = sum((collections.Counter(p) & collections.Counter(t)).values())
    return 0.0 if not common else 2 * common / (len(p) + len(t))


def answer_f1(prediction, truth, category):
    """Multi-hop answers are lists: each part takes its best match, as LoCoMo scores them."""
    if category != "multi-hop":
        return token_f1(prediction, truth)
    parts = [s.strip() for s in str(prediction).split(",")]
    return statistics.fmean(
        max(token_f1(p, t) for p in parts) for t in (s.strip() for s in truth.split(","))
    )


def score_recall(hits, evidence):
    out, seen, used = {}, set(), 0
    gold = set(evidence)
    by_rank, by_token = [], {}
    for hit in hits:
        seen |= set(hit["ids"])
        used += len(hit["text"]) / 4
        by_rank.append(len(seen & gold) / len(gold))
        for t in TOKENS:
            if used <= t:
                by_token[t] = by_rank[-1]
    for k in KS:
        r = by_rank[min(k, len(by_rank)) - 1] if by_rank else 0.0
        out[f"recall@{k}"], out[f"hit@{k}"] = r, float(r == 1.0)
    for t in TOKENS:
        out[f"recall@{t}tok"] = by_token.get(t, 0.0)
    return out


def evaluate(data, factory, answers=False, categories=()):
    rows, times = [], collections.defaultdict(list)
    for folder in sorted(p for p in data.iterdir() if (p / "chat.jsonl").exists()):
        scratch = tempfile.mkdtemp(prefix="locomo-")
        memory = factory(pathlib.Path(scratch))
        messages = len(read(folder / "chat.jsonl"))
        t = time.perf_counter()
        memory.add(folder / "chat.jsonl")
        times["add s/message"].append((time.perf_counter() - t) / messages)
        for q in read(folder / "questions.jsonl"):
            if categories and q["category"] not in categories:
                continue
            row = {"id": q["id"], "category": q["category"]}
            if q["evidence"] and q["category"] != "adversarial":
                t = time.perf_counter()
                hits = memory.recall(q["question"], 50)
                times["recall s"].append(time.perf_counter() - t)
                row |= score_recall(hits, q["evidence"])
            if answers:
                t = time.perf_counter()
                a = memory.answer(q["question"])
                times["answer s"].append(time.perf_counter() - t)
                row["refused"] = float(a["refused"])
                if q["answer"] is not None:
                    row["f1"] = (
                        0.0 if a["refused"] else answer_f1(a["text"], q["answer"], q["category"])
                    )
                    if not a["refused"] and q["evidence"]:
                        row["cited"] = float(bool(set(a["ids"]) & set(q["evidence"])))
            rows.append(row)
        memory.close()
        shutil.rmtree(scratch, ignore_errors=True)
    return rows, times


def table(rows):
    names = [k for k in dict.fromkeys(k for r in rows for k in r) if k not in ("id", "category")]
    groups = collections.defaultdict(list)
    for r in rows:
        groups[r["category"]].append(r)
        if r["category"] != "adversarial":
            groups["ALL but adversarial"].append(r)
    out = {}
    for g, rs in sorted(groups.items()):
        out[g] = {"n": len(rs)} | {
            n: round(statistics.fmean(r[n] for r in rs if n in r), 4)
            for n in names
            if any(n in r for r in rs)
        }
    return out


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--data", type=pathlib.Path, required=True)
    p.add_argument("--adapter", required=True)
    p.add_argument("--answers", action="store_true")
    p.add_argument("--category", nargs="+", default=[], help="only questions of these kinds")
    p.add_argument("--json", type=pathlib.Path)
    a = p.parse_args()
    module, _, factory = a.adapter.partition(":")
    make = getattr(importlib.import_module(module), factory)
    rows, times = evaluate(a.data, make, a.answers, a.category)
    result = table(rows)
    for g, figures in result.items():
        print(f"{g:20s}", "  ".join(f"{k} {v}" for k, v in figures.items()))
    for name, ts in times.items():
        q = sorted(ts)
        print(
            f"{name}: median {q[len(q) // 2]:.5f}  p95 {q[int(len(q) * 0.95)]:.5f}  max {q[-1]:.5f}"
        )
    if a.json:
        a.json.write_text(json.dumps({"table": result, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
