"""`forget`, `log`, `undo` and `redo`: taking things out of the memory, and taking changes back."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from secondme.cli.app import App
from secondme.cli.link import call, print_json
from secondme.cli.main import MISSING
from secondme.cli.moments import show_lines
from secondme.cli.options import After, Before, Json, Source, Who, Yes
from secondme.cli.output import can_ask, confirmed, dim, note, out, table
from secondme.errors import RefusedError
from secondme.wording import clean, counted, minute, one_line, short_path, with_home

app = App()
_PREVIEW = 10
_SHORTEST_ID = 10


@app.add()
def forget(
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID", help="Moments, by id.", show_default=False),
    ] = None,
    query: Annotated[
        str | None,
        typer.Option("--query", metavar="QUESTION", help="What recalling this question finds."),
    ] = None,
    k: Annotated[
        int,
        typer.Option("-k", metavar="N", min=1, max=1000, help="With --query: how many at most."),
    ] = 10,
    source: Source = None,
    who: Who = None,
    before: Before = None,
    after: After = None,
    forgotten: Annotated[
        bool, typer.Option("--forgotten", help="With --hard: all that was forgotten before.")
    ] = False,
    hard: Annotated[
        bool,
        typer.Option("--hard", help="Erase it from every file, now and for good; no undo."),
    ] = False,
    yes: Yes = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be forgotten.")
    ] = False,
    json: Json = False,
) -> None:
    """Forget moments: by id, by what a question finds, by source, by speaker or by time.

    It shows what will go and asks first. For 30 days (setting undo_days) `secondme undo` brings it
    back; after that it is erased. Reading the same file again does not bring it back. With --hard it is
    erased at once: from the record, both indexes, the stored originals and the journal. Your own files
    stay as they are.

    Examples:
        secondme forget m3f9k2ab
        secondme forget --source old-notes
        secondme forget --who Eve --after 2024-05 --before 2024-06
        secondme forget --query "surprise party" -k 3 --dry-run
        secondme forget m3f9k2ab --hard
        secondme forget --forgotten --hard
    """
    chosen: dict[str, Any] = {
        "ids": ids,
        "query": query,
        "k": k,
        "source": source,
        "who": who,
        "before": before,
        "after": after,
        "forgotten": forgotten or None,
    }
    what = "erased for good" if hard else "forgotten"
    doomed = call("forget", **chosen, hard=hard, dry_run=True)
    if dry_run:
        print_json(doomed) if json else _show_doomed(doomed, f"would be {what}")
        return
    if not json:
        _show_doomed(doomed, f"will be {what}")
    _ask(doomed, yes)
    result = call("forget", **_as_shown(chosen, doomed), hard=hard)
    if json:
        print_json(result)
    elif hard:
        _show_erased(result)
    else:
        out(f"forgot {counted(result['count'], 'moment')}")
        out(dim(f"`secondme undo` brings it back, for {counted(result['undo_days'], 'day')}"))


def _show_doomed(result: dict[str, Any], what: str) -> None:
    count = result["count"]
    out(f"{counted(count, 'moment')} {what}:")
    show_lines(result["moments"][:_PREVIEW])
    if count > _PREVIEW:
        out(dim(f"  and {count - _PREVIEW:,} more"))


def _show_erased(result: dict[str, Any]) -> None:
    out(f"erased {counted(result['count'], 'moment')} for good")
    for line in result["left"]:
        note(f"warning: {clean(line)}")
    if result["left"]:
        note("`secondme doctor --fix` tries again")
    if result["copies"]:
        out(
            "exports that you made earlier may hold it still; delete them if it should be gone there:"
        )
        for path in result["copies"]:
            out(f"  {short_path(path)}")


def _ask(result: dict[str, Any], yes: bool) -> None:
    if yes:
        return
    if not can_ask():
        raise RefusedError(
            "forgetting needs a yes", hint="--yes says it, --dry-run shows what would go"
        )
    what = counted(result["count"], "moment")
    asked = (
        f"Erase {what} for good? This cannot be undone." if result["hard"] else f"Forget {what}?"
    )
    if not confirmed(asked):
        note("nothing was forgotten")
        raise typer.Exit(MISSING)


def _as_shown(chosen: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    """The moments that were shown, by id where all of them were."""
    if chosen["forgotten"]:
        return chosen
    if result["count"] == len(result["moments"]):
        return {"ids": [moment["id"] for moment in result["moments"]]}
    return chosen


@app.add()
def mark(
    verdict: Annotated[str, typer.Argument(metavar="good|wrong", help="What they are.")],
    ids: Annotated[list[str], typer.Argument(metavar="ID", help="Moments, by id.")],
    json: Json = False,
) -> None:
    """Say that moments are good, or wrong: they come up a little higher, or lower, from now on.

    Nothing is deleted: `secondme recall --all` leaves marks out, and `secondme undo` takes one back.

    Examples:
        secondme mark wrong m3f9k2ab
        secondme mark good m3f9k2ab m7ytry2x
    """
    result = call("mark", verdict=verdict, ids=ids)
    if json:
        print_json(result)
    else:
        out(f"marked {counted(len(result['marked']), 'moment')} as {result['verdict']}")


@app.add()
def log(
    limit: Annotated[
        int, typer.Option("-n", "--limit", metavar="N", min=1, max=1000, help="How many changes.")
    ] = 20,
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind",
            metavar="KIND",
            help="Only add, note, chat, forget, erase, mark, watch, source-remove, export, undo or redo;"
            " with --reads, recall or another way.",
        ),
    ] = None,
    before: Annotated[
        str | None,
        typer.Option(
            "--before", metavar="ID", help="Only changes before this one; with --reads, a date."
        ),
    ] = None,
    reads: Annotated[
        bool, typer.Option("--reads", help="What was read, and by whom, instead of changes.")
    ] = False,
    json: Json = False,
) -> None:
    """Show the journal: every change of the memory, newest first.

    With --reads it shows which program was given which moments, and how: by recall, ask, show and so
    on. Only their ids are kept, for 90 days, never a question, and
    nothing of private conversations; what is erased for good is erased there too.

    Examples:
        secondme log
        secondme log -n 100 --kind forget
        secondme log --json | jq -r '.entries[0].id'
        secondme log --reads
        secondme log --reads --kind recall --before 2024-06
        secondme log --reads --json | jq -r '.reads[].client' | sort | uniq -c
    """
    if reads:
        _show_reads(call("reads", limit=limit, kind=kind, before=before), json)
        return
    result = call("log", limit=limit, kind=kind, before=before)
    if json:
        print_json(result)
        return
    entries = result["entries"]
    if not entries:
        out("nothing has changed yet" if kind is None and before is None else "no such change")
        return
    length = _id_length([entry["id"] for entry in entries])
    rows = [
        (
            entry["id"][:length],
            minute(entry["time"]),
            entry["kind"],
            one_line(entry["client"]),
            _summary(entry) + _ending(entry),
        )
        for entry in entries
    ]
    for line in table(rows, ("id", "time", "kind", "by", "what")):
        out(line)


def _show_reads(result: dict[str, Any], json: bool) -> None:
    """Which client was given what."""
    if json:
        print_json(result)
        return
    rows = [
        (
            minute(read["time"]),
            one_line(read["client"]),
            read["kind"],
            f"{len(read['moments']):,}",
            one_line(read["first"][0]["text"]) if read["first"] else "",
        )
        for read in result["reads"]
    ]
    if not rows:
        out("nothing was read")
        return
    for line in table(rows, ("time", "by", "how", "moments", "the first of them")):
        out(line)


def _ending(entry: dict[str, Any]) -> str:
    """Whether a change no longer holds."""
    if not entry["undone_by"]:
        return ""
    return " (done again)" if entry["kind"] == "undo" else " (taken back)"


def _id_length(ids: list[str]) -> int:
    """How much of these ids has to be shown so that each names one change alone."""
    length = _SHORTEST_ID
    while len({id_[:length] for id_ in ids}) < len(ids):
        length += 1
    return length


@app.add()
def undo(
    id: Annotated[
        str | None,
        typer.Argument(
            metavar="ID",
            help="A change's id from the log; the last change without.",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Take back the last change of the memory, or the one with this id.

    Examples:
        secondme undo
        secondme log
        secondme undo 01j9x4k2m7
    """
    result = call("undo", id=id)
    if json:
        print_json(result)
    else:
        _show_change("taken back", result["undone"])
        out(dim("`secondme redo` does it again"))


@app.add()
def redo(
    id: Annotated[
        str | None,
        typer.Argument(
            metavar="ID",
            help="The change's id from the log; what was taken back last without.",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Do the change again that was taken back last, or the one with this id.

    Examples:
        secondme redo
        secondme log
        secondme redo 01j9x4k2m7
    """
    result = call("redo", id=id)
    if json:
        print_json(result)
    else:
        _show_change("done again", result["redone"])
        if result["redone"]["kind"] == "add" and not result["moments"]:
            out(dim("what it brought has come in again since, so no moment returned"))


def _show_change(what: str, entry: dict[str, Any]) -> None:
    out(f"{what}: {entry['kind']} of {minute(entry['time'])}, {_summary(entry)}")


def _summary(entry: dict[str, Any]) -> str:
    """What a change did, in one line, with `~` for the person's own folder."""
    return with_home(one_line(entry["summary"]))
