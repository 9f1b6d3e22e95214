"""What has been measured with a model on this machine, kept for later plans."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from secondme.model.window.layout import Layout

MB = 1_000_000
BATCH = 128
"""Tokens of a prompt that are computed at once, at most, with a window."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Measurements of a model with `threads` threads. Bytes, seconds, bytes a second; 0 where unknown.

    `vocabulary` is what the loaded tokenizer takes, `buffers` what llama.cpp computes in. `layers` is the
    time of a pass over one token as far as the hidden states, when nothing has to be read; `product` that
    of the output product after it, `screen` that of finding the token by a sketch instead. `bandwidth` is
    the disk's.
    """

    vocabulary: int
    buffers: int
    threads: int = 0
    layers: float = 0.0
    product: float = 0.0
    screen: float = 0.0
    bandwidth: float = 0.0


def estimated(layout: Layout, threads: int) -> Measured:
    """What loading will take, before it has been measured."""
    buffers = BATCH * layout.width * 4 * 10 + 4 * layout.vocabulary * 4
    return Measured(MB // 2, buffers, threads)


def model_key(path: Path) -> str:
    """What tells a model file from others and from its earlier selves."""
    status = path.stat()
    text = f"{path.name}:{status.st_size}:{status.st_mtime_ns}"
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def remove_measured(folder: Path, path: Path) -> int:
    """Delete what was measured with a model; returns the bytes freed."""
    freed = 0
    with suppress(OSError):
        for file in folder.glob(f"{model_key(path)}.*"):
            freed += file.stat().st_size
            file.unlink()
    return freed


class Kept:
    """What is kept of a model in a folder: one JSON file, for this person only.

    `values` are those of any number of threads, `speeds` those of this one.
    """

    def __init__(self, folder: Path, path: Path, threads: int) -> None:
        self._file = folder / f"{model_key(path)}.json"
        self._threads = str(threads)
        self.values: dict[str, Any] = {}
        with suppress(OSError, ValueError):
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            self.values = kept if isinstance(kept, dict) else {}

    @property
    def speeds(self) -> dict[str, float]:
        """Seconds by what they are of, as `Measured` names them."""
        found = self.values.get("speeds", {}).get(self._threads, {})
        return {name: float(value) for name, value in found.items()}

    def note(self, speeds: dict[str, float], **values: Any) -> None:
        """Keep these with what is kept already; where they cannot be, they are measured again."""
        every = self.values.get("speeds", {})
        every = {**every, self._threads: {**every.get(self._threads, {}), **speeds}}
        self.values = {**self.values, **values, "speeds": every}
        partial = self._file.with_name(f"{self._file.name}.{os.getpid()}.partial")
        with suppress(OSError):
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as out:
                json.dump(self.values, out)
            partial.replace(self._file)

    def measured(self, layout: Layout) -> Measured:
        """Measurements of earlier runs where there are any, estimates elsewhere."""
        base = estimated(layout, int(self._threads))
        try:
            speeds = self.speeds
            known = self.values if self.values.get("batch") == BATCH else {}
            return Measured(
                int(self.values.get("vocabulary", base.vocabulary)),
                int(known.get("buffers", base.buffers)),
                base.threads,
                speeds.get("layers", 0.0),
                speeds.get("product", 0.0),
                speeds.get("screen", 0.0),
                speeds.get("bandwidth", 0.0),
            )
        except (TypeError, ValueError, AttributeError):
            return base
