"""`config`: the settings, where they come from, and changing them."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from secondme.cli.app import App
from secondme.cli.link import client, print_json
from secondme.cli.main import MISSING
from secondme.cli.options import Json
from secondme.cli.output import dim, note, out, short_path, wrap
from secondme.config import config_file, documented, load, stored_settings, write_setting
from secondme.errors import BadInputError

app = App()
config = App("config")
app.add_typer(config)


def _names(incomplete: str) -> list[str]:
    return [name for name, _, _ in documented() if name.startswith(incomplete)]


_Name = Annotated[str, typer.Argument(metavar="NAME", help="A setting.", autocompletion=_names)]


@config.callback(invoke_without_command=True)
def config_(context: typer.Context, json: Json = False) -> None:
    """Settings: one TOML file, and SECONDME_<NAME> variables that go before it.

    Examples:
        secondme config list
        secondme config set idle_exit 120
        secondme config path
    """
    if not context.invoked_subcommand:
        list_(json)


@config.add("list")
def list_(json: Json = False) -> None:
    """Say where everything lies; list every setting with its value, where that is from and what it means.

    Examples:
        secondme config list
        secondme config list --json
    """
    settings = _all()
    if json:
        print_json({"places": {n: str(p) for n, p in load().places.items()}, "settings": settings})
        return
    for name, place in load().places.items():
        out(f"{name:<9} {short_path(str(place))}")
    out()
    for each in settings:
        origin = "" if each["from"] == "default" else f"  ({each['from']})"
        out(f"{each['name']} = {_shown(each['value'])}{dim(origin)}")
        for line in wrap(each["meaning"], "    "):
            out(dim(line))


def _all() -> list[dict[str, Any]]:
    settings = load()
    in_file = stored_settings(settings.config_file)
    found = []
    for name, default, meaning in documented():
        value = getattr(settings, name)
        origin = "default"
        if f"SECONDME_{name.upper()}" in os.environ:
            origin = f"the variable SECONDME_{name.upper()}"
        elif name in in_file:
            origin = "the file"
        value, default = (
            v if v is None or isinstance(v, (int, float)) else str(v) for v in (value, default)
        )
        found.append(
            {"name": name, "value": value, "default": default, "from": origin, "meaning": meaning}
        )
    return found


def _shown(value: Any) -> str:
    return '""' if value == "" else str(value)


@config.add()
def get(name: _Name, json: Json = False) -> None:
    """Print one setting's value.

    Examples:
        secondme config get idle_exit
    """
    for each in _all():
        if each["name"] == name:
            print_json(each) if json else out(str(each["value"]))
            return
    raise BadInputError(f"there is no setting named {name!r}", hint="`secondme config` lists them")


@config.add("set")
def set_(
    name: _Name,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="Its new value.")],
) -> None:
    """Change a setting. Most take effect at once; it says when the core has to start again.

    Examples:
        secondme config set idle_exit 120
        secondme config set threads 2
    """
    converted = write_setting(config_file(), name, value)
    out(f"{name} = {_shown(converted)}")
    _tell_core(name)


@config.add()
def unset(name: _Name) -> None:
    """Take a setting out of the file, so that its default holds again; a mistyped one as well.

    Examples:
        secondme config unset idle_exit
    """
    known = name in _names("")
    if known and name not in stored_settings(config_file()):
        note(f"{name} is not set")
        raise typer.Exit(MISSING)
    write_setting(config_file(), name, None)
    if known:
        out(f"{name} = {_shown(getattr(load(), name))}")
        _tell_core(name)
    else:
        out(f"{name} is out of the file")


def _tell_core(name: str) -> None:
    """Let a running core know; one that cannot take the change over while running is to restart."""
    if f"SECONDME_{name.upper()}" in os.environ:
        out(dim(f"but the variable SECONDME_{name.upper()} goes before it"))
    if client().running() is None:
        return
    if name in client().call("reload", start=False)["restart_for"]:
        out(dim("`secondme core restart` brings it into force"))


@config.add()
def path() -> None:
    """Print where the settings file lies, or would lie.

    Examples:
        $EDITOR "$(secondme config path)"
    """
    out(str(config_file()))
