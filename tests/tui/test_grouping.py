"""Moments under the episodes that they are in, however many there are; no model needed."""

from __future__ import annotations

from textual.pilot import Pilot

from secondme.tui.app import SecondMe
from secondme.tui.shapes import Moment, Together
from secondme.tui.widgets.moments import Group, MomentList, grouped
from secondme.tui.widgets.slider import Slider
from tests.home import Home
from tests.tui.driving import drive, screen, until
from tests.tui.test_robust import ODD, moment


def moments(count: int) -> list[Moment]:
    return [moment(ODD[n % len(ODD)], n) for n in range(count)]  # type: ignore[misc]


def episode(name: str, *here: str) -> Together:
    when = "2024-05-12T18:30:00+01:00"
    return {
        "id": name,
        "title": f"about\n{name}",
        "since": when,
        "until": when,
        "people": [],
        "moments": 9,
        "source": "a.md",
        "here": list(here),
    }


def test_each_episode_stands_where_its_best_moment_stood() -> None:
    episodes = [episode("one", "m1", "m4"), episode("two", "m3", "m2"), episode("gone", "m9")]
    found, groups = grouped(moments(6), episodes)
    assert [m["id"] for m in found] == ["m0", "m1", "m4", "m3", "m2", "m5"]
    assert groups == [
        Group(1, 2, "about one · 12 May 2024 · 2 of 9"),
        Group(3, 2, "about two · 12 May 2024 · 2 of 9"),
    ]
    assert grouped([], episodes) == ([], [])


def test_ten_thousand_moments_under_their_headings(own: Home) -> None:
    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        await app.action_go("recall")
        hits = app.pane.query_one(MomentList)
        episodes = [
            episode(f"number {n}", *(f"m{n + k}" for k in range(3))) for n in range(0, 9_999, 3)
        ]
        hits.show(*_shown(grouped(moments(10_000), episodes)))
        hits.focus()
        await until(pilot, lambda: "about number 0 · 12 May 2024 · 3 of 9" in screen(app))
        for key in ("end", "home", "pagedown", "pagedown", "down", "end", "pageup", "G"):
            await pilot.press(key)
            for strip in app.screen._compositor.render_strips():
                assert strip.cell_length == 120
        assert hits.chosen is not None
        assert hits.chosen["id"] == "m9999"  # it is in none
        await pilot.press("up", "up", "up")
        await until(pilot, lambda: "about number 9996 · 12 May" in screen(app))
        assert hits.chosen["id"] == "m9996"
        line = next(n for n, text in enumerate(screen(app).splitlines()) if "number 9996" in text)
        hits.cursor = 9_999
        await pilot.click(hits, offset=(5, line - hits.region.y))  # a heading is its first moment's
        assert hits.chosen["id"] == "m9996"

    drive(flow, own.config)


def _shown(found: tuple[list[Moment], list[Group]]) -> tuple[list[Moment], None, list[Group]]:
    return found[0], None, found[1]


def test_a_slider_is_moved_by_keys_and_the_mouse(own: Home) -> None:
    async def flow(app: SecondMe, pilot: Pilot[None]) -> None:
        slider = Slider(id="line", step=5)
        await app.pane.mount(slider)
        slider.show(100, 200, 150)
        slider.say("MB")
        slider.focus()
        await pilot.pause()
        track = slider.size.width - 4
        for key, value in (
            ("right", 155),
            ("left", 150),
            ("pageup", 200),
            ("right", 200),
            ("home", 100),
            ("left", 100),
            ("end", 200),
        ):
            await pilot.press(key)
            assert slider.value == value, key
        await pilot.click(slider, offset=(track // 2, 0))
        assert slider.value == 150
        await until(pilot, lambda: "●" in screen(app))

    drive(flow, own.config)
