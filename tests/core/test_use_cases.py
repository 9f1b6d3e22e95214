"""What the core can do, through its use cases, by words alone (no model needed)."""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from secondme.errors import BadInputError, NotFoundError, RefusedError
from tests.home import Home, chat, until
from tests.model.random_model import write_random_model


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory):
    home = Home(tmp_path_factory.mktemp("home"))
    yield home
    home.stop()


@pytest.fixture
def own(tmp_path: Path):
    home = Home(tmp_path / "home", settle="0.2")
    yield home
    home.kill()


def texts(home: Home, question: str, **params) -> list[str]:
    return [hit["text"] for hit in home.call("recall", question=question, **params)["hits"]]


def test_a_note_is_found_at_once(home: Home) -> None:
    noted = home.call("note", text="The piano tuner comes on Thursday")
    hit = home.call("recall", question="when does the piano tuner come?")["hits"][0]
    assert hit["id"] == noted["id"]
    assert hit["text"] == "The piano tuner comes on Thursday"


def test_filters_by_time_speaker_and_source(home: Home, tmp_path: Path) -> None:
    chat(tmp_path / "garden.jsonl", "garden", 28)
    home.finish("add", paths=[str(tmp_path / "garden.jsonl")])
    assert all(
        h["speaker"] == "Ana" for h in home.call("recall", question="bicycle", who="ana")["hits"]
    )
    early = home.call(
        "recall", question="bicycle garden", before="2024-05-10", after="2024-05-03", k=50
    )["hits"]
    assert early
    assert all("2024-05-03" <= h["time"][:10] < "2024-05-10" for h in early)
    assert texts(home, "bicycle", source="garden.jsonl")
    assert texts(home, "bicycle", source="nowhere.jsonl") == []
    words = {"before": "am 10. Mai", "after": "two weeks ago", "now": "2024-05-16"}
    assert home.call("recall", question="bicycle garden", **words, k=50)["hits"]
    with pytest.raises(BadInputError, match="'whenever' is no date"):
        home.call("recall", question="x", before="whenever")
    with pytest.raises(BadInputError, match="nothing can be after"):
        home.call("recall", question="x", before="2023", after="2024")


def test_a_token_budget_keeps_the_best(home: Home, tmp_path: Path) -> None:
    chat(tmp_path / "b.jsonl", "budget", 60)
    home.finish("add", paths=[str(tmp_path / "b.jsonl")])
    home.finish("consolidate", now=True)  # what is in an episode goes before what is in none yet
    whole = home.call("recall", question="markerbudgetx7 kettle lemon", k=20)["hits"]
    packed = home.call("recall", question="markerbudgetx7 kettle lemon", k=20, tokens=60)["hits"]
    assert packed[0] == whole[0]
    assert sum(len(h["text"]) for h in packed) / 4 <= 60


def test_explain_says_how_a_hit_was_found(home: Home) -> None:
    home.call("note", text="Explain the zeppelin")
    home.call("note", text="A zeppelin over the lake, and nothing else to say about it")
    hit = home.call("recall", question="zeppelin", explain=True)["hits"][0]
    assert hit["explain"]["words"]["rank"] in (1, 2)
    assert hit["score"] == pytest.approx(sum(v["share"] for v in hit["explain"].values()), abs=0.01)


def test_neighbours_come_with_a_hit_when_asked_for(home: Home, tmp_path: Path) -> None:
    chat(tmp_path / "n.jsonl", "near", 10)
    home.finish("add", paths=[str(tmp_path / "n.jsonl")])
    hit = home.call("recall", question="markernearx5", k=1, around=2)["hits"][0]
    assert [m["external_id"] for m in hit["before"]] == ["near-3", "near-4"]
    assert [m["external_id"] for m in hit["after"]] == ["near-6", "near-7"]


@pytest.mark.parametrize("question", ["", "   ", "?!…", "\u200b"])
def test_a_question_without_a_word_is_one_clear_line(home: Home, question: str) -> None:
    with pytest.raises(BadInputError, match="the question is empty"):
        home.call("recall", question=question)


