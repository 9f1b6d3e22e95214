"""The process of a model worker: `python -m secondme.model.worker_main`, started by `worker.Worker`.

It loads one model for one role and answers requests in the frames of `secondme.model.frames`. It ends
when its stdin closes, so that it never outlives the process it works for.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple

from secondme.errors import BadInputError, SecondMeError, WorkerError
from secondme.model.frames import FrameError, encode_frame, read_frame

ROLES = {
    "embedder": "secondme.model.worker_main:embedder",
    "language": "secondme.model.llama:language",
    "parser": "secondme.model.parse:parser",
    "ranker": "secondme.model.rerank:ranker",
}
"""The factory of each role, as "module:function"; a spec's "factory" takes its place."""

Lane = Literal["quick", "serial", "background"]
_QUICK_THREADS = 4
_BACKGROUND_NICE = 10
_OOM_SCORE = 500
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Request:
    """What a method is asked. A method that takes long looks at `cancelled` and stops when it is set."""

    params: dict[str, Any]
    payload: bytes = b""
    cancelled: threading.Event = field(default_factory=threading.Event)


Answer = tuple[dict[str, Any], bytes] | Iterator[dict[str, Any]]
"""A value with a payload, or the parts of a stream."""


class Method(NamedTuple):
    """A method of a role, and the lane in which it runs.

    "quick" methods run at once, several at a time; "serial" ones one after another; "background" ones
    one after another too, at a lower priority than everything else on the machine where the system
    knows priorities of threads (Linux).
    """

    run: Callable[[Request], Answer]
    lane: Lane = "quick"


class Role(NamedTuple):
    """A loaded model: what it can be asked, and what it says about itself (JSON values)."""

    methods: Mapping[str, Method]
    info: Mapping[str, Any]


def embedder(spec: Mapping[str, Any]) -> Role:
    """The role of the embedder. `spec`: name, path, cache_dir, threads. Raises `ModelError`.

    Vectors go out as little-endian float32, row by row. A person's query does not wait for a batch.
    """
    from secondme.model.embed import Embedder

    model = Embedder.open(Path(spec["path"]), Path(spec["cache_dir"]), int(spec["threads"]))

    def passages(request: Request) -> tuple[dict[str, Any], bytes]:
        if request.cancelled.is_set():
            return {}, b""
        return {}, model.passages(request.params["texts"]).astype("<f4").tobytes()

    def query(request: Request) -> tuple[dict[str, Any], bytes]:
        return {}, model.query(request.params["text"]).astype("<f4").tobytes()

    methods = {"passages": Method(passages, "background"), "query": Method(query)}
    return Role(methods, {"dimensions": model.dimensions})


class _Server:
    """Reads frames, hands each request to its lane, and writes what comes of it."""

    def __init__(self, pipe_in: IO[bytes], pipe_out: IO[bytes]) -> None:
        self._in = pipe_in
        self._out = pipe_out
        self._writing = threading.Lock()
        self._requests: dict[int, Request] = {}
        self._role: Role | None = None
        self._name = ""
        self._lanes: dict[Lane, ThreadPoolExecutor] = {
            "quick": ThreadPoolExecutor(_QUICK_THREADS),
            "serial": ThreadPoolExecutor(1),
            "background": ThreadPoolExecutor(1, initializer=_lower_priority),
        }

    def serve(self) -> None:
        """Read until the pipe ends. The model loads beside it, so that its end is seen meanwhile."""
        while (frame := read_frame(self._in)) is not None:
            header, payload = frame
            if "open" in header:
                self._name = header["open"]["role"]
                self._lanes["serial"].submit(self._load, header["open"])
            elif header.get("cancel"):
                if (request := self._requests.get(header["id"])) is not None:
                    request.cancelled.set()
            else:
                self._take(header["id"], header["method"], Request(header["params"], payload))

    def _take(self, id_: int, name: str, request: Request) -> None:
        method = self._role.methods.get(name) if self._role is not None else None
        if method is None:
            self._fail(id_, WorkerError(f"the {self._name} worker has no method {name!r}"))
            return
        self._requests[id_] = request
        self._lanes[method.lane].submit(self._answer, id_, method, request)

    def _load(self, opening: Mapping[str, Any]) -> None:
        spec = opening["spec"]
        try:
            self._role = _factory(self._name, spec)(spec)
            self._send({"is": "ready", "info": dict(self._role.info)})
        except BaseException as error:
            self._fail(None, error)

    def _answer(self, id_: int, method: Method, request: Request) -> None:
        try:
            self._send({"is": "start", "id": id_})
            answer = method.run(request)
            if isinstance(answer, tuple):
                self._send({"is": "done", "id": id_, "value": answer[0]}, answer[1])
            else:
                for part in answer:
                    self._send({"is": "part", "id": id_, "value": part})
                self._send({"is": "done", "id": id_, "value": {}})
        except BaseException as error:
            self._fail(id_, error)
        finally:
            self._requests.pop(id_, None)

    def _fail(self, id_: int | None, error: BaseException) -> None:
        """Report an error; out of memory, end the process as well: what is left is in no known state."""
        kind, hint, fatal = "WorkerError", "", isinstance(error, MemoryError)
        if isinstance(error, SecondMeError):
            kind, message, hint = type(error).__name__, str(error), error.hint
            fatal = error.ends_worker
        elif fatal:
            message = f"the {self._name} worker ran out of memory; the next request starts it again"
        else:
            text = " ".join(str(error).split())
            message = f"the {self._name} worker failed: {type(error).__name__}: {text}"
            _log(self._name, error)
        header = {"is": "error", "kind": kind, "message": message, "hint": hint, "fatal": fatal}
        self._send(header if id_ is None else {**header, "id": id_})
        if fatal:
            os._exit(1)

    def _send(self, header: Mapping[str, Any], payload: bytes = b"") -> None:
        frame = encode_frame(header, payload)
        with self._writing:
            try:
                self._out.write(frame)
                self._out.flush()
            except OSError:  # nobody is there to listen
                os._exit(0)


def _factory(role: str, spec: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Role]:
    place = str(spec.get("factory") or ROLES.get(role, ""))
    module, _, name = place.partition(":")
    if not module or not name:
        raise BadInputError(f"no model worker has the role {role!r}")
    factory: Callable[[Mapping[str, Any]], Role] = getattr(importlib.import_module(module), name)
    return factory


def _log(role: str, error: BaseException) -> None:
    """Where an unexpected error came from, without its text: that may quote somebody's words."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    frames = "".join(traceback.format_tb(error.__traceback__))
    sys.stderr.write(f"{stamp} {role}[{os.getpid()}] {type(error).__name__}\n{frames}")
    sys.stderr.flush()


def _lower_priority() -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _BACKGROUND_NICE)


def _take_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """The pipes of the protocol; what native libraries print goes to the log instead."""
    pipe_in = os.fdopen(os.dup(0), "rb")
    pipe_out = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return pipe_in, pipe_out


def _be_expendable() -> None:
    """Die with the parent, and before it when memory runs out (Linux; elsewhere stdin's end is all)."""
    if sys.platform != "linux":
        return
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(_OOM_SCORE), encoding="ascii")


def main() -> None:
    """Serve until stdin closes."""
    pipe_in, pipe_out = _take_pipes()
    _be_expendable()
    status = 0
    try:
        _Server(pipe_in, pipe_out).serve()
    except (FrameError, KeyError, TypeError) as error:
        _log("worker", error)
        status = 1
    os._exit(status)  # whatever native code still runs, at once


if __name__ == "__main__":
    # One module object, so that roles share its types.
    importlib.import_module("secondme.model.worker_main").main()
