"""What a model has read at the beginning of every prompt of a kind, on disk, so that the first answer after a
start need not read it again. Such a beginning is the program's own text, with nothing of a person in it.
"""

from __future__ import annotations

import ctypes
import hashlib
import mmap
import os
from array import array
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import llama_cpp

from secondme.model.transfer import write_private
from secondme.model.window.measured import model_key

_MOST = 4
"""States that are kept of a model, those used last."""
_DIGEST = 32


class KeptStates:
    """The states of one model in a folder, each in a file of its own, for this person only.

    One that is damaged, or of another version of llama.cpp, is as if it were not there; in a folder that
    cannot be written nothing is kept.
    """

    def __init__(self, folder: Path, model: Path) -> None:
        self._folder, self._key = folder, model_key(model)

    def get(self, tokens: Sequence[int]) -> Any:
        """The state after these tokens as a ctypes array; it lies in the file, not in memory. Or None."""
        file = self._file(tokens)
        with suppress(OSError, ValueError):
            with file.open("rb") as opened:
                data = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_COPY)
            size = len(data) - _DIGEST
            if size > 0:
                state = (ctypes.c_uint8 * size).from_buffer(data, _DIGEST)
                if _digest(state) == data[:_DIGEST]:
                    os.utime(file)
                    return state
            file.unlink()
        return None

    def put(self, tokens: Sequence[int], state: Any) -> None:
        """Keep the state after these tokens, a ctypes array, and not the one that was used longest ago."""
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(self._file(tokens), _digest(state), memoryview(state))
            kept = sorted(
                self._folder.glob(f"{self._key}.*.state"), key=lambda f: -f.stat().st_mtime
            )
            for file in kept[_MOST:]:
                file.unlink()

    def _file(self, tokens: Sequence[int]) -> Path:
        said = f"{llama_cpp.__version__}:".encode() + array("q", tokens).tobytes()
        return self._folder / f"{self._key}.{hashlib.sha256(said).hexdigest()[:16]}.state"


def _digest(state: Any) -> bytes:
    return hashlib.blake2b(state, digest_size=_DIGEST).digest()
