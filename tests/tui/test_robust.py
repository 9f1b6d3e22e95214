"""The app where it is narrow, full, colourless, or fed with odd things; no model needed."""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from pathlib import Path

import pytest
from textual.filter import Monochrome
from textual.pilot import Pilot

from secondme.tui.app import PANES, SecondMe
from secondme.tui.themes import THEMES
from secondme.tui.widgets.bars import Notice
from secondme.tui.widgets.chips import taken
from secondme.tui.widgets.moments import MomentList
from tests.home import COMMAND, Home, chat
from tests.tui.driving import drive, paste, screen, until

ODD = (
    "👩🏽‍🚀 flew to 東京 and back 🇯🇵",
    "שלום עולם, مرحبا بالعالم, mixed with Latin",
    "ラーメン" * 200,
    "\x1b[31mnot red\x1b[0m \x07 [bold]no markup[/bold] [@click=app.exit]x[/]",
    "e\u0301" * 300,
    "",
    "a" * 5000,
)


def moment(text: str, n: int) -> dict[str, object]:
    return {
        "id": f"m{n}",
        "external_id": None,
        "text": text,
        "time": "2024-05-12T18:30:00+01:00",
        "speaker": ODD[n % 2],
        "source": "a\nb.md",
        "path": None,
        "span": None,
    }


def test_ten_thousand_results_of_any_script_stay_within_their_lines(own: Home) -> None:
    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await app.action_go("recall")
        hits = app.pane.query_one(MomentList)
        hits.show([moment(ODD[n % len(ODD)], n) for n in range(10_000)])  # type: ignore[misc]
        hits.focus()
        for key in ("end", "home", "pagedown", "pagedown", "down", "end", "pageup"):
            await pilot.press(key)
            for strip in app.screen._compositor.render_strips():
                assert strip.cell_length == 120
        assert "10,000" not in screen(app)
        assert hits.cursor < 9_999
        await pilot.press("G")
        assert hits.chosen is not None
        assert hits.chosen["id"] == "m9999"
        assert "\x1b" not in screen(app)

    drive(flow, own.config)


def test_resizing_storms(own: Home) -> None:
    chat(own.path / "garden.jsonl", "garden", 40)
    own.finish("add", paths=[str(own.path / "garden.jsonl")])
    sizes = random.Random(7)

    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        for id_ in PANES:
            await app.action_go(id_)
            if id_ == "recall":
                await paste(app, pilot, "bicycle")
                await until(pilot, lambda: app.pane.query_one(MomentList).moments)
            for _ in range(6):
                await pilot.resize_terminal(sizes.randint(1, 240), sizes.randint(1, 70))
            await pilot.resize_terminal(80, 24)
            assert PANES[id_][0] in screen(app)

    drive(flow, own.config)


def test_a_moment_of_twenty_megabytes(own: Home, tmp_path: Path) -> None:
    line = {
        "id": "big",
        "time": "2024-05-01T10:00:00",
        "speaker": "Ana",
        "text": "sea lantern " + "wave " * 4_000_000,
    }
    (tmp_path / "big.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    own.finish("add", paths=[str(tmp_path / "big.jsonl")])

    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await app.action_go("recall")
        await paste(app, pilot, "lantern")
        await until(pilot, lambda: "sea lantern" in screen(app))
        await until(pilot, lambda: app.pane.has_class("-beside"))
        await pilot.press("down", "o")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await until(pilot, lambda: "20 MB" in screen(app))

    drive(flow, own.config)


def test_no_colour_where_none_is_wanted(own: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await app.action_go("timeline")
        assert any(isinstance(filter_, Monochrome) for filter_ in app._filters)
        await pilot.pause(0.1)
        segments = [
            segment
            for y in range(app.size.height)
            for widget in [app.pane.query_one(MomentList)]
            for segment in widget.render_line(min(y, 3))
        ]
        background = app.screen.background_colors[1]
        segments = next(f for f in app._filters if isinstance(f, Monochrome)).apply(
            segments, background
        )
        for segment in segments:
            for colour in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                if colour is not None and colour.triplet is not None:
                    assert len({*colour.triplet}) == 1

    drive(flow, own.config)


def test_every_theme(own: Home) -> None:
    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        for name in THEMES:
            app.theme = name
            await pilot.pause()
            assert "Ask your memory anything" in screen(app)
            assert app.theme_variables["quiet"]

    drive(flow, own.config)


def test_a_core_of_another_version_is_told_in_a_line(
    own: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        monkeypatch.setattr("secondme.tui.memory.__version__", "0.0.1")
        await app.action_go("journal")
        app.pane.reload()
        notice = app.query_one(Notice)
        await until(pilot, lambda: "secondme core restart" in str(notice.render()))

    drive(flow, own.config)


def test_what_nothing_was_prepared_for_ends_in_one_line(own: Home) -> None:
    app = SecondMe(own.config)

    async def fail() -> None:
        app.call_later(lambda: 1 / 0)

    app.run(headless=True, auto_pilot=lambda pilot: fail())
    assert "ZeroDivisionError" in app.failure
    assert "ZeroDivisionError" in (own.config.log_dir / "app.log").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("typed", "rest", "filters"),
    [
        ("bread who:Ana ", "bread ", {"who": "Ana"}),
        ('who:"Ana Lima" after:2024-05 bread', "bread", {"who": "Ana Lima", "after": "2024-05"}),
        ("who:Ana", "who:Ana", {}),
        ("in:mail before:2025 ", "", {"source": "mail", "before": "2025"}),
        ("somewho:Ana ", "somewho:Ana ", {}),
    ],
)
def test_filters_as_typed(typed: str, rest: str, filters: dict[str, str]) -> None:
    assert taken(typed) == (rest, filters)


def test_the_installed_program_in_a_terminal(own: Home) -> None:
    """Started in tmux, typed into, and its screen read."""
    chat(own.path / "garden.jsonl", "garden", 20)
    own.finish("add", paths=[str(own.path / "garden.jsonl")])
    socket = f"secondme-{os.getpid()}"

    def tmux(*arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", socket, *arguments],
            env={**own.env, "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def wait_for(text: str) -> None:
        deadline = time.monotonic() + 30
        while text not in (seen := tmux("capture-pane", "-p", "-t", "app")):
            assert time.monotonic() < deadline, seen
            time.sleep(0.1)

    tmux(
        "-f",
        "/dev/null",
        "new-session",
        "-d",
        "-s",
        "app",
        "-x",
        "80",
        "-y",
        "24",
        f"{COMMAND}; echo left $?; sleep 9",
    )
    try:
        wait_for("20 moments")
        tmux("send-keys", "-t", "app", "Escape")
        time.sleep(0.3)
        tmux("send-keys", "-t", "app", "2")
        wait_for("What are you looking for?")
        tmux("send-keys", "-t", "app", "-l", "lighthouse")
        wait_for("about the lighthouse in the garden")
        tmux("send-keys", "-t", "app", "C-q")
        wait_for("left 0")
    finally:
        tmux("kill-server")


def test_without_a_terminal_the_command_says_what_is_there(tmp_path: Path) -> None:
    done = Home(tmp_path / "home").run()
    assert done.code == 0
    assert "nothing is remembered yet" in done.out
