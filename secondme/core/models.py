"""The models of a memory: where their files lie, and the processes that they run in."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from secondme.config import Config
from secondme.errors import NotFoundError, SecondMeError
from secondme.model import catalog, fetch

if TYPE_CHECKING:
    from secondme.model.chat import Completion
    from secondme.model.clients import EmbedderClient, LanguageClient, ParserClient, RankerClient

_HELPERS_IDLE = 60.0
"""Seconds after which the parser is unloaded: only the background needs it; and the models that rank."""


class _Common(TypedDict):
    """What every client is given."""

    timeout: float
    idle_after: float
    log_file: Path


class Models:
    """Finds models and starts their workers. They load when they are needed."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._lock = threading.RLock()
        self._parser: ParserClient | None = None
        self._ranker: RankerClient | None = None
        self._language: LanguageClient | None = None
        self._language_spec: dict[str, Any] = {}

    @property
    def threads(self) -> int:
        return self.config.threads or os.cpu_count() or 1

    def path(self, name: str) -> Path | None:
        """Where a model's file lies, or None when it has not been fetched."""
        return fetch.local_path(catalog.find(name), self.config.models_dir)

    def known_path(self, name: str) -> Path:
        """Where a model's file lies. Raises `NotFoundError`, with the command that fetches it."""
        path = self.path(name)
        if path is None:
            name = catalog.find(name).name
            raise NotFoundError(
                f"the model {name!r} is not here", hint=f"`secondme model fetch {name}`"
            )
        return path

    def _common(self, role: str, *, helper: bool = False) -> _Common:
        idle = self.config.worker_idle * 60
        return {
            "timeout": self.config.request_timeout,
            "idle_after": min(idle, _HELPERS_IDLE) if helper else idle,
            "log_file": self.config.log_dir / f"{role}.log",
        }

    @property
    def _converted(self) -> str:
        return str(self.config.models_dir / "converted")

    def embedder(self, name: str) -> EmbedderClient:
        """A client of an embedder, which is the caller's to close. Raises `NotFoundError`."""
        from secondme.model.clients import EmbedderClient

        return EmbedderClient(
            {
                "name": name,
                "path": str(self.known_path(name)),
                "cache_dir": self._converted,
                "threads": self.threads,
            },
            **self._common("embedder"),
        )

    def open_parser(self, use: Callable[[ParserClient | None], None]) -> None:
        """Hand the configured parser to who is to `use` it from now on; None when its model is not here."""
        from secondme.model.clients import ParserClient

        with self._lock:
            name = self.config.parser
            path = self.path(name)
            if self._parser is not None:
                self._parser.close()
            self._parser = None
            if path is not None:
                self._parser = ParserClient(
                    {
                        "name": catalog.find(name).name,
                        "path": str(path),
                        "cache_dir": self._converted,
                    },
                    **self._common("parser", helper=True),
                )
            use(self._parser)

    def ranker(self) -> RankerClient:
        """The models that rank what was found anew. Raises `NotFoundError` when they were not fetched."""
        from secondme.model.clients import RankerClient

        with self._lock:
            name = catalog.RANKER
            spec = {"name": name, "path": str(self.known_path(name)), "threads": self.threads}
            if self._ranker is None:
                self._ranker = RankerClient(spec, **self._common("ranker", helper=True))
            return self._ranker

    def language(self, name: str | None = None, memory: int | None = None) -> LanguageClient:
        """The language model in use, or the one of that name until the next one is asked for.

        It takes so many megabytes (None: as configured; 0: without a limit). A change from one limit
        to another is made while it runs. Raises `NotFoundError` when the model has not been fetched,
        `BadInputError` when the limit is too small for it.
        """
        from secondme.model.clients import LanguageClient

        with self._lock:
            wanted = name or self.config.language_model
            spec = {
                "name": catalog.find(wanted).name,
                "path": str(self.known_path(wanted)),
                "threads": self.threads,
                "context": self.config.context,
                "cache_dir": self._converted,
            }
            limit = self.config.memory if memory is None else memory
            if limit:
                spec["budget_mb"] = limit
                spec["floor_mb"] = self.config.memory_floor
            if self._language is None:
                self._language = LanguageClient(spec, **self._common("language"))
            elif self._language_spec != spec:
                before = self._language_spec
                if limit and before.get("budget_mb") and before | {"budget_mb": limit} == spec:
                    self._language.set_memory(limit)
                else:
                    self._language.reconfigure(spec)
            self._language_spec = spec
            return self._language

    @contextlib.contextmanager
    def lent_language(self) -> Iterator[None]:
        """While this lasts another model, or another limit, may be in use for one question. A model that
        was in memory before is brought back afterwards, before anybody asks for it."""
        client = self._language
        loaded = client is not None and client.status().state in ("ready", "busy")
        try:
            yield
        finally:
            if loaded:
                threading.Thread(target=self._load_language, name="language", daemon=True).start()

    def _load_language(self) -> None:
        with contextlib.suppress(SecondMeError):
            self.language().loaded()

    def limit_language(self) -> None:
        """Let the language model, if one is in use, take the memory that is configured now."""
        if self.config.memory and self._language is not None:
            self.language()

    def last_completion(self) -> Completion | None:
        """What the language model's last answer took, or None before there was one."""
        return None if self._language is None else self._language.last

    def language_residency(self) -> dict[str, Any] | None:
        """How the language model's weights lie in memory; None when none runs in a budget."""
        language = self._language
        if language is None or language.status().state not in ("ready", "busy"):
            return None
        return language.residency()

    def unload_language(self) -> None:
        """End the language model's worker, with all that it has read; the next use starts it again."""
        with self._lock:
            client, self._language = self._language, None
        if client is not None:
            client.close()

    def clients(self) -> list[LanguageClient | ParserClient | RankerClient]:
        """Every worker's client but those of embedders."""
        found = (self._parser, self._language, self._ranker)
        return [client for client in found if client is not None]
