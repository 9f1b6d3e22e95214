"""How views are weighed against each other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from secondme.index.fulltext import FullText
from secondme.memory.recall import Query, Recall
from secondme.memory.recall.people import named_speakers
from secondme.memory.recall.reading import reread
from secondme.plugin import Moment
from secondme.record import Record
from secondme.record.items import Arrival


def test_the_one_moment_with_a_rare_word_comes_before_a_crowd_that_is_alike(tmp_path: Path) -> None:
    """In a large memory the nearest by meaning differ by a hair, and the rest is far below them."""
    record = Record(tmp_path / "memory.sqlite3")
    words = FullText(record.store)
    said = ["the quokka is asleep", *(f"a line about garden number {i}" for i in range(250))]
    moments = [
        Moment(text=text, time=datetime(2024, 1, 1, tzinfo=UTC), session=str(i))
        for i, text in enumerate(said)
    ]
    arrival = Arrival("n", None, "test", "text/plain", b"n", 0, None, "/n")
    with record.store.write():
        record.items.take(arrival, moments, record.journal.begin("add", "t"))
    question = np.array([1.0, 0.0, 0.0], np.float32)
    dice = np.random.default_rng(1)
    crowd = np.column_stack([np.full(250, 0.95), dice.normal(0.3, 0.01, 250), np.zeros(250)])
    vectors = np.vstack([[0.5, 0.0, 0.87], crowd]).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    record.vectors.put("e", list(range(1, 252)), vectors)
    nearest = {n: float(vectors[n - 1] @ question) for n in range(2, 202)}
    recall = Recall(record, words, lambda _, k: nearest, record.moments.speaker_names)
    hits = recall(Query("quokka", datetime.now(UTC), vector=lambda: question), 5, "e")
    record.close()
    assert hits[0].moment.text == "the quokka is asleep"


class Chat:
    """A chat of lines, each by a speaker, and what recall by words alone makes of it."""

    def __init__(self, folder: Path, *lines: tuple[str, str]) -> None:
        self.record = Record(folder / "memory.sqlite3")
        self.words = FullText(self.record.store)
        moments = [
            Moment(text=text, time=datetime(2024, 1, 1 + i, tzinfo=UTC), session="s", speaker=who)
            for i, (who, text) in enumerate(lines)
        ]
        arrival = Arrival("n", None, "test", "text/plain", b"n", 0, None, "/n")
        with self.record.store.write():
            self.record.items.take(arrival, moments, self.record.journal.begin("add", "t"))

    def best(self, question: str) -> str:
        """What comes first."""
        names = self.record.moments.speaker_names
        recall = Recall(self.record, self.words, lambda _, k: {}, names)
        hits = recall(Query(question, datetime(2024, 3, 1, tzinfo=UTC)), 5, "")
        return hits[0].moment.text


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("What did Melanie say about the garden?", "the garden is lovely"),
        ("What did Mel say about the garden?", "the garden is lovely"),
        ("What does Melanie tell Rui about the garden?", "the garden is lovely"),
        ("What does Rui tell Melanie about the garden?", "the garden is a mess"),
    ],
)
def test_who_is_named_first_comes_first(tmp_path: Path, question: str, first: str) -> None:
    chat = Chat(tmp_path, ("Rui", "the garden is a mess"), ("Melanie", "the garden is lovely"))
    assert chat.best(question) == first


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("Where does Mel live?", {"Melanie Costa"}),
        ("Mel, where is it?", set()),  # any word may begin a sentence
        ("where does mel live", set()),
        ("Where does Ma live?", set()),
        ("Where do Melanie and Rui live?", set()),
        ("Where do Maria and Mario meet Mar?", set()),
        ("Where does Mar live?", set()),  # Maria or Mario
    ],
)
def test_a_short_form_names_one_whose_name_begins_so(question: str, named: set[str]) -> None:
    assert named_speakers(question, ["Melanie Costa", "Rui", "Maria", "Mario"]) == named


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("How many chairs did we buy for the choir?", "six chairs for the choir"),
        ("Where did we buy chairs for the choir?", "the choir got its chairs in Porto"),
    ],
)
def test_what_can_be_an_answer_comes_first(tmp_path: Path, question: str, first: str) -> None:
    said = ["the choir has chairs", "six chairs for the choir", "the choir got its chairs in Porto"]
    assert Chat(tmp_path, *(("Rui", text) for text in said)).best(question) == first


def test_what_is_done_comes_before_what_is_only_named(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ("Rui", "the paint of the boat"), ("Rui", "we paint at the boat"))
    with chat.record.store.write():
        for n, verbs in ((1, ()), (2, ("paint",))):
            moment = chat.record.moments.by_number([n])[n]
            chat.record.claims.put(n, moment.id, [], "parser", verbs)
    assert chat.record.claims.verbs([1, 2]) == {2: frozenset({"paint"})}
    assert chat.best("What did you paint, the boat?") == "we paint at the boat"


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("What instruments do you have in the evening?", "my violin in the evening"),
        ("What martial arts do you do in the evening?", "some taekwondo in the evening"),
        ("What European countries are warm in the evening?", "Spain in the evening"),
        ("What kind of fruit is there in the evening?", "strawberries in the evening"),
    ],
)
def test_a_thing_of_the_kind_asked_for_comes_first(
    tmp_path: Path, question: str, first: str
) -> None:
    said = ["a run in the evening", "my violin in the evening", "some taekwondo in the evening"]
    said += ["Spain in the evening", "strawberries in the evening", "nothing in the evening"]
    assert Chat(tmp_path, *(("Rui", text) for text in said)).best(question) == first


@pytest.mark.parametrize(
    "question", ["Which things are there?", "What does she do?", "Was steht da?", "Is Spain there?"]
)
def test_a_question_without_a_kind_tells_nothing_of_kinds(tmp_path: Path, question: str) -> None:
    chat = Chat(tmp_path, ("Rui", "a violin is there"), ("Rui", "Spain is there, da steht es"))
    recall = Recall(chat.record, chat.words, lambda _, k: {}, chat.record.moments.speaker_names)
    hits = recall(Query(question, datetime(2025, 1, 1, tzinfo=UTC)), 3, "")
    assert [hit.parts["kinds"] for hit in hits] == [0.0] * len(hits)


def test_what_shares_words_with_the_best_moment_comes_before_what_does_not(tmp_path: Path) -> None:
    """The second of two places: it has nothing of the question but what leads there."""
    said = ["the harp concert was with Quentin", "Quentin ordered a lighthouse model"]
    others = [f"plain words, line {n} of many" for n in range(28)]
    texts = [said[0], *others[:9], said[1], *others[9:]]
    chat = Chat(tmp_path, *(("Rui", text) for text in texts))
    everything = dict.fromkeys(range(1, len(texts) + 1), 0.5)
    names = chat.record.moments.speaker_names
    recall = Recall(chat.record, chat.words, lambda _, k: everything, names)
    vector = np.ones(4, np.float32) / 2
    hits = recall(
        Query("harp concert", datetime(2025, 1, 1, tzinfo=UTC), vector=lambda: vector), 30, "e"
    )
    chat.record.close()
    walked = {hit.moment.text: hit.parts["walk"] for hit in hits}
    assert len(walked) == len(texts)
    far = [walked[text] for text in others[12:]]
    assert walked[said[0]] > walked[said[1]] > max(far)


def test_reading_lifts_what_answers_the_question(tmp_path: Path) -> None:
    """A model that only knows whether a passage is about turtles stands for those that read."""
    german = "ich habe mit der Katze und dem Hund turtles"
    said = ("Ben", "my pets"), ("Ana", "his pets"), ("Ben", "two turtles, pets"), ("Ben", german)
    chat = Chat(tmp_path, *said)
    moments = chat.record.moments
    recall = Recall(chat.record, chat.words, lambda _, k: {}, moments.speaker_names)
    asked = "Which pets or turtles does Ana have?"
    hits = recall(Query(asked, datetime(2025, 1, 1, tzinfo=UTC)), 4, "")
    windows = moments.windows([h.moment.n for h in hits])
    heard: list[str] = []

    def read(question: str, *told: Sequence[str]) -> NDArray[np.float32]:
        assert question == asked
        heard.extend(told[0])
        return np.array([[9.0 if "turtles" in p else -9.0 for p in ps] for ps in told], np.float32)

    again = reread(hits, asked, windows, read)
    chat.record.close()
    assert "Ana: his pets\nBen: two turtles, pets" in heard
    assert not any(passage.endswith(german) for passage in heard), "the models know English alone"
    lifted = {h.moment.text: h.parts["reading"] for h in again}
    assert max(lifted, key=lambda text: lifted[text]) == "two turtles, pets"
    assert lifted[german] == 0.0
    assert [h.score for h in again] == sorted((h.score for h in again), reverse=True)
    assert reread(hits[:1], asked, windows, read) == hits[:1]
    assert reread(hits, "Welche Tiere hat Ana und wo sind die?", windows, read) == hits
