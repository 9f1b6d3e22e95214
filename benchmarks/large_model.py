"""Write a language model of any size with random weights, for measuring speed and memory only.

    python benchmarks/large_model.py FILE.gguf [--layers 32]

Architecture "llama", as wide as models of 7,000 million parameters: 4,096 numbers, 32 heads of which 8 have
keys, 32,000 tokens; 32 layers take 4.0 GB in 4 bits (Q4_0). Written from beginning to end in pieces of some
megabytes, so that it takes no more memory than these.
"""

from __future__ import annotations

import argparse
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

WIDTH, INNER, HEADS, SHARED, VOCABULARY = 4096, 14336, 32, 8, 32_000
F32, Q4_0 = 0, 2
BLOCK = np.dtype([("scale", "<f2"), ("numbers", "u1", 16)])  # of 32 weights
SCALE = 1 / np.sqrt(WIDTH) / 4.6  # the numbers from -8 to 7 vary by 4.6
ALIGNED = 32
POOL = 1 << 20

Shape = tuple[int, ...]


def shapes(layers: int) -> Iterator[tuple[str, Shape]]:
    """The tensors in the order of the file."""
    shared = WIDTH // HEADS * SHARED
    yield "token_embd.weight", (WIDTH, VOCABULARY)
    for n in range(layers):
        yield f"blk.{n}.attn_norm.weight", (WIDTH,)
        yield f"blk.{n}.attn_q.weight", (WIDTH, WIDTH)
        yield f"blk.{n}.attn_k.weight", (WIDTH, shared)
        yield f"blk.{n}.attn_v.weight", (WIDTH, shared)
        yield f"blk.{n}.attn_output.weight", (WIDTH, WIDTH)
        yield f"blk.{n}.ffn_norm.weight", (WIDTH,)
        yield f"blk.{n}.ffn_gate.weight", (WIDTH, INNER)
        yield f"blk.{n}.ffn_up.weight", (WIDTH, INNER)
        yield f"blk.{n}.ffn_down.weight", (INNER, WIDTH)
    yield "output_norm.weight", (WIDTH,)
    yield "output.weight", (WIDTH, VOCABULARY)


def size_of(shape: Shape) -> int:
    count = int(np.prod(shape))
    return 4 * count if len(shape) == 1 else count // 32 * BLOCK.itemsize


def fields(layers: int) -> dict[str, Any]:
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{n:02X}>" for n in range(256))]
    pieces += [f"▁w{n}" for n in range(VOCABULARY - len(pieces))]
    return {
        "general.architecture": "llama",
        "general.name": "Random",
        "llama.context_length": 4096,
        "llama.embedding_length": WIDTH,
        "llama.block_count": layers,
        "llama.feed_forward_length": INNER,
        "llama.attention.head_count": HEADS,
        "llama.attention.head_count_kv": SHARED,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.rope.dimension_count": WIDTH // HEADS,
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": pieces,
        "tokenizer.ggml.scores": [-float(n) for n in range(VOCABULARY)],
        "tokenizer.ggml.token_type": [2, 3, 3] + [6] * 256 + [1] * (VOCABULARY - 259),
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.unknown_token_id": 0,
        "tokenizer.chat_template": "{% for m in messages %}{{ m['content'] }} {% endfor %}",
    }


def text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def value(of: Any) -> bytes:
    match of:
        case int():
            return struct.pack("<II", 4, of)
        case float():
            return struct.pack("<If", 6, of)
        case str():
            return struct.pack("<I", 8) + text(of)
        case [str(), *_]:
            return struct.pack("<IIQ", 9, 8, len(of)) + b"".join(map(text, of))
        case [float(), *_]:
            return struct.pack("<IIQ", 9, 6, len(of)) + struct.pack(f"<{len(of)}f", *of)
    return struct.pack("<IIQ", 9, 5, len(of)) + struct.pack(f"<{len(of)}i", *of)


def header(layers: int) -> bytes:
    tensors, own = list(shapes(layers)), fields(layers)
    out = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(own))
    out += b"".join(text(key) + value(of) for key, of in own.items())
    at = 0
    for name, shape in tensors:
        kind = F32 if len(shape) == 1 else Q4_0
        out += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, at)
        at += size_of(shape)  # all of them are multiples of the alignment
    return out + bytes(-len(out) % ALIGNED)


def write(file: BinaryIO, layers: int) -> None:
    """The whole file, with progress on stderr."""
    rng = np.random.default_rng(1)
    tensors = list(shapes(layers))
    total, done = sum(size_of(shape) for _, shape in tensors), 0
    file.write(header(layers))
    for _, shape in tensors:
        if len(shape) == 1:
            file.write(np.ones(shape, np.float32).tobytes())
        else:
            left = size_of(shape) // BLOCK.itemsize
            while left:
                blocks = np.empty(min(left, POOL), BLOCK)
                blocks["scale"] = SCALE
                blocks["numbers"] = rng.integers(0, 256, (len(blocks), 16), np.uint8)
                file.write(blocks.tobytes())
                left -= len(blocks)
        done += size_of(shape)
        print(f"\r{done / 1e6:,.0f} of {total / 1e6:,.0f} MB", end="", file=sys.stderr)
    print(file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--layers", type=int, default=32)
    options = parser.parse_args()
    with options.file.open("wb") as file:
        write(file, options.layers)


if __name__ == "__main__":
    main()
