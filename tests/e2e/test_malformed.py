"""Forty files that are broken, hostile or odd: each gets its one line, and the rest is taken in."""

from __future__ import annotations

import io
import json
import os
import subprocess
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.home import Home

TAKEN = ""
"""Expected of a file that is odd, but holds something that can be remembered."""


def pdf(pages: int = 1, password: str = "") -> bytes:
    from pypdf import PdfWriter

    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 200)
    if password:
        writer.encrypt(password)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name.replace("__", "/"), data)
    return out.getvalue()


def docx() -> bytes:
    from docx import Document

    document = Document()
    document.add_paragraph("A whole document.")
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def bomb() -> bytes:
    return zipped(**{"word/document.xml": b"0" * 600_000_000, "[Content_Types].xml": b"<Types/>"})


def laughing_docx() -> bytes:
    entities = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
    xml = f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY l0 "ha">{entities}]><d>&l11;</d>'.encode()
    source = zipfile.ZipFile(io.BytesIO(docx()))
    return zipped(
        **{n: xml if n == "word/document.xml" else source.read(n) for n in source.namelist()}
    )


MAIL = "From: Ana <ana@example.org>\nTo: me@example.org\nSubject: {}\nDate: {}\n\nThe parcel is at the neighbour's.\n"
FILES: dict[str, tuple[bytes | Callable[[], bytes], str]] = {
    "truncated.pdf": (lambda: pdf(3)[:300], r"\w"),
    "empty.pdf": (b"", r"\w"),
    "locked.pdf": (lambda: pdf(password="secret"), "password"),
    "garbage.pdf": (b"%PDF-1.4\n" + bytes(range(256)) * 40, r"\w"),
    "blank.pdf": (pdf, r"\w"),
    "bomb.docx": (bomb, "bomb|unpacks"),
    "nozip.docx": (b"This is plain text.", r"\w"),
    "nodocument.docx": (lambda: zipped(a=b"b"), r"\w"),
    "truncated.docx": (lambda: docx()[:2000], r"\w"),
    "laughs.docx": (laughing_docx, r"\w"),
    "nodate.eml": (MAIL.format("no date", "").replace("Date: \n", "").encode(), TAKEN),
    "baddate.eml": (MAIL.format("bad date", "the day before yesterday").encode(), TAKEN),
    "brokenmime.eml": (
        b"From: a@example.org\nSubject: x\nContent-Type: multipart/mixed; boundary=q\n\n--q\n\nThe kettle is here.",
        TAKEN,
    ),
    "charset.eml": (
        b"From: a@example.org\nSubject: x\nContent-Type: text/plain; charset=klingon-7\n\nThe train is late.",
        TAKEN,
    ),
    "empty.eml": (b"", r"\w"),
    "cut.mbox": (
        (
            "From a@example.org Thu Jan  1 00:00:00 2024\n"
            + MAIL.format("one", "Mon, 1 Jan 2024 10:00:00 +0000")
        ).encode()
        + b"\nFrom b@example.org Thu Jan  1 00:00:00 2024\nSubject: cut",
        TAKEN,
    ),
    "nomail.mbox": (b"no mail in here", r"\w"),
    "invalid.txt": (b"A caf\xe9 in the harbour, \xff\xfe and more.", TAKEN),
    "utf16.txt": ("The lighthouse keeper called.".encode("utf-16"), TAKEN),
    "binary.txt": (bytes(range(256)) * 50, r"\w"),
    "empty.txt": (b"", r"\w"),
    "blank.md": (b" \n\n\t\n", r"\w"),
    "frontmatter.md": (
        b"---\ntitle: [unclosed\n  x: : y\n---\n\nThe violin is out of tune.\n",
        TAKEN,
    ),
    "unclosed.html": (b"<html><body><p>The umbrella <b>is <i>wet", TAKEN),
    "empty.html": (b"<html><head><script>x</script></head></html>", r"\w"),
    "deep.html": (b"<div>" * 50_000 + b"deep", r"\w*"),
    "invalid.json": (b'{"messages": [', r"\w"),
    "deep.json": (b"[" * 200_000, r"\w"),
    "nochat.json": (b'{"weather": "fine"}', r"\w"),
    "badlines.jsonl": (
        b'{"id": "1", "time": "2024-01-01T10:00:00", "speaker": "Ana", "text": "The good line."}\n{oops\n[1]\n',
        TAKEN,
    ),
    "badtimes.jsonl": (
        b'{"id": "1", "time": "never", "speaker": "Ana", "text": "Without a time."}\n'
        b'{"id": "2", "time": NaN, "speaker": 7, "text": "Odd values."}\n',
        TAKEN,
    ),
    "badlines_only.jsonl": (b"{oops\n" * 20, r"\w"),
    "baddates.ics": (
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:tomorrow\r\nSUMMARY:Odd\r\n"
        b"END:VEVENT\r\nBEGIN:VEVENT\r\nUID:2\r\nDTSTART:20240501T100000Z\r\nSUMMARY:Dentist\r\n"
        b"END:VEVENT\r\nEND:VCALENDAR\r\n",
        TAKEN,
    ),
    "cut.ics": (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:2024", r"\w"),
    "empty.ics": (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", r"\w"),
    "cut.vcf": (b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ana Sil", r"\w*"),
    "nocard.vcf": (b"hello", r"\w"),
    "key.txt": (b"-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n", "private key"),
    ".env": (b"TOKEN=1", "secret"),
    "picture.png": (b"\x89PNG\r\n", "no importer"),
}


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory):
    """Everything at once, and what came of it."""
    root = tmp_path_factory.mktemp("malformed")
    folder = root / "life"
    folder.mkdir()
    for name, (data, _) in FILES.items():
        (folder / name).write_bytes(data() if callable(data) else data)
    (folder / "good.md").write_text("The good note is taken in all the same.\n")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "gone.md").symlink_to(folder / "nowhere.md")
    os.mkfifo(folder / "pipe.txt")
    with (folder / "sparse.txt").open("wb") as file:
        file.truncate(2_000_000_000)
    home = Home(root / "home")
    try:
        done = home.run("add", str(folder), "--json", timeout=300)
        yield home, folder, done
    finally:
        home.stop()


def reason(outcome, name: str) -> str | None:
    skipped = outcome[2].json["skipped"]
    return next((s["reason"] for s in skipped if Path(s["path"].split(", ")[0]).name == name), None)


def test_the_command_ends_well_and_without_a_traceback(outcome) -> None:
    done = outcome[2]
    assert done.code == 0, done
    assert "Traceback" not in done.out + done.err
    log = (outcome[0].config.log_dir / "core.log").read_text()
    assert "Traceback" not in log, log


@pytest.mark.parametrize("name", FILES)
def test_each_gets_its_line_or_is_taken_in(outcome, name: str) -> None:
    import re

    expected, said = FILES[name][1], reason(outcome, name)
    if expected == TAKEN:
        hits = outcome[0].call("recall", question="the", source=name)["hits"] or any_hit(
            outcome[0], name
        )
        assert hits, f"{name} was not taken in: {said}"
    elif expected != r"\w*":
        assert said, f"{name} was passed over in silence"
        assert re.search(expected, said), said
    if said:
        assert "\n" not in said
        assert len(said) < 300, said


def any_hit(home: Home, name: str) -> list:
    words = "parcel kettle train café harbour lighthouse violin umbrella good line odd dentist"
    return home.call("recall", question=words, source=name)["hits"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("loop", "link to a folder"),
        ("gone.md", "does not exist"),
        ("pipe.txt", "no regular file"),
        ("sparse.txt", "2.0 GB"),
    ],
)
def test_odd_entries_of_a_folder_are_named(outcome, name: str, expected: str) -> None:
    assert expected in (reason(outcome, name) or "")


