"""The demo life in assets/demo: every file can be read, and every question has its evidence."""

from __future__ import annotations

import json
import mailbox
import re
from collections import defaultdict
from datetime import date, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from typing import Any

import docx
import frontmatter
import icalendar
import pypdf
import pytest
import vobject
from bs4 import BeautifulSoup

DEMO = Path(__file__).parents[1] / "assets" / "demo"
FIRST, LAST = date(2024, 3, 1), date(2026, 2, 28)
FIELDS = {"id", "conversation", "session", "time", "speaker", "text"}
KINDS = {"single", "time", "change", "two places", "refusal"}

CHATS = sorted(DEMO.glob("chats/*.jsonl"))
NOTES = sorted(DEMO.glob("notes/**/*.md"))
QUESTIONS: list[dict[str, Any]] = json.loads((DEMO / "questions.json").read_text("utf-8"))


def messages(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@cache
def mails() -> list[tuple[str, EmailMessage]]:
    """Every mail with its file's name: one a file, and those of the archive."""
    raw = [(path.name, path.read_bytes()) for path in sorted(DEMO.glob("mail/*.eml"))]
    archive = mailbox.mbox(DEMO / "mail" / "archive.mbox", create=False)
    raw += [("archive.mbox", archive.get_bytes(key)) for key in archive.keys()]  # noqa: SIM118
    return [(name, message_from_bytes(data, policy=policy.default)) for name, data in raw]


@cache
def events() -> list[icalendar.Event]:
    calendar = icalendar.Calendar.from_ical((DEMO / "calendar.ics").read_bytes())
    assert isinstance(calendar, icalendar.Calendar)
    return list(calendar.events)


@cache
def cards() -> list[Any]:
    return list(vobject.readComponents((DEMO / "contacts.vcf").read_text("utf-8")))


def body(mail: EmailMessage) -> str:
    part = mail.get_body(("plain", "html"))
    assert part is not None
    return str(part.get_content())


def text_of(path: Path) -> str:
    """What a person reads in a file, by its kind."""
    match path.suffix:
        case ".jsonl":
            return "\n".join(m["text"] for m in messages(path))
        case ".eml":
            return body(message_from_bytes(path.read_bytes(), policy=policy.default))
        case ".mbox":
            return "\n".join(body(mail) for name, mail in mails() if name == path.name)
        case ".docx":
            return "\n".join(p.text for p in docx.Document(str(path)).paragraphs)
        case ".pdf":
            return "\n".join(page.extract_text() for page in pypdf.PdfReader(path).pages)
        case ".html":
            return BeautifulSoup(path.read_text("utf-8"), "html.parser").get_text(" ")
        case _:
            return path.read_text("utf-8")


def squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("path", CHATS, ids=lambda p: p.stem)
def test_chat_lines_have_every_field_and_times_ascend_within_a_session(path: Path) -> None:
    last: dict[int, datetime] = {}
    for message in messages(path):
        assert set(message) == FIELDS
        assert message["conversation"] == path.stem
        assert all(message[field] for field in FIELDS)
        time = datetime.fromisoformat(message["time"])
        assert FIRST <= time.date() <= LAST
        assert last.get(message["session"], time) <= time
        last[message["session"]] = time
    assert list(last) == list(range(1, len(last) + 1))


def test_message_ids_are_unique_and_some_times_carry_an_offset() -> None:
    all_messages = [m for path in CHATS for m in messages(path)]
    assert len({m["id"] for m in all_messages}) == len(all_messages) >= 600
    aware = [datetime.fromisoformat(m["time"]).tzinfo is not None for m in all_messages]
    assert any(aware)
    assert not all(aware)


def test_notes_are_readable_and_daily_notes_name_their_day() -> None:
    for path in NOTES:
        note = frontmatter.loads(path.read_text("utf-8"))
        assert note.content.strip(), path.name
        if path.parent.name == "Daily":
            day = date.fromisoformat(path.stem)
            heading = note.content.splitlines()[0]
            assert FIRST <= day <= LAST
            assert f"{day:%A}" in heading or "Christmas Day" in heading, heading


def test_links_between_notes_lead_somewhere() -> None:
    names = {path.stem for path in NOTES}
    for path in NOTES:
        for target in re.findall(r"\[\[([^\]|#]+)", path.read_text("utf-8")):
            assert target in names, f"{path.name}: {target}"


def test_mails_have_senders_dates_unique_ids_and_known_parents() -> None:
    ids = [str(mail["Message-ID"]) for _, mail in mails()]
    assert len(set(ids)) == len(ids)
    for name, mail in mails():
        assert not mail.defects, name
        assert body(mail).strip(), name
        assert mail["Subject"], name
        assert FIRST <= mail["Date"].datetime.date() <= LAST
        assert mail["In-Reply-To"] is None or str(mail["In-Reply-To"]) in ids, name
        for header in ("From", "To", "Cc"):
            for address in mail[header].addresses if mail[header] else ():
                assert re.search(r"(^|\.)example\.(com|org|net)$", address.domain), address


def test_the_calendar_has_recurring_and_cancelled_events() -> None:
    assert len({str(event["UID"]) for event in events()}) == len(events())
    for event in events():
        assert event["SUMMARY"]
        assert event.start <= event.end
    cancelled = {str(e["SUMMARY"]) for e in events() if e.get("STATUS") == "CANCELLED"}
    assert "Lofoten with Priya" in cancelled
    assert sum("RRULE" in event for event in events()) >= 5


def test_contacts_have_names_and_a_birthday_where_it_is_known() -> None:
    assert len({card.fn.value for card in cards()}) == len(cards()) >= 20
    assert sum(hasattr(card, "bday") for card in cards()) >= 5


def test_documents_are_readable_and_of_four_kinds() -> None:
    documents = sorted((DEMO / "documents").iterdir())
    assert {path.suffix for path in documents} == {".txt", ".html", ".docx", ".pdf"}
    assert all(len(text_of(path)) > 200 for path in documents)


def test_the_life_is_large_enough_and_small_enough() -> None:
    sessions = defaultdict(set)
    for path in CHATS:
        sessions[path.stem] = {m["session"] for m in messages(path)}
    documents = list((DEMO / "documents").iterdir())
    items = len(NOTES) + len(mails()) + sum(map(len, sessions.values())) + len(events())
    assert items + len(documents) >= 280
    assert sum(path.stat().st_size for path in DEMO.rglob("*") if path.is_file()) < 600_000


def test_twenty_questions_of_every_kind_start_with_the_three_of_the_demo() -> None:
    assert len(QUESTIONS) == 20
    assert {q["kind"] for q in QUESTIONS} == KINDS
    assert [q["kind"] for q in QUESTIONS[:3]] == ["single", "change", "refusal"]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q["question"])
def test_every_question_has_its_evidence_or_is_to_be_refused(question: dict[str, Any]) -> None:
    assert set(question) == {"question", "answer", "refuse", "evidence", "kind"}
    assert question["refuse"] == (question["kind"] == "refusal")
    assert bool(question["answer"]) == bool(question["evidence"]) == (not question["refuse"])
    assert len(question["evidence"]) >= (2 if question["kind"] == "two places" else 0)
    for evidence in question["evidence"]:
        assert squeezed(evidence["text"]) in squeezed(text_of(DEMO / evidence["file"]))


def test_what_is_to_be_refused_stands_nowhere() -> None:
    files = [path for path in DEMO.rglob("*") if path.is_file() and path.name != "questions.json"]
    life = "\n".join(text_of(path) for path in files).lower()
    for word in ("tokyo", "japan", "blood type", "blood group", "katrin's dog"):
        assert word not in life
