"""Every use case once, a module a noun. The command, and later other fronts, only present them.

A use case is a function of the core, the call (who asks, and whether they still want it) and named
parameters, checked against their annotations. A generator streams events and ends with `result`.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, ValidationError, validate_call

from secondme.errors import BadInputError

if TYPE_CHECKING:
    from secondme.core.app import Core

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One request: the client's name for the journal, and a flag that is set when it has gone."""

    client: str
    stop: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class UseCase:
    """A function that clients can call by name."""

    name: str
    function: Callable[..., Any]

    @cached_property
    def checked(self) -> Callable[..., Any]:
        """The function with its parameters checked; made for the first call, so that a core starts soon."""
        return validate_call(config=ConfigDict(arbitrary_types_allowed=True))(self.function)

    def run(self, core: Core, call: Call, params: dict[str, Any]) -> Any:
        """Check the parameters and run. Raises `BadInputError` that names what does not fit."""
        unknown = set(params) - set(inspect.signature(self.function).parameters)
        if unknown:
            raise BadInputError(f"{self.name} does not take {', '.join(sorted(unknown))}")
        try:
            return self.checked(core, call, **params)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise BadInputError(f"{self.name}: {where}: {first['msg']}") from None


USE_CASES: dict[str, UseCase] = {}


def use_case(function: Callable[..., Any]) -> Callable[..., Any]:
    """Offer a function to clients under its name, with dashes for underscores
    and without the one that keeps a name from being a keyword."""
    name = function.__name__.rstrip("_").replace("_", "-")
    USE_CASES[name] = UseCase(name, function)
    return function


def load() -> None:
    """Import every module of use cases, so that `USE_CASES` is complete."""
    for module in (
        "adding",
        "answers",
        "changes",
        "consolidation",
        "episodes",
        "events",
        "facts",
        "health",
        "models",
        "moments",
        "originals",
        "showing",
        "sources",
        "timeline",
        "transfer",
    ):
        import_module(f"{__name__}.{module}")
