"""Fetch the models that the tests use, into the cache that every run shares.

python scripts/fetch_models.py [NAME ...]
"""

from __future__ import annotations

import sys
import threading

from secondme import config
from secondme.errors import SecondMeError
from secondme.model import catalog, fetch

TESTED = (
    "e5-small",
    "e5-small-enpt",
    "en-core-web-sm",
    "minilm-colbert",
    "smollm2-135m",
    "qwen2.5-coder-0.5b",
)


def main() -> int:
    models_dir = config.load().models_dir
    for name in sys.argv[1:] or TESTED:
        entry = catalog.find(name)
        if fetch.local_path(entry, models_dir):
            continue
        print(f"fetching {entry.name} ({entry.size / 1e6:.0f} MB)", file=sys.stderr, flush=True)
        try:
            fetch.fetch(entry, models_dir, stop=threading.Event())
        except SecondMeError as error:
            print(f"error: {error.line()}", file=sys.stderr)
            return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
