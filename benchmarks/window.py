"""The language model in memory budgets: speed, memory and words, beside llama.cpp with all in memory.

    python benchmarks/window.py MODEL.gguf [--budgets 100%,75%,60%,50%,40%] [--threads 1] [--tokens 64]
    python benchmarks/window.py MODEL.gguf --budgets 60% --identity 100 --tokens 100

Each row is a process of its own that answers the same prompts greedily, and before each stands one of
llama.cpp as it comes, with everything in memory: `of llama.cpp` compares with that neighbour, so that what
else the machine does weighs on both. Memory is anonymous and locked memory beyond the interpreter's own,
loading included, sampled from outside every 10 ms; the highest sample stands in the table. The roofline is
the greater of the time that a token takes to compute and the time that the disk takes, by its direct reads,
for what was read for it. The model is copied first, so that no other program has it in memory.

`--mmap` adds plain mmap under the same limits, as a replay: after each layer those pages that do not fit are
given back (MADV_PAGEOUT), always those of the same layers. That is the best that a system could choose; by
itself Linux drops what was used longest ago, which in a circle is what comes next.

`--identity N` compares the words of N prompts instead, and says how many are the same.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from core_of_its_own import table

STORY = "Write a long letter to a friend about a journey by train through the mountains."
COPY = (
    "Notes: On 5 May 2023 Ana Lopes moved to Rua das Flores 12 in Porto, to a flat on the third floor "
    "with a view of the river; the rent is 940 euros a month, due on the first. Write these notes down "
    "again, word for word."
)
LONG = "The train was late and the harbour was quiet that evening. " * 48
TASKS = (
    "Explain in a few sentences: {}.",
    "Write a short story about {}.",
    "Give five facts about {}.",
    "Write a letter that mentions {}.",
    "What would a child ask about {}? Answer it.",
    "Write a function in Python that has to do with {}.",
    "Translate into German: I have read a book about {}.",
    "List the advantages and disadvantages of {}.",
    "Notes: on 3 May Ana spoke with Paul about {}. What did Ana do on 3 May?",
    "Write a dialogue between two friends about {}.",
)
SUBJECTS = (
    "bread", "the sea", "old clocks", "a journey by train", "bees", "moving house",
    "learning the piano", "the price of tea", "sleep", "a lost key",
)  # fmt: skip
PAGEOUT = 21


def child(options: argparse.Namespace) -> None:
    """Answer the prompts in this process; one line of JSON when it starts, one when it is done."""
    from secondme.model.chat import Message
    from secondme.model.llama import LanguageModel
    from secondme.model.window import disk
    from secondme.model.window.native import anonymous_bytes

    print(json.dumps({"before": anonymous_bytes()}), flush=True)
    if options.child == "mmap":
        replay(options.model, options.budget)
    budget = options.budget if options.child == "window" else 0
    model = LanguageModel(
        options.model,
        name="m",
        threads=options.threads,
        context=2048,
        memory=budget,
        folder=options.folder,
    )
    out: dict[str, Any] = {"texts": [], "speeds": []}
    prompts = [STORY, COPY]
    if options.identity:
        prompts = [task.format(subject) for subject in SUBJECTS for task in TASKS]
        prompts = prompts[: options.identity]
    for prompt in prompts:
        read = model.window.report()["bytes_read"] if model.window else 0
        *_, last = model.chat([Message("user", prompt)], max_tokens=options.tokens)
        out["texts"].append(last.text)
        out["speeds"].append(last.completion_tokens / (last.seconds - last.seconds_to_first))
        if model.window and prompt == STORY:
            read = model.window.report()["bytes_read"] - read
            out["read"] = read / last.completion_tokens
    if not options.identity:
        *_, last = model.chat([Message("user", LONG)], max_tokens=1)
        out["first"], out["prompt"] = last.seconds_to_first, last.prompt_tokens
    if model.window:
        report = model.window.report()
        out |= {k: report[k] for k in ("planned", "used", "screen")}
    out["disk"] = disk.bandwidth(options.model)
    print(json.dumps(out))


def replay(path: Path, budget: int) -> None:
    """Let llama.cpp give back after each layer what of its file would not fit in a budget."""
    import llama_cpp

    from secondme.model.window import disk, native
    from secondme.model.window.layout import read_layout
    from secondme.model.window.spread import spread

    layout = read_layout(path)
    by_layer: dict[int, list[Any]] = {}
    for unit in layout.units:
        by_layer.setdefault(unit.layer, []).extend(unit.tensors)
    groups = [by_layer[n] for n in sorted(by_layer)] + [[layout.output]]
    sizes = [sum(t.size for t in group) for group in groups]
    start = native.anonymous_bytes()
    plain = llama_cpp.llama_context_default_params
    kept: list[Any] = []

    def give_back(number: int) -> None:
        base = next(iter(native.mappings(path)))
        room = budget - (native.anonymous_bytes() - start) - layout.kept
        if number in spread(sizes, room):
            return
        for tensor in groups[number]:
            a, b = disk.outer(base + tensor.start, base + tensor.end)
            native.advise(a, b - a, PAGEOUT)

    def on_node(tensor: int, ask: bool, _: Any) -> bool:
        name = bytes(native.name_of(tensor) or b"")
        if not name.startswith(b"l_out-"):
            return not ask
        if not ask:
            layer = int(name[6:])
            if layer == 0:
                give_back(len(groups) - 1)
            give_back(layer)
        return True

    def parameters() -> Any:
        values = plain()
        kept.append(native.Callback(on_node))
        values.cb_eval = kept[-1]
        return values

    llama_cpp.llama_context_default_params = parameters


def run(options: argparse.Namespace, kind: str, budget: int) -> dict[str, Any]:
    """What a process of its own measures, and its highest memory."""
    command = [sys.executable, __file__, str(options.copy), "--child", kind]
    command += ["--threads", str(options.threads), "--tokens", str(options.tokens)]
    command += ["--budget", str(budget), "--folder", str(options.folder)]
    command += ["--identity", str(options.identity)]
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True)
        assert process.stdout is not None
        first = process.stdout.readline()
        before = json.loads(first)["before"] if first else 0
        highest = 0
        while process.poll() is None:
            highest = max(highest, anonymous(process.pid))
            time.sleep(0.01)
        if process.returncode:
            said.seek(0)
            return {"error": (said.read().strip().splitlines() or ["?"])[-1]}
        return {**json.loads(process.stdout.read()), "highest": highest - before}


def anonymous(pid: int) -> int:
    """Anonymous and locked resident memory of a process."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(x.split()[1]) * 1024 for x in lines if x.startswith(("RssAnon:", "VmLck:")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--budgets", default="100%,75%,60%,50%,40%", help="such as 60% or 300MB")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--mmap", action="store_true")
    parser.add_argument("--identity", type=int, default=0, metavar="N")
    parser.add_argument("--folder", type=Path, help="keeps what is measured once with a model")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--budget", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options)
        return
    size = options.model.stat().st_size
    with tempfile.TemporaryDirectory() as folder:
        options.copy = Path(shutil.copy2(options.model, folder))
        with options.copy.open("rb") as file:
            os.fsync(file.fileno())  # what is not on disk yet could not be given back
        options.folder = options.folder or Path(folder) / "kept"
        budgets = [in_bytes(text, size) for text in options.budgets.split(",")]
        if options.identity:
            compare(options, budgets)
            return
        identity, options.tokens, tokens = options.identity, 1, options.tokens
        run(options, "window", max(budgets))  # calibrates
        options.identity, options.tokens = identity, tokens
        rows = []
        for budget in budgets:
            plain = run(options, "plain", 0)
            rows.append(row(f"{budget / 1e6:.0f} MB", plain, run(options, "window", budget)))
            if options.mmap:
                name = f"{budget / 1e6:.0f} MB, plain mmap (replay)"
                rows.append(row(name, plain, run(options, "mmap", budget)))
    print(table(HEAD, rows))


