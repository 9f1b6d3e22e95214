"""`status`, `doctor` and `index`: how the memory is, and mending it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from secondme.cli.app import App
from secondme.cli.link import call, follow, print_json
from secondme.cli.main import MISSING, STOPPED
from secondme.cli.options import Json
from secondme.cli.output import (
    bad,
    clean,
    dim,
    duration,
    good,
    marked,
    note,
    out,
    short_path,
    wrap,
)
from secondme.wording import counted

app = App()
index = App("index")
app.add_typer(index)


@app.add()
def status(json: Json = False) -> None:
    """Show what the memory holds, what it works with, and whether anything leaves this machine.

    Examples:
        secondme status
        secondme status --json | jq .leaves_machine
    """
    result = call("status")
    if json:
        print_json(result)
        return
    for name, value in _facts(result):
        first, *rest = wrap(value, " " * 10)
        out(f"{name:<9} {first.lstrip()}")
        for line in rest:
            out(line)
    for sentence in result["leaves_machine"]:
        out(marked(clean(sentence)))
    if not result["leaves_machine"]:
        out("Nothing leaves this machine.")


def _facts(result: dict[str, Any]) -> list[tuple[str, str]]:
    """The overview as names and values."""
    watched = f", {result['watched']:,} watched" if result["watched"] else ""
    holds = f"{counted(result['moments'], 'moment')} in {counted(result['items'], 'item')}"
    facts = [
        ("holds", f"{holds} from {counted(result['sources'], 'source')}{watched}"),
        ("stored", f"{short_path(result['data_dir'])}, {result['disk_mb']:,.1f} MB"),
        ("answers", _model(result["language_model"])),
        (
            "finds",
            f"by words; by meaning with {_model(result['embedder'])}{_index(result)}",
        ),
    ]
    if result["pending"]:
        facts.append(("to do", f"{counted(result['pending'], 'moment')} to be found by meaning"))
    facts += [
        ("plugin", f"{f['plugin']} failed: {clean(f['reason'])}") for f in result["plugins_failed"]
    ]
    return facts


def _index(result: dict[str, Any]) -> str:
    return "" if result["index"] == "off" else f", index {clean(result['index_says'])}"


def _model(model: dict[str, Any]) -> str:
    if model.get("error"):
        return clean(f"{model['name']}: {model['error']}")
    missing = "" if model["fetched"] else f" (not here yet: `secondme model fetch {model['name']}`)"
    return clean(f"{model['name']}{missing}")


@app.add()
def doctor(
    fix: Annotated[bool, typer.Option("--fix", help="Mend what can be mended.")] = False,
    json: Json = False,
) -> None:
    """Check settings, folders, the core's socket and lock, the record, its indexes, models and disk.

    Ends with exit code 1 when something is wrong. --fix makes files private again, takes away what a
    crash left behind and rebuilds indexes; it never touches the record's content.

    Examples:
        secondme doctor
        secondme doctor --fix
        secondme doctor --json | jq '.checks[] | select(.ok | not)'
    """
    from secondme.cli.checks import examine

    checks = examine(fix)
    if json:
        print_json({"checks": checks})
    else:
        for check in checks:
            state = (
                good("mended")
                if check["fixed"]
                else good("ok    ")
                if check["ok"]
                else bad("wrong ")
            )
            detail = f": {short_path(check['detail'])}" if check["detail"] else ""
            out(f"{state}  {check['name']}{detail}")
    wrong = [check for check in checks if not check["ok"]]
    if wrong and not fix and not json:
        out(dim("\n`secondme doctor --fix` mends what can be mended"))
    if wrong:
        raise typer.Exit(MISSING)


@index.callback()
def index_() -> None:
    """The indexes that search uses. They are made from the record and can always be made anew.

    Examples:
        secondme index rebuild
    """


@index.add()
def rebuild(json: Json = False) -> None:
    """Drop the indexes and make them anew from the record; searching goes on meanwhile.

    Examples:
        secondme index rebuild
    """
    try:
        result = follow("index-rebuild")
    except KeyboardInterrupt:
        note("stopped waiting; the core goes on in the background")
        raise typer.Exit(STOPPED) from None
    if json:
        print_json(result)
    else:
        out(f"rebuilt for {counted(result['moments'], 'moment')} in {duration(result['seconds'])}")
