"""`model`: which models there are, bringing them here, choosing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from secondme.cli.app import App
from secondme.cli.link import absolute, call, follow, print_json
from secondme.cli.main import MISSING, STOPPED
from secondme.cli.options import Json, Memory, megabytes
from secondme.cli.output import bad, bold, dim, good, note, out, table, wrap
from secondme.wording import clean, one_line, short_path, size

app = App()
model = App("model")
app.add_typer(model)

_Name = Annotated[
    str, typer.Argument(metavar="NAME", help="A name from the list, or a GGUF file's path.")
]


@model.callback(invoke_without_command=True)
def models(context: typer.Context, json: Json = False) -> None:
    """Models: one answers, one finds by meaning, one reads for facts. All of them run here.

    Examples:
        secondme model list
        secondme model fetch
        secondme model recommend
        secondme model use qwen2.5-coder-1.5b
    """
    if not context.invoked_subcommand:
        list_(json=json)


@model.add("list")
def list_(
    found: Annotated[
        bool, typer.Option("--found", help="Those that other programs keep on this machine.")
    ] = False,
    json: Json = False,
) -> None:
    """List the models that are known by name, which are here, and which are in use.

    Examples:
        secondme model list
        secondme model list --found
        secondme model list --json | jq -r '.models[] | select(.fetched) | .name'
    """
    result = call("models-found" if found else "models")
    if json:
        print_json(result)
    elif found:
        _show_found(result)
    else:
        rows = [_row(each) for each in result["models"]]
        for line in table(rows, ("", "name", "role", "size", "licence", "what it is")):
            out(line)
        out(dim("\n* in use, + here; `secondme model fetch NAME` brings one here"))


def _row(entry: dict[str, Any]) -> tuple[str, ...]:
    state = ("*" if entry["in_use"] else " ") + ("+" if entry["fetched"] else " ")
    names = ", ".join([entry["name"], *entry["aliases"]])
    return (
        state,
        names,
        entry["role"],
        size(entry["size"]) if entry["size"] else "",
        entry["licence"],
        one_line(entry["description"]),
    )


def _show_found(result: dict[str, Any]) -> None:
    rows = [
        (
            each["tool"],
            one_line(each["name"]),
            size(each["size"]),
            each["architecture"] or "",
            short_path(each["path"]),
        )
        for each in result["found"]
    ]
    if rows:
        for line in table(rows, ("kept by", "name", "size", "kind", "file")):
            out(line)
        out(dim("\n`secondme model use FILE` answers with one of them, where it lies"))
    else:
        out("no other program keeps models here")
    for skip in result["skipped"]:
        note(f"skipped {short_path(skip['path'])}: {clean(skip['reason'])}")


@model.add()
def fetch(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME",
            help="Names from the list; without, those in use.",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Bring models to this machine, checked against their hashes.

    An interrupted fetch goes on where it stopped. This, and nothing else unless you set it so, uses
    the network.

    Examples:
        secondme model fetch
        secondme model fetch qwen2.5-coder-1.5b
        secondme model fetch hf:Qwen/Qwen3-4B-GGUF/Qwen3-4B-Q4_K_M.gguf
    """
    fetched = []
    for name in names or _in_use():
        try:
            result = follow("model-fetch", in_bytes=True, name=name)
        except KeyboardInterrupt:
            note("stopped; what has come so far is kept and the next fetch goes on from there")
            raise typer.Exit(STOPPED) from None
        fetched.append(result)
        if not json:
            out(f"{result['name']} is here: {short_path(result['path'])}")
    if json:
        print_json({"fetched": fetched})


def _in_use() -> list[str]:
    return [entry["name"] for entry in call("models")["models"] if entry["in_use"]]


@model.add()
def use(name: _Name, memory: Memory = None, json: Json = False) -> None:
    """Answer with another model, or find by meaning with another embedder, from now on.

    A model that answers can be held to a memory budget: what does not fit is read from disk as it is
    needed, and the words stay the same. After a change of the embedder the old vectors serve until the
    new ones are complete.

    Examples:
        secondme model use qwen2.5-coder-1.5b
        secondme model use qwen2.5-coder-1.5b --memory 650MB
        secondme model use ~/models/some-instruct.Q4_K_M.gguf
        secondme model use default
    """
    limit = {} if memory is None else {"memory": megabytes(memory, _named(name))}
    result = call("model-use", name=_named(name), **limit)
    if json:
        print_json(result)
        return
    does = {"language": "answers", "embedder": "finds by meaning", "parser": "reads for facts"}[
        result["role"]
    ]
    out(f"{one_line(result['name'])} {does} from now on")
    if result["note"]:
        out(dim(clean(result["note"])))


_Size = Annotated[str, typer.Argument(metavar="SIZE", help="Such as 300MB, 1.5GB or 50%.")]


