"""Erasing for good: after it, no file of the memory holds a byte of what was erased."""

from __future__ import annotations

import json
import mailbox
import os
import sqlite3
import time
import zlib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from secondme.errors import NotFoundError
from tests.home import Home

LATIN = "zqxvwkjbrand"
CJK = "龘靐齉爩麤"
SUBJECT = "wvxqsubject"
KEPT = "the quince jam is on the third shelf"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "home")
    yield home
    home.kill()


def traces(home: Home, *words: str) -> list[str]:
    """The files of a home, and the packed originals in them, that hold one of the words.

    Each is looked for as UTF-8 and UTF-16, without its first two characters as well, since an index
    may keep a word's end alone; a word of a script without spaces by every three of its characters.
    """
    found = []
    needles = {n for word in words for n in _needles(word)}
    for file in sorted(p for p in home.path.rglob("*") if p.is_file()):
        data = _bytes(file).lower()
        if any(needle in data for needle in needles):
            found.append(file.name)
        if any(w.lower() in str(file.relative_to(home.path)).lower() for w in words):
            found.append(f"the name of {file.name}")
    with sqlite3.connect(f"file:{home.config.database}?mode=ro", uri=True) as db:
        for codec, blob in db.execute("select codec, data from originals"):
            data = zlib.decompress(blob) if codec == "zlib" else blob
            if any(needle in data.lower() for needle in needles):
                found.append("an original")
    return found