@pytest.mark.parametrize(
    "question",
    [
        "the of in",
        '"AND" NEAR(x) *',
        "wort " * 10_000,
        "昨日はどこ",
        "\ud800 lone",
        "a\x00b",
        "'; drop table moments; --",
    ],
)
def test_odd_questions_are_answered_all_the_same(home: Home, question: str) -> None:
    assert "hits" in home.call("recall", question=question)


def test_showing_a_moment_gives_its_surroundings_and_the_bytes_it_came_from(
    home: Home, tmp_path: Path
) -> None:
    path = tmp_path / "show.jsonl"
    chat(path, "show", 9)
    home.finish("add", paths=[str(path)])
    hit = home.call("recall", question="markershowx4", k=1)["hits"][0]
    shown = home.call("show", id=hit["id"][:9], around=2)
    assert [m["external_id"] for m in shown["before"] + shown["after"]] == [
        "show-2",
        "show-3",
        "show-5",
        "show-6",
    ]
    assert json.loads(shown["passage"])["id"] == "show-4"
    assert path.read_bytes()[slice(*shown["span"])].decode().strip() == shown["passage"].strip()
    with pytest.raises(NotFoundError):
        home.call("show", id="nothing")


def test_forgetting_shows_first_then_does_and_can_be_undone(own: Home) -> None:
    for text in ("the parrot is green", "the parrot is loud", "the cat is grey"):
        own.call("note", text=text)
    dry = own.call("forget", query="parrot", dry_run=True)
    assert dry["count"] == 2
    assert len(texts(own, "parrot")) == 2
    own.call("forget", query="parrot")
    assert texts(own, "parrot") == []
    assert own.call("undo")["moments"] == 2
    assert len(texts(own, "parrot")) == 2
    with pytest.raises(BadInputError, match="say what to forget"):
        own.call("forget")
    with pytest.raises(NotFoundError, match="nothing matches"):
        own.call("forget", who="nobody at all")


def test_the_journal_tells_every_change_and_takes_any_back(own: Home, tmp_path: Path) -> None:
    own.call("note", text="first")
    chat(tmp_path / "j.jsonl", "j", 3)
    own.finish("add", paths=[str(tmp_path / "j.jsonl")])
    entries = own.call("log")["entries"]
    assert [e["kind"] for e in entries] == ["add", "note"]
    own.call("undo", id=entries[1]["id"])
    assert texts(own, "first") == []
    with pytest.raises(RefusedError, match="already"):
        own.call("undo", id=entries[1]["id"])
    own.call("undo")
    assert own.call("status")["moments"] == 0
    with pytest.raises(NotFoundError, match="no change to take back"):
        own.call("undo")


def test_what_was_taken_back_can_be_done_again(own: Home, tmp_path: Path) -> None:
    own.call("note", text="a heron by the canal")
    own.call("forget", query="heron")
    own.call("undo")
    assert texts(own, "heron")
    again = own.call("redo")
    assert (again["redone"]["kind"], again["moments"]) == ("forget", 1)
    assert texts(own, "heron") == []
    assert own.call("undo")["moments"] == 1
    assert texts(own, "heron")

    note = own.call("log", kind="note")["entries"][0]["id"]
    taken = own.call("undo", id=note)
    assert texts(own, "heron") == []
    own.call("undo", id=taken["journal"])  # an undo is taken back by its own id
    assert texts(own, "heron")
    own.call("undo", id=own.call("log", kind="redo")["entries"][0]["id"])  # and so is a redo
    assert texts(own, "heron") == []
    own.call("redo", id=note)
    assert texts(own, "heron")
    with pytest.raises(RefusedError, match="was not taken back"):
        own.call("redo", id=note)
    with pytest.raises(RefusedError, match="already"):
        own.call("undo", id=taken["journal"])
    kinds = [e["kind"] for e in own.call("log")["entries"]]
    assert kinds == "redo undo redo undo undo redo undo forget note".split()