def in_bytes(text: str, size: int) -> int:
    """A budget of a part of the file or of so many MB."""
    if text.endswith("%"):
        return int(round(size * int(text[:-1]) / 100, -6))
    return int(text.removesuffix("MB")) * 1_000_000


def compare(options: argparse.Namespace, budgets: list[int]) -> None:
    plain = run(options, "plain", 0)
    rows: list[list[object]] = []
    for budget in budgets:
        got = run(options, "window", budget)
        if "error" in got or "error" in plain:
            rows.append([f"{budget / 1e6:.0f} MB", got.get("error", plain.get("error")), "", ""])
            continue
        pairs = list(zip(plain["texts"], got["texts"], strict=True))
        screen = got["screen"] or {"tokens": 0, "widened": 0, "all": 0}
        rows.append(
            [
                f"{budget / 1e6:.0f} MB",
                f"{sum(a == b for a, b in pairs)} of {len(pairs)}",
                f"{screen['widened']} and {screen['all']} of {screen['tokens']}",
                f"{got['highest'] / 1e6:.0f} MB",
            ]
        )
    head = ["budget", "the same words", "more rows, and all rows, were read for", "highest"]
    print(table(head, rows))


HEAD = [
    "budget", "tokens/s", "of llama.cpp", "copying notes", "of the roofline", "first token after 600",
    "of llama.cpp", "read a token", "highest", "by plan", "same words",
]  # fmt: skip


def row(name: str, plain: dict[str, Any], got: dict[str, Any]) -> list[object]:
    """A row of the table, beside the process of llama.cpp that ran before it."""
    if "error" in got or "error" in plain:
        return [name, got.get("error", plain.get("error")), *[""] * (len(HEAD) - 2)]
    story, copy = got["speeds"]
    windowed = "read" in got
    disk = median([plain["disk"], got["disk"]])
    roof = 1 / max(1 / plain["speeds"][0], got.get("read", 0) / disk)
    return [
        name,
        f"{story:.1f}",
        f"{story / plain['speeds'][0]:.2f}x",
        f"{copy / plain['speeds'][1]:.2f}x",
        f"{story / roof:.2f}" if windowed else "",
        f"{got['first']:.1f} s",
        f"{plain['first'] / got['first']:.2f}x",
        f"{got['read'] / 1e6:.1f} MB" if windowed else "",
        f"{got['highest'] / 1e6:.0f} MB" if windowed else "",
        f"{got['planned'] / 1e6:.0f} MB" if windowed else "",
        "yes" if got["texts"] == plain["texts"] else "no",
    ]


if __name__ == "__main__":
    main()
