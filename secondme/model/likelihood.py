"""How likely a text is after others: a small language model reads, and says nothing.

It runs in a worker of its own. Passages are computed several at a time, each a sequence with the text at
its end, and only the text's tokens get odds.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import llama_cpp as lib
import numpy as np
from numpy.typing import NDArray

from secondme.errors import ModelError, WorkerError
from secondme.model.llama_file import Vocabulary, load, log
from secondme.model.worker_main import Answer, Method, Request, Role

_BATCH = 512
"""Tokens computed at once: several passages, each a sequence of its own."""
_SEQUENCES = 16
_ODDS = 256
"""Tokens that get odds at once: a row of the whole vocabulary each."""
_LONGEST = 320
"""Tokens of a passage that are read, its last ones; a message with the one before has about a hundred."""
_TEXT = 96
"""Tokens of the text that are weighed."""


class Likelihood:
    """Reads texts after passages, on `threads` cores, for one thread at a time. Raises `ModelError`."""

    def __init__(self, path: Path, threads: int) -> None:
        model = load(path)
        parameters = lib.llama_context_default_params()
        parameters.n_ctx = parameters.n_batch = parameters.n_ubatch = _BATCH
        parameters.n_outputs_max = _ODDS
        parameters.n_seq_max = _SEQUENCES
        parameters.kv_unified = True
        parameters.n_threads = parameters.n_threads_batch = threads
        self._handle = lib.llama_init_from_model(model, parameters)
        if not self._handle:
            raise ModelError(f"there is no memory to read with the model{log.last_error()}")
        self._memory = lib.llama_get_memory(self._handle)
        self._batch = lib.llama_batch_init(_BATCH, 0, 1)
        self._vocabulary = Vocabulary(model)
        first = self._vocabulary.first
        self._start = self._vocabulary.plain("\n") if first is None else [first]
        self._size = lib.llama_vocab_n_tokens(self._vocabulary.handle)

    def after(self, passages: Sequence[str], text: str) -> list[NDArray[np.float32]]:
        """For each passage, the log-probability of each token of the text after it.

        Raises `WorkerError` when the model fails.
        """
        said = self._vocabulary.plain(text)[:_TEXT]
        rows: list[NDArray[np.float32]] = []
        pending: list[list[int]] = []
        for passage in passages:
            read = self._start + self._vocabulary.plain(passage)[-_LONGEST:]
            full = sum(map(len, pending)) + len(read) + len(said) > _BATCH
            most = min(_SEQUENCES, _ODDS // len(said))
            if full or len(pending) == most:
                rows += self._read(pending, said)
                pending = []
            pending.append(read + said[:-1])
        return rows + (self._read(pending, said) if pending else [])

    def _read(
        self, sequences: Sequence[Sequence[int]], said: list[int]
    ) -> list[NDArray[np.float32]]:
        """The log-probabilities of what is said at the sequences' ends; its last token is not in them."""
        batch, at = self._batch, 0
        lib.llama_memory_clear(self._memory, False)
        for sequence, tokens in enumerate(sequences):
            for position, token in enumerate(tokens):
                batch.token[at], batch.pos[at] = token, position
                batch.seq_id[at][0], batch.n_seq_id[at] = sequence, 1
                batch.logits[at] = position >= len(tokens) - len(said)
                at += 1
        batch.n_tokens = at
        if code := lib.llama_decode(self._handle, batch):
            raise WorkerError(f"the language model failed (llama.cpp's code {code})")
        shape = (len(sequences), len(said), self._size)
        odds = np.ctypeslib.as_array(lib.llama_get_logits(self._handle), shape=shape)
        chosen = odds[:, np.arange(len(said)), said]
        most = odds.max(axis=2)
        total = np.log(np.exp(odds - most[..., None]).sum(axis=2))
        return list((chosen - most - total).astype(np.float32))


def _convert(path: Path, made: Path) -> None:
    """Make a model with weights of eight bits from one of four: its products take less than half the
    time, and what it says hardly differs. Raises `ModelError`."""
    parameters = lib.llama_model_quantize_default_params()
    parameters.ftype, parameters.allow_requantize = lib.LLAMA_FTYPE_MOSTLY_Q8_0, True
    try:
        made.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(prefix=".ranker-", dir=made.parent) as scratch:
            part = Path(scratch) / "model.gguf"
            if lib.llama_model_quantize(os.fsencode(path), os.fsencode(part), parameters):
                raise ModelError(f"{path} cannot be converted{log.last_error()}")
            part.replace(made)
    except OSError as error:
        raise ModelError(f"{path} cannot be converted: {error.strerror}") from None


def ranker(spec: Mapping[str, Any]) -> Role:
    """The role of the model that ranks. `spec`: name, path (of a GGUF file), quick (where its quicker
    copy is, or is made), threads. Raises `ModelError`.
    """
    path, quick = Path(spec["path"]), Path(spec["quick"])
    if not quick.exists():
        _convert(path, quick)
    model = Likelihood(quick, int(spec["threads"]))

    def after(request: Request) -> Answer:
        rows = model.after(request.params["passages"], request.params["text"])
        return {}, np.stack(rows).astype("<f4").tobytes()

    return Role({"after": Method(after, "serial")}, {})