def test_a_change_of_a_file_is_taken_back_and_done_again(own: Home, tmp_path: Path) -> None:
    file = tmp_path / "plan.md"
    file.write_text("Buy a kayak.\n")
    own.finish("add", paths=[str(file)])
    file.write_text("Buy a canoe.\n")
    own.finish("add", paths=[str(file)])
    ids = [h["id"] for h in own.call("recall", question="canoe")["hits"]]
    own.call("undo")
    assert texts(own, "kayak canoe") == ["Buy a kayak."]
    own.call("redo")
    assert texts(own, "kayak canoe") == ["Buy a canoe."]
    assert [h["id"] for h in own.call("recall", question="canoe")["hits"]] == ids
    assert own.finish("add", paths=[str(file)])["summary"] == "nothing new"

    own.call("undo", id=own.call("log", kind="add")["entries"][1]["id"])
    assert own.call("status")["items"] == 0
    own.finish("add", paths=[str(file)])
    own.call("redo")
    assert own.call("status")["moments"] == 1, "what has come in again since is not doubled"


def test_sources_and_watching_are_taken_back_and_done_again(own: Home, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "a.md").write_text("The umbrella is in the hall.\n")
    own.call("watch", path=str(folder))
    wait_for(own, "umbrella", 1)
    own.call("source-remove", source=str(folder), forget=True)
    own.call("undo")
    own.call("redo")
    assert own.call("sources")["sources"] == []
    assert texts(own, "umbrella") == []
    assert own.call("core-status")["watching"] is False
    own.call("undo")
    assert texts(own, "umbrella") == ["The umbrella is in the hall."]
    watch = own.call("log", kind="watch")["entries"][0]["id"]
    own.call("undo", id=watch)
    assert own.call("core-status")["watching"] is False
    own.call("redo", id=watch)
    assert own.call("core-status")["watching"] is True


def test_the_journal_names_what_came_in_once_and_shortly(own: Home, tmp_path: Path) -> None:
    for name in "abcdef":
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.md").write_text(f"all about {name}\n")
    own.finish("add", paths=[str(tmp_path / "a"), str(tmp_path)])
    (tmp_path / "b" / "b.md").write_text("more about b\n")
    own.finish("add", paths=[str(tmp_path)])
    (tmp_path / "a" / "a.md").write_text("more about a\n")
    for name in "bcdef":
        (tmp_path / name / f"{name}.md").write_text(f"something about {name}\n")
    own.finish("add", paths=[str(tmp_path / name) for name in "abcdef"])
    three, one, all_ = (e["summary"] for e in own.call("log")["entries"])
    assert all_ == f"6 new items, 6 moments from {tmp_path}"
    assert one == f"1 changed item, 1 moment from {tmp_path}/b/b.md"
    assert three.endswith(f" from {tmp_path}/a, {tmp_path}/b, {tmp_path}/c, 3 more")


