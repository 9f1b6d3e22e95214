"""How long the background job takes to think a memory through: episodes, and what says the same.

    python benchmarks/consolidation.py [--sizes 1000 10000]

The moments have their vectors already (see recall_speed.py for where they come from); nobody
waits for anything meanwhile.
"""

from __future__ import annotations

import argparse
import sqlite3
import time

from core_of_its_own import scratch_core, table
from recall_speed import fill


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
                [f"{size:,}", *(f"{end:.1f}" for end in last.values()), f"{size / seconds:,.0f}"]
            )
            print(rows[-1], flush=True)
    print(table(["moments", "episodes after s", "alike after s", "moments a second"], rows))


if __name__ == "__main__":
    main()
