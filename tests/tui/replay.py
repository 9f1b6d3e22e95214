"""A memory that answers as the real one did once, so that screens can be compared; and its recording."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from secondme.config import Config
from secondme.tui.memory import Memory

FILE = Path(__file__).parent / "recorded.json.gz"
_LIFE = "/home/ines/life"
Tape = dict[str, Any]


def key(use_case: str, params: dict[str, Any]) -> str:
    """What a request is told apart by; the name of a conversation is another one each time."""
    kept = {k: v for k, v in params.items() if v is not None and k != "conversation"}
    return f"{use_case} {json.dumps(kept, sort_keys=True)}"


class Recording(Memory):
    """The real memory, with all that it says kept; `life` is the folder that was taken in."""

    def __init__(self, config: Config, tape: Tape, life: Path) -> None:
        super().__init__(config)
        self._tape = tape
        self._life = str(life)

    def _keep(self, name: str, said: Any) -> None:
        text = json.dumps(said).replace(self._life, _LIFE)
        self._tape[name.replace(self._life, _LIFE)] = json.loads(text)

    async def call(self, use_case: str, /, **params: Any) -> dict[str, Any]:
        said = await super().call(use_case, **params)
        self._keep(key(use_case, params), said)
        return said

    async def stream(self, use_case: str, /, **params: Any) -> AsyncGenerator[dict[str, Any]]:
        said = []
        async for event in super().stream(use_case, **params):
            said.append(event)
            self._keep(key(use_case, params), said[-1:] if use_case == "events" else said)
            yield event


class Replayed(Memory):
    """The recorded memory. What was not recorded is a `KeyError`; its state stays as it is."""

    def __init__(self, config: Config, tape: Tape) -> None:
        super().__init__(config)
        self._tape = tape

    async def running(self) -> bool:
        return True

    async def ensure(self) -> None:
        return

    async def call(self, use_case: str, /, **params: Any) -> dict[str, Any]:
        said: dict[str, Any] = self._tape[key(use_case, params)]
        return said

    async def stream(self, use_case: str, /, **params: Any) -> AsyncGenerator[dict[str, Any]]:
        for event in self._tape[key(use_case, params)]:
            yield event
        if use_case == "events":
            await asyncio.Event().wait()


def write(tapes: dict[str, Tape]) -> None:
    """Keep the tapes."""
    data = json.dumps(tapes, sort_keys=True).encode()
    FILE.write_bytes(gzip.compress(data, mtime=0))


def read() -> dict[str, Tape]:
    """The tapes that were kept: `life`, with the demo life, and `new`, with nothing."""
    tapes: dict[str, Tape] = json.loads(gzip.decompress(FILE.read_bytes()))
    return tapes