@model.add()
def memory(size: _Size, json: Json = False) -> None:
    """Hold the model that answers to so much memory, from its next word on; 0 is no limit.

    The budget is for the model: weights, what it has read, and what it computes in. Python itself and
    its libraries come on top (about 30 MB).

    Examples:
        secondme model memory 300MB
        secondme model memory 50%
        secondme model memory 0
    """
    result = call("model-memory", memory=megabytes(size))
    if json:
        print_json(result)
    elif result["memory"]:
        out(f"{one_line(result['name'])} takes at most {result['memory']} MB from now on")
    else:
        out(f"{one_line(result['name'])} takes what it needs from now on")


@model.add()
def plan(
    name: _Name,
    memory: Annotated[
        str, typer.Option("--memory", metavar="SIZE", help="The budget, such as 300MB or 50%.")
    ],
    json: Json = False,
) -> None:
    """Say what a memory budget buys with a model, before loading it: what stays, what streams, how fast.

    The speed is predicted from what this machine's disk gives now, and from how fast the model was here
    before, or an estimate.

    Examples:
        secondme model plan default --memory 300MB
        secondme model plan default --memory 50%
        secondme model plan qwen2.5-coder-1.5b --memory 650MB --json
    """
    name = _named(name)
    result = call("model-plan", name=name, memory=megabytes(memory, name))
    if json:
        print_json(result)
        return
    layers, output, parts = result["layers"], result["output"], result["parts"]
    out(
        f"{bold(one_line(result['name']))} in {result['memory']} MB, a file of {result['file']:,.0f} MB"
    )
    streams = (
        f"{layers['stream']:,.0f} MB are read for each token" if layers["stream"] else "all stay"
    )
    rows = [
        ("layers", layers["stay"] + layers["ahead"], streams),
        (
            "embedding",
            0.0,
            "it is the output matrix"
            if result["embedding"]["stays"]
            else "rows are read as they are needed",
        ),
        (
            "output matrix",
            parts["output"] + parts["sketch"] + output["rows"],
            "a sketch, and its rows as they are needed" if output["screened"] else "all of it",
        ),
        ("other weights", parts["kept"], ""),
        ("tokenizer", parts["vocabulary"], ""),
        (
            "context",
            parts["cache"] + parts["states"],
            "for about a thousand tokens; more when needed",
        ),
        ("buffers", parts["buffers"] + parts["scores"], ""),
    ]
    for line in table([(a, f"{b:,.0f} MB", c) for a, b, c in rows], ("part", "in memory", "")):
        out(line)
    basis = "measured" if result["measured"] else "estimated"
    out(
        f"about {result['tokens_s']} tokens a second "
        f"({basis}; the disk gives {result['disk_mb_s']:,.0f} MB/s)"
    )
    out(
        dim(
            f"the smallest that works is {result['smallest']:,.0f} MB;"
            f" all of it fits in {result['whole']:,.0f} MB"
        )
    )


@model.add()
def remove(name: _Name, json: Json = False) -> None:
    """Delete a model's file from this machine. Files that lie elsewhere are never touched.

    Examples:
        secondme model remove smollm2-135m
    """
    result = call("model-remove", name=name)
    if json:
        print_json(result)
    else:
        out(f"removed {one_line(result['name'])}, {size(result['freed'])} freed")


@model.add()
def recommend(json: Json = False) -> None:
    """Say which language models suit this machine, best first, and why.

    Examples:
        secondme model recommend
    """
    result = call("model-recommend")
    if json:
        print_json(result)
        return
    out(f"{result['memory_mb']:,} MB of memory are free here")
    for each in result["recommendations"]:
        fits = good("fits") if each["fits"] else bad("too big")
        out(f"{bold(one_line(each['name']))}  {fits}{dim('  here') if each['fetched'] else ''}")
        for line in wrap(each["reason"], "    "):
            out(line)


@model.add()
def verify(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME", help="One model; without, all that are here.", show_default=False
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Read models that are here and compare their hashes; exit code 1 when one is damaged.

    Examples:
        secondme model verify
    """
    result = follow("model-verify", in_bytes=True, name=name)
    if json:
        print_json(result)
    else:
        if not result["checked"]:
            out("no models are here; `secondme model fetch` brings them")
        for each in result["checked"]:
            state = good("whole") if each["ok"] else bad("damaged")
            out(
                f"{state}  {each['name']}"
                + (f": {clean(each['detail'])}" if each["detail"] else "")
            )
    if not all(each["ok"] for each in result["checked"]):
        raise typer.Exit(MISSING)


def _named(name: str) -> str:
    """A model's name as it is; the path of a file made absolute."""
    path = Path(name).expanduser()
    return absolute(str(path)) if path.is_file() else name
