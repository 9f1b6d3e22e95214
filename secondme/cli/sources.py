"""`watch` and `sources`: where the memory's content comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from secondme.cli.app import App
from secondme.cli.link import absolute, call, print_json
from secondme.cli.main import MISSING
from secondme.cli.options import Json, Yes
from secondme.cli.output import (
    can_ask,
    clean,
    confirmed,
    day,
    dim,
    note,
    out,
    short_path,
    table,
)
from secondme.errors import RefusedError
from secondme.wording import counted

app = App()
sources = App("sources")
app.add_typer(sources)


@app.add()
def watch(
    path: Annotated[str, typer.Argument(metavar="PATH", help="A folder.")],
    json: Json = False,
) -> None:
    """Take in a folder now and whatever changes in it from now on.

    It is watched for as long as the core runs, and looked through again whenever the core starts.
    `secondme sources rm` ends it.

    Examples:
        secondme watch ~/vault
    """
    result = call("watch", path=absolute(path))
    if json:
        print_json(result)
    else:
        out(f"watching {short_path(result['source']['path'])}")


@sources.callback(invoke_without_command=True)
def list_(context: typer.Context, json: Json = False) -> None:
    """List the folders, files and conversations that the memory's content comes from.

    Examples:
        secondme sources
        secondme sources --json
        secondme sources rm ~/old-notes
    """
    if context.invoked_subcommand:
        return
    result = call("sources")
    if json:
        print_json(result)
    elif not result["sources"]:
        out("no sources yet; `secondme add PATH` takes something in")
    else:
        rows = [_row(source) for source in result["sources"]]
        for line in table(rows, ("items", "moments", "since", "watched", "source")):
            out(line)


def _row(source: dict[str, Any]) -> tuple[str, ...]:
    watched = "yes" if source["watched"] else ""
    trouble = f" — {clean(source['error'])}" if source["error"] else ""
    return (
        f"{source['items']:,}",
        f"{source['moments']:,}",
        day(source["added"]),
        watched,
        short_path(source["path"]) + trouble,
    )


@sources.add("rm")
def remove(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="Its path, the end of its path, or its id.")
    ],
    forget: Annotated[
        bool, typer.Option("--forget", help="Forget what came from it as well.")
    ] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Take a source off the list and stop watching it; what came from it stays unless told otherwise.

    Examples:
        secondme sources rm ~/old-notes
        secondme sources rm old-notes --forget
    """
    name = absolute(source) if Path(source).exists() else source
    if forget and not yes:
        if not can_ask():
            raise RefusedError("forgetting needs a yes", hint="--yes says it")
        if not confirmed(f"Forget everything that came from {short_path(name)}?"):
            note("nothing was changed")
            raise typer.Exit(MISSING)
    result = call("source-remove", source=name, forget=forget)
    if json:
        print_json(result)
        return
    out(f"removed {short_path(result['source']['path'])}")
    if forget:
        out(f"forgot {counted(result['forgotten'], 'moment')}")
    out(dim("`secondme undo` takes it back"))
