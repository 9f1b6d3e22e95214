"""Reading one file or one piece of text into an item and its moments, through the importers."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from secondme.errors import BadInputError
from secondme.ingest.scan import Candidate, Rules, Skip, holds_private_key
from secondme.plugin import (
    Document,
    Importer,
    Moment,
    PluginFault,
    Skipped,
    UnreadableError,
    load_plugins,
)
from secondme.record.items import Arrival

_READ_SECONDS = 120.0
_PAUSES = (0.0, 0.03, 0.1, 0.2, 0.3)
"""Seconds to wait before each attempt at reading a file that is being written."""
_TICK = 20_000_000
"""Nanoseconds within which two writes may leave the same time of change: systems count it in ticks."""


@dataclass(slots=True)
class Reading:
    """A document as read: what is to be stored, its moments, and the parts that had to be skipped."""

    arrival: Arrival
    importer: Importer
    document: Document

    def moments(self) -> tuple[list[Moment], list[Skip]]:
        """Run the importer, whatever it does: it may raise or hang, and only this document is lost.

        Raises `UnreadableError` with the reason.
        """
        result: list[tuple[list[Moment], list[Skip]]] = []
        failure: list[str] = []
        stop = threading.Event()

        def run() -> None:
            try:
                result.append(self._collect(stop))
            except UnreadableError as error:
                failure.append(str(error))
            except Exception as error:
                failure.append(
                    f"the importer {self.importer.name!r} failed: {type(error).__name__}: {error}"
                )

        thread = threading.Thread(target=run, name=f"read {self.importer.name}", daemon=True)
        thread.start()
        thread.join(_READ_SECONDS)
        if thread.is_alive():
            stop.set()
            raise UnreadableError(
                f"the importer {self.importer.name!r} did not finish in {_READ_SECONDS:.0f} s"
            )
        if failure:
            raise UnreadableError(failure[0])
        return result[0]

    def _collect(self, stop: threading.Event) -> tuple[list[Moment], list[Skip]]:
        moments: list[Moment] = []
        skips: list[Skip] = []
        where = self.document.path or self.document.name
        for part in self.importer.read(self.document):
            if stop.is_set():
                break
            if isinstance(part, Skipped):
                skips.append(Skip(f"{where}, {part.where}", part.reason))
            elif part.text.strip():
                moments.append(self._timed(part))
        return moments, skips

    def _timed(self, moment: Moment) -> Moment:
        """The moment with an aware time: its own, or the document's."""
        if moment.time is None:
            return replace(moment, time=self.document.modified)
        if moment.time.tzinfo is None:
            return replace(moment, time=moment.time.replace(tzinfo=self.document.zone))
        return moment


