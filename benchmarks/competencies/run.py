"""What a memory has to be able to do, on invented lives with known truth, through the real core.

    python benchmarks/competencies/run.py [--moments 1000] [--seeds 2] [--half open|hidden|both] [--wrong]
        [--without-model] [--json OUT]

Answers of `ask` beside a baseline: the one message that BM25 ranks first, as it stands. An answer is right
when it says all of the truth and none of what was true before or of others; of what was never said, when it
is a refusal, which the baseline never is. `--without-model` asks no language model: what it would be needed
for is wrong.
"""

from __future__ import annotations

import argparse
import json
import re
import sqlite3
import sys
import tempfile
import time
import unicodedata
from collections import defaultdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core_of_its_own import percentile, scratch_core, table
from lives import KINDS, ME, NOW, Life, Question

from secondme.core.client import CoreClient
from secondme.errors import SecondMeError

_TIMES = {"once": "1", "twice": "2"}
_NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve".split()


def _tokens(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    words = re.findall(r"\w+", "".join(c for c in plain if not unicodedata.combining(c)))
    return f" {' '.join(_TIMES.get(w) or (str(_NUMBERS.index(w)) if w in _NUMBERS else w) for w in words)} "


def right(question: Question, answer: str, refused: bool) -> bool:
    """Whether an answer says what is true, all of it and nothing else."""
    if refused or not question.truth:
        return refused and not question.truth
    said = _tokens(answer)
    if question.truth[0] in ("yes", "no"):
        return said.split()[:1] == list(question.truth)
    if question.truth[0].isdigit():  # a bare number, not that of a date
        return re.findall(r"(?<!\S)\d+(?!\S)", said)[:1] == [question.truth[0]]
    return all(_tokens(t) in said for t in question.truth) and not any(
        _tokens(w) in said for w in question.wrong
    )


class Words:
    """The baseline: what BM25 puts first."""

    def __init__(self, life: Life) -> None:
        self._db = sqlite3.connect(":memory:")
        self._db.execute("create virtual table m using fts5(id, text, speaker, tokenize='porter')")
        rows = [(m.id, m.text, m.speaker) for m in life.messages]
        self._db.executemany("insert into m values (?,?,?)", rows)

    def answer(self, question: Question) -> str:
        for id_ in question.forget:
            self._db.execute("delete from m where id = ?", (id_,))
        terms = " OR ".join(f'"{w}"' for w in re.findall(r"\w+", question.text))
        row = self._db.execute("select text from m where m match ? order by rank limit 1", (terms,))
        return next(iter(row.fetchone() or ("",)))


class Asked:
    """One life in a core of its own."""

    def __init__(self, client: CoreClient, life: Life) -> None:
        self._client = client
        self._text = {m.id: m.text for m in life.messages}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "life.jsonl"
            path.write_text("".join(json.dumps(line) + "\n" for line in life.lines()), "utf-8")
            *_, result = client.stream("add", paths=[str(path)], wait=True)
            assert not result["skipped"], result["skipped"]
        while client.call("facts-read", seconds=600.0)["unread"]:
            pass

    def answer(self, question: Question) -> dict[str, Any]:
        for id_ in question.forget:
            hits = self._client.call("recall", question=self._text[id_], k=20)["hits"]
            found = next(h["id"] for h in hits if h["external_id"] == id_)
            self._client.call("forget", ids=[found], hard=True)
        try:
            *_, result = self._client.stream(
                "ask", question=question.text, now=NOW.isoformat(), **question.params
            )
        except SecondMeError as error:
            return {"answer": error.line(), "refused": False, "citations": [], "model": ""}
        return result


def run(
    moments: int, seed: int, half: str, settings: dict[str, str], shown: bool
) -> list[dict[str, Any]]:
    """Every question of one life: kind, whether each answer is right, and how long it took."""
    life, rows = Life(moments, seed, half), []
    words = Words(life)
    with scratch_core(me=ME, **settings) as client:
        asked = Asked(client, life)
        for question in sorted(life.questions, key=lambda q: bool(q.forget)):
            start = time.perf_counter()
            result = asked.answer(question)
            took = time.perf_counter() - start
            good = right(question, result["answer"], result["refused"])
            row = {
                "kind": question.kind, "half": half, "right": good, "seconds": took,
                "words": right(question, words.answer(question), refused=False),
                "question": question.text, "truth": question.truth, "answer": result["answer"],
                "refused": result["refused"], "cites": len(result["citations"]),
            }  # fmt: skip
            rows.append(row)
            if shown and not good and half == "open":
                print(f"{question.kind:12} {question.text} | {question.truth} | {result['answer']}")
    return rows


def main() -> None:
    """Ask every life's questions and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moments", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--half", choices=("open", "hidden", "both"), default="both")
    parser.add_argument(
        "--wrong", action="store_true", help="print each wrong answer of the open half"
    )
    parser.add_argument("--without-model", action="store_true")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    settings = {"language_model": "qwen2.5-coder-1.5b"} if given.without_model else {}
    halves = ("open", "hidden") if given.half == "both" else (given.half,)
    rows = [
        row
        for half in halves
        for seed in range(1, given.seeds + 1)
        for row in run(given.moments, seed, half, settings, given.wrong)
    ]
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["kind"], row["half"]].append(row)
        groups["all", row["half"]].append(row)
    out = []
    for kind, says in [*KINDS.items(), ("all", "")]:
        line: list[object] = [f"{kind}: {says}" if says else "**all**"]
        for half in halves:
            found = groups[kind, half]
            line += [len(found), *(f"{sum(r[k] for r in found) / len(found):.2f}" for k in ("words", "right"))]  # fmt: skip
        out.append(line)
    head = ["", *(c for half in halves for c in (f"n, {half}", "words", "Second Me"))]
    print(f"{given.moments:,} moments, {given.seeds} lives a half\n")
    print(table(head, out))
    took = [row["seconds"] for row in rows]
    print(f"\nan answer: p50 {percentile(took, 0.5):.3f} s, p95 {percentile(took, 0.95):.3f} s")
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
