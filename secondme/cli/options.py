"""Options and arguments that several commands share, so that they read the same everywhere."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from secondme.errors import BadInputError

Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")]
Before = Annotated[
    str | None,
    typer.Option(
        "--before",
        metavar="DATE",
        help="Only from before: 2024, 2024-05, 2024-05-03 or words like “last May”.",
    ),
]
After = Annotated[
    str | None, typer.Option("--after", metavar="DATE", help="Only from this date on.")
]
Who = Annotated[
    str | None,
    typer.Option("--who", metavar="NAME", help="Only what this person said, wrote or sent."),
]
Source = Annotated[
    str | None,
    typer.Option("--source", metavar="NAME", help="Only from files whose path or name holds this."),
]
Now = Annotated[
    str | None,
    typer.Option(
        "--now", metavar="TIME", help="Take this as the present, for words like “last week”."
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]
Question = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="QUESTION", help="In plain words; - reads it from a pipe.", show_default=False
    ),
]


def words(given: list[str] | None, what: str) -> str:
    """Arguments as one text, or what comes through a pipe. Raises `BadInputError` for neither."""
    if given and given != ["-"]:
        return " ".join(given)
    if not given and sys.stdin.isatty():
        raise BadInputError(f"{what} is missing", hint="give it in quotes, or through a pipe")
    return sys.stdin.buffer.read().decode("utf-8", "replace").strip()
