"""`timeline`: how much the memory holds, along time, and what there is of a day."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import typer

from secondme.cli.app import App
from secondme.cli.link import call, print_json
from secondme.cli.main import MISSING
from secondme.cli.moments import show_hits
from secondme.cli.options import Json
from secondme.cli.output import dim, note, out

app = App()
_BAR = 24


@app.add()
def timeline(
    when: Annotated[
        str | None,
        typer.Argument(metavar="WHEN", help="2024, 2024-05, 2024-05-03, today or yesterday."),
    ] = None,
    json: Json = False,
) -> None:
    """Show how much there is of each year, of a year's months, of a month's days, or a day itself.

    Ends with exit code 1 where there is nothing.

    Examples:
        secondme timeline
        secondme timeline 2024
        secondme timeline 2024-05-13
        secondme timeline yesterday
    """
    result = call("timeline", when=when)
    if json:
        print_json(result)
    elif result["unit"] == "moment":
        _show_day(result)
    elif result["parts"]:
        _show_parts(result["parts"])
    else:
        note("nothing is remembered of that time")
    if not result["parts"]:
        raise typer.Exit(MISSING)


def _show_parts(parts: list[dict[str, Any]]) -> None:
    most = max(part["moments"] for part in parts)
    for part in parts:
        bar = "█" * max(1, round(_BAR * part["moments"] / most))
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in part["kinds"].items())
        out(f"{part['when']:<10}  {part['moments']:>7,}  {bar:<{_BAR}}  {dim(kinds)}")


def _show_day(result: dict[str, Any]) -> None:
    if result["moments"]:
        show_hits(result["moments"], "")
    else:
        note(f"nothing is remembered of {date.fromisoformat(result['when']):%A}, {result['when']}")
    near = [f"{side} {result[side]}" for side in ("previous", "next") if result[side]]
    if near:
        out(dim(f"\n{', '.join(near)}"))