def test_what_was_forgotten_long_ago_is_erased(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", undo_days="0")
    try:
        noted = home.call("note", text="the xylophone is under the stairs")
        home.call("undo")
        home.call("redo")
        home.call("forget", ids=[noted["id"]])
        home.client.stop()
        home.call("status")
        deadline = time.monotonic() + 10
        while b"xylophone" in home.config.database.read_bytes() and time.monotonic() < deadline:
            time.sleep(0.1)
            home.client.stop()
            home.call("status")
        assert b"xylophone" not in home.config.database.read_bytes()
        with pytest.raises(NotFoundError, match="erased for good"):
            home.call("undo", id=home.call("log", kind="forget")["entries"][0]["id"])
    finally:
        home.stop()


def test_sources_can_be_watched_and_taken_out(own: Home, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "a.md").write_text("The umbrella is in the hall.\n")
    own.call("watch", path=str(folder))
    wait_for(own, "umbrella", 1)
    (folder / "b.md").write_text("The umbrella stand is broken.\n")
    wait_for(own, "umbrella", 2)
    (folder / "b.md").write_text("The umbrella stand is mended.\n")
    wait_for(own, "mended", 1)
    assert texts(own, "broken") == []
    (folder / ".hidden.md").write_text("umbrella umbrella\n")
    (folder / "sub").mkdir()
    (folder / "sub" / "c.md").write_text("A third umbrella.\n")
    wait_for(own, "umbrella", 3)
    (folder / "a.md").unlink()
    until_gone(own, folder / "a.md")
    assert len(texts(own, "umbrella")) == 3  # a deleted file is still remembered
    listed = own.call("sources")["sources"]
    assert [(s["path"], s["watched"]) for s in listed] == [(str(folder), True)]
    own.call("source-remove", source=str(folder), forget=True)
    assert texts(own, "umbrella") == []
    own.call("undo")
    assert len(texts(own, "umbrella")) == 3


def test_a_watched_folder_is_caught_up_with_after_a_restart(own: Home, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    own.call("watch", path=str(folder))
    own.client.stop()
    (folder / "late.md").write_text("Written while nobody watched.\n")
    own.call("status")
    wait_for(own, "nobody watched", 1)


def until_gone(home: Home, path: Path) -> None:
    """Wait until the core has noticed that a file is not there any more."""

    def gone() -> object:
        with closing(sqlite3.connect(f"file:{home.config.database}?mode=ro", uri=True)) as db:
            ((at,),) = db.execute("select gone_at from places where path = ?", (str(path),))
        return at

    until(gone)


def wait_for(home: Home, question: str, count: int) -> None:
    until(lambda: len(texts(home, question)) == count)


def test_export_and_import_bring_back_the_same_memory(own: Home, tmp_path: Path) -> None:
    chat(tmp_path / "x.jsonl", "x", 30)
    (tmp_path / "n.md").write_text("# Plans\n\nBuy a kayak.\n\nSell the canoe.\n")
    own.finish("add", paths=[str(tmp_path / "x.jsonl"), str(tmp_path / "n.md")])
    (tmp_path / "n.md").write_text("# Plans\n\nBuy a kayak.\n")
    own.finish("add", paths=[str(tmp_path / "n.md")])
    own.finish("export", path=str(tmp_path / "out"))
    with pytest.raises(RefusedError, match="exists already"):
        own.finish("export", path=str(tmp_path / "out"))
    other = Home(tmp_path / "other")
    try:
        other.finish("import", path=str(tmp_path / "out"))
        own.finish("consolidate", now=True)
        other.finish("consolidate", now=True)
        for question in ("kayak", "markerxx7", "violin garden", "lighthouse"):
            assert (
                other.call("recall", question=question)["hits"]
                == own.call("recall", question=question)["hits"]
            )
        other.finish("import", path=str(tmp_path / "out"))  # twice changes nothing
        other.finish("export", path=str(tmp_path / "again"))
        for file in sorted((tmp_path / "out").rglob("*")):
            if file.is_file():
                assert (
                    tmp_path / "again" / file.relative_to(tmp_path / "out")
                ).read_bytes() == file.read_bytes()
        assert other.finish("add", paths=[str(tmp_path / "x.jsonl")])["summary"] == "nothing new"
    finally:
        other.kill()


def test_a_damaged_export_is_named_and_nothing_of_it_is_kept(own: Home, tmp_path: Path) -> None:
    own.call("note", text="one")
    own.finish("export", path=str(tmp_path / "out"))
    with (tmp_path / "out" / "moments.jsonl").open("a") as file:
        file.write("{broken\n")
    other = Home(tmp_path / "other")
    try:
        with pytest.raises(BadInputError, match=r"moments\.jsonl, line 2"):
            other.finish("import", path=str(tmp_path / "out"))
        assert other.call("status")["moments"] == 0
        with pytest.raises(BadInputError, match="holds no export"):
            other.finish("import", path=str(tmp_path))
    finally:
        other.kill()


def test_the_word_index_is_rebuilt_from_the_record(own: Home, tmp_path: Path) -> None:
    import sqlite3

    chat(tmp_path / "r.jsonl", "r", 20)
    own.finish("add", paths=[str(tmp_path / "r.jsonl")])
    before = texts(own, "violin garden")
    own.client.stop()
    db = sqlite3.connect(own.config.database)
    db.execute("update words_data set block = zeroblob(10) where id > 100")
    db.commit()
    db.close()
    assert texts(own, "violin garden") == before
    own.finish("index-rebuild")
    assert texts(own, "violin garden") == before
    checks = {c["name"]: c["ok"] for c in own.call("doctor")["checks"]}
    assert checks["record"]
    assert checks["word index"]


def test_nothing_leaves_the_machine_by_default(home: Home) -> None:
    assert home.call("status")["leaves_machine"] == []


def test_a_chroma_server_is_said_plainly(tmp_path: Path) -> None:
    home = Home(tmp_path, chroma_url="http://127.0.0.1:9")
    try:
        assert "127.0.0.1:9" in home.call("status")["leaves_machine"][0]
    finally:
        home.stop()


def test_asking_without_a_model_says_how_to_get_one(own: Home) -> None:
    own.call("note", text="The dentist took 90 euro for the filling.")
    with pytest.raises(NotFoundError) as error:
        own.finish("ask", question="What did the dentist take for the filling?")
    assert "secondme model fetch" in error.value.hint
    refused = own.finish("ask", question="Who won the regatta?")  # a refusal needs no model
    assert refused["refused"]


def test_the_best_order_needs_a_model_that_reads_and_says_how_to_get_it(own: Home) -> None:
    own.call("note", text="the dentist is in Elm Street")
    with pytest.raises(NotFoundError, match="'minilm-colbert' is not here") as error:
        own.call("recall", question="dentist", best=True)
    assert error.value.hint == "`secondme model fetch minilm-colbert`"


def test_a_model_that_is_not_here_cannot_be_used_or_removed(own: Home) -> None:
    with pytest.raises(NotFoundError, match="'smollm2-135m' is not here") as error:
        own.call("model-use", name="smollm2-135m")
    assert error.value.hint == "`secondme model fetch smollm2-135m`"
    with pytest.raises(NotFoundError, match="'smollm2-135m' is not here"):
        own.call("model-remove", name="smollm2-135m")


@pytest.mark.skipif(sys.platform != "linux", reason="the window works on Linux only")
def test_a_question_in_less_memory_leaves_the_model_as_it_was(tmp_path: Path) -> None:
    model = write_random_model(tmp_path / "random.gguf", "llama")
    home = Home(tmp_path / "home", language_model=str(model), threads="1")

    def worker() -> tuple[str, int | None, float | None]:
        workers = home.call("core-status")["workers"]
        (found,) = [w for w in workers if w["role"] == "language"] or [{}]
        return found.get("state"), found.get("pid"), found.get("budget_mb")

    try:
        home.call("note", text="The kettle is in the kitchen")
        home.finish("ask", question="where is the kettle?")
        state, first, budget = worker()
        assert (state, budget) == ("ready", None)
        home.finish("ask", question="where is the kettle?", memory=80)
        deadline = time.monotonic() + 60
        while (now := worker())[0] != "ready" or now[1] == first or now[2] is not None:
            assert time.monotonic() < deadline, now
            time.sleep(0.05)
    finally:
        home.kill()


def test_the_doctor_names_a_loose_file_once_and_makes_it_private(own: Home) -> None:
    own.call("note", text="something")
    loose = own.config.data_dir / "loose.txt"
    loose.write_text("x")
    loose.chmod(0o644)
    (own.config.data_dir / "link").symlink_to("nowhere")
    done = own.run("doctor", "--json")
    details = [c["detail"] for c in done.json["checks"] if str(loose) in c["detail"]]
    assert details == [f"{loose} can be read by others"]
    own.run("doctor", "--fix")
    assert loose.stat().st_mode & 0o777 == 0o600


def test_at_rest_nothing_is_said_of_embedding(own: Home) -> None:
    own.call("note", text="something")
    assert own.call("core-status")["embedding"] == {"rate": 0.0, "error": None}
    assert own.call("core-status")["index"] == {"state": "off", "reason": "", "says": "not open"}
    assert own.call("status")["index_says"] == "not open"


@pytest.mark.parametrize(
    ("message", "only_asks"),
    [
        ("Where does Ana live?", True),
        ("where does ana live? thanks!", True),
        ("Hello! Where is it? And when?", True),
        ("¿Dónde vive Ana?", True),
        ("アナはどこに住んでいますか？", True),
        ("I moved to Porto in May.", False),
        ("I moved to Porto in May. Did you know?", False),
        ("Ana asked me: shall we go? We did not.", False),
        ("", False),
    ],
)
def test_a_message_that_tells_something_is_no_mere_question(message: str, only_asks: bool) -> None:
    from secondme.core.service.answers import asks

    assert asks(message) is only_asks


def test_marks_and_uses_are_shown_taken_back_and_go_with_an_export(
    own: Home, tmp_path: Path
) -> None:
    noted = own.call("note", text="the boiler was mended")["id"]
    own.call("mark", ids=[noted[:9]], verdict="wrong")
    assert own.call("show", id=noted)["marks"] == ["wrong"]
    own.finish("export", path=str(tmp_path / "copy"))
    assert own.call("undo")["undone"]["kind"] == "mark"
    assert own.call("show", id=noted)["marks"] == []
    with pytest.raises(BadInputError, match="verdict"):
        own.call("mark", ids=[noted], verdict="so-so")
    with pytest.raises(NotFoundError):
        own.call("mark", ids=["mzzz"], verdict="good")
    other = Home(tmp_path / "other")
    try:
        other.finish("import", path=str(tmp_path / "copy"))
        assert other.call("show", id=noted)["marks"] == ["wrong"]
    finally:
        other.kill()


def test_episodes_are_there_after_consolidating(own: Home, tmp_path: Path) -> None:
    chat(tmp_path / "talk.jsonl", "talk", 20)
    own.finish("add", paths=[str(tmp_path / "talk.jsonl")])
    done = own.finish("consolidate", now=True)
    assert done["left"] == {"episodes": 0, "alike": 0}
    listed = own.call("episodes", who="Ana")["episodes"]
    assert sum(e["moments"] for e in listed) <= 20
    assert own.call("episodes", who="Zoe")["episodes"] == []
    hit = own.call("recall", question="markertalkx5", k=1)["hits"][0]
    episode = own.call("show", id=hit["id"])["episode"]
    assert hit["id"] in [m["id"] for m in own.call("show", id=episode["id"])["said"]]


def test_what_is_left_out_is_not_recalled_and_what_belongs_together_is_said(
    own: Home, tmp_path: Path
) -> None:
    chat(tmp_path / "garden.jsonl", "garden", 30)
    own.finish("add", paths=[str(tmp_path / "garden.jsonl")])
    own.finish("consolidate", now=True)
    found = own.call("recall", question="lighthouse in the garden", k=5, episodes=True)
    first, *others = [hit["id"] for hit in found["hits"]]
    here = [id_ for episode in found["episodes"] for id_ in episode["here"]]
    assert here
    assert set(here) <= {first, *others}
    assert all(episode["moments"] > 1 for episode in found["episodes"])
    again = own.call("recall", question="lighthouse in the garden", k=4, without=[first])
    assert [hit["id"] for hit in again["hits"]] == others
    day = own.call("timeline", when="2024-05-12")
    said = {moment["id"] for moment in day["moments"]}
    assert {id_ for episode in day["episodes"] for id_ in episode["here"]} <= said
    with pytest.raises(NotFoundError):
        own.call("recall", question="garden", without=["m0000000"])
