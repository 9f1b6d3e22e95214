"""Taking files and text into the record: durable and findable by words when it is acknowledged."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from secondme.errors import BadInputError, RefusedError
from secondme.ingest.progress import progress
from secondme.ingest.reader import Readers, Reading
from secondme.ingest.scan import Candidate, Rules, Skip, outermost, scan
from secondme.plugin import Moment, UnreadableError
from secondme.record import Record
from secondme.record.items import Arrival, Taken
from secondme.record.journal import Entry
from secondme.wording import counted

_COMMIT_SECONDS = 0.25
_COMMIT_MOMENTS = 4000
_NAMED = 3

Event = dict[str, Any]


@dataclass(slots=True)
class Tally:
    """What an intake has done."""

    new: int = 0
    changed: int = 0
    same: int = 0
    moved: int = 0
    added: int = 0
    retired: int = 0
    skipped: list[Skip] = field(default_factory=list)
    latest: str = ""

    @property
    def anything(self) -> bool:
        return self.items > 0

    @property
    def items(self) -> int:
        """How many came in, in whatever way."""
        return self.new + self.changed + self.moved

    def count(self, taken: Taken, place: str) -> None:
        """Count what was taken in from a file, or under a name."""
        if taken.change != "same":
            self.latest = place
        setattr(self, taken.change, getattr(self, taken.change) + 1)
        self.added += taken.added
        self.retired += taken.retired

    def summary(self) -> str:
        """In words: what came in."""
        if not self.anything:
            return "nothing new"
        kinds = ((self.new, "new"), (self.changed, "changed"), (self.moved, "moved"))
        parts = ", ".join(f"{count:,} {word}" for count, word in kinds if count)
        items = "item" if self.items == 1 else "items"
        return f"{parts} {items}, {counted(self.added, 'moment')}"

    def origin(self, paths: Sequence[str]) -> str:
        """In words: where it came from. The one file, or the outermost of the paths that were given."""
        if self.items == 1:
            return self.latest
        named = [str(path) for path in outermost([Path(p) for p in paths])]
        more = [f"{len(named) - _NAMED:,} more"] if len(named) > _NAMED else []
        return ", ".join([*named[:_NAMED], *more])


@dataclass(frozen=True, slots=True)
class Said:
    """Words that somebody says to the memory itself: a note, or a turn of a conversation."""

    text: str
    speaker: str | None = None
    meta: Mapping[str, str] = field(default_factory=dict)


class Intake:
    """Brings files and text into a record; `on_taken` is called after each commit that added moments."""

    def __init__(
        self, record: Record, readers: Readers, max_bytes: int, on_taken: Callable[[], None]
    ) -> None:
        self._record = record
        self.readers = readers
        self._max_bytes = max_bytes
        self._on_taken = on_taken

    def rules(self, force: bool = False) -> Rules:
        """What scans let through."""
        return Rules(self.readers.suffixes, self._max_bytes, force)

    def add(
        self,
        paths: Sequence[Path],
        client: str,
        *,
        force: bool = False,
        watched: bool = False,
        stop: threading.Event | None = None,
    ) -> Iterator[Event]:
        """Take in files and folders, yielding events as it goes; if they were noticed because they are
        `watched`, only those that still are.

        `progress` (done, total, rate, seconds_left), `taken` after each commit with the paths that are
        now durable, `skipped`, and a last `tally`. When `stop` is set it ends after the item in hand;
        what was acknowledged stays.
        """
        rules, tally = self.rules(force), Tally()
        entry = self._record.journal.begin("add", client, "under way")
        try:
            for root in paths:
                yield from self._add_root(
                    root, rules, entry, tally, watched, stop or threading.Event()
                )
        finally:
            self._close_entry(entry, tally, [str(p) for p in paths])
        yield {"event": "tally", "tally": tally, "journal": entry if tally.anything else None}

    def _close_entry(self, entry: str, tally: Tally, paths: list[str]) -> None:
        if tally.anything:
            self._record.journal.finish(
                entry, f"{tally.summary()} from {tally.origin(paths)}", paths=paths
            )
        else:
            self._record.journal.discard(entry)

    def _add_root(
        self,
        root: Path,
        rules: Rules,
        entry: str,
        tally: Tally,
        watched: bool,
        stop: threading.Event,
    ) -> Iterator[Event]:
        candidates, skips = _split(scan(root, rules))
        tally.skipped += skips
        yield from ({"event": "skipped", "path": s.path, "reason": s.reason} for s in skips)
        known = self._record.items.places_under(str(root)) if root.is_dir() else {}
        source = self._source(root, watched) if candidates else None
        if candidates and source is None:
            return
        unread = []
        for candidate in candidates:
            place = known.pop(str(candidate.path), None) or self._record.items.place(
                str(candidate.path)
            )
            if place and (place.size, place.mtime_ns, place.gone) == (
                candidate.size,
                candidate.mtime_ns,
                False,
            ):
                tally.same += 1
            else:
                unread.append(candidate)
        yield from self._take_all(unread, source, rules, entry, tally, stop)
        gone = [path for path, place in known.items() if not place.gone and not Path(path).exists()]
        if gone:
            self._record.items.mark_gone(gone)

    def _source(self, root: Path, watched: bool) -> str | None:
        """The source that a root belongs to, made if need be; None if it is to be watched and is not."""
        path, sources = str(root), self._record.sources
        with self._record.store.write():
            if watched and not sources.watching(path):
                return None
            covering = sources.covering(path)
            return covering or sources.ensure("folder" if root.is_dir() else "file", path)

    def _take_all(
        self,
        candidates: Sequence[Candidate],
        source: str | None,
        rules: Rules,
        entry: str,
        tally: Tally,
        stop: threading.Event,
    ) -> Iterator[Event]:
        """Read and store, in commits of a quarter of a second's work."""
        total, start = sum(c.size for c in candidates) or 1, time.monotonic()
        done = 0
        batch: list[tuple[Reading, list[Moment] | None]] = []
        held, since = 0, time.monotonic()
        for number, candidate in enumerate(candidates, 1):
            if stop.is_set():
                break
            read = self._read(candidate, source, rules)
            if isinstance(read, Skip):
                tally.skipped.append(read)
                yield {"event": "skipped", "path": read.path, "reason": read.reason}
            else:
                reading, moments, skips = read
                tally.skipped += skips
                yield from ({"event": "skipped", "path": s.path, "reason": s.reason} for s in skips)
                batch.append((reading, moments))
                held += len(moments or ())
            done += candidate.size
            if held > _COMMIT_MOMENTS or time.monotonic() - since > _COMMIT_SECONDS:
                yield from self._commit(batch, entry, tally)
                batch, held, since = [], 0, time.monotonic()
                what, share = str(candidate.path), done / total
                yield progress("reading", number, len(candidates), start, what, share)
        yield from self._commit(batch, entry, tally)

    def _read(
        self, candidate: Candidate, source: str | None, rules: Rules
    ) -> tuple[Reading, list[Moment] | None, list[Skip]] | Skip:
        reading = self.readers.read(candidate, source, rules)
        if isinstance(reading, Skip):
            return reading
        if self._record.items.holds(reading.arrival):
            return reading, None, []
        return _moments_of(reading)

    def _commit(
        self, batch: Iterable[tuple[Reading, list[Moment] | None]], entry: str, tally: Tally
    ) -> Iterator[Event]:
        paths, added = [], 0
        with self._record.store.write():
            there = self._record.sources.there(reading.arrival.source_id for reading, _ in batch)
            for reading, moments in batch:
                if reading.arrival.source_id not in there:
                    continue  # its source was removed meanwhile
                taken = self._record.items.known(reading.arrival)
                if taken is None:
                    if moments is None:  # it was removed since it was looked up
                        moments = reading.moments()[0]
                    taken = self._record.items.take(reading.arrival, moments, entry)
                place = reading.arrival.path or reading.arrival.name
                tally.count(taken, place)
                added += taken.added
                paths.append(place)
        if paths:
            self._on_taken()
            yield {"event": "taken", "paths": paths, "moments": added}

    def add_bytes(
        self, data: bytes, name: str, client: str, *, force: bool = False
    ) -> tuple[Tally, str | None]:
        """Take in what came through a pipe, under a name whose ending says what it is.

        Raises `BadInputError` when it cannot be read.
        """
        rules, tally = self.rules(force), Tally()
        reading = self.readers.read_bytes(data, name, rules)
        if isinstance(reading, Skip):
            raise _refusal(reading)
        read = _moments_of(reading)
        if isinstance(read, Skip):
            raise _refusal(read)
        tally.skipped += read[2]
        with self._record.store.write():
            source = self._record.sources.ensure("pipe", "<pipe>")
            reading = replace(reading, arrival=replace(reading.arrival, source_id=source))
            entry = self._record.journal.begin("add", client)
            list(self._commit([(reading, read[1])], entry, tally))
            self._close_entry(entry, tally, [name])
        return tally, entry if tally.anything else None

    def say(
        self, kind: str, said: Sequence[Said], client: str, *, when: datetime, session: str = ""
    ) -> tuple[list[str], str]:
        """Remember what was just said, as one change: a note, or an exchange of a conversation.

        `kind` is `note` or `chat`, `session` the conversation's own name. Returns the moments' ids in
        order, and the journal entry's.
        """
        if not all(each.text.strip() for each in said):
            raise BadInputError("there is nothing to remember: the text is empty")
        name = f"{kind} {when:%Y-%m-%d}"
        moments = [
            Moment(each.text.strip(), when, each.speaker, session=session or name, meta=each.meta)
            for each in said
        ]
        lines = [f"{when.isoformat()}\t{each.speaker or ''}\t{each.text}" for each in said]
        data = "\n".join(lines).encode("utf-8", "replace")
        with self._record.store.write():
            entry = self._record.journal.begin(kind, client, _clip(said[0].text))
            arrival = Arrival(
                name=name,
                title=None,
                importer=kind,
                media_type="text/plain",
                data=data,
                modified_ms=round(when.timestamp() * 1000),
                source_id=self._record.sources.ensure(kind, f"<{kind}>"),
            )
            taken = self._record.items.take(arrival, moments, entry)
            ids = self._record.store.query(
                "select id from moments where item_id = ? order by seq", (taken.item_id,)
            )
        self._on_taken()
        return [str(row[0]) for row in ids], entry

    def take_back(self, entry: Entry, by: str) -> None:
        """Undo an intake: its new items are removed, changed ones return to what they were.

        Call inside a `write` block. Raises `BadInputError` when an importer is no longer there.
        """
        store = self._record.store
        rows = store.query(
            "select item_id, min(version) v from versions where taken_by = ? group by 1",
            (entry.id,),
        )
        for row in rows:
            if row["v"] == 1:
                with store.write() as db:
                    db.execute("update items set removed_by = ? where id = ?", (by, row["item_id"]))
                    db.execute("update moments set live = 0 where item_id = ?", (row["item_id"],))
            else:
                self._return_to(row["item_id"], row["v"] - 1, by)

    def bring_back(self, undo: Entry, by: str) -> int:
        """Do an intake again that `undo` took back; gives how many moments returned.

        Its items return, but for those whose bytes have come in again since, and changed ones are what
        they had become. Call inside a `write` block.
        """
        with self._record.store.write() as db:
            items = db.execute(
                "select id from items i where removed_by = ? and not exists (select 1 from items o"
                " where o.sha256 = i.sha256 and o.importer = i.importer and o.removed_by is null)",
                (undo.id,),
            ).fetchall()
            returned = 0
            for item in items:
                db.execute("update items set removed_by = null where id = ?", (item["id"],))
                returned += db.execute(
                    "update moments set live = 1 where item_id = ? and forgotten_by is null"
                    " and retired_by is null",
                    (item["id"],),
                ).rowcount
        self.take_back(undo, by)
        return returned

    def _return_to(self, item_id: str, version: int, by: str) -> None:
        """Make an item's moments be those of an older version again; its place stays as it is."""
        item, data = self._record.items.get(item_id), self._record.items.original(item_id, version)
        path = next((p["path"] for p in item["places"]), None)
        place = self._record.items.place(path) if path else None
        arrival = Arrival(
            name=item["name"],
            title=item["title"],
            importer=item["importer"],
            media_type=item["media_type"],
            data=data,
            modified_ms=item["modified"],
            source_id=item["source_id"],
            path=path,
            mtime_ns=place.mtime_ns if place else 0,
        )
        modified = datetime.fromtimestamp(item["modified"] / 1000, UTC)
        moments, _ = self.readers.again(arrival, modified).moments()
        self._record.items.take(arrival, moments, by)
        if place:
            with self._record.store.write() as db:
                db.execute("update places set size = ? where path = ?", (place.size, path))


def _moments_of(reading: Reading) -> tuple[Reading, list[Moment] | None, list[Skip]] | Skip:
    where = reading.document.path or reading.document.name
    try:
        moments, skips = reading.moments()
    except UnreadableError as error:
        return Skip(where, str(error))
    if not moments and not skips:
        return Skip(where, "holds nothing that can be read")
    return reading, moments, skips


def _split(found: Iterable[Candidate | Skip]) -> tuple[list[Candidate], list[Skip]]:
    candidates: list[Candidate] = []
    skips: list[Skip] = []
    for each in found:
        if isinstance(each, Skip):
            skips.append(each)
        else:
            candidates.append(each)
    return candidates, skips


def _refusal(skip: Skip) -> BadInputError | RefusedError:
    kind = RefusedError if "--force" in skip.reason else BadInputError
    return kind(f"{skip.path}: {skip.reason}")


def _clip(text: str, length: int = 80) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"
