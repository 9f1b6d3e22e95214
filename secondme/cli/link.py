"""The command's way to the core: one client, plain calls, streams with progress, JSON out."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import closing
from functools import lru_cache
from typing import Any

from secondme.cli.output import dim, interactive, note, out
from secondme.config import load
from secondme.core.client import CoreClient

Result = dict[str, Any]


@lru_cache
def client() -> CoreClient:
    """The client for the configured memory; says so on a terminal when it has to start the core."""
    return CoreClient(load(), on_start=_starting)


def _starting() -> None:
    if interactive(sys.stderr):
        note(dim("starting the core …", err=True))


def call(use_case: str, **params: Any) -> Result:
    """A use case's result; parameters that are None are left to the core."""
    return client().call(use_case, **_given(params))


def follow(
    use_case: str,
    *,
    on: Callable[[Result], None] | None = None,
    in_bytes: bool = False,
    **params: Any,
) -> Result:
    """A stream's result, with progress on a terminal; `on` gets every event before it.

    Leaving early, by Ctrl-C as well, closes the stream, which stops the work in the core.
    """
    from secondme.cli.progress import Progress

    with (
        Progress(in_bytes) as progress,
        closing(client().stream(use_case, **_given(params))) as events,
    ):
        for event in events:
            if event["event"] == "result":
                return {key: value for key, value in event.items() if key != "event"}
            if event["event"] == "progress":
                progress.show(event)
            if on:
                on(event)
    raise AssertionError("a stream ends with its result or raises")


def absolute(path: str) -> str:
    """A path for the core, which has a working folder of its own: `~` is the person's own folder, even
    where quotes kept the shell from saying so; links stay as they were typed."""
    return os.path.abspath(os.path.expanduser(path))  # noqa: PTH100, PTH111 - resolving would follow links


def print_json(result: Any) -> None:
    """One JSON object on stdout: over several lines on a terminal, on one line in a pipe."""
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    indent = 2 if interactive(sys.stdout) else None
    out(json.dumps(result, ensure_ascii=encoding != "utf8", indent=indent))


def _given(params: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}
