"""Word documents, whole, damaged and hostile."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime

import docx
import pytest

from secondme.plugin import UnreadableError
from tests.importers.reading import document, importer, read


def report() -> bytes:
    word = docx.Document()
    word.core_properties.author = "Ana Silva"
    word.core_properties.title = "The journey"
    word.core_properties.created = datetime(2024, 5, 3, 10)
    word.add_heading("The journey", 0)
    word.add_heading("2024", 1)
    word.add_heading("Porto", 2)
    word.add_paragraph("We went to Porto by the slow train. " * 5)
    word.add_paragraph("socks", style="List Bullet")
    word.add_paragraph("a map", style="List Bullet")
    table = word.add_table(2, 2)
    for row, cells in enumerate([("Name", "Age"), ("Ana", "33")]):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    word.add_heading("5 May 2024", 2)
    word.add_paragraph("Rain.")
    out = io.BytesIO()
    word.save(out)
    return out.getvalue()


REPORT = report()


def rewritten(change: Callable[[bytes], bytes]) -> bytes:
    """The report with its main part changed."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(REPORT)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            data = old.read(entry)
            new.writestr(
                entry.filename, change(data) if entry.filename == "word/document.xml" else data
            )
    return out.getvalue()


def test_paragraphs_lists_and_tables_come_under_their_headings() -> None:
    moments = read(REPORT, "report.docx")
    assert [moment.text for moment in moments] == [
        ("We went to Porto by the slow train. " * 5).strip(),
        "Porto:\n- socks\n- a map",
        "Porto:\nName | Age\nAna | 33",
        "Rain.",
    ]
    assert moments[0].session == "The journey › 2024 › Porto"
    assert [moment.meta["paragraph"] for moment in moments] == [4, 5, 8, 10]


def test_date_author_and_title_come_from_the_file() -> None:
    moments = read(REPORT, "report.docx")
    assert moments[0].time == datetime(2024, 5, 3, 10, tzinfo=UTC)
    assert moments[-1].time == datetime(2024, 5, 5)
    assert moments[0].speaker == "Ana Silva"
    assert moments[0].span is None
    assert importer("x.docx").title(document(REPORT, "r.docx")) == "The journey"


def test_insertions_are_read_and_deletions_are_not() -> None:
    data = rewritten(
        lambda xml: xml.replace(
            b"<w:r><w:t>Rain.",
            b"<w:del><w:r><w:delText>Snow.</w:delText><w:t>Snow.</w:t></w:r></w:del>"
            b"<w:ins><w:r><w:t>Much r</w:t></w:r></w:ins><w:r><w:t>ain.",
        )
    )
    assert read(data, "r.docx")[-1].text == "Much rain."


def test_text_in_content_controls_and_boxes_is_read_once() -> None:
    box = (
        b"<mc:AlternateContent xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/"
        b"2006'><mc:Choice Requires='wps'><w:p><w:r><w:t>boxed</w:t></w:r></w:p></mc:Choice>"
        b"<mc:Fallback><w:p><w:r><w:t>boxed</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent>"
    )
    control = b"<w:sdt><w:sdtContent><w:p><w:r><w:t>In a control and </w:t>%b</w:r></w:p>" % box
    data = rewritten(
        lambda xml: xml.replace(b"<w:sectPr", control + b"</w:sdtContent></w:sdt><w:sectPr", 1)
    )
    assert [moment.text for moment in read(data, "r.docx")[-2:]] == [
        "Rain.",
        "In a control and\nboxed",
    ]


def entities(xml: bytes) -> bytes:
    lines = b"".join(b'<!ENTITY l%d "%b">' % (i, b"&l%d;" % (i - 1) * 10) for i in range(1, 12))
    return xml.replace(b"?>", b'?><!DOCTYPE d [<!ENTITY l0 "ha">' + lines + b"]>", 1).replace(
        b"Rain.", b"&l11;"
    )


def outside(xml: bytes) -> bytes:
    entity = b'?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    return xml.replace(b"?>", entity, 1).replace(b"Rain.", b"Seen: &x;")


def test_nothing_outside_of_the_file_is_looked_at() -> None:
    assert read(rewritten(outside), "r.docx")[-1].text == "Seen:"


def nested(xml: bytes) -> bytes:
    deep = b"<w:sdt><w:sdtContent>" * 5_000
    return xml.replace(b"<w:body>", b"<w:body>" + deep)


def empty_zip() -> bytes:
    out = io.BytesIO()
    zipfile.ZipFile(out, "w").close()
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (lambda: b"", "empty"),
        (lambda: b"This is plain text.", "no Word document"),
        (lambda: REPORT[:2_000], "no Word document"),
        (lambda: REPORT[:-30], "no Word document"),
        (empty_zip, "no Word document"),
        (lambda: rewritten(lambda xml: b"<a>"), "no Word document"),
        (lambda: rewritten(entities), "no Word document"),
        (lambda: rewritten(nested), "no Word document"),
        (lambda: rewritten(lambda xml: b" " * 600_000_000), "600 MB: refused as a zip bomb"),
        (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "password or is in Word's old"),
    ],
)
def test_what_cannot_be_read_says_why(data: Callable[[], bytes], reason: str) -> None:
    broken = data()
    with pytest.raises(UnreadableError, match=reason):
        read(broken, "bad.docx")
    assert importer("x.docx").title(document(broken, "bad.docx")) is None
