"""Roles for the tests of model workers, loaded by the worker's own process from a spec's "factory"."""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from secondme.errors import ModelError, NotFoundError
from secondme.model.worker_main import Answer, Method, Request, Role


def toy(spec: Mapping[str, Any]) -> Role:
    """A model that does as it is told."""
    time.sleep(spec.get("load_seconds", 0))
    plain = (echo, sleep, noise, garbage, seen, die, give_up, count)
    methods = {
        **{run.__name__: Method(run) for run in plain},
        "name": Method(lambda _: ({"name": spec["name"], "pid": os.getpid()}, b"")),
        "count_in_turn": Method(count, "serial"),
        "batch": Method(batch, "background"),
        "nice_of_quick": Method(nice, "quick"),
        "nice_of_background": Method(nice, "background"),
    }
    return Role(methods, {"size": spec.get("size", 1)})


def broken(spec: Mapping[str, Any]) -> Role:
    raise ModelError(f"{spec['path']} is not a model", hint="fetch it again")


def echo(request: Request) -> Answer:
    return request.params, request.payload


def sleep(request: Request) -> Answer:
    time.sleep(request.params["seconds"])
    return {}, b""


def nice(request: Request) -> Answer:
    return {"nice": os.getpriority(os.PRIO_PROCESS, threading.get_native_id())}, b""


def batch(request: Request) -> Answer:
    """Busy until a file is there."""
    while not Path(request.params["until"]).exists():
        time.sleep(0.01)
    return {}, b""


def count(request: Request) -> Iterator[dict[str, Any]]:
    """Numbers up to `to`; stopped, it says how far it came."""
    for n in range(request.params["to"]):
        if request.cancelled.wait(request.params.get("pause", 0)):
            yield {"stopped_at": n}
            return
        yield {"n": n}


def noise(request: Request) -> Answer:
    """What native libraries do: write to stdout as if it were theirs."""
    print("a stray line from Python", flush=True)
    os.write(1, b"a stray line from below\n")
    return {"stdin": sys.stdin.read()}, b""


def garbage(request: Request) -> Answer:
    """Write to the pipe of the protocol itself."""
    for fd in range(3, 64):
        try:
            fifo = stat.S_ISFIFO(os.fstat(fd).st_mode)
            writable = fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY
        except OSError:
            continue
        if fifo and writable:
            os.write(fd, request.payload)
    time.sleep(60)
    return {}, b""


def seen(request: Request) -> Answer:
    return {"modules": sorted(sys.modules), "path": sys.path}, b""


def die(request: Request) -> Answer:
    if "status" in request.params:
        os._exit(request.params["status"])
    os.kill(os.getpid(), getattr(signal, request.params["signal"]))
    time.sleep(60)
    return {}, b""


def give_up(request: Request) -> Answer:
    reasons: dict[str, Callable[[], object]] = {
        "typed": lambda: _raise(NotFoundError("no such thing", hint="look elsewhere")),
        "unexpected": lambda: _raise(RuntimeError(request.params["words"])),
        "memory": lambda: _allocate(1 << 40),
    }
    reasons[request.params["reason"]]()
    return {}, b""


def _raise(error: Exception) -> None:
    raise error


def _allocate(size: int) -> None:
    """Ask for more than a limit on the process allows (Linux)."""
    used = int(Path("/proc/self/statm").read_text().split()[0])
    limit = used * resource.getpagesize() + (64 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    bytearray(size)
