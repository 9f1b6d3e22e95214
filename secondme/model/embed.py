"""The embedder: texts to vectors, by multilingual-e5 (Wang et al. 2024) on ONNX Runtime.

The packed model file is turned once into an ONNX graph of the encoder with 8-bit weights, kept beside
the model; the word table stays in the packed file. One window of up to 512 tokens runs at a time on
one thread, several windows on several threads: that is as quick as padded batches, needs less
memory, and gives a text the same vector whatever it comes together with.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from secondme.config import private_dir
from secondme.errors import ModelError
from secondme.model.e5_packed import Floats, PackedModel, Tokenizer
from secondme.model.ort import cores, opened

CONVERTER = 1
"""Goes up when the graph is built differently, so that graphs of before are made anew."""
MOST_WINDOWS = 8
"""Windows that are read of a text: some 3,000 words."""
MOST_CHARACTERS = 1 << 16
"""Characters that are read of a text, before it is known how many tokens they are."""

_PASSAGE, _QUERY = "passage: ", "query: "
_CONTRIB = "com.microsoft"
_LEVELS = 64
"""8-bit weights go from -64 to 64. They come from 4 bits, so no more is lost than by 127; and sums of
two products stay within the 16 bits that processors without VNNI add them up in."""
_GELU_DEPTH = 0.17
"""The GELU never goes further below zero."""
_OLD_PART = 3600.0
"""Seconds after which nobody is writing an unfinished file any more."""


@dataclass(frozen=True, slots=True)
class Converted:
    """A model's encoder as an ONNX graph: where it lies, and whether it was made just now."""

    graph: Path
    made: bool


def convert(packed_path: Path, out_dir: Path) -> Converted:
    """Turn a packed model into an ONNX graph in `out_dir`, or find the one that is there already.

    The graph takes `rows` (1, tokens, width), as `PackedModel.rows` gives them, and returns `mean`
    (1, width), the mean of the last layer. Its name holds a fingerprint of the packed file; beside it
    lies its own hash, and a graph that does not have it is made anew. Writing is atomic and private
    (0600). Takes a second and 200 MB of memory once. Raises `ModelError` when the packed file cannot be
    used or the folder not be written.
    """
    return _convert(PackedModel(packed_path), out_dir)


class Embedder:
    """Texts to unit vectors, so that near in meaning is near in cosine. Safe to use from any thread.

    `name` goes with every vector: those of different names cannot be compared. A text longer than
    `max_tokens` is read in windows of that many tokens, at most `MOST_WINDOWS`, and its vector is
    their mean, each counted by its tokens.
    """

    def __init__(self, packed: PackedModel, graph: Path, threads: int = 0) -> None:
        self.name = packed.path.stem
        self.dimensions = packed.width
        self.max_tokens = packed.positions
        self.threads = threads or cores()
        self._packed = packed
        self._tokenizer = Tokenizer(packed)
        self._session = opened(graph, str(graph))
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="embed")
        packed.release()

    @classmethod
    def open(cls, packed_path: Path, cache_dir: Path, threads: int = 0) -> Embedder:
        """The embedder of this packed file; its graph is kept in `cache_dir` and made if need be.

        It is made in a process of its own, which takes the memory for it along when it ends.
        `threads` is how many texts are worked on at once; 0 takes all cores. Raises `ModelError` as
        `convert` does.
        """
        packed = PackedModel(packed_path)
        graph, receipt, expected = _place(packed, cache_dir)
        if not _is_whole(graph, receipt, expected):
            _convert_apart(packed_path, cache_dir)
        return cls(packed, graph, threads)

    def passages(self, texts: Sequence[str]) -> Floats:
        """The vectors of texts to be found, float32, (len(texts), dimensions), each of length 1.

        The threads that share the work start with the first call and have its priority. Raises
        `ModelError` when the model file turns out to be damaged.
        """
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        longest_first = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        todo = iter(longest_first)

        def work(_: int = 0) -> None:
            for i in todo:
                vectors[i] = self._vector(_PASSAGE, texts[i])

        if min(self.threads, len(texts)) > 1:
            for _ in self._pool.map(work, range(self.threads)):
                pass
        else:
            work()
        self._packed.release()
        return vectors

    def query(self, text: str) -> Floats:
        """The vector of a question, float32, (dimensions,), of length 1, on the caller's thread."""
        vector = self._vector(_QUERY, text)
        self._packed.release()
        return vector

    def tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text is as a passage, as far as it is read."""
        return [len(self._ids(_PASSAGE, text)) + 2 for text in texts]

    @property
    def _window(self) -> int:
        """Tokens of text in a window; its begin and end are marked by one each."""
        return self.max_tokens - 2

    def _ids(self, prefix: str, text: str) -> list[int]:
        return self._tokenizer.ids(prefix + text[:MOST_CHARACTERS], self._window * MOST_WINDOWS)

    def _vector(self, prefix: str, text: str) -> Floats:
        ids = self._ids(prefix, text)
        total = np.zeros(self.dimensions)
        for start in range(0, len(ids), self._window):
            window = ids[start : start + self._window]
            rows = self._packed.rows([self._packed.bos, *window, self._packed.eos])
            (mean,) = self._session.run(["mean"], {"rows": rows[None]})
            total += mean[0] * len(window)
        length = float(np.linalg.norm(total))
        if not 0 < length < float("inf"):
            raise ModelError(
                f"{self._packed.path} is damaged: it gives no vector",
                hint="remove the model and fetch it again",
            )
        return (total / length).astype(np.float32)


def _place(packed: PackedModel, out_dir: Path) -> tuple[Path, Path, dict[str, Any]]:
    """Where a model's graph and its receipt belong, and what the receipt says beside the hash."""
    fingerprint = packed.fingerprint()
    graph = out_dir / f"{packed.path.stem}-{fingerprint[:12]}-v{CONVERTER}.onnx"
    return graph, graph.with_suffix(".json"), {"packed": fingerprint, "converter": CONVERTER}


