"""The whole way with the real models: embedding, recall by meaning, answers, and workers that die."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from secondme.errors import SecondMeError, WorkerError
from tests.conftest import DEMO
from tests.home import Done, Home, chat, until

pytestmark = [pytest.mark.slow, pytest.mark.models]


@pytest.fixture
def home(tmp_path: Path, models_dir: Path, e5_packed: Path, smollm: Path):
    home = Home(tmp_path / "home", models=str(models_dir), language_model="smollm2-135m")
    yield home
    home.kill()


def worker(home: Home, role: str) -> dict[str, Any]:
    return next(w for w in home.call("core-status")["workers"] if w["role"] == role)


def test_the_demo_life_comes_in_whole(taken_in: tuple[Home, Done]) -> None:
    demo, done = taken_in
    assert done.code == 0, done
    assert done.json["skipped"] == []
    assert done.json["items"]["new"] >= 200
    assert done.json["pending"] == 0
    assert {c["name"]: c["detail"] for c in demo.call("doctor")["checks"] if not c["ok"]} == {}


def test_the_evidence_of_the_demos_questions_is_recalled(demo: Home) -> None:
    questions = [q for q in json.loads((DEMO / "questions.json").read_text()) if not q["refuse"]]
    found = 0
    for question in questions:
        texts = [
            h["text"] for h in demo.call("recall", question=question["question"], k=10)["hits"]
        ]
        evidence = [" ".join(e["text"].split()) for e in question["evidence"]]
        found += all(any(e in " ".join(t.split()) for t in texts) for e in evidence)
    assert found >= 0.8 * len(questions), f"{found} of {len(questions)}"


def test_meaning_finds_what_shares_no_word(demo: Home) -> None:
    hits = demo.call("recall", question="Wann wurde das Auto verkauft?", k=5)["hits"]
    assert any(h["text"].startswith("Sold Pepper today") for h in hits)


def test_the_demos_three_questions(demo: Home) -> None:
    allergic, rent, tokyo = json.loads((DEMO / "questions.json").read_text())[:3]
    done = demo.run("ask", "--json", allergic["question"], timeout=300)
    answer = done.json
    assert done.code == 0
    assert "hazelnut" in answer["answer"].lower()
    citation = answer["citations"][0]
    assert "hazelnut" in citation["text"].lower()
    path = Path(citation["path"])
    assert "hazelnut" in path.read_bytes()[slice(*citation["span"])].decode().lower()
    assert "1,062" in demo.run("ask", "--json", rent["question"], timeout=300).json["answer"]
    refused = demo.run("ask", "--json", tokyo["question"], timeout=300)
    assert refused.code == 1, refused
    assert refused.json["refused"] is True
    assert "Tokyo" in " ".join(refused.json["looked_for"])


@pytest.mark.parametrize(
    "question",
    ["What is my blood type?", "How many brothers do I have?", "What is Julien's shoe size?"],
)
def test_what_the_demo_life_does_not_say_is_refused(demo: Home, question: str) -> None:
    assert demo.finish("ask", question=question)["refused"]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Where did we go instead of Lofoten?", "Aiguebelette"),
        ("When does my passport expire?", "24 March 2035"),
        ("What did avó say about the lemon tree?", "A lemon tree wants to be shouted at"),
        ("How many boxes did we move?", "43"),
        ("How tall is Gertrud?", "1.85"),
        ("Did we take the ferry to Moskenes?", "no"),
    ],
)
def test_what_the_demo_life_says_is_answered(demo: Home, question: str, answer: str) -> None:
    result = demo.finish("ask", question=question, now="2026-03-01T12:00:00+01:00")
    assert answer in result["answer"]
    assert result["citations"]


def test_an_answer_streams_and_can_be_stopped(demo: Home) -> None:
    events = demo.client.stream("ask", question="What is Ines allergic to?")
    kinds = []
    for event in events:
        kinds.append(event["event"])
        if event["event"] == "token":
            break
    events.close()
    assert kinds[0] == "recalled"
    result = demo.finish("ask", question="What is Ines allergic to?")
    assert result["answer"]


def test_a_conversation_is_remembered_unless_it_is_private(home: Home) -> None:
    home.call("note", text="The spare key hangs behind the kettle")
    first = home.finish("chat", message="Where does the spare key hang?", conversation="c1")
    assert len(first["remembered"]) == 2
    assert (
        home.finish("chat", message="My locker code is 4711", conversation="c2", private=True)[
            "remembered"
        ]
        == []
    )
    hits = [h["text"] for h in home.call("recall", question="locker code 4711", k=5)["hits"]]
    assert "My locker code is 4711" not in hits
    again = home.finish("ask", question="Where does the spare key hang?")
    assert all(c["text"] == "The spare key hangs behind the kettle" for c in again["citations"])


def test_a_killed_embedder_costs_one_request_at_most(home: Home, tmp_path: Path) -> None:
    chat(tmp_path / "c.jsonl", "c", 30)
    home.finish("add", paths=[str(tmp_path / "c.jsonl")], wait=True)
    os.kill(worker(home, "embedder")["pid"], signal.SIGKILL)
    assert home.call("recall", question="markercx7")["hits"]  # by words, at the least
    until(
        lambda: home.call("recall", question="something to ride on", explain=True)["hits"][0][
            "explain"
        ]["meaning"]["share"]
    )


def test_the_best_order_is_read_by_a_model_and_its_end_costs_one_question_at_most(
    home: Home,
) -> None:
    for text in ("I painted the lake at sunset", "The lake is cold in May", "I like to paint"):
        home.call("note", text=text)
    asked = {"question": "Which lake did I paint?", "best": True, "explain": True}
    found = home.call("recall", **asked)
    assert len(found["hits"]) == 3
    assert found["took"]["reading"] > 0
    shares = [hit["explain"]["reading"]["share"] for hit in found["hits"]]
    assert sum(shares) == pytest.approx(0, abs=0.01)
    os.kill(worker(home, "ranker")["pid"], signal.SIGKILL)
    with contextlib.suppress(WorkerError):
        home.call("recall", **asked)
    assert home.call("recall", **asked)["hits"][0]["id"] == found["hits"][0]["id"]


def test_a_killed_language_model_is_one_line_and_the_next_question_works(home: Home) -> None:
    home.call("note", text="The spare key hangs behind the kettle")
    home.finish("ask", question="Where does the spare key hang?")
    pid = worker(home, "language")["pid"]
    failures: list[SecondMeError] = []

    def ask() -> None:
        try:
            home.finish(
                "ask", question="Please tell me where it is that the spare key hangs at the moment?"
            )
        except SecondMeError as error:
            failures.append(error)

    os.kill(pid, signal.SIGSTOP)  # so that the question is certainly under way when it dies
    asking = threading.Thread(target=ask)
    asking.start()
    until(lambda: worker(home, "language")["state"] == "busy")
    os.kill(pid, signal.SIGKILL)
    asking.join(60)
    assert len(failures) == 1
    assert "\n" not in failures[0].line()
    assert home.finish("ask", question="Where does the spare key hang?")["answer"]
    assert worker(home, "language")["pid"] != pid


def test_a_killed_index_process_is_replaced_and_rebuilt_if_need_be(
    home: Home, tmp_path: Path
) -> None:
    chat(tmp_path / "c.jsonl", "c", 60)
    home.finish("add", paths=[str(tmp_path / "c.jsonl")], wait=True)
    os.kill(worker(home, "index")["pid"], signal.SIGKILL)
    assert home.call("recall", question="markercx7")["hits"]
    until(
        lambda: (
            home.call("core-status")["index"]["state"] == "ready" and worker(home, "index")["pid"]
        )
    )
    assert all(c["ok"] for c in home.call("doctor")["checks"] if c["name"] == "vector index")


MEANT = "something to ride on in the garden"


@pytest.fixture(scope="module")
def at_rest(
    tmp_path_factory: pytest.TempPathFactory, models_dir: Path, e5_packed: Path
) -> tuple[Path, list[str]]:
    """The folder of a memory at rest, and what it recalled.

    It holds few enough moments that all are candidates: no approximation."""
    folder = tmp_path_factory.mktemp("rest")
    chat(folder / "c.jsonl", "c", 150)
    home = Home(folder / "home", models=str(models_dir))
    try:
        home.finish("add", paths=[str(folder / "c.jsonl")], wait=True)
        home.finish("consolidate", now=True)
        return home.path, found(home)
    finally:
        home.stop()


def found(home: Home) -> list[str]:
    """What is recalled by meaning, best first."""
    return [h["id"] for h in home.call("recall", question=MEANT, k=20)["hits"]]


@pytest.mark.parametrize("damage", ["removed", "cut", "zeroed", "grown"])
def test_a_damaged_index_is_mended_from_the_record(
    at_rest: tuple[Path, list[str]], tmp_path: Path, models_dir: Path, damage: str
) -> None:
    """While it is at rest, every file of the index at once; each alone is tested beside the index."""
    before = at_rest[1]
    shutil.copytree(at_rest[0], tmp_path / "home")
    home = Home(tmp_path / "home", models=str(models_dir))
    files = [p for p in home.config.chroma_dir.rglob("*") if p.is_file() and p.stat().st_size > 64]
    assert files
    for path in files:
        data = path.read_bytes()
        if damage == "removed":
            path.unlink()
        else:
            path.write_bytes(
                {"cut": data[: len(data) // 2], "zeroed": bytes(len(data)), "grown": data * 3}[
                    damage
                ]
            )
    try:
        assert home.call("recall", question="markercx7", k=1)["hits"][0]["external_id"] == "c-7"
        until(lambda: home.call("core-status")["index"]["state"] == "ready")
        assert found(home) == before
    finally:
        home.kill()


def test_changing_the_embedder_serves_the_old_vectors_until_the_new_are_there(
    home: Home, tmp_path: Path, models_dir: Path
) -> None:
    from secondme.model import catalog, fetch

    fetch.fetch(catalog.find("e5-small-enpt"), models_dir)
    chat(tmp_path / "c.jsonl", "c", 200)
    home.finish("add", paths=[str(tmp_path / "c.jsonl")], wait=True)
    used = home.call("model-use", name="e5-small-enpt")
    assert used["role"] == "embedder"
    question = "something to ride on"
    hit = home.call("recall", question=question, explain=True)["hits"][0]
    assert hit["explain"]["meaning"]["share"] != 0  # by meaning, with the old vectors
    until(
        lambda: (
            [w["model"] for w in home.call("core-status")["workers"] if w["role"] == "embedder"]
            == ["e5-small-enpt"]
        )
    )
    until(lambda: home.call("core-status")["index"]["state"] == "ready")
    assert home.call("core-status")["pending"] == 0
    assert (
        home.call("recall", question=question, explain=True)["hits"][0]["explain"]["meaning"][
            "share"
        ]
        != 0
    )
    home.client.stop()
    assert home.call("recall", question=question)["hits"]
    assert home.call("status")["embedder"]["name"] == "e5-small-enpt"


def test_export_and_import_bring_back_the_same_recall(home: Home, tmp_path: Path) -> None:
    chat(tmp_path / "c.jsonl", "c", 120)
    home.finish("add", paths=[str(tmp_path / "c.jsonl")], wait=True)
    home.finish("export", path=str(tmp_path / "out"))
    other = Home(tmp_path / "other", models=str(home.config.models_dir))
    try:
        other.finish("import", path=str(tmp_path / "out"))
        other.finish("embed")
        until(lambda: worker(other, "index")["state"] == "ready")
        for question in ("something to ride on", "music in the evening", "when does it leave?"):
            until(lambda q=question: hits(other, q) == hits(home, q))
    finally:
        other.kill()


def hits(home: Home, question: str) -> list[tuple[str, float]]:
    return [(h["id"], h["score"]) for h in home.call("recall", question=question, k=10)["hits"]]


def test_a_chroma_server_can_hold_the_index(
    tmp_path: Path, models_dir: Path, e5_packed: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    command = [
        str(Path(sys.executable).parent / "chroma"),
        "run",
        "--path",
        str(tmp_path / "server"),
        "--port",
        str(port),
    ]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    home = Home(tmp_path / "home", models=str(models_dir), chroma_url=f"http://127.0.0.1:{port}")
    try:
        until(lambda: answers(port))
        chat(tmp_path / "c.jsonl", "c", 40)
        home.finish("add", paths=[str(tmp_path / "c.jsonl")], wait=True)
        until(lambda: home.call("core-status")["index"]["state"] == "ready")
        hit = home.call("recall", question="something to ride on", explain=True)["hits"][0]
        assert hit["explain"]["meaning"]["share"] != 0
        assert str(port) in home.call("status")["leaves_machine"][0]
    finally:
        home.stop()
        server.terminate()
        server.wait(20)


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
