"""Which files of a folder are to be read, and why the others are not."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path

import pathspec

IGNORE_FILE = ".secondmeignore"
_SECRET_NAMES = (
    ".env .env.* *.pem *.key *.p12 *.pfx *.jks *.keystore *.kdbx *.kdb *.gpg *.asc id_rsa id_dsa id_ecdsa"
    " id_ed25519 .netrc .pgpass .htpasswd .git-credentials credentials credentials.json logins.json"
    " key3.db key4.db wallet.dat *.agilekeychain *.1pif *.1pux secrets.y*ml secrets.toml shadow"
).split()
_SECRET_FOLDERS = {".ssh", ".gnupg", ".aws", ".password-store", ".docker", ".kube", "keyrings"}
_PRIVATE_KEY = re.compile(rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----")
_NOISE = {"node_modules", "__pycache__"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file to be looked at: its real path, size in bytes and time of change."""

    path: Path
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Skip:
    """Something that is not read, and the reason, as a clause for a person."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What a scan lets through: known file endings, a size limit, and whether secrets are forced."""

    suffixes: frozenset[str]
    max_bytes: int
    force: bool = False


def scan(root: Path, rules: Rules) -> Iterator[Candidate | Skip]:
    """Every file at or below `root`, in a stable order, as a candidate or with the reason why not.

    Links to folders are not followed, so that a loop ends. Hidden files and folders are left out
    silently below a folder, and what `.secondmeignore` files name (gitignore's rules).
    """
    for found in _scan(root, rules):
        # The record is text: a path that is none could neither be kept nor shown.
        yield (
            found
            if _is_text(str(found.path))
            else Skip(
                os.fsencode(found.path).decode("utf-8", "replace"),
                "has a name that is not valid UTF-8",
            )
        )


def _is_text(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _scan(root: Path, rules: Rules) -> Iterator[Candidate | Skip]:
    try:
        kind = root.stat()
    except OSError as error:
        yield Skip(str(root), _why(error))
        return
    if not stat.S_ISDIR(kind.st_mode):
        yield _judge(root, rules, named=True)
        return
    yield from _walk(root, rules, [])


def _walk(
    folder: Path, rules: Rules, ignores: list[tuple[Path, pathspec.GitIgnoreSpec]]
) -> Iterator[Candidate | Skip]:
    try:
        entries = sorted(os.scandir(folder), key=lambda e: e.name)
    except OSError as error:
        yield Skip(str(folder), _why(error))
        return
    own = folder / IGNORE_FILE
    if own.is_file():
        try:
            lines = own.read_text(encoding="utf-8", errors="replace").splitlines()
            ignores = [*ignores, (folder, pathspec.GitIgnoreSpec.from_lines(lines))]
        except OSError as error:
            yield Skip(str(own), _why(error))
    for entry in entries:
        path = Path(entry.path)
        is_folder = entry.is_dir(follow_symlinks=False)
        if _ignored(path, is_folder, ignores):
            continue
        if is_folder:
            if entry.name in _SECRET_FOLDERS and not rules.force:
                yield Skip(str(path), "holds secrets; --force takes it in all the same")
            elif not entry.name.startswith(".") and entry.name not in _NOISE:
                yield from _walk(path, rules, ignores)
        elif entry.is_symlink() and path.is_dir():
            yield Skip(str(path), "is a link to a folder, which is not followed")
        elif not entry.name.startswith(".") or is_secret_name(entry.name):
            yield _judge(path, rules, named=False)


def _ignored(
    path: Path, is_folder: bool, ignores: list[tuple[Path, pathspec.GitIgnoreSpec]]
) -> bool:
    return any(
        spec.match_file(path.relative_to(base).as_posix() + ("/" if is_folder else ""))
        for base, spec in ignores
    )


def ignored_below(root: Path, path: Path) -> bool:
    """Whether a path below a watched folder is hidden or named by an ignore file on the way to it."""
    parts = path.relative_to(root).parts
    if any(part.startswith(".") or part in _NOISE for part in parts):
        return True
    folder, ignores = root, list[tuple[Path, pathspec.GitIgnoreSpec]]()
    for part in parts:
        own = folder / IGNORE_FILE
        if own.is_file():
            lines = own.read_text(encoding="utf-8", errors="replace").splitlines()
            ignores.append((folder, pathspec.GitIgnoreSpec.from_lines(lines)))
        folder = folder / part
        if _ignored(folder, folder.is_dir(), ignores):
            return True
    return False


def _judge(path: Path, rules: Rules, *, named: bool) -> Candidate | Skip:
    """The file as a candidate, or why it is not one."""
    try:
        info = path.stat()
    except OSError as error:
        return Skip(str(path), _why(error))
    if not stat.S_ISREG(info.st_mode):
        return Skip(str(path), "is no regular file")
    if is_secret_name(path.name) and not rules.force:
        return Skip(str(path), "looks like a secret; --force takes it in all the same")
    if info.st_size > rules.max_bytes:
        return Skip(
            str(path),
            f"is {_size(info.st_size)}, over the limit of {_size(rules.max_bytes)} (setting max_file_mb)",
        )
    if path.suffix.lower() not in rules.suffixes:
        kind = path.suffix.lower() or "files without an ending"
        return Skip(
            str(path), f"there is no importer for {kind}" if named else f"no importer for {kind}"
        )
    return Candidate(path, info.st_size, info.st_mtime_ns)


def outermost(paths: Iterable[Path]) -> list[Path]:
    """Those of the paths that lie below none of the others, each once, in their order."""
    all_ = dict.fromkeys(paths)
    return [path for path in all_ if not any(parent in all_ for parent in path.parents)]


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether a file of this name usually holds keys or passwords."""
    lower = name.lower()
    return any(fnmatch(lower, pattern) for pattern in _SECRET_NAMES)


def holds_private_key(data: bytes) -> bool:
    """Whether a private key in PEM form stands in these bytes."""
    return _PRIVATE_KEY.search(data) is not None


def _why(error: OSError) -> str:
    return {
        "FileNotFoundError": "does not exist",
        "PermissionError": "may not be read: no permission",
    }.get(type(error).__name__, f"cannot be read: {error.strerror or error}")


def _size(count: int) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"
