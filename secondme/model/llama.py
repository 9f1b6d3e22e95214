"""A language model from a GGUF file, on llama.cpp; it runs in a worker process.

Without a memory budget weights are mapped, not copied: the system may drop their pages and read them
again. Repacked copies of them (llama.cpp's extra buffer types) stay off, since they would lie in memory
beside the file. With a budget, `secondme.model.window` decides what of the file is in memory.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import llama_cpp as lib

from secondme.config import private_dir
from secondme.errors import BadInputError
from secondme.model.chat import (
    CHATML,
    ChatTemplate,
    Completion,
    Message,
    Token,
)
from secondme.model.context import Context
from secondme.model.guess import Guesser
from secondme.model.llama_file import Vocabulary, load, log, metadata
from secondme.model.sampling import AnswerText, Picker
from secondme.model.states import KeptStates
from secondme.model.window import pressure
from secondme.model.worker_main import Answer, Method, Request, Role
from secondme.wording import counted

if TYPE_CHECKING:
    from secondme.model.window.machine import Window

_CALIBRATED = 32


class Progress(NamedTuple):
    """So many of a prompt's tokens are known or have been read."""

    done: int
    total: int


class LanguageModel:
    """A loaded model with one context, for one thread at a time; `count` and `info` for any.

    `threads` of 0 takes all cores; `context` is in tokens and at most what the model was trained
    for. `memory` is the budget in bytes for all that the model brings into memory, 0 for none; what is
    measured once for it is kept in `folder`, and so is what it has read of fixed beginnings. Raises
    `ModelError` for a file that is missing, damaged or not a model that can chat, and `BadInputError`
    for a budget that is too small.
    """

    def __init__(
        self,
        path: Path,
        *,
        name: str,
        threads: int,
        context: int,
        memory: int = 0,
        folder: Path | None = None,
    ) -> None:
        threads = threads or _cores()
        self.window: Window | None = None
        if memory:
            from secondme.model.window.account import Before
            from secondme.model.window.machine import Window
            from secondme.model.window.shelf import Shelf

            before = Before.look(path)
            kept = private_dir(folder or path.parent)
            shelf = Shelf(kept)
            model = shelf.put(lambda: load(path))
            self.window = Window(
                path, memory, before=before, shelf=shelf, folder=kept, threads=threads
            )
        else:
            model = load(path)
        source = lib.llama_model_chat_template(model, None)
        trained = int(lib.llama_model_n_ctx_train(model)) or context
        self.vocabulary = Vocabulary(model)
        self.template = ChatTemplate(source.decode() if source else CHATML, self.vocabulary)
        kept_states = KeptStates(folder, path) if folder else None
        self._context = Context(
            model, threads, min(context, trained), window=self.window, kept=kept_states
        )
        if self.window is not None:
            self.window.limit_states = self._context.limit_states
            self.window.open(
                self._context,
                lambda: Context(model, threads, 256, window=self.window, batch=_CALIBRATED),
                self._texts(),
                self._context.size,
                log.buffers,
            )
            if lib.llama_model_is_recurrent(model) or lib.llama_model_is_hybrid(model):
                self.window.one_by_one()
        self._info = {
            "name": name,
            "architecture": metadata(model, "general.architecture"),
            "parameters": int(lib.llama_model_n_params(model)),
            "context": self._context.size,
            "file_bytes": path.stat().st_size,
        }

    def _texts(self) -> list[list[int]]:
        """Texts on which the model is measured: answers, messages, and as they are."""
        from secondme.model.window.calibration import ANSWERS, TEXTS

        said = [
            self.template.prompt([Message("user", question)]).tokens + self.vocabulary.plain(answer)
            for question, answer in ANSWERS
        ]
        asked = [self.template.prompt([Message("user", text)]).tokens for text in TEXTS]
        return said + asked + [self.vocabulary.plain(text) for text in TEXTS[::2]]

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
        avoid: Sequence[str] = (),
        cancel: threading.Event | None = None,
    ) -> Iterator[Progress | Token | Completion]:
        """Answer the conversation: progress while it is read, the answer's pieces, a completion.

        The answer ends at `max_tokens`, at the first of the texts in `stop` (not part of it), or
        when `cancel` is set, at once. At `temperature` 0 it is the likeliest token each time; above,
        one of the likelier ones is drawn, by `seed` always the same. `grammar` is GBNF that the
        answer follows. The tokens with which words to `avoid` begin are not said. The first `fixed`
        messages are expected again in later conversations.

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
        avoided = self.vocabulary.beginnings(avoid)
        picker = Picker(self.vocabulary.handle, temperature, seed, grammar, avoided)
        answer = AnswerText(stop)
        limit = min(max_tokens, room)
        with self.window.busy() if self.window else contextlib.nullcontext():
            try:
                reused = self._context.reuse(prompt)
                if self.window:
                    self.window.reserve(len(prompt.tokens) + limit)
                for done in self._context.read(prompt, cancel):
                    yield Progress(done, len(prompt.tokens))
                yield from self._answer(answer, picker, prompt.tokens, limit, cancel)
            finally:
                picker.close()
        if self.window:
            self.window.rest()
            self.window.note_speed()
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
        self,
        answer: AnswerText,
        picker: Picker,
        read: Sequence[int],
        limit: int,
        cancel: threading.Event,
    ) -> Iterator[Token]:
        """Token after token into the answer, from the odds that the context stands at.

        Tokens that may follow, as they did before in the same text, are computed along; those that the
        model then says count, and the others are forgotten.
        """
        window = self.window
        guesser = Guesser(read if window and window.together > 1 else ())
        guessed: list[int] = []
        right = 0
        for n in range(limit):
            if cancel.is_set():
                answer.finish = "cancelled"
                break
            token, logprob = picker.pick(self._context.odds(right))
            answer.began = answer.began or time.monotonic()
            if self.vocabulary.ends(token):
                answer.finish = "stop"
                break
            if shown := answer.add(self.vocabulary.piece(token), logprob):
                yield Token(shown, logprob)
            if answer.finish == "stop":
                return
            left = limit - n - 1
            if right < len(guessed) and guessed[right] == token:
                guesser.add(token)
                right += 1
            elif left:
                self._context.forget(len(guessed) - right)
                guesser.judge(right)
                guesser.add(token)
                guessed, right = [], 0
                if window:
                    most = min(window.together, left) - 1
                    guessed = guesser.guess(most, window.pace.seconds)
                self._context.append([token, *guessed], cancel)
        if shown := answer.rest():
            yield Token(shown, answer.logprobs[-1])


def language(spec: Mapping[str, Any]) -> Role:
    """The role of the language model. `spec`: name, path, threads, context, budget_mb, floor_mb (of free
    memory, below which it takes less than its budget), cache_dir.

    Raises `ModelError`, and `BadInputError` for a budget that is too small.
    """
    model = LanguageModel(
        Path(spec["path"]),
        name=str(spec.get("name", "")),
        threads=int(spec.get("threads", 0)),
        context=int(spec.get("context", 4096)),
        memory=int(float(spec.get("budget_mb") or 0) * 1e6),
        folder=Path(spec["cache_dir"]) if spec.get("cache_dir") else None,
    )
    if model.window is not None and (floor := float(spec.get("floor_mb") or 0)):
        pressure.watch(int(floor * 1e6), model.window.press)

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

    def memory(request: Request) -> Answer:
        if model.window is None:
            raise BadInputError("the language model was loaded without a memory budget")
        model.window.set_budget(int(request.params["mb"] * 1e6))
        return {}, b""

    def residency(request: Request) -> Answer:
        return {"residency": model.window.report() if model.window else None}, b""

    methods = {
        "memory": Method(memory),
        "residency": Method(residency),
        "chat": Method(chat, "serial"),
        "count": Method(count),
        "prompt_tokens": Method(prompt_tokens),
    }
    return Role(methods, model.info())


def _cores() -> int:
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
