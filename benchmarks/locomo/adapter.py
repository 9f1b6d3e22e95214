"""Second Me for `evaluate.py`: the real core in a scratch home, through its socket.

    python evaluate.py --data FOLDER --adapter adapter:SecondMe [--answers]
    python evaluate.py --data FOLDER --adapter adapter:Best

The models must have been fetched. `SECONDME_BENCH_MODEL` names another language model.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from secondme import config
from secondme.core.client import CoreClient


class SecondMe:
    """One memory a conversation."""

    best = False

    def __init__(self, scratch: Path) -> None:
        models = str(config.load().models_dir)
        os.environ |= {"SECONDME_HOME": str(scratch), "SECONDME_MODELS_DIR": models}
        if model := os.environ.get("SECONDME_BENCH_MODEL"):
            os.environ["SECONDME_LANGUAGE_MODEL"] = model
        self._client = CoreClient(config.load(), "benchmark")

    def add(self, path: Path) -> None:
        *_, result = self._client.stream("add", paths=[str(Path(path).resolve())], wait=True)
        assert not result["skipped"], result["skipped"]
        list(self._client.stream("consolidate", now=True))
        while self._client.call("facts-read", seconds=600.0)["unread"]:
            pass

    def recall(self, question: str, k: int) -> list[dict[str, Any]]:
        hits = self._client.call("recall", question=question, k=k, best=self.best)["hits"]
        return [
            {"ids": [h["external_id"]], "text": f"{h['time'][:10]} {h['speaker']}: {h['text']}"}
            for h in hits
        ]

    def answer(self, question: str) -> dict[str, Any]:
        *_, result = self._client.stream("ask", question=question)
        return {
            "text": result["answer"],
            "refused": result["refused"],
            "ids": [c["external_id"] for c in result["citations"]],
        }

    def close(self) -> None:
        self._client.stop()


class Best(SecondMe):
    """The same, with a language model that reads what was found."""

    best = True
