"""Facts: what people say of themselves and others, how it changes, and who is who."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondme.memory.facts import clauses, plain
from secondme.memory.facts.directory import Directory
from secondme.memory.facts.reading import Reading, Ref, key_of, person, relative, value_key
from secondme.memory.facts.relations import RELATIONS
from secondme.memory.facts.weigh import Fact, weigh
from secondme.record import Record
from secondme.record.claims import Claim, Decision

DAY = 86_400_000
ANN = person("Ann")


def said(text: str, speaker: Ref | None = ANN, topic: Ref | None = None) -> list[tuple[str, ...]]:
    """What plain rules alone find."""
    reading = Reading(text, date(2024, 7, 13), speaker, None, topic)
    found = clauses.merged(plain.read(reading, parsed=False).said, clauses.read(reading).said)
    return [(s.subject.name, s.relation, s.object) for s in found]


@pytest.mark.parametrize(
    ("text", "who", "relation", "value"),
    [
        ("Since Monday I'm living in Ghent.", "Ann", "lives in", "Ghent"),
        ("Guess what, we moved to Ghent!", "Ann", "lives in", "Ghent"),
        ("I left Lyon and moved to Ghent.", "Ann", "lives in", "Ghent"),
        ("I now live in Ghent, can you believe it?", "Ann", "lives in", "Ghent"),
        ("I joined Marlow & Finch today.", "Ann", "works at", "Marlow & Finch"),
        ("I got hired by Solvia!", "Ann", "works at", "Solvia"),
        ("I've become a gardener after all.", "Ann", "works as", "gardener"),
        ("You can call me on 0151 2345678 now.", "Ann", "phone", "0151 2345678"),
        ("I really like liquorice.", "Ann", "likes", "liquorice"),
        ("I can't stand figs any longer.", "Ann", "dislikes", "figs"),
        ("Figs are not for me.", "Ann", "dislikes", "figs"),
        ("I've been playing the cello since May.", "Ann", "plays", "cello"),
        ("I brought home a rabbit named Clover.", "Ann", "has pet", "rabbit Clover"),
        ("Just back from Norway!", "Ann", "visited", "Norway"),
        ("Viola lives in Dublin now.", "Viola", "lives in", "Dublin"),
        ("Viola is an architect.", "Viola", "works as", "architect"),
        ("Viola's birthday is on 26 October.", "Viola", "birthday", "26 October"),
        ("Viola is my sister.", "Ann", "sister", "Viola"),
        ("That was for my daughter Sara's birthday.", "Ann", "daughter", "Sara"),
        ("My ring size is 54 now.", "Ann", "ring size", "54"),
        ("Our rent went up to £980 a month.", "Ann", "pays rent", "£980 a month"),
        (
            "I earn 44,000 euros a year before tax.",
            "Ann",
            "earns",
            "44,000 euros a year before tax",
        ),
        ("My new car is a red Fiat Panda.", "Ann", "car", "a red Fiat Panda"),
        ("Viola's blood type is B negative.", "Viola", "blood type", "B negative"),
        ("My new company is Solvia.", "Ann", "works at", "Solvia"),
        ("I bank with Triodos.", "Ann", "bank", "Triodos"),
        ("I'm a member of the Alpine Club.", "Ann", "member of", "Alpine Club"),
        ("I quit my job at Solvia.", "Ann", "works at", "Solvia"),
        ("Viola is engaged to Marco.", "Viola", "partner", "Marco"),
        ("Viola and Marco got married in June.", "Viola", "partner", "Marco"),
        ("My doctor is Dr. Weber.", "Ann", "doctor", "Dr. Weber"),
    ],
)
def test_short_statements_are_read_by_their_words(
    text: str, who: str, relation: str, value: str
) -> None:
    assert said(text) == [(who, relation, value)]


@pytest.mark.parametrize(
    "text",
    [
        "If I lived in Ghent I would sing.",
        "I wish I worked at Solvia.",
        "Mia thinks I live in Ghent.",
        "Should I call the dentist, his number is 0151 2345678?",
        "I love my sister.",
        "I like to read.",
        "I love you.",
        "We could have moved to Ghent.",
        "The gardener lives in Ghent.",
        "I went to Norway House for lunch.",
        "My car is broken.",
        "My car's number is on the back.",
        "My rent is due on Monday.",
        "My phone is on the table.",
        "If my rent went up to 980 euros I would move.",
        "Is my shoe size 42?",
        "I made 20 pancakes.",
        "My favourite part is when they sing.",
    ],
)
def test_what_is_supposed_or_says_little_is_no_statement(text: str) -> None:
    assert said(text) == []


@pytest.mark.parametrize(
    ("text", "relation", "value"),
    [
        ("I live in Lyon now, near the river.", "lives in", "Lyon"),
        ("I work at Hydrocarte, on the second floor.", "works at", "Hydrocarte"),
        ("My sister Sofia has a baby.", "sister", "Sofia"),
        ("I'm allergic to hazelnut.", "allergic to", "hazelnut"),
        ("My new number is +33 6 39 98 41 27, the old one is dead", "phone", "+33 6 39 98 41 27"),
        ("my email is ann@example.org", "e-mail", "ann@example.org"),
        ("Ich wohne in Leipzig.", "lives in", "Leipzig"),
        ("Ich arbeite bei Blattwerk Karten.", "works at", "Blattwerk Karten"),
        ("ich bin allergisch gegen Haselnüsse", "allergic to", "Haselnüsse"),
        ("Meine Schwester Greta kommt morgen.", "sister", "Greta"),
        ("Unser Hund heißt Rex.", "has pet", "Rex"),
        ("J'habite à Lyon depuis un an.", "lives in", "Lyon"),
        ("Je travaille chez Hydrocarte.", "works at", "Hydrocarte"),
        ("Je suis allergique à la noisette.", "allergic to", "noisette"),
        ("Ma sœur Claire arrive.", "sister", "Claire"),
        ("Je m'appelle Odile Garnier.", "called", "Odile Garnier"),
        ("Vivo en Madrid desde mayo.", "lives in", "Madrid"),
        ("Trabajo como enfermera.", "works as", "enfermera"),
        ("Soy alérgica a los cacahuetes.", "allergic to", "cacahuetes"),
        ("Mi hermano Pablo vive lejos.", "brother", "Pablo"),
        ("Moro em Matosinhos.", "lives in", "Matosinhos"),
    ],
)
def test_people_speak_of_themselves_in_several_languages(
    text: str, relation: str, value: str
) -> None:
    assert ("Ann", relation, value) in said(text)


@pytest.mark.parametrize(
    "text",
    [
        "Do I live in Lyon?",
        "The train to Lyon leaves at nine.",
        "Wohnt sie in Leipzig?",
        "Julien lives in my head.",
        "",
        "+33 6 39 98 41 27",
    ],
)
def test_nothing_is_found_where_nothing_is_said_of_anybody(text: str) -> None:
    assert said(text) == []


def test_nobody_is_meant_by_i_where_nobody_speaks() -> None:
    assert said("I live in Lyon.", speaker=None) == []


def test_a_contact_is_read_line_by_line() -> None:
    card = (
        "Contact: Julien Mercier\nPhone (mobile): +33 6 39 98 15 62\nE-mail (home): j@example.org\n"
        "Address: 8 rue des Tisserands, Lyon, 69004, France\nWorks at: La Miche Rousse\n"
        "Position: baker\nBorn: 3 November 1987\nNote: Mother Françoise, cousin Luc"
    )
    found = {relation: value for _, relation, value in said(card, speaker=None)}
    assert found == {
        "mobile phone": "+33 6 39 98 15 62",
        "e-mail": "j@example.org",
        "address": "8 rue des Tisserands, Lyon, 69004, France",
        "country": "France",
        "lives in": "Lyon",
        "postal code": "69004",
        "works at": "La Miche Rousse",
        "works as": "baker",
        "birthday": "3 November 1987",
        "mother": "Françoise",
        "cousin": "Luc",
    }


def test_every_statement_stands_where_it_says() -> None:
    text = "Well. Ich wohne in Leipzig. My sister Sofia, she is grand."
    for each in plain.read(Reading(text, date(2024, 1, 1), ANN), parsed=False).said:
        assert each.object in text[each.start : each.end]


def test_a_page_about_somebody_needs_no_name() -> None:
    found = said(
        "Little sister, born 30 October 1994. Daughter Rita. Likes: port, small dogs. Married to"
        " Cian Doyle since 3 May 2022",
        speaker=Ref("me", "Me", "person"),
        topic=person("Sofia"),
    )
    assert ("Me", "sister", "Sofia") in found
    assert ("Sofia", "birthday", "30 October 1994") in found
    assert ("Sofia", "daughter", "Rita") in found
    assert ("Sofia", "likes", "small dogs") in found
    assert ("Sofia", "partner", "Cian Doyle") in found


def test_what_follows_the_relation_at_a_page_s_beginning_is_no_name() -> None:
    me, ada = Ref("me", "Me", "person"), person("Ada Marsh")
    found = said("Julien's mother, Villeurbanne, retired. Her lamp.", me, ada)
    assert [(r, o) for who, r, o in found if who == "Julien"] == [("mother", "Ada Marsh")]
    assert ("Ada Marsh", "works as", "doctor") in said("Our doctor in Lyon", me, ada)
    taught = said("Little sister, teaches second class in Dublin.", me, ada)
    assert ("Ada Marsh", "works as", "teaches second class") in taught


def test_a_page_called_by_a_title_of_the_family_is_about_a_relative() -> None:
    me = Ref("me", "Me", "person")
    assert ("Me", "grandmother", "Oma Erna") in said("Born 9 August 1937.", me, person("Oma Erna"))
    assert ("Me", "uncle", "Uncle Piet") in said("Lends us his van.", me, person("Uncle Piet"))
    assert not said("Lends us his van.", me, person("Piet Marsh"))


def claim(
    relation: str, value: str, day: int, *, n: int = 0, subject: str = "ann", **more: object
) -> Claim:
    """A claim said on that day, counted from 1970."""
    base = Claim(
        f"f{relation}{value}{day}{n}", n or day, f"m{day}", 0, 5, subject, subject, relation, value,
        value_key(value), None, False, None, None, 0.9, "rules", day * DAY, day * DAY,
    )  # fmt: skip
    return replace(base, **more)  # type: ignore[arg-type]


def current(facts: list[Fact]) -> set[str]:
    return {f.object for f in facts if f.current}


def test_a_newer_value_closes_the_one_before_and_keeps_it() -> None:
    old, new = weigh([claim("lives in", "Leipzig", 10), claim("lives in", "Lyon", 20)])
    assert (old.object, old.status, old.until, old.superseded_by) == (
        "Leipzig", "superseded", 20 * DAY, new.id,
    )  # fmt: skip
    assert (new.object, new.status, new.until) == ("Lyon", "active", None)


def test_going_back_is_a_third_time_and_not_the_first() -> None:
    towns = ["Lyon", "Leipzig", "Lyon"]
    facts = weigh([claim("lives in", t, 10 * i) for i, t in enumerate(towns, 1)])
    assert [(f.object, f.status) for f in facts] == [
        ("Lyon", "superseded"), ("Leipzig", "superseded"), ("Lyon", "active"),
    ]  # fmt: skip


def test_as_of_a_day_only_what_was_said_by_then_counts() -> None:
    claims = [claim("lives in", "Leipzig", 10), claim("lives in", "Lyon", 20)]
    assert current(weigh(claims, as_of=15 * DAY)) == {"Leipzig"}
    assert current(weigh(claims, as_of=5 * DAY)) == set()
    moved = claim("lives in", "Lyon", 12, since=18 * DAY)
    assert current(weigh([claims[0], moved], as_of=15 * DAY)) == {"Leipzig"}


def test_what_was_is_not_what_is() -> None:
    claims = [claim("lives in", "Lyon", 10), claim("lives in", "Porto", 20, ended=True)]
    facts = weigh(claims)
    assert current(facts) == {"Lyon"}
    assert {f.object: f.status for f in facts}["Porto"] == "ended"
    over = weigh(
        [claim("works at", "Blattwerk", 10), claim("works at", "Blattwerk", 20, ended=True)]
    )
    assert [(f.status, f.until) for f in over] == [("ended", 20 * DAY)]


def test_two_values_with_equal_right_are_a_conflict_until_somebody_decides() -> None:
    claims = [claim("lives in", "Lyon", 10, n=1), claim("lives in", "Leipzig", 10, n=2)]
    assert {f.status for f in weigh(claims)} == {"conflict"}
    yes = Decision("j1", "ann", "lives in", "lyon", "confirm", None)
    assert current(weigh(claims, [yes])) == {"Lyon"}
    no = Decision("j1", "ann", "lives in", "lyon", "reject", None)
    assert current(weigh(claims, [no])) == {"Leipzig"}


def test_what_never_changes_cannot_be_replaced() -> None:
    born = [claim("birthday", "3 May 1990", 10), claim("birthday", "4 May 1990", 900)]
    assert {f.status for f in weigh(born)} == {"conflict"}
    closer = [claim("birthday", "3 May", 10), claim("birthday", "3 May 1990", 900)]
    assert [(f.object, f.status) for f in weigh(closer)] == [("3 May 1990", "active")]


def test_a_taste_that_turned_is_no_taste_any_more() -> None:
    facts = weigh([claim("likes", "cats", 10), claim("dislikes", "cats", 20)])
    assert current(facts) == {"cats"}
    assert {f.relation for f in facts if f.current} == {"dislikes"}


def test_a_correction_stands_and_can_be_taken_back() -> None:
    claims = [claim("address", "Kirschweg 12", 10)]
    edit = Decision("j1", "ann", "address", "kirschweg 12", "edit", "8 rue des Tisserands")
    (fact,) = weigh(claims, [edit])
    assert (fact.object, fact.status, fact.confidence) == (
        "8 rue des Tisserands", "confirmed", 1.0,
    )  # fmt: skip
    assert weigh(claims)[0].object == "Kirschweg 12"


def test_sensitive_and_doubtful_facts_wait_for_a_word() -> None:
    waits = {f.object: f.waits for f in weigh([
        claim("allergic to", "hazelnut", 10), claim("plans", "a boat", 10, confidence=0.5),
        claim("likes", "rye", 10),
    ])}  # fmt: skip
    assert waits == {"hazelnut": True, "a boat": True, "rye": False}
    yes = Decision("j1", "ann", "allergic to", "hazelnut", "confirm", None)
    assert not weigh([claim("allergic to", "hazelnut", 10)], [yes])[0].waits


claims_ = st.builds(
    claim,
    st.sampled_from(sorted(RELATIONS)),
    st.sampled_from(["Lyon", "Leipzig", "Porto", "Lyon, France", "rye bread"]),
    st.integers(1, 40),
    n=st.integers(1, 500),
    subject=st.sampled_from(["ann", "ben"]),
    ended=st.booleans(),
    since=st.none() | st.integers(0, 50).map(lambda d: d * DAY),
)


@given(st.lists(claims_, max_size=12), st.none() | st.integers(0, 60).map(lambda d: d * DAY))
def test_whatever_is_said_a_single_value_is_one_or_a_conflict(
    claims: list[Claim], as_of: int | None
) -> None:
    facts = weigh(claims, as_of=as_of)
    by: dict[tuple[str, str], list[Fact]] = {}
    for fact in facts:
        by.setdefault((fact.subject, fact.relation), []).append(fact)
    for (_, relation), group in by.items():
        standing = [f for f in group if f.current]
        if RELATIONS[relation].change == "replaces" and len(standing) > 1:
            assert {f.status for f in standing} == {"conflict"}
    rested = [c.id for f in facts for c in f.claims]
    wanted = [c.id for c in claims if as_of is None or c.said <= as_of]
    assert sorted(rested) == sorted(wanted)


@pytest.fixture
def directory(tmp_path: Path):
    record = Record(tmp_path / "memory.sqlite3")
    yield Directory(record.entities)
    record.close()


def one(directory: Directory, *refs: Ref) -> bool:
    """Whether these lead to one and the same."""
    return len({directory.entity(directory.know(ref)) for ref in refs}) == 1


def test_a_first_name_and_a_full_name_are_one_where_only_one_can_be_meant(directory) -> None:
    assert one(directory, person("Jonas Albrecht"), person("Jonas"), person("Herr Albrecht"))
    assert not one(directory, person("Sofia Halloran"), person("Declan Halloran"))
    assert not one(directory, person("Sofia Halloran"), person("Halloran"))
    assert one(directory, person("Odile"), person("Odile Garnier"))


def test_my_sister_is_one_person_and_gets_her_name(directory) -> None:
    me, ines = Ref("me", "Me", "person"), person("Ines")
    directory.know(ines)
    directory.know(relative(ines, "sister"))
    directory.same(relative(ines, "sister"), person("Sofia"))
    assert one(directory, relative(ines, "sister"), person("Sofia"))
    directory.know(me)
    directory.lead("me", directory.entity("ines"))
    assert one(directory, relative(me, "sister"), person("Sofia"))


def test_what_only_looks_like_a_name_yields_to_what_is_known(directory) -> None:
    directory.know(Ref("sofia", "Sofia", "place?"))
    directory.know(person("Sofia Halloran"))
    assert one(directory, person("Sofia"), person("Sofia Halloran"))
    directory.know(Ref("tell henning", "Tell Henning", "person?"))
    assert not one(directory, person("Henning"), Ref("tell henning", "", "person?"))


def test_a_name_is_looked_up_without_title_marks_and_article() -> None:
    assert key_of("Madame  Garnier's") == key_of("garnier") == "garnier"
    assert key_of("Françoise") == "francoise"
    assert key_of("La Miche Rousse") == "miche rousse"


@given(st.text(max_size=300))
def test_plain_rules_read_any_text(text: str) -> None:
    for each in plain.read(Reading(text, date(2024, 1, 1), ANN, None, ANN), parsed=False).said:
        assert 0 <= each.start <= each.end <= len(text)


def test_times_of_claims_are_days_in_utc() -> None:
    from secondme.memory.facts.reading import to_day_ms

    assert to_day_ms(date(2024, 5, 3)) == datetime(2024, 5, 3, tzinfo=UTC).timestamp() * 1000
