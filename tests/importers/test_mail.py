"""Single mails and mailboxes."""

from __future__ import annotations

import mailbox
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secondme.plugin import UnreadableError
from tests.importers.reading import document, importer, passage, read, skipped

MAIL = """\
From: =?utf-8?q?Ana_S=C3=ADlva?= <ana@example.org>
To: "Bo, B." <bo@example.org>, cleo@example.org
Date: Fri, 3 May 2024 10:15:00 +0200
Subject: Re: =?utf-8?b?w5xiZXI=?=
 the summer
Message-ID: <second@example.org>
In-Reply-To: <first@example.org>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="A"

--A
Content-Type: multipart/alternative; boundary="B"

--B
Content-Type: text/plain; charset=utf-8; format=flowed
Content-Transfer-Encoding: quoted-printable

Ol=C3=A1 Bo, the house is free from=20
the 12th.

On Thu, May 2, 2024 at 9:00 AM Bo <bo@example.org>
wrote:
> When is the house free?
> And how many beds are there?
Six beds.

--=20
Ana
Tel. 123
--B
Content-Type: text/html

<p>The same as HTML</p>
--B--
--A
Content-Type: application/pdf
Content-Disposition: attachment; filename="=?utf-8?q?pre=C3=A7os.pdf?="
Content-Transfer-Encoding: base64

JVBERi0xLjQK
--A--
"""


def plain(body: str, **headers: str) -> str:
    known = {"From": "Ana <ana@example.org>", "Subject": "House", **headers}
    return "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in known.items()) + (
        "\n" + body
    )


def said(body: str, **headers: str) -> str:
    (moment,) = read(plain(body, **headers), "m.eml")
    return moment.text.removeprefix("Subject: House").strip()


def test_a_mail_is_its_subject_and_its_own_words() -> None:
    (moment,) = read(MAIL, "mail.eml")
    assert moment.text == (
        "Subject: Re: Über the summer\n\nOlá Bo, the house is free from the 12th.\n\nSix beds."
    )
    assert passage(MAIL, moment) == MAIL.encode()


def test_who_when_and_what_about() -> None:
    (moment,) = read(MAIL, "mail.eml")
    assert moment.speaker == "Ana Sílva"
    assert moment.time == datetime(2024, 5, 3, 10, 15, tzinfo=timezone(timedelta(hours=2)))
    assert moment.external_id == "second@example.org"
    assert moment.session == "first@example.org"
    assert moment.meta == {
        "subject": "Re: Über the summer",
        "from": "ana@example.org",
        "to": ["Bo, B. <bo@example.org>", "cleo@example.org"],
        "attachments": ["preços.pdf"],
    }
    assert importer("x.eml").title(document(MAIL, "mail.eml")) == "Re: Über the summer"


@pytest.mark.parametrize(
    ("headers", "session"),
    [
        ({"Message_ID": "<c@x>", "References": "<a@x> <b@x>", "In_Reply_To": "<b@x>"}, "a@x"),
        ({"Message_ID": "<c@x>", "In_Reply_To": "<b@x>"}, "b@x"),
        ({"Message_ID": "<c@x>"}, "c@x"),
        ({"Subject": "AW: Re: The House"}, "subject: the house"),
    ],
)
def test_a_session_is_a_thread(headers: dict[str, str], session: str) -> None:
    assert read(plain("The roof leaks.", **headers), "m.eml")[0].session == session


@pytest.mark.parametrize(
    ("body", "own"),
    [
        ("Yes.\n\nAm 2. Mai 2024 um 09:00 schrieb Bo <b@x>:\n> Kommst du?\n", "Yes."),
        ("Oui.\n\nLe jeu. 2 mai 2024 à 09:00, Bo <b@x> a écrit :\n> Tu viens ?\n", "Oui."),
        ("Yes.\n\n-----Original Message-----\nFrom: Bo\n\nAre you coming?", "Yes."),
        ("Yes.\n\nFrom: Bo <b@x>\nSent: Monday\nTo: Ana\nSubject: x\n\nOld.", "Yes."),
        ("Yes.\n\nVon: Bo <b@x>\nGesendet: Montag\nAn: Ana\n\nAlt.", "Yes."),
        ("Yes.\n-- \nAna\nTel. 1", "Yes."),
        ("Yes.\n\nSent from my telephone", "Yes."),
        ("Yes.\n" + "_" * 47 + "\nchoir mailing list\nhttps://example.org", "Yes."),
        ("On Monday I wrote:\nit rains.", "On Monday I wrote:\nit rains."),
        ("> only quoted\n> words", "only quoted\nwords"),
        (
            "See below.\n\n---------- Forwarded message ---------\nFrom: Q <q@x>\nDate: Mon\n\nNews.",
            "See below.\n\nFrom: Q <q@x>\nDate: Mon\n\nNews.",
        ),
    ],
)
def test_history_and_signatures_are_cut_off_and_forwards_kept(body: str, own: str) -> None:
    assert said(body) == own


