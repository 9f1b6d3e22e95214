"""`facts`, `conflicts`, `review`, `people` and `profile`: what is known of whom, and deciding about it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from secondme.cli.app import App, Group
from secondme.cli.link import call, print_json
from secondme.cli.options import Json
from secondme.cli.output import bold, dim, marked, note, out, table
from secondme.wording import counted, day, one_line

_ID = 8
_AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DATE", help="As it stood then, by what was said until then."),
]
_Id = Annotated[str, typer.Argument(metavar="ID", help="A fact's id, or the beginning of it.")]


class _Facts(Group):
    """`facts` by itself, with a name or with options alone, lists; the words below it decide."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments; what names no command below is what to list."""
        known = (*self.commands, "-h", "--help")
        return super().parse_args(ctx, args if args and args[0] in known else ["list", *args])


app = App()
facts = App("facts", cls=_Facts)
app.add_typer(facts)
people = App("people", cls=_Facts)
app.add_typer(people)


@facts.callback()
def facts_() -> None:
    """List what is known of people and things, and decide about it. Every fact rests on a moment.

    Examples:
        secondme facts
        secondme facts Julien --history
        secondme facts me --as-of 2024-06
        secondme facts list --moment m3f9k2ab
        secondme facts confirm f3k9x2ab
    """


@facts.add("list")
def list_(
    who: Annotated[
        str | None,
        typer.Argument(metavar="WHO", help="A name, or me; everybody without.", show_default=False),
    ] = None,
    as_of: _AsOf = None,
    history: Annotated[
        bool, typer.Option("--history", help="Also what is over, replaced or rejected.")
    ] = False,
    moment: Annotated[
        str | None,
        typer.Option("--moment", metavar="ID", help="Only what rests on this moment."),
    ] = None,
    json: Json = False,
) -> None:
    """List facts: of everybody, or of one; `list` itself may be left out.

    Examples:
        secondme facts list
        secondme facts list Sofia
        secondme facts me --as-of 2024-06 --history
        secondme facts list --moment m3f9k2ab
        secondme facts Julien --json | jq -r '.facts[].object'
    """
    result = call("facts", who=who, as_of=as_of, history=history, moment=moment)
    if json:
        print_json(result)
        return
    _show(result["facts"])
    if not result["facts"]:
        out("nothing is known" + (f" of {one_line(who)}" if who else "") + " yet")
    if result["unread"]:
        note(dim(f"{counted(result['unread'], 'moment')} still to be read for facts", err=True))


def _show(found: list[dict[str, Any]]) -> None:
    """A heading for each subject, a line for each fact."""
    subject = None
    rows: list[tuple[str, ...]] = []
    for fact in found:
        if fact["subject"]["id"] != subject:
            _flush(rows)
            rows = []
            subject = fact["subject"]["id"]
            out(bold(one_line(fact["subject"]["name"])))
        rows.append(_row(fact))
    _flush(rows)


def _flush(rows: list[tuple[str, ...]]) -> None:
    if rows:
        for line in list(table(rows, ("",) * len(rows[0])))[1:]:
            out(f"  {line}")


def _row(fact: dict[str, Any]) -> tuple[str, ...]:
    value = one_line(fact["object"])
    entity = fact["object_entity"]
    if entity and entity["name"].casefold() != value.casefold() and entity["name"] not in value:
        value += f" ({one_line(entity['name'])})"
    first = fact["evidence"][0] if fact["evidence"] else None
    said = f"{day(first['time'])}, {one_line(first['speaker'] or first['source'])}" if first else ""
    marks = [_when(fact)] if _when(fact) else []
    if fact["status"] != "active":
        marks.append(fact["status"])
    return (
        marked(fact["id"][:_ID]), fact["relation"], value, "; ".join(marks), dim(said),
    )  # fmt: skip


def _when(fact: dict[str, Any]) -> str:
    since = f"since {day(fact['since'])}" if fact["since"] else ""
    until = f"until {day(fact['until'])}" if fact["until"] else ""
    return " ".join(part for part in (since, until) if part)


@facts.add()
def confirm(id: _Id, json: Json = False) -> None:
    """Say that a fact is so. It goes before what stands against it, and no longer waits for review.

    Examples:
        secondme facts confirm f3k9x2ab
    """
    _decided(call("fact-confirm", id=id), json)


@facts.add()
def reject(id: _Id, json: Json = False) -> None:
    """Say that a fact is not so. It is not used, and reading the same again does not bring it back.

    Examples:
        secondme facts reject f3k9x2ab
    """
    _decided(call("fact-reject", id=id), json)


@facts.add()
def edit(
    id: _Id,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="What is so instead.")],
    json: Json = False,
) -> None:
    """Say what is so instead of a fact's value.

    Examples:
        secondme facts edit f3k9x2ab "8 rue des Tisserands"
    """
    _decided(call("fact-edit", id=id, value=value), json)


def _decided(result: dict[str, Any], json: bool) -> None:
    if json:
        print_json(result)
        return
    _show([result["fact"]])
    out(dim("`secondme undo` takes it back"))


