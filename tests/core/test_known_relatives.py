"""What `ask` answers from the record about relatives, animals and those whom one has for what they do:
there is no language model in this home."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest

from secondme.errors import NotFoundError
from tests.home import Home, talk

NOW = "2024-09-01T12:00:00+00:00"
LIFE = (
    ("2022-01-10", "Robin", "My sister Sofia came. My birthday is on 14 June 1990. My flat number is 27."),
    ("2022-01-11", "Robin", "Sofia's daughter Rita smiled. Sofia lives in Porto."),
    ("2022-01-12", "Robin", "Rita's birthday is on 3 May 2021. My best friend Katrin sang."),
    ("2022-01-13", "Robin", "My vet is Dr. Camille Faure. My dentist is Dr. Paul Aubert."),
    ("2022-01-14", "Robin", "My landlady is Odile Garnier. My mother Teresa wrote."),
    ("2022-01-15", "Robin", "Sofia's husband Cian is a joiner. Mam and Dad met Rita."),
    ("2022-01-16", "Ann", "Robin, mad question. My brother Emre needs a flat."),
    ("2022-01-17", "Ann", "I have a dachshund named Biscuit. My teacher is Agnes. My boss is Leo."),
    ("2022-01-18", "Robin", "Katrin got married to Matteo. My doctor is Dr. Weber."),
    ("2022-01-19", "Robin", "Ben's wife Ida cooks. My doctor is Dr. Lind, too."),
    ("2022-01-20", "Robin", "Nora's partner Jo sings. Jo has a poodle."),
    ("2022-01-22", "Robin", "Emre called. His son is sick, and my sister's cook has a cat."),
    ("2022-01-23", "Robin", "I am allergic to hazelnut. Dora has no pets, she says."),
    ("2022-01-25", "Robin", "My father Declan sings. Declan lives in Cork. Teresa lives in Cork."),
    ("2022-01-26", "Robin", "Teresa's birthday is on 2 May 1960. Declan's birthday is on 4 May 1958."),
    ("2022-01-24", "Dora", "I have no pets at all. I like olives. I don't like figs."),
    ("2022-01-21", "Dora", "My boyfriend Max left. I went to the dentist. Your cat is sweet, Katrin."),
)  # fmt: skip
CARDS = """BEGIN:VCARD
VERSION:3.0
FN:Camille Faure
N:Faure;Camille;;Dr.;
TEL:+33 4 65 71 41 30
END:VCARD
BEGIN:VCARD
VERSION:3.0
FN:Odile Garnier
N:Garnier;Odile;;;
TEL:+33 4 65 71 22 08
END:VCARD
BEGIN:VCARD
VERSION:3.0
FN:Paul Aubert
N:Aubert;Paul;;Dr.;
TEL:+33 4 65 71 40 82
END:VCARD
"""
PAGE = "---\ntags: [cat]\n---\n# Miso\n\nGrey tabby, born in 2017, from the shelter.\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    folder = tmp_path_factory.mktemp("relatives")
    home = Home(folder / "home", me="Robin")
    life = folder / "life.jsonl"
    talk(life, LIFE)
    cards, page = folder / "cards.vcf", folder / "Miso.md"
    cards.write_text(CARDS, encoding="utf-8")
    page.write_text(PAGE, encoding="utf-8")
    home.finish("add", paths=[str(life), str(cards), str(page)])
    assert home.call("facts-read")["unread"] == 0
    yield home
    home.stop()


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        # those whom one has for what they do
        ("What is the vet's phone number?", "+33 4 65 71 41 30"),
        ("How do I reach the landlady?", "+33 4 65 71 22 08"),
        ("What's the number of my dentist?", "+33 4 65 71 40 82"),
        ("What is the number of my flat?", "27"),
        ("What is Odile's number?", "+33 4 65 71 22 08"),
        ("Who is the vet?", "Dr. Camille Faure"),
        # titles
        ("Who is Dr. Faure?", "your vet"),
        ("Who is Frau Garnier?", "your landlady"),
        ("What is Dr. Faure's phone number?", "+33 4 65 71 41 30"),
        ("How do I reach Mme Garnier?", "+33 4 65 71 22 08"),
        # how many
        ("How many friends do I have?", "1 that I know of: Katrin"),
        ("How many sisters do I have?", "1"),
        ("What is the number of sisters I have?", "1"),
        ("Tell me the number of sisters I have.", "1"),
        ("How many brothers and sisters do I have?", "1"),
        # animals
        ("Do I have a cat?", "Yes"),
        ("Do I have any pets?", "Yes"),
        ("Does Dora have any pets?", "No"),
        ("What doesn't Dora like?", "figs"),
        ("Am I allergic to hazelnut?", "Yes"),
        ("What is my cat called?", "Miso"),
        ("Does Ann have a dog?", "Yes"),
        ("What is the name of Ann's dog?", "Biscuit"),
        # whether somebody has a relative
        ("Do I have a sister?", "Yes"),
        ("Do I have any siblings?", "Yes"),
        ("Does Sofia have a daughter?", "Yes"),
        ("Does Sofia have children?", "Yes"),
        ("Does Ann have a brother?", "Yes"),
        ("Is Katrin married?", "Yes"),
        ("Is Matteo married?", "Yes"),
        ("Is Cian married?", "Yes"),
        # the other side of a relation
        ("Who is Rita's mother?", "Sofia"),
        ("Where does Rita's mother live?", "Porto"),
        ("Who is Sofia's sibling?", "you"),
        ("Who is Sofia's brother or sister?", "you"),
        ("Who is Emre's sibling?", "Ann"),
        ("Who is Cian's wife?", "Sofia"),
        ("Who are Teresa's children?", "you"),
        # somebody altogether, and several at once
        ("Tell me about Sofia.", "your sister; lives in Porto; daughter: Rita; husband: Cian"),
        ("Where do my parents live?", "Cork"),
        ("How old are my parents?", "Teresa: 64; Declan: 66"),
        # as people type it
        ("vet's phone number", "+33 4 65 71 41 30"),
        ("can you remind me who Sofia is", "your sister"),
        ("i need odile's number please", "+33 4 65 71 22 08"),
        ("how old is the daughter of my sister", "3"),
        ("has Ann got a dog?", "Yes"),
        ("where does mam live", "Cork"),
        ("who's older, mam or dad?", "Declan"),
        # the birthdays of two
        ("How old was I when Rita was born?", "30"),
        ("How old is Rita?", "3"),
    ],
)
def test_the_record_answers(home: Home, question: str, answer: str) -> None:
    result = home.finish("ask", question=question, now=NOW)
    assert (result["answer"], result["model"]) == (answer, "record")
    assert result["citations"]
    assert all(citation["quote"] in citation["text"] for citation in result["citations"])


@pytest.mark.parametrize(
    ("question", "nothing"),
    [
        ("Do I have a brother?", "a brother of yours"),
        ("When is Emre's birthday?", "a birthday of Emre"),
        ("How old is Katrin?", "a birthday of Katrin"),
        ("Am I allergic to walnuts?", "an allergy of yours to walnuts"),
        ("What is the name of Matteo's dog?", "a dog of Matteo"),
        ("What is Matteo's parrot called?", "a parrot of Matteo"),
        ("Does Sofia have a son?", "a son of Sofia"),
        ("Am I married?", "a marriage of yours"),
        ("Who is Rita's father?", "a father of Rita"),
        ("Who is my mother's mother?", "a mother of Teresa"),
        ("Does Sofia have a cat?", "a cat of Sofia"),
        ("Does Ann have a cat?", "a cat of Ann"),
        ("When is the dentist's birthday?", "a birthday of Dr. Paul Aubert"),
    ],
)
def test_what_is_said_of_others_tells_nothing_of_them(
    home: Home, question: str, nothing: str
) -> None:
    result = home.finish("ask", question=question, now=NOW)
    assert result["answer"] == f"I do not know: I find nothing about {nothing}."
    assert (result["model"], result["citations"]) == ("record", [])


@pytest.mark.parametrize(
    "question",
    [
        "Who is the doctor?",  # there are two
        "Where does the vet nurse live?",
        "What did the vet say?",
        "What is the teacher's phone number?",  # Ann's, not one's own
        "Where does the sister live?",
        "Who is Mr. Garnier?",  # she is a woman
        "Did I miss Sofia's birthday?",
        "Who is Emre's sister?",  # whether Ann is one is not told
        "Who is Sofia's sister?",
        "Does Nora have a husband?",  # a partner is none for sure
        "Does my sister have a sister?",
        "How many friends does Ann have?",
        "Does Katrin have a cat?",  # "your cat is sweet, Katrin"
        "When was the last time I saw Sofia?",
        "What does Odile call me?",
        "How old was I when Katrin was born?",
        "Who is Emre's son?",
        "How old was I when Rita was born in Porto?",
    ],
)
def test_what_may_mean_another_is_left_to_the_reader(home: Home, question: str) -> None:
    with suppress(NotFoundError):  # the reader is the language model, which is not here
        result = home.finish("ask", question=question, now=NOW)
        assert result["refused"]
        assert result["model"] != "record"
