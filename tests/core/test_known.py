"""What `ask` answers from the record alone: there is no language model in this home."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest

from secondme.errors import NotFoundError
from tests.home import Home, talk

NOW = "2024-09-01T12:00:00+00:00"
LIFE = (
    ("2021-02-01", "Robin", "I live in Leipzig."),
    ("2021-03-05", "Robin", "I went to the dentist yesterday."),
    ("2021-09-12", "Robin", "I sold the old boat today."),
    ("2022-01-10", "Robin", "My sister Sofia came for dinner."),
    ("2022-02-01", "Robin", "Sofia lives in Porto now."),
    ("2022-03-08", "Robin", "Sofia is a nurse."),
    ("2022-05-01", "Robin", "I've moved to Lyon!"),
    ("2022-06-03", "Robin", "I was in Iceland last week."),
    ("2022-06-20", "Robin", "I went to the dentist on 18 June."),
    ("2022-07-02", "Robin", "I love olives. I hate figs."),
    ("2022-08-04", "Robin", "We adopted a dog named Biscuit!"),
    ("2022-08-09", "Robin", "Our cat Miso hides from Biscuit."),
    ("2022-10-02", "Robin", "I painted the kitchen yesterday."),
    ("2023-01-04", "Robin", "I don't like olives any more."),
    ("2023-02-04", "Robin", "I will go to the dentist tomorrow."),
    ("2023-03-04", "Robin", "Ben's birthday is on 4 May."),
    ("2023-04-04", "Ann", "Ben's birthday is on 9 June."),
    ("2023-04-05", "Ann", "I work at Marlow & Finch now."),
    ("2023-04-06", "Ann", "I live in Cork. Did you go to the dentist?"),
    ("2023-04-07", "Ann", "My new number is 0151 2345678."),
    ("2024-02-01", "Robin", "Back from Norway! We visited Iceland again in spring."),
    ("2024-02-02", "Ben", "I love juggling."),
    ("2024-02-03", "Robin", "If I lived in Rome I would eat all day."),
    ("2024-02-04", "Robin", "Ann's birthday is on 5 June 1990."),
    ("2024-02-05", "Robin", "Dora has two brothers and a parrot."),
    ("2024-02-06", "Ann", "My brother Emre looks for a flat. His wife sings."),
    ("2024-02-07", "Robin", "Dora lives in Ghent."),
    ("2024-05-14", "Dora", "I went to the market on 11 May."),
    ("2024-02-08", "Dora", "I joined Solvia Maps today."),
    ("2024-02-09", "Robin", "My shoe size is 42, and I am 1.80 m tall."),
    ("2024-02-10", "Robin", "We live on the third floor and I pay 850 euros in rent."),
    ("2024-05-01", "Robin", "Our rent went up to 980 euros."),
    ("2024-05-02", "Robin", "We moved to the ground floor."),
    ("2024-05-03", "Robin", "My favourite colour is green. I drive a blue Volvo."),
    ("2024-05-04", "Robin", "I'm left-handed and I don't eat pork."),
    ("2024-05-05", "Robin", "My salary is 44,000 euros a year."),
    ("2024-05-06", "Ann", "I have a sister. My sister Ida sings. I sing in the choir Bel Canto."),
    ("2024-05-07", "Ann", "My doctor is Dr. Weber."),
    ("2024-05-08", "Ann", "We have two cats, Max and Oscar."),
    ("2024-05-09", "Ann", "Our cat Oscar died last night."),
    ("2024-05-10", "Ann", "Our cat Max misses him."),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    folder = tmp_path_factory.mktemp("known")
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
        ("Where do I live?", "Lyon"),
        ("Tell me the name of the town where I live now.", "Lyon"),
        ("Where did I live in August 2021?", "Leipzig"),
        ("Where did I live before Lyon?", "Leipzig"),
        ("When did I move to Lyon?", "1 May 2022"),
        ("When did I move?", "1 May 2022"),
        ("How long have I lived in Lyon?", "2 years and 4 months"),
        ("Do I live in Lyon?", "Yes"),
        ("Who is my sister?", "Sofia"),
        ("Where does my sister live?", "Porto"),
        ("What does my sister do for a living?", "nurse"),
        ("Which countries have I been to?", "Iceland, Norway"),
        ("How many countries did I visit?", "2"),
        ("What do I dislike?", "figs, olives"),
        ("Do I still like olives?", "No"),
        ("What pets do I have?", "dog Biscuit, cat Miso"),
        ("What are the names of my pets?", "Biscuit, Miso"),
        ("What is my dog called?", "Biscuit"),
        ("How many pets do I have?", "2"),
        ("When is Ben's birthday?", "4 May or 9 June"),
        ("Which company does Ann work for?", "Marlow & Finch"),
        ("How can I reach Ann by phone?", "0151 2345678"),
        ("How many times did I go to the dentist?", "2"),
        ("How often did I go to the dentist in 2022?", "once"),
        ("When did I last go to the dentist?", "18 June 2022"),
        ("When was the first time that I went to the dentist?", "4 March 2021"),
        ("Did I sell the old boat before or after I painted the kitchen?", "before"),
        (
            "Which came first, that I painted the kitchen or that I sold the old boat?",
            "sold the old boat, on 12 September 2021",
        ),
        ("How many days after I sold the old boat did I paint the kitchen?", "384 days"),
        ("How old is Ann?", "34"),
        ("How many times did Dora go to the market?", "1"),
        ("How old was Ann in May 2020?", "29"),
        ("Who is Sofia?", "your sister, nurse"),
        ("Who is Ann?", "works at Marlow & Finch"),
        ("How long has Dora worked at Solvia?", "7 months"),
        ("who is my sister", "Sofia"),
        ("How many siblings do I have?", "1"),
        ("How many brothers does Dora have?", "two"),
        ("How many brothers does Ann have?", "1"),
        ("What is my shoe size?", "42"),
        ("How tall am I?", "1.80 m"),
        ("Which floor do we live on?", "ground floor"),
        ("Which floor did we live on in March 2024?", "third floor"),
        ("How much rent do I pay?", "980 euros"),
        ("How much was my rent in March 2024?", "850 euros"),
        ("What is my favourite colour?", "green"),
        ("Which car do I drive?", "a blue Volvo"),
        ("Am I left-handed?", "Yes"),
        ("What do I not eat?", "pork"),
        ("How much do I earn?", "44,000 euros a year"),
        ("What is my salary?", "44,000 euros a year"),
        ("Which choir does Ann sing in?", "Bel Canto"),
        ("Who is Ann's sister?", "Ida"),
        ("What pets does Ann have?", "cat Max"),
        ("Who is Ann's doctor?", "Dr. Weber"),
    ],
)
def test_the_record_answers(home: Home, question: str, answer: str) -> None:
    result = home.finish("ask", question=question, now=NOW)
    assert result["answer"] == answer
    assert result["model"] == "record"
    assert all(citation["quote"] in citation["text"] for citation in result["citations"])
    assert result["citations"]


@pytest.mark.parametrize(
    ("question", "nothing"),
    [
        ("How many brothers do I have?", "a brother of yours"),
        ("Who is my brother?", "a brother of yours"),
        ("What is the name of Ben's wife?", "a wife of Ben"),
        ("How many aunts does Ann have?", "an aunt of Ann"),
        ("How many children does Ben have?", "a child of Ben"),
        ("What are my parents called?", "a parent of yours"),
        ("Do I have a rabbit?", "a rabbit of yours"),
        ("Does Ann have a parrot?", "a parrot of Ann"),
    ],
)
def test_of_a_relative_whom_nobody_mentions_it_knows_nothing(
    home: Home, question: str, nothing: str
) -> None:
    result = home.finish("ask", question=question, now=NOW)
    assert result["refused"]
    assert result["answer"] == f"I do not know: I find nothing about {nothing}."
    assert (result["model"], result["citations"]) == ("record", [])


def test_she_and_his_are_who_was_last_spoken_of(home: Home) -> None:
    def says(*messages: str) -> list[str]:
        conversation = {"conversation": " ".join(messages), "private": True}
        return [home.finish("chat", message=m, **conversation)["answer"] for m in messages]

    assert says("Who is my sister?", "Where does she live?") == ["Sofia", "Porto"]
    assert says("Where does Ann live?", "And when is her birthday?")[1] == "5 June 1990"
    assert (
        says("Where does Dora live?", "Where does Ann work?", "Where does she live?")[2] == "Cork"
    )


def test_an_answer_cites_what_each_step_rests_on(home: Home) -> None:
    result = home.finish("ask", question="Where does my sister live?", now=NOW)
    assert [c["text"] for c in result["citations"]] == [LIFE[4][2], LIFE[3][2]]


def test_before_a_day_only_what_was_said_by_then_counts(home: Home) -> None:
    asked = {"question": "Where do I live?", "now": NOW}
    assert home.finish("ask", **asked, before="2022-01-01")["answer"] == "Leipzig"
    times = {"question": "How many times did I go to the dentist?", "now": NOW}
    assert home.finish("ask", **times, before="2022-01-01")["answer"] == "1"


def test_what_is_left_out_does_not_count(home: Home) -> None:
    found = home.call("recall", question="I've moved to Lyon!", k=1)["hits"][0]
    asked = {"question": "Where do I live?", "now": NOW}
    assert home.finish("ask", **asked, without=[found["id"]])["answer"] == "Leipzig"


@pytest.mark.parametrize(
    "question",
    [
        "Where did I live when I was small?",
        "What does Ben like about juggling?",
        "What is Ben like?",
        "Where do Ann and Ben live?",
        "How many times did I go to the dentist with Ann?",
        "What is my sister's favourite colour?",
        "Who are Dora's brothers?",
    ],
)
def test_a_question_that_asks_for_more_is_left_to_the_reader(home: Home, question: str) -> None:
    with suppress(NotFoundError):  # the reader is the language model, which is not here
        assert home.finish("ask", question=question, now=NOW)["refused"]


def test_what_is_forgotten_answers_nothing_any_more(home: Home) -> None:
    found = home.call("recall", question="Sofia is a nurse", k=1)["hits"][0]
    asked = {"question": "What is my sister's job?", "now": NOW}
    assert home.finish("ask", **asked)["answer"] == "nurse"
    entry = home.call("forget", ids=[found["id"]])["journal"]
    try:
        assert home.call("facts", who="Sofia")["facts"]
        assert home.finish("ask", **asked)["refused"]
    finally:
        home.call("undo", id=entry)
    assert home.finish("ask", **asked)["answer"] == "nurse"


def test_what_was_noted_just_now_is_known(home: Home) -> None:
    noted = home.call("note", text="My boss is Karen.")
    assert home.finish("ask", question="Who is my boss?")["answer"] == "Karen"
    with suppress(NotFoundError):  # what she does is more than who she is
        assert home.finish("ask", question="What did my boss do in May 2023?")["answer"] != "Karen"
    home.call("forget", ids=noted["ids"] if "ids" in noted else [noted["id"]])
