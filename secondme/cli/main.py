"""The `secondme` command's way in and out: every ending is an exit code and at most one line.

Only `sys` is imported before `main` runs, so that Ctrl-C during the other imports is clean too.
"""

from __future__ import annotations

import sys

DONE, MISSING, MISUSED, FAILED, STOPPED = 0, 1, 2, 3, 130
"""Exit codes: done; not found or refused; wrong use; the core failed; ended by Ctrl-C."""


def main() -> None:
    """Run the command that the process's arguments name and exit with its code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run a command line and return its exit code; what goes wrong ends as one line on stderr."""
    try:
        _prepare_streams()
        code = _run(arguments)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        discard_stdout()
        return DONE
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        return STOPPED
    except OSError as error:
        discard_stdout()
        return _fail(f"the output cannot be written: {error.strerror}", FAILED, error)


def _prepare_streams() -> None:
    """Make sure that there are streams, and that no text is too odd for them."""
    import os

    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # whoever called has closed it
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]


def _run(arguments: list[str]) -> int:
    from secondme.cli.commands import command, misuse
    from secondme.errors import SecondMeError

    try:
        code = command().main(arguments, prog_name="secondme", standalone_mode=False)
        return code if isinstance(code, int) else DONE
    except SecondMeError as error:
        return _fail(error.line(), error.exit_code, error)
    except BrokenPipeError:
        raise
    except OSError as error:
        said = (error.strerror or str(error), error.filename)
        return _fail(": ".join(str(part) for part in said if part), FAILED, error)
    except Exception as error:
        line = misuse(error)
        if line:
            return _fail(line, MISUSED, error)
        return _fail(f"{type(error).__name__}: {error}", FAILED, error)


def _fail(line: str, code: int, error: Exception) -> int:
    import os

    if os.environ.get("SECONDME_DEBUG"):
        import traceback

        traceback.print_exception(error)
    from secondme.cli.output import short_path

    sys.stderr.write(f"error: {short_path(line)}\n")
    return code


def discard_stdout() -> None:
    """Let what is still to be written go nowhere: whoever read it has gone."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
