"""The record as a folder of JSON lines and original files, and back.

manifest.json   format, version, counts
TABLE.jsonl     one row a line, columns by name; vectors as base64 of little-endian float16
originals/      every original, under its SHA-256
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from secondme import __version__
from secondme.config import private_dir
from secondme.errors import BadInputError, RefusedError
from secondme.record import originals
from secondme.record.db import Store

FORMAT = 1
TABLES = (
    "journal", "sources", "items", "versions", "places", "moments", "vectors", "uses", "entities",
    "names", "mentions", "claims", "decisions", "name_moves", "readings",
)  # fmt: skip
_NUMBERED = ("vectors", "uses", "mentions", "claims", "readings")
"""Tables whose rows name their moment by its number, which is this file's own: exported by its id."""
_ORDER = {
    "moments": "n",
    "versions": "item_id, version",
    "places": "path",
    "names": "key",
    "name_moves": "id, key",
}
_STEP = 500

Step = tuple[str, int, int]


def write_export(store: Store, target: Path, stop: threading.Event) -> Iterator[Step]:
    """Write everything to a new folder `target`, which appears only when it is complete.

    Yields (table, rows done, rows in all). Raises `RefusedError` when the folder exists.
    """
    if target.exists():
        raise RefusedError(f"{target} exists already", hint="name a folder that does not exist yet")
    if not target.parent.is_dir():
        raise BadInputError(f"{target.parent} is no folder")
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    private_dir(partial)
    try:
        counts: dict[str, int] = {}
        reader = store.reader
        reader.execute("begin")  # one moment's view of all tables
        try:
            yield from _write_originals(reader, private_dir(partial / "originals"), stop)
            for table in TABLES:
                for step in _write_table(reader, table, partial / f"{table}.jsonl", stop):
                    counts[table] = step[1]
                    yield step
        finally:
            reader.execute("rollback")
        manifest = {"format": FORMAT, "version": __version__, "counts": counts}
        _private_text(partial / "manifest.json", json.dumps(manifest, indent=1))
        if stop.is_set():
            raise RefusedError("the export was stopped; nothing is left of it")
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write_originals(
    reader: sqlite3.Connection, folder: Path, stop: threading.Event
) -> Iterator[Step]:
    names = [r[0] for r in reader.execute("select sha256 from originals order by sha256")]
    for done, sha in enumerate(names, 1):
        if stop.is_set():
            return
        codec, data = reader.execute(
            "select codec, data from originals where sha256 = ?", (sha,)
        ).fetchone()
        path = folder / sha
        with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "wb") as file:
            file.write(originals.unpacked(codec, data))
        yield "originals", done, len(names)


def _write_table(
    reader: sqlite3.Connection, table: str, path: Path, stop: threading.Event
) -> Iterator[Step]:
    total = reader.execute(f"select count(*) from {table}").fetchone()[0]
    done = 0
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        for row in reader.execute(_reading(reader, table)):
            if stop.is_set():
                return
            values = {k: _out(row[k]) for k in row.keys()}  # noqa: SIM118 - a Row iterates its values
            file.write(json.dumps(values, ensure_ascii=False) + "\n")
            done += 1
            if done % _STEP == 0:
                yield table, done, total
    yield table, done, total


def _reading(reader: sqlite3.Connection, table: str) -> str:
    if table in _NUMBERED:
        columns = [r["name"] for r in reader.execute(f"pragma table_info({table})")]
        kept = ", ".join(f"t.{name}" for name in columns if name not in ("n", "indexed"))
        return (
            f"select m.id as moment, {kept} from {table} t join moments m on m.n = t.n order by t.n"
        )
    return f"select * from {table} order by {_ORDER.get(table, 'id')}"


def _out(value: Any) -> Any:
    return base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else value


def read_export(store: Store, folder: Path, stop: threading.Event) -> Iterator[Step]:
    """Bring an export back in one transaction; rows that are here already stay as they are.

    Yields (table, rows done, rows in all). Raises `BadInputError` naming the file and line at fault.
    """
    manifest = _manifest(folder)
    with store.write() as db:
        db.execute("pragma defer_foreign_keys=on")
        yield from _read_originals(db, folder / "originals", stop)
        for table in TABLES:
            if table not in manifest["counts"]:  # an export from before there was this table
                continue
            yield from _read_table(db, table, folder, manifest["counts"][table], stop)
        if stop.is_set():
            raise RefusedError("the import was stopped; nothing of it was kept")
        originals.drop_unused(db)  # of what was erased here for good
        broken = db.execute("pragma foreign_key_check").fetchall()
        if broken:
            raise BadInputError(
                f"the export {folder} is incomplete: {broken[0][0]} refers to what is missing"
            )


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        known = isinstance(manifest, dict) and isinstance(manifest.get("counts"), dict)
    except (OSError, ValueError):
        known = False
    if not known:
        raise BadInputError(
            f"{folder} holds no export", hint="give the folder that `secondme export` wrote"
        )
    if manifest.get("format") != FORMAT:
        raise BadInputError(
            f"{folder} has format {manifest.get('format')}, this version reads {FORMAT}"
        )
    return dict(manifest)


def _read_originals(db: sqlite3.Connection, folder: Path, stop: threading.Event) -> Iterator[Step]:
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    for done, file in enumerate(files, 1):
        if stop.is_set():
            return
        data = file.read_bytes()
        if hashlib.sha256(data).hexdigest() != file.name:
            raise BadInputError(
                f"{file} is damaged: its bytes do not have the hash that is its name"
            )
        originals.put(db, data)
        yield "originals", done, len(files)


def _read_table(
    db: sqlite3.Connection, table: str, folder: Path, total: int, stop: threading.Event
) -> Iterator[Step]:
    columns = [r["name"] for r in db.execute(f"pragma table_info({table})")]
    path, done = folder / f"{table}.jsonl", 0
    if table == "uses" and not path.exists():  # an export from before uses were kept
        return
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if stop.is_set():
                    return
                try:
                    _insert(db, table, columns, json.loads(line))
                except (ValueError, KeyError, TypeError, sqlite3.Error) as error:
                    raise BadInputError(f"{path}, line {number}: {error}") from None
                done += 1
                if done % _STEP == 0:
                    yield table, done, total
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"{path} cannot be read: {error}") from None
    yield table, done, total


def _insert(db: sqlite3.Connection, table: str, columns: list[str], row: dict[str, Any]) -> None:
    moment = row.pop("moment") if table in _NUMBERED else None
    if table == "vectors":
        row["vector"] = base64.b64decode(row["vector"], validate=True)
    unknown = set(row) - set(columns)
    if unknown:
        raise ValueError(f"unknown column {sorted(unknown)[0]!r}")
    row.pop("n", None)  # numbers follow the order of the rows
    if table in ("versions", "places") and _erased_from(db, row["item_id"]):
        return
    names, values = list(row), list(row.values())
    if moment is None:
        marks = ",".join("?" * len(names))
        db.execute(f"insert or ignore into {table} ({','.join(names)}) values ({marks})", values)
        return
    marks = "".join(", ?" for _ in names)
    db.execute(
        f"insert or ignore into {table} (n, {', '.join(names)}) select n{marks} from moments"
        " where id = ? and text != ''",
        [*values, moment],
    )


def _erased_from(db: sqlite3.Connection, item_id: str) -> bool:
    """Whether something of this item was erased for good: then its old originals stay out."""
    row = db.execute("select 1 from moments where item_id = ? and text = '' limit 1", (item_id,))
    return row.fetchone() is not None


def _private_text(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
