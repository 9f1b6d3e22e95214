"""How long the background job takes to think a memory through: episodes with what sums them up, and what
says the same; then how long `show` takes, which finds what is related when it is asked.

    python benchmarks/consolidation.py [--sizes 1000 10000]

The moments have their vectors already (see recall_speed.py for where they come from); nobody
waits for anything meanwhile.
"""

from __future__ import annotations

import argparse
import sqlite3
import time

from core_of_its_own import percentile, scratch_core, table
from recall_speed import fill

from secondme.core.client import CoreClient

_SHOWN = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000])
    rows = []
    for size in parser.parse_args().sizes:
        with scratch_core() as client:
            fill(client, size, real=False)
            client.stop()
            with sqlite3.connect(client.config.database) as db:
                db.execute("pragma foreign_keys=on")
                db.execute("delete from episodes")
                db.execute("delete from alike")
            client.call("recall", question="warm up")
            start, last = time.perf_counter(), {"episodes": 0.0, "alike": 0.0}
            for event in client.stream("consolidate", now=True):
                if event["event"] == "progress":
                    last[event["stage"]] = time.perf_counter() - start
            seconds = time.perf_counter() - start
            rows.append(
                [
                    f"{size:,}",
                    *(f"{end:.1f}" for end in last.values()),
                    f"{size / seconds:,.0f}",
                    *shown(client),
                ]
            )
            print(rows[-1], flush=True)
    head = ["moments", "episodes after s", "alike after s", "moments a second"]
    print(table([*head, "`show` of a moment, ms", "of an episode, ms"], rows))


def shown(client: CoreClient) -> list[str]:
    """How long `show` takes of moments and of episodes spread over the memory: p50 / p95."""
    with sqlite3.connect(client.config.database) as db:
        moments = [
            row[0] for row in db.execute("select id from moments where live = 1 order by id")
        ]
    episodes = [e["id"] for e in client.call("episodes", limit=10_000)["episodes"]]
    cells = []
    for ids in (moments, episodes):
        took = []
        for id_ in ids[:: max(1, len(ids) // _SHOWN)][:_SHOWN]:
            start = time.perf_counter()
            client.call("show", id=id_, private=True)
            took.append((time.perf_counter() - start) * 1000)
        cells.append(f"{percentile(took, 0.5):.0f} / {percentile(took, 0.95):.0f}" if took else "")
    return cells


if __name__ == "__main__":
    main()
