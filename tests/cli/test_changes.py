"""`forget`, `log`, `undo`, `redo`: nothing goes without a yes, and everything can come back."""

from __future__ import annotations

from pathlib import Path

from tests.cli.terminal import in_terminal, plain
from tests.home import Home, chat


def _notes(home: Home, *texts: str) -> None:
    for text in texts:
        assert home.run("note", text).code == 0


def test_forgetting_shows_what_goes_and_can_be_taken_back(shared: Home) -> None:
    _notes(shared, "the surprise party", "the museum ticket")
    (hit,) = shared.run("recall", "party", "--json").json["hits"]

    refused = shared.run("forget", hit["id"][:8])
    assert refused.code == 1
    assert "the surprise party" in refused.out
    assert refused.err.startswith("error: forgetting needs a yes — --yes says it")

    dry = shared.run("forget", hit["id"], "--dry-run")
    assert dry.code == 0
    assert "1 moment would be forgotten" in dry.out
    assert shared.run("recall", "party").code == 0

    done = shared.run("forget", hit["id"], "--yes")
    assert done.code == 0
    assert "forgot 1 moment\n`secondme undo` brings it back, for 30 days" in done.out
    assert shared.run("recall", "party").code == 1

    assert "taken back: forget" in shared.run("undo").out
    assert shared.run("recall", "party", "--json").json["hits"][0]["id"] == hit["id"]


def test_forgetting_by_query_speaker_and_time(shared: Home) -> None:
    _notes(shared, "quince tree", "quince cake", "kettle")
    shared.run("note", "a violin", "--who", "Eve", "--time", "2020-01-01")
    found = shared.run("forget", "--query", "quince", "-k", "5", "--dry-run", "--json").json
    assert found["count"] == 2
    assert shared.run("forget", "--who", "eve", "--yes", "--json").json["count"] == 1
    assert shared.run("forget", "--before", "2021", "--yes").code == 1, "it is gone already"
    assert shared.run("forget", "--yes").code == 2, "what is not said"


def test_many_moments_are_summed_up(shared: Home, tmp_path: Path) -> None:
    chat(tmp_path / "garden.jsonl", "garden", 25)
    shared.run("add", str(tmp_path / "garden.jsonl"))
    dry = shared.run("forget", "--source", "garden", "--dry-run").out
    assert "25 moments would be forgotten" in dry
    assert dry.count("marker") == 10
    assert "and 15 more" in dry
    assert shared.run("forget", "--source", "garden", "--yes", "--json").json["count"] == 25


def test_the_prompt_takes_no_for_an_answer(shared: Home) -> None:
    _notes(shared, "a cookbook")
    for typed, code, left in (
        ("n\n", 1, True),
        ("\n", 1, True),
        ("\x03", 130, True),
        ("y\n", 0, False),
    ):
        ended, written = in_terminal(
            shared, "forget", "--query", "cookbook", keys=(("[y/N]", typed),)
        )
        assert ended == code, written
        assert "Forget 1 moment?" in plain(written)
        assert (shared.run("recall", "cookbook").code == 0) is left
        assert "Traceback" not in written


def test_the_log_has_every_change_newest_first_under_ids_that_undo_takes(fresh: Home) -> None:
    assert fresh.run("log").out == "nothing has changed yet\n"
    _notes(fresh, "first", "second", "third")
    head, *lines = fresh.run("log").out.splitlines()
    assert head.split() == ["id", "time", "kind", "by", "what"]
    assert [line.split()[-1] for line in lines] == ["third", "second", "first"]

    first = lines[-1].split()[0]
    assert fresh.run("undo", first).code == 0
    assert fresh.run("recall", "first").code == 1
    assert fresh.run("recall", "second").code == 0
    assert "(taken back)" in fresh.run("log").out
    again = fresh.run("undo", first)
    assert again.code == 1
    assert "was taken back already" in again.err
    assert len(fresh.run("log", "-n", "2", "--kind", "note", "--json").json["entries"]) == 2
    older = fresh.run("log", "--before", lines[0].split()[0]).out
    assert "third" not in older
    assert "second" in older
    assert fresh.run("log", "--kind", "colour").out == "no such change\n"
    assert fresh.run("log", "--before", "zzz").code == 1


