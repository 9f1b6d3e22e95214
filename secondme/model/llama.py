"""A language model from a GGUF file, on llama.cpp; it runs in a worker process.

Weights are mapped, not copied: the system may drop their pages and read them again. Repacked copies
of them (llama.cpp's extra buffer types) stay off, since they would lie in memory beside the file.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import llama_cpp as lib
import numpy as np
import numpy.typing as npt

from secondme.errors import BadInputError, ModelError, WorkerError
from secondme.model.chat import (
    CHATML,
    ChatTemplate,
    Completion,
    Control,
    Message,
    Prompt,
    Token,
)
from secondme.model.sampling import AnswerText, Picker
from secondme.model.worker_main import Answer, Method, Request, Role
from secondme.wording import counted

BATCH = 128
"""Tokens of a prompt that are computed at once: buffers grow with it, and speed up to about here."""
STATES_LIMIT = 64 << 20
"""Bytes of saved states of fixed beginnings, all together."""
_WORTH_SAVING = 32
_ABORTED = 2
_LOG_WARNING, _LOG_ERROR = 3, 4


class Progress(NamedTuple):
    """So many of a prompt's tokens are known or have been read."""

    done: int
    total: int


class LanguageModel:
    """A loaded model with one context, for one thread at a time; `count` and `info` for any.

    `threads` of 0 takes all cores; `context` is in tokens and at most what the model was trained
    for. Raises `ModelError` for a file that is missing, damaged or not a model that can chat.
    """

    def __init__(self, path: Path, *, name: str, threads: int, context: int) -> None:
        model = _load(path)
        source = lib.llama_model_chat_template(model, None)
        trained = int(lib.llama_model_n_ctx_train(model)) or context
        self.vocabulary = Vocabulary(model)
        self.template = ChatTemplate(source.decode() if source else CHATML, self.vocabulary)
        self._context = _Context(model, threads or _cores(), min(context, trained))
        self._info = {
            "name": name,
            "architecture": _metadata(model, "general.architecture"),
            "parameters": int(lib.llama_model_n_params(model)),
            "context": self._context.size,
            "file_bytes": path.stat().st_size,
        }

    def info(self) -> dict[str, Any]:
        """What the model is: name, architecture, parameters, context (tokens), file_bytes."""
        return dict(self._info)

    def count(self, text: str) -> int:
        """How many tokens the text has within a message."""
        return len(self.vocabulary.plain(text))

    def chat(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        stop: Sequence[str] = (),
        temperature: float = 0.0,
        fixed: int = 0,
        grammar: str | None = None,
        seed: int | None = None,
        cancel: threading.Event | None = None,
    ) -> Iterator[Progress | Token | Completion]:
        """Answer the conversation: progress while it is read, the answer's pieces, a completion.

        The answer ends at `max_tokens`, at the first of the texts in `stop` (not part of it), or
        when `cancel` is set, at once. At `temperature` 0 it is the likeliest token each time; above,
        one of the likelier ones is drawn, by `seed` always the same. `grammar` is GBNF that the
        answer follows. The first `fixed` messages are expected again in later conversations.

        Raises `BadInputError` for a conversation that does not fit in the context and for a grammar
        that is not valid, `ModelError` for one that the model's template does not take.
        """
        began = time.monotonic()
        cancel = cancel or threading.Event()
        prompt = self.template.prompt(messages, fixed)
        room = self._context.size - len(prompt.tokens)
        if room < 1:
            raise BadInputError(
                f"the prompt has {counted(len(prompt.tokens), 'token')}, "
                f"the model's context holds {self._context.size:,}",
                hint="give it less, or raise the setting `context`",
            )
        picker = Picker(self.vocabulary.handle, temperature, seed, grammar)
        answer = AnswerText(stop)
        try:
            reused = self._context.reuse(prompt)
            for done in self._context.read(prompt, cancel):
                yield Progress(done, len(prompt.tokens))
            yield from self._answer(answer, picker, min(max_tokens, room), cancel)
        finally:
            picker.close()
        ended = time.monotonic()
        yield Completion(
            text=answer.text,
            prompt_tokens=len(prompt.tokens),
            reused_tokens=reused,
            completion_tokens=len(answer.logprobs),
            seconds_to_first=(answer.began or ended) - began,
            seconds=ended - began,
            finish=answer.finish,
            logprobs=tuple(answer.logprobs),
        )

    def prompt_tokens(self, messages: Sequence[Message]) -> int:
        """How many tokens the conversation has as a prompt. Raises `ModelError` as `chat` does."""
        return len(self.template.prompt(messages).tokens)

    def _answer(
        self, answer: AnswerText, picker: Picker, limit: int, cancel: threading.Event
    ) -> Iterator[Token]:
        """Token after token into the answer, from the odds that the context stands at."""
        for n in range(limit):
            if cancel.is_set():
                answer.finish = "cancelled"
                break
            token, logprob = picker.pick(self._context.logits())
            answer.began = answer.began or time.monotonic()
            if self.vocabulary.ends(token):
                answer.finish = "stop"
                break
            if shown := answer.add(self.vocabulary.piece(token), logprob):
                yield Token(shown, logprob)
            if answer.finish == "stop":
                return
            if n + 1 < limit:
                self._context.append(token, cancel)
        if shown := answer.rest():
            yield Token(shown, answer.logprobs[-1])