class Readers:
    """Every importer that is installed, and reading with the right one."""

    def __init__(self, zone: tzinfo) -> None:
        """`zone` is the person's, for times that carry none."""
        self._zone = zone
        manager, self.faults = load_plugins()
        self.importers: list[Importer] = []
        for plugin in manager.get_plugins():
            try:
                offered = manager.subset_hook_caller(
                    "secondme_importers", [p for p in manager.get_plugins() if p is not plugin]
                )()
                self.importers += [i for importers in offered for i in importers]
            except Exception as error:
                name = manager.get_name(plugin) or "?"
                self.faults.append(PluginFault(name, f"{type(error).__name__}: {error}"))
        self.importers.sort(key=lambda importer: importer.name)

    @property
    def suffixes(self) -> frozenset[str]:
        """Every file ending that some importer reads."""
        return frozenset(s for importer in self.importers for s in importer.suffixes)

    def read(self, candidate: Candidate, source_id: str | None, rules: Rules) -> Reading | Skip:
        """A file, whole and unchanging, with the importer that reads it; or why not."""
        path = candidate.path
        try:
            data, mtime_ns = _stable(path, rules.max_bytes)
        except (OSError, UnreadableError) as error:
            reason = str(error) if isinstance(error, UnreadableError) else _reason(error)
            return Skip(str(path), reason)
        modified = datetime.fromtimestamp(mtime_ns / 1e9, UTC).astimezone(self._zone)
        document = Document(data, path.name, modified, self._zone, str(path))
        return self._prepare(document, source_id, mtime_ns, rules)

    def read_bytes(self, data: bytes, name: str, rules: Rules) -> Reading | Skip:
        """Bytes that came through a pipe, under a name whose ending says what they are; no source yet."""
        if len(data) > rules.max_bytes:
            return Skip(name, "is larger than the limit (setting max_file_mb)")
        document = Document(data, name, datetime.now(self._zone), self._zone)
        return self._prepare(document, None, 0, rules)

    def _prepare(
        self, document: Document, source_id: str | None, mtime_ns: int, rules: Rules
    ) -> Reading | Skip:
        where = document.path or document.name
        if holds_private_key(document.data) and not rules.force:
            return Skip(where, "holds a private key; --force takes it in all the same")
        try:
            importer = self._importer_for(document)
            title = importer.title(document)
        except UnreadableError as error:
            return Skip(where, str(error))
        except Exception as error:
            return Skip(where, f"its importer failed: {type(error).__name__}: {error}")
        arrival = Arrival(
            name=document.name,
            title=title,
            importer=importer.name,
            media_type=importer.media_type,
            data=document.data,
            modified_ms=round(document.modified.timestamp() * 1000),
            source_id=source_id,
            path=document.path,
            mtime_ns=mtime_ns,
        )
        return Reading(arrival, importer, document)

    def _importer_for(self, document: Document) -> Importer:
        """The first that says yes. Raises `UnreadableError` with what each that was asked looked for."""
        suffix = Path(document.name).suffix.lower()
        declined = []
        for importer in self.importers:
            if suffix not in importer.suffixes:
                continue
            try:
                if importer.probe(document):
                    return importer
                why = "it is of another kind"
            except UnreadableError as error:
                why = str(error)
            except Exception as error:
                why = f"failed: {type(error).__name__}: {error}"
            declined.append(f"{importer.name!r}: {why}")
        if declined:
            raise UnreadableError(f"no importer for {suffix} knows it: {'; '.join(declined)}")
        raise UnreadableError(f"there is no importer for {suffix or 'files without an ending'}")

    def by_name(self, name: str) -> Importer:
        """The importer of that name. Raises `BadInputError`."""
        for importer in self.importers:
            if importer.name == name:
                return importer
        raise BadInputError(
            f"the importer {name!r} is not installed", hint="install its plugin again"
        )

    def again(self, arrival: Arrival, modified: datetime) -> Reading:
        """A reading of bytes that the record holds, by the importer that read them at first."""
        document = Document(arrival.data, arrival.name, modified, self._zone, arrival.path)
        return Reading(arrival, self.by_name(arrival.importer), document)


def _stable(path: Path, max_bytes: int) -> tuple[bytes, int]:
    """A file's bytes and time of change, read while nobody wrote to it."""
    for pause in _PAUSES:
        time.sleep(pause)
        began = time.time_ns()
        with path.open("rb") as file:
            before = _state(file.fileno())
            if before[0] > max_bytes:
                raise UnreadableError("has grown over the size limit")
            data = file.read(max_bytes + 1)
            after = _state(file.fileno())
        fresh = 0 <= began - before[1] < _TICK
        if before == after and len(data) == after[0] and not fresh:
            return data, after[1]
    raise UnreadableError("keeps changing while it is read; it is taken in at the next run")


def _state(descriptor: int) -> tuple[int, int]:
    info = os.fstat(descriptor)
    return info.st_size, info.st_mtime_ns


def _reason(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "may not be read: no permission"
    if isinstance(error, FileNotFoundError):
        return "went away before it was read"
    return f"cannot be read: {error.strerror or error}"