def test_what_was_taken_back_is_done_again(fresh: Home) -> None:
    assert fresh.run("redo").err == (
        "error: no change has been taken back, so none can be done again\n"
    )
    _notes(fresh, "a heron")
    assert fresh.run("undo").out.endswith("a heron\n`secondme redo` does it again\n")
    assert fresh.run("recall", "heron").code == 1
    done = fresh.run("redo")
    assert done.code == 0
    assert done.out.startswith("done again: note of ")
    assert done.out.endswith(", a heron\n")
    assert fresh.run("recall", "heron").code == 0
    kinds = [(e["kind"], e["undone_by"]) for e in fresh.run("log", "--json").json["entries"]]
    assert [kind for kind, _ in kinds] == ["redo", "undo", "note"]
    assert [bool(by) for _, by in kinds] == [False, True, False]
    assert "a heron (done again)" in fresh.run("log").out


def test_the_log_has_the_persons_own_folder_as_a_tilde(cold: Home, tmp_path: Path) -> None:
    cold.env["HOME"] = str(tmp_path)
    (tmp_path / "plans.md").write_text("a kayak\n")
    assert cold.run("add", "~/plans.md").code == 0, "even where quotes kept it from the shell"
    assert cold.run("log").out.endswith("1 new item, 1 moment from ~/plans.md\n")
    assert cold.run("undo").out.splitlines()[0].endswith(" from ~/plans.md")
    assert cold.run("export", "~/backup").out.endswith(" to ~/backup\n")
    assert (tmp_path / "backup" / "manifest.json").exists()


def test_with_nothing_to_take_back_undo_says_so(fresh: Home) -> None:
    done = fresh.run("undo")
    assert (done.code, done.err) == (1, "error: there is no change to take back\n")


def test_erasing_for_good_says_so_and_asks(fresh: Home) -> None:
    _notes(fresh, "the diary of a zebra", "the museum ticket")
    refused = fresh.run("forget", "--query", "zebra", "-k", "1", "--hard")
    assert refused.code == 1
    assert "1 moment will be erased for good" in refused.out
    assert refused.err.startswith("error: forgetting needs a yes")

    code, screen = in_terminal(
        fresh, "forget", "--query", "zebra", "-k", "1", "--hard", keys=(("[y/N]", "y\n"),)
    )
    assert code == 0
    assert "Erase 1 moment for good? This cannot be undone." in plain(screen)
    assert "erased 1 moment for good" in plain(screen)
    assert fresh.run("recall", "zebra").code == 1

    entry = fresh.run("log", "--kind", "erase", "--json").json["entries"][0]["id"]
    undone = fresh.run("undo", entry)
    assert undone.code == 1
    assert "cannot be taken back" in undone.err
    misused = fresh.run("forget", "--forgotten")
    assert misused.code == 2
    assert "add --hard" in misused.err


def test_what_was_read_and_by_whom(fresh: Home) -> None:
    assert fresh.run("log", "--reads").out == "nothing was read\n"
    _notes(fresh, "the surprise party", "a museum ticket")
    fresh.run("recall", "party", "-k", "1")
    fresh.call("recall", question="ticket", k=1)
    head, *lines = fresh.run("log", "--reads").out.splitlines()
    assert head.split() == ["time", "by", "how", "moments", "the", "first", "of", "them"]
    assert [" ".join(line.split()[4:]) for line in lines] == [
        "test recall 1 a museum ticket",
        "cli recall 1 the surprise party",
    ]
    assert fresh.run("log", "--reads", "--kind", "show").out == "nothing was read\n"