class _Context:
    """The model's memory of what it has read: its KV cache, and states of fixed beginnings.

    The cache is kept from one prompt to the next and whatever both begin with is not computed again.
    Where a prompt says how much of it is fixed, the state after that is saved and put back when
    another prompt came between.
    """

    def __init__(self, model: Any, threads: int, size: int) -> None:
        parameters = lib.llama_context_default_params()
        parameters.n_ctx = size
        parameters.n_batch = parameters.n_ubatch = BATCH
        parameters.n_seq_max = parameters.n_outputs_max = 1
        parameters.n_threads = parameters.n_threads_batch = threads
        parameters.swa_full = True  # so that a cache can be cut anywhere
        self._cancel = threading.Event()
        # Called between the operations of a pass: a pass can be left at any of them.
        self._abort = lib.ggml_abort_callback(lambda _: self._cancel.is_set())
        parameters.abort_callback = self._abort
        self._handle = lib.llama_init_from_model(model, parameters)
        if not self._handle:
            raise ModelError(
                f"there is no memory for a context of {size} tokens{_native.last_error()}",
                hint="lower the setting `context`",
            )
        self._memory = lib.llama_get_memory(self._handle)
        if not self._memory:
            raise ModelError("the model keeps no memory of a text: it is not one that can chat")
        self._batch = lib.llama_batch_init(BATCH, 0, 1)
        self._vocabulary_size = lib.llama_vocab_n_tokens(lib.llama_model_get_vocab(model))
        self._held: list[int] = []
        self._states: OrderedDict[tuple[int, ...], Any] = OrderedDict()
        self._unsaved: set[tuple[int, ...]] = set()
        self.size = int(lib.llama_n_ctx(self._handle))

    def reuse(self, prompt: Prompt) -> int:
        """Make the cache hold as much as is known of a prompt's beginning; the number of tokens.

        One token at least is left to compute, for the odds of the next.
        """
        known = _common(self._held, prompt.tokens)
        key = max(self._states, key=lambda state: _common(state, prompt.tokens), default=())
        if (saved := _common(key, prompt.tokens)) > known:
            known = saved if self._restore(key) else 0
        if self._to_save(prompt):
            known = min(known, prompt.fixed)
        return self._cut(min(known, len(prompt.tokens) - 1))

    def read(self, prompt: Prompt, cancel: threading.Event) -> Iterator[int]:
        """Compute what is not held of the prompt, in batches; how many tokens are held after each."""
        tokens = prompt.tokens
        while (held := len(self._held)) < len(tokens):
            saving = self._to_save(prompt)
            if saving and held == prompt.fixed:
                self._save()
                continue
            end = min(held + BATCH, prompt.fixed if saving else len(tokens))
            if not self._compute(tokens[held:end], cancel):
                return
            yield end

    def append(self, token: int, cancel: threading.Event) -> None:
        """Compute one more token, unless cancelled meanwhile."""
        self._compute([token], cancel)

    def logits(self) -> npt.NDArray[np.float32]:
        """The odds of each token to come next, as computed last: a view, valid until then."""
        logits = lib.llama_get_logits_ith(self._handle, -1)
        return np.ctypeslib.as_array(logits, shape=(self._vocabulary_size,))

    def _to_save(self, prompt: Prompt) -> bool:
        beginning = tuple(prompt.tokens[: prompt.fixed])
        known = beginning in self._states or beginning in self._unsaved
        return prompt.fixed >= _WORTH_SAVING and not known

    def _compute(self, tokens: Sequence[int], cancel: threading.Event) -> bool:
        batch, held = self._batch, len(self._held)
        batch.n_tokens = len(tokens)
        for n, token in enumerate(tokens):
            batch.token[n], batch.pos[n] = token, held + n
            batch.seq_id[n][0], batch.n_seq_id[n] = 0, 1
            batch.logits[n] = n + 1 == len(tokens)
        self._cancel = cancel
        code = lib.llama_decode(self._handle, batch)
        if code == 0:
            self._held += tokens
            return True
        self._cut(lib.llama_memory_seq_pos_max(self._memory, 0) + 1 if code == _ABORTED else 0)
        if code != _ABORTED:
            raise WorkerError(f"the language model failed (llama.cpp's code {code})")
        return False

    def _cut(self, length: int) -> int:
        """Forget all but the first tokens; all of them, if the model's cache cannot be cut there."""
        length = min(length, len(self._held))
        if not lib.llama_memory_seq_rm(self._memory, 0, length, -1):
            lib.llama_memory_clear(self._memory, False)
            length = 0
        del self._held[length:]
        return length

    def _save(self) -> None:
        """Save the state; one that is larger than all may be together is noted, and not tried again."""
        key, size = tuple(self._held), lib.llama_state_seq_get_size(self._handle, 0)
        state = (ctypes.c_uint8 * (size if size <= STATES_LIMIT else 0))()
        if not state or not lib.llama_state_seq_get_data(self._handle, state, size, 0):
            self._unsaved.add(key)
            return
        self._states[key] = state
        while sum(map(len, self._states.values())) > STATES_LIMIT:
            self._states.popitem(last=False)

    def _restore(self, key: tuple[int, ...]) -> bool:
        state = self._states[key]
        self._states.move_to_end(key)
        lib.llama_memory_clear(self._memory, False)
        self._held = []
        if not lib.llama_state_seq_set_data(self._handle, state, len(state), 0):
            lib.llama_memory_clear(self._memory, False)
            return False
        self._held = list(key)
        return True


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

    def ends(self, token: int) -> bool:
        """Whether the token ends an answer."""
        return bool(lib.llama_vocab_is_eog(self.handle, token))

    def _spelling(self, token: int) -> str:
        return lib.llama_vocab_get_text(self.handle, token).decode() if token >= 0 else ""

    def _tokens(self, text: str, *, special: bool) -> list[int]:
        data = text.encode("utf-8", "replace")
        size = len(data) + 8
        tokens = (lib.llama_token * size)()
        count = lib.llama_tokenize(self.handle, data, len(data), tokens, size, False, special)
        return list(tokens[: max(count, 0)])