def test_the_rest_is_taken_in(outcome) -> None:
    hits = outcome[0].call("recall", question="good note taken in all the same")["hits"]
    assert hits[0]["text"] == "The good note is taken in all the same."


def test_single_bad_parts_are_listed_with_their_line(outcome) -> None:
    where = [s["path"] for s in outcome[2].json["skipped"]]
    assert any("badlines.jsonl, line 2" in w for w in where), where


def test_a_second_run_changes_nothing(outcome) -> None:
    home, folder, _ = outcome
    assert home.run("add", str(folder), "--json").json["moments"] == {"added": 0, "retired": 0}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_named(tmp_path: Path) -> None:
    (tmp_path / "locked.md").write_text("locked")
    (tmp_path / "locked.md").chmod(0)
    home = Home(tmp_path / "home")
    try:
        done = home.run("add", str(tmp_path / "locked.md"))
        assert "no permission" in done.out + done.err
    finally:
        home.stop()


def test_a_file_that_keeps_changing_is_left_for_the_next_run(tmp_path: Path) -> None:
    folder = tmp_path / "life"
    folder.mkdir()
    path = folder / "log.txt"
    path.write_bytes(b"x" * 20_000_000)
    (folder / "still.md").write_text("The still note.\n")
    home, stop = Home(tmp_path / "home"), threading.Event()

    def scribble() -> None:
        while not stop.is_set():
            with path.open("r+b") as file:
                file.write(os.urandom(8))
            time.sleep(0.001)

    writer = threading.Thread(target=scribble)
    try:
        home.client.ensure()
        writer.start()
        done = home.run("add", str(folder), "--json")
        skipped = {Path(s["path"]).name: s["reason"] for s in done.json["skipped"]}
        assert "changing" in skipped["log.txt"]
        assert done.json["items"]["new"] == 1
    finally:
        stop.set()
        writer.join()
        home.stop()


def test_a_full_disk_is_one_line_and_loses_nothing(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(small)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    home = Home(small / "home")
    try:
        home.run("note", "Remembered before the disk was full")
        big = tmp_path / "big.jsonl"
        with big.open("w") as file:
            for i in range(30_000):
                file.write(
                    json.dumps(
                        {"id": str(i), "speaker": "Ana", "text": f"{i} {os.urandom(80).hex()}"}
                    )
                    + "\n"
                )
        done = home.run("add", str(big))
        assert done.code == 3, done
        assert "full" in done.err, done
        assert "Traceback" not in done.err
        assert home.run("recall", "disk was full", "--json").json["hits"]
        assert home.call("status")["moments"] == 1
    finally:
        home.stop()
        subprocess.run(["umount", "-l", str(small)], check=False)
