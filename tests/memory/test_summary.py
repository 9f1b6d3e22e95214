"""What sums an episode up: passages of its own, whole, telling, and different from each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondme.memory.summary import summary

texts = st.lists(
    st.one_of(
        st.text(max_size=300),
        st.sampled_from(
            ["👍", "ok", "", "?", "😀😀😀", "- \n- ", "Dr. A. B. C.", "(((", "[photo]"]
        ),
    ),
    max_size=12,
)


def said(texts: list[str], people: tuple[str, ...] = (), common: str = "") -> list[str]:
    """The passages, the most telling first."""

    def rarity(word: str) -> float:
        return 0.5 if word in common.split() else 5.0

    return [texts[p.at][p.start : p.end] for p in summary(texts, people, rarity, None)]


@given(texts=texts, seed=st.integers(0, 9))
def test_whatever_is_said_a_summary_is_a_few_passages_of_it(texts: list[str], seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(len(texts), 8)).astype(np.float32)
    for given_ in (None, vectors):
        found = summary(texts, ["Ana"], lambda word: float(len(word)), given_)
        assert len(found) <= 3
        assert len({p.at for p in found}) == len(found)
        assert all(texts[p.at][p.start : p.end].strip() for p in found)
        assert found == summary(texts, ["Ana"], lambda word: float(len(word)), given_)
        if sum(map(len, texts)) <= 240:
            assert found == []


FILLER = ["Hey Ana! How are you?", "Thanks, Ben, that is so good to hear!", "And then it was over."]
TOLD = "The surveyor of the lighthouse found dry rot beneath the copper dome."


@pytest.mark.parametrize("place", range(4))
def test_what_tells_something_is_chosen_over_greetings_questions_and_what_leans_on_others(
    place: int,
) -> None:
    asked = "Was the copper dome of the lighthouse full of dry rot, as the surveyor feared?"
    talk = [*FILLER, asked, *FILLER, "That was because of the dry rot in the copper dome."]
    talk.insert(place, TOLD)
    assert said(talk)[0] == TOLD


def test_a_passage_begins_where_its_meaning_does() -> None:
    long = (
        "Good morning everybody! The ferry to Moskenes sails at seven on Saturday. It needs no booking for"
        " people on foot. What about the biscuits? See you."
    )
    (first, *_) = said([long, *FILLER, *FILLER])
    assert first.startswith("The ferry to Moskenes sails")
    assert not first.endswith("?")


def test_the_passages_of_a_summary_say_different_things() -> None:
    talk = [
        TOLD,
        f"As I said: {TOLD.lower()}",
        "My sister sold the red car to a student from Halle.",
    ]
    found = said([*talk, *FILLER, *FILLER])
    assert sum("copper" in passage for passage in found) == 1
    assert any("red car" in passage for passage in found)


def test_names_of_those_who_speak_tell_nothing() -> None:
    talk = ["Anastasia Petrowna, Anastasia Petrowna is here.", TOLD, *FILLER, *FILLER]
    assert said(talk, ("Anastasia Petrowna",))[0] == TOLD


@pytest.mark.parametrize(
    ("talk", "expected"),
    [
        (
            [
                "Hallo Ben! Wie geht es dir?",
                "Der neue Heizkörper kommt am Freitag um neun.",
                "Danke!",
            ],
            "Der neue Heizkörper kommt am Freitag um neun.",
        ),
        (["こんにちは。", "灯台の銅の屋根の下に腐った木が見つかりました。", "はい。"], "灯台の銅"),
        (["Ça va ?", "Le ramonage de la cuisine est prévu mardi matin.", "Merci !"], "Le ramonage"),
    ],
)
def test_other_languages_are_summed_up_too(talk: list[str], expected: str) -> None:
    padding = ["👍"] * (240 - sum(map(len, talk)) + 1)
    (first, *_) = said([*talk, *padding])
    assert first.startswith(expected)


def test_lists_lose_their_marks() -> None:
    notes = [
        "Plan:\n- bring the copper kettle to the lighthouse keeper on Saturday\n- bread",
        "x" * 240,
    ]
    assert "bring the copper kettle to the lighthouse keeper on Saturday" in said(notes)
