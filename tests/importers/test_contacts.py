"""Address books."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from secondme.plugin import UnreadableError
from tests.importers.reading import passage, read, skipped

ANA = """BEGIN:VCARD\r
VERSION:3.0\r
N:Silva;Ana;Maria;Dr.;\r
FN:Dr. Ana Maria Silva\r
NICKNAME:Anita\r
ORG:Ponte\\, Lda;Maps\r
TITLE:Engineer\r
item1.TEL;type=pref:+351 911 111 111\r
item1.X-ABLabel:_$!<Mobile>!$_\r
TEL;TYPE=WORK,VOICE:+351 22 222 22\r
EMAIL;TYPE=INTERNET,HOME:ana@example.org\r
ADR;TYPE=home:;;Rua de Cima 12;Porto;;4000-001;Portugal\r
BDAY:1990-05-03\r
item2.X-ABDATE:2015-06-20\r
item2.X-ABLabel:Wedding\r
NOTE:Met at the conference.\\nLikes tea\\; \r
 no coffee.\r
PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRg\r
 ABBBBCCCC\r
UID:urn:uuid:123\r
REV:20240503T101500Z\r
this is no line of a card\r
END:VCARD\r
"""
OLD = """BEGIN:VCARD\r
VERSION:2.1\r
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=81lvares;Jo=\r
=C3=A3o;;;\r
TEL;HOME;CELL:912\r
BDAY:--0503\r
END:VCARD\r
"""


def test_a_card_reads_as_lines() -> None:
    (moment,) = read(ANA, "a.vcf")
    assert moment.text.split("\n") == [
        "Contact: Dr. Ana Maria Silva",
        "Also known as: Anita",
        "Phone (mobile): +351 911 111 111",
        "Phone (work): +351 22 222 22",
        "E-mail (home): ana@example.org",
        "Address (home): Rua de Cima 12, Porto, 4000-001, Portugal",
        "Works at: Ponte, Lda, Maps",
        "Position: Engineer",
        "Born: 3 May 1990",
        "Date (wedding): 20 June 2015",
        "Note: Met at the conference.",
        "Likes tea; no coffee.",
    ]


def test_its_facts_are_kept() -> None:
    (moment,) = read(ANA, "a.vcf")
    assert moment.time == datetime(2024, 5, 3, 10, 15, tzinfo=UTC)
    assert moment.external_id == "123"
    assert moment.meta == {
        "name": "Dr. Ana Maria Silva",
        "phones": ["+351 911 111 111", "+351 22 222 22"],
        "emails": ["ana@example.org"],
        "birthday": "1990-05-03",
        "organization": "Ponte, Lda, Maps",
    }


def test_old_cards_are_read_too() -> None:
    (moment,) = read(OLD, "a.vcf")
    assert moment.text == "Contact: João Álvares\nPhone (home, mobile): 912\nBorn: 3 May"
    assert (moment.time, moment.external_id) == (None, None)


def test_spans_are_the_cards() -> None:
    book = ANA + OLD
    assert [passage(book, m).decode() for m in read(book, "a.vcf")] == [ANA.strip(), OLD.strip()]
    wide = book.encode("utf-16")
    assert passage(wide, read(wide, "a.vcf")[1]).decode("utf-16-le") == OLD.strip()


def test_letters_folded_in_their_middle_come_back_whole() -> None:
    card = "BEGIN:VCARD\r\nFN:Zoë Müller\r\nEND:VCARD\r\n".encode().replace(
        b"\xc3\xbc", b"\xc3\r\n \xbc"
    )
    assert read(card, "a.vcf")[0].text == "Contact: Zoë Müller"


def test_a_card_without_a_name_takes_its_firms() -> None:
    card = "BEGIN:VCARD\nORG:Bakery\nTEL:1\nEND:VCARD\n"
    assert read(card, "a.vcf")[0].text == "Contact: Bakery\nPhone: 1\nWorks at: Bakery"


def test_broken_cards_are_skipped_and_the_rest_read() -> None:
    book = "BEGIN:VCARD\nVERSION:4.0\nEND:VCARD\nBEGIN:VCARD\nFN:X\n" + OLD + "BEGIN:VCARD\nFN:An"
    assert [moment.text.split("\n")[0] for moment in read(book, "a.vcf")] == [
        "Contact: João Álvares"
    ]
    assert skipped(book, "a.vcf") == [
        ("contact 1", "there is nothing in it"),
        ("contact 2", "it is cut short"),
        ("contact 4", "it is cut short"),
    ]


@pytest.mark.parametrize("piece", ["A;B=C;", 'A;B="', "A,", "A;", "a.", "=", "=\r\n"])
def test_hostile_lines_end_soon(piece: str) -> None:
    lines = ("TEL;" + piece * 2_000 + "\r\n") * 20
    assert read(f"BEGIN:VCARD\r\nFN:Ana\r\n{lines}END:VCARD\r\n", "a.vcf")


def test_what_is_no_address_book_says_so() -> None:
    with pytest.raises(UnreadableError, match="no contacts"):
        read("hello", "a.vcf")
