"""`recall` and `show` as people and as scripts read them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.terminal import variables
from tests.home import COMMAND, Home


def test_a_hit_says_who_when_where_and_how_to_name_it(memory: Home) -> None:
    done = memory.run("recall", "where are the keys to the flat")
    assert done.code == 0
    head, text = done.out.splitlines()[:2]
    assert head.startswith(" 1  12 May 2024, 18:30 · Ana · ")
    assert "family.jsonl:0-" in head
    assert text == "    We got the keys to the flat today!"
    short = head.split()[-1]
    assert memory.run("show", short).code == 0


def test_nothing_found_is_exit_code_1(memory: Home) -> None:
    done = memory.run("recall", "zebra")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("nothing found\n")
    as_json = memory.run("recall", "zebra", "--json")
    assert (as_json.code, as_json.json["hits"]) == (1, [])


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (("--who", "Ben"), ["fam-2"]),
        (("--source", "flat.md"), [None, None]),
        (("--after", "2024-05-12", "--before", "2024-05-13"), ["fam-1", "fam-2"]),
        (("-k", "1"), ["fam-1"]),
        (("--tokens", "20"), ["fam-1"]),
    ],
)
def test_filters_and_limits(
    memory: Home, options: tuple[str, ...], found: list[str | None]
) -> None:
    hits = memory.run("recall", "keys flat ladder Lisbon", *options, "--json").json["hits"]
    assert sorted(str(hit["external_id"]) for hit in hits) == sorted(map(str, found))


def test_what_stands_around_a_hit(memory: Home) -> None:
    done = memory.run("recall", "ladder", "-k", "1", "--around", "1")
    before, head, text, after = done.out.splitlines()
    assert before == "    Ana: We got the keys to the flat today!"
    assert head.startswith(" 1  12 May 2024, 18:31 · Ben · ")
    assert text == "    Wonderful, shall I bring the ladder on Saturday?"
    assert after == "    Ana: Yes please, and the drill."
    (hit,) = memory.run("recall", "ladder", "-k", "1", "--around", "1", "--json").json["hits"]
    assert [[m["external_id"] for m in hit[side]] for side in ("before", "after")] == [
        ["fam-1"],
        ["fam-3"],
    ]


def test_a_moment_tells_the_times_that_it_mentions(memory: Home) -> None:
    (hit,) = memory.run("recall", "ladder", "-k", "1", "--json").json["hits"]
    (time,) = hit["times"]
    assert time["words"] == hit["text"][time["start"] : time["end"]] == "Saturday"
    assert (time["from"], time["until"], time["granularity"]) == (
        "2024-05-18T00:00:00+01:00",
        "2024-05-19T00:00:00+01:00",
        "day",
    )
    assert "times    “Saturday” is 18 May 2024\n" in memory.run("show", hit["id"]).out


def test_a_time_in_the_question_is_weighed_and_told(memory: Home) -> None:
    told = ("recall", "what about the keys last Sunday?", "--now", "2024-05-15", "--explain")
    assert "“last Sunday” is 12 May 2024" in memory.run(*told).out
    (time,) = memory.run(*told, "--json").json["times"]
    assert time["words"] == "last Sunday"
    assert time["from"].startswith("2024-05-12T00:00:00")


def test_filters_take_words(memory: Home) -> None:
    options = ("--after", "last Sunday", "--before", "vorgestern", "--now", "2024-05-15")
    hits = memory.run("recall", "keys flat ladder Lisbon", *options, "--json").json["hits"]
    assert sorted(hit["external_id"] for hit in hits) == ["fam-1", "fam-2"]


def test_how_a_hit_was_found(memory: Home) -> None:
    done = memory.run("recall", "ladder", "--explain")
    assert any(
        line.strip().startswith("words") and "rank 1" in line for line in done.out.splitlines()
    )
    assert "took embedding" in done.out


def test_questions_come_from_arguments_or_a_pipe(memory: Home) -> None:
    asked = [
        memory.run("recall", "the ladder", "--json"),
        memory.run("recall", "the", "ladder", "--json"),
        memory.run("recall", "-", "--json", stdin="the ladder\n"),
        memory.run("recall", "--json", stdin="the ladder\n"),
    ]
    assert all(done.json["hits"] == asked[0].json["hits"] for done in asked)


def test_show_gives_the_surroundings_and_the_bytes(memory: Home) -> None:
    (hit,) = memory.run("recall", "ladder", "-k", "1", "--json").json["hits"]
    shown = memory.run("show", hit["id"]).out
    assert shown.index("keys to the flat") < shown.index("the ladder") < shown.index("the drill")
    assert "fam-2" in shown
    result = memory.run("show", hit["id"], "--around", "0", "--json").json
    assert (result["before"], result["after"]) == ([], [])
    start, end = hit["span"]
    assert Path(hit["path"]).read_bytes()[start:end].decode() == result["passage"]


def test_show_prints_lists_as_a_person_would(shared: Home, tmp_path: Path) -> None:
    note = tmp_path / "tagged.md"
    note.write_text("---\ntags: [sailing, winter]\n---\n\nThe dinghy needs varnish.\n")
    shared.run("add", str(note))
    (hit,) = shared.run("recall", "dinghy", "-k", "1", "--json").json["hits"]
    lines = shared.run("show", hit["id"]).out.splitlines()
    assert ["tags", "sailing,", "winter"] in [line.split() for line in lines]


def test_an_id_that_names_nothing_is_exit_code_1(memory: Home) -> None:
    done = memory.run("show", "mzzzzzzzz")
    assert done.code == 1
    assert done.err.startswith("error: no moment has an id beginning 'mzzzzzzzz'")


def test_words_alone_are_searched_without_an_embedder_and_it_says_so(memory: Home) -> None:
    done = memory.run("recall", "ladder")
    assert "searching by words only" in done.err
    assert "searching" not in done.out


def test_a_reader_that_goes_away_is_no_error(memory: Home) -> None:
    for command in ("recall flat --around 3", "log", "sources", "config list", "--help"):
        done = subprocess.run(
            f"{COMMAND} {command} | true; exit ${{PIPESTATUS[0]}}",
            shell=True,
            executable="/bin/bash",
            env=memory.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr
        assert "BrokenPipe" not in done.stderr
        assert "Exception" not in done.stderr


def test_text_survives_an_output_that_cannot_hold_it(shared: Home) -> None:
    with variables(shared, PYTHONIOENCODING="ascii"):
        shared.run("note", "the museum of Graça, 日本")
        assert "the museum of Gra?a, ??" in shared.run("recall", "Graça").out
        (hit,) = shared.run("recall", "Graça", "--json").json["hits"]
    assert hit["text"] == "the museum of Graça, 日本"


def test_control_characters_never_reach_the_terminal(shared: Home) -> None:
    shared.run("note", "-", stdin="before \x1b]0;owned\x07 \x1b[2J after\n")
    done = shared.run("recall", "before")
    assert "after" in done.out
    assert "\x1b" not in done.out
    assert "\x1b" not in shared.run("log").out
