"""Facts found with the parser: single sentences, and a sample of the demo life."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Event

import pytest

from secondme.ingest.embedding import Priority
from secondme.memory.facts import english
from secondme.memory.facts.job import Facts
from secondme.memory.facts.reading import Found, Reading, person
from secondme.model.clients import ParserClient
from secondme.plugin import Moment
from secondme.record import Record
from secondme.record.items import Arrival
from tests.home import Home

pytestmark = pytest.mark.models
SAID = date(2024, 7, 13)


@pytest.fixture(scope="module")
def parser(parser_packed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParserClient]:
    spec = {
        "name": "en-core-web-sm",
        "path": str(parser_packed),
        "cache_dir": str(tmp_path_factory.mktemp("unpacked")),
    }
    client = ParserClient(spec, timeout=60, idle_after=60)
    yield client
    client.close()


def read(parser: ParserClient, text: str) -> Found:
    """What Ann says to Bob."""
    reading = Reading(text, SAID, person("Ann"), person("Bob"))
    return english.read(reading, parser.parse([text])[0])


SENTENCES = [
    ("I moved to Berlin last month.", "Ann", "lives in", "Berlin"),
    ("I work at Google as a software engineer.", "Ann", "works at", "Google"),
    ("I work at Google as a software engineer.", "Ann", "works as", "software engineer"),
    ("I've been working as a baker for ten years.", "Ann", "works as", "baker"),
    ("I just started a new job at Acme.", "Ann", "works at", "Acme"),
    ("I'm a nurse and my husband Tom is a teacher.", "Ann", "works as", "nurse"),
    ("I'm a nurse and my husband Tom is a teacher.", "Ann", "husband", "Tom"),
    ("I'm a nurse and my husband Tom is a teacher.", "Ann's husband", "works as", "teacher"),
    ("My sister Sofia lives in Dublin.", "Ann", "sister", "Sofia"),
    ("My sister Sofia lives in Dublin.", "Ann's sister", "lives in", "Dublin"),
    ("My sister Ana moved to Porto in May.", "Ann's sister", "lives in", "Porto"),
    ("My brother is called Emre.", "Ann", "brother", "Emre"),
    ("My boss, Karen, hates meetings.", "Ann", "boss", "Karen"),
    ("Tom works for the BBC.", "Tom", "works at", "BBC"),
    ("I have two cats, Max and Oscar.", "Ann", "has pet", "cat Oscar"),
    ("My dog's name is Rex.", "Ann", "has pet", "dog Rex"),
    ("We adopted a kitten named Luna yesterday.", "Ann", "has pet", "kitten named Luna"),
    ("My favourite food is sushi.", "Ann", "likes", "sushi"),
    ("I hate mushrooms, and I love dark chocolate.", "Ann", "dislikes", "mushrooms"),
    ("I hate mushrooms, and I love dark chocolate.", "Ann", "likes", "dark chocolate"),
    ("You told me that you hate cats.", "Bob", "dislikes", "cats"),
    ("My birthday is on 3 May.", "Ann", "birthday", "3 May"),
    ("I was born in Cork.", "Ann", "born in", "Cork"),
    ("I grew up in Sweden.", "Ann", "comes from", "Sweden"),
    ("I got married to Paul in June 2020.", "Ann", "partner", "Paul"),
    ("I'm allergic to hazelnut.", "Ann", "allergic to", "hazelnut"),
    ("I am allergic to hazelnut and to birch pollen.", "Ann", "allergic to", "birch pollen"),
    ("I speak German and French.", "Ann", "speaks", "French"),
    ("I play the violin in an orchestra.", "Ann", "plays", "violin"),
    ("I'm planning to visit Japan next spring.", "Ann", "plans", "visit Japan"),
]


@pytest.mark.parametrize(("text", "subject", "relation", "value"), SENTENCES)
def test_what_a_sentence_says(
    parser: ParserClient, text: str, subject: str, relation: str, value: str
) -> None:
    found = read(parser, text).said
    assert (subject, relation, value) in [(s.subject.name, s.relation, s.object) for s in found]
    assert not any(s.ended for s in found)


@pytest.mark.parametrize(
    ("text", "relation"),
    [
        ("I no longer live in Lyon.", "lives in"),
        ("I don't live in Lyon anymore.", "lives in"),
        ("I used to live in Porto.", "lives in"),
        ("I quit my job at Blattwerk last week.", "works at"),
        ("I used to have a dog.", "has pet"),
    ],
)
def test_what_is_over_is_said_to_be_over(parser: ParserClient, text: str, relation: str) -> None:
    assert [(s.relation, s.ended) for s in read(parser, text).said] == [(relation, True)]


@pytest.mark.parametrize(
    "text",
    [
        "You live in Paris, right?",
        "If I lived in Rome I would be happy.",
        "I love that!",
        "I love your idea.",
        "I would love to work at Google.",
        "She lives in Oslo.",
        "We're considering adopting a dog.",
        "I'm no writer.",
        "I'm going to check it out.",
    ],
)
def test_what_is_asked_supposed_or_points_elsewhere_is_no_fact(
    parser: ParserClient, text: str
) -> None:
    assert read(parser, text).said == []


def test_days_are_those_that_the_sentence_means(parser: ParserClient) -> None:
    (moved,) = read(parser, "I moved to Berlin last month.").said
    assert moved.since == date(2024, 6, 1)
    (left,) = read(parser, "I quit my job at Blattwerk last week.").said
    assert left.until == date(2024, 7, 7)
    (cat,) = read(parser, "We adopted a kitten named Luna yesterday.").said
    assert cat.since == date(2024, 7, 12)


TRUE = {
    "Ines Halloran": """
        allergic to: birch pollen, hazelnut; birthday: 14 June 1990; born in: Cork; lives in: Leipzig, Lyon; has: bike, garden
        has pet: cat Miso; health: herniated disc; works at: Blattwerk Karten, Hydrocarte; works as: cartographer
        partner: Julien Mercier; sister: Sofia; niece: Rita Doyle; friend: Katrin Vogel
        landlady: Odile Garnier; landlord: Dieter Wendt; mother: Teresa Almeida Halloran
        father: Declan Halloran; teacher: Agnès; cousin: Rui Almeida; grandmother: Avó Lurdes
        vet: Dr. Camille Faure
        dentist: Dr. Paul Aubert; doctor: Dr. Hélène Vasseur; pays rent: 1,040, 1,062
        plans: write the letter; mobile phone: +33 6 39 98 41 27; e-mail: ines@example.org
    """,
    "Julien Mercier": """
        birthday: 3 November 1987; born in: Villeurbanne; cousin: Luc; mother: Françoise Mercier
        dislikes: sprouts, alarm tones; likes: rye, silence before five, cycling films; plans: plant rye
        works as: baker; works at: La Miche Rousse; lives in: Lyon; mobile phone: +33 6 39 98 15 62
        e-mail: julien@example.org
    """,
    "Katrin Vogel": """
        birthday: 19 October 1993; partner: Matteo Sartori; works as: vet nurse; works at: horse clinic
        lives in: Leipzig; mobile phone: +49 171 3920017; e-mail: katrin@example.org
    """,
    "Sofia Halloran": """
        birthday: 30 October 1994; daughter: Rita; husband: Cian Doyle; lives in: Dublin
        works as: teaches second class
        e-mail: sofia.halloran@example.com; phone: +353 20 915 0271
    """,
    "Priya Nair": """
        birthday: 2 February 1992; has pet: dachshund Biscuit; works as: radio producer
        lives in: Glasgow; mobile phone: +44 7700 900318; e-mail: priya@example.net
    """,
    "Rita Doyle": "birthday: 3 May 2025; born in: Dublin",
    "Odile Garnier": """
        husband: Edward; nephew: Bruno; sister: Monique; lives in: Lyon
        phone: +33 4 65 71 22 08; e-mail: odile.garnier@example.org
    """,
    "Miso": "likes: pigeon, travel cots, Françoise's lamp; dislikes: Nuremberg; vet: Dr. Hofmann",
}
"""What a reader of the demo life finds on these, without addresses."""
_ADDRESS = {"address", "country", "postal code"}


def expected(lines: str) -> set[tuple[str, str]]:
    pairs = [part for line in lines.strip().splitlines() for part in line.strip().split("; ")]
    split = [pair.split(": ", 1) for pair in pairs]
    return {(r, value) for r, v in split for value in (v.split(", ") if r != "pays rent" else
            [x.strip() for x in v.split(", ")])}  # fmt: skip


@pytest.mark.slow
def test_a_sample_of_the_demo_life_is_found_and_little_else(demo: Home) -> None:
    found: set[tuple[str, str, str]] = set()
    for fact in demo.call("facts", history=True)["facts"]:
        name = fact["subject"]["name"]
        if name in TRUE and fact["relation"] not in _ADDRESS:
            found.add((name, fact["relation"], fact["object"]))
    true = {(who, r, v) for who, lines in TRUE.items() for r, v in expected(lines)}
    assert true - found == set()
    wrong = found - true
    assert len(wrong) / len(found) <= 0.05, wrong


@pytest.mark.slow
def test_people_of_the_demo_life_are_one_each(demo: Home) -> None:
    people = {e["name"]: set(e["names"]) for e in demo.call("entities", kind="person")["entities"]}
    assert {"Ines", "Me"} <= people["Ines Halloran"]
    assert {"Jonas"} <= people["Jonas Albrecht"]
    assert {"Sofia", "my sister"} <= people["Sofia Halloran"]
    assert {"Henning"} <= people["Henning Brandt"]
    assert "Lyon" not in people
    places = [e["name"] for e in demo.call("entities", kind="place")["entities"]]
    assert {"Lyon", "Leipzig", "Cork"} <= set(places)


@pytest.mark.slow
def test_the_profile_of_the_demo_life_fills_a_form(demo: Home) -> None:
    values = {v["field"]: v["value"] for v in demo.call("profile")["values"] if v["field"]}
    assert {
        "name": "Ines Halloran",
        "given-name": "Ines",
        "family-name": "Halloran",
        "bday": "14 June 1990",
        "bday-month": "6",
        "street-address": "8 rue des Tisserands, Lyon, 69004, France",
        "address-level2": "Lyon",
        "postal-code": "69004",
        "country-name": "France",
        "email": "ines@example.org",
        "mobile tel": "+33 6 39 98 41 27",
        "organization": "Hydrocarte",
        "organization-title": "cartographer",
    }.items() <= values.items()


def test_the_verbs_of_moments_are_kept(parser: ParserClient, tmp_path: Path) -> None:
    record = Record(tmp_path / "memory.sqlite3")
    said = [
        "We camped by the lake and were painting.",
        "What a camp!",
        "Wir haben am See gezeltet.",
    ]
    moments = [Moment(text=text, time=datetime(2024, 5, 1, tzinfo=UTC)) for text in said]
    arrival = Arrival("n", None, "test", "text/plain", b"n", 0, None, "/n")
    with record.store.write():
        record.items.take(arrival, moments, record.journal.begin("add", "t"))
    job = Facts(record, Priority(), lambda: "")
    job.use(parser)
    job.start()
    assert job.wait(Event(), 60) == 0
    job.stop()
    assert record.claims.verbs([1, 2, 3]) == {1: frozenset({"camp", "paint"})}
    record.close()
