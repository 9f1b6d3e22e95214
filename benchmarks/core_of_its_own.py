"""A core in a scratch home, for benchmarks."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from secondme import config
from secondme.core.client import CoreClient


@contextmanager
def scratch_core(**settings: str) -> Iterator[CoreClient]:
    """A client of a core whose home is deleted afterwards; the fetched models are the shared ones."""
    folder = Path(tempfile.mkdtemp(prefix="secondme-bench-"))
    models = str(config.load().models_dir)
    kept = dict(os.environ)
    os.environ |= {
        "SECONDME_HOME": str(folder),
        "SECONDME_MODELS_DIR": models,
        "SECONDME_IDLE_EXIT": "0",
    }
    os.environ |= {f"SECONDME_{k.upper()}": v for k, v in settings.items()}
    client = CoreClient(config.load(), "benchmark")
    try:
        yield client
    finally:
        client.stop()
        os.environ.clear()
        os.environ.update(kept)
        shutil.rmtree(folder, ignore_errors=True)


def percentile(values: list[float], share: float) -> float:
    """The value below which this share of them lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def table(head: list[str], rows: list[list[object]]) -> str:
    """A Markdown table."""
    lines = [" | ".join(map(str, row)) for row in [head, ["---"] * len(head), *rows]]
    return "\n".join(f"| {line} |" for line in lines)
