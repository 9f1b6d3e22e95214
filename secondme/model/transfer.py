"""What every way of fetching shares: progress, stopping, and a file that grows safely.

Used by `fetch` and the modules behind it; nobody else needs it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from secondme.errors import FetchError

Stage = Literal["waiting", "downloading", "joining", "verifying"]
CHUNK = 1 << 20
_EVERY = 0.1  # seconds between two reports
_WINDOW = 5.0  # seconds over which the rate is taken
_SPARE = 32 << 20  # bytes of disk that must stay free


class Final(FetchError):
    """A failure that another source cannot mend."""


class Stopped(Final):
    """The fetch was stopped on request; what it has is kept and the next fetch goes on from there."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a fetch is: bytes `done` of `total` (0 is not known) in this stage.

    `rate` is in bytes a second over the last few seconds, `seconds_left` None while it is not known.
    """

    name: str
    stage: Stage
    done: int
    total: int
    rate: float
    seconds_left: float | None


Report = Callable[[Progress], None]


class Meter:
    """Turns byte counts into `Progress` reports, ten a second at most, and heeds the stop event."""

    def __init__(self, name: str, report: Report | None, stop: threading.Event | None) -> None:
        self.name = name
        self._report = report
        self._stop = stop
        self._stage: Stage = "downloading"
        self._total = 0
        self._seen: dict[Stage, deque[tuple[float, int]]] = {}
        self._last = 0.0

    def stage(self, stage: Stage, total: int, done: int = 0) -> None:
        """Enter a stage of `total` bytes of which `done` are there already."""
        seen = self._seen.setdefault(stage, deque())
        if seen and done < seen[-1][1]:
            seen.clear()
        self._stage, self._total, self._last = stage, total, 0.0
        self.at(done)

    def at(self, done: int) -> None:
        """`done` bytes of this stage are there. Raises `Stopped` when asked to stop."""
        self.check()
        now = time.monotonic()
        seen = self._seen.setdefault(self._stage, deque())
        seen.append((now, done))
        while len(seen) > 2 and now - seen[0][0] > _WINDOW:
            seen.popleft()
        if self._report is None or (now - self._last < _EVERY and done != self._total):
            return
        self._last = now
        since, before = seen[0]
        rate = max(done - before, 0) / (now - since) if now > since else 0.0
        left = (self._total - done) / rate if rate and self._total else None
        self._report(Progress(self.name, self._stage, done, self._total, rate, left))

    def check(self) -> None:
        """Raises `Stopped` when asked to stop."""
        if self._stop is not None and self._stop.is_set():
            raise Stopped(
                f"fetching {self.name} was stopped",
                hint="what has come is kept; the next fetch goes on from there",
            )

    def sleep(self, seconds: float) -> None:
        """Wait, but not past a request to stop. Raises `Stopped`."""
        if self._stop is None:
            time.sleep(seconds)
        else:
            self._stop.wait(seconds)
        self.check()


class Growing:
    """A file that grows until it is whole, with a note of how far it can be trusted.

    The note is written after the bytes are on the disk, so that after a crash the file is cut back
    to what the note vouches for. `digest` is the SHA-256 of all bytes so far. `facts` is kept in the
    note, for whoever fills the file. A note of another origin than `origin` starts it afresh.
    """

    def __init__(self, folder: Path, kind: str, origin: str) -> None:
        self.path = folder / f"{kind}.part"
        self._note = folder / f"{kind}.json"
        self._origin = origin
        self.facts: dict[str, Any] = {}
        self.digest = hashlib.sha256()
        self.size = 0
        self._trusted = 0
        self._file: BinaryIO | None = None

    def open(self, meter: Meter) -> None:
        """Open for writing after the trusted bytes, which are read once for the digest."""
        self._trusted = trusted = self._read_note()
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        self._file = os.fdopen(os.open(self.path, flags, 0o600), "r+b")
        self._file.truncate(trusted)
        if trusted:
            meter.stage("verifying", trusted)
        while chunk := self._file.read(CHUNK):
            self.digest.update(chunk)
            self.size += len(chunk)
            meter.at(self.size)

    def write(self, data: bytes) -> None:
        assert self._file is not None
        self._file.write(data)
        self.digest.update(data)
        self.size += len(data)

    def checkpoint(self) -> None:
        """Everything written so far is on the disk and will be trusted after a crash."""
        assert self._file is not None
        self._file.flush()
        os.fsync(self._file.fileno())
        note = {"origin": self._origin, "trusted": self.size, "facts": self.facts}
        write_private(self._note, json.dumps(note).encode())
        self._trusted = self.size

    def restart(self) -> None:
        """Back to nothing."""
        assert self._file is not None
        self._note.unlink(missing_ok=True)
        self._file.seek(0)
        self._file.truncate(0)
        self.digest, self.size, self.facts, self._trusted = hashlib.sha256(), 0, {}, 0

    def close(self) -> None:
        """Close, and leave nothing behind that is not vouched for."""
        if self._file is None:
            return
        if self._trusted < self.size:
            self._file.truncate(self._trusted)
        self._file.close()
        self._file = None
        if not self._trusted:
            self.discard()

    def discard(self) -> None:
        """Close and delete."""
        self.close()
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def _read_note(self) -> int:
        """The bytes that can be trusted; fills `facts`."""
        try:
            note = json.loads(self._note.read_bytes())
            trusted, facts, origin = int(note["trusted"]), dict(note["facts"]), note["origin"]
            if origin == self._origin and 0 < trusted <= self.path.stat().st_size:
                self.facts = facts
                return trusted
        except (OSError, ValueError, KeyError, TypeError):
            pass  # no note, or a torn one: nothing can be trusted
        return 0


def require_space(folder: Path, needed: int, name: str) -> None:
    """Raises `Final` when the disk of `folder` has not `needed` bytes free, and some to spare."""
    free = shutil.disk_usage(folder).free
    if free < needed + _SPARE:
        raise Final(
            f"{name} needs {(needed + _SPARE) / 1e6:,.0f} MB free in {folder}, and "
            f"{free / 1e6:,.0f} MB are",
            hint="free some space, or move the models with the setting models_dir",
        )


def write_private(path: Path, *parts: bytes | memoryview) -> None:
    """Write the file whole or not at all, mode 0600."""
    temporary = path.with_name(path.name + ".tmp")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        for part in parts:
            file.write(part)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
