"""What a language model has read: llama.cpp's context with its cache, and saved states."""

from __future__ import annotations

import ctypes
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import llama_cpp as lib
import numpy as np
import numpy.typing as npt

from secondme.errors import ModelError, WorkerError
from secondme.model.chat import Prompt
from secondme.model.llama_file import log
from secondme.model.sampling import AllOdds, Odds
from secondme.model.window.measured import BATCH
from secondme.model.window.plan import TOGETHER

if TYPE_CHECKING:
    from secondme.model.states import KeptStates
    from secondme.model.window.machine import Window

_BATCH = 256
"""Tokens of a prompt that are computed at once, at most, without a window. Buffers grow with it (0.08 MB a
token for the default model), speed little."""
_LEAST = 64
"""As many at least, where there are more: fewer are computed by other kernels, which take longer and round
otherwise, and words are to be the same with and without a window."""
STATES_LIMIT = 64 << 20
"""Bytes of saved states of fixed beginnings, all together."""
_WORTH_SAVING = 32
_ABORTED = 2


class Context:
    """The model's memory of what it has read: its KV cache, and states of fixed beginnings.

    The cache is kept from one prompt to the next and whatever both begin with is not computed again.
    Where a prompt says how much of it is fixed, the state after that is saved and put back when
    another prompt came between.
    """

    def __init__(
        self,
        model: Any,
        threads: int,
        size: int,
        *,
        window: Window | None = None,
        batch: int = 0,
        kept: KeptStates | None = None,
    ) -> None:
        """With a window, as many as `batch` tokens can have odds after one pass."""
        self._window, self._kept = window, kept
        parameters = lib.llama_context_default_params()
        parameters.n_ctx = size
        self._most = batch or (BATCH if window else _BATCH)
        parameters.n_batch = parameters.n_ubatch = self._most
        parameters.n_seq_max = 1
        parameters.n_outputs_max = batch or (TOGETHER if window else 1)
        parameters.n_threads = parameters.n_threads_batch = threads
        parameters.swa_full = True  # so that a cache can be cut anywhere
        self._cancel = threading.Event()
        # Called between the operations of a pass: a pass can be left at any of them. A window has its
        # own places to stop.
        self._abort = lib.ggml_abort_callback(lambda _: self._cancel.is_set())
        if window is None:
            parameters.abort_callback = self._abort
        else:
            parameters.cb_eval = window.watch.callback
        self._handle = lib.llama_init_from_model(model, parameters)
        if not self._handle:
            raise ModelError(
                f"there is no memory for a context of {size} tokens{log.last_error()}",
                hint="lower the setting `context`",
            )
        self._watching: ctypes.c_void_p | None = None
        if window is not None:
            from secondme.model.window import native

            self._watching = native.callback_in(self._handle, window.watch.callback)
            self._watcher = self._watching.value if self._watching else None
        self._memory = lib.llama_get_memory(self._handle)
        if not self._memory:
            raise ModelError("the model keeps no memory of a text: it is not one that can chat")
        self._batch = lib.llama_batch_init(self._most, 0, 1)
        self._outputs = 1
        self._vocabulary_size = lib.llama_vocab_n_tokens(lib.llama_model_get_vocab(model))
        self._held: list[int] = []
        self._states: OrderedDict[tuple[int, ...], Any] = OrderedDict()
        self._unsaved: set[tuple[int, ...]] = set()
        self.size = int(lib.llama_n_ctx(self._handle))

    def close(self) -> None:
        """Give its memory back; it cannot be used afterwards."""
        lib.llama_batch_free(self._batch)
        lib.llama_free(self._handle)

    def compute(self, tokens: Sequence[int], outputs: int) -> None:
        """Compute tokens after those that are held, with odds after each of the last `outputs`."""
        self._compute(tokens, threading.Event(), outputs)

    def result(self, n: int) -> npt.NDArray[np.float32]:
        """What the last pass ended with after the n-th token that got odds: its hidden state, or every
        token's score."""
        state = self._window.hidden(n) if self._window else None
        return self.odds(n).scores() if state is None else state

    def clear(self) -> None:
        """Hold no tokens."""
        self._cut(0)

    def reuse(self, prompt: Prompt) -> int:
        """Make the cache hold as much as is known of a prompt's beginning; the number of tokens.

        One token at least is left to compute, for the odds of the next.
        """
        if self._kept and self._to_save(prompt):
            beginning = prompt.tokens[: prompt.fixed]
            state = self._kept.get(beginning)
            if state is not None and self._room(len(state)):
                self._states[tuple(beginning)] = state
        known = _common(self._held, prompt.tokens)
        key = max(self._states, key=lambda state: _common(state, prompt.tokens), default=())
        if (saved := _common(key, prompt.tokens)) > known:
            known = saved if self._restore(key) else 0
        if self._to_save(prompt):
            known = min(known, prompt.fixed)
        return self._cut(min(known, len(prompt.tokens) - 1))

    def forget(self, count: int) -> None:
        """Forget the last tokens."""
        if count:
            self._cut(len(self._held) - count)

    def read(self, prompt: Prompt, cancel: threading.Event) -> Iterator[int]:
        """Compute what is not held of the prompt, in batches; how many tokens are held after each."""
        tokens = prompt.tokens
        while (held := len(self._held)) < len(tokens):
            saving = self._to_save(prompt)
            if saving and held == prompt.fixed:
                self._save()
                continue
            left = (prompt.fixed if saving else len(tokens)) - held
            some = left if left <= self._most else min(self._most, max(left - _LEAST, _LEAST))
            if not self._compute(tokens[held : held + some], cancel):
                return
            yield held + some

    def append(self, tokens: Sequence[int], cancel: threading.Event) -> None:
        """Compute more tokens, with odds after each, unless cancelled meanwhile."""
        self._compute(tokens, cancel, len(tokens))

    def odds(self, n: int = 0) -> Odds:
        """The odds after the n-th token of those that got any in the last pass; valid until the next."""
        screened = self._window.odds(n) if self._window else None
        if screened is not None:
            return screened
        logits = lib.llama_get_logits_ith(self._handle, n - self._outputs)
        return AllOdds(np.ctypeslib.as_array(logits, shape=(self._vocabulary_size,)))

    def _to_save(self, prompt: Prompt) -> bool:
        beginning = tuple(prompt.tokens[: prompt.fixed])
        known = beginning in self._states or beginning in self._unsaved
        return prompt.fixed >= _WORTH_SAVING and not known

    def _compute(self, tokens: Sequence[int], cancel: threading.Event, outputs: int = 1) -> bool:
        batch, held = self._batch, len(self._held)
        batch.n_tokens = len(tokens)
        for n, token in enumerate(tokens):
            batch.token[n], batch.pos[n] = token, held + n
            batch.seq_id[n][0], batch.n_seq_id[n] = 0, 1
            batch.logits[n] = n + outputs >= len(tokens)
        self._cancel, self._outputs = cancel, outputs
        try:
            code = self._decode(tokens, cancel)
        except Exception:
            self._cut(0)
            raise
        if code == 0:
            self._held += tokens
            return True
        self._cut(lib.llama_memory_seq_pos_max(self._memory, 0) + 1 if code == _ABORTED else 0)
        if code != _ABORTED:
            raise WorkerError(f"the language model failed (llama.cpp's code {code})")
        return False

    def _decode(self, tokens: Sequence[int], cancel: threading.Event) -> int:
        if self._window is None:
            return self._run()
        code = self._window.compute(tokens, cancel.is_set, self._run)
        if self._window.stopped:  # llama.cpp takes the pass for a whole one
            lib.llama_memory_seq_rm(self._memory, 0, len(self._held), -1)
            return _ABORTED
        return code

    def _run(self, watched: bool = True) -> int:
        if self._watching is not None:  # to be asked about each operation takes its time
            self._watching.value = self._watcher if watched else None
        return int(lib.llama_decode(self._handle, self._batch))

    def _cut(self, length: int) -> int:
        """Forget all but the first tokens; all of them, if the model's cache cannot be cut there."""
        length = min(length, len(self._held))
        if not lib.llama_memory_seq_rm(self._memory, 0, length, -1):
            lib.llama_memory_clear(self._memory, False)
            length = 0
        del self._held[length:]
        if self._window is not None:
            self._window.cut(length)
        return length

    def _save(self) -> None:
        """Save the state; one that cannot be saved is noted, and not tried again."""
        key, size = tuple(self._held), lib.llama_state_seq_get_size(self._handle, 0)
        if not self._room(size):
            self._unsaved.add(key)
            return
        state = (ctypes.c_uint8 * size)()
        if lib.llama_state_seq_get_data(self._handle, state, size, 0):
            self._states[key] = state
            if self._kept:
                self._kept.put(key, state)
        else:
            self._unsaved.add(key)

    def _room(self, size: int) -> bool:
        """Make room for a state; whether it is not larger than all may be together."""
        limit = self._window.states_room() if self._window else STATES_LIMIT
        if size > limit:
            return False
        held = self.limit_states(limit - size)
        if self._window:
            self._window.hold_states(held + size)
        return True

    def limit_states(self, room: int) -> int:
        """Drop the states used longest ago until they take at most so many bytes; what they take."""
        while (held := sum(map(len, self._states.values()))) > max(room, 0):
            self._states.popitem(last=False)
        return held

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


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens two sequences begin with in common."""
    for n, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return n
    return min(len(one), len(other))
