"""A terminal for tests: runs the command in one and types, and shows what would stand on the screen."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import termios
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from tests.home import COMMAND, Home

_SEQUENCE = re.compile(r"\x1b\[(\d*)([A-Za-z])")


def in_terminal(
    home: Home,
    *arguments: str,
    keys: tuple[tuple[str, str], ...] = (),
    columns: int = 80,
    **env: str,
) -> tuple[int, str]:
    """Exit code and everything written. Each of `keys` waits for a text, after what the one before
    waited for, and then types another."""
    pid, master = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        environment = {**home.env, "TERM": "xterm", **env}
        os.execve(COMMAND, [str(COMMAND), *arguments], environment)
    written, seen, waiting = b"", 0, list(keys)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        ready, _, _ = select.select([master], [], [], 1)
        try:
            chunk = os.read(master, 65536) if ready else b""
        except OSError:  # the other end has closed
            break
        if ready and not chunk:
            break
        written += chunk
        if waiting and (at := written.find(waiting[0][0].encode(), seen)) >= 0:
            seen = at + len(waiting[0][0].encode())
            os.write(master, waiting.pop(0)[1].encode())
    else:
        os.kill(pid, 9)
    status = os.waitpid(pid, 0)[1]
    os.close(master)
    return os.waitstatus_to_exitcode(status), written.decode().replace("\r\n", "\n")


def plain(written: str) -> str:
    """What was written, without colours."""
    return re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", written)


@contextmanager
def variables(home: Home, **values: str) -> Iterator[None]:
    """Let the home's command have these environment variables for a while."""
    kept = dict(home.env)
    home.env.update(values)
    yield
    home.env.clear()
    home.env.update(kept)


class Screen:
    """A terminal's screen with its cursor, as far as drafts of answers use it."""

    def __init__(self, columns: int, lines: int) -> None:
        self.columns = columns
        self.rows = [[" "] * columns for _ in range(lines)]
        self.row = self.column = 0

    def write(self, text: str) -> None:
        """Put text on the screen, broken at its edge; `\\x1b[nA` goes up and `\\x1b[J` clears below."""
        at = 0
        while at < len(text):
            sequence = _SEQUENCE.match(text, at)
            if sequence:
                self._obey(int(sequence[1] or 1), sequence[2])
                at = sequence.end()
                continue
            self._put(text[at])
            at += 1

    def _obey(self, count: int, what: str) -> None:
        if what == "A":
            self.row = max(0, self.row - count)
        elif what == "J":
            self.rows[self.row][self.column :] = [" "] * (self.columns - self.column)
            for row in self.rows[self.row + 1 :]:
                row[:] = [" "] * self.columns

    def _put(self, character: str) -> None:
        width = 0 if unicodedata.combining(character) else 1
        width += unicodedata.east_asian_width(character) in "WF"
        if character == "\r":
            self.column = 0
        elif character == "\n" or self.column + width > self.columns:
            self.row, self.column = self.row + 1, 0
        if character in "\r\n" or width == 0:
            return
        for offset in range(width):
            self.rows[self.row][self.column + offset] = character
        self.column += width

    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join("".join(row).rstrip() for row in self.rows).rstrip()
