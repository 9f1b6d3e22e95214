"""What is used grows stronger, what is not fades a little, and what says the same is found and merged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondme.index.fulltext import FullText
from secondme.memory.comparing import Comparing
from secondme.memory.recall import Query, Recall
from secondme.memory.recall.strength import DAY_MS, FADES, HELPS, strength
from secondme.plugin import Moment
from secondme.record import Record
from secondme.record.items import Arrival

NOW = datetime.now(UTC) + timedelta(hours=1)
MS = round(NOW.timestamp() * 1000)
kinds = st.sampled_from(["cited", "opened", "good", "wrong"])
uses = st.lists(st.tuples(kinds, st.integers(0, MS)), max_size=30)


@given(said=st.integers(0, 2 * MS), fades=st.booleans(), uses=uses)
def test_strength_is_bounded(said: int, fades: bool, uses: list) -> None:
    assert -FADES - 2 * HELPS <= strength(said, fades, uses, MS) <= HELPS


@given(age=st.integers(0, 9000), more=st.integers(1, 9000), count=st.integers(0, 5))
def test_what_is_older_is_never_stronger_and_a_use_never_weakens(
    age: int, more: int, count: int
) -> None:
    used = [("opened", MS - age * DAY_MS)] * count
    now = strength(MS - age * DAY_MS, True, used, MS)
    assert strength(MS - (age + more) * DAY_MS, True, [], MS) <= strength(
        MS - age * DAY_MS, True, [], MS
    )
    assert strength(MS - age * DAY_MS, True, [*used, ("cited", MS)], MS) >= now
    assert strength(MS - age * DAY_MS, False, [], MS) == 0, "what nobody said does not fade"


def test_one_use_moves_little_and_a_mark_more() -> None:
    new = MS
    opened = strength(new, False, [("opened", MS)], MS)
    good = strength(new, False, [("good", MS)], MS)
    wrong = strength(new, False, [("wrong", MS)], MS)
    assert 0 < opened < 0.1 < good < HELPS
    assert wrong == pytest.approx(-2 * good)
    assert strength(new, False, [("good", MS), ("wrong", MS)], MS) == pytest.approx(0)


class Memory:
    """A record whose vectors are made by hand, and searched one by one."""

    def __init__(self, folder: Path) -> None:
        self.record = Record(folder / "memory.sqlite3")
        self.words = FullText(self.record.store)
        self.job = Comparing(self.record, self.nearest, lambda: "e")
        self._vectors: dict[int, np.ndarray] = {}

    def say(self, text: str, like: int, speaker: str | None = "Ana", path: str = "a") -> int:
        """Remember a moment whose vector is that of all others with the same `like`."""
        with self.record.store.write():
            entry = self.record.journal.begin("add", "test")
            moment = Moment(text=text, speaker=speaker, time=NOW - timedelta(days=1))
            data = f"{path}{text}{speaker}".encode()
            arrival = Arrival(path, None, "test", "text/plain", data, 0, None, f"/{path}{text}")
            self.record.items.take(arrival, [moment], entry)
        n = self.record.store.value("select max(n) from moments")
        self._vectors[n] = np.eye(16, dtype=np.float32)[like]
        self.record.vectors.put("e", [n], self._vectors[n][None])
        return int(n)

    def nearest(self, vector: np.ndarray, k: int) -> Mapping[int, float]:
        cosines = {n: float(v @ vector) for n, v in self._vectors.items()}
        return dict(sorted(cosines.items(), key=lambda item: -item[1])[:k])

    def compare(self) -> None:
        while self.job.some():
            pass

    def recall(self, question: str, **more: bool) -> list[int]:
        recall = Recall(self.record, self.words, lambda v, k: {}, lambda: [])
        return [hit.moment.n for hit in recall(Query(question, NOW, **more), 9, "e")]


@pytest.fixture
def memory(tmp_path: Path):
    memory = Memory(tmp_path)
    yield memory
    memory.record.close()


LONG = "The plumber mended the old boiler in the cellar and changed its rusty valve"


def test_what_says_nearly_the_same_is_found_whatever_file_it_stands_in(memory: Memory) -> None:
    first = memory.say(LONG, 1)
    again = memory.say(f"{LONG}!", 1, path="b")
    third = memory.say(LONG.replace("old ", ""), 1, path="c")
    other = memory.say("Rita and Thomas planted three apple trees behind the long barn", 2)
    memory.compare()
    assert memory.record.alike.others(again) == [first, third]
    assert memory.record.alike.others(other) == []
    assert memory.job.left() == 0


@pytest.mark.parametrize(
    ("text", "speaker", "like"),
    [
        (f"{LONG} for 80 euros", "Ana", 1),
        (LONG, "Ben", 1),
        ("The plumber never came to the house on the hill in the whole of May", "Ana", 1),
        (LONG, "Ana", 2),
    ],
    ids=["another number", "another speaker", "other words", "another meaning"],
)
def test_what_differs_in_what_matters_is_not_merged(
    memory: Memory, text: str, speaker: str, like: int
) -> None:
    first = memory.say(f"{LONG} for 90 euros" if "euros" in text else LONG, 1)
    memory.say(text, like, speaker, path="b")
    memory.compare()
    assert memory.record.alike.others(first) == []


def test_short_words_that_everybody_says_are_not_merged(memory: Memory) -> None:
    first = memory.say("See you tomorrow then", 1)
    memory.say("See you tomorrow then", 1, path="b")
    memory.compare()
    assert memory.record.alike.others(first) == []


def test_recall_brings_one_of_those_that_say_the_same_and_all_of_them_when_asked(
    memory: Memory,
) -> None:
    same = {memory.say(LONG, 1), memory.say(f"{LONG}.", 1, path="b")}
    memory.compare()
    assert len(same & set(memory.recall("plumber boiler valve"))) == 1
    assert same <= set(memory.recall("plumber boiler valve", all=True))


def test_a_mark_moves_the_ranking_and_nothing_is_lost(memory: Memory) -> None:
    texts = [f"the boiler was mended by plumber {name}" for name in ("Adam", "Berta", "Carl")]
    numbers = [memory.say(text, i, path=str(i)) for i, text in enumerate(texts)]
    before = memory.recall("boiler plumber")
    ids = {m.n: m.id for m in memory.record.moments.by_number(numbers).values()}
    with memory.record.store.write():
        entry = memory.record.journal.begin("mark", "test")
        memory.record.uses.add("wrong", [ids[before[0]]], entry)
    after = memory.recall("boiler plumber")
    assert after == [*before[1:], before[0]]
    assert memory.recall("boiler plumber", all=True) == before
    memory.record.uses.take_back(entry)
    assert memory.recall("boiler plumber") == before


def test_what_was_forgotten_is_no_reason_to_leave_another_out(memory: Memory) -> None:
    first = memory.say(LONG, 1)
    again = memory.say(f"{LONG}!", 1, path="b")
    memory.compare()
    with memory.record.store.write() as db:
        db.execute("update moments set live = 0 where n = ?", (first,))
    assert memory.recall("plumber boiler valve") == [again]
    assert memory.record.alike.others(again) == []
