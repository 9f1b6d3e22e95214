"""The step of the background job that cuts moments into episodes and names them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from secondme.index.fulltext import FullText
from secondme.memory.episodes import AROUND, VERSION, cuts
from secondme.memory.title import title
from secondme.record import Record
from secondme.record.episodes import Place

_PART = 128
"""Moments of a stream that are cut at a time."""


class Cutting:
    """Keeps episodes in step with the moments: only the open end of a stream is cut again.

    A part of a stream whose vectors are not all there is left for the next time round.
    """

    name = "episodes"

    def __init__(
        self, record: Record, fulltext: FullText, embedder: Callable[[], str | None]
    ) -> None:
        """`embedder` names the one whose vectors are used; None cuts where time pauses alone."""
        self._record = record
        self._fulltext = fulltext
        self._embedder = embedder
        self._after = 0
        self._rarities: dict[str, float] = {}
        self._total = 0

    def left(self) -> int:
        return self._record.episodes.waiting()

    def some(self) -> bool:
        embedder = self._embedder()
        by_meaning, by_time = f"{VERSION}", f"{VERSION} by time"
        made_by = by_time if embedder is None else by_meaning
        if not self._after:
            self._record.episodes.drop_made_otherwise([by_meaning, made_by])
            self._rarities, self._total = {}, self._record.moments.count()
        found = self._record.episodes.next_stream(self._after)
        if found is None:
            self._after = 0
            return False
        first, stream = found
        cut = any(p.episode is None for p in stream) and self._cut(stream, embedder, made_by)
        self._after = first - 1 if cut else max([first, *(p.n for p in stream)])
        return True

    def _cut(self, stream: Sequence[Place], embedder: str | None, made_by: str) -> bool:
        """Cut from the last episode before the first moment that is in none; False if it must wait."""
        begin = next(i for i, place in enumerate(stream) if place.episode is None)
        if begin and (open_ := stream[begin - 1].episode) is not None:
            begin = next(i for i, place in enumerate(stream) if place.episode == open_)
        end = min(begin + _PART, len(stream))
        base = max(0, begin - AROUND)
        places = stream[base:end]
        vectors = None
        if embedder is not None:
            held = self._record.vectors.get(embedder, [p.n for p in places])
            if len(held) < len(places):
                return False
            vectors = np.array([held[p.n] for p in places])
        times = np.array([p.ms for p in places])
        borders = [base + cut for cut in cuts(vectors, times) if base + cut > begin]
        runs = [
            [p.n for p in stream[a:b]]
            for a, b in zip([begin, *borders], [*borders, end], strict=True)
        ]
        old = {p.episode for p in stream[begin:] if p.episode is not None}
        new = [(numbers, *self._named(numbers)) for numbers in runs]
        with self._record.store.write():
            made = self._record.episodes.replace(sorted(old), new, made_by)
            self._fulltext.add_episodes(made)
        return bool(made)

    def _named(self, numbers: Sequence[int]) -> tuple[str, str]:
        """An episode's title, and its id, which follows from its first moment."""
        moments = self._record.moments.by_number(numbers)
        told = [moments[n] for n in numbers if n in moments]
        first = told[0].id if told else ""
        people = {m.speaker for m in told if m.speaker}
        rarity = self._rarity if len(told) > 1 else None
        return title([m.text for m in told], people, rarity), f"e{first[1:]}"

    def _rarity(self, word: str) -> float:
        if word not in self._rarities:
            holding = self._fulltext.documents_with(word)
            self._rarities[word] = math.log(1 + (self._total + 1) / (holding + 0.5))
        return self._rarities[word]
