"""Episodes: cut where meaning jumps and time pauses, kept in step, shown, and searched as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secondme.errors import NotFoundError
from secondme.index.fulltext import FullText
from secondme.memory.cutting import Cutting
from secondme.memory.episodes import LEAST, cuts
from secondme.memory.recall import Query, Recall
from secondme.memory.title import title
from secondme.plugin import Moment
from secondme.record import Record
from secondme.record.items import Arrival
from secondme.record.moments import Filter

START = datetime(2024, 5, 3, 12, tzinfo=UTC)
NO_TIMES = np.zeros(0, np.int64)


def topics(*lengths: int, seed: int = 0, noise: float = 0.6) -> np.ndarray:
    """Vectors of so many moments a topic: each topic has a direction of its own, each moment noise."""
    rng = np.random.default_rng(seed)
    rows = [
        center + noise * rng.standard_normal(64) / 8
        for length in lengths
        for center in [rng.standard_normal(64) / 8]
        for _ in range(length)
    ]
    return (np.array(rows) / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_meaning_that_jumps_begins_an_episode() -> None:
    borders = [15, 35, 48]
    found = cuts(topics(15, 20, 13, 22), np.zeros(70, np.int64))
    assert all(min(abs(border - cut) for cut in found) <= 1 for border in borders)
    assert len(found) <= len(borders) + 1


def test_hours_of_silence_begin_an_episode_unless_the_stream_is_always_so_slow() -> None:
    minutes = np.array([0, 1, 2, 600, 601, 602, 603], np.int64) * 60_000
    assert cuts(None, minutes) == [3]
    days = np.arange(7, dtype=np.int64) * 86_400_000
    assert cuts(None, days) == []


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(0, 90),
    seed=st.integers(0, 1000),
    gaps=st.lists(st.sampled_from([0, 1_000, 60_000, 50_000_000]), min_size=90, max_size=90),
    degenerate=st.booleans(),
)
def test_cuts_are_places_within_in_order_and_jumps_are_not_too_near(
    n: int, seed: int, gaps: list[int], degenerate: bool
) -> None:
    vectors = topics(n, seed=seed) if n else np.zeros((0, 64), np.float32)
    if degenerate:
        vectors[:] = vectors[:1]
    times = np.cumsum(np.array(gaps[:n], np.int64))
    found = cuts(vectors, times)
    assert found == sorted(set(found))
    assert all(0 < cut < n for cut in found)
    pauses = set(cuts(None, times))
    assert pauses <= set(found)
    for a, b in zip([0, *found], [*found, n], strict=True):
        assert b - a >= LEAST or a in pauses or b in pauses or not found
    assert found == cuts(vectors.copy(), times.copy())


@pytest.fixture
def memory(tmp_path: Path):
    memory = Memory(tmp_path)
    yield memory
    memory.record.close()


class Memory:
    """A record with vectors made by hand, and the job that cuts it."""

    def __init__(self, folder: Path, embedder: str | None = "e") -> None:
        self.record = Record(folder / "memory.sqlite3")
        self.words = FullText(self.record.store)
        self.job = Cutting(self.record, self.words, lambda: embedder)

    def say(self, texts: Sequence[str], vectors: np.ndarray, path: str = "/chat.txt") -> None:
        """Put a chat as it stands now, one message a minute, with the vectors of all its messages."""
        moments = [
            Moment(text=text, speaker=("Ana", "Ben")[i % 2], time=START + timedelta(minutes=i))
            for i, text in enumerate(texts)
        ]
        data = "\n".join(texts).encode()
        with self.record.store.write():
            entry = self.record.journal.begin("add", "test")
            arrival = Arrival(path, None, "test", "text/plain", data, 0, None, path)
            self.record.items.take(arrival, moments, entry)
        rows = self.record.store.query(
            "select m.n, m.seq from moments m join places p on p.item_id = m.item_id"
            " where p.path = ? and m.live = 1 order by m.seq",
            (path,),
        )
        self.record.vectors.put("e", [r[0] for r in rows], vectors[[r[1] for r in rows]])

    def cut(self) -> list[list[str]]:
        """Let the job finish; the texts of every episode, oldest first."""
        while self.job.some():
            pass
        assert self.record.episodes.waiting() == 0
        assert self.words.check() is None
        rows = self.record.store.query(
            "select e.episode, m.text from episode_moments e join moments m using (n)"
            " order by m.item_id, m.seq"
        )
        found: dict[int, list[str]] = {}
        for episode, text in rows:
            found.setdefault(episode, []).append(text)
        return list(found.values())


TEXTS = [f"message {i}" for i in range(60)]
VECTORS = topics(20, 20, 20)


def test_every_moment_is_in_one_episode_in_order(memory: Memory) -> None:
    memory.say(TEXTS, VECTORS)
    episodes = memory.cut()
    assert [text for episode in episodes for text in episode] == TEXTS
    assert [len(e) for e in episodes] == pytest.approx([20, 20, 20], abs=1)


def test_only_the_open_end_is_cut_again_when_more_is_said(memory: Memory) -> None:
    memory.say(TEXTS[:40], VECTORS[:40])
    memory.cut()
    before = {e.id: e.n for e in memory.record.episodes.find(Filter(), 99)}
    memory.say(TEXTS, VECTORS)
    assert [text for episode in memory.cut() for text in episode] == TEXTS
    after = {e.id: e.n for e in memory.record.episodes.find(Filter(), 99)}
    first = min(before, key=lambda id_: before[id_])
    assert after[first] == before[first], "what was closed stays as it was"
    assert len(after) == 3


@settings(max_examples=15, deadline=None)
@given(sizes=st.lists(st.integers(1, 25), min_size=1, max_size=6), seed=st.integers(0, 99))
def test_however_it_comes_in_every_moment_is_in_one_episode(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], seed: int
) -> None:
    memory = Memory(tmp_path_factory.mktemp("m"))
    total = sum(sizes)
    texts, vectors = [f"m {i}" for i in range(total)], topics(*sizes, seed=seed)
    try:
        for end in np.cumsum(sizes):
            memory.say(texts[:end], vectors[:end])
            assert [t for episode in memory.cut() for t in episode] == texts[:end]
    finally:
        memory.record.close()


def test_an_episode_that_loses_a_moment_is_cut_again_without_its_words(memory: Memory) -> None:
    texts = [f"the {('zebra' if i == 3 else 'violin')} number {i}" for i in range(12)]
    memory.say(texts, topics(12))
    memory.cut()
    assert memory.words.score_episodes("zebra", range(9))
    with memory.record.store.write() as db:
        db.execute("update moments set live = 0 where text like '%zebra%'")
    assert memory.words.score_episodes("zebra", range(9)) == {}
    assert len([t for e in memory.cut() for t in e]) == 11
    assert not any("zebra" in e.title.lower() for e in memory.record.episodes.find(Filter(), 9))


def test_moments_without_vectors_wait_and_without_an_embedder_pauses_alone_cut(
    tmp_path: Path, memory: Memory
) -> None:
    memory.say(TEXTS, VECTORS)
    memory.record.vectors.drop("e")
    while memory.job.some():
        pass
    assert memory.record.episodes.waiting() == 60
    other = Memory(tmp_path / "other", embedder=None)
    other.say(TEXTS, VECTORS)
    assert len(other.cut()) == 1
    other.job = Cutting(other.record, other.words, lambda: "e")
    assert len(other.cut()) == 3, "cut anew by meaning when there is an embedder"
    other.record.close()


def test_notes_of_a_day_belong_together(tmp_path: Path) -> None:
    memory = Memory(tmp_path, embedder=None)
    for minute, text in enumerate(("the boiler hums", "the boiler is off", "the boiler is mended")):
        with memory.record.store.write():
            entry = memory.record.journal.begin("note", "test")
            source = memory.record.sources.ensure("note", "<note>")
            when = START + timedelta(minutes=minute)
            moment = Moment(text=text, time=when, session="note 2024-05-03")
            arrival = Arrival("note", None, "note", "text/plain", text.encode(), 0, source)
            memory.record.items.take(arrival, [moment], entry)
    (episode,) = memory.cut()
    assert len(episode) == 3
    (found,) = memory.record.episodes.find(Filter(), 9)
    assert "boiler" in found.title.lower()
    assert (found.since, found.until) == (START, START + timedelta(minutes=2))
    memory.record.close()


def test_episodes_are_found_by_who_and_when_and_by_the_beginning_of_their_id(
    memory: Memory,
) -> None:
    memory.say(TEXTS, VECTORS)
    memory.cut()
    episodes = memory.record.episodes
    assert len(episodes.find(Filter(who="Ana"), 9)) == 3
    assert episodes.find(Filter(who="Zoe"), 9) == []
    late = round((START + timedelta(minutes=45)).timestamp() * 1000)
    (last,) = episodes.find(Filter(since=late), 9)
    assert last.people == ["Ana", "Ben"]
    assert episodes.get(last.id[:9]).n == last.n
    assert episodes.numbers(last.n)[-1] == 60
    with pytest.raises(NotFoundError, match="no episode has an id beginning 'ezz'"):
        episodes.get("ezz")


def test_a_moment_is_found_by_words_that_were_said_around_it(memory: Memory) -> None:
    texts = [f"well, number {i}" for i in range(40)]
    texts[8] = "so about the marzipan"
    texts[13] = "it was in Lisbon"
    texts[33] = "it was in Lisbon too"
    memory.say(texts, topics(20, 20))
    memory.cut()
    recall = Recall(memory.record, memory.words, lambda v, k: {}, lambda: [])
    query = Query("marzipan in Lisbon", START)
    found = [hit.moment.text for hit in recall(query, 20, "e")]
    assert found.index("it was in Lisbon") < found.index("it was in Lisbon too")


def test_a_moment_that_no_episode_has_yet_is_none_the_lower_for_it(memory: Memory) -> None:
    texts = [f"well, marzipan number {i}" for i in range(25)]
    memory.say([*texts, *(f"a walk, number {i}" for i in range(15))], topics(20, 20))
    memory.cut()
    memory.say(["marzipan again"], topics(1), path="/later.jsonl")
    recall = Recall(memory.record, memory.words, lambda _, k: {}, lambda: [])
    shares = {h.moment.text: h.parts["episode"] for h in recall(Query("marzipan", START), 60, "e")}
    assert shares.pop("marzipan again") == 0
    assert any(shares.values())


def test_what_second_me_is_asked_and_answers_sums_nothing_up(tmp_path: Path) -> None:
    memory = Memory(tmp_path, embedder=None)
    turns = ("statement", "question", "answer", "refusal")
    texts = [f"The {turn} about the copper kettle of the lighthouse keeper. " * 2 for turn in turns]
    moments = [
        Moment(text=text, time=START + timedelta(minutes=n), meta={"turn": turn})
        for n, (text, turn) in enumerate(zip(texts, turns, strict=True))
    ]
    moments.append(Moment(text="The ferry sails on Saturday at seven. " * 4, time=START))
    with memory.record.store.write():
        entry = memory.record.journal.begin("add", "test")
        arrival = Arrival("chat", None, "test", "text/plain", b"x", 0, None)
        memory.record.items.take(arrival, moments, entry)
    memory.cut()
    (episode,) = memory.record.episodes.find(Filter(), 9)
    told = memory.record.episodes.summaries([episode.n])[episode.n]
    assert {each.moment.meta.get("turn") for each in told} <= {None, "statement"}
    assert told
    memory.record.close()


def test_the_index_of_episodes_can_be_made_anew(memory: Memory) -> None:
    memory.say(TEXTS, VECTORS)
    memory.cut()
    before = memory.words.score_episodes("message 7", range(9))
    memory.words.rebuild()
    assert memory.words.score_episodes("message 7", range(9)) == before
    assert memory.words.check() is None


def test_a_title_is_the_phrase_that_tells_this_from_the_rest() -> None:
    common = {"good", "day", "time", "really", "went", "today"}

    def rarity(word: str) -> float:
        return 0.5 if word in common else 5.0

    texts = ["I went to the pottery class today", "How was the pottery class?", "Really good, Ana!"]
    assert title(texts, ["Ana"], rarity) == "Pottery class"
    assert title(["合言葉は何ですか"], [], rarity)
    assert title([], [], rarity) == ""
    assert title(["42!"], [], rarity) == "42!"
    assert len(title(["x" * 500], [], None)) <= 60
