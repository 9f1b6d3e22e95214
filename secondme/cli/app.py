"""How every command looks: its help with examples kept as written, and how it ends."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from secondme.cli.main import DONE, STOPPED, discard_stdout

_EXAMPLES = "\nExamples:\n"
_TYPE = re.compile(r" <[^>]*>$")  # what typer says of an argument's Python type
_Function = TypeVar("_Function", bound=Callable[..., Any])


class _Plain:
    """Turns an argument's text into a `str`, an `int` within its bounds, or a list of `str`.

    Typer would use pydantic for it, whose import takes longer than all the rest of a command.
    """

    def __init__(self, kind: Any, least: int | None, most: int | None) -> None:
        self._kind, self._least, self._most = kind, least, most

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value; raises `typer.BadParameter`."""
        if self._kind is not int or value is None:
            return value if value is not None or self._kind != list[str] else ()
        try:
            number = int(value)
        except ValueError:
            raise typer.BadParameter(
                f"{value!r} is no whole number", ctx=ctx, param=param
            ) from None
        least = number if self._least is None else self._least
        most = number if self._most is None else self._most
        if not least <= number <= most:
            limits = f"at least {least}" if self._most is None else f"from {least} to {most}"
            raise typer.BadParameter(f"{number} is not {limits}", ctx=ctx, param=param)
        return number


def _read_plainly(params: Sequence[Any]) -> None:
    """Let parameters of the plain kinds be read without pydantic; any other stays as typer has it."""
    for param in params:
        told = getattr(param, "type_descriptor", None)
        if told and told.annotation in (str, int, bool, list[str]):
            plain = _Plain(told.annotation, told.parameter_info.min, told.parameter_info.max)
            param.get_runtime_param = lambda plain=plain: plain


@contextmanager
def _quiet_endings() -> Iterator[None]:
    """Ctrl-C ends with one word, and a reader that went away with none."""
    try:
        yield
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("stopped\n")
        raise typer.Exit(STOPPED) from None
    except BrokenPipeError:
        discard_stdout()
        raise typer.Exit(DONE) from None


class Command(TyperCommand):
    """A command whose docstring may end with an `Examples:` block, which help prints as it is."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments and options."""
        _read_plainly(self.get_params(ctx))
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The usage line's parts: what is needed as it is, the rest in brackets."""
        return [
            piece.replace("{", "").replace("}", "") for piece in super().collect_usage_pieces(ctx)
        ]

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        """The paragraph that says what the command does."""
        _write_help_text(self.help, formatter)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Arguments and options, each with what it is for."""
        for title, kind in (("Arguments", "argument"), ("Options", "option")):
            params = [p for p in self.get_params(ctx) if p.param_type_name == kind]
            rows = [record for p in params if (record := p.get_help_record(ctx))]
            if rows:
                with formatter.section(title):
                    formatter.write_dl([(_TYPE.sub("", name), text) for name, text in rows])

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """The examples, after the options."""
        _write_examples(self.help, formatter)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with _quiet_endings():
            return super().invoke(ctx)


class Group(TyperGroup):
    """Commands below a name, with the same kind of help."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the group's own options."""
        _read_plainly(self.get_params(ctx))
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run what the group does by itself, and the command below it that was named."""
        with _quiet_endings():
            return super().invoke(ctx)

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        """The paragraph that says what the commands are for."""
        _write_help_text(self.help, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The commands, each with the first sentence of its help."""
        self.write_commands(ctx, formatter, "Commands", self.list_commands(ctx))

    def write_commands(self, ctx: Any, formatter: Any, title: str, names: Sequence[str]) -> None:
        """A section of commands; the names of all sections take the same room."""
        room = max(map(len, self.list_commands(ctx)))
        commands = [(name, self.get_command(ctx, name)) for name in names]
        with formatter.section(title):
            formatter.write_dl(
                [(name.ljust(room), _summary(c.help)) for name, c in commands if c is not None]
            )

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """The examples, after options and commands."""
        _write_examples(self.help, formatter)


class App(typer.Typer):
    """Commands that a module offers. Help is plain text, so that nothing heavy is imported for it."""

    def __init__(
        self, name: str | None = None, *, cls: type[TyperGroup] = Group, completion: bool = False
    ):
        super().__init__(
            name=name,
            cls=cls,
            add_completion=completion,
            rich_markup_mode=None,
            pretty_exceptions_enable=False,
            context_settings={"help_option_names": ["-h", "--help"]},
        )

    def add(self, name: str | None = None) -> Callable[[_Function], _Function]:
        """Make a function a command, under its own name or the one given."""
        return self.command(name, cls=Command)


def _summary(help_: str | None) -> str:
    """The first sentence of a help text."""
    return " ".join((help_ or "").split("\n\n")[0].split()).split(". ")[0].rstrip(".")


def _write_help_text(help_: str | None, formatter: Any) -> None:
    text = inspect.cleandoc(help_ or "").partition(_EXAMPLES)[0].strip()
    formatter.write_paragraph()
    with formatter.indentation():
        formatter.write_text(text)


def _write_examples(help_: str | None, formatter: Any) -> None:
    examples = inspect.cleandoc(help_ or "").partition(_EXAMPLES)[2].rstrip()
    if examples:
        with formatter.section("Examples"):
            for line in inspect.cleandoc(examples).splitlines():
                formatter.write(f"  {line}".rstrip() + "\n")
