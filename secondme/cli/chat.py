"""`chat`: a conversation at the prompt."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Annotated

import typer

from secondme.cli.app import App
from secondme.cli.asking import answered
from secondme.cli.link import print_json
from secondme.cli.main import DONE
from secondme.cli.options import Json
from secondme.cli.output import can_ask, dim, note, out
from secondme.errors import SecondMeError

app = App()
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
_PROMPT = "> "


@app.add()
def chat(
    private: Annotated[
        bool, typer.Option("--private", help="Keep nothing of this conversation.")
    ] = False,
    json: Json = False,
) -> None:
    """Talk with your memory. Both sides are remembered, unless it is private.

    An empty line, /quit or Ctrl-D ends it; Ctrl-C stops a reply. From a pipe, every line is a message;
    --json then prints an object for each, on a line of its own.

    Examples:
        secondme chat
        secondme chat --private
        printf 'where does Ana live?\\nsince when?\\n' | secondme chat --private
    """
    conversation = _new_conversation()

    def reply(message: str) -> None:
        result = answered(
            "chat", not json, message=message, conversation=conversation, private=private
        )
        print_json(result) if json else out()
        sys.stdout.flush()

    if not can_ask():
        for message in _piped():
            reply(message)
        return
    kept = "nothing of this is kept" if private else "this is remembered; --private is not"
    note(dim(f"{kept}; an empty line ends it", err=True))
    code = _converse(reply)
    if code != DONE:
        raise typer.Exit(code)


def _converse(reply: Callable[[str], None]) -> int:
    """Reply to what is typed until that ends; gives the exit code of the last reply.

    Lines typed before can be called back, and live as long as the conversation.
    """
    with suppress(ImportError):
        import readline  # noqa: F401 - importing it gives `input` its line editing
    code = DONE
    while True:
        try:
            line = input(_PROMPT).strip()
            if line in ("", "/quit", "/exit"):
                return code
            reply(line)
            code = DONE
        except EOFError:
            out()
            return code
        except KeyboardInterrupt:
            note("\nstopped")
        except SecondMeError as error:
            note(f"error: {error.line()}")
            code = error.exit_code


def _piped() -> Iterator[str]:
    for raw in sys.stdin.buffer:
        line = raw.decode("utf-8", "replace").strip()
        if line == "/quit":
            return
        if line:
            yield line


def _new_conversation() -> str:
    """A ULID: 48 bits of time and 80 of chance, in 26 digits of 5 bits."""
    number = time.time_ns() // 1_000_000 << 80 | int.from_bytes(os.urandom(10))
    return "".join(_DIGITS[number >> shift & 31] for shift in range(125, -1, -5))
