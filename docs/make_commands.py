"""Write docs/commands.md: the help of every command, as the command itself prints it.

python docs/make_commands.py            write it
python docs/make_commands.py --check    exit code 1 when it is out of date
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer import Context

from secondme.cli.commands import command

PAGE = Path(__file__).with_name("commands.md")
INTRODUCTION = """# Commands

What `secondme` and each of its commands say with `--help`. This page is made from them by
`python docs/make_commands.py`.

Exit codes are the same everywhere: 0 done, 1 not found or refused, 2 wrong use, 3 the core failed, 130
ended by Ctrl-C. With `--json` a command prints one JSON object, described in [json.md](json.md).
"""


def page() -> str:
    """The whole page."""
    os.environ["COLUMNS"] = "80"  # wherever it is made
    sections = [
        f"## {name}\n\n```text\n{help_}\n```\n"
        for name, help_ in _helps(command(), "secondme", None)
    ]
    return "\n".join([INTRODUCTION, *sections])


def _helps(command_: Any, name: str, parent: Context | None) -> Iterator[tuple[str, str]]:
    """Each command's full name and help, a group before what is below it."""
    context = command_.context_class(
        command_, info_name=name, parent=parent, **command_.context_settings
    )
    yield context.command_path, command_.get_help(context)
    if hasattr(command_, "list_commands"):
        for below in command_.list_commands(context):
            yield from _helps(command_.get_command(context, below), below, context)


def main() -> int:
    """Write the page, or say whether it is up to date."""
    made = page()
    if "--check" in sys.argv[1:]:
        current = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
        if current != made:
            print("docs/commands.md is out of date: python docs/make_commands.py", file=sys.stderr)
        return int(current != made)
    PAGE.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