def test_html_mails_read_as_text_without_their_quotes() -> None:
    page = (
        "<html><style>p{}</style><div>Caf\xe9 at <b>five</b>?</div><ul><li>tea<li>cake</ul>"
        "<div class=gmail_quote>On Fri, Bo &lt;b@x&gt; wrote:<blockquote>Old</blockquote></div>"
    )
    mail = plain(page, Content_Type="text/html; charset=iso-8859-1").encode("latin-1")
    (moment,) = read(mail, "m.eml")
    assert moment.text == "Subject: House\n\nCafé at five?\n\n- tea\n- cake"


def test_html_is_read_where_the_plain_part_is_empty() -> None:
    message = EmailMessage()
    message["From"], message["Subject"] = "ana@example.org", "House"
    message.set_content(" \n")
    message.add_alternative("<p>The roof leaks.</p>", subtype="html")
    (moment,) = read(message.as_bytes(), "m.eml")
    assert moment.text == "Subject: House\n\nThe roof leaks."
    assert moment.speaker == "ana@example.org"


@pytest.mark.parametrize(
    ("date", "expected", "note"),
    [
        (None, None, "missing"),
        ("the day before yesterday", None, "unreadable: the day before yesterday"),
        ("Fri, 99 May 2024 10:15:00 +0200", None, "unreadable: Fri, 99 May 2024 10:15:00 +0200"),
        ("Fri, 3 May 1804 10:15:00 +0200", None, "unreadable: Fri, 3 May 1804 10:15:00 +0200"),
        ("Fri, 3 May 2024 10:15:00 -0000", datetime(2024, 5, 3, 10, 15, tzinfo=UTC), None),
        ("3 May 2024 10:15", datetime(2024, 5, 3, 10, 15), None),
    ],
)
def test_dates_that_are_missing_or_nonsense_are_noted(date, expected, note) -> None:
    headers = {} if date is None else {"Date": date}
    (moment,) = read(plain("The roof leaks.", **headers), "m.eml")
    assert moment.time == expected
    assert moment.meta.get("date") == note


def test_unknown_charsets_and_encoded_words_are_read_as_well_as_may_be() -> None:
    mail = plain(
        "caf\xe9",
        Subject="=?klingon?q?caf=E9?= =?utf-8?q?broken",
        Content_Type="text/plain; charset=klingon-7",
    ).encode("latin-1")
    (moment,) = read(mail, "m.eml")
    assert moment.text == "Subject: café =?utf-8?q?broken\n\ncafé"
    assert moment.meta["encoding"] == "read as windows-1252, a guess"


def test_a_mail_cut_in_the_middle_of_a_part_gives_what_is_there() -> None:
    mail = plain(
        "--q\nContent-Type: text/plain\n\nThe ket", Content_Type="multipart/mixed; boundary=q"
    )
    assert read(mail, "m.eml")[0].text == "Subject: House\n\nThe ket"
    assert skipped(mail, "m.eml") == [("the end", "the message is cut short")]


def test_a_mail_of_attachments_alone_names_them() -> None:
    message = EmailMessage()
    message["From"], message["Subject"] = "ana@example.org", "Photos"
    message.add_attachment(b"x", maintype="image", subtype="png", filename="sea.png")
    assert read(message.as_bytes(), "m.eml")[0].text == "Subject: Photos\n\nAttached: sea.png"


