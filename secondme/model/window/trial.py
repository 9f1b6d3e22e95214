"""Trying out on this machine what a model can do at once, and in which way its tokens are found faster."""

from __future__ import annotations

import time

import numpy as np

from secondme.model.window.calibration import Pass
from secondme.model.window.native import Floats
from secondme.model.window.plan import TOGETHER
from secondme.model.window.screen import Screen

_TOKENS = 32
_SETTLED = 8


def try_out(owner: Pass, tokens: list[int], screen: Screen | None) -> dict[str, float]:
    """Seconds for the output product with all rows, and for finding a token by the screen instead, by the
    names that `Measured` has for them; and how many tokens give the very results of one after another
    when they are computed `together`, and `together_whole`, with the output product."""
    together = TOGETHER if _same_together(owner, tokens[: 2 * TOGETHER]) else 1
    if screen is None:
        return {"together": together, "together_whole": together}
    took: list[float] = []
    states: list[Floats] = []
    for n in range(0, min(len(tokens), _TOKENS), TOGETHER):
        part = tokens[n : n + TOGETHER]
        owner.compute(part, len(part))
        states = [owner.result(k) for k in range(len(part))]
        for state in states:
            began = time.perf_counter()
            screen.odds(state[None])[0].scores().argmax()
            took.append(time.perf_counter() - began)
    owner.clear()
    # What else the machine does makes times longer, never shorter.
    screened = float(np.quantile(took[_SETTLED:] or took, 0.25))
    whole = together if screen.same_product(np.stack(states)) else 1
    product = screen.product_seconds(states[-1])
    return {
        "product": product,
        "screen": screened,
        "together": together,
        "together_whole": whole,
    }


def _same_together(owner: Pass, tokens: list[int]) -> bool:
    """Whether several tokens at once give the very results of one after another."""
    results = []
    for at_once in (1, TOGETHER):
        out = []
        for n in range(0, len(tokens), at_once):
            part = tokens[n : n + at_once]
            owner.compute(part, len(part))
            out += [owner.result(k).tobytes() for k in range(len(part))]
        owner.clear()
        results.append(out)
    return results[0] == results[1]