@app.add()
def conflicts(as_of: _AsOf = None, json: Json = False) -> None:
    """Show facts that stand against one another with equal right, for you to decide.

    Examples:
        secondme conflicts
        secondme conflicts --as-of 2024-06
        secondme facts confirm f3k9x2ab
    """
    result = call("conflicts", as_of=as_of)
    if json:
        print_json(result)
        return
    for group in result["conflicts"]:
        _show(group["facts"])
    if not result["conflicts"]:
        out("nothing stands against anything else")
    else:
        out(dim("`secondme facts confirm ID` chooses one"))


@app.add()
def review(as_of: _AsOf = None, json: Json = False) -> None:
    """Show sensitive or doubtful facts that wait for your word: health, money, numbers of documents.

    With the setting unconfirmed = held they are not used until you confirm them.

    Examples:
        secondme review
        secondme review --as-of 2024-06
        secondme facts confirm f3k9x2ab
        secondme config set unconfirmed held
    """
    result = call("review", as_of=as_of)
    if json:
        print_json(result)
        return
    _show(sorted(result["facts"], key=lambda f: f["subject"]["id"]))
    if not result["facts"]:
        out("nothing waits for your word")
    else:
        held = "not used until you confirm them" if result["held"] else "used meanwhile"
        out(dim(f"{counted(result['count'], 'fact')}, {held}"))


@people.callback()
def people_() -> None:
    """List who and what the memory knows by name, join names of one, or take them apart.

    Examples:
        secondme people
        secondme people --kind place
        secondme people merge "Jonas" "Jonas Albrecht"
    """


@people.add("list")
def people_list(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Only this one, with all names.", show_default=False),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind", metavar="KIND", help="person, animal, place, organisation, thing or all."
        ),
    ] = None,
    guessed: Annotated[
        bool, typer.Option("--guessed", help="Also names that only look like one of the kind.")
    ] = False,
    as_of: _AsOf = None,
    json: Json = False,
) -> None:
    """List people, or another kind, most mentioned first; `list` itself may be left out.

    Names that nothing but their look makes a person's are left out, unless --guessed asks for them.

    Examples:
        secondme people list
        secondme people Katrin
        secondme people --as-of 2023
        secondme people --kind organisation --json
    """
    wanted = None if name is not None or kind == "all" else kind or "person"
    result = call("entities", name=name, kind=wanted, guessed=guessed, as_of=as_of)
    if json:
        print_json(result)
        return
    rows = [
        (
            one_line(e["name"]),
            e["kind"],
            counted(e["moments"], "moment"),
            ", ".join(one_line(n) for n in e["names"] if n != e["name"]),
        )
        for e in result["entities"]
    ]
    if not rows:
        out("nobody is known by name yet")
        return
    for line in table(rows, ("name", "kind", "mentioned in", "also")):
        out(line)
    if result["count"] > len(rows):
        out(dim(f"and {result['count'] - len(rows):,} more"))


@people.add()
def merge(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Two or more names.")],
    json: Json = False,
) -> None:
    """Say that names are of one: "Jonas" is "Jonas Albrecht".

    Examples:
        secondme people merge "Jonas" "Jonas Albrecht"
    """
    result = call("entity-merge", names=names)
    if json:
        print_json(result)
        return
    entity = result["entity"]
    out(f"{bold(one_line(entity['name']))}: {', '.join(one_line(n) for n in entity['names'])}")
    out(dim("`secondme undo` takes it back"))


@people.add()
def split(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who has a name too many.")],
    aliases: Annotated[
        list[str], typer.Argument(metavar="ALIAS", help="The names that are of another.")
    ],
    json: Json = False,
) -> None:
    """Say that a name is of another one, with all that was said of it.

    Examples:
        secondme people split "Jonas Albrecht" "Jonas"
    """
    result = call("entity-split", name=name, aliases=aliases)
    if json:
        print_json(result)
        return
    for entity in result["entities"]:
        out(f"{bold(one_line(entity['name']))}: {', '.join(one_line(n) for n in entity['names'])}")
    out(dim("`secondme undo` takes it back"))


@app.add()
def profile(json: Json = False) -> None:
    """Show what is known of yourself, as forms ask for it, and how you write, each with its source and date.

    Examples:
        secondme profile
        secondme profile --json | jq -r '.values[] | select(.field == "bday") | .value'
    """
    result = call("profile")
    if json:
        print_json(result)
        return
    if result["me"] is None:
        out("nothing is known of you yet")
        out(dim("`secondme config set me NAME` says who you are in chats and mails"))
        return
    rows = []
    for each in result["values"]:
        first = each["fact"]["evidence"][0] if each["fact"] and each["fact"]["evidence"] else None
        said = f"{day(first['time'])}, {one_line(first['source'])}" if first else ""
        rows.append((each["label"], one_line(each["value"]), each["field"], dim(said)))
    for trait in result["style"]:
        said = f"{day(trait['moment']['time'])}, {one_line(trait['moment']['source'])}"
        rows.append((trait["label"], one_line(trait["value"]), "", dim(said)))
    for line in table(rows, ("what", "value", "field", "from")):
        out(line)
