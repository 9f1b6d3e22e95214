"""The language model in memory budgets: speed, memory and words, beside llama.cpp with all in memory.

    python benchmarks/window.py MODEL.gguf [--percent 100,75,60,50,40] [--threads 1] [--tokens 64]

Each row is a process of its own that answers the same prompts greedily; its anonymous and locked memory
beyond the interpreter's is sampled every 10 ms and the highest sample stands in the table. Baselines of
the same run: llama.cpp as it comes with everything in memory, and the roofline, which is the greater of
the time that a token takes to compute there and the time that the disk takes, by its direct reads, for
what was read a token. Plain mmap under the same limit is not in it: the limit would have to be set for
the machine.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median
from typing import Any

from core_of_its_own import table

STORY = "Tell me a story about a ship, its crew and a storm."
COPY = (
    "Notes: On 5 May 2023 Ana Lopes moved to Rua das Flores 12 in Porto, to a flat on the third floor "
    "with a view of the river; the rent is 940 euros a month, due on the first. Write these notes down "
    "again, word for word."
)
LONG = "The train was late and the harbour was quiet that evening. " * 50


def child(path: Path, budget: int, threads: int, tokens: int, folder: Path) -> dict[str, Any]:
    """Answer the prompts in a budget (0: none) in this process."""
    from secondme.model.chat import Message
    from secondme.model.llama import LanguageModel
    from secondme.model.window import disk
    from secondme.model.window.native import anonymous_bytes

    before = anonymous_bytes()
    model = LanguageModel(
        path, name="m", threads=threads, context=2048, memory=budget, folder=folder
    )
    highest, done = 0, threading.Event()

    def watch() -> None:
        nonlocal highest
        while not done.wait(0.01):
            highest = max(highest, anonymous_bytes())

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    out: dict[str, Any] = {"texts": [], "speeds": []}
    for prompt in (STORY, COPY):
        read = model.window.report()["bytes_read"] if model.window else 0
        *_, last = model.chat([Message("user", prompt)], max_tokens=tokens)
        out["texts"].append(last.text)
        out["speeds"].append(last.completion_tokens / (last.seconds - last.seconds_to_first))
        if model.window and prompt == STORY:
            read = model.window.report()["bytes_read"] - read
            out["read"] = read / last.completion_tokens
    *_, last = model.chat([Message("user", LONG)], max_tokens=1)
    out["first"] = last.seconds_to_first
    done.set()
    watching.join()
    out["highest"] = highest - before
    out["disk"] = disk.bandwidth(path)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--percent", default="100,75,60,50,40")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--budget", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.budget is not None:
        result = child(
            options.model, options.budget, options.threads, options.tokens, options.folder
        )
        print(json.dumps(result))
        return
    size = options.model.stat().st_size
    budgets = [round(size * int(p) / 100, -6) for p in options.percent.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        run(options, budgets[0], folder)  # calibrates
        results = {0: run(options, 0, folder)}
        for budget in budgets:
            results[budget] = run(options, budget, folder)
    show(results)


def run(options: argparse.Namespace, budget: float, folder: str) -> dict[str, Any]:
    command = [sys.executable, __file__, str(options.model), "--threads", str(options.threads)]
    command += ["--tokens", str(options.tokens), "--budget", str(int(budget)), "--folder", folder]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return {"error": done.stderr.strip().splitlines()[-1]}
    return {**json.loads(done.stdout.splitlines()[-1]), "seconds": time.perf_counter() - began}


def show(results: dict[float, dict[str, Any]]) -> None:
    plain = results[0]
    rows: list[list[object]] = []
    disk = median([r["disk"] for r in results.values() if "disk" in r])
    for budget, got in results.items():
        name = f"{budget / 1e6:.0f} MB" if budget else "llama.cpp, all in memory"
        if "error" in got:
            rows.append([name, got["error"], *[""] * 7])
            continue
        story, copy = got["speeds"]
        read = got.get("read", 0.0)
        roof = 1 / max(1 / plain["speeds"][0], read / disk)
        rows.append(
            [
                name,
                f"{story:.1f}",
                f"{story / plain['speeds'][0]:.2f}x",
                f"{copy / plain['speeds'][1]:.2f}x",
                f"{story / roof:.2f}",
                f"{got['first']:.2f} s",
                f"{read / 1e6:.0f} MB",
                f"{got['highest'] / 1e6:.0f} MB" if budget else "the file, mapped",
                "yes" if got["texts"] == plain["texts"] else "no",
            ]
        )
    table(
        [
            "budget",
            "tokens/s",
            "of llama.cpp",
            "copying notes",
            "of the roofline",
            "first token after 600",
            "read a token",
            "highest",
            "same words",
        ],
        rows,
    )


if __name__ == "__main__":
    main()
