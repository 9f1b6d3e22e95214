"""Episode: the words of a question in all that was said around a moment, not in one message alone."""

from __future__ import annotations

import numpy as np

from secondme.index.fulltext import FullText
from secondme.memory.recall.view import Pool, Query, Scores, View
from secondme.record.episodes import Episodes


class Episode(View):
    """BM25 of the episode that a moment is in, as one document; what is in none yet is like the others.

    Several grains scored together are from MemGAS (Xu et al. 2025, arXiv 2505.19549). Of what it and
    others propose only this helps here: an episode's mean vector, weights by how peaked a grain's scores
    are, and passing a hit's score on to its neighbours in time did not.
    """

    name = "episode"
    weight = 0.55
    standardise = True
    late = True
    ceiling = 4.0

    def __init__(self, fulltext: FullText, episodes: Episodes) -> None:
        self._fulltext = fulltext
        self._episodes = episodes

    def judge(self, query: Query, pool: Pool) -> Scores:
        numbers = pool.numbers.tolist()
        held = self._episodes.holding(numbers)
        scores = self._fulltext.score_episodes(query.text, held.values())
        return np.array([scores.get(held[n], 0.0) if n in held else np.nan for n in numbers])
