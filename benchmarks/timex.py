"""Expressions of time: found and resolved in ten languages, and what it costs; dateparser beside it.

    python benchmarks/timex.py [--speed CHAT.jsonl]

The labelled set stands in tests/memory/timex: one half was looked at while the grammar was written
(`tuned`), the other was written before it and is only counted (`hidden`). Exact: the right characters
and the right first and last moment. Near: they overlap, and the moment found lies in what is meant,
which is all that dateparser's search (one moment an expression, its language given) can be asked for.
Each is the F1 over expressions; sentences without any count through what is wrongly found in them.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core_of_its_own import table
from life import chat

from secondme.memory import timex

SET = Path(__file__).parents[1] / "tests" / "memory" / "timex"
Span = tuple[int, int, datetime, datetime]


@dataclass
class Sentence:
    """A sentence with what it mentions: characters, and local time from and until."""

    language: str
    said: datetime
    text: str
    spans: list[Span]


def read(half: str) -> Iterator[Sentence]:
    """The sentences of a half; expressions stand in brackets there, what they mean in the last column."""
    for line in (SET / f"{half}.tsv").read_text(encoding="utf-8").splitlines():
        language, said_, marked, values = line.split("\t")
        said, text, places = datetime.fromisoformat(said_), "", []
        for number, part in enumerate(re.split(r"[\[\]]", marked)):
            if number % 2:
                places.append((len(text), len(text) + len(part)))
            text += part
        meant = [meaning(v, said.replace(tzinfo=None)) for v in values.split(";") if v]
        spans = [(*place, *span) for place, span in zip(places, meant, strict=True)]
        yield Sentence(language, said, text, spans)


def meaning(value: str, said: datetime) -> tuple[datetime, datetime]:
    """`2023`, `2023-05`, `2023-05-07`, or `FROM..UNTIL`, where `now` is the moment at hand."""
    if ".." in value:
        since, until = value.split("..")
        return (
            said if since == "now" else datetime.fromisoformat(since),
            said if until == "now" else datetime.fromisoformat(until),
        )
    since = datetime.fromisoformat(value + "-01-01"[len(value) - 4 :])
    if len(value) == 4:
        return since, since.replace(year=since.year + 1)
    if len(value) == 7:
        return since, (since + timedelta(days=32)).replace(day=1)
    return since, since + timedelta(days=1)


def ours(sentence: Sentence) -> list[Span]:
    return [
        (m.start, m.end, m.since.replace(tzinfo=None), m.until.replace(tzinfo=None))
        for m in timex.find(sentence.text, sentence.said)
    ]


def dateparsers(sentence: Sentence) -> list[Span]:
    from dateparser.search import search_dates

    settings = {"RELATIVE_BASE": sentence.said.replace(tzinfo=None), "PREFER_DATES_FROM": "past"}
    found, at = [], 0
    for words, when in search_dates(sentence.text, [sentence.language], settings=settings) or []:
        at = max(sentence.text.find(words, at), 0)
        when = when.replace(tzinfo=None)
        found.append((at, at + len(words), when, when + timedelta(microseconds=1)))
    return found


def exact(found: Span, meant: Span) -> bool:
    return found == meant


def near(found: Span, meant: Span) -> bool:
    over = found[0] < meant[1] and meant[0] < found[1]
    return over and meant[2] <= found[2] < meant[3]


def score(
    sentences: list[Sentence], finder: Callable, fits: Callable[[Span, Span], bool]
) -> dict[str, float]:
    """F1 by language, and in all but English."""
    counts: dict[str, list[int]] = {}
    for sentence in sentences:
        found, left = finder(sentence), list(sentence.spans)
        right = 0
        for each in found:
            match = next((m for m in left if fits(each, m)), None)
            if match:
                left.remove(match)
                right += 1
        for name in {sentence.language, "en" if sentence.language == "en" else "others"}:
            row = counts.setdefault(name, [0, 0, 0])
            for i, n in enumerate((right, len(found), len(sentence.spans))):
                row[i] += n
    return {name: 2 * right / max(1, f + m) for name, (right, f, m) in counts.items()}


def speed(path: Path | None) -> list[list[object]]:
    """Moments a second, and characters a second of one very long text."""
    if path is None:
        path = Path("/tmp/life.jsonl")
        chat(path, 5000)
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    said = [(r["text"], datetime.fromisoformat(r["time"]).replace(tzinfo=UTC)) for r in rows]
    long = " ".join(text for text, _ in said)[:1_000_000]
    out: list[list[object]] = []
    for name, run in (("Second Me", timex.find), ("dateparser", _search)):
        few = said if run is timex.find else said[:100]
        start = time.perf_counter()
        for text, when in few:
            run(text, when)
        rate = len(few) / (time.perf_counter() - start)
        start = time.perf_counter()
        if run is timex.find:
            run(long, said[0][1])
        took = time.perf_counter() - start
        megabyte = f"{took / len(long) * 1e6:.2f}" if run is timex.find else ""
        out.append([name, f"{rate:,.0f}", megabyte])
    return out


def _search(text: str, said: datetime) -> object:
    from dateparser.search import search_dates

    return search_dates(text, ["en"], settings={"RELATIVE_BASE": said.replace(tzinfo=None)})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--speed", type=Path, metavar="CHAT.jsonl", help="messages to time it with")
    options = parser.parse_args()
    columns, count = [], {}
    for half in ("tuned", "hidden"):
        sentences = list(read(half))
        count[half] = sum(len(s.spans) for s in sentences)
        columns.append((f"{half}, exact", score(sentences, ours, exact)))
        columns.append((f"{half}, near", score(sentences, ours, near)))
        columns.append((f"dateparser, {half}, near", score(sentences, dateparsers, near)))
    print(count)
    names = [*dict.fromkeys(name for _, by in columns for name in by)]
    names.sort(key=lambda n: (n == "others", n != "en"))
    rows = [[name, *(f"{by[name]:.3f}" for _, by in columns)] for name in names]
    print(table(["language", *(head for head, _ in columns)], rows), "\n")
    print(table(["", "moments/s", "s a megabyte"], speed(options.speed)))


if __name__ == "__main__":
    main()
