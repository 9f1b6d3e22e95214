"""Draw assets/picture.svg: the command at work on the demo life, recorded in a terminal.

    python docs/make_picture.py

It needs the default models (`secondme model fetch`) and takes about half a minute, most of it for taking
in the demo life. The text is the command's own output, times included: record on a machine at rest.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from html import unescape
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from secondme import config

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "assets" / "picture.svg"
COMMAND = Path(sys.executable).parent / "secondme"
COLUMNS = 100
SCENES = (
    ("recall", "why was the trip to Lofoten cancelled?", "-k", "2"),
    ("ask", "What is Ines allergic to?"),
    ("ask", "What is the name of Katrin's dog?"),
)
THEME = TerminalTheme(
    (27, 32, 40),
    (214, 220, 228),
    [
        (27, 32, 40),
        (224, 108, 117),
        (140, 190, 120),
        (226, 188, 106),
        (97, 165, 230),
        (190, 130, 210),
        (86, 182, 194),
        (214, 220, 228),
    ],
)
PIECE = re.compile(
    r'<text class="([^"]+)" x="([^"]+)" y="([^"]+)" textLength="([^"]+)" clip-path="url\(#([^)]+)\)">'
    r"([^<]*)</text>"
)
# Rich's own frame names fonts on other machines; this one takes the reader's.
FRAME = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px }}
.{unique_id}-title {{ font: bold 18px system-ui, sans-serif }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def main() -> int:
    """Record the scenes in a home of their own and draw them."""
    models = str(config.load().models_dir)
    with tempfile.TemporaryDirectory() as home:
        shutil.copytree(ROOT / "assets" / "demo", Path(home) / "life")
        env = {k: v for k, v in os.environ.items() if not k.startswith("SECONDME_")}
        env.pop("NO_COLOR", None)
        env |= {
            "HOME": home,
            "SECONDME_HOME": f"{home}/memory",
            "SECONDME_MODELS_DIR": models,
            "TERM": "xterm-256color",
        }
        try:
            in_terminal(env, "add", "--wait", f"{home}/life")
            in_terminal(env, "ask", "Where does Ines live?")  # loads the model
            scenes = [(scene, in_terminal(env, *scene)) for scene in SCENES]
        finally:
            subprocess.run([COMMAND, "core", "stop"], env=env, check=False, capture_output=True)
    OUT.write_text(drawn(scenes), encoding="utf-8")
    return 0


def in_terminal(env: dict[str, str], *arguments: str) -> str:
    """What the command leaves on a terminal; raises `SystemExit` when it fails."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    process = subprocess.Popen(
        [COMMAND, *arguments], stdin=slave, stdout=slave, stderr=slave, env=env
    )
    os.close(slave)
    written = b""
    while chunk := _read(master):
        written += chunk
    os.close(master)
    text = written.decode().replace("\r\n", "\n")
    if process.wait() > 1:  # a refusal ends with 1
        raise SystemExit(text)
    # A draft of an answer, or a bar of progress, that was taken off the screen again.
    return re.sub(r"(?s)^.*\x1b\[[JK]", "", text).strip("\n")


def _read(master: int) -> bytes:
    try:
        return os.read(master, 65536)
    except OSError:  # how a terminal without programs ends on Linux
        return b""


def drawn(scenes: list[tuple[tuple[str, ...], str]]) -> str:
    """Command lines and what they wrote, as an SVG."""
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"), force_terminal=True)  # noqa: SIM115, PTH123
    for number, (arguments, text) in enumerate(scenes):
        line = Text("$ ", style="green").append(
            " ".join(("secondme", *map(_typed, arguments))), style="bold"
        )
        console.print("" if number == 0 else "\n", end="")
        console.print(line, Text.from_ansi(text), sep="\n", soft_wrap=True)
    svg = console.export_svg(title="secondme", theme=THEME, code_format=FRAME, unique_id="s")
    svg = PIECE.sub(_without_spaces, svg)
    return "\n".join(line.strip() for line in svg.splitlines() if line.strip()) + "\n"


def _typed(argument: str) -> str:
    """An argument as a person types it: a question in double quotes."""
    return f'"{argument}"' if " " in argument else argument


def _without_spaces(piece: re.Match[str]) -> str:
    """A piece of a line without the spaces around it, which not every viewer keeps; none if empty."""
    style, x, y, cells, line, text = piece.groups()
    inner = text.replace("&#160;", "\xa0").rstrip()
    kept = inner.lstrip()
    if not kept:
        return ""
    one = float(cells) / cell_len(unescape(text))
    start = float(x) + one * (len(inner) - len(kept))
    return (
        f'<text class="{style}" x="{start:g}" y="{y}" textLength="{one * cell_len(unescape(kept)):g}"'
        f' clip-path="url(#{line})">{kept}</text>'
    )


if __name__ == "__main__":
    sys.exit(main())
