"""The owner's end of the process that holds Chroma, and where an embedder's index lies."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from secondme.config import private_dir
from secondme.errors import BadInputError, CoreError, IndexDamagedError, SecondMeError
from secondme.index import chroma_process as wire

_CONNECT_SECONDS = 5.0  # how long a server may take to take a connection
_LOCK_SECONDS = 15.0  # how long the previous owner may take to finish its last write
_STOP_SECONDS = 60.0  # how long the write in hand may take when the index is closed


def _slug(embedder: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", embedder.lower()).strip("-")[:40].strip("-")
    return f"{words or 'embedder'}-{hashlib.sha256(embedder.encode()).hexdigest()[:8]}"


def folder_of(directory: Path, embedder: str) -> Path:
    """Where an embedder's index lies; beside it, with `.lock` added, the lock of its owner."""
    return directory / _slug(embedder)


def collection_of(directory: Path, embedder: str, server_url: str) -> str:
    """The collection's name; on a server it also tells one memory's vectors from another's."""
    if not server_url:
        return f"moments-{_slug(embedder)}"
    file = private_dir(directory) / "server-id"
    if not file.exists():
        fresh = file.with_suffix(".tmp")
        fresh.write_text(uuid.uuid4().hex, encoding="ascii")
        fresh.chmod(0o600)
        fresh.replace(file)
    return f"secondme-{file.read_text(encoding='ascii')}-{_slug(embedder)}"


class Unowned:
    """Holds an index's lock for a moment, so that nobody opens it; `CoreError` if somebody has."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> None:
        private_dir(self._folder.parent)
        self._handle = os.open(f"{self._folder}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._handle)
            raise CoreError(f"the index {self._folder} is open", hint="close it first") from None

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)


class Child:
    """The process that holds Chroma, and the exchange of one request at a time with it."""

    def __init__(self, directory: Path, embedder: str, dimensions: int, server_url: str) -> None:
        if server_url:
            _check_url(server_url)
        self.dimensions = dimensions
        self._folder = folder_of(directory, embedder)
        self._server_url = server_url
        self._where = f"the Chroma server {server_url}" if server_url else f"{self._folder}"
        try:
            private_dir(directory)
            name = collection_of(directory, embedder, server_url)
        except OSError as error:
            raise IndexDamagedError(f"{directory} cannot be used: {error.strerror}") from None
        self._open = {
            "folder": str(self._folder),
            "url": server_url,
            "name": name,
            "dimensions": dimensions,
            "patience": _LOCK_SECONDS,
        }
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self, *, create: bool, seconds: float) -> int | None:
        """Start afresh and open the index; how many it holds, None if there is none to open."""
        self.stop()
        self._reach()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", wire.__name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "MALLOC_ARENA_MAX": "2", "TOKIO_WORKER_THREADS": "2"},
            start_new_session=True,
        )
        try:
            reply, _ = self.ask("open", b"", seconds, create=create, **self._open)
        except SecondMeError:
            self.stop()
            raise
        return cast("int | None", reply["count"])

    def _reach(self) -> None:
        """See that the server takes connections, before a process is started for nothing."""
        if not self._server_url:
            return
        parts = urlsplit(self._server_url)
        port = parts.port or (443 if parts.scheme == "https" else 8000)
        try:
            socket.create_connection((parts.hostname, port), _CONNECT_SECONDS).close()
        except OSError as error:
            raise self._error("unreachable", error.strerror or str(error)) from None

    def ask(self, op: str, body: bytes, seconds: float, **fields: Any) -> wire.Reply:
        """One request and its answer; a process that gives none in time is killed."""
        with self._turn:
            process = self._process
            if process is None:
                raise IndexDamagedError(f"the vector index {self._where} is closed")
            late = threading.Event()

            def give_up() -> None:
                late.set()
                process.kill()

            watch = threading.Timer(max(0.0, seconds), give_up)
            watch.daemon = True
            watch.start()
            try:
                wire.write(cast(BinaryIO, process.stdin), {"op": op, **fields}, body)
                reply = wire.read(cast(BinaryIO, process.stdout))
            except OSError:  # the pipe closed under the request
                reply = None
            finally:
                watch.cancel()
            if reply is None and late.is_set():
                raise IndexDamagedError(
                    f"the vector index {self._where} did not answer within {seconds:.0f} seconds"
                )
            if reply is None:
                raise IndexDamagedError(self._death(process))
        if "error" in reply[0]:
            raise self._error(reply[0]["error"], reply[0]["text"])
        return reply

    def _death(self, process: subprocess.Popen[bytes]) -> str:
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        code = process.poll()
        if code is None:
            process.kill()
            return f"the vector index {self._where} stopped answering"
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return f"the vector index {self._where} killed its process ({how})"

    def _error(self, kind: str, text: str) -> SecondMeError:
        if kind == "busy":
            return CoreError(
                f"the vector index {self._where} is open in another process",
                hint="only one may own it: end the other",
            )
        if kind == "unreachable":
            return CoreError(
                f"{self._where} does not answer: {text}",
                hint="start it, or `secondme config unset chroma_url`",
            )
        if kind == "unfit":
            return CoreError(
                f"the installed chromadb does not fit: {text}",
                hint="pip install 'chromadb>=1.5.9,<1.6'",
            )
        return IndexDamagedError(f"the vector index {self._where} is damaged: {text}")

    def stop(self) -> None:
        """End the process once the write in hand is done."""
        with self._turn:
            process, self._process = self._process, None
            if process is None:
                return
            with suppress(OSError):
                cast(BinaryIO, process.stdin).close()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            cast(BinaryIO, process.stdout).close()


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
        raise BadInputError(
            f"chroma_url is {url!r}, which is no server's address",
            hint="write it like http://127.0.0.1:8000",
        )
