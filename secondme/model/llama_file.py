"""llama.cpp's library: its log, loading a model file, and a model's vocabulary."""

from __future__ import annotations

import ctypes
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import llama_cpp as lib

from secondme.errors import ModelError
from secondme.model.chat import Control

_LOG_WARNING, _LOG_ERROR = 3, 4
_BUFFERS = re.compile(rb"compute buffer size = +([\d.]+) MiB")


class Log:
    """llama.cpp's own log: warnings and errors go to stderr, the last error into messages.

    `buffers` is what the context made last computes in, in bytes.
    """

    def __init__(self) -> None:
        self._error = ""
        self.buffers = 0
        self._callback = lib.llama_log_callback(self._take)
        lib.llama_log_set(self._callback, None)

    def last_error(self) -> str:
        """The last error as an addition to a message, and forget it."""
        error, self._error = self._error, ""
        return f" ({error})" if error else ""

    def _take(self, level: int, text: bytes, _: Any) -> None:
        if said := _BUFFERS.search(text):
            self.buffers = int(float(said[1]) * 2**20)
        if level in (_LOG_WARNING, _LOG_ERROR):
            line = text.decode("utf-8", "replace")
            sys.stderr.write(line)
            if level == _LOG_ERROR:
                self._error = " ".join(line.split())


log = Log()


def load(path: Path) -> Any:
    if not path.is_file():
        raise ModelError(f"the model file {path} does not exist", hint="fetch the model first")
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise ModelError(f"{path} is not a GGUF file", hint="give a model in GGUF format")
    lib.llama_backend_init()
    parameters = lib.llama_model_default_params()
    parameters.load_mode = lib.LLAMA_LOAD_MODE_MMAP
    parameters.use_extra_bufts = False
    model = lib.llama_model_load_from_file(os.fsencode(path), parameters)
    if not model:
        raise ModelError(
            f"{path} cannot be loaded{log.last_error()}",
            hint="it may be damaged: fetch it again",
        )
    if not lib.llama_model_has_decoder(model) or lib.llama_model_has_encoder(model):
        raise ModelError(f"{path} is not a model that can chat")
    return model


def metadata(model: Any, key: str) -> str:
    buffer = ctypes.create_string_buffer(256)
    length = lib.llama_model_meta_val_str(model, key.encode(), buffer, len(buffer))
    return buffer.value.decode("utf-8", "replace") if length >= 0 else ""


class Vocabulary:
    """A model's tokens (`chat.Vocabulary`). Only reads, so any number of threads may."""

    def __init__(self, model: Any) -> None:
        self.handle = lib.llama_model_get_vocab(model)
        bos = lib.llama_vocab_bos(self.handle)
        self.bos = self._spelling(bos)
        self.eos = self._spelling(lib.llama_vocab_eos(self.handle))
        self.first = bos if lib.llama_vocab_get_add_bos(self.handle) and bos >= 0 else None

    def plain(self, text: str) -> list[int]:
        """The tokens of text in which no control token is looked for."""
        return self._tokens(text, special=False)

    def controls(self, text: str) -> list[Control]:
        """The control tokens that the text spells, in order."""
        found = []
        for token in self._tokens(text, special=True):
            kind = lib.llama_vocab_get_attr(self.handle, token)
            if kind & (lib.LLAMA_TOKEN_ATTR_CONTROL | lib.LLAMA_TOKEN_ATTR_UNKNOWN):
                strips_left = bool(kind & lib.LLAMA_TOKEN_ATTR_LSTRIP)
                strips_right = bool(kind & lib.LLAMA_TOKEN_ATTR_RSTRIP)
                found.append(Control(token, self._spelling(token), strips_left, strips_right))
        return found

    def piece(self, token: int) -> bytes:
        """What a token adds to a text; nothing for a control token."""
        for size in (64, 4096):
            buffer = ctypes.create_string_buffer(size)
            length = lib.llama_token_to_piece(self.handle, token, buffer, size, 0, False)
            if length >= 0:
                return buffer.raw[:length]
        return b""

    def beginnings(self, words: Sequence[str]) -> list[int]:
        """The tokens with which these words begin, in small letters or with a capital, within a text or
        at its start."""
        forms = {form for word in words for form in (word, word.lower(), word.capitalize())}
        return [self.plain(lead + form)[0] for form in forms if form for lead in ("", " ")]

    def ends(self, token: int) -> bool:
        """Whether the token ends an answer."""
        return bool(lib.llama_vocab_is_eog(self.handle, token))

    def _spelling(self, token: int) -> str:
        return lib.llama_vocab_get_text(self.handle, token).decode() if token >= 0 else ""

    def _tokens(self, text: str, *, special: bool) -> list[int]:
        data = text.encode("utf-8", "replace")
        size = len(data) + 8
        for _ in range(2):
            tokens = (lib.llama_token * size)()
            count = lib.llama_tokenize(self.handle, data, len(data), tokens, size, False, special)
            if count >= 0:
                break
            size = -count  # a vocabulary that spells a space in several tokens
        return list(tokens[: max(count, 0)])
