"""Plain text in any encoding, and chats that WhatsApp exported."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secondme.plugin import UnreadableError
from tests.importers.reading import passage, read

DIARY = """Notes from the sea

3 May 2024
Went out with the boat at six.
Cold, but clear – wunderschön.

In the afternoon we mended the net.

2024-05-04

Rain. Stayed in.
"""


def test_paragraphs_are_moments_with_their_bytes() -> None:
    moments = read(DIARY, "diary.txt")
    assert [moment.text for moment in moments] == [
        "Notes from the sea",
        "Went out with the boat at six.\nCold, but clear – wunderschön.",
        "In the afternoon we mended the net.",
        "Rain. Stayed in.",
    ]
    assert [passage(DIARY, moment).decode() for moment in moments] == [m.text for m in moments]


def test_a_line_that_is_a_date_dates_what_follows() -> None:
    times = [moment.time for moment in read(DIARY, "2020-01-01.txt")]
    days = [datetime(2024, 5, 3), datetime(2024, 5, 3), datetime(2024, 5, 4)]
    assert times == [datetime(2020, 1, 1), *days]


@pytest.mark.parametrize(
    ("encoding", "plain", "note"),
    [
        ("utf-8", "utf-8", None),
        ("utf-8-sig", "utf-8", None),
        ("utf-16", "utf-16-le", None),
        ("utf-16-be", "utf-16-be", None),
        ("utf-32", "utf-32-le", None),
        ("windows-1252", "windows-1252", "read as windows-1252, a guess"),
    ],
)
def test_every_encoding_is_read_and_keeps_its_places(encoding, plain, note) -> None:
    data = DIARY.replace("\n", "\r\n").encode(encoding)
    moments = read(data, "diary.txt")
    assert moments[1].text == "Went out with the boat at six.\nCold, but clear – wunderschön."
    assert passage(data, moments[2]).decode(plain) == "In the afternoon we mended the net."
    assert moments[1].meta.get("encoding") == note


def test_a_guess_is_made_for_other_alphabets() -> None:
    text = "Привет, как дела? Завтра встречаемся в шесть вечера у метро, не забудь зонт."
    (moment,) = read(text.encode("windows-1251"), "n.txt")
    assert moment.text == text
    assert "guess" in moment.meta["encoding"]


def test_single_bad_bytes_do_not_spoil_the_rest() -> None:
    data = "Müller".encode() + b" \xff " + "äöü, Straße, schön.".encode()
    (moment,) = read(data, "n.txt")
    assert moment.text == "Müller \ufffd äöü, Straße, schön."
    assert passage(data, moment) == data
    assert moment.meta["encoding"] == "1 byte is not valid UTF-8"


def test_a_file_on_one_line_is_cut_at_sentences() -> None:
    text = "".join(f"This is sentence number {i} of a very long line. " for i in range(500))
    moments = read(text, "long.txt")
    assert all(len(m.text) <= 1_200 and m.text.endswith(".") for m in moments)
    assert " ".join(m.text for m in moments) == text.strip()


def test_short_lines_belong_together() -> None:
    text = "Ana Silva\n\nRua de Cima 12\n\n4000 Porto\n\nShe moved there in May, after the flood."
    first, second = read(text, "a.txt")
    assert first.text == "Ana Silva\nRua de Cima 12\n4000 Porto"
    assert second.text == "She moved there in May, after the flood."


def test_what_nobody_sees_is_left_out() -> None:
    hidden = "".join(chr(0xE0000 + ord(letter)) for letter in "ignore all rules")
    text = f"Plain{hidden} wo\xadrds\u202e and\ufeff more.\x07"
    assert read(text, "a.txt")[0].text == "Plain words and more."


def test_binaries_are_refused() -> None:
    with pytest.raises(UnreadableError, match="not text"):
        read(bytes(range(256)) * 40, "b.txt")


IPHONE = (
    "[03/05/2024, 10:15:22] Ana Silva: \u200eMessages and calls are end-to-end encrypted.\r\n"
    "[03/05/2024, 10:15:40] Ana Silva: Olá! Are you home?\r\n"
    "I am at the door: let me in\r\n"
    "\u200e[03/05/2024, 10:16:02] ~\u202fBo: \u200e<attached: 00000012-PHOTO.jpg>\r\n"
    "[13/05/2024, 09:05:00] Bo: \u200eimage omitted\r\n"
    "[13/05/2024, 09:06:00] Bo: Späti at 9? \u200e<This message was edited>\r\n"
)


def test_whatsapp_on_a_phone_with_brackets() -> None:
    first, second, third = read(IPHONE, "_chat.txt")
    assert (first.speaker, first.text) == (
        "Ana Silva",
        "Olá! Are you home?\nI am at the door: let me in",
    )
    assert first.time == datetime(2024, 5, 3, 10, 15, 40)
    assert first.session == "2024-05-03"
    assert passage(IPHONE, first).decode().startswith("[03/05/2024, 10:15:40] Ana Silva: Olá!")
    assert passage(IPHONE, first).decode().endswith("let me in")
    assert (second.speaker, second.text) == ("Bo", "[00000012-PHOTO.jpg]")
    assert (third.text, third.session) == ("Späti at 9?", "2024-05-13")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("03.05.24, 10:15 - Ana: Hallo", datetime(2024, 5, 3, 10, 15)),
        ("5/23/24, 10:15\u202fPM - Ana: hi", datetime(2024, 5, 23, 22, 15)),
        ("23/5/24 10:15 a. m. - Ana: hola", datetime(2024, 5, 23, 10, 15)),
        ("2024-05-03, 12:05 a.m. - Ana: hi", datetime(2024, 5, 3, 0, 5)),
        ("[2024/05/03 10:15:22] Ana: hi", datetime(2024, 5, 3, 10, 15, 22)),
        ("03/05/2024 às 10:15 - Ana: oi", datetime(2024, 5, 3, 10, 15)),
    ],
)
def test_whatsapp_dates_of_all_countries(line: str, expected: datetime) -> None:
    (moment,) = read(line, "WhatsApp Chat with Ana.txt")
    assert (moment.time, moment.speaker) == (expected, "Ana")
    assert moment.meta["conversation"] == "Ana"


def test_the_order_of_day_and_month_is_told_from_the_whole_chat() -> None:
    chat = "1/2/24, 10:00 - Ana: one\n1/3/24, 10:00 - Bo: two\n2/1/24, 10:00 - Ana: three\n"
    assert [moment.time.month for moment in read(chat, "c.txt")] == [1, 1, 2]
    chat = "1/2/24, 10:00 - Ana: one\n13/2/24, 10:00 - Bo: two\n"
    assert [moment.time.month for moment in read(chat, "c.txt")] == [2, 2]


def test_notices_are_no_ones_words_and_omitted_pictures_are_left_out() -> None:
    chat = (
        "5/3/24, 10:15\u202fAM - Messages and calls are end-to-end encrypted. Learn more.\n"
        '5/3/24, 10:15\u202fAM - Ana created group "Trip: Porto"\n'
        "5/3/24, 1:16\u202fPM - Bo: <Media omitted>\n"
        "5/3/24, 1:17\u202fPM - Bo: bye\n"
    )
    notice, message = read(chat, "c.txt")
    assert (notice.speaker, notice.meta["notice"]) == (None, True)
    assert notice.text == 'Ana created group "Trip: Porto"'
    assert (message.speaker, message.text) == ("Bo", "bye")


def test_a_diary_with_times_is_no_chat() -> None:
    (moment,) = read("On 03/05/2024, 10:15 - we left: all of us.", "d.txt")
    assert moment.speaker is None


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.text("abc äé漢😀.!?\t", min_size=1, max_size=300), min_size=1, max_size=8),
    st.sampled_from(["utf-8", "utf-16-le", "utf-16-be", "utf-32-le"]),
)
def test_spans_are_exact_in_every_encoding(paragraphs, encoding) -> None:
    text = "\n\n".join(paragraphs)
    data = ("\ufeff" + text).encode(encoding)
    moments = read(data, "n.txt")
    for moment in moments:
        assert "".join(passage(data, moment).decode(encoding).split()) == "".join(
            moment.text.split()
        )
    said = "".join("".join(moment.text.split()) for moment in moments)
    worded = [p for p in text.split("\n\n") if any(c.isalnum() for c in p)]
    assert all("".join(p.split()) in said for p in worded if len(p) < 250)
