"""`add` and `note`: bringing things into the memory."""

from __future__ import annotations

import base64
import sys
from collections import Counter
from typing import Annotated, Any

import typer

from secondme.cli.app import App
from secondme.cli.link import absolute, call, follow, print_json
from secondme.cli.main import MISSING, STOPPED
from secondme.cli.moments import short_id
from secondme.cli.options import Json, words
from secondme.cli.output import clean, dim, minute, note, out, short_path
from secondme.errors import BadInputError
from secondme.wording import counted

app = App()
_GROUPED_FROM = 4
_LISTED = 20


@app.add()
def add(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH", help="Files and folders; - reads one file from a pipe."),
    ],
    name: Annotated[
        str,
        typer.Option(
            "--name",
            metavar="NAME",
            help="What to call the file from the pipe; its ending says what it is.",
        ),
    ] = "stdin.txt",
    wait: Annotated[
        bool,
        typer.Option(
            "--wait", help="Return when it can be found by meaning too, not by words alone."
        ),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Take in even what looks like a secret.")
    ] = False,
    json: Json = False,
) -> None:
    """Take in files and folders: Markdown, text, HTML, PDF, Word, mail, calendars, contacts, chats.

    Files that have not changed cost nothing, so running it again on the same folder is quick. Once it
    returns, everything is stored for good and found by its words; finding by meaning follows within
    minutes. What cannot be read is listed with the reason and the rest is taken in.

    Examples:
        secondme add ~/notes ~/Documents/letters
        secondme add ~/vault --wait
        secondme add chat.jsonl
        curl -s https://example.org/page.html | secondme add - --name page.html
    """
    if "-" in paths:
        if len(paths) > 1:
            raise BadInputError(
                "- reads from a pipe and stands alone", hint="add the paths on their own"
            )
        result = _add_pipe(name, wait, force)
    else:
        result = _add_paths([absolute(path) for path in paths], wait, force)
    if json:
        print_json(result)
    else:
        _report(result)
    failed = {skip["path"] for skip in result["skipped"]}
    if "-" not in paths and all(absolute(path) in failed for path in paths):
        raise typer.Exit(MISSING)


def _add_paths(paths: list[str], wait: bool, force: bool) -> dict[str, Any]:
    safe, stage = 0, ""

    def count(event: dict[str, Any]) -> None:
        nonlocal safe, stage
        safe += len(event.get("paths", ()))
        stage = event.get("stage", stage)

    try:
        return follow("add", on=count, paths=paths, wait=wait, force=force)
    except KeyboardInterrupt:
        kept = f"{counted(safe, 'item')} {'is' if safe == 1 else 'are'} safe"
        if stage == "embedding":
            note("stopped waiting; everything is taken in, and is found by meaning before long")
        else:
            note(f"stopped; {kept}, the rest is taken in when you run it again")
        raise typer.Exit(STOPPED) from None


def _add_pipe(name: str, wait: bool, force: bool) -> dict[str, Any]:
    if sys.stdin.isatty():
        raise BadInputError(
            "there is no pipe to read from",
            hint="for example: cat mail.eml | secondme add - --name mail.eml",
        )
    data = base64.b64encode(sys.stdin.buffer.read()).decode("ascii")
    return follow("add-bytes", data=data, name=name, wait=wait, force=force)


def _report(result: dict[str, Any]) -> None:
    out(result["summary"])
    unchanged, retired = result["items"]["unchanged"], result["moments"]["retired"]
    if unchanged:
        out(dim(f"{counted(unchanged, 'item')} unchanged"))
    if retired:
        out(dim(f"{counted(retired, 'moment')} no longer there; kept as the past"))
    if result["pending"]:
        out(dim(f"{counted(result['pending'], 'moment')} found by words already, by meaning soon"))
    _report_skipped(result["skipped"])


def _report_skipped(skipped: list[dict[str, str]]) -> None:
    """What was not taken in; a reason that many files share is told once."""
    if not skipped:
        return
    note(f"{len(skipped):,} skipped:")
    counts = Counter(skip["reason"] for skip in skipped)
    for reason, count in counts.most_common():
        if count >= _GROUPED_FROM:
            note(f"  {clean(reason)}: {counted(count, 'file')}")
    single = [skip for skip in skipped if counts[skip["reason"]] < _GROUPED_FROM]
    for skip in single[:_LISTED]:
        note(f"  {short_path(skip['path'])}: {clean(skip['reason'])}")
    if len(single) > _LISTED:
        note(f"  and {len(single) - _LISTED:,} more; --json lists them all")


@app.add("note")
def note_(
    text: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TEXT", help="What to remember; - reads it from a pipe.", show_default=False
        ),
    ] = None,
    who: Annotated[str | None, typer.Option("--who", metavar="NAME", help="Who said it.")] = None,
    time: Annotated[
        str | None,
        typer.Option("--time", metavar="TIME", help="When, if not now: 2024-05-03T18:30."),
    ] = None,
    json: Json = False,
) -> None:
    """Remember one thing, now.

    Examples:
        secondme note "the boiler was serviced, next time in March"
        secondme note --who Ana --time 2024-05-03 "we take the flat in Graça"
        pbpaste | secondme note -
    """
    result = call("note", text=words(text, "the text"), who=who, time=time)
    if json:
        print_json(result)
    else:
        out(f"remembered {short_id(result['id'])}, {minute(result['time'])}")