def _convert_apart(packed_path: Path, out_dir: Path) -> None:
    # -P: modules are never taken from the folder that the command happens to run in.
    command = [sys.executable, "-P", "-m", "secondme.model.embed", str(packed_path), str(out_dir)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        message, hint = f"{packed_path} could not be converted (exit {done.returncode})", ""
        with contextlib.suppress(ValueError):
            message, hint = json.loads(done.stdout)
        raise ModelError(message, hint=hint)


def main() -> int:
    """Convert the model named first in the folder named second; the error, if any, as JSON on stdout."""
    os.umask(0o077)
    try:
        convert(Path(sys.argv[1]), Path(sys.argv[2]))
    except ModelError as error:
        sys.stdout.write(json.dumps([str(error), error.hint]))
        return 1
    return 0


def _convert(packed: PackedModel, out_dir: Path) -> Converted:
    graph, receipt, expected = _place(packed, out_dir)
    if _is_whole(graph, receipt, expected):
        return Converted(graph, made=False)
    data = _encoder(packed)
    expected["sha256"] = hashlib.sha256(data).hexdigest()
    try:
        private_dir(out_dir)
        _write(graph, data)
        _write(receipt, json.dumps(expected).encode())
        _sweep(packed.path.stem, out_dir, keep={graph, receipt})
    except OSError as error:
        raise ModelError(
            f"{out_dir} cannot be written: {error.strerror or error}",
            hint="see to space and permissions there",
        ) from None
    return Converted(graph, made=True)


def _is_whole(graph: Path, receipt: Path, expected: dict[str, Any]) -> bool:
    try:
        found = json.loads(receipt.read_bytes())
        with graph.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return False
    return bool(found == {**expected, "sha256": digest})


def _sweep(stem: str, folder: Path, keep: set[Path]) -> None:
    """Remove this model's graphs of other versions, and what a killed conversion left long ago."""
    graph = re.compile(re.escape(stem) + r"-[0-9a-f]{12}-v\d+\.(onnx|json)")
    part = re.compile(re.escape(stem) + r"-[0-9a-f]{12}-v\d+\.(onnx|json)\..*\.part")
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):  # Another process may be faster.
            old = part.fullmatch(path.name) and path.stat().st_mtime < time.time() - _OLD_PART
            if path not in keep and (graph.fullmatch(path.name) or old):
                path.unlink()


