"""Small GGUF files with a true header, for tests."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path


def _text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def _value(value: object) -> bytes:
    match value:
        case bool():
            return struct.pack("<I?", 7, value)
        case int():
            return struct.pack("<II", 4, value)
        case float():
            return struct.pack("<If", 6, value)
        case str():
            return struct.pack("<I", 8) + _text(value)
        case list() if value and isinstance(value[0], str):
            return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(_text, value))
        case list() if value and isinstance(value[0], float):
            return struct.pack("<IIQ", 9, 6, len(value)) + struct.pack(f"<{len(value)}f", *value)
        case list():
            return struct.pack("<IIQ", 9, 5, len(value)) + struct.pack(f"<{len(value)}i", *value)
    raise TypeError(value)


def gguf(
    fields: Mapping[str, object] | None = None,
    tensors: Mapping[str, tuple[int, ...]] | None = None,
    *,
    body: bytes = b"\0" * 64,
) -> bytes:
    """A GGUF file of version 3 with these metadata fields and tensor shapes."""
    if fields is None:
        fields = {
            "general.architecture": "llama",
            "general.name": "Tiny",
            "tokenizer.ggml.tokens": ["<s>", "a", "b"],
            "tokenizer.ggml.token_type": [1, 1, 1],
            "llama.context_length": 8192,
        }
    if tensors is None:
        tensors = {"token_embd.weight": (64, 3), "output_norm.weight": (64,)}
    out = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(fields))
    for key, value in fields.items():
        out += _text(key) + _value(value)
    for name, shape in tensors.items():
        out += _text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, 0)
    return out + body


def write_gguf(path: Path, data: bytes | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gguf() if data is None else data)
    return path
