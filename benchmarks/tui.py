"""The app: first paint, keys to results, the loop while a reply streams, memory; an empty app beside it.

    python benchmarks/tui.py [--sizes 1000 100000] [--starts 10]

First paint is from starting the process until the first screen stands in the terminal, the core running;
beside it what its main thread had of a processor until then, which other work on the machine hardly changes.
Key to result is from a key until the list shows what was found, with the question embedded each time by
the real model; above 2,000 moments the stored vectors are mixtures of real ones, as in `recall_speed.py`.
While a reply of 400 tokens streams at 50 a second, in a new conversation and in a long one, the loop is asked every millisecond whether it still
answers: how long it did not is at least as long as any frame took.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import gc
import os
import pty
import select
import struct
import sys
import tempfile
import termios
import time
from collections.abc import AsyncGenerator
from compileall import compile_dir
from pathlib import Path
from typing import Any

from core_of_its_own import percentile, scratch_core, table
from life import QUESTIONS
from recall_speed import fill

import secondme
from secondme import config
from secondme.tui.app import SecondMe
from secondme.tui.memory import Memory
from secondme.tui.panes.recall import RecallPane
from secondme.tui.widgets.field import Field

EMPTY = """
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self):
        yield Static("Ask your memory")
Empty().run()
"""
AT_ONCE, SAID = "at once", " ".join(f"word{number}" for number in range(150))
TEXT = b"sk your memory"  # the cursor may stand on the first letter


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="*", default=[1000, 100_000])
    parser.add_argument("--starts", type=int, default=10)
    options = parser.parse_args()
    compile_dir(Path(secondme.__file__).parent, quiet=1)  # as installing does
    with scratch_core() as client:
        client.ensure()
        command = str(Path(sys.executable).parent / "secondme")
        empty = Path(tempfile.mkdtemp()) / "empty.py"
        empty.write_text(EMPTY, encoding="utf-8")
        starts: dict[str, list[tuple[float, float, float]]] = {"empty": [], "app": []}
        for _ in range(options.starts + 1):
            starts["empty"].append(first_paint([sys.executable, str(empty)]))
            starts["app"].append(first_paint([command]))
        rows = []
        for name, label in (("empty", "an empty Textual app"), ("app", "**Second Me**")):
            times, worked, sizes = zip(*starts[name][1:], strict=True)  # the first fills the caches
            rows.append(
                [
                    label,
                    f"{percentile(list(times), 0.5):.0f}",
                    f"{max(times):.0f}",
                    f"{percentile(list(worked), 0.5):.0f}",
                    f"{sizes[-1]:.0f}",
                ]
            )
        head = ["", "first paint, p50 ms", "longest ms", "on a processor, p50 ms", "resident MB"]
        print(table(head, rows))
        waited, worked_ = (
            percentile([start[n] for start in starts["app"][1:]], 0.5)
            / percentile([start[n] for start in starts["empty"][1:]], 0.5)
            for n in (0, 1)
        )
        print(f"\nfirst paint: {waited:.2f}x of the empty app's, {worked_:.2f}x of its processor\n")
        sys.stdout.flush()
    rows = []
    for before in (0, 40):
        gaps = asyncio.run(streaming(before))
        shares = [f"{percentile(gaps, q):.1f}" for q in (0.5, 0.99)]
        rows.append([f"after {before} answers", *shares, f"{max(gaps):.1f}"])
    head = ["the loop does not answer for", "p50 ms", "p99 ms", "longest ms"]
    print(table(head, rows), flush=True)
    print()
    rows = []
    for size in options.sizes:
        with scratch_core() as client:
            fill(client, size, False)
            times = asyncio.run(typing())
            rows.append(
                [
                    f"{size:,}",
                    len(times),
                    *(f"{percentile(times, q):.0f}" for q in (0.5, 0.95)),
                    f"{max(times):.0f}",
                ]
            )
            print(rows[-1], flush=True)
    print(table(["moments", "keys", "key to result, p50 ms", "p95 ms", "longest ms"], rows))


def first_paint(command: list[str]) -> tuple[float, float, float]:
    """Milliseconds until the text stands in a terminal of 80x24, those of them on a processor, and MB
    resident a second later."""
    start = time.perf_counter()
    pid, master = pty.fork()
    if pid == 0:
        os.execve(
            command[0], command, {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        )
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    written, took, worked = b"", 0.0, 0.0
    while not took:
        written += os.read(master, 65536)
        if TEXT in written:
            took = (time.perf_counter() - start) * 1000
            scheduled = Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii")
            worked = int(scheduled.split()[0]) / 1e6
    end = time.monotonic() + 1
    while time.monotonic() < end:
        if select.select([master], [], [], 0.05)[0]:
            os.read(master, 65536)
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    os.close(master)
    return took, worked, pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class Streaming(Memory):
    """A memory whose replies stream at a steady pace, or come at once to a question that says so."""

    async def running(self) -> bool:
        return True

    async def ensure(self) -> None:
        return

    async def stream(self, use_case: str, /, **params: Any) -> AsyncGenerator[dict[str, Any]]:
        if use_case == "events":
            yield {
                "event": "state", "change": None, "items": 1, "moments": 1, "pending": 0,
                "index": {"state": "ready", "reason": ""}, "embedding": {"rate": 0, "error": None},
                "embedder": "e5-small", "language_model": "default", "memory": 0, "workers": [],
            }  # fmt: skip
            await asyncio.Event().wait()
        yield {"event": "recalled", "count": 8, "question": params["message"], "took_ms": 1.0}
        for number in range(0 if params["message"] == AT_ONCE else 400):
            await asyncio.sleep(0.02)
            yield {
                "event": "token",
                "text": f" word{number % 97}" + (".\n" if number % 40 == 39 else ""),
            }
        yield {
            "event": "result", "answer": SAID, "refused": False, "quoted": False, "partial": False,
            "confidence": 1.0, "citations": [], "looked_for": [], "near": [], "model": "none",
            "recall_ms": 1.0, "first_word_ms": 1.0, "took_ms": 1.0,
        }  # fmt: skip


async def streaming(before: int) -> list[float]:
    """How long the loop did not answer, in ms beyond the millisecond asked for, once the conversation has
    so many answers already."""
    settings = config.load()
    gc.disable()  # until the first paint, as in `secondme.tui.run`
    app = SecondMe(settings, Streaming(settings))
    gaps = []
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(1)
        for _ in range(before):
            app.pane.ask(AT_ONCE)
            await pilot.pause(0.02)
            while app.pane.busy:
                await pilot.pause(0.01)
        app.pane.ask("how does it stream?")
        await pilot.pause(0.2)
        while app.pane.busy:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            gaps.append((time.perf_counter() - before - 0.001) * 1000)
    return gaps


async def typing() -> list[float]:
    """Milliseconds from each key to its results, typing at about eight keys a second."""
    gc.disable()
    app = SecondMe(config.load())
    app._greeted = True
    times = []
    async with app.run_test(size=(120, 40)) as pilot:
        while app.state is None or app.state["index"]["state"] != "ready":
            await pilot.pause(0.1)
        await app.action_go("recall")
        pane = app.query_one(RecallPane)
        for question in QUESTIONS:
            pane.query_one(Field).clear()
            await pilot.pause(0.1)
            for character in question[:24]:
                done = len(pane.latencies)
                pane.query_one(Field).insert_text_at_cursor(character)
                await asyncio.sleep(0.12)
                while len(pane.latencies) == done and len(pane.query_one(Field).value) > 2:
                    await asyncio.sleep(0.01)
                times += [seconds * 1000 for seconds in pane.latencies[done:]]
    return times


if __name__ == "__main__":
    main()