def _write(path: Path, data: bytes) -> None:
    """Write the file whole or not at all, for this person only."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


class _Graph:
    """Nodes and constants of an ONNX graph in the making; every method returns its output's name."""

    def __init__(self) -> None:
        from onnx import helper, numpy_helper

        self._make_node, self._from_array = helper.make_node, numpy_helper.from_array
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, value: Any) -> str:
        self.constants.append(self._from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(self._make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def norm(self, x: str, weight: Floats, bias: Floats, epsilon: float, name: str) -> str:
        inputs = [x, self.constant(f"{name}.w", weight), self.constant(f"{name}.b", bias)]
        return self.node("LayerNormalization", inputs, name, axis=-1, epsilon=epsilon)

    def linear(self, x: str, weight: Floats, bias: Floats | None, name: str) -> str:
        """x · weightᵀ + bias with weights of 8 bits, a scale a row, and x in 8 bits as it comes."""
        scale = np.maximum(np.abs(weight).max(axis=1), 1e-12) / np.float32(_LEVELS)
        quantised = np.rint(weight / scale[:, None]).astype(np.int8)
        inputs = [
            x,
            self.constant(f"{name}.w", quantised.T),
            self.constant(f"{name}.s", scale),
            self.constant(f"{name}.z", np.zeros(len(scale), np.int8)),
        ]
        if bias is not None:
            inputs.append(self.constant(f"{name}.b", bias))
        return self.node("DynamicQuantizeMatMul", inputs, name, domain=_CONTRIB)

    def linear_by_row(self, x: str, weight: Floats, bias: Floats, name: str) -> str:
        """The same with each row of x scaled to 1 first, for rows of very different sizes.

        After the GELU a token or two of a text have values thirty times those of the others, which
        8 bits with one scale for all would lose: most of the error of quantisation came from here.
        """
        most = self.node("ReduceMax", [x, "axis.last"], f"{name}.max", keepdims=1)
        most = self.node("Max", [most, "gelu.depth"], f"{name}.most")
        even = self.node("Div", [x, most], f"{name}.even")
        y = self.linear(even, weight, None, f"{name}.even.product")
        y = self.node("Mul", [y, most], f"{name}.product")
        return self.node("Add", [y, self.constant(f"{name}.b", bias)], name)

    def attention(self, qkv: str, heads: int, name: str) -> str:
        """Attention among all tokens; queries, keys and values come side by side."""
        parts = [f"{name}.{kind}" for kind in "qkv"]
        split = self._make_node("Split", [qkv, "thirds"], parts, name=f"{name}.split", axis=-1)
        self.nodes.append(split)
        return self.node(
            "MultiHeadAttention", parts, f"{name}.attention", domain=_CONTRIB, num_heads=heads
        )


def _encoder(packed: PackedModel) -> bytes:
    """The encoder as a serialised ONNX model (opset 20)."""
    import onnx
    from onnx import TensorProto, helper

    graph = _Graph()
    graph.constant("axis.last", np.array([-1]))
    graph.constant("gelu.depth", np.float32(_GELU_DEPTH))
    graph.constant("thirds", np.array([packed.width] * 3))
    x = graph.norm("rows", *_norm_weights(packed, "emb.ln"), "embedded")
    for i in range(packed.layers):
        x = _layer(graph, packed, i, x)
    graph.node("ReduceMean", [x, graph.constant("axis.tokens", np.array([1]))], "mean", keepdims=0)
    rows = helper.make_tensor_value_info("rows", TensorProto.FLOAT, (1, "tokens", packed.width))
    mean = helper.make_tensor_value_info("mean", TensorProto.FLOAT, (1, packed.width))
    model = helper.make_model(
        helper.make_graph(graph.nodes, "e5", [rows], [mean], graph.constants),
        opset_imports=[helper.make_opsetid("", 20), helper.make_opsetid(_CONTRIB, 1)],
        ir_version=10,
    )
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def _norm_weights(packed: PackedModel, name: str) -> tuple[Floats, Floats, float]:
    width = packed.width
    return packed.floats(f"{name}.w", width), packed.floats(f"{name}.b", width), packed.epsilon


def _layer(graph: _Graph, packed: PackedModel, i: int, x: str) -> str:
    """One layer: attention over all tokens, then feed-forward, each added and normalised."""
    width, inner = packed.width, packed.inner

    def weights(kind: str, rows: int, columns: int) -> tuple[Floats, Floats]:
        name = f"l{i}.{kind}"
        return packed.matrix(f"{name}.w", rows, columns), packed.floats(f"{name}.b", rows)

    def add_and_norm(x: str, y: str, kind: str) -> str:
        added = graph.node("Add", [x, y], f"l{i}.{kind}.sum")
        return graph.norm(added, *_norm_weights(packed, f"l{i}.{kind}"), f"l{i}.{kind}")

    matrices, biases = zip(*(weights(kind, width, width) for kind in "qkv"), strict=True)
    qkv = graph.linear(x, np.concatenate(matrices), np.concatenate(biases), f"l{i}.qkv")
    y = graph.attention(qkv, packed.heads, f"l{i}")
    x = add_and_norm(x, graph.linear(y, *weights("ao", width, width), f"l{i}.ao"), "aln")
    y = graph.linear(x, *weights("fi", inner, width), f"l{i}.fi")
    y = graph.node("Gelu", [y], f"l{i}.gelu")
    y = graph.linear_by_row(y, *weights("fo", width, inner), f"l{i}.fo")
    return add_and_norm(x, y, "oln")


if __name__ == "__main__":
    sys.exit(main())
