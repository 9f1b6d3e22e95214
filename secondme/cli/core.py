"""`core`: the process that holds the memory."""

from __future__ import annotations

from typing import Any

import typer

from secondme import __version__
from secondme.cli.app import App
from secondme.cli.link import call, client, print_json
from secondme.cli.main import MISSING
from secondme.cli.options import Json
from secondme.cli.output import clean, duration, note, out, short_path, table
from secondme.errors import CoreError
from secondme.wording import counted

app = App()
core = App("core")
app.add_typer(core)


@core.callback(invoke_without_command=True)
def core_(context: typer.Context, json: Json = False) -> None:
    """The core is the one process that holds the memory. Commands start it when they need it.

    It ends by itself when nobody has asked for anything for a while (setting idle_exit), unless it
    watches folders.

    Examples:
        secondme core status
        secondme core restart
    """
    if not context.invoked_subcommand:
        status(json)


@core.add()
def start() -> None:
    """Start the core, if it is not running.

    Examples:
        secondme core start
    """
    running = client().running()
    if running is None:
        client().ensure()
        running = client().running()
    elif running["version"] != __version__:
        raise CoreError(
            f"a core of version {running['version']} is running, this command is {__version__}",
            hint="`secondme core restart` starts the right one",
        )
    out(f"the core is running, process {running['pid'] if running else '?'}")


@core.add()
def stop() -> None:
    """End the core. What was acknowledged is safe, and the next command starts it again.

    Examples:
        secondme core stop
    """
    out("the core has ended" if client().stop() else "the core was not running")


@core.add()
def restart() -> None:
    """End the core, of whatever version, and start this version's.

    Examples:
        secondme core restart
    """
    client().stop()
    client().ensure()
    running = client().running()
    out(f"the core is running, process {running['pid'] if running else '?'}")


@core.add()
def status(json: Json = False) -> None:
    """Show the core's process, its workers and what they are doing; exit code 1 when it is not running.

    Examples:
        secondme core status
        secondme core status --json | jq .pending
    """
    if client().running() is None:
        note("the core is not running; any command starts it, or `secondme core start`")
        raise typer.Exit(MISSING)
    result = call("core-status")
    if json:
        print_json(result)
    else:
        _show(result)


def _show(result: dict[str, Any]) -> None:
    up, memory = duration(result["uptime_s"]), f"{result['resident_mb']:.0f} MB"
    out(f"core {result['version']}, process {result['pid']}, up for {up}, {memory}")
    out(f"listens on  {short_path(result['socket'])}")
    pending = f", {result['pending']:,} without a vector yet" if result["pending"] else ""
    out(f"holds       {counted(result['moments'], 'moment')}{pending}")
    out(f"index       {clean(result['index']['says'])}")
    if result["embedding"]["rate"]:
        out(f"embedding   {counted(round(result['embedding']['rate']), 'moment')} a second")
    if result["embedding"]["error"]:
        out(f"embedding   stopped: {clean(result['embedding']['error'])}")
    if result["workers"]:
        out()
        for line in table(
            [_row(w) for w in result["workers"]],
            ("worker", "process", "MB", "budget", "state", "model"),
        ):
            out(line)


def _row(worker: dict[str, Any]) -> tuple[str, ...]:
    def whole(number: float | None) -> str:
        return "" if number is None else f"{number:.0f}"

    return (
        worker["role"],
        str(worker["pid"] or ""),
        whole(worker["resident_mb"]),
        whole(worker["budget_mb"]),
        worker["state"],
        worker["model"],
    )
