"""What `secondme` says when it is called without a command."""

from __future__ import annotations

from secondme import __version__
from secondme.cli.link import call, client
from secondme.cli.output import bold, dim, out
from secondme.wording import counted

_TRY = {
    "empty": (
        ("secondme add ~/notes", "take in a folder"),
        ("secondme recall QUESTION", "find the moments that it is about"),
        ("secondme ask QUESTION", "an answer with its citations"),
    ),
    "full": (
        ("secondme recall QUESTION", "find the moments that it is about"),
        ("secondme ask QUESTION", "an answer with its citations"),
        ("secondme add PATH", "take in more"),
    ),
}


def overview() -> None:
    """What is in the memory, and three things to try; a memory that is not there yet is not made."""
    out(bold(f"Second Me {__version__}"))
    moments = 0
    if client().config.database.exists():
        status = call("status")
        moments = status["moments"]
        holds = f"{counted(moments, 'moment')} in {counted(status['items'], 'item')}"
        out(f"{holds} from {counted(status['sources'], 'source')}")
    else:
        out("nothing is remembered yet")
    out()
    for example, what in _TRY["full" if moments else "empty"]:
        out(f"  {example:<26} {dim(what)}")
    out(dim("\n`secondme --help` lists every command"))
