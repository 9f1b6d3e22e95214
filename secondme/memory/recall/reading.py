"""Reading: a small language model reads the best hits, and says after which the question is likeliest.

Ranking by the likelihood of the question (Sachan et al. 2022). It takes seconds where everything else
takes milliseconds, so it is for whoever asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from secondme.ingest.embedding import said
from secondme.memory.recall import Hit
from secondme.record.moments import StoredMoment

READ = 20
"""How many of the best hits are read."""
_WEIGHT = 0.4
_BOUND = 3.0
_ASKS = "Question:"

Likely = Callable[[Sequence[str], str], NDArray[np.float32]]
"""The log-probabilities of a text's tokens after each of some passages: (passages, tokens)."""


def reread(
    hits: Sequence[Hit],
    question: str,
    windows: Mapping[int, Sequence[StoredMoment]],
    likely: Likely,
) -> list[Hit]:
    """The hits, the first of them in the order that reading them gives together with their scores.

    `windows` has for each number the moment after those before it, of which the last one is read too.
    A word of the question counts by how much likelier a moment makes it, and never against a moment:
    a name repeated would weigh more than all the rest.
    """
    first, rest = hits[:READ], hits[READ:]
    if len(first) < 2:
        return list(hits)
    passages = ["\n".join([*map(said, windows[h.moment.n][-2:]), _ASKS]) for h in first]
    odds = likely([_ASKS, *passages], f" {question}")
    gains = np.sqrt(np.maximum(odds[1:] - odds[0], 0.0)).mean(axis=1)
    shares = _WEIGHT * np.clip((gains - gains.mean()) / max(gains.std(), 1e-9), -_BOUND, _BOUND)
    read = [_with(*row) for row in zip(first, shares.tolist(), gains.tolist(), strict=True)]
    read.sort(key=lambda hit: -hit.score)
    # What is not read stays behind.
    fall = max(0.0, rest[0].score - read[-1].score) if rest else 0.0
    return [*read, *(_with(hit, -fall, 0.0) for hit in rest)]


def _with(hit: Hit, share: float, gain: float) -> Hit:
    return replace(
        hit,
        score=hit.score + share,
        parts={**hit.parts, "reading": share},
        signals={**hit.signals, "reading": gain},
    )
