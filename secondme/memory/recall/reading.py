"""Reading: small models read the best hits, and say how well each answers the question.

It takes tenths of a second where everything else takes milliseconds, so it is for whoever asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from secondme.ingest.embedding import said
from secondme.memory.recall import Hit
from secondme.memory.style import language_of
from secondme.memory.timex.lexer import languages_of
from secondme.record.moments import StoredMoment

READ = 30
"""How many of the best hits are read for the best order."""
_WHOLE, _BY_WORDS = 0.6, 0.4
_BOUND = 3.0
_FEWEST = 2

Floats = NDArray[np.float64]
Read = Callable[[str, Sequence[str], Sequence[str]], NDArray[np.float32]]
"""How well passages answer a question, and how near as many texts come to it: (2, passages)."""


def reread(
    hits: Sequence[Hit],
    question: str,
    windows: Mapping[int, Sequence[StoredMoment]],
    read: Read,
) -> list[Hit]:
    """The hits, the first of them in the order that reading them gives together with their scores.

    `windows` has for each number the moment after those before it, of which the last one is read too.
    The models know English alone: with a question in another language all stays as it is, and so does the
    score of a moment in another one.
    """
    if not _is_english(question):
        return list(hits)
    first, rest = hits[:READ], hits[READ:]
    english = [i for i, hit in enumerate(first) if _is_english(hit.moment.text)]
    if len(english) < _FEWEST:
        return list(hits)
    moments = [first[i].moment for i in english]
    passages = ["\n".join(map(said, windows[m.n][-2:])) for m in moments]
    scores = read(question, passages, [said(m) for m in moments]).astype(float)
    shares = np.zeros(len(first))
    measured = np.zeros(len(first))
    shares[english] = _WHOLE * _standard(scores[0]) + _BY_WORDS * _standard(scores[1])
    measured[english] = scores[0]
    again = [_with(*row) for row in zip(first, shares.tolist(), measured.tolist(), strict=True)]
    again.sort(key=lambda hit: -hit.score)
    # What is not read stays behind.
    fall = max(0.0, rest[0].score - again[-1].score) if rest else 0.0
    return [*again, *(_with(hit, -fall, 0.0) for hit in rest)]


def _is_english(text: str) -> bool:
    language = language_of(text)
    return language == "English" or (language is None and "en" in languages_of(text))


def _standard(scores: Floats) -> Floats:
    spread = max(float(scores.std()), 1e-9)
    standard: Floats = np.clip((scores - scores.mean()) / spread, -_BOUND, _BOUND)
    return standard


def _with(hit: Hit, share: float, measured: float) -> Hit:
    return replace(
        hit,
        score=hit.score + share,
        parts={**hit.parts, "reading": share},
        signals={**hit.signals, "reading": measured},
    )
