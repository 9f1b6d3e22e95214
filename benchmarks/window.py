"""The language model in memory budgets: speed, memory and words, beside llama.cpp with all in memory.

    python benchmarks/window.py MODEL.gguf [--budgets 100%,75%,60%,50%,40%] [--threads 1] [--tokens 64]
    python benchmarks/window.py MODEL.gguf --budgets 60% --identity 100 --tokens 100

Each row is a process of its own that answers the same prompts greedily, beside another of llama.cpp as it
comes, with everything in memory. The two take turns, eight tokens (or eight batches of a prompt) each, so
that what else the machine does weighs on both: `of llama.cpp` is the quotient of the two. Memory is anonymous
and locked memory beyond the interpreter's own, loading included, sampled from outside every 10 ms; the highest
sample stands in the table. The roofline is
the greater of the time that a token takes to compute and the time that the disk takes, by its direct reads,
for what was read for it. The model is copied first, so that no other program has it in memory.

`--mmap` adds plain mmap under the same limits, as a replay: after each layer those pages that do not fit are
given back (MADV_PAGEOUT), always those of the same layers. That is the best that a system could choose; by
itself Linux drops what was used longest ago, which in a circle is what comes next.

Besides a letter, the prompts ask for answers from notes and for a copy of notes, where what stands in the
text is guessed and several tokens are computed at once.

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
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, median
from typing import Any

from core_of_its_own import table

STORY = "Write a long letter to a friend about a journey by train through the mountains."
COPY = (
    "Notes: On 5 May 2023 Ana Lopes moved to Rua das Flores 12 in Porto, to a flat on the third floor "
    "with a view of the river; the rent is 940 euros a month, due on the first. Write these notes down "
    "again, word for word."
)
NOTES = """Notes:
[1] 5 May 2023, Ana: We moved to Rua das Flores 12 in Porto at the end of April, to a flat on the third floor with a view of the river.
[2] 11 May 2023, Me: Paul starts as a nurse at the Santa Maria clinic on Monday, with night shifts in the first month.
[3] 2 June 2023, Rita: The cat is called Biscuit, she came from the shelter in Gaia and she is allergic to fish.
[4] 19 June 2023, Ana: The rent is 940 euros a month, due on the first, and the landlord is called Henrique Duarte.
[5] 3 July 2023, Paul: I sold the old Renault for 2,300 euros and bought a blue bicycle with three gears.
Answer the question in full sentences, with the words of the notes. """
QUESTIONS = (
    "Where do Ana and Paul live, since when, and what do they pay?",
    "What is known about Paul's work and about how he gets around?",
    "What is known about the cat?",
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
TURN = 8
KINDS = ("RssAnon:", "RssShmem:", "VmLck:")
PAGEOUT = 21


def child(options: argparse.Namespace) -> None:
    """Answer prompts as stdin says, a line of JSON for each line: {"ask", "tokens"} or {"go": steps}."""
    from secondme.model.chat import Completion, Message, Token
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
    print("{}", flush=True)
    answer: Iterator[Any] = iter(())
    began_to_say = False
    for line in sys.stdin:
        order = json.loads(line)
        if "ask" in order:
            answer = model.chat([Message("user", order["ask"])], max_tokens=order["tokens"])
            began_to_say = False
        said: dict[str, Any] = {"reading": 0.0, "saying": 0.0, "tokens": 0, "odds": []}
        for _ in range(order.get("go", 0)):
            began = time.perf_counter()
            event = next(answer)
            said["saying" if began_to_say else "reading"] += time.perf_counter() - began
            said["tokens"] += began_to_say and isinstance(event, Token)
            if isinstance(event, Token):
                began_to_say = True
                said["odds"].append(event.logprob)
            if isinstance(event, Completion):
                said["text"] = event.text
                break
        if model.window:
            report = model.window.report()
            said |= {k: report[k] for k in ("planned", "used", "screen", "bytes_read")}
            said["screened"] = model.window.plan.screened
        if "disk" in order:
            said["disk"] = disk.bandwidth(options.model)
        print(json.dumps(said), flush=True)


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


class Worker:
    """A process of its own with a model; `highest` is the most memory it took, as seen every 10 ms."""

    def __init__(self, options: argparse.Namespace, kind: str, budget: int) -> None:
        model = options.copy if kind == "plain" else options.other
        command = [sys.executable, __file__, str(model), "--child", kind]
        command += ["--threads", str(options.threads)]
        command += ["--budget", str(budget), "--folder", str(options.folder)]
        self.error = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.error,
            text=True,
            bufsize=1,
        )
        self.before = self.highest = self._read()["before"]
        threading.Thread(target=self._watch, daemon=True).start()
        self._read()

    def send(self, **order: Any) -> dict[str, Any]:
        """The answer to an order. Raises `RuntimeError` with what the process said when it ended."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        return self._read()

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.error.seek(0)
            raise RuntimeError((self.error.read().strip().splitlines() or ["it ended"])[-1])
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _watch(self) -> None:
        while self.process.poll() is None:
            self.highest = max(self.highest, anonymous(self.process.pid))
            time.sleep(0.01)


