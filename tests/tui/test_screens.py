"""How every screen looks, at two sizes, dark and light: as text, with a mark for each line's styles."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from secondme import config
from secondme.tui.app import SecondMe
from tests.tui.driving import drive
from tests.tui.replay import Replayed, Tape, read
from tests.tui.scenes import SCENES, welcome

SIZES = {"80x24": (80, 24), "120x40": (120, 40)}
THEMES = ("night", "day")
APART = {"palette"}
"""Scenes that are begun anew for each theme: what lies below a palette changes when that has gone."""
VARIANTS = [(name, size) for name in [*SCENES, "welcome"] for size in SIZES]


def kept(name: str, size: str, theme: str) -> Path:
    """Where the screen is kept."""
    return Path(__file__).parent / "screens" / f"{name}-{size}-{theme}.txt"


def draw(tapes: dict[str, Tape], name: str, size: str) -> dict[str, tuple[str, str]]:
    """A screen in each theme, as it is compared and as a picture (SVG)."""
    drawn: dict[str, tuple[str, str]] = {}

    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        themes = (app.theme,) if name in APART else THEMES
        await (SCENES | {"welcome": welcome})[name](app, pilot)
        for field in app.screen.query(Input):
            field.cursor_blink = False
        for theme in themes:
            app.theme = theme
            await pilot.pause(0.05)
            drawn[theme] = (_lines(app), app.export_screenshot())

    settings = config.load({"HOME": "/home/ines", "SECONDME_HOME": "/home/ines/.secondme"})
    tape = tapes["new" if name == "welcome" else "life"]
    for theme in THEMES if name in APART else THEMES[:1]:
        memory = Replayed(settings, tape)
        drive(flow, settings, memory, size=SIZES[size], theme=theme, begin=name == "welcome")
    return drawn


def _lines(app: SecondMe) -> str:
    """Each line's text, after a mark that changes with any colour or style in it."""
    out = []
    for strip in app.screen._compositor.render_strips():
        styles = "".join(
            f"{len(s.text)}{s.style.without_color if s.style else ''}{s.style.color if s.style else ''}"
            f"{s.style.bgcolor if s.style else ''}"
            for s in strip.simplify()
        )
        mark = hashlib.sha256(styles.encode()).hexdigest()[:6]
        out.append(f"{mark} {strip.text.rstrip()}".rstrip())
    return "\n".join(out) + "\n"


@pytest.fixture(scope="module")
def tapes() -> dict[str, Tape]:
    return read()


@pytest.mark.parametrize(("name", "size"), VARIANTS)
def test_a_screen_looks_as_it_did(
    tapes: dict[str, Tape],
    name: str,
    size: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", "/home/ines")
    for theme, (text, picture) in draw(tapes, name, size).items():
        (tmp_path / f"{theme}.svg").write_text(picture, encoding="utf-8")
        assert text == kept(name, size, theme).read_text(encoding="utf-8"), (
            f"look at {tmp_path}/{theme}.svg; `python -m tests.tui.record` keeps what has changed on"
            " purpose"
        )
