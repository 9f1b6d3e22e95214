"""Cores for tests: forked from a process that has imported all they need, in a tenth of the time.

The command and the app start their cores as they do on a person's machine.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path


class Started:
    """A core's process, as far as the client that started it looks at it."""

    def __init__(self, process: BaseProcess) -> None:
        self._process = process

    def poll(self) -> int | None:
        """Its exit code, or None while it runs."""
        return self._process.exitcode


def start(env: Mapping[str, str], log: Path) -> Started:
    """Start a core with this environment, which writes to this log."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.warmed"])
    process = context.Process(target=_run, args=(dict(env), str(log)), daemon=True)
    process.start()
    return Started(process)


def _run(env: dict[str, str], log: str) -> None:
    """Be a core."""
    from secondme.core.__main__ import main

    os.setsid()
    os.chdir("/")
    os.environ.clear()
    os.environ.update(env)
    output = os.open(log, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    for descriptor in (1, 2):
        os.dup2(output, descriptor)
    os.close(output)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(main())