def take_turns(workers: list[Worker], prompt: str, tokens: int) -> list[dict[str, Any]]:
    """Let workers answer a prompt in turn; of each its seconds of reading, of saying, tokens, text."""
    sums: list[dict[str, Any]] = []
    for worker in workers:
        got = worker.send(ask=prompt, tokens=tokens)
        read = got.get("bytes_read", 0)
        sums.append({"reading": 0.0, "saying": 0.0, "tokens": 0, "odds": [], "read": read})
    while any("text" not in each for each in sums):
        for worker, each in zip(workers, sums, strict=True):
            if "text" not in each:
                got = worker.send(go=TURN)
                for key in ("reading", "saying", "tokens", "odds"):
                    each[key] += got.pop(key)
                each |= got
    for each in sums:
        each["read"] = (each.get("bytes_read", 0) - each["read"]) / max(each["tokens"], 1)
    return sums


def anonymous(pid: int) -> int:
    """Anonymous, shared and locked resident memory of a process."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(x.split()[1]) * 1024 for x in lines if x.startswith(KINDS))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--budgets", default="100%,75%,60%,50%,40%", help="such as 60% or 300MB")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--brief", action="store_true", help="without the prompt of 600 tokens")
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
        # One for each of the two: what one has in memory must be of no use to the other.
        options.copy, options.other = (
            copied(options.model, folder, "a"),
            copied(options.model, folder, "b"),
        )
        options.folder = options.folder or Path(folder) / "kept"
        budgets = [in_bytes(text, size) for text in options.budgets.split(",")]
        Worker(options, "window", max(budgets)).close()  # calibrates
        head = SAME if options.identity else HEAD
        print(table(head, []), flush=True)
        for budget in budgets:
            for kind in ("window", "mmap") if options.mmap else ("window",):
                name = f"{budget / 1e6:.0f} MB" + ", plain mmap (replay)" * (kind == "mmap")
                print(
                    table([], [[name, *measure(options, kind, budget)]]).splitlines()[-1],
                    flush=True,
                )


def copied(model: Path, folder: str, name: str) -> Path:
    """A copy of a model that is on disk: what is not yet could not be given back."""
    (Path(folder) / name).mkdir()
    copy = Path(shutil.copy2(model, Path(folder) / name))
    with copy.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return copy


def measure(options: argparse.Namespace, kind: str, budget: int) -> list[object]:
    """The other columns of a row."""
    plain = Worker(options, "plain", 0)
    try:
        other = Worker(options, kind, budget)
    except RuntimeError as error:
        plain.close()
        return [error]
    try:
        if options.identity:
            return compare(options, plain, other)
        return row(options, plain, other)
    finally:
        plain.close()
        other.close()


def in_bytes(text: str, size: int) -> int:
    """A budget of a part of the file or of so many MB."""
    if text.endswith("%"):
        return int(round(size * int(text[:-1]) / 100, -6))
    return int(text.removesuffix("MB")) * 1_000_000


def compare(options: argparse.Namespace, plain: Worker, other: Worker) -> list[object]:
    """How many of the prompts get the same words."""
    prompts = [task.format(subject) for subject in SUBJECTS for task in TASKS]
    same = count = tokens = 0
    apart: list[float] = []
    last: dict[str, Any] = {}
    for prompt in prompts[: options.identity]:
        first, last = take_turns([plain, other], prompt, options.tokens)
        same, count = same + (first["text"] == last["text"]), count + 1
        tokens += first["tokens"] + 1
        if first["text"] == last["text"]:
            apart += [abs(a - b) for a, b in zip(first["odds"], last["odds"], strict=True)]
        print(f"\r{same} of {count}", end="", file=sys.stderr, flush=True)
    screen = last["screen"] or {"tokens": 0, "widened": 0, "all": 0}
    return [
        f"{same} of {count}",
        tokens,
        f"{screen['widened']} and {screen['all']} of {screen['tokens']}",
        f"{mean(apart or [0.0]):.4f}, {max(apart, default=0.0):.2f}",
        f"{(other.highest - other.before) / 1e6:.0f} MB",
    ]


SAME = [
    "budget", "the same words", "tokens", "more rows, and all rows, were read for",
    "logarithms of odds apart: mean, most", "highest",
]  # fmt: skip
HEAD = [
    "budget", "output matrix", "tokens/s", "of llama.cpp", "answers from notes", "copying notes",
    "of the roofline", "first token after 600", "of llama.cpp", "read a token", "highest", "by plan",
    "same words",
]  # fmt: skip


def row(options: argparse.Namespace, plain: Worker, other: Worker) -> list[object]:
    """Speed, memory and words of two workers that take turns."""
    pair = [plain, other]
    story, copy, long = (
        take_turns(pair, prompt, tokens)
        for prompt, tokens in (
            (STORY, options.tokens),
            (COPY, options.tokens),
            ("Hello" if options.brief else LONG, 1),
        )
    )
    answers = [take_turns(pair, NOTES + question, options.tokens) for question in QUESTIONS]
    windowed = "planned" in story[1]
    highest = other.highest - other.before
    disk = median(worker.send(disk=True)["disk"] for worker in pair)
    plain_speed, speed = (story[n]["tokens"] / story[n]["saying"] for n in (0, 1))
    roof = 1 / max(1 / plain_speed, story[1]["read"] / disk)
    same = all(a["text"] == b["text"] for a, b in (story, copy, *answers))
    return [
        ("by sketch" if story[1]["screened"] else "whole") if windowed else "",
        f"{speed:.1f}",
        f"{quotient([story]):.2f}x",
        f"{quotient(answers):.2f}x",
        f"{quotient([copy]):.2f}x",
        f"{speed / roof:.2f}" if windowed else "",
        "" if options.brief else f"{long[1]['reading']:.1f} s",
        "" if options.brief else f"{long[0]['reading'] / long[1]['reading']:.2f}x",
        f"{story[1]['read'] / 1e6:.1f} MB" if windowed else "",
        f"{highest / 1e6:.0f} MB" if windowed else "",
        f"{long[1]['planned'] / 1e6:.0f} MB" if windowed else "",
        "yes" if same else "no",
    ]


def quotient(turns: list[list[dict[str, Any]]]) -> float:
    """How fast the second of two says the same answers, beside the first."""
    first, second = (
        sum(turn[n]["tokens"] for turn in turns) / sum(turn[n]["saying"] for turn in turns)
        for n in (0, 1)
    )
    return second / first


if __name__ == "__main__":
    main()
