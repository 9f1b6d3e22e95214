"""The step of the background job that cuts moments into episodes, names them and sums them up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from secondme.index.fulltext import FullText
from secondme.memory.episodes import AROUND, VERSION, Floats, cuts
from secondme.memory.rarity import Rarity
from secondme.memory.summary import summary
from secondme.memory.title import title
from secondme.record import Record
from secondme.record.episodes import New, Place

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
        self._rarity = Rarity(fulltext, 0)

    def left(self) -> int:
        return self._record.episodes.waiting()

    def some(self) -> bool:
        embedder = self._embedder()
        by_meaning, by_time = f"{VERSION}", f"{VERSION} by time"
        made_by = by_time if embedder is None else by_meaning
        if not self._after:
            self._record.episodes.drop_made_otherwise([by_meaning, made_by])
            self._rarity = Rarity(self._fulltext, self._record.moments.count())
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
        held: Mapping[int, Floats] = {}
        if embedder is not None:
            held = self._record.vectors.get(embedder, [p.n for p in places])
            if len(held) < len(places):
                return False
        vectors = np.array([held[p.n] for p in places]) if held else None
        times = np.array([p.ms for p in places])
        borders = [base + cut for cut in cuts(vectors, times) if base + cut > begin]
        runs = [
            [p.n for p in stream[a:b]]
            for a, b in zip([begin, *borders], [*borders, end], strict=True)
        ]
        old = {p.episode for p in stream[begin:] if p.episode is not None}
        new = [self._made(numbers, held) for numbers in runs]
        with self._record.store.write():
            made = self._record.episodes.replace(sorted(old), new, made_by)
            self._fulltext.add_episodes(made)
        return bool(made)

    def _made(self, numbers: Sequence[int], vectors: Mapping[int, Floats]) -> New:
        """An episode of these moments; its id follows from the first of them."""
        moments = self._record.moments.by_number(numbers)
        told = [moments[n] for n in numbers if n in moments]
        first = told[0].id if told else ""
        people = {m.speaker for m in told if m.speaker}
        rarity = self._rarity if len(told) > 1 else None
        own = [m for m in told if m.tells]
        near = np.array([vectors[m.n] for m in own]) if own and vectors else None
        passages = summary([m.text for m in own], sorted(people), self._rarity, near)
        return New(
            f"e{first[1:]}",
            title([m.text for m in told], people, rarity),
            numbers,
            [(own[p.at].n, p.start, p.end) for p in passages],
        )
