"""The public LoCoMo file as folders for `evaluate.py`: one a conversation, with chat and questions.

    python convert.py locomo10.json FOLDER

LoCoMo (Maharana et al. 2024, "Evaluating Very Long-Term Conversational Memory of LLM Agents") is
licensed CC BY-NC 4.0: for evaluation only. It is not part of this repository.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial"}
TURN = timedelta(seconds=30)


def main() -> None:
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    for sample in json.loads(source.read_text(encoding="utf-8")):
        name = re.sub(r"\D", "", str(sample["sample_id"])) or str(sample["sample_id"])
        folder = target / name
        folder.mkdir(parents=True, exist_ok=True)
        write(folder / "chat.jsonl", messages(sample["conversation"], name))
        write(folder / "questions.jsonl", questions(sample["qa"], name))
        print(folder)


def write(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    path.write_text(
        "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8"
    )


def messages(conversation: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    number = 1
    while f"session_{number}_date_time" in conversation:
        start = datetime.strptime(
            conversation[f"session_{number}_date_time"], "%I:%M %p on %d %B, %Y"
        )
        for i, turn in enumerate(conversation.get(f"session_{number}", [])):
            photo = (
                f" [shares a photo of {turn['blip_caption']}]" if turn.get("blip_caption") else ""
            )
            yield {
                "id": turn["dia_id"],
                "conversation": name,
                "session": number,
                "time": (start + i * TURN).isoformat(),
                "speaker": turn["speaker"],
                "text": turn["text"] + photo,
            }
        number += 1


def questions(rows: list[dict[str, Any]], name: str) -> Iterator[dict[str, Any]]:
    for i, row in enumerate(rows):
        category = CATEGORIES[row["category"]]
        evidence = [
            e for each in row.get("evidence", []) for e in re.findall(r"D\d+:\d+", str(each))
        ]
        answer = row.get("answer")
        yield {
            "id": f"{name}-{i}",
            "category": category,
            "question": row["question"],
            "answer": None if category == "adversarial" or answer is None else str(answer),
            "evidence": evidence,
        }


if __name__ == "__main__":
    main()
