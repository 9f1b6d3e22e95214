"""The SQLite record: one writer, many readers, and a class for each concept.

WAL mode with `synchronous=FULL`: a transaction that has returned survives `kill -9` and power loss.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from secondme.config import private_dir
from secondme.errors import RecordError
from secondme.record.migrations import migrations

Row = sqlite3.Row
_SETTINGS = (
    "pragma journal_mode=wal",
    "pragma synchronous=full",
    "pragma foreign_keys=on",
    "pragma secure_delete=on",
    "pragma busy_timeout=10000",
    "pragma cache_size=-8000",
    "pragma temp_store=memory",
)
_VARIABLES = 30_000  # SQLite's limit on bound variables is 32,766


class Store:
    """A database file with one write connection under a lock and a read connection a thread."""

    def __init__(self, path: Path) -> None:
        """Open or create the file (mode 0600) and bring its schema up to date.

        Raises `RecordError` when it is no database, damaged, or made by a newer version.
        """
        self.path = path
        private_dir(path.parent)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._lock = threading.RLock()
        self.thread_local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._closed = False
        try:
            self._connection = self._connect()
            self.db = Database(self._connection, execute_plugins=False)
            self._check_known_migrations()
            migrations.apply(self.db)
        except sqlite3.Error as error:
            raise RecordError(
                f"the record {path} cannot be opened: {error}", hint="`secondme doctor` tells more"
            ) from error

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
        connection.row_factory = sqlite3.Row
        for setting in _SETTINGS:
            connection.execute(setting)
        return connection

    def _check_known_migrations(self) -> None:
        known = {m.name for m in migrations._migrations}
        applied = {m.name for m in migrations.applied(self.db)}
        if applied - known:
            raise RecordError(
                f"the record {self.path} was written by a newer version of Second Me",
                hint="install that version or newer",
            )

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: durable when the block ends, undone when it raises. Nested blocks join it.

        Raises `RecordError` when the disk is full or the file cannot be written.
        """
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            try:
                self._connection.execute("begin immediate")
                yield self._connection
                self._connection.execute("commit")
            except sqlite3.OperationalError as error:
                self._rollback()
                raise RecordError(
                    f"the record cannot be written: {error}",
                    hint="check free space and permissions; nothing was half-written",
                ) from error
            except sqlite3.DatabaseError as error:
                self._rollback()
                raise RecordError(
                    f"the record refused to be written: {error}",
                    hint="`secondme doctor --fix` mends its indexes; nothing was half-written",
                ) from error
            except BaseException:
                self._rollback()
                raise

    def _rollback(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("rollback")

    @property
    def reader(self) -> sqlite3.Connection:
        """This thread's connection for reading; sees what is committed."""
        connection: sqlite3.Connection | None = getattr(self.thread_local, "connection", None)
        if connection is None:
            connection = self._connect()
            connection.execute("pragma query_only=on")
            connection.execute(
                "pragma cache_size=-2000"
            )  # each thread has one; the system caches too
            self.thread_local.connection = connection
            with self._lock:
                self._readers.append(connection)
        return connection

    def query(self, sql: str, values: Sequence[Any] | dict[str, Any] = ()) -> list[Row]:
        """The rows that a read gives; inside this thread's own `write` block, what it has written too."""
        return self._active().execute(sql, values).fetchall()

    def value(self, sql: str, values: Sequence[Any] | dict[str, Any] = ()) -> Any:
        """The first column of the first row, or None."""
        row = self._active().execute(sql, values).fetchone()
        return None if row is None else row[0]

    def query_in(self, sql: str, values: Sequence[Any], *rest: Any) -> list[Row]:
        """A read whose SQL holds one `{}` for a list of values of any length; `rest` is bound after it."""
        rows: list[Row] = []
        for at in range(0, len(values), _VARIABLES):
            part = values[at : at + _VARIABLES]
            rows += self.query(sql.format(",".join("?" * len(part))), (*part, *rest))
        return rows

    def _active(self) -> sqlite3.Connection:
        if self._connection.in_transaction and self._lock_is_mine():
            return self._connection
        return self.reader

    def _lock_is_mine(self) -> bool:
        return bool(self._lock._is_owned())  # type: ignore[attr-defined]

    def checkpoint(self, seconds: float = 0.0) -> bool:
        """Fold the write-ahead log into the file and empty it; False if readers kept it busy so long."""
        until = time.monotonic() + seconds
        while True:
            with self._lock:
                busy = self._connection.execute("pragma wal_checkpoint(truncate)").fetchone()[0]
            if not busy or time.monotonic() > until:
                return not busy
            time.sleep(0.05)

    def vacuum(self) -> None:
        """Make the file anew, so that nothing is left on its pages of rows that are gone.

        `secure_delete` overwrites deleted rows, but copies that splitting pages left behind it does not
        know of. Takes as much disk again for a while, beside the file. Raises `RecordError`.
        """
        with self._lock:
            os.environ["SQLITE_TMPDIR"] = str(self.path.parent)
            try:
                self._connection.execute("pragma temp_store=file")
                self._connection.execute("vacuum")
            except sqlite3.Error as error:
                raise RecordError(
                    f"the record's file cannot be made anew: {error}",
                    hint="it needs as much free disk as the record takes; then `secondme doctor --fix`",
                ) from error
            finally:
                self._connection.execute("pragma temp_store=memory")

    def check(self) -> list[str]:
        """What SQLite's own integrity and foreign key checks find; empty when the file is sound."""
        found = [str(row[0]) for row in self.query("pragma integrity_check")]
        broken = self.query("pragma foreign_key_check")
        return [f for f in found if f != "ok"] + [f"dangling reference in {r[0]}" for r in broken]

    def close(self) -> None:
        """Close every connection; the write-ahead log is folded into the file."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for connection in self._readers:
                connection.close()
            self._connection.close()
