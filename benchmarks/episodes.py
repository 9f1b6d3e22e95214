"""How well episodes are cut: sessions of conversations, laid end to end, with their borders hidden.

    python benchmarks/episodes.py --data DATA      # folders made by locomo/convert.py

No border, time or session is given, only what was said; windows of a fixed length are the baseline. A cut
counts when it is at most so many messages from a border. Pk is the share of pairs of messages, half a
session apart, of which the cuts say wrongly whether a border lies between (Beeferman et al. 1999).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from secondme import config
from secondme.memory.episodes import cuts
from secondme.model import catalog, fetch
from secondme.model.embed import Embedder

Cutter = Callable[[np.ndarray], Sequence[int]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    folders = sorted(p.parent for p in parser.parse_args().data.glob("*/chat.jsonl"))
    talks = [read(folder / "chat.jsonl") for folder in folders]
    ways: dict[str, Cutter] = {
        f"windows of {size}": lambda v, size=size: range(size, len(v), size) for size in (10, 20)
    }
    ways["Second Me"] = lambda v: cuts(v, np.zeros(len(v), np.int64))
    print("| | F1, exact | within 1 | within 3 | Pk | cuts a border |\n|---|---|---|---|---|---|")
    for name, way in ways.items():
        rows = [score(len(v), borders, list(way(v))) for v, borders in talks]
        print(f"| {name} | " + " | ".join(f"{x:.2f}" for x in np.mean(rows, axis=0)) + " |")


def read(path: Path) -> tuple[np.ndarray, list[int]]:
    """Each message's vector, of it and the two before it whatever their session; and the borders."""
    messages = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    said = [f"{m['speaker']}: {m['text']}" for m in messages]
    windows = [
        "\n".join([*(s[-300:] for s in said[max(0, i - 2) : i]), s]) for i, s in enumerate(said)
    ]
    settings = config.load()
    entry = catalog.find(settings.embedder)
    packed = fetch.fetch(entry, settings.models_dir)
    embedder = Embedder.open(packed, settings.models_dir / "converted")
    vectors = np.concatenate(
        [embedder.passages(windows[i : i + 32]) for i in range(0, len(said), 32)]
    )
    sessions = [m["session"] for m in messages]
    return vectors, [i for i in range(1, len(sessions)) if sessions[i] != sessions[i - 1]]


def score(n: int, true: list[int], got: list[int]) -> list[float]:
    return [*(f1(true, got, near) for near in (0, 1, 3)), pk(n, true, got), len(got) / len(true)]


def f1(true: list[int], got: list[int], near: int) -> float:
    left, hits = list(got), 0
    for border in true:
        best = min(left, key=lambda cut: abs(cut - border), default=None)
        if best is not None and abs(best - border) <= near:
            left.remove(best)
            hits += 1
    return 2 * hits / (len(true) + len(got))


def pk(n: int, true: list[int], got: list[int]) -> float:
    half = max(2, round(n / (len(true) + 1) / 2))
    parts = [np.isin(np.arange(n), found).cumsum() for found in (true, got)]
    same = [part[:-half] == part[half:] for part in parts]
    return float(np.mean(same[0] != same[1]))


if __name__ == "__main__":
    main()
