"""Answers about the demo life (`assets/demo`), each question judged by a pattern.

    python benchmarks/demo_life.py [--wrong]

Through the real core, with the default models: the life is taken in, then every question of
`demo_questions.py` is asked, those of a conversation in their order.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from core_of_its_own import scratch_core
from demo_questions import CONVERSATIONS, QUESTIONS

from secondme.core.client import CoreClient

DEMO = Path(__file__).resolve().parents[1] / "assets" / "demo"
NOW = "2026-03-01T12:00:00+01:00"


def right(truth: str, result: dict[str, Any]) -> bool:
    """Whether an answer says what is true, or is a refusal where that is right."""
    if result["refused"]:
        return not truth or truth.startswith("none: ")
    found = re.search(truth.removeprefix("none: "), result["answer"], re.IGNORECASE)
    return bool(truth) and found is not None


def asked(client: CoreClient) -> list[tuple[str, str, dict[str, Any]]]:
    """Every question with its pattern and what came back."""
    rows = []
    for question, truth in QUESTIONS:
        *_, result = client.stream("ask", question=question, now=NOW)
        rows.append((question, truth, result))
    for n, conversation in enumerate(CONVERSATIONS):
        for question, truth in conversation:
            *_, result = client.stream("chat", message=question, conversation=f"{n}", private=True)
            rows.append((question, truth, result))
    return rows


def main() -> None:
    """Ask all and print how many answers are right, wrong, and wrongly refused."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wrong", action="store_true", help="print each wrong answer")
    given = parser.parse_args()
    with scratch_core() as client:
        *_, result = client.stream("add", paths=[str(DEMO)], wait=True)
        assert not result["skipped"], result["skipped"]
        while client.call("facts-read", seconds=600.0)["unread"]:
            pass
        rows = asked(client)
    wrong = [row for row in rows if not right(*row[1:])]
    if given.wrong:
        for question, truth, result in wrong:
            print(f"{question} | {truth} | {result['answer']}")
    refused = sum(result["refused"] for *_, result in wrong)
    print(
        f"{len(rows)} questions: {len(rows) - len(wrong)} right, {refused} wrongly refused,"
        f" {len(wrong) - refused} wrong"
    )


if __name__ == "__main__":
    main()
