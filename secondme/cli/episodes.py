"""`episodes` and `consolidate`: what belongs together in time, and the job that finds it out."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from secondme.cli.app import App
from secondme.cli.link import call, follow, print_json
from secondme.cli.main import MISSING, STOPPED
from secondme.cli.moments import short_id
from secondme.cli.options import After, Before, Json, Source, Who
from secondme.cli.output import dim, note, out, table
from secondme.wording import clean, counted, day, minute, one_line, passage

app = App()


@app.add()
def episodes(
    who: Who = None,
    before: Before = None,
    after: After = None,
    source: Source = None,
    limit: Annotated[
        int,
        typer.Option("-n", "--limit", metavar="N", min=1, max=10_000, help="How many at most."),
    ] = 20,
    json: Json = False,
) -> None:
    """List episodes, newest first: moments that belong together, under what they were about.

    They are cut in the background where the talk turns to something else or pauses; under each stands
    the passage that tells the most of it. `secondme show` with an episode's id shows all of it. Ends with
    exit code 1 when there is none.

    Examples:
        secondme episodes
        secondme episodes --who Ana --after 2024
        secondme show e3f9k2ab
    """
    result = call("episodes", who=who, before=before, after=after, source=source, limit=limit)
    if json:
        print_json(result)
    elif result["episodes"]:
        rows = [_row(episode) for episode in result["episodes"]]
        under = [
            passage(episode["summary"][0], episode) if episode["summary"] else ""
            for episode in result["episodes"]
        ]
        for line in table(rows, ("id", "when", "moments", "about"), under):
            out(line)
    else:
        note("no episodes")
    if result["waiting"] and not json:
        note(dim(f"{counted(result['waiting'], 'moment')} wait to be cut", err=True))
    if not result["episodes"]:
        raise typer.Exit(MISSING)


@app.add()
def consolidate(
    now: Annotated[
        bool, typer.Option("--now", help="Wait until it is done, with progress.")
    ] = False,
    json: Json = False,
) -> None:
    """Say how far the memory has been thought through, which goes on in the background.

    Moments are cut into episodes, and those that say nearly the same are found. The job waits for those
    that have no vector yet, steps aside while somebody waits for an answer, and goes on where it was after
    a restart.

    Examples:
        secondme consolidate
        secondme consolidate --now
    """
    try:
        result = follow("consolidate", now=now)
    except KeyboardInterrupt:
        note("stopped waiting; the core goes on in the background")
        raise typer.Exit(STOPPED) from None
    if json:
        print_json(result)
        return
    for name, count in result["left"].items():
        state = f"{counted(count, 'moment')} left" if count else "done"
        out(f"{name:<11} {state}")
    if result["pending"]:
        out(dim(f"{counted(result['pending'], 'moment')} wait for a vector first"))
    if result["error"]:
        note(f"the last try failed: {clean(result['error'])}")


def _row(episode: dict[str, Any]) -> tuple[str, str, str, str]:
    people = ", ".join(one_line(name) for name in episode["people"][:3])
    about = one_line(episode["title"]) + (f" ({people})" if people else "")
    return short_id(episode["id"]), span(episode), str(episode["moments"]), about


def span(episode: dict[str, Any]) -> str:
    """From when to when, in days where it took more than one."""
    since, until = episode["since"], episode["until"]
    if day(since) == day(until):
        return minute(since)
    return f"{day(since)} to {day(until)}"


def heading(episode: dict[str, Any]) -> str:
    """An episode's title, time and people in a line."""
    people = ", ".join(one_line(name) for name in episode["people"])
    return " · ".join(
        [clean(one_line(episode["title"])), span(episode), *([people] if people else [])]
    )