def test_long_mails_are_several_moments() -> None:
    body = "\n\n".join(f"Paragraph {i} tells of the day in the mountains. " * 8 for i in range(20))
    moments = read(plain(body, Message_ID="<long@x>"), "m.eml")
    assert len(moments) > 2
    assert [m.external_id for m in moments[:3]] == ["long@x", "long@x#2", "long@x#3"]
    assert moments[0].text.startswith("Subject: House\n\nParagraph 0")
    assert all(m.text.endswith("mountains.") for m in moments)
    assert len({m.span for m in moments}) == 1


@pytest.mark.parametrize(
    ("mail", "reason"),
    [
        ("", "no headers"),
        ("just words", "no headers"),
        (bytes(range(256)) * 9, "no headers"),
        ("From: a@b\n\n", "no text"),
        (
            "From: a@b\n"
            + "".join(
                f"Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n" for i in range(2000)
            ),
            "damaged",
        ),
    ],
)
def test_what_is_no_mail_says_so(mail: str | bytes, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        read(mail, "m.eml")


BOX = (
    b"From ana@example.org Fri May  3 10:15:00 2024\n"
    b"From: Ana <ana@example.org>\nMessage-ID: <1@x>\nSubject: One\n\n"
    b"First line.\n>From here it is a mile.\n\nFrom the hill\none sees the sea.\n\n"
    b"From bo@example.org Fri May  3 11:15:00 2024\r\n"
    b"From: Bo <bo@example.org>\r\nMessage-ID: <2@x>\r\nIn-Reply-To: <1@x>\r\nSubject: Re: One\r\n"
    b"\r\nSecond.\r\n\r\n"
    b"From - Fri May  3 12:15:00 2024\nX-Odd: yes\n\nnothing\n\n"
    b"From cleo@example.org Fri May  3 13:15:00 2024\n"
    b"From: Cleo <cleo@example.org>\nIn-Reply-To: <2@x>\nSubject: Re: One\n"
    b"Content-Type: multipart/mixed; boundary=q\n\n--q\nContent-Type: text/plain\n\nThird, but cu"
)


def test_a_mailbox_gives_its_mails_with_their_bytes() -> None:
    moments = read(BOX, "box.mbox")
    assert [moment.speaker for moment in moments] == ["Ana", "Bo", "Cleo"]
    assert moments[0].text == (
        "Subject: One\n\nFirst line.\nFrom here it is a mile.\n\nFrom the hill\none sees the sea."
    )
    assert passage(BOX, moments[0]).startswith(b"From: Ana <ana@example.org>\n")
    assert passage(BOX, moments[0]).endswith(b"one sees the sea.")
    assert passage(BOX, moments[1]).endswith(b"\r\n\r\nSecond.")


def test_a_thread_in_a_mailbox_is_followed_to_its_root() -> None:
    assert [moment.session for moment in read(BOX, "box.mbox")] == ["1@x", "1@x", "1@x"]


def test_broken_mails_in_a_mailbox_are_skipped() -> None:
    assert skipped(BOX, "box.mbox") == [
        ("message 3", "it is not a mail: there are no headers"),
        ("the end of message 4", "the message is cut short"),
    ]
    with pytest.raises(UnreadableError, match="no mails"):
        read("no mail in here", "box.mbox")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.lists(
            st.sampled_from(["From here we went.", "Lorem é ipsum.", "", ">From", "From: x"]),
            min_size=1,
            max_size=8,
        ),
        min_size=1,
        max_size=5,
    )
)
def test_mailboxes_written_by_others_come_back_whole(tmp_path_factory, bodies) -> None:
    path = Path(tmp_path_factory.mktemp("box")) / "a.mbox"
    box = mailbox.mbox(path, create=True)
    for number, lines in enumerate(bodies):
        message = EmailMessage()
        message["From"], message["Subject"] = f"p{number}@example.org", f"Mail {number}"
        message["Message-ID"] = f"<{number}@x>"
        message.set_content("\n".join(["Begin.", *lines, "End."]))
        box.add(message)
    box.close()
    moments = read(path.read_bytes(), "a.mbox")
    assert [moment.external_id for moment in moments] == [f"{n}@x" for n in range(len(bodies))]
    for moment in moments:
        assert "Begin." in moment.text
        assert moment.text.endswith("End.")
