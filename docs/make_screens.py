"""Draw the app's pictures in assets/, and record a short tour of it as an asciinema cast.

    python docs/make_screens.py           # assets/app-*.svg, from what the tests have recorded
    python docs/make_screens.py --cast    # assets/tour.cast as well: a real terminal, core and models

The cast needs the default models (`secondme model fetch`) and a few minutes, most of them for reading
the demo life.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import shutil
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from textual.pilot import Pilot  # noqa: E402

from secondme import config  # noqa: E402
from secondme.tui.app import SecondMe  # noqa: E402
from tests.home import COMMAND, Home  # noqa: E402
from tests.tui.driving import drive  # noqa: E402
from tests.tui.replay import Replayed, read  # noqa: E402
from tests.tui.scenes import SCENES  # noqa: E402

PICTURES = {
    "app-ask": ("trace", "night", (118, 34)),
    "app-recall": ("filters", "dusk", (118, 30)),
    "app-timeline": ("timeline", "day", (118, 30)),
    "app-facts": ("facts", "night", (118, 30)),
    "app-model": ("budget", "linen", (118, 36)),
}
COLUMNS, LINES = 100, 30
TOUR = (
    ("moments in", 1.5, "How much did the green bicycle cost?"),
    ("", 0.6, "\r"),
    ("confidence", 3.0, "\x1b"),
    ("", 1.0, "\x14"),
    ("best first", 3.0, "\x1bOQ"),
    ("looking for", 1.0, "dentist"),
    ("Dentist", 1.5, " who:Ines "),
    ("who Ines", 2.0, "\x1b[B"),
    ("", 1.0, "\x1b[B"),
    ("", 1.5, "\x1bOR"),
    ("2024-0", 2.0, "d"),
    ("A date", 0.6, "2024-05-13"),
    ("", 0.6, "\r"),
    ("13 May 2024", 2.5, "\x1bOS"),
    ("to decide", 2.5, "t"),
    ("partner of", 2.5, "\x1b[18~"),
    ("licence", 4.0, "\x1b[19~"),
    ("209 new", 2.0, "v"),
    ("recall ·", 2.5, "\x11"),
)
"""What has to stand on the screen, for how many seconds then, and what is typed after."""
_WRITTEN = re.compile(
    r"\x1b\[(\d+;\d+)H|(\x1b\[[^a-zA-Z]*[a-zA-Z]|\x1b[\]P].*?(?:\x07|\x1b\\)|\x1b.)|(.)", re.S
)
"""A place to go to, another sequence, or a character."""
_CUT_OFF = re.compile(rb"\x1b(?:\[[^a-zA-Z]*)?\Z")


def pictures() -> None:
    """The screens, as SVG that needs nothing from elsewhere."""
    os.environ["HOME"] = "/home/ines"
    settings = config.load({"HOME": "/home/ines", "SECONDME_HOME": "/home/ines/.secondme"})
    tape = read()["life"]
    for name, (scene, theme, size) in PICTURES.items():
        drawn: list[str] = []

        async def flow(app: SecondMe, pilot: Pilot[None], scene: str = scene, drawn=drawn) -> None:
            await SCENES[scene](app, pilot)
            drawn.append(app.export_screenshot())

        drive(flow, settings, Replayed(settings, tape), size=size, theme=theme)
        svg = re.sub(r"@font-face \{.*?\}\s*", "", drawn[0], flags=re.S)
        svg = re.sub(r"font-family: Fira Code, monospace", "font-family: monospace", svg)
        (ROOT / "assets" / f"{name}.svg").write_text(svg, encoding="utf-8")


def cast() -> None:
    """The tour, as a terminal shows it."""
    folder = Path(tempfile.mkdtemp())
    home = Home(folder / "home", models=str(config.load().models_dir))
    try:
        shutil.copytree(ROOT / "assets" / "demo", folder / "life")
        home.finish("add", paths=[str(folder / "life")], wait=True)
        home.finish("consolidate", now=True)
        home.call("facts-read", seconds=600.0)
        list(home.client.stream("ask", question="How much did the green bicycle cost?"))
        events = _toured(home)
    finally:
        home.stop()
    head = {
        "version": 2,
        "width": COLUMNS,
        "height": LINES,
        "title": "Second Me",
        "idle_time_limit": 3,
        "env": {"TERM": "xterm-256color"},
    }
    lines = [json.dumps(head)]
    for at, text in events:
        lines.append(
            json.dumps(
                [round(at, 3), "o", text.replace(str(folder), "/home/ines")], ensure_ascii=False
            )
        )
    (ROOT / "assets" / "tour.cast").write_text("\n".join(lines) + "\n", encoding="utf-8")
    shutil.rmtree(folder)


def _toured(home: Home) -> list[tuple[float, str]]:
    pid, master = pty.fork()
    if pid == 0:
        env = {**home.env, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        os.execve(COMMAND, [str(COMMAND)], env)
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    events: list[tuple[float, bytes]] = []
    terminal = _Terminal()
    start = time.monotonic()

    def record(seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([master], [], [], 0.02)[0]:
                try:
                    data = os.read(master, 65536)
                except OSError:
                    return
                events.append((time.monotonic() - start, data))
                terminal.write(data)

    for text, pause, keys in TOUR:
        deadline = time.monotonic() + 60
        while text not in (shown := terminal.text()):
            if time.monotonic() > deadline:
                os.kill(pid, 9)
                raise SystemExit(f"{text!r} does not come up:\n{shown}")
            record(0.2)
        record(pause)
        pieces = list(keys) if keys.isprintable() else [keys]
        for piece in pieces:
            os.write(master, piece.encode())
            record(0.07 if len(pieces) > 1 else 0)
    record(1.5)
    os.close(master)
    os.waitpid(pid, 0)
    joined: list[tuple[float, str]] = []
    held = b""
    for at, data in events:  # a character may be cut in two
        held += data
        text = held.decode("utf-8", "ignore")
        held = held[len(text.encode()) :]
        joined.append((at, text))
    return joined


class _Terminal:
    """What stands on the screen: the app only moves about and writes."""

    def __init__(self) -> None:
        self._rows = [[" "] * COLUMNS for _ in range(LINES)]
        self._row = self._column = 0
        self._held = b""

    def write(self, data: bytes) -> None:
        """Take in what was written; a sequence that is cut off waits for the rest of it."""
        data = self._held + data
        cut = _CUT_OFF.search(data)
        self._held = cut[0] if cut else b""
        data = data.removesuffix(self._held)
        for place, other, text in _WRITTEN.findall(data.decode("utf-8", "ignore")):
            if place:
                self._row, self._column = (int(number) - 1 for number in place.split(";"))
            elif text == "\n":
                self._row, self._column = self._row + 1, 0
            elif not other and text != "\r" and self._row < LINES and self._column < COLUMNS:
                self._rows[self._row][self._column] = text
                self._column += 1

    def text(self) -> str:
        """The screen's lines."""
        return "\n".join("".join(row).rstrip() for row in self._rows)


if __name__ == "__main__":
    if "--cast" in sys.argv[1:]:
        cast()
    pictures()
