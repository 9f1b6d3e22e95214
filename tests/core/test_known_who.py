"""Who it is of whom something is known, answered from the record alone: there is no language model here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest

from secondme.errors import NotFoundError
from tests.home import Home, talk

NOW = "2024-09-01T12:00:00+00:00"
LIFE = (
    ("2019-02-01", "Robin", "I live in Leipzig."),
    ("2019-02-02", "Robin", "I work at Solvia."),
    ("2019-03-02", "Robin", "I was born on 14 June 1990."),
    ("2022-01-10", "Robin", "My sister Sofia came for dinner."),
    ("2022-02-01", "Robin", "Sofia lives in Porto now."),
    ("2022-03-08", "Robin", "Sofia is a nurse."),
    ("2022-03-09", "Robin", "Sofia's birthday is on 30 October 1994."),
    ("2022-05-01", "Robin", "I've moved to Lyon!"),
    ("2022-07-02", "Robin", "I love olives. I hate figs."),
    ("2022-08-04", "Robin", "We adopted a dog named Biscuit!"),
    ("2022-08-05", "Robin", "My dentist is Paul Aubert."),
    ("2022-08-06", "Robin", "Paul Aubert lives in Lyon."),
    ("2022-08-07", "Robin", "I joined Blattwerk today."),
    ("2023-03-04", "Robin", "Ben's birthday is on 4 May."),
    ("2023-04-04", "Ann", "Ben's birthday is on 9 June."),
    ("2023-04-05", "Ann", "I work at Marlow & Finch now."),
    ("2023-04-06", "Ann", "I live in Cork."),
    ("2023-05-06", "Ann", "I love olives."),
    ("2023-05-07", "Ann", "I've been playing the cello since May."),
    ("2023-06-07", "Ann", "I don't eat pork."),
    ("2023-06-08", "Ann", "I have a rabbit named Clover."),
    ("2024-02-04", "Robin", "Ann's birthday is on 5 June 1990."),
    ("2024-02-07", "Robin", "Dora lives in Ghent. Dora is a nurse."),
    ("2024-02-08", "Dora", "I'm allergic to birch pollen."),
    ("2024-02-09", "Dora", "I love olives."),
    ("2024-02-10", "Dora", "I don't like olives any more."),
    ("2024-02-11", "Dora", "I moved to Lyon today."),
    ("2024-02-11", "Ann", "Robin is my cousin."),
    ("2024-02-11", "Ann", "We adopted a dachshund named Waldi!"),
    ("2024-02-12", "Dora", "My birthday is on 29 February 1992."),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    folder = tmp_path_factory.mktemp("who")
    home = Home(folder / "home", me="Robin")
    path = folder / "life.jsonl"
    talk(path, LIFE)
    home.finish("add", paths=[str(path)])
    assert home.call("facts-read")["unread"] == 0
    yield home
    home.stop()


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who lives in Lyon?", "you, Dora, Paul Aubert"),
        ("Who currently lives in Porto?", "Sofia"),
        ("Who do I know in Lyon?", "Dora, Paul Aubert"),
        ("Which of my friends live in Lyon?", "Dora"),
        ("Which of my sisters lives in Porto?", "Sofia"),
        ("Does anybody I know live in Cork?", "Yes: Ann"),
        ("Do I know anyone in Cork?", "Yes: Ann"),
        ("Who used to live in Leipzig?", "you"),
        ("Who has lived in Ghent?", "Dora"),
        ("Who lived in Leipzig in 2021?", "you"),
        ("In 2021, who worked at Solvia?", "you"),
        ("Who works for Marlow & Finch?", "Ann"),
        ("Who is a nurse?", "Dora, Sofia"),
        ("Which of my friends is a nurse?", "Dora, Sofia"),
        ("Is anybody in my family a nurse?", "Yes: Sofia"),
        ("Who likes olives?", "you, Ann"),
        ("Who hates figs?", "you"),
        ("Who doesn't eat pork?", "Ann"),
        ("Who plays the cello?", "Ann"),
        ("Who is allergic to pollen?", "Dora (birch pollen)"),
        ("Who has a pet?", "you (dog Biscuit), Ann (rabbit Clover, dachshund Waldi)"),
        ("Who has a dog?", "you (dog Biscuit), Ann (dachshund Waldi)"),
        ("Which of my cousins lives in Cork?", "Ann"),
        ("Whose birthday is in October?", "Sofia (30 October)"),
        ("Who has a birthday in May?", "Ben (4 May or 9 June)"),
        ("Which birthdays are in June?", "Ann (5 June), Ben (4 May or 9 June), you (14 June)"),
        ("Whose birthday is on 30 October?", "Sofia (30 October)"),
        ("Whose birthday is next?", "Sofia (30 October)"),
        ("Whose birthday is coming up?", "Sofia (30 October)"),
        ("Who has a birthday next month?", "Sofia (30 October)"),
        ("Who was born in 1990?", "you (14 June 1990), Ann (5 June 1990)"),
        ("Who was born in May 1990?", None),
        ("Is it anybody's birthday today?", None),
        ("Are there any birthdays in February?", "Dora (29 February)"),
    ],
)
def test_who_it_is_is_told_by_the_facts(home: Home, question: str, answer: str | None) -> None:
    assert said(home, question) == answer


@pytest.mark.parametrize(
    "question",
    [
        "Who did I meet in Lyon?",
        "Who told me about Lyon?",
        "Who lives in a house without a dog?",
        "Who lives in the house in Lyon?",
        "Who lives in Lyon and works at Blattwerk?",
        "Who lives in Lyon or Cork?",
        "Who does not live in Lyon?",
        "Who lives near Lyon?",
        "Who moved to Lyon?",
        "Who lived in Lyon when I moved there?",
        "Who lived in Leipzig before 2021?",
        "Who has lived in Leipzig since 2021?",
        "Who lived in Cork in 2020?",
        "Who lives in Lyon in May?",
        "Who will live in Lyon?",
        "Who likes to go to Lyon?",
        "Who likes olives best?",
        "Who would like olives?",
        "Who went to Porto?",
        "Who was in Porto?",
        "Who has the dog?",
        "Who likes my olives?",
        "Who has no dog?",
        "Who has more than one pet?",
        "Who is the nurse?",
        "Who played the cello?",
        "Who came to my birthday in October?",
        "Whose birthday party was in October?",
        "Whose birthday did we celebrate in October?",
        "Whose birthday is in 2024?",
        "Who was born before 1991?",
        "Who lives in Vienna?",
        "Who has my dog?",
        "Who likes Ann?",
        "Who works for me?",
        "Who do I work with?",
        "Who is called Ann?",
    ],
)
def test_what_only_looks_like_it_is_left_to_the_reader(home: Home, question: str) -> None:
    assert said(home, question) is None


def test_it_rests_on_what_each_is_known_by(home: Home) -> None:
    result = home.finish("ask", question="Who is a nurse?", now=NOW)
    told = ["Dora lives in Ghent. Dora is a nurse.", "Sofia is a nurse."]
    assert sorted(c["text"] for c in result["citations"]) == told


def test_only_what_had_been_said_and_is_not_left_out_counts(home: Home) -> None:
    assert said(home, "Who lives in Leipzig?", before="2022-01-01") == "you"
    assert said(home, "Who lives in Leipzig?") is None
    found = home.call("recall", question="I've moved to Lyon!", k=1)["hits"][0]
    assert said(home, "Who lives in Leipzig?", without=[found["id"]]) == "you"


def said(home: Home, question: str, **params: object) -> str | None:
    """What the record answers."""
    with suppress(NotFoundError):  # the reader is the language model, which is not here
        result = home.finish("ask", question=question, **{"now": NOW, **params})
        return str(result["answer"]) if result["model"] == "record" else None
    return None
