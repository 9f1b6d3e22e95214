"""`export` and `import`: the whole memory as plain files, and back."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from secondme.cli.app import App
from secondme.cli.link import absolute, follow, print_json
from secondme.cli.main import STOPPED
from secondme.cli.options import Json
from secondme.cli.output import note, out, short_path
from secondme.wording import counted

app = App()


@app.add()
def export(
    path: Annotated[
        str, typer.Argument(metavar="FOLDER", help="A folder that does not exist yet.")
    ],
    json: Json = False,
) -> None:
    """Write the whole memory into a folder: plain JSON lines and the original files.

    Examples:
        secondme export ~/backup/memory-2024-05
    """
    try:
        result = follow("export", path=absolute(path))
    except KeyboardInterrupt:
        note("stopped; the export is not complete")
        raise typer.Exit(STOPPED) from None
    print_json(result) if json else _say("exported", "to", result)


@app.add("import")
def import_(
    path: Annotated[
        str, typer.Argument(metavar="FOLDER", help="A folder that `export` has written.")
    ],
    json: Json = False,
) -> None:
    """Bring an exported memory back: the same moments with the same ids. What is here already stays.

    Examples:
        secondme import ~/backup/memory-2024-05
    """
    try:
        result = follow("import", path=absolute(path))
    except KeyboardInterrupt:
        note("stopped; nothing is half-imported, run it again for the whole")
        raise typer.Exit(STOPPED) from None
    print_json(result) if json else _say("imported", "from", result)


def _say(done: str, where: str, result: dict[str, Any]) -> None:
    counts = result["counts"]
    moments, items = (
        counted(counts.get("moments", 0), "moment"),
        counted(counts.get("items", 0), "item"),
    )
    out(f"{done} {moments} in {items} {where} {short_path(result['path'])}")