class _NativeLog:
    """llama.cpp's own log: warnings and errors go to stderr, the last error into messages."""

    def __init__(self) -> None:
        self._error = ""
        self._callback = lib.llama_log_callback(self._take)
        lib.llama_log_set(self._callback, None)

    def last_error(self) -> str:
        """The last error as an addition to a message, and forget it."""
        error, self._error = self._error, ""
        return f" ({error})" if error else ""

    def _take(self, level: int, text: bytes, _: Any) -> None:
        if level in (_LOG_WARNING, _LOG_ERROR):
            line = text.decode("utf-8", "replace")
            sys.stderr.write(line)
            if level == _LOG_ERROR:
                self._error = " ".join(line.split())


_native = _NativeLog()


def language(spec: Mapping[str, Any]) -> Role:
    """The role of the language model. `spec`: name, path, threads, context. Raises `ModelError`."""
    model = LanguageModel(
        Path(spec["path"]),
        name=str(spec.get("name", "")),
        threads=int(spec.get("threads", 0)),
        context=int(spec.get("context", 4096)),
    )

    def chat(request: Request) -> Iterator[dict[str, Any]]:
        messages = [Message(role, content) for role, content in request.params.pop("messages")]
        for event in model.chat(messages, cancel=request.cancelled, **request.params):
            if isinstance(event, Completion):
                yield {"completion": asdict(event)}
            else:
                yield event._asdict()

    def count(request: Request) -> Answer:
        return {"counts": [model.count(text) for text in request.params["texts"]]}, b""

    def prompt_tokens(request: Request) -> Answer:
        messages = [Message(role, content) for role, content in request.params["messages"]]
        return {"tokens": model.prompt_tokens(messages)}, b""

    methods = {
        "chat": Method(chat, "serial"),
        "count": Method(count),
        "prompt_tokens": Method(prompt_tokens),
    }
    return Role(methods, model.info())


def _load(path: Path) -> Any:
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
            f"{path} cannot be loaded{_native.last_error()}",
            hint="it may be damaged: fetch it again",
        )
    if not lib.llama_model_has_decoder(model) or lib.llama_model_has_encoder(model):
        raise ModelError(f"{path} is not a model that can chat")
    return model


def _metadata(model: Any, key: str) -> str:
    buffer = ctypes.create_string_buffer(256)
    length = lib.llama_model_meta_val_str(model, key.encode(), buffer, len(buffer))
    return buffer.value.decode("utf-8", "replace") if length >= 0 else ""


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens two sequences begin with in common."""
    for n, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return n
    return min(len(one), len(other))


def _cores() -> int:
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
