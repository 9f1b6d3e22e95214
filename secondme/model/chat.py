"""What passes between a person's words and a language model: messages, completions, prompts.

A prompt is made so that words stay words. The model's own template says where the turns begin and
end, in control tokens such as `<|im_end|>`; the contents of messages come from notes, mails and chats
and may spell the same characters. Only the template's own text is searched for control tokens, so
nothing in a content can end a turn or begin another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple, Protocol, get_args

from secondme.errors import BadInputError, ModelError

Speaker = Literal["system", "user", "assistant"]
Finish = Literal["stop", "length", "cancelled"]

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content']"
    " + '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
"""The template of models that bring none."""
_MARK = re.compile("(\x1f?)\ue000(\\d+)\ue001(\x1f?)")


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Speaker
    content: str


class Token(NamedTuple):
    """A piece of an answer as it comes: whole characters, and the log-probability of its last token."""

    text: str
    logprob: float


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer and what it took.

    `reused_tokens` of the prompt's tokens were known from before. `finish` is "stop" when the model
    or a stop text ended it, "length" at `max_tokens` or the end of the context, "cancelled" when it
    was stopped. `logprobs` are natural logarithms, one for each token of the answer; their mean is
    None for an empty one.
    """

    text: str
    prompt_tokens: int
    reused_tokens: int
    completion_tokens: int
    seconds_to_first: float
    seconds: float
    finish: Finish
    logprobs: tuple[float, ...] = ()

    @property
    def mean_logprob(self) -> float | None:
        return sum(self.logprobs) / len(self.logprobs) if self.logprobs else None


class Prompt(NamedTuple):
    """A prompt's tokens, of which the first `fixed` do not depend on what comes after them."""

    tokens: list[int]
    fixed: int


class Control(NamedTuple):
    """A control token: how it is spelt, and whether it swallows white space beside it."""

    id: int
    spelling: str
    strips_left: bool = False
    strips_right: bool = False


class Vocabulary(Protocol):
    """What is needed of a model's vocabulary. `first` is the token that begins every prompt, if any."""

    bos: str
    eos: str
    first: int | None

    def plain(self, text: str) -> list[int]:
        """The tokens of text in which no control token is looked for."""

    def controls(self, text: str) -> list[Control]:
        """The control tokens that the text spells, in order."""


class ChatTemplate:
    """Makes prompts by a model's own template (Jinja, as its GGUF file carries it).

    Raises `ModelError` for a template that is not valid.
    """

    def __init__(self, source: str, vocabulary: Vocabulary) -> None:
        from llama_cpp.llama_chat_format import Jinja2ChatFormatter

        try:
            self._format: Callable[..., Any] = Jinja2ChatFormatter(
                source, vocabulary.eos, vocabulary.bos
            )
        except Exception as error:
            raise ModelError(f"the model's chat template is not valid: {error}") from None
        self.source = source
        self._vocabulary = vocabulary
        self._controls = lru_cache(maxsize=64)(vocabulary.controls)

    def prompt(self, messages: Sequence[Message], fixed: int = 0) -> Prompt:
        """The tokens with which the model is to answer the messages.

        For contents that spell no control token they are the tokens of the template filled in. The
        first `fixed` messages are those that stay the same in later prompts. Raises `BadInputError`
        without messages, and `ModelError` when the template does not take such a conversation.
        """
        texts, controls, fixed_controls = self._split(messages, fixed)
        first = self._vocabulary.first
        tokens = self._vocabulary.plain(texts[0])
        boundary = 0
        for n, (control, text) in enumerate(zip(controls, texts[1:], strict=True), start=1):
            tokens.append(control.id)
            if n == fixed_controls:
                boundary = len(tokens)
            tokens += self._vocabulary.plain(text)
        if first is not None and tokens[:1] != [first]:
            tokens.insert(0, first)
            boundary += bool(boundary)
        return Prompt(tokens, boundary)

    def _split(
        self, messages: Sequence[Message], fixed: int
    ) -> tuple[list[str], list[Control], int]:
        """The prompt as texts with a control token between each and the next.

        The texts run through template and contents, since it is what lies side by side that makes
        tokens. So what is fixed ends with a control token: how many come before the first content
        that is not fixed is the last item.
        """
        texts, controls = [""], []
        fixed_controls: int | None = None
        for text, index in self._pieces(messages):
            if index is None:
                for control in self._controls(text):
                    before, _, text = text.partition(control.spelling)
                    texts[-1] += before
                    texts.append("")
                    controls.append(control)
            elif fixed_controls is None and index >= fixed:
                fixed_controls = len(controls)
            texts[-1] += text
        for n, control in enumerate(controls):
            if control.strips_left:
                texts[n] = texts[n].rstrip()
            if control.strips_right:
                texts[n + 1] = texts[n + 1].lstrip()
        return texts, controls, len(controls) if fixed_controls is None else fixed_controls

    def _pieces(self, messages: Sequence[Message]) -> Iterator[tuple[str, int | None]]:
        """The prompt's text in pieces: the template's own (None), and contents (which message's).

        The template is filled in with marks in the place of contents, each between two characters
        that count as white space, so that it shows whether the template strips a content.
        """
        marks = [f"\x1f\ue000{n}\ue001\x1f" if m.content else "" for n, m in enumerate(messages)]
        roles = [str(message.role) for message in messages]
        if not messages or not set(roles) <= set(get_args(Speaker)):
            raise BadInputError(
                "a conversation needs turns of the system, the user or the assistant"
            )
        rendered = self._render(roles, marks)
        done = 0
        for mark in _MARK.finditer(rendered):
            yield rendered[done : mark.start()], None
            index = int(mark[2])
            content = messages[index].content
            content = content if mark[1] else content.lstrip()
            yield (content if mark[3] else content.rstrip()), index
            done = mark.end()
        yield rendered[done:], None

    def _render(self, roles: Sequence[str], contents: Sequence[str]) -> str:
        turns = [{"role": r, "content": c} for r, c in zip(roles, contents, strict=True)]
        try:
            return str(self._format(messages=turns).prompt)
        except Exception as error:
            if roles[0] == "system" and len(roles) > 1:  # some templates know no such role
                first = f"{contents[0]}\n\n{contents[1]}"
                return self._render(roles[1:], [first, *contents[2:]])
            raise ModelError(f"the model's chat template cannot take this: {error}") from None
