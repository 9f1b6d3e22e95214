"""PDF files, whole and damaged."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from secondme.plugin import UnreadableError
from tests.importers.pdf_file import locked, pdf
from tests.importers.reading import document, everything, importer, read, skipped

LEASE = pdf(
    [
        [
            "The flat in the Rua de Cima 12 is let to Ana Silva from the first of May, for the mon-",
            "thly rent of 800 euros, which is due on the third day of each month, in advance.",
            "A cellar belongs to it.",
            "The landlord keeps one key (the small one). Nobody else may have one without his word, not",
            "even the neighbours – só em caso de incêndio.",
        ],
        ["Page two speaks of the garden, which the tenant waters twice a week in the summer."],
        [],
    ]
)


def test_paragraphs_are_put_together_from_the_lines_of_a_page() -> None:
    moments = read(LEASE, "lease.pdf")
    assert [moment.text for moment in moments] == [
        "The flat in the Rua de Cima 12 is let to Ana Silva from the first of May, for the monthly "
        "rent of 800 euros, which is due on the third day of each month, in advance. A cellar "
        "belongs to it.",
        "The landlord keeps one key (the small one). Nobody else may have one without his word, not "
        "even the neighbours – só em caso de incêndio.",
        "Page two speaks of the garden, which the tenant waters twice a week in the summer.",
    ]
    assert [moment.meta["page"] for moment in moments] == [1, 1, 2]


def test_date_author_and_title_come_from_the_file() -> None:
    first = read(LEASE, "lease.pdf")[0]
    assert first.time == datetime(2024, 5, 3, 10, 15, tzinfo=timezone(timedelta(hours=2)))
    assert first.speaker == "Ana Silva"
    assert first.span is None
    assert importer("x.pdf").title(document(LEASE, "lease.pdf")) == "The lease"
    assert read(LEASE, "2021-02-03 lease.pdf")[0].time == datetime(2021, 2, 3)


def test_pages_without_text_are_named() -> None:
    assert skipped(LEASE, "lease.pdf") == [
        ("page 3", "there is no text on it, and pictures are not read")
    ]
    with pytest.raises(UnreadableError, match="no text"):
        read(pdf([[], []]), "scan.pdf")


def test_long_paragraphs_are_cut_at_sentences() -> None:
    line = "This sentence fills one line of the page from its left side to the right side of it."
    moments = read(pdf([[line] * 50]), "long.pdf")
    assert len(moments) > 2
    assert all(m.text.endswith(".") and len(m.text) <= 1_200 for m in moments)


@pytest.mark.parametrize("part", [0.5, 0.7, 0.9, 0.99])
def test_a_file_cut_short_gives_what_is_left_of_it(part: float) -> None:
    data = LEASE[: int(len(LEASE) * part)]
    assert read(data, "cut.pdf")[0].text.startswith("The flat in the Rua de Cima")
    assert ("the end", "the PDF is cut short or damaged") in skipped(data, "cut.pdf")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the PDF is empty"),
        (b"\0" * 1000, "the PDF is empty"),
        (b"Hello", "it is not a PDF"),
        (LEASE[:200], "the PDF is cut short or damaged"),
        (b"%PDF-1.4\n" + bytes(range(256)) * 40, "the PDF is cut short or damaged"),
        (locked(LEASE, "secret"), "the PDF needs a password"),
    ],
)
def test_what_cannot_be_read_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        read(data, "bad.pdf")
    assert importer("x.pdf").title(document(data, "bad.pdf")) is None


def test_a_file_that_only_its_owner_may_change_is_read() -> None:
    assert len(read(locked(LEASE, ""), "open.pdf")) == 3


@pytest.mark.slow
@pytest.mark.parametrize("content", [b" " * 200_000_000, b"BT /F1 9 Tf " + b"(a) Tj " * 3_000_000])
def test_a_page_that_unpacks_to_too_much_is_skipped_and_the_rest_read(content: bytes) -> None:
    data = pdf([content, ["The second page is as it should be."]])
    moment, skip = everything(data, "bomb.pdf")
    assert moment.text == "The second page is as it should be."
    assert (skip.where, skip.reason) == ("page 1", "it unpacks to too much")
