"""How the person writes: counted over their own mails and messages."""

from __future__ import annotations

import json
from email.message import EmailMessage
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from secondme.memory.style import language_of
from tests.home import Home


def mail(folder: Path, n: int, text: str) -> None:
    message = EmailMessage()
    message["From"], message["To"] = "Robin Hale <robin@example.org>", "Ann <ann@example.org>"
    message["Date"], message["Subject"] = f"Mon, {n:02} Apr 2024 10:00:00 +0000", f"Number {n}"
    message.set_content(text)
    (folder / f"{n}.eml").write_bytes(bytes(message))


def test_the_profile_tells_how_the_person_writes_each_with_a_moment(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", me="Robin Hale")
    life = tmp_path / "life"
    life.mkdir()
    for n in range(1, 4):
        mail(
            life, n, "Dear Ann,\n\nthe boat is in the water and I was there.\n\nBest wishes\nRobin"
        )
    for n in range(4, 9):
        mail(
            life,
            n,
            "Hallo Ann,\n\ndas Boot ist im Wasser und ich bin nicht da.\n\nViele Grüße\nRobin",
        )
    lines = [
        {"id": f"m{n}", "conversation": "c", "session": "s", "time": f"2024-05-01T10:{n:02}:00+00:00",
         "speaker": speaker, "text": text}
        for n, (speaker, text) in enumerate([
            *[("Robin Hale", "The boat is in the water 🎉")] * 3, *[("Robin Hale", "I was not at the lake.")] * 5,
            ("Ann", "Je ne suis pas là, mais vous êtes dans le bateau."),
        ])
    ]  # fmt: skip
    (life / "c.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    home.finish("add", paths=[str(life)])
    assert home.call("facts-read")["unread"] == 0
    found = {
        t["label"]: (t["value"], t["moment"]["time"][:10]) for t in home.call("profile")["style"]
    }
    home.stop()
    assert found == {
        "writes in": ("English (69%), German (31%)", "2024-05-01"),
        "greets with": ("Hallo, Dear", "2024-04-08"),
        "signs off with": ("Viele Grüße, Best wishes", "2024-04-08"),
        "length of a message": ("6 words", "2024-05-01"),
        "emoji": ("often (38%): 🎉", "2024-05-01"),
    }


def test_who_wrote_little_has_no_style_yet(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", me="Robin")
    home.call("note", text="My name is Robin. I live in Ghent.")
    assert home.call("profile")["style"] == []
    home.stop()


@given(st.text(max_size=300))
def test_any_text_has_a_language_or_none(text: str) -> None:
    assert language_of(text) is None or language_of(text) in (
        "English", "German", "French", "Spanish", "Portuguese", "Italian", "Dutch"
    )  # fmt: skip
