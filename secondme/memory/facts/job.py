"""The background job that reads moments for facts.

What is to do follows from the record, so it survives a crash; it yields at once to a person who waits,
and reads with the parser where that is here, else by plain rules alone. Moments that were read without
the parser, or by older rules, are read again.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from secondme.errors import ModelError, SecondMeError, WorkerError
from secondme.ingest.embedding import Priority
from secondme.ingest.job import Job
from secondme.memory.facts.directory import Directory
from secondme.memory.facts.extract import RULES, Extract, extract, is_english, readings, verbs
from secondme.memory.facts.reading import Reading, Ref, key_of
from secondme.model.word import Word
from secondme.record import Record
from secondme.record.entities import ME
from secondme.record.moments import StoredMoment

_BATCH = 64

log = logging.getLogger("secondme")


class Parses(Protocol):
    """What parses texts."""

    @property
    def name(self) -> str: ...
    def parse(self, texts: Sequence[str]) -> list[list[Word]]: ...


class Facts(Job):
    """The job: unread moments → claims and names in the record."""

    NAME = "reading for facts"

    def __init__(
        self,
        record: Record,
        priority: Priority,
        me: Callable[[], str],
        waits: Callable[[], bool] = lambda: False,
    ) -> None:
        """`me` gives the name of the person whose memory this is, as far as the settings say it. Nothing
        is read while `waits` says that something goes before."""
        super().__init__()
        self._record = record
        self._priority = priority
        self._waits = waits
        self._me = me
        self._parser: Parses | None = None
        self._rates: deque[tuple[float, int]] = deque(maxlen=40)
        self._failed_on = 0
        self._directory: Directory | None = None  # of one run, until there is nothing more to read
        self._read_to = 0
        self.working = False

    @property
    def extractor(self) -> str:
        """The rules' version, and the parser's name where there is one."""
        return f"{RULES}+{self._parser.name}" if self._parser is not None else RULES

    def use(self, parser: Parses | None) -> None:
        """Read with this parser from now on."""
        self._parser = parser
        self.wake()

    def pending(self) -> int:
        """How many live moments are not read yet."""
        return self._record.claims.count_unread(self.extractor)

    def rate(self) -> float:
        """Moments read a second, over the last batches; 0.0 when idle."""
        if len(self._rates) < 2:
            return 0.0
        (start, _), (end, _) = self._rates[0], self._rates[-1]
        if time.monotonic() - end > 5 or end <= start:
            return 0.0
        return sum(n for _, n in list(self._rates)[1:]) / (end - start)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(30)
            self._wake.clear()
            try:
                self.working = True
                self._directory, self._read_to = None, 0
                while not self._stop.is_set() and self._read_some():
                    pass
            except ModelError as error:
                self._parser = None  # plain rules read on; a new parser reads it all again
                self.error = error.line()
            except SecondMeError as error:
                self.error = error.line()
            finally:
                self.working = False
            if self.error:
                self._wake.wait(5)
                self._wake.set()

    def _read_some(self) -> bool:
        """Read the next moments; False if there are none."""
        extractor = self.extractor
        numbers = self._record.claims.unread(extractor, _BATCH, self._read_to)
        if not numbers:
            return False
        while self._waits() and not self._stop.wait(0.1):
            pass
        self._priority.give_way(self._stop)
        found = self._record.moments.by_number(numbers)
        moments = [found[n] for n in numbers if n in found]
        how = readings(self._record, moments)
        parses = self._parses(moments, how)
        self._priority.give_way(self._stop)
        if self._stop.is_set():
            return False
        with self._record.store.write():
            directory = self._directory or Directory(self._record.entities)
            extracts = [
                extract(m, how[m.n], parses.get(m.n), directory, extractor)
                for m in moments
                if m.n in how
            ]
            self._name_me(directory)
            directory.settle()
            directory.flush()
            self._store(moments, {e.moment.n: e for e in extracts}, parses, extractor)
        self._directory, self._read_to = directory, numbers[-1]
        self._rates.append((time.monotonic(), len(moments)))
        return True

    def _parses(
        self, moments: Sequence[StoredMoment], how: dict[int, Reading]
    ) -> dict[int, list[Word]]:
        """The parses of those in English; none where the parser failed on these twice, so that one text
        cannot hold up all others. Raises `SecondMeError` the first time."""
        wanted = [m for m in moments if m.n in how and is_english(m.text)]
        if self._parser is None or not wanted:
            return {}
        try:
            parses = self._parser.parse([m.text for m in wanted])
        except WorkerError:
            if self._failed_on == moments[0].n:
                log.warning("the parser failed twice on %d moments: read without it", len(wanted))
                return {}
            self._failed_on = moments[0].n
            raise
        return {m.n: words for m, words in zip(wanted, parses, strict=False)}

    def _store(
        self,
        moments: Sequence[StoredMoment],
        extracts: dict[int, Extract],
        parses: dict[int, list[Word]],
        extractor: str,
    ) -> None:
        for moment in moments:
            extract_ = extracts.get(moment.n)
            statements = extract_.statements if extract_ else []
            done = verbs(parses.get(moment.n, ()))
            self._record.claims.put(moment.n, moment.id, statements, extractor, done)
            self._record.entities.mention(moment.n, extract_.mentions if extract_ else [])

    def _name_me(self, directory: Directory) -> None:
        """Let "me" lead to whom the settings name, or else to who speaks in most of what came in."""
        if self._record.entities.is_decided(ME):
            return
        name = self._me() or self._record.entities.busiest_speaker()
        entity = directory.entity(key_of(name)) if name else None
        if entity is not None:
            directory.know(Ref(ME, "Me", "person"))
            directory.lead(ME, entity)
