"""Whatever bytes come in, an importer reads them, skips them or says in one line why not."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secondme.plugin import UnreadableError
from tests.importers.pdf_file import pdf
from tests.importers.reading import IMPORTERS, document, everything, importer
from tests.importers.test_calendar import COFFEE, ZONE, calendar
from tests.importers.test_chat import LINES
from tests.importers.test_contacts import ANA, OLD
from tests.importers.test_docx import REPORT
from tests.importers.test_html import PAGE
from tests.importers.test_mail import BOX, MAIL
from tests.importers.test_markdown import NOTE
from tests.importers.test_plaintext import DIARY, IPHONE

TELEGRAM = (
    '{"name": "Ana", "messages": [{"id": 1, "date_unixtime": "1714731300", "from": "Ana", '
    '"text": ["a ", {"type": "bold", "text": "b"}]}, {"id": 2, "text": "", "date": null}]}'
)
CHATGPT = (
    '[{"title": "T", "current_node": "b", "mapping": {"a": {"message": null, "parent": null}, '
    '"b": {"message": {"author": {"role": "user"}, "create_time": 1714731300.5, "content": '
    '{"content_type": "text", "parts": ["hi"]}}, "parent": "a"}}}]'
)
SLACK = '[{"type": "message", "user": "U1", "ts": "1714731300.1", "text": "<@U1> <http://x|y>"}]'
FILES: list[tuple[str, bytes]] = [
    ("note.md", NOTE.encode()),
    ("diary.txt", DIARY.encode()),
    ("diary.text", DIARY.encode("utf-16")),
    ("_chat.txt", IPHONE.encode()),
    ("page.html", PAGE.encode()),
    ("lease.pdf", pdf([["One line of text.", "And another one."], ["Page two."]])),
    ("report.docx", REPORT),
    ("mail.eml", MAIL.encode()),
    ("box.mbox", BOX),
    ("calendar.ics", calendar(ZONE, COFFEE).encode()),
    ("book.vcf", (ANA + OLD).encode()),
    ("chat.jsonl", LINES.encode()),
    ("telegram.json", TELEGRAM.encode()),
    ("chatgpt.json", CHATGPT.encode()),
    ("slack.json", SLACK.encode()),
]
IDS = [name for name, _ in FILES]
SUFFIXES = sorted({suffix for one in IMPORTERS for suffix in one.suffixes})


def survives(data: bytes, name: str) -> None:
    """Reads the document; nothing but `UnreadableError`, with one line, may come out of it."""
    reason = "none"
    try:
        everything(data, name)
    except UnreadableError as error:
        reason = str(error)
    assert reason.strip()
    assert "\n" not in reason
    title = importer(name).title(document(data, name))
    assert title is None or title.strip()


@pytest.mark.parametrize(("name", "data"), FILES, ids=IDS)
def test_each_file_is_read_when_whole(name: str, data: bytes) -> None:
    assert everything(data, name)


@pytest.mark.parametrize(("name", "data"), FILES, ids=IDS)
def test_each_file_may_end_anywhere(name: str, data: bytes) -> None:
    step = max(1, len(data) // 60)
    for end in range(0, len(data), step):
        survives(data[:end], name)


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=600))
def test_random_bytes(suffix: str, data: bytes) -> None:
    survives(data, f"random{suffix}")


PIECES = [b"\0", b"\xff", b"\n", b"\r", b'"', b"<", b">", b"[", b"{", b":", b";", b"=", b"-->"]
PIECES += [b"\xed\xa0\x80", b"99999999999999999999", b"-1", b"\xe2\x80\xae", b"\xf3\xa0\x81\xa9"]
PIECES += [b"BEGIN:VEVENT\r\n", b"END:VCARD\r\n", b"\nFrom \n", b"null", b"NaN", b"---\n", b"%%"]
EDIT = st.tuples(
    st.floats(0, 1), st.integers(0, 60), st.sampled_from(PIECES) | st.binary(max_size=8)
)


@pytest.mark.parametrize(("name", "data"), FILES, ids=IDS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(edits=st.lists(EDIT, min_size=1, max_size=6))
def test_files_with_parts_replaced(name: str, data: bytes, edits) -> None:
    for place, removed, put in edits:
        at = int(place * len(data))
        data = data[:at] + put + data[at + removed :]
    survives(data, name)


@pytest.mark.parametrize(("name", "data"), FILES, ids=IDS)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(start=st.floats(0, 1), length=st.integers(1, 40), times=st.integers(2, 300))
def test_files_with_parts_repeated(name: str, data: bytes, start, length, times) -> None:
    at = int(start * len(data))
    survives(data[:at] + data[at : at + length] * times + data[at:], name)
