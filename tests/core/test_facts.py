"""Facts through the core's use cases: found, decided, undone, forgotten, carried elsewhere."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from secondme.errors import BadInputError, ModelError, NotFoundError, RefusedError, WorkerError
from secondme.ingest.embedding import Priority
from secondme.memory.facts.job import Facts
from secondme.record import Record
from tests.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "home")
    yield home
    home.kill()


def add(home: Home, tmp_path: Path, name: str, *turns: tuple[str, str, str]) -> None:
    """A chat: day, speaker and text of each turn."""
    lines = [
        {"id": f"{name}-{i}", "conversation": name, "session": 1, "time": f"{day}T10:00:00+00:00",
         "speaker": speaker, "text": text}
        for i, (day, speaker, text) in enumerate(turns)
    ]  # fmt: skip
    path = tmp_path / f"{name}.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    home.finish("add", paths=[str(path)])
    assert home.call("facts-read")["unread"] == 0


def life(home: Home, tmp_path: Path) -> None:
    add(
        home, tmp_path, "first",
        ("2024-03-01", "Ines", "I live in Leipzig. My sister Sofia came."),
        ("2024-03-01", "Ben", "Ich wohne in Hamburg."),
    )  # fmt: skip
    add(
        home, tmp_path, "second",
        ("2024-10-01", "Ines", "I live in Lyon now!"),
        ("2024-10-02", "Kim", "I'm allergic to pollen."),
    )  # fmt: skip


def known(home: Home, who: str | None = None, **params: object) -> dict[str, str]:
    """What stands for somebody: the object by relation."""
    found = home.call("facts", **({"who": who} if who else {}), **params)["facts"]
    return {f["relation"]: f["object"] for f in found}


def fact(home: Home, who: str, relation: str, **params: object) -> dict:
    found = home.call("facts", who=who, **params)["facts"]
    return next(f for f in found if f["relation"] == relation)


def test_facts_are_found_with_the_words_that_they_rest_on(home: Home, tmp_path: Path) -> None:
    life(home, tmp_path)
    lives = fact(home, "Ines", "lives in")
    assert lives["object"] == "Lyon"
    assert lives["evidence"][0]["quote"] == "I live in Lyon"
    assert home.call("show", id=lives["evidence"][0]["moment"])["text"] == "I live in Lyon now!"
    assert known(home, "me") == known(home, "Ines")  # who speaks in most of it
    assert known(home, "Sofia")["sister"] == "Sofia"  # of whom others say something


def test_a_fact_as_of_a_day_and_its_history(home: Home, tmp_path: Path) -> None:
    life(home, tmp_path)
    assert known(home, "Ines", as_of="2024-05")["lives in"] == "Leipzig"
    assert "lives in" not in known(home, "Ines", as_of="2024-01")
    past = home.call("facts", who="Ines", history=True)["facts"]
    assert [(f["object"], f["status"], f["until"]) for f in past if f["relation"] == "lives in"] == [
        ("Leipzig", "superseded", "2024-10-01"), ("Lyon", "active", None),
    ]  # fmt: skip


def test_decisions_stand_against_reading_again_and_can_be_undone(
    home: Home, tmp_path: Path
) -> None:
    life(home, tmp_path)
    home.call("fact-reject", id=fact(home, "Ben", "lives in")["id"])
    assert "lives in" not in known(home, "Ben")
    add(home, tmp_path, "third", ("2024-11-01", "Ben", "Wie gesagt, ich wohne in Hamburg."))
    assert "lives in" not in known(home, "Ben")
    edited = home.call("fact-edit", id=fact(home, "Ines", "lives in")["id"], value="Villeurbanne")
    assert (edited["fact"]["object"], edited["fact"]["status"]) == ("Villeurbanne", "confirmed")
    home.call("undo")
    assert known(home, "Ines")["lives in"] == "Lyon"
    with pytest.raises(NotFoundError, match="no fact has an id beginning 'fzzz'"):
        home.call("fact-confirm", id="fzzz")
    with pytest.raises(BadInputError, match="the new value is empty"):
        home.call("fact-edit", id=fact(home, "Ines", "lives in")["id"], value=" ")


def test_sensitive_facts_wait_where_the_person_wants_it(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", unconfirmed="held")
    try:
        life(home, tmp_path)
        waiting = home.call("review")
        assert [(f["object"], f["status"]) for f in waiting["facts"]] == [("pollen", "review")]
        done = home.call("fact-confirm", id=waiting["facts"][0]["id"])["fact"]
        assert (done["status"], done["used"]) == ("confirmed", True)
        assert home.call("review")["count"] == 0
    finally:
        home.kill()


def test_names_are_joined_and_taken_apart(home: Home, tmp_path: Path) -> None:
    life(home, tmp_path)
    home.call("entity-merge", names=["Ben", "Kim"])
    assert known(home, "Ben") == {"lives in": "Hamburg", "allergic to": "pollen"}
    apart = home.call("entity-split", name="Ben", aliases=["Kim"])["entities"]
    assert sorted(e["name"] for e in apart) == ["Ben", "Kim"]
    assert known(home, "Ben") == {"lives in": "Hamburg"}
    home.call("undo")
    home.call("undo")
    assert known(home, "Kim") == {"allergic to": "pollen"}
    home.call("redo")
    assert known(home, "Kim") == {"lives in": "Hamburg", "allergic to": "pollen"}
    home.call("undo")
    with pytest.raises(RefusedError, match="one already"):
        home.call("entity-merge", names=["Ben", "Ben"])
    with pytest.raises(NotFoundError, match="nobody and nothing is known"):
        home.call("facts", who="Zoe")


def test_what_is_forgotten_is_no_fact_and_comes_back_with_undo(home: Home, tmp_path: Path) -> None:
    life(home, tmp_path)
    moment = fact(home, "Ines", "lives in")["evidence"][0]["moment"]
    home.call("forget", ids=[moment])
    assert known(home, "Ines")["lives in"] == "Leipzig"
    home.call("undo")
    assert known(home, "Ines")["lives in"] == "Lyon"


def test_what_is_erased_leaves_no_claim_name_or_decision(home: Home, tmp_path: Path) -> None:
    life(home, tmp_path)
    home.call("fact-confirm", id=fact(home, "Kim", "allergic to")["id"])
    assert home.call("forget", who="Kim", hard=True)["left"] == []
    home.stop()
    record = Record(home.config.database)
    for table in ("claims", "names", "mentions", "decisions", "journal"):
        rows = [str(tuple(row)) for row in record.store.query(f"select * from {table}")]
        assert not [row for row in rows if "pollen" in row or "kim" in row.lower()], table
    record.close()


def test_an_export_carries_facts_names_and_decisions(home: Home, tmp_path: Path) -> None:
    life(home, tmp_path)
    home.call("fact-reject", id=fact(home, "Ben", "lives in")["id"])
    home.call("entity-merge", names=["Ben", "Kim"])
    before = home.call("facts", history=True)["facts"]
    home.finish("export", path=str(tmp_path / "copy"))
    other = Home(tmp_path / "other")
    try:
        other.finish("import", path=str(tmp_path / "copy"))
        assert other.call("facts-read")["unread"] == 0
        assert other.call("facts", history=True)["facts"] == before
        assert [e["kind"] for e in other.call("log")["entries"]][:2] == [
            "entity-merge",
            "fact-reject",
        ]
        other.call("undo")
        assert known(other, "Kim") == {"allergic to": "pollen"}
    finally:
        other.kill()


def test_the_profile_is_keyed_as_forms_are(home: Home, tmp_path: Path) -> None:
    add(
        home, tmp_path, "p",
        ("2024-03-01", "Ines Halloran", "My number is +33 6 39 98 41 27. I live in Lyon."),
        ("2024-03-01", "Ines Halloran", "my email is ines@example.org"),
    )  # fmt: skip
    home.call("note", text="I was born in Cork.")
    home.env["SECONDME_ME"] = "Ines Halloran"
    home.stop()
    home.call("note", text="Nothing else.")
    home.call("facts-read")
    values = {v["field"]: v["value"] for v in home.call("profile")["values"] if v["field"]}
    assert values["given-name"] == "Ines"
    assert values["tel"] == "+33 6 39 98 41 27"
    assert values["email"] == "ines@example.org"
    assert values["address-level2"] == "Lyon"
    labels = {v["label"]: v["value"] for v in home.call("profile")["values"]}
    assert labels["born in"] == "Cork"  # a note's "I" is the person


class Broken:
    """A parser that always fails."""

    name = "broken"

    def __init__(self, error: Exception) -> None:
        self.error = error

    def parse(self, texts: object) -> list:
        raise self.error


@pytest.mark.parametrize("error", [WorkerError("it died"), ModelError("it is damaged")])
def test_a_parser_that_fails_holds_up_nothing(home: Home, tmp_path: Path, error: Exception) -> None:
    life(home, tmp_path)
    home.stop()
    record = Record(home.config.database)
    job = Facts(record, Priority(), lambda: "")
    job.use(Broken(error))
    try:
        assert job.pending() == 4
        job.start()
        for _ in range(200):
            job.wake()
            if not job.pending():
                break
            time.sleep(0.1)
        assert job.pending() == 0
        assert {c.object for c in record.claims.of()} >= {"Lyon", "Hamburg", "pollen"}
    finally:
        job.stop()
        record.close()


def test_the_facts_that_rest_on_a_moment(home: Home, tmp_path: Path) -> None:
    life(home, tmp_path)
    lives = fact(home, "Ines", "lives in")
    moment = lives["evidence"][0]["moment"]
    found = home.call("facts", moment=moment)["facts"]
    assert lives["id"] in [f["id"] for f in found]
    assert all(moment in [e["moment"] for e in f["evidence"]] for f in found)
    assert not [f for f in found if f["subject"]["name"] == "Kim"]
    assert home.call("facts", moment=moment, who="Ben")["facts"] == []
