"""Small language models with random weights, of several architectures, written as GGUF files."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

from secondme.model.window.native import F32, Q8_0, quantize, row_bytes
from tests.model.gguf_file import _text, _value

WIDTH, HEADS, SHARED, INNER, VOCABULARY = 256, 4, 2, 512, 16384
EXPERTS, USED = 32, 2
WORDS = "river stone lamp window garden music winter harbour letter bridge".split()


def write_random_model(path: Path, architecture: str, layers: int = 4, seed: int = 1) -> Path:
    """A model of the architecture "llama", "qwen2" (tied, with biases) or "qwen3moe" (of experts).

    Layers lie in the file in the order of their names, not of their use.
    """
    rng = np.random.default_rng(seed)
    tensors: dict[str, tuple[tuple[int, ...], int, bytes]] = {}

    def add(name: str, *shape: int, scale: float = 0.0) -> None:
        values = rng.standard_normal(shape[::-1]).astype(np.float32) * (scale or 1 / 16)
        if len(shape) == 1:
            data = (values + (0 if name.endswith("bias") else 1)).astype(np.float32).tobytes()
            tensors[name] = (shape, F32, data)
            return
        rows = np.ascontiguousarray(values.reshape(-1, shape[0]))
        out = np.empty((len(rows), row_bytes(Q8_0, shape[0])), np.uint8)
        quantize(rows, Q8_0, out.ctypes.data)
        tensors[name] = (shape, Q8_0, out.tobytes())

    add("token_embd.weight", WIDTH, VOCABULARY, scale=1.0)
    add("output_norm.weight", WIDTH)
    if architecture != "qwen2":
        add("output.weight", WIDTH, VOCABULARY, scale=0.5)
    head = WIDTH // HEADS
    for n in sorted(range(layers), key=str):
        blk = f"blk.{n}."
        add(blk + "attn_norm.weight", WIDTH)
        add(blk + "ffn_norm.weight", WIDTH)
        add(blk + "attn_k.weight", WIDTH, SHARED * head)
        add(blk + "attn_v.weight", WIDTH, SHARED * head)
        add(blk + "attn_q.weight", WIDTH, WIDTH)
        add(blk + "attn_output.weight", WIDTH, WIDTH)
        if architecture == "qwen2":
            for part, length in (("q", WIDTH), ("k", SHARED * head), ("v", SHARED * head)):
                add(f"{blk}attn_{part}.bias", length)
        if architecture == "qwen3moe":
            add(blk + "attn_q_norm.weight", head)
            add(blk + "attn_k_norm.weight", head)
            add(blk + "ffn_gate_inp.weight", WIDTH, EXPERTS)
            add(blk + "ffn_down_exps.weight", INNER, WIDTH, EXPERTS)
            add(blk + "ffn_gate_exps.weight", WIDTH, INNER, EXPERTS)
            add(blk + "ffn_up_exps.weight", WIDTH, INNER, EXPERTS)
        else:
            add(blk + "ffn_down.weight", INNER, WIDTH)
            add(blk + "ffn_gate.weight", WIDTH, INNER)
            add(blk + "ffn_up.weight", WIDTH, INNER)
    path.write_bytes(_file(_fields(architecture, layers), tensors))
    return path


def _fields(architecture: str, layers: int) -> dict[str, Any]:
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{n:02X}>" for n in range(256))]
    pieces += ["▁", *"abcdefghijklmnopqrstuvwxyz", *(f"▁{word}" for word in WORDS)]
    pieces += [f"▁w{n}" for n in range(VOCABULARY - len(pieces))]
    kinds = [2, 3, 3] + [6] * 256 + [1] * (VOCABULARY - 259)
    own: dict[str, Any] = {
        "context_length": 4096,
        "embedding_length": WIDTH,
        "block_count": layers,
        "feed_forward_length": INNER,
        "attention.head_count": HEADS,
        "attention.head_count_kv": SHARED,
        "attention.layer_norm_rms_epsilon": 1e-5,
        "rope.dimension_count": WIDTH // HEADS,
    }
    if architecture == "qwen3moe":
        own |= {
            "expert_count": EXPERTS,
            "expert_used_count": USED,
            "expert_feed_forward_length": INNER,
            "attention.key_length": WIDTH // HEADS,
            "attention.value_length": WIDTH // HEADS,
        }
    return {
        "general.architecture": architecture,
        "general.name": "Random",
        **{f"{architecture}.{key}": value for key, value in own.items()},
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": pieces,
        "tokenizer.ggml.scores": [-float(n) for n in range(VOCABULARY)],
        "tokenizer.ggml.token_type": kinds,
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.unknown_token_id": 0,
        "tokenizer.chat_template": "{% for m in messages %}{{ m['content'] }} {% endfor %}",
    }


def _file(fields: dict[str, Any], tensors: dict[str, tuple[tuple[int, ...], int, bytes]]) -> bytes:
    out = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(fields))
    for key, value in fields.items():
        out += _text(key) + _value(value)
    body = bytearray()
    for name, (shape, kind, data) in tensors.items():
        body += b"\0" * (-len(body) % 32)
        out += _text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, len(body))
        body += data
    return out + b"\0" * (-len(out) % 32) + bytes(body)
