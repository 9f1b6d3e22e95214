"""The model workers as the rest of the program uses them.

All are safe to use from several threads and raise as `Worker.call` does: `WorkerError` when the
worker died or hung (the next request starts it again), `ModelError` for a model that cannot be used.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from secondme.errors import WorkerError
from secondme.model.chat import Completion, Message, Token
from secondme.model.word import Word
from secondme.model.worker import Worker

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_TEXTS_AT_ONCE = 64
_CHARACTERS_AT_ONCE = 1 << 18


class _Client(Worker):
    """The worker of one role."""

    _ROLE: ClassVar[str]

    def __init__(
        self,
        spec: Mapping[str, Any],
        *,
        timeout: float,
        idle_after: float,
        log_file: Path | None = None,
    ) -> None:
        super().__init__(
            self._ROLE, spec, timeout=timeout, idle_after=idle_after, log_file=log_file
        )


class EmbedderClient(_Client):
    """The embedder. `spec`: name, path (of the packed model), cache_dir, threads.

    Passages are worked on in the background; a query is answered at once beside them.
    """

    _ROLE = "embedder"

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has. Loads the model the first time."""
        return int(self.loaded()["dimensions"])

    def passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """The vectors of texts to be found: an array (texts, dimensions), rows of length 1."""
        import numpy as np

        rows = [self._vectors("passages", {"texts": part}, len(part)) for part in _portions(texts)]
        return np.concatenate(rows) if rows else np.zeros((0, self.dimensions), np.float32)

    def query(self, text: str) -> npt.NDArray[np.float32]:
        """The vector of a question, of length 1."""
        vector: npt.NDArray[np.float32] = self._vectors("query", {"text": text}, 1)[0].copy()
        return vector

    def _vectors(
        self, method: str, params: Mapping[str, Any], rows: int
    ) -> npt.NDArray[np.float32]:
        import numpy as np

        _, payload = self.call(method, params)
        vectors = np.frombuffer(payload, "<f4")
        if not vectors.size or vectors.size % rows:
            raise WorkerError(f"the embedder sent {vectors.size} numbers for {rows} texts")
        return vectors.reshape(rows, -1).astype(np.float32, copy=False)


@dataclass(frozen=True, slots=True)
class LanguageInfo:
    """The language model that is loaded. `context` is in tokens."""

    name: str
    architecture: str
    parameters: int
    context: int
    file_bytes: int


class LanguageClient(_Client):
    """The language model. `spec`: name, path (of a GGUF file), threads, context (tokens), budget_mb
    (what it may take in memory, none for no limit), cache_dir (for what is measured for a budget).

    Conversations are answered one after another; counting does not wait for them.
    """

    _ROLE = "language"
    last: Completion | None = None

    def info(self) -> LanguageInfo:
        """What is loaded. Loads it if need be."""
        return LanguageInfo(**self.loaded())

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
    ) -> Iterator[Token | Completion]:
        """Answer a conversation: the pieces of the answer as they come, and last its `Completion`.

        What the arguments mean and what else is raised is said at `llama.LanguageModel.chat`. The
        iterator given up or closed stops the model as `cancel` does.
        """
        params = {
            "messages": [(message.role, message.content) for message in messages],
            "max_tokens": max_tokens,
            "stop": list(stop),
            "temperature": temperature,
            "fixed": fixed,
            "grammar": grammar,
            "seed": seed,
            "avoid": list(avoid),
        }
        completion = Completion("", 0, 0, 0, 0.0, 0.0, "cancelled")
        for part in self.stream("chat", params, cancel=cancel):
            if "text" in part:
                yield Token(**part)
            elif "completion" in part:
                fields = part["completion"]
                completion = Completion(**{**fields, "logprobs": tuple(fields["logprobs"])})
        self.last = completion
        yield completion

    def set_memory(self, megabytes: float) -> None:
        """Let the model take so much memory from its next token on; it must have a budget already.

        Raises `BadInputError` when that is too little for it.
        """
        if self.status().state in ("ready", "busy"):
            self.call("memory", {"mb": megabytes})
        self.amend({"budget_mb": megabytes})

    def residency(self) -> dict[str, Any] | None:
        """How the weights lie in memory, as `window.machine.Window.report` says it; None without a
        budget. Loads the model if need be."""
        residency: dict[str, Any] | None = self.call("residency", {})[0]["residency"]
        return residency

    def complete_text(
        self, messages: Sequence[Message], *, max_tokens: int, **options: Any
    ) -> Completion:
        """The whole answer to a conversation; arguments as for `chat`."""
        *_, last = self.chat(messages, max_tokens=max_tokens, **options)
        assert isinstance(last, Completion)
        return last

    def tokenize(self, text: str) -> int:
        """How many tokens a text has within a message."""
        return self.count([text])[0]

    def count(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each of the texts has within a message."""
        return [
            n for part in _portions(texts) for n in self.call("count", {"texts": part})[0]["counts"]
        ]

    def prompt_tokens(self, messages: Sequence[Message]) -> int:
        """How many tokens a conversation takes of the context before it is answered."""
        turns = [(message.role, message.content) for message in messages]
        return int(self.call("prompt_tokens", {"messages": turns})[0]["tokens"])


class ParserClient(_Client):
    """The parser of English. `spec`: name, path (of the model's wheel), cache_dir.

    Texts are parsed in the background, at the lowest priority.
    """

    _ROLE = "parser"

    def parse(self, texts: Sequence[str]) -> list[list[Word]]:
        """The words of each text, in order, each with its place in the sentence."""
        return [
            [Word(*word) for word in words]
            for part in _portions(texts)
            for words in self.call("parse", {"texts": part})[0]["parses"]
        ]


class RankerClient(_Client):
    """The models that rank. `spec`: name, path (of their wheel), threads."""

    _ROLE = "ranker"

    def read(
        self, question: str, passages: Sequence[str], texts: Sequence[str]
    ) -> npt.NDArray[np.float32]:
        """How well passages answer a question, read together with it, and how near its words come to those
        of as many texts: an array (2, passages)."""
        import numpy as np

        params = {"question": question, "passages": list(passages), "texts": list(texts)}
        return np.frombuffer(self.call("read", params)[1], "<f4").reshape(2, -1)


def _portions(texts: Sequence[str]) -> Iterator[list[str]]:
    """Texts in requests of a size that is soon answered, so that silence means a worker that hangs."""
    portion: list[str] = []
    size = 0
    for text in texts:
        if portion and (len(portion) == _TEXTS_AT_ONCE or size + len(text) > _CHARACTERS_AT_ONCE):
            yield portion
            portion, size = [], 0
        portion.append(text)
        size += len(text)
    if portion:
        yield portion
