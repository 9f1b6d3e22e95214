"""Watching folders: what changes there is taken in once it has been quiet for a moment."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.polling import PollingObserver

from secondme.errors import SecondMeError
from secondme.ingest.intake import Intake
from secondme.ingest.scan import ignored_below, outermost
from secondme.record import Record
from secondme.record.sources import Source

if TYPE_CHECKING:
    from watchdog.observers.api import BaseObserver, ObservedWatch

log = logging.getLogger("secondme")
_NEWS = ("created", "modified", "moved", "deleted", "closed")


class _Handler(FileSystemEventHandler):
    def __init__(self, watcher: Watcher, root: Path) -> None:
        self._watcher = watcher
        self._root = root

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type in _NEWS:
            for path in (event.src_path, event.dest_path):
                if path:
                    whole = event.event_type in (
                        "created",
                        "moved",
                    )  # a folder that came with files
                    self._watcher.noticed(self._root, Path(str(path)), event.is_directory, whole)


class Watcher:
    """Watches every source that is marked as watched."""

    def __init__(self, record: Record, intake: Intake, settle: float) -> None:
        """`settle` is how many seconds a file must be quiet before it is read: editors write twice."""
        self._record = record
        self._intake = intake
        self._settle = settle
        self._observer: BaseObserver = Observer()
        self._watches: dict[str, tuple[BaseObserver, ObservedWatch]] = {}
        self._polling: BaseObserver | None = None
        self._changed: dict[Path, float] = {}
        self._condition = threading.Condition()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def active(self) -> bool:
        """Whether any folder is watched."""
        return bool(self._watches)

    def start(self) -> None:
        """Watch what is to be watched, and catch up with what changed meanwhile."""
        self._observer.start()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()
        for source in self._record.sources.all():
            if source.watched:
                self.watch(source)

    def watch(self, source: Source) -> None:
        """Begin to watch a source; a failure is noted with the source."""
        root = Path(source.path)
        if source.id in self._watches:
            return
        if not root.exists():
            self._record.sources.set_error(source.id, "is not there")
            return
        self._watches[source.id] = self._schedule(root)
        self._record.sources.set_error(source.id, None)
        self.noticed(root, root, root.is_dir())

    def _schedule(self, root: Path) -> tuple[BaseObserver, ObservedWatch]:
        """Through the system's own notices, or by looking again and again where they run out."""
        handler = _Handler(self, root)
        try:
            return self._observer, self._observer.schedule(handler, str(root), recursive=True)
        except OSError as error:
            log.warning("%s is watched by polling: %s", root, error)
            if self._polling is None:
                self._polling = PollingObserver(timeout=5)
                self._polling.start()
            return self._polling, self._polling.schedule(handler, str(root), recursive=True)

    def unwatch(self, source_id: str) -> None:
        """Stop watching a source."""
        observer, watch = self._watches.pop(source_id, (None, None))
        if observer is not None and watch is not None:
            observer.unschedule(watch)

    def noticed(self, root: Path, path: Path, is_folder: bool, moved_in: bool = False) -> None:
        """Something changed at a path below a watched root."""
        if is_folder and path != root and not moved_in and path.exists():
            return  # its files have notices of their own
        if path != root and ignored_below(root, path):
            return
        with self._condition:
            self._changed[path] = time.monotonic()
            self._condition.notify_all()

    def _run(self) -> None:
        while not self._stop.is_set():
            ready = self._settled()
            if ready:
                try:
                    self._take(ready)
                except SecondMeError as error:
                    log.warning("watching: %s", error.line())
                except Exception:
                    log.exception("watching failed; it goes on with the next change")

    def _settled(self) -> list[Path]:
        """Paths that have been quiet for long enough; waits a little when there are none."""
        with self._condition:
            now = time.monotonic()
            ready = [p for p, at in self._changed.items() if now - at >= self._settle]
            for path in ready:
                del self._changed[path]
            if not ready:
                self._condition.wait(min(self._settle, 0.5) or 0.05 if self._changed else 1.0)
            return ready

    def _take(self, paths: list[Path]) -> None:
        there = outermost([p for p in paths if p.exists()])
        self._record.items.mark_gone(str(p) for p in paths if not p.exists())
        if there:
            for event in self._intake.add(there, "watcher", watched=True, stop=self._stop):
                self._note(event)

    def _note(self, event: dict[str, Any]) -> None:
        if event["event"] == "skipped" and "no importer" not in event["reason"]:
            log.info("watching: skipped a file: %s", event["reason"])

    def stop(self) -> None:
        """End watching; what has not settled is taken in at the next start."""
        self._stop.set()
        with self._condition:
            self._condition.notify_all()
        for observer in (self._observer, self._polling):
            if observer is not None and observer.is_alive():
                observer.stop()
        if self._thread:
            self._thread.join(10)
