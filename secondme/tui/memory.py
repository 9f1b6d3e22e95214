"""The way to the core for a program that lives long: asynchronous, over connections that are kept.

httpx2 is imported when the first request is made, after the app's first paint.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from secondme import __version__, errors
from secondme.config import Config
from secondme.core.client import CLIENT_HEADER, VERSION_HEADER, CoreClient, error_of, lost

if TYPE_CHECKING:
    import httpx2

    from secondme.tui import shapes
    from secondme.tui.shapes import Event

TEXT = 6_000
"""Characters of a moment that are shown; the original holds the rest."""
LINE = 600
"""Characters of a moment in a list."""
_NAMES = 2000
_LAPSES = frozenset({"recall"})
_LAST = 1.0
"""Seconds that what was begun has yet when the app ends."""


class Memory:
    """The core's use cases. All methods raise a `SecondMeError` of the kind that the core raised."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._core = CoreClient(config, "app")
        self._http: httpx2.AsyncClient | None = None
        self._starting = asyncio.Lock()
        self._begun: set[asyncio.Future[dict[str, Any]]] = set()

    async def running(self) -> bool:
        """Whether a core answers."""
        return await asyncio.to_thread(self._core.running) is not None

    async def ensure(self) -> None:
        """Start a core if none is running. Raises `CoreError` when it does not come up."""
        async with self._starting:
            await asyncio.to_thread(self._core.ensure)

    async def close(self) -> None:
        """Let what was begun come to its end, for a moment, and the connections go."""
        if self._begun:
            await asyncio.wait(self._begun, timeout=_LAST)
        await self._let_go()

    async def _let_go(self) -> None:
        if self._http is not None:
            http, self._http = self._http, None
            await http.aclose()

    async def call(self, use_case: str, /, **params: Any) -> dict[str, Any]:
        """The result of a use case; parameters that are None are left to the core.

        Once begun it is done, also when nobody waits for it any longer: a dialog that was closed at
        once does not undo what was decided in it. A search ends with whoever waits for it: of one that
        is stale the core has nothing left to do.
        """
        if use_case in _LAPSES:
            return await self._call(use_case, params)
        work = asyncio.ensure_future(self._call(use_case, params))
        self._begun.add(work)
        work.add_done_callback(self._ended)
        return await asyncio.shield(work)

    def _ended(self, work: asyncio.Future[dict[str, Any]]) -> None:
        self._begun.discard(work)
        if not work.cancelled():
            work.exception()  # who waits is told by the future itself

    async def _call(self, use_case: str, params: dict[str, Any]) -> dict[str, Any]:
        response = await self._send(use_case, params)
        try:
            with _told():
                body: dict[str, Any] = json.loads(await response.aread())
        finally:
            await response.aclose()
        if response.status_code != 200:
            raise error_of(body)
        return body

    async def stream(self, use_case: str, /, **params: Any) -> AsyncGenerator[Event]:
        """The events of a use case, as they come; closing the generator stops the work."""
        response = await self._send(use_case, params)
        last = None
        try:
            with _told():
                if response.status_code != 200:
                    raise error_of(json.loads(await response.aread()))
                async for line in response.aiter_lines():
                    event: Event = json.loads(line)
                    last = event.get("event")
                    if last == "error":
                        raise error_of(event)
                    if last != "alive":
                        yield event
        finally:
            await response.aclose()
        if last != "result":
            raise errors.CoreError("the core ended in the middle of its work", hint="try again")

    async def _send(self, use_case: str, params: dict[str, Any]) -> httpx2.Response:
        """The answer's head; a core that is not there is started, once."""
        http = await self._client()
        body = json.dumps({k: v for k, v in params.items() if v is not None}).encode()
        for again in (False, True):
            try:
                request = http.build_request("POST", f"/v1/{use_case}", content=body)
                with _told():
                    response = await http.send(request, stream=True)
            except errors.CoreError as error:
                if again or not _unreached(error.__cause__):
                    raise
                await self.ensure()
                if http is self._http:  # another request may have made the new one
                    await self._let_go()
                http = await self._client()
                continue
            version = response.headers.get(VERSION_HEADER)
            if version != __version__:
                await response.aclose()
                raise errors.CoreError(
                    f"the running core is version {version}, this app is {__version__}",
                    hint="`secondme core restart` starts the right one",
                )
            return response
        raise AssertionError("the second try returns or raises")

    async def _client(self) -> httpx2.AsyncClient:
        if self._http is None:
            httpx2 = await asyncio.to_thread(import_module, "httpx2")
            headers = {
                "Content-Type": "application/json",
                VERSION_HEADER: __version__,
                CLIENT_HEADER: "app",
            }
            if self.config.uses_tcp:
                with suppress(OSError, ValueError, KeyError):
                    place = json.loads(self.config.tcp_file.read_text(encoding="utf-8"))
                    headers["Authorization"] = f"Bearer {place['token']}"
                    self._http = httpx2.AsyncClient(
                        base_url=f"http://127.0.0.1:{place['port']}", timeout=None, headers=headers
                    )
            if self._http is None:
                transport = httpx2.AsyncHTTPTransport(uds=str(self.config.socket))
                self._http = httpx2.AsyncClient(
                    base_url="http://core", timeout=None, headers=headers, transport=transport
                )
        assert self._http is not None
        return self._http

    def events(self) -> AsyncGenerator[Event]:
        """How the memory stands, as `shapes.State`, at once and whenever that changes."""
        return self.stream("events")

    def chat(
        self,
        message: str,
        conversation: str,
        *,
        private: bool = False,
        without: Sequence[str] = (),
    ) -> AsyncGenerator[Event]:
        """One turn of a conversation: `recalled`, `token`s, and `result`, an `Answer`, which does not
        rest on the moments `without`."""
        return self.stream(
            "chat",
            message=message,
            conversation=conversation,
            private=private,
            without=list(without) or None,
        )

    async def recall(self, question: str, **options: Any) -> shapes.Recalled:
        """The moments that a question is about, best first."""
        options.setdefault("length", LINE)
        return cast("shapes.Recalled", await self.call("recall", question=question, **options))

    async def show(self, id_: str, around: int = 3, *, private: bool = False) -> shapes.Shown:
        """A moment in its surroundings; that it was looked at is not noted if that is private."""
        shown = await self.call("show", id=id_, around=around, length=TEXT, private=private or None)
        return cast("shapes.Shown", shown)

    async def original(self, id_: str, *, private: bool = False) -> shapes.Original:
        """What stands around a moment in its original."""
        return cast("shapes.Original", await self.call("original", id=id_, private=private or None))

    async def speakers(self) -> list[tuple[str, int]]:
        """Everyone who speaks, with the number of their moments, most first."""
        return [(s["name"], s["moments"]) for s in (await self.call("speakers"))["speakers"]]

    async def timeline(self, when: str | None = None, by: str | None = None) -> shapes.Timeline:
        """How much there is along time, or the moments of a day."""
        found = await self.call("timeline", when=when, by=by, length=LINE)
        return cast("shapes.Timeline", found)

    async def episode(self, id_: str) -> shapes.Episode:
        """An episode with all its moments."""
        return cast("shapes.Episode", await self.call("show", id=id_))

    async def entities(self, kind: str, as_of: str | None = None) -> list[shapes.Entity]:
        """People or another kind, most mentioned first, now or up to a day."""
        found = await self.call("entities", kind=kind, as_of=as_of, limit=_NAMES)
        return cast("list[shapes.Entity]", found["entities"])

    async def facts(
        self, who: str, as_of: str | None = None, *, history: bool = False
    ) -> list[shapes.Fact]:
        """What is known of one, now or as it stood on a day; with `history` also what is over."""
        found = await self.call("facts", who=who, as_of=as_of, history=history)
        return cast("list[shapes.Fact]", found["facts"])

    async def resting_on(self, moment: str, *, history: bool = False) -> list[shapes.Fact]:
        """The facts that rest on a moment; with `history` also what is over or rejected."""
        found = await self.call("facts", moment=moment, history=history or None)
        return cast("list[shapes.Fact]", found["facts"])

    async def mark(self, moment: str, verdict: str) -> None:
        """Say that a moment is good or wrong."""
        await self.call("mark", ids=[moment], verdict=verdict)

    async def conflicts(self, as_of: str | None = None) -> list[list[shapes.Fact]]:
        """Groups of facts of which only one can be so, now or as it stood on a day."""
        groups = (await self.call("conflicts", as_of=as_of))["conflicts"]
        return [cast("list[shapes.Fact]", group["facts"]) for group in groups]

    async def review(self, as_of: str | None = None) -> list[shapes.Fact]:
        """Facts that wait for the person's word, the most doubtful first, now or as it stood on a day."""
        return cast("list[shapes.Fact]", (await self.call("review", as_of=as_of))["facts"])

    async def profile(self) -> shapes.Profile:
        """What is known of the person, by field, and how they write."""
        return cast("shapes.Profile", await self.call("profile"))

    async def decide(self, verdict: str, id_: str, value: str | None = None) -> shapes.Fact:
        """Confirm, reject or edit a fact; returns what it is then."""
        return cast(
            "shapes.Fact", (await self.call(f"fact-{verdict}", id=id_, value=value))["fact"]
        )

    async def merge(self, first: str, other: str) -> shapes.Entity:
        """Join two of whom the names are of one; by id or name."""
        joined = await self.call("entity-merge", names=[first, other])
        return cast("shapes.Entity", joined["entity"])

    async def split(self, who: str, alias: str) -> list[shapes.Entity]:
        """Take a name out of somebody's; returns the two."""
        parts = await self.call("entity-split", name=who, aliases=[alias])
        return cast("list[shapes.Entity]", parts["entities"])

    async def sources(self) -> list[shapes.Source]:
        """Where the memory's content comes from."""
        return cast("list[shapes.Source]", (await self.call("sources"))["sources"])

    async def models(self) -> list[shapes.Model]:
        """The models that are known by name, or are here."""
        return cast("list[shapes.Model]", (await self.call("models"))["models"])

    async def plan(self, model: str, memory: int) -> shapes.Plan:
        """What so many megabytes buy with a model. Raises `BadInputError` for too few."""
        return cast("shapes.Plan", await self.call("model-plan", name=model, memory=memory))

    async def residency(self) -> shapes.Residency | None:
        """How the weights of the model that answers lie; None while none runs in a budget."""
        return cast("shapes.Residency | None", (await self.call("residency"))["residency"])

    async def log(self, limit: int, before: str | None = None) -> list[shapes.Change]:
        """The journal, newest first; from the one after `before` on."""
        found = await self.call("log", limit=limit, before=before)
        return cast("list[shapes.Change]", found["entries"])

    async def reads(self, limit: int, before: str | None = None) -> list[shapes.Read]:
        """What was read by which client, newest first; from before a time on."""
        found = await self.call("reads", limit=limit, before=before)
        return cast("list[shapes.Read]", found["reads"])

    async def forget(self, ids: list[str]) -> shapes.Forgotten:
        """Forget moments; it can be taken back."""
        return cast("shapes.Forgotten", await self.call("forget", ids=ids))

    async def undo(self, id_: str | None = None) -> shapes.Change:
        """Take back the last change, or the one with this id; returns what was taken back."""
        return cast("shapes.Change", (await self.call("undo", id=id_))["undone"])

    async def redo(self, id_: str | None = None) -> shapes.Change:
        """Do a change again that was taken back; returns that change."""
        return cast("shapes.Change", (await self.call("redo", id=id_))["redone"])


@contextmanager
def _told() -> Iterator[None]:
    """What breaks on the way, as an error with one line."""
    import httpx2

    try:
        yield
    except (ValueError, OSError, httpx2.HTTPError, httpx2.StreamError) as error:
        raise lost(error) from error


def _unreached(error: BaseException | None) -> bool:
    """Whether nothing was sent, so that the request can be made again."""
    import httpx2

    return isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | FileNotFoundError)
