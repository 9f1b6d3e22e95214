"""JSON with the place of every object, and without the traps of hostile files."""

from __future__ import annotations

import json
from json import decoder, scanner
from typing import Any


def _integer(digits: str) -> int | float:
    """A number of thousands of digits takes long to convert and means nothing."""
    return int(digits) if len(digits) <= 40 else float(digits[:300])


# The standard library's decoder in Python; its type stubs leave these two out.
_read_object: Any = vars(decoder)["JSONObject"]
_make_scanner: Any = vars(scanner)["py_make_scanner"]


class PlacingDecoder(json.JSONDecoder):
    """Decodes JSON and remembers where each object stands: `place(value)` is its characters' range.

    Built on the standard library's own scanner in Python, which reads some 20 MB a second.
    """

    def __init__(self) -> None:
        super().__init__(parse_int=_integer, strict=False)
        self._places: dict[int, tuple[int, int]] = {}
        self.parse_object = self._parse_object
        self.scan_once = _make_scanner(self)

    def place(self, value: Any) -> tuple[int, int] | None:
        """Where an object of the decoded document stands, while the document is alive."""
        return self._places.get(id(value))

    def _parse_object(self, start: tuple[str, int], *rest: Any) -> tuple[Any, int]:
        value, end = _read_object(start, *rest)
        self._places[id(value)] = (start[1] - 1, end)
        return value, end


_decoder = json.JSONDecoder(strict=False)
_lenient = json.JSONDecoder(parse_int=_integer, strict=False)


def loads(text: str) -> Any:
    """One JSON value. Raises `ValueError` for what is none, `RecursionError` for deep nesting."""
    try:
        return _decoder.decode(text)
    except json.JSONDecodeError:
        raise
    except ValueError:  # an integer with thousands of digits
        return _lenient.decode(text)
