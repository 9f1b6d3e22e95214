"""The core's HTTP surface: `POST /v1/<use case>` with JSON in, JSON or a stream of JSON lines out."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import os
import secrets
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from secondme import __version__
from secondme.core.app import Core
from secondme.core.client import CLIENT_HEADER, VERSION_HEADER
from secondme.core.service import USE_CASES, Call, UseCase
from secondme.errors import BadInputError, NotFoundError, RefusedError, SecondMeError

log = logging.getLogger("secondme")
_THREADS = 16
_MAX_BODY = 512 * 1024 * 1024
_ALIVE = 5.0


class Server:
    """The Starlette application over a core."""

    def __init__(self, core: Core, stop: Callable[[], None], token: str = "") -> None:
        """`stop` ends the process; with a `token` every request must carry it."""
        self._core = core
        self._stop = stop
        self._token = token
        self._threads = ThreadPoolExecutor(_THREADS, "request")
        self.active = 0
        self.last = time.monotonic()
        self.app = Starlette(
            routes=[
                Route("/v1/ping", self._ping),
                Route("/v1/stop", self._end, methods=["POST"]),
                Route("/v1/{use_case}", self._run, methods=["POST"]),
            ]
        )

    def idle_seconds(self) -> float:
        """How long nobody has asked for anything."""
        return 0.0 if self.active else time.monotonic() - self.last

    async def _ping(self, request: Request) -> Response:
        if not self._allowed(request):
            return _failed(RefusedError("the token is missing or wrong"))
        return _json({"version": __version__, "pid": os.getpid()})

    async def _end(self, request: Request) -> Response:
        if not self._allowed(request):
            return _failed(RefusedError("the token is missing or wrong"))
        self._core.ending.set()
        self._stop()
        return _json({"stopping": True})

    def _allowed(self, request: Request) -> bool:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return not self._token or secrets.compare_digest(given, self._token)

    async def _run(self, request: Request) -> Response:
        self.active += 1
        streaming = False
        try:
            use_case, params = await self._read(request)
            call = Call(_client(request), threading.Event())
            if inspect.isgeneratorfunction(use_case.function):
                streaming = True
                return StreamingResponse(
                    self._events(use_case, call, params),
                    media_type="application/x-ndjson",
                    headers={VERSION_HEADER: __version__},
                )
            loop = asyncio.get_running_loop()
            result = await loop.run_in_executor(
                self._threads, use_case.run, self._core, call, params
            )
            return _json(result)
        except SecondMeError as error:
            return _failed(error)
        except Exception as error:
            log.exception("use case failed")
            return _failed(_unexpected(error))
        finally:
            if not streaming:
                self._done()

    def _done(self) -> None:
        self.active -= 1
        self.last = time.monotonic()

    async def _read(self, request: Request) -> tuple[UseCase, dict[str, Any]]:
        if not self._allowed(request):
            raise RefusedError("the token is missing or wrong")
        theirs = request.headers.get(VERSION_HEADER, __version__)
        if theirs != __version__:
            raise RefusedError(
                f"the running core is version {__version__}, this client is {theirs}",
                hint="`secondme core restart` starts the right one",
            )
        use_case = USE_CASES.get(request.path_params["use_case"])
        if use_case is None:
            raise NotFoundError(f"the core cannot {request.path_params['use_case']!r}")
        if int(request.headers.get("Content-Length", 0)) > _MAX_BODY:
            raise BadInputError("the request is too large")
        try:
            params = json.loads(await request.body() or b"{}")
        except ValueError as error:
            raise BadInputError(f"the request is not JSON: {error}") from None
        if not isinstance(params, dict):
            raise BadInputError("the request is no JSON object")
        return use_case, params

    async def _events(
        self, use_case: UseCase, call: Call, params: dict[str, Any]
    ) -> AsyncIterator[bytes]:
        """The generator's events from its thread, one JSON line each; ends it when the client goes."""
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(maxsize=256)

        def put(event: dict[str, Any] | None) -> None:
            if not call.stop.is_set():
                asyncio.run_coroutine_threadsafe(queue.put(event), loop).result()

        def work() -> None:
            for event in _safely(use_case.run(self._core, call, params)):
                put(event)
                if call.stop.is_set():
                    break
            put(None)

        task = loop.run_in_executor(self._threads, work)
        try:
            while True:
                try:
                    event = await asyncio.wait_for(queue.get(), _ALIVE)
                except TimeoutError:
                    yield b'{"event": "alive"}\n'
                    continue
                if event is None:
                    break
                yield json.dumps(event, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        finally:
            # No await here: a client that went away has cancelled this coroutine.
            call.stop.set()
            while not queue.empty():
                queue.get_nowait()
            task.add_done_callback(lambda _: self._done())


def _client(request: Request) -> str:
    """The name under which a client stands in the journal: its own, or that of the program it is."""
    given = request.headers.get(CLIENT_HEADER) or request.headers.get("User-Agent") or "unknown"
    return given[:40]


def _safely(events: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The events, with an error as the last one instead of an exception."""
    try:
        yield from events
    except SecondMeError as error:
        yield {"event": "error", **_body(error)}
    except Exception as error:
        log.exception("use case failed")
        yield {"event": "error", **_body(_unexpected(error))}


def _unexpected(error: Exception) -> SecondMeError:
    return SecondMeError(
        f"the core failed: {type(error).__name__}: {error}", hint="its log has the details"
    )


def _body(error: SecondMeError) -> dict[str, Any]:
    return {"kind": type(error).__name__, "error": str(error), "hint": error.hint}


def _failed(error: SecondMeError) -> Response:
    return JSONResponse(_body(error), error.status, headers={VERSION_HEADER: __version__})


def _json(result: Any) -> Response:
    body = json.dumps(result, ensure_ascii=False).encode("utf-8", "replace")
    return Response(body, media_type="application/json", headers={VERSION_HEADER: __version__})
