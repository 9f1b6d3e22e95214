"""Every command by name and the module it lives in; only the module that is named is imported."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.main import get_command, get_group

from secondme import __version__
from secondme.cli.app import App, Group
from secondme.errors import BadInputError

SECTIONS = {
    "Take in": {"add": "adding", "note": "adding", "watch": "sources", "sources": "sources"},
    "Recall and ask": {
        "recall": "recalling",
        "ask": "asking",
        "chat": "chat",
        "show": "recalling",
        "timeline": "timeline",
        "episodes": "episodes",
    },
    "Facts": {
        "facts": "facts",
        "people": "facts",
        "profile": "facts",
        "review": "facts",
        "conflicts": "facts",
    },
    "Take back": {
        "mark": "changes",
        "forget": "changes",
        "log": "changes",
        "undo": "changes",
        "redo": "changes",
    },
    "Look after it": {
        "status": "health",
        "doctor": "health",
        "consolidate": "episodes",
        "index": "health",
        "export": "transfer",
        "import": "transfer",
        "model": "models",
        "core": "core",
        "config": "settings",
    },
}
MODULES = {name: module for section in SECTIONS.values() for name, module in section.items()}


class Root(Group):
    """The commands, each imported when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Every command's name, in the order of the help."""
        return list(MODULES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name, or None."""
        if cmd_name not in MODULES:
            return None
        if cmd_name not in self.commands:
            module = import_module(f"secondme.cli.{MODULES[cmd_name]}")
            self.commands.update(get_group(module.app).commands)
        return self.commands[cmd_name]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the arguments name. Raises `BadInputError` with the nearest names."""
        if args[0] not in MODULES and not args[0].startswith("-"):
            raise BadInputError(f"there is no command {args[0]!r}", hint=_nearest(args[0]))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The commands by what they are for, each with the first sentence of its help."""
        for section, names in SECTIONS.items():
            self.write_commands(ctx, formatter, section, list(names))


_root = App(cls=Root, completion=True)


@_root.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """A personal memory on this machine. It takes in what you write and read, finds it again by words
    and by meaning, and answers with what it can cite.

    Examples:
        secondme add ~/notes ~/Documents/letters
        secondme recall "when did Ana move?"
        secondme ask "where does Ana live now?"
    """
    if version:
        typer.echo(f"secondme {__version__}")
    elif context.invoked_subcommand is None:
        from secondme.cli.overview import overview

        overview()


def command() -> Any:
    """The whole command, ready to run."""
    return get_command(_root)


def misuse(error: Exception) -> str | None:
    """The line for a command line that cannot be understood, or None for any other exception."""
    if not isinstance(error, typer.TyperException):
        return None
    text = " ".join(error.format_message().split()).rstrip(".")
    context = getattr(error, "ctx", None)
    hint = f" — see `{context.command_path} --help`" if context else ""
    return f"{text[:1].lower()}{text[1:]}{hint}"


def _nearest(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, MODULES, n=1)
    listed = "`secondme --help` lists them"
    return f"did you mean `secondme {near[0]}`? {listed}" if near else listed
