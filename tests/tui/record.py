"""Record what the real memory says in every scene, and how the screens look then.

    python -m tests.tui.record            # both
    python -m tests.tui.record screens    # the screens alone

Run it when the core says something else than before, or when screens have changed on purpose, and look
at the changes of `tests/tui/screens/` before they are kept.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from secondme import config
from tests.home import Home
from tests.tui.driving import drive
from tests.tui.replay import Recording, Tape, read, write
from tests.tui.scenes import QUESTION, SCENES, welcome
from tests.tui.test_screens import VARIANTS, draw, kept

DEMO = Path(__file__).parents[2] / "assets" / "demo"


def record() -> None:
    """Take the demo life in and go through every scene."""
    folder = Path(tempfile.mkdtemp())
    life = folder / "life"
    shutil.copytree(DEMO, life)
    models = config.load().models_dir
    os.environ["HOME"] = str(life / "notes")
    tapes: dict[str, Tape] = {"life": {}, "new": {}}
    home = Home(folder / "home", models=str(models), idle_exit="2", zone="Europe/Paris")
    os.environ |= {k: v for k, v in home.env.items() if k.startswith("SECONDME_")}
    try:
        drive(welcome, home.config, Recording(home.config, tapes["new"], life), begin=True)
        home.finish("add", paths=[str(life)], wait=True)
        home.finish("consolidate", now=True)
        home.call("model-use", name="default", memory=300)
        home.finish("ask", question=QUESTION)  # the model runs in its budget from now on
        for flow in SCENES.values():
            home.call("facts-read", seconds=600.0)
            drive(flow, home.config, Recording(home.config, tapes["life"], life))
    finally:
        home.stop()
        shutil.rmtree(folder)
    write(tapes)


def screens() -> None:
    """Draw every scene from the tapes and keep it."""
    tapes = read()
    os.environ["HOME"] = "/home/ines"
    for name, size in VARIANTS:
        for theme, (text, _) in draw(tapes, name, size).items():
            file = kept(name, size, theme)
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] != ["screens"]:
        record()
    screens()
