"""How long an answer takes: to the first word, and in all.

    python benchmarks/answer_speed.py

Through the real core over the demo life (`assets/demo`), with the default models, warm: each question of
`demo_questions.py` for which the language model reads. Beside it, in the same run, the model alone on
the eight best moments of the same questions.
"""

from __future__ import annotations

import os
import time
from datetime import datetime
from typing import Any

from core_of_its_own import percentile, scratch_core, table
from demo_life import DEMO, NOW
from demo_questions import QUESTIONS

from secondme import config
from secondme.core.client import CoreClient
from secondme.memory import prompt
from secondme.memory.evidence import Evidence
from secondme.model import catalog
from secondme.model.chat import Message, Token
from secondme.model.llama import LanguageModel

_EIGHT = 8


def main() -> None:
    """Ask, time, and print the table."""
    with scratch_core() as client:
        *_, result = client.stream("add", paths=[str(DEMO)], wait=True)
        assert not result["skipped"], result["skipped"]
        while client.call("facts-read", seconds=600.0)["unread"]:
            pass
        list(client.stream("ask", question=QUESTIONS[0][0], now=NOW))
        asked = [_asked(client, question) for question, _ in QUESTIONS]
        read = [
            question for (question, _), row in zip(QUESTIONS, asked, strict=True) if row["first"]
        ]
        hits = {q: client.call("recall", question=q, k=_EIGHT, now=NOW)["hits"] for q in read}
    rows: list[list[object]] = [
        _row("recall", [row["recall"] for row in asked]),
        _row("answered or refused without the model", [r["took"] for r in asked if not r["first"]]),
        _row("**to the first word**", [row["first"] for row in asked if row["first"]]),
        _row("**the answer, checked**", [row["took"] for row in asked if row["first"]]),
    ]
    rows += _alone([_eight(question, hits[question]) for question in read])
    print(table(["", "questions", "median, s", "95 %, s"], rows))


def _asked(client: CoreClient, question: str) -> dict[str, float]:
    *_, result = client.stream("ask", question=question, now=NOW)
    return {
        "recall": result["recall_ms"] / 1000,
        "first": (result["first_word_ms"] or 0.0) / 1000,
        "took": result["took_ms"] / 1000,
    }


def _eight(question: str, hits: list[dict[str, Any]]) -> prompt.Prompt:
    """The prompt of eight moments."""
    evidence = [
        Evidence(
            id=hit["id"],
            external_id=hit["external_id"],
            text=hit["text"],
            time=datetime.fromisoformat(hit["time"]),
            speaker=hit["speaker"],
            source=hit["source"],
            score=hit["score"],
        )
        for hit in hits
    ]
    in_time = sorted(evidence, key=lambda e: e.time)
    return prompt.written(question, in_time, "short", datetime.fromisoformat(NOW))


def _alone(prompts: list[prompt.Prompt]) -> list[list[object]]:
    """The model's time to its first word for these prompts."""
    entry = catalog.find(config.load().language_model)
    path = config.load().models_dir / f"{entry.name}.gguf"
    model = LanguageModel(path, name=entry.name, threads=len(os.sched_getaffinity(0)), context=4096)
    seconds = [_first(model, messages, fixed) for messages, fixed in prompts]
    return [_row("the model alone, eight moments, to the first word", seconds)]


def _first(model: LanguageModel, messages: list[Message], fixed: int) -> float:
    started = time.perf_counter()
    pieces = model.chat(messages, max_tokens=8, stop=["\n"], fixed=fixed)
    next((piece for piece in pieces if isinstance(piece, Token)), None)
    return time.perf_counter() - started


def _row(name: str, seconds: list[float]) -> list[object]:
    middle, most = percentile(seconds, 0.5), percentile(seconds, 0.95)
    return [name, len(seconds), f"{middle:.2f}", f"{most:.2f}"]


if __name__ == "__main__":
    main()
