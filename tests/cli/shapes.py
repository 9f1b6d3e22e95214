"""Reads the shapes in docs/json.md and says where a value does not have the shape that it should."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "json.md"
_SECTION = re.compile(r"^## (.+?)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"```json\n(.*?)```", re.DOTALL)


@lru_cache
def shapes() -> dict[str, Any]:
    """Every shape by its heading."""
    found = {}
    for name, body in _SECTION.findall(PAGE.read_text(encoding="utf-8")):
        (block,) = _BLOCK.findall(body)
        found[name] = json.loads(block)
    return found


def faults(value: Any, shape: Any, where: str = "result") -> Iterator[str]:
    """Where the value differs from the shape, with what is expected there."""
    if isinstance(shape, str):
        if not any(_is(value, kind, where) for kind in shape.split("|")):
            yield f"{where} is {value!r}, not {shape}"
            named = shape if shape in shapes() else None
            yield from faults(value, shapes()[named], where) if named else ()
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{where} is no list"
            return
        for number, each in enumerate(value):
            yield from faults(each, shape[0], f"{where}[{number}]")
    else:
        yield from _object_faults(value, shape, where)


def _object_faults(value: Any, shape: dict[str, Any], where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where} is no object"
        return
    names = {name.removesuffix("?"): name for name in shape if name != "*"}
    for name, key in names.items():
        if name in value:
            yield from faults(value[name], shape[key], f"{where}.{name}")
        elif not key.endswith("?"):
            yield f"{where}.{name} is missing"
    for name in value.keys() - names.keys():
        if "*" in shape:
            yield from faults(value[name], shape["*"], f"{where}.{name}")
        else:
            yield f"{where}.{name} is not documented"


def _is(value: Any, kind: str, where: str) -> bool:
    if kind in shapes():
        return not list(faults(value, shapes()[kind], where))
    if kind == "time":
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    if kind in ("integer", "number") and isinstance(value, bool):
        return False
    kinds: dict[str, Any] = {
        "text": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "null": type(None),
        "any": object,
    }
    return isinstance(value, kinds[kind])
