"""The header of a GGUF file: what it says of itself, and where its tensors lie.

Reads no more than the header, whatever lengths it claims, and nothing of the weights.
"""

from __future__ import annotations

import mmap
import os
import stat
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from secondme.errors import BadInputError, NotFoundError

GGUF_MAGIC = b"GGUF"
_HEADER_LIMIT = 256 << 20  # bytes; the longest tokenizers known take some 30 MB
_STRING_LIMIT = 16 << 20  # bytes; chat templates are the longest that matter
_COUNT_LIMIT = 1 << 24  # metadata fields, array elements and tensors
_DEPTH_LIMIT = 4  # arrays in arrays
_KEPT_ARRAY = 4096  # arrays of numbers that are this long at most are kept: one for each layer
_ALIGNMENT = 32
_SCALARS = {
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
}  # fmt: skip
_STRING, _ARRAY = 8, 9


@dataclass(frozen=True, slots=True)
class Header:
    """What a GGUF file says of itself.

    `parameters` counts the weights in this file, `context` is the longest text it was trained on in
    tokens; 0 where the file does not say. `kind` is "model", "adapter" or another word of the format.
    """

    name: str
    architecture: str
    parameters: int
    context: int
    kind: str = "model"
    licence: str = ""


class Tensor(NamedTuple):
    """One tensor: its shape (fastest dimension first), ggml's number of its type, and its bytes.

    `start` counts from the beginning of the file; `size` may include up to 31 bytes of padding.
    """

    name: str
    shape: tuple[int, ...]
    kind: int
    start: int
    size: int

    @property
    def end(self) -> int:
        return self.start + self.size


class Contents(NamedTuple):
    """A whole header: its fields (texts, numbers, and short arrays of numbers), and the tensors in
    the order of the file."""

    fields: Mapping[str, Any]
    tensors: tuple[Tensor, ...]


class BadHeaderError(Exception):
    """The file is no GGUF that can be read; the message is a short clause."""


def read_header(path: Path) -> Header:
    """The header of a GGUF file, version 2 or 3. Raises `BadHeaderError` and `OSError`."""
    fields, tensors = read_contents(path)
    architecture = _text(fields.get("general.architecture"))
    if not architecture:
        raise BadHeaderError("it names no architecture")
    return Header(
        name=_text(fields.get("general.name")),
        architecture=architecture,
        parameters=sum(_product(tensor.shape) for tensor in tensors),
        context=whole(fields.get(f"{architecture}.context_length")),
        kind=_text(fields.get("general.type")) or "model",
        licence=_text(fields.get("general.license")),
    )


def read_contents(path: Path) -> Contents:
    """Everything in the header of a GGUF file but its long arrays. Raises as `read_header` does."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise BadHeaderError("not a plain file")
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < 24:
            raise BadHeaderError("too short to be a model")
        with mmap.mmap(file.fileno(), min(size, _HEADER_LIMIT), access=mmap.ACCESS_READ) as data:
            return _Reader(data).contents(size)


def size_of(path: Path) -> int:
    """The file's size in bytes. Raises `NotFoundError`, or `BadInputError` when it is not GGUF."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise BadInputError(f"{path} is not a file")
        with path.open("rb") as file:
            magic = file.read(len(GGUF_MAGIC))
            size = file.seek(0, os.SEEK_END)
    except FileNotFoundError:
        raise NotFoundError(f"there is no file {path}") from None
    except OSError as error:
        raise BadInputError(f"{path} cannot be read: {error.strerror or error}") from None
    if magic != GGUF_MAGIC:
        raise BadInputError(f"{path} is not a GGUF file", hint="language models must be GGUF")
    return size


def whole(value: object) -> int:
    """A field as a positive number, or 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


class _Reader:
    """Walks a GGUF header; each step checks that it stays within the bytes there are."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = 0

    def contents(self, file_size: int) -> Contents:
        if self._take(4) != GGUF_MAGIC:
            raise BadHeaderError("not a GGUF file")
        version = self._number("I")
        if version in (0x02000000, 0x03000000):
            raise BadHeaderError("made for a big-endian machine")
        if version not in (2, 3):
            raise BadHeaderError(f"GGUF version {version}, and 2 and 3 can be read")
        count, fields = self._count(), self._count()
        said: dict[str, Any] = {}
        for _ in range(fields):
            key = self._string()
            said[key] = self._value(self._number("I"), 0)
        found = [self._tensor() for _ in range(count)]
        alignment = whole(said.get("general.alignment")) or _ALIGNMENT
        base = -(-self._at // alignment) * alignment
        found.sort(key=lambda tensor: tensor.start)
        starts = [base + tensor.start for tensor in found]
        ends = [*starts[1:], file_size][: len(starts)]
        tensors = (
            tensor._replace(start=start, size=max(end - start, 0))
            for tensor, start, end in zip(found, starts, ends, strict=True)
        )
        return Contents(said, tuple(tensors))

    def _take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._data):
            raise BadHeaderError("cut short")
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def _number(self, code: str) -> Any:
        layout = "<" + code
        return struct.unpack(layout, self._take(struct.calcsize(layout)))[0]

    def _count(self) -> int:
        count = int(self._number("Q"))
        if count > _COUNT_LIMIT:
            raise BadHeaderError("damaged: a count is beyond all bounds")
        return count

    def _skip(self, count: int) -> None:
        if self._at + count > len(self._data):
            raise BadHeaderError("cut short")
        self._at += count

    def _string(self) -> str:
        length = int(self._number("Q"))
        if length > _STRING_LIMIT:
            raise BadHeaderError("damaged: a text is beyond all bounds")
        return self._take(length).decode("utf-8", errors="replace")

    def _value(self, kind: int, depth: int) -> Any:
        """A scalar, a text or a short array of numbers; of another array only the place after it."""
        if kind in _SCALARS:
            return self._number(_SCALARS[kind])
        if kind == _STRING:
            return self._string()
        if kind != _ARRAY or depth >= _DEPTH_LIMIT:
            raise BadHeaderError("damaged: an unknown kind of value")
        inner, count = int(self._number("I")), self._count()
        if inner in _SCALARS:
            layout = f"<{count}{_SCALARS[inner]}"
            if count <= _KEPT_ARRAY:
                return struct.unpack(layout, self._take(struct.calcsize(layout)))
            self._skip(count * struct.calcsize("<" + _SCALARS[inner]))
        elif inner == _STRING:
            for _ in range(count):
                self._skip(int(self._number("Q")))
        else:
            for _ in range(count):
                self._value(inner, depth + 1)
        return None

    def _tensor(self) -> Tensor:
        """The next tensor's description; its start still counts from the first tensor's."""
        name = self._string()
        dimensions = int(self._number("I"))
        if dimensions > 8:
            raise BadHeaderError("damaged: a tensor of too many dimensions")
        shape = tuple(int(self._number("Q")) for _ in range(dimensions))
        return Tensor(name, shape, int(self._number("I")), int(self._number("Q")), 0)


def _product(shape: tuple[int, ...]) -> int:
    weights = 1
    for length in shape:
        weights *= length
    return weights


def _text(value: object) -> str:
    """One line of a text field, without anything that a terminal would act on."""
    return "".join(c for c in value if c.isprintable())[:200] if isinstance(value, str) else ""
