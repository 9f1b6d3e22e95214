"""People, facts and the profile in the app, with a real core and the demo life, read by rules alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from secondme.tui.app import SecondMe
from secondme.tui.widgets.facts import FactList
from secondme.tui.widgets.field import Field
from secondme.tui.widgets.moments import MomentList
from secondme.tui.widgets.names import NameList
from secondme.tui.widgets.relations import Relations
from secondme.tui.widgets.slider import Slider
from tests.home import Home
from tests.tui.conftest import of
from tests.tui.driving import drive, paste, screen, told, type_, until
from tests.tui.scenes import settled

DEMO = Path(__file__).parents[2] / "assets" / "demo"
CARD = "BEGIN:VCARD\nVERSION:3.0\nFN:{name}\nBDAY:{birthday}\nEND:VCARD\n"
CARDS = {  # of a birthday there can be only one
    "a.vcf": ("Marta Quintela", "1980-05-03"),
    "b.vcf": ("Marta Quintela", "1981-07-12"),
    "c.vcf": ("Tita Quintela", "1980-05-03"),
}


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """The demo life and a few cards, all read for facts; no models."""
    home = Home(tmp_path_factory.mktemp("facts"), idle_exit="2")
    cards = tmp_path_factory.mktemp("cards")
    for file, (name, birthday) in CARDS.items():
        (cards / file).write_text(CARD.format(name=name, birthday=birthday), encoding="utf-8")
    home.finish("add", paths=[str(DEMO), str(cards)])
    assert home.call("facts-read", seconds=60.0)["unread"] == 0
    yield home
    home.stop()


@pytest.fixture(autouse=True)
def _found(memory: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    of(memory, monkeypatch)


def listed(app: SecondMe) -> list[tuple[str, str, str]]:
    """What the list of facts holds: relation, value and status."""
    rows = app.pane.query_one(FactList).rows
    return [(r.label, r.value, r.fact["status"] if r.fact else "") for r in rows]


def people(app: SecondMe) -> set[str]:
    """Who is in the list of names."""
    return {entity["name"] for entity in app.pane.query_one(NameList).entities}


async def opened(app: SecondMe, pilot: Pilot[None], key: str) -> None:
    await pilot.press("escape", key)
    await until(pilot, lambda: app.pane.query_one(FactList).rows)
    await settled(pilot)


async def find(app: SecondMe, pilot: Pilot[None], letters: str, name: str) -> None:
    """Choose somebody by some letters."""
    await pilot.press("slash")
    await until(pilot, lambda: len(app.screen_stack) == 2)
    await type_(pilot, letters)
    await pilot.press("enter")
    await until(pilot, lambda: f"{name}  " in str(app.pane.query_one(".title").render()))
    await settled(pilot)


async def at(app: SecondMe, pilot: Pilot[None], relation: str, value: str) -> None:
    """Bring the cursor to a fact."""
    facts = app.pane.query_one(FactList)
    facts.focus()
    facts.highlighted = next(
        n for n, row in enumerate(facts.rows) if (row.label, row.value) == (relation, value)
    )
    await settled(pilot)


def birthdays(memory: Home, who: str = "Marta Quintela") -> dict[str, str]:
    found = memory.call("facts", who=who, history=True)["facts"]
    return {f["object"]: f["status"] for f in found if f["relation"] == "birthday"}


def test_who_is_known_what_of_them_and_where_it_was_said(memory: Home) -> None:
    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await opened(app, pilot, "4")
        people = app.pane.query_one(NameList)
        expected = memory.call("entities", kind="person")["entities"]
        assert people.option_count == 1 + len(expected)
        await find(app, pilot, "inesh", "Ines Halloran")
        assert ("works at", "Hydrocarte", "active") in listed(app)
        assert not [row for row in listed(app) if row[1] == "Blattwerk Karten"]
        await pilot.press("h")
        await settled(pilot)
        assert ("works at", "Blattwerk Karten", "ended") in listed(app)
        await at(app, pilot, "works at", "Blattwerk Karten")
        assert "since 1 Apr 2016 · until 30 Sep 2024" in screen(app)
        assert "━" in screen(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.pane.beside.moment is not None)  # type: ignore[attr-defined]
        assert "Blattwerk" in app.pane.beside.moment["text"]  # type: ignore[attr-defined]

    drive(flow, memory.config)


def test_as_it_stood_on_a_day(memory: Home) -> None:
    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await opened(app, pilot, "4")
        await find(app, pilot, "inesh", "Ines Halloran")
        await pilot.press("d")
        await type_(pilot, "2024-07-15")
        await pilot.press("enter")
        await until(pilot, lambda: "as of 15 Jul 2024" in screen(app))
        await settled(pilot)
        assert ("works at", "Blattwerk Karten", "active") in listed(app)
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "as of 31 Jul 2024" in screen(app))
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: "as of 30 Jun 2024" in screen(app))
        await pilot.press("d")
        await pilot.press("enter")
        await until(pilot, lambda: "as of" not in screen(app).replace("d As of", ""))
        await settled(pilot)
        assert ("works at", "Hydrocarte", "active") in listed(app)

    drive(flow, memory.config)


def test_names_and_what_waits_are_those_of_the_day(memory: Home) -> None:
    def at_the_time(use_case: str, of: str, **params: Any) -> list[str]:
        return [each["id"] for each in memory.call(use_case, as_of="2024-04", **params)[of]]

    known = at_the_time("entities", "entities", kind="person")
    waiting = set(at_the_time("review", "facts"))
    now = memory.call("entities", kind="person")["entities"]
    later = next(e for e in now if e["id"] not in known)
    assert 0 < len(known) < len(now)
    assert waiting < {f["id"] for f in memory.call("facts", history=True)["facts"]}

    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await opened(app, pilot, "4")
        names = app.pane.query_one(NameList)
        names.choose(later["id"])
        await settled(pilot)
        await pilot.press("d")
        await type_(pilot, "2024-04")
        await pilot.press("enter")
        await until(pilot, lambda: len(names.entities) == len(known) + 1)
        assert [e["id"] for e in names.entities if e["moments"]] == known
        assert names.chosen == names.entities[-1], "who is looked at stays"
        assert (names.chosen["id"], names.chosen["moments"]) == (later["id"], 0)
        await pilot.press("home")
        await settled(pilot)
        assert "To decide  as of 2024-04" in str(app.pane.query_one(".title").render())
        assert waiting <= {r.fact["id"] for r in app.pane.query_one(FactList).rows if r.fact}

    drive(flow, memory.config)


def test_what_waits_for_the_person_is_decided_in_one_flow(memory: Home) -> None:
    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        assert set(birthdays(memory).values()) == {"conflict"}
        await opened(app, pilot, "4")
        await pilot.press("home", "enter")
        await settled(pilot)
        waiting = len(listed(app))
        assert "Marta Quintela · of these only one can be so" in screen(app)
        await at(app, pilot, "birthday", "3 May 1980")
        await pilot.press("a")
        await until(pilot, lambda: "so it is: birthday 3 May 1980" in told(app))
        await until(pilot, lambda: "Marta Quintela" not in str(listed(app)))
        await until(pilot, lambda: len(listed(app)) == waiting - 3)
        assert birthdays(memory)["3 May 1980"] == "confirmed"
        await pilot.press("ctrl+z")
        await until(pilot, lambda: len(listed(app)) == waiting)
        await at(app, pilot, "birthday", "12 July 1981")
        await pilot.press("r")
        await until(pilot, lambda: "not so: birthday 12 July 1981" in told(app))
        await until(pilot, lambda: len(listed(app)) == waiting - 3)
        assert birthdays(memory) == {"3 May 1980": "active", "12 July 1981": "rejected"}
        await find(app, pilot, "martaq", "Marta Quintela")
        await at(app, pilot, "birthday", "3 May 1980")
        await pilot.press("e")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        assert app.screen.query_one(Field).value == "3 May 1980"
        app.screen.query_one(Field).value = "4 May 1980"
        await pilot.press("enter")
        await until(pilot, lambda: ("birthday", "4 May 1980", "confirmed") in listed(app))

    drive(flow, memory.config, size=(80, 24))


def test_names_of_one_are_joined_and_parted_and_other_windows_follow(memory: Home) -> None:
    def names(who: str) -> list[str]:
        found: dict[str, Any] = memory.call("entities", name=who)["entities"][0]
        return found["names"]  # type: ignore[no-any-return]

    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await opened(app, pilot, "4")
        await find(app, pilot, "titaq", "Tita Quintela")
        await pilot.press("m")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await type_(pilot, "martaq")
        await pilot.press("enter")
        await until(pilot, lambda: "are one; ctrl+z takes it back" in told(app))
        assert {"Tita Quintela", "Marta Quintela"} <= set(names("Tita Quintela"))
        await until(pilot, lambda: "also" in str(app.pane.query_one(".title").render()))
        await settled(pilot)
        await pilot.press("s")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await type_(pilot, "martaq")
        await pilot.press("enter")
        await until(pilot, lambda: "Marta Quintela is another one" in told(app))
        assert "Tita Quintela" not in names("Marta Quintela")
        both = {"Tita Quintela", "Marta Quintela"}
        await until(pilot, lambda: both <= people(app))
        memory.call("entity-merge", names=sorted(both))
        await until(pilot, lambda: len(both & people(app)) == 1)

    drive(flow, memory.config)


def test_of_somebody_without_relations_nothing_is_asked_again(memory: Home) -> None:
    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await opened(app, pilot, "4")
        await find(app, pilot, "titaq", "Tita Quintela")
        await settled(pilot)
        assert not app.pane.query_one(Relations).root.children
        asked, facts = [], app.memory.facts

        def noted(*arguments: Any, **options: Any) -> Any:
            asked.append(arguments)
            return facts(*arguments, **options)

        app.memory.facts = noted  # type: ignore[method-assign]
        await pilot.pause(0.3)
        assert asked == []

    drive(flow, memory.config)


def test_a_fact_leads_to_the_one_that_it_names(memory: Home) -> None:
    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await opened(app, pilot, "4")
        await find(app, pilot, "inesh", "Ines Halloran")
        await at(app, pilot, "partner", "Julien Mercier")
        await pilot.press("g")
        await until(pilot, lambda: ("partner of", "Ines Halloran", "active") in listed(app))

    drive(flow, memory.config)


def test_the_profile_shows_where_each_value_comes_from_and_is_corrected(memory: Home) -> None:
    def value(label: str) -> str:
        found = memory.call("profile")["values"]
        return next(v["value"] for v in found if v["label"] == label)  # type: ignore[no-any-return]

    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await opened(app, pilot, "5")
        assert "Ines Halloran" in screen(app)
        assert "19 May 2024, cv-2024.docx" in screen(app)
        await pilot.press("a")
        await until(pilot, lambda: "config set me" in told(app))
        await at(app, pilot, "year of birth", "1990")
        await pilot.press("e")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        assert app.screen.query_one(Field).value == "14 June 1990"  # what the year is part of
        app.screen.query_one(Field).value = "14 June 1991"
        await pilot.press("enter")
        await until(pilot, lambda: ("birthday", "14 June 1991", "confirmed") in listed(app))
        assert value("birthday") == "14 June 1991"
        await at(app, pilot, "born in", "Cork")
        await pilot.press("a")
        await until(pilot, lambda: ("born in", "Cork", "confirmed") in listed(app))
        await pilot.press("ctrl+z")
        await until(pilot, lambda: ("born in", "Cork", "active") in listed(app))

    drive(flow, memory.config)


def test_relations_open_as_a_tree_and_lead_to_others(memory: Home) -> None:
    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await opened(app, pilot, "4")
        await find(app, pilot, "inesh", "Ines Halloran")
        await pilot.press("t")
        await settled(pilot)
        tree = app.pane.query_one(Relations)
        assert app.screen.focused is tree

        def branch(text: str) -> int:
            return next(
                n for n, line in enumerate(tree._tree_lines) if text in str(line.node.label)
            )

        tree.cursor_line = branch("partner  Julien Mercier")
        await pilot.press("space")
        await until(pilot, lambda: tree.cursor_node and tree.cursor_node.children)
        await pilot.press("down")
        within = tree.cursor_node.parent.children  # type: ignore[union-attr]
        back = [node for node in within if "partner of  Ines Halloran" in str(node.label)]
        assert back
        assert not back[0].allow_expand  # the circle ends where it began
        tree.cursor_line = branch("lives in  Lyon")
        await pilot.press("enter")
        await until(pilot, lambda: "Lyon  " in str(app.pane.query_one(".title").render()))
        await pilot.press("t")
        await settled(pilot)
        assert ("lives in of", "Ines Halloran", "active") in listed(app)

    drive(flow, memory.config)


def test_everything_as_it_stood_follows_a_slider(memory: Home) -> None:
    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await opened(app, pilot, "4")
        await find(app, pilot, "inesh", "Ines Halloran")
        slider = app.pane.query_one(Slider)
        slider.focus()
        assert "as of" not in str(app.pane.query_one(".title").render())
        await pilot.press("home", *["right"] * 3)  # March to June of 2024
        await until(pilot, lambda: "as of 30 Jun 2024" in screen(app))
        await settled(pilot)
        assert ("works at", "Blattwerk Karten", "active") in listed(app)
        await pilot.press("end")
        await until(pilot, lambda: "as of" not in str(app.pane.query_one(".title").render()))
        await settled(pilot)
        assert ("works at", "Hydrocarte", "active") in listed(app)
        assert "●  now" in screen(app)

    drive(flow, memory.config)


def test_what_rests_on_a_wrong_moment_is_decided_there_and_then(memory: Home) -> None:
    def vets() -> dict[str, str]:
        found = memory.call("facts", who="Ines Halloran", history=True)["facts"]
        return {f["object"]: f["status"] for f in found if f["relation"] == "vet"}

    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        before = vets()
        assert before
        vet = next(
            f for f in memory.call("facts", who="Ines Halloran")["facts"] if f["relation"] == "vet"
        )
        source = vet["evidence"][0]
        await pilot.press("escape", "2")
        await paste(app, pilot, source["quote"])
        hits = app.pane.query_one(MomentList)
        await until(pilot, lambda: source["moment"] in [m["id"] for m in hits.moments])
        hits.focus()
        hits.cursor = [m["id"] for m in hits.moments].index(source["moment"])
        await pilot.press("w")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        assert "Marked as wrong" in screen(app)
        facts = app.screen.query_one(FactList)
        facts.highlighted = next(
            n for n, row in enumerate(facts.rows) if row.fact and row.fact["id"] == vet["id"]
        )
        await pilot.press("r")
        await until(pilot, lambda: vets()[vet["object"]] == "rejected")
        await until(pilot, lambda: "rejected" in [r.fact["status"] for r in facts.rows if r.fact])
        await pilot.press("ctrl+z")
        await until(pilot, lambda: vets() == before)
        await pilot.press("ctrl+z", "escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        await until(pilot, lambda: memory.call("show", id=source["moment"])["marks"] == [])

    drive(flow, memory.config)
