"""`recall` and `show`: finding moments, and seeing one where it stands."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from secondme.cli.app import App
from secondme.cli.episodes import heading
from secondme.cli.link import call, print_json
from secondme.cli.main import MISSING
from secondme.cli.moments import place, short_id, show_hits, show_in_place
from secondme.cli.options import After, Before, Json, Now, Question, Source, Who, Without, words
from secondme.cli.output import bold, dim, interactive, marked, note, out, told, wrap
from secondme.wording import (
    clean,
    clip,
    counted,
    day,
    fit,
    milliseconds,
    minute,
    one_line,
    said,
    short_path,
    stretch,
    summed,
)

app = App()
_LABEL = 16
_SAID, _TITLE = 46, 40


@app.add()
def recall(
    question: Question = None,
    k: Annotated[
        int, typer.Option("-k", metavar="N", min=1, max=1000, help="How many moments at most.")
    ] = 10,
    tokens: Annotated[
        int | None,
        typer.Option(
            "--tokens", min=1, metavar="N", help="Only as many as fit into N tokens of a model."
        ),
    ] = None,
    before: Before = None,
    after: After = None,
    who: Who = None,
    source: Source = None,
    around: Annotated[
        int,
        typer.Option("--around", min=0, metavar="N", help="With N moments before and after each."),
    ] = 0,
    now: Now = None,
    all_: Annotated[
        bool,
        typer.Option(
            "--all", help="Nothing ranks lower for its age or a mark, and nothing is merged."
        ),
    ] = False,
    best: Annotated[
        bool,
        typer.Option("--best", help="Small models read what was found: better, in half a second."),
    ] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say how each was found.")] = False,
    without: Without = None,
    episodes: Annotated[
        bool, typer.Option("--episodes", help="Together by the episode that they are in.")
    ] = False,
    json: Json = False,
) -> None:
    """Find the moments that a question is about, best first, by words and by meaning.

    Questions that you asked Second Me, and its refusals to answer, are left out: they say nothing.
    `--source chat` finds them too. Ends with exit code 1 when nothing is found.

    Examples:
        secondme recall "when did Ana move?"
        secondme recall dentist -k 3 --after 2024 --before "vor zwei Wochen"
        secondme recall "what did we do last spring?" --explain
        secondme recall "what did we agree on" --who Ana --source family --around 2
        secondme recall "what does Ana like to cook?" --best -k 5
        secondme recall "holiday plans" --json | jq -r '.hits[].text'
        echo "boiler" | secondme recall -
    """
    text = words(question, "the question")
    if best and interactive(sys.stderr):
        note(dim("reading what is found: some three seconds …", err=True))
    result = call(
        "recall",
        question=text,
        k=k,
        tokens=tokens,
        before=before,
        after=after,
        who=who,
        source=source,
        around=around,
        now=now,
        explain=explain,
        all=all_,
        best=best,
        without=without,
        episodes=episodes,
    )
    if json:
        print_json(result)
    elif result["hits"] and episodes:
        _show_together(result, text)
        _footer(result)
    elif result["hits"]:
        show_hits(result["hits"], text)
        _footer(result)
    else:
        note("nothing found")
        if result.get("notice"):
            note(clean(result["notice"]))
    if not result["hits"]:
        raise typer.Exit(MISSING)


def _show_together(result: dict[str, Any], text: str) -> None:
    """Hits under the episodes that they are in; then those that are in none."""
    hits = {hit["id"]: hit for hit in result["hits"]}
    for episode in result["episodes"]:
        out(heading(episode))
        show_hits([hits.pop(id_) for id_ in episode["here"]], text)
        out()
    if hits:
        show_hits(list(hits.values()), text)


def _footer(result: dict[str, Any]) -> None:
    """How long it took, and whether anything stood in the way."""
    for asked in result.get("times", []):
        out(dim(f"\n“{one_line(asked['words'])}” is {stretch(asked)}"))
    if "took" in result:
        steps = ", ".join(f"{name} {time:g} ms" for name, time in result["took"].items())
        out(dim(f"\ntook {steps}"))
    if result.get("notice"):
        note(dim(clean(result["notice"]), err=True))
    if interactive(sys.stderr) and "took" not in result:
        found = counted(len(result["hits"]), "moment")
        note(dim(f"{found} in {milliseconds(result['took_ms'])}", err=True))


@app.add()
def show(
    id: Annotated[
        str,
        typer.Argument(metavar="ID", help="A moment's or an episode's id, or the beginning of it."),
    ],
    around: Annotated[
        int, typer.Option("--around", min=0, metavar="N", help="How many moments before and after.")
    ] = 3,
    json: Json = False,
) -> None:
    """Show a moment in its surroundings, with the file and the bytes that it came from, and older ones that
    it is related to; or an episode, whole, with what sums it up and others that are about the same.

    Examples:
        secondme show m3f9k2ab
        secondme show e3f9k2ab
        secondme show m3f9k2ab --around 10
        secondme show m3f9k2ab --json | jq -r .passage
    """
    result = call("show", id=id, around=around)
    if json:
        print_json(result)
        return
    if "said" in result:
        _show_episode(result)
        return
    speaker = [bold(one_line(result["speaker"]))] if result["speaker"] else []
    head = " · ".join([marked(short_id(result["id"])), minute(result["time"]), *speaker])
    show_in_place(head, result)
    out()
    rows = [*_mentioned(result), *_origin(result)]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        out(f"{dim(name.ljust(width))}  {value}")
    if not result["live"]:
        out("no longer recalled: it was forgotten, or its file no longer holds it")


def _show_episode(episode: dict[str, Any]) -> None:
    out(f"{marked(short_id(episode['id']))} · {heading(episode)}")
    for passage in summed(episode):
        for line in wrap(passage, "    "):
            out(line)
    out()
    for moment in episode["said"]:
        speaker = f" · {bold(one_line(moment['speaker']))}" if moment["speaker"] else ""
        out(f"{dim(short_id(moment['id']))}  {minute(moment['time'])}{speaker}")
        for line in wrap(moment["text"], "    "):
            out(line)
    if episode["similar"]:
        out()
    for number, other in enumerate(episode["similar"]):
        name = "about the same" if number == 0 else ""
        when = f"{clip(other['title'], _TITLE)} · {day(other['since'])}"
        out(f"{dim(f'{name:<14}')}  {short_id(other['id'])}  {when}")


def _mentioned(result: dict[str, Any]) -> list[tuple[str, str]]:
    """The times that the moment mentions, as names and values."""
    return [
        ("times" if number == 0 else "", f"“{one_line(time['words'])}” is {stretch(time)}")
        for number, time in enumerate(result["times"])
    ]


def _origin(result: dict[str, Any]) -> list[tuple[str, str]]:
    """Where the moment comes from, as names and values."""
    item = result["item"]
    rows = [("id", result["id"])]
    if result["external_id"]:
        rows.append(("its own", one_line(result["external_id"])))
    rows.append(("from", place(result)))
    rows += [("also at", short_path(p)) for p in item["places"] if p != result["path"]]
    title = [one_line(item["title"])] if item["title"] else []
    versions = [counted(item["versions"], "version")] if item["versions"] > 1 else []
    rows.append(("item", ", ".join([*title, item["media_type"], *versions])))
    if result["episode"]:
        episode = result["episode"]
        rows.append(("episode", f"{short_id(episode['id'])}  {heading(episode)}"))
    if result["keywords"]:
        rows.append(("words", one_line(", ".join(result["keywords"]))))
    for number, other in enumerate(result["related"]):
        line = f"{short_id(other['id'])}  {day(other['time'])}  {fit(said(other), _SAID)}"
        rows.append(("related" if number == 0 else "", line))
    rows += [("the same", f"{short_id(m['id'])}  {place(m)}") for m in result["alike"]]
    if result["marks"]:
        rows.append(("marked", ", ".join(result["marks"])))
    if result["context"]:
        rows.append(("within", clip(result["context"], 70)))
    for key, value in result["meta"].items():
        if value not in (None, "", [], {}) and value != result["context"]:
            rows.append((clip(key, _LABEL), clip(told(value), 70)))
    passage = result["passage"]
    if passage is not None and passage.strip() != result["text"].strip():
        rows.append(("bytes", clip(passage, 70)))
    return rows
