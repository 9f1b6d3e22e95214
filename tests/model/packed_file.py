"""Writes a packed E5 model of one layer: all parts of the format, 20 kB, made up weights."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np


def tiny_model(path: Path, **header: int) -> Path:
    """Write a packed model of the least size that has all parts; returns its path."""
    sizes = {"width": 32, "layers": 1, "heads": 2, "inner": 64, "vocabulary": 40, "positions": 16}
    sizes |= {"types": 2, **header}
    width, inner = sizes["width"], sizes["inner"]
    pieces = [b"<s>", b"<pad>", b"</s>", b"<unk>", "▁".encode(), b"a", b"b", "▁a".encode()]
    offsets = np.cumsum([0, *map(len, pieces)]).astype("<u4")
    forms = struct.pack("<IBI", ord("\t"), 1, ord(" "))
    head = b"E5S1" + struct.pack("<I7ifi", 1, *sizes.values(), 1e-12, 32)
    head += struct.pack("<5iQ", len(pieces), 0, 2, 1, 3, offsets[-1]) + offsets.tobytes()
    head += np.full(len(pieces), -2.0, "<f4").tobytes() + b"".join(pieces)
    head += struct.pack("<iI", 1, len(forms)) + forms
    random = np.random.default_rng(7)
    shapes = {"emb.word": (40, width), "emb.pos": (16, width), "emb.type": (2, width)}
    for norm in ("emb.ln", "l0.aln", "l0.oln"):
        shapes |= {f"{norm}.w": (width,), f"{norm}.b": (width,)}
    for kind in ("q", "k", "v", "ao", "fi", "fo"):
        rows, columns = {"fi": (inner, width), "fo": (width, inner)}.get(kind, (width, width))
        shapes |= {f"l0.{kind}.w": (rows, columns), f"l0.{kind}.b": (rows,)}
    entries, tensors = [], []
    for name, shape in shapes.items():
        count = int(np.prod(shape))
        if name == "emb.word" or (len(shape) == 2 and name.startswith("l0")):
            blocks = np.zeros(count // 32, [("scale", "<f2"), ("nibbles", "u1", 16)])
            blocks["scale"] = random.uniform(0.01, 0.1, len(blocks))
            blocks["nibbles"] = random.integers(0, 256, (len(blocks), 16))
            entries.append((name, 1, count))
            tensors.append(blocks.tobytes())
        else:
            entries.append((name, 0, count))
            tensors.append(random.normal(size=count).astype("<f4").tobytes())
    at = len(head) + 4 + sum(2 + len(name) + 21 for name, _, _ in entries)
    head += struct.pack("<i", len(entries))
    for (name, kind, count), tensor in zip(entries, tensors, strict=True):
        head += struct.pack("<H", len(name)) + name.encode()
        head += struct.pack("<BIQQ", kind, count, at, len(tensor))
        at += len(tensor)
    path.write_bytes(head + b"".join(tensors))
    return path
