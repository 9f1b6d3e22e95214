"""From the odds of the next token to the text of an answer."""

from __future__ import annotations

import codecs
import ctypes
from collections.abc import Sequence
from typing import Any, Protocol

import llama_cpp as lib
import numpy as np
import numpy.typing as npt

from secondme.errors import BadInputError
from secondme.model.chat import Finish

_CANDIDATE = np.dtype([("id", "<i4"), ("logit", "<f4"), ("p", "<f4")])
_TOP_K, _TOP_P, _MIN_P = 40, 0.95, 0.05
_FAR = 30.0


class Odds(Protocol):
    """The odds of each token to come next, as far as they are asked for."""

    def scores(
        self, head: int = 1, allowed: npt.NDArray[np.bool_] | None = None
    ) -> npt.NDArray[np.float32]:
        """Every token's score, of which the `head` best (of those allowed) are exact, in their order,
        the others about right and below them. Changed by nobody but the odds."""


class AllOdds:
    """Odds that are all exact, as llama.cpp computes them."""

    def __init__(self, scores: npt.NDArray[np.float32]) -> None:
        self._scores = scores

    def scores(
        self, head: int = 1, allowed: npt.NDArray[np.bool_] | None = None
    ) -> npt.NDArray[np.float32]:
        return self._scores


class Picker:
    """Picks the next token from the odds, and follows the grammar as it does.

    `vocabulary` is llama.cpp's. At `temperature` 0 it is the likeliest token, above that one of the
    likelier ones, by `seed` always the same. Tokens that are `avoided` are never picked. Raises
    `BadInputError` for a grammar (GBNF) that is not valid.
    """

    def __init__(
        self,
        vocabulary: Any,
        temperature: float,
        seed: int | None,
        grammar: str | None,
        avoided: Sequence[int] = (),
    ) -> None:
        self._avoided = np.array(sorted(set(avoided)), np.intp)
        self._grammar = self._chain = None
        if grammar is not None:
            text = grammar.encode()
            self._grammar = lib.llama_sampler_init_grammar(vocabulary, text, b"root")
            if not self._grammar:
                raise BadInputError("the grammar for the answer is not valid GBNF")
        if temperature > 0:
            self._chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
            for step in (
                lib.llama_sampler_init_top_k(_TOP_K),
                lib.llama_sampler_init_top_p(_TOP_P, 1),
                lib.llama_sampler_init_min_p(_MIN_P, 1),
                lib.llama_sampler_init_temp(temperature),
                lib.llama_sampler_init_dist(lib.LLAMA_DEFAULT_SEED if seed is None else seed),
            ):
                lib.llama_sampler_chain_add(self._chain, step)

    def pick(self, odds: Odds) -> tuple[int, float]:
        """The next token and its log-probability among all tokens."""
        head = _TOP_K if self._chain else 1
        scores = odds.scores(head)
        token = self._choose(scores)
        if token in self._avoided:
            allowed = self._others(len(scores))
            scores = odds.scores(head, allowed)
            token = self._choose(np.where(allowed, scores, np.float32(-np.inf)))
        if self._grammar:
            # Most of the time the choice is a right one; to try all 150,000 each time would be slow.
            one = np.array([(token, scores[token], 0)], _CANDIDATE)
            if self._apply(self._grammar, one).data[0].logit == -np.inf:
                allowed = self._allowed(len(scores))
                scores = odds.scores(head, allowed)
                token = self._choose(np.where(allowed, scores, np.float32(-np.inf)))
            lib.llama_sampler_accept(self._grammar, token)
        return token, float(scores[token]) - _normaliser(scores)

    def close(self) -> None:
        """Free what llama.cpp holds for it."""
        for sampler in (self._grammar, self._chain):
            if sampler:
                lib.llama_sampler_free(sampler)
        self._grammar = self._chain = None

    def _choose(self, scores: npt.NDArray[np.float32]) -> int:
        if not self._chain:
            return int(scores.argmax())
        candidates = _candidates(scores)  # it must live as long as what is chosen from it
        chosen = self._apply(self._chain, candidates)
        return int(chosen.data[chosen.selected].id)

    def _others(self, count: int) -> npt.NDArray[np.bool_]:
        """Which of the tokens are not avoided."""
        others = np.ones(count, np.bool_)
        others[self._avoided] = False
        return others

    def _allowed(self, count: int) -> npt.NDArray[np.bool_]:
        """Which of the tokens the grammar takes next, of those that are not avoided."""
        candidates = _candidates(np.zeros(count, np.float32))
        self._apply(self._grammar, candidates)
        allowed = np.zeros(count, np.bool_)
        allowed[candidates["id"][candidates["logit"] != -np.inf]] = True
        allowed &= self._others(count)
        if not allowed.any():
            raise BadInputError("the grammar leaves the answer no way to go on")
        return allowed

    def _apply(self, sampler: Any, candidates: npt.NDArray[np.void]) -> Any:
        data = candidates.ctypes.data_as(lib.llama_token_data_p)
        array = lib.llama_token_data_array(data, len(candidates), -1, False)
        lib.llama_sampler_apply(sampler, ctypes.byref(array))
        return array


def _normaliser(scores: npt.NDArray[np.float32]) -> float:
    """The logarithm of the sum of all odds; of what is far below the best, all together are nothing."""
    top = float(scores.max())
    return top + float(np.log(np.exp(scores[scores > top - _FAR] - top).sum()))


def _candidates(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.void]:
    candidates = np.zeros(len(scores), _CANDIDATE)
    candidates["id"] = np.arange(len(scores))
    candidates["logit"] = scores
    return candidates


class AnswerText:
    """An answer as it grows: whole characters only, and nothing that may become a stop text.

    `text` is what has been shown, `began` when its first token came.
    """

    def __init__(self, stop: Sequence[str]) -> None:
        self.text = ""
        self.logprobs: list[float] = []
        self.finish: Finish = "length"
        self.began: float | None = None
        self._stop = [text for text in stop if text]
        self._held = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def add(self, piece: bytes, logprob: float) -> str:
        """Take a token; the text that can be shown now."""
        self.logprobs.append(logprob)
        self._held += self._decoder.decode(piece)
        ends = [at for text in self._stop if (at := self._held.find(text)) >= 0]
        if ends:
            self.finish = "stop"
            return self._show(min(ends))
        beginnings = (
            n
            for text in self._stop
            for n in range(1, min(len(text), len(self._held) + 1))
            if self._held.endswith(text[:n])
        )
        return self._show(len(self._held) - max(beginnings, default=0))

    def rest(self) -> str:
        """What was held back, once nothing more comes; half a character is dropped."""
        return self._show(len(self._held))

    def _show(self, end: int) -> str:
        shown, self._held = self._held[:end], self._held[end:]
        self.text += shown
        return shown
