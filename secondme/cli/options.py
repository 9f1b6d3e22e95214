"""Options and arguments that several commands share, so that they read the same everywhere."""

from __future__ import annotations

import re
import sys
from typing import Annotated

import typer

from secondme.cli.link import call
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
Without = Annotated[
    list[str] | None,
    typer.Option("--without", metavar="ID", help="Not this moment; may be given several times."),
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


def megabytes(text: str, name: str | None = None) -> int:
    """A size such as `300MB`, `1.5 GB` or `300` (megabytes) in megabytes, or a share of a model's file such
    as `50%`: of the one of this name, or the one that answers.

    Raises `typer.BadParameter` for anything else.
    """
    if share := re.fullmatch(r"\s*([1-9]\d{0,2})\s*%\s*", text):
        size: float = call("model-size", name=name)["megabytes"]
        return round(size * int(share[1]) / 100)
    match = re.fullmatch(r"\s*([\d.,]+)\s*(mb|m|gb|g)?\s*", text, re.IGNORECASE)
    try:
        value = float(match[1].replace(",", ".")) if match else -1.0
    except ValueError:
        value = -1.0
    if match is None or value < 0:
        raise typer.BadParameter(f"{text!r} is not a size: write it as 300MB, 1.5GB or 50%")
    return round(value * (1000 if (match[2] or "").lower().startswith("g") else 1))


Memory = Annotated[
    str | None,
    typer.Option(
        "--memory",
        metavar="SIZE",
        help="What the model may take in memory, such as 300MB or 50% of its file; 0 is no limit.",
        show_default=False,
    ),
]