def _bytes(file: Path) -> bytes:
    """What is in a file; nothing, if it has gone since: SQLite's journals come and go."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""


def _needles(word: str) -> Iterator[bytes]:
    word = word.lower()
    parts = [word, word[2:]] if word.isascii() else [word[i : i + 3] for i in range(len(word) - 2)]
    for part in parts:
        yield from (part.encode(), part.encode("utf-16-le"), part.encode("utf-16-be"))


def erase(home: Home, question: str, k: int = 1) -> dict[str, object]:
    ids = [h["id"] for h in home.call("recall", question=question, k=k)["hits"]]
    done = home.call("forget", ids=ids, hard=True)
    assert done["left"] == []
    return done


def mbox(path: Path, bodies: list[str], subject: str) -> None:
    box = mailbox.mbox(path)
    for number, body in enumerate(bodies):
        mail = EmailMessage()
        mail["From"], mail["To"] = "ana@example.org", "ben@example.org"
        mail["Date"] = f"Fri, 0{1 + number} May 2024 12:00:00 +0000"
        mail["Subject"] = subject if subject and LATIN in body else "about the garden"
        mail["Message-ID"] = f"<{number}@example.org>"
        mail.set_content(body)
        box.add(mail)
    box.flush()
    box.close()


@pytest.mark.parametrize("text", [f"the code is {LATIN}", f"合言葉は{CJK}です"])
def test_a_note_is_gone_from_every_file(home: Home, text: str) -> None:
    word = LATIN if LATIN in text else CJK
    home.call("note", text=text)
    home.call("note", text=KEPT)
    home.call("undo", id=home.call("note", text=text, who=word)["journal"])
    assert "memory.sqlite3" in " ".join(traces(home, word)), "the search finds what is there"
    erase(home, word)
    assert home.call("recall", question=word)["hits"] == []
    assert traces(home, word) == []
    (undone,) = home.call("log", kind="undo")["entries"]
    assert undone["summary"] == "erased"
    assert home.call("recall", question="quince jam")["hits"][0]["text"] == KEPT


def test_a_moment_of_an_archive_is_blanked_and_the_others_keep_their_bytes(
    home: Home, tmp_path: Path
) -> None:
    mbox(tmp_path / "box.mbox", [KEPT, f"my {LATIN}", "and a third, longer mail"], SUBJECT)
    home.finish("add", paths=[str(tmp_path / "box.mbox")])
    assert "an original" in traces(home, LATIN)
    home.finish("consolidate", now=True)
    secret = home.call("recall", question=LATIN, k=1)["hits"][0]["id"]
    home.call("mark", ids=[secret], verdict="good")
    assert LATIN in str(home.call("show", id=home.call("show", id=secret)["episode"]["id"]))
    erase(home, LATIN)
    assert traces(home, LATIN, SUBJECT) == []
    home.finish("consolidate", now=True)
    assert traces(home, LATIN, SUBJECT) == []
    kept = home.call("recall", question="quince jam")["hits"][0]
    assert KEPT in home.call("show", id=kept["id"])["passage"]
    third = home.call("recall", question="longer third mail")["hits"][0]
    assert "and a third" in home.call("show", id=third["id"])["passage"]


def test_reading_the_file_again_or_a_longer_one_brings_nothing_back(
    home: Home, tmp_path: Path
) -> None:
    box = tmp_path / "box.mbox"
    mbox(box, [KEPT, f"my {LATIN}"], SUBJECT)
    home.finish("add", paths=[str(box)])
    erase(home, LATIN)
    os.utime(box, (1, 1))
    home.finish("add", paths=[str(box)])
    assert traces(home, LATIN, SUBJECT) == []
    mbox(box, ["a new mail in it"], "")
    home.finish("add", paths=[str(box)])
    assert home.call("recall", question="new mail in it")["hits"]
    assert home.call("recall", question=LATIN)["hits"] == []
    assert traces(home, LATIN, SUBJECT) == []


def test_a_file_of_which_nothing_is_left_loses_its_name_too(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    secret = folder / f"{LATIN}.md"
    secret.write_text(f"# About {SUBJECT}\n\nIt all began with {CJK} here.\n", encoding="utf-8")
    (folder / "jam.md").write_text(KEPT, encoding="utf-8")
    home.finish("add", paths=[str(secret)])
    home.finish("add", paths=[str(folder)])
    assert len(traces(home, LATIN)) >= 1
    home.call("forget", source=LATIN, hard=True)
    assert traces(home, LATIN, SUBJECT, CJK) == []
    home.finish("add", paths=[str(folder)])
    secret.write_text(secret.read_text("utf-8") + "\nAnd a line that is new.\n", encoding="utf-8")
    home.finish("add", paths=[str(folder)])
    assert home.call("recall", question="a line that is new")["hits"]
    assert home.call("recall", question=f"{CJK}")["hits"] == []
    assert traces(home, CJK) == []


def test_a_chat_and_what_was_erased_from_older_versions_of_its_file(
    home: Home, tmp_path: Path
) -> None:
    path = tmp_path / "family.jsonl"

    def write(*texts: str) -> None:
        lines = [
            {"id": str(i), "conversation": "family", "session": 1, "text": text}
            | {"time": f"2024-05-01T12:0{i}:00", "speaker": "Ana"}
            for i, text in enumerate(texts)
        ]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        home.finish("add", paths=[str(path)])

    write("hello there", f"it is {LATIN}", KEPT)
    write("hello there, dear", f"it is {LATIN}", KEPT)
    assert traces(home, LATIN).count("an original") == 2
    erase(home, LATIN)
    assert traces(home, LATIN) == []
    hit = home.call("recall", question="quince jam")["hits"][0]
    assert json.loads(home.call("show", id=hit["id"])["passage"])["text"] == KEPT


def test_copies_that_were_retired_or_undone_go_as_well(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(f"the word {LATIN}", encoding="utf-8")
    added = home.finish("add", paths=[str(path)])
    home.call("undo", id=added["journal"])
    home.finish("add", paths=[str(path)])
    erase(home, LATIN)
    assert traces(home, LATIN) == []


def test_what_was_forgotten_before_can_be_erased_now(home: Home) -> None:
    noted = home.call("note", text=f"a {LATIN}")
    home.call("forget", ids=[noted["id"]])
    assert traces(home, LATIN)
    done = home.call("forget", forgotten=True, hard=True)
    assert done["count"] == 1
    assert traces(home, LATIN) == []
    with pytest.raises(NotFoundError, match="erased for good"):
        home.call("undo", id=home.call("log", kind="forget")["entries"][0]["id"])


def test_an_export_made_earlier_is_named_and_does_not_bring_it_back(
    home: Home, tmp_path: Path
) -> None:
    path = tmp_path / "box.mbox"
    mbox(path, [KEPT, f"my {LATIN}"], SUBJECT)
    home.finish("add", paths=[str(path)])
    home.finish("export", path=str(tmp_path / "copy"))
    assert erase(home, LATIN)["copies"] == [str(tmp_path / "copy")]
    home.finish("import", path=str(tmp_path / "copy"))
    assert home.call("recall", question=LATIN)["hits"] == []
    assert traces(home, LATIN) == []
    home.finish("export", path=str(tmp_path / "after"))
    other = Home(tmp_path / "other")
    try:
        other.finish("import", path=str(tmp_path / "after"))
        assert traces(other, LATIN) == []
        assert other.call("recall", question="quince jam")["hits"]
    finally:
        other.kill()


def test_a_core_that_dies_while_erasing_goes_on_when_it_starts(home: Home) -> None:
    noted = home.call("note", text=f"a {LATIN}")
    home.call("note", text=KEPT)
    home.stop()
    with sqlite3.connect(home.config.database) as db:  # as it stands between the two steps
        db.execute(
            "insert into journal (id, time, kind, client, summary, data)"
            " values ('0erase', 0, 'erase', 'test', 'erased', '{\"swept\": false}')"
        )
    checks = {c["name"]: c for c in home.call("doctor", fix=True)["checks"]}
    assert checks["erasing"]["ok"]
    entry = home.call("log", kind="erase")["entries"][0]
    assert not entry["undoable"]
    assert home.call("show", id=noted["id"])["text"] == f"a {LATIN}", "nothing else was lost"


@pytest.mark.slow
@pytest.mark.models
def test_vectors_go_from_the_index_and_a_conversation_from_memory(
    tmp_path: Path, models_dir: Path, e5_packed: Path, smollm: Path
) -> None:
    import numpy as np

    home = Home(tmp_path / "home", models=str(models_dir), language_model="smollm2-135m")
    try:
        for text in (f"the code word is {LATIN}", KEPT, "the boiler was mended in May"):
            home.call("note", text=text)
        home.finish("chat", message=f"My new word is {LATIN}.", conversation="c")
        home.finish("embed")
        with sqlite3.connect(home.config.database) as db:
            rows = db.execute("select vector from vectors join moments using (n) order by n")
            blobs = [row[0] for row in rows]
        secret, kept = (
            [b, np.frombuffer(b, "<f2").astype("<f4").tobytes()] for b in (blobs[0], blobs[1])
        )

        def holding(vector: list[bytes]) -> set[str]:
            return {
                str(file.relative_to(home.path)).split("/")[1]
                for file in home.path.rglob("*")
                if file.is_file() and any(v[8:40] in _bytes(file) for v in vector)
            }

        until_indexed(home)
        assert "chroma" in holding(secret), "the search finds what is there"
        hits = home.call("recall", question=LATIN, k=50)["hits"]
        home.call("forget", ids=[h["id"] for h in hits if LATIN in h["text"]], hard=True)
        assert holding(secret) == set()
        assert traces(home, LATIN) == []
        home.finish("embed")
        until_indexed(home)
        assert "chroma" in holding(kept)
        *_, answer = home.client.stream("chat", message="and which word?", conversation="c")
        assert LATIN not in answer["answer"]
    finally:
        home.stop()


def until_indexed(home: Home) -> None:
    deadline = time.monotonic() + 60
    while True:
        with sqlite3.connect(home.config.database) as db:
            left = db.execute(
                "select count(*) from moments m left join vectors v on v.n = m.n"
                " where m.live = 1 and coalesce(v.indexed, 0) = 0"
            ).fetchone()[0]
        if not left:
            return
        assert time.monotonic() < deadline, f"{left} vectors were not indexed"
        time.sleep(0.1)
