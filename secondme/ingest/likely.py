"""Where on a machine a person's own words are likely to lie: notes, vaults, exports of chats and mail."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_DEPTH = 3
_LOOKED_AT = 20_000
_NOTES = frozenset(("notes", "notizen", "notas", "zettelkasten", "journal", "diary", "tagebuch"))
_DOCUMENTS = ("Documents", "Dokumente", "Documentos", "Documenti")
_DOWNLOADS = ("Downloads", "Transferências", "Téléchargements", "Descargas", "Scaricati")
_WRITTEN = frozenset(
    (".md", ".txt", ".pdf", ".docx", ".html", ".eml", ".mbox", ".ics", ".vcf", ".jsonl")
)
_EXPORTS = {
    "conversations.json": "conversations, exported",
    "result.json": "a chat, exported",
    "_chat.txt": "a chat, exported",
}
_ENDINGS = {".mbox": "mail, exported", ".ics": "a calendar", ".vcf": "contacts"}


@dataclass(frozen=True, slots=True)
class Place:
    """A folder or file worth taking in: what it is in a few words, and how many files to read."""

    path: str
    what: str
    files: int


def likely(home: Path) -> list[Place]:
    """Likely places below a person's own folder, vaults first; what cannot be read is left out."""
    found: dict[str, Place] = {}
    budget = [_LOOKED_AT]
    for folder in _folders(home, _DEPTH, budget):
        what = _kind(folder)
        if what and not any(folder.is_relative_to(place) for place in found):
            found[str(folder)] = Place(str(folder), what, _count(folder, budget))
    for name in _DOCUMENTS:
        folder = home / name
        if folder.is_dir() and (files := _count(folder, budget)):
            found.setdefault(str(folder), Place(str(folder), "documents", files))
    for name in _DOWNLOADS:
        for file, what in _exports(home / name):
            found.setdefault(str(file), Place(str(file), what, 1))
    return [place for place in found.values() if place.files]


def _kind(folder: Path) -> str:
    if (folder / ".obsidian").is_dir():
        return "an Obsidian vault"
    if (folder / "logseq").is_dir() and (folder / "pages").is_dir():
        return "a Logseq graph"
    return "notes" if folder.name.lower() in _NOTES else ""


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _folders(folder: Path, depth: int, budget: list[int]) -> Iterator[Path]:
    """Folders below, nearest first, hidden ones and links left out."""
    below = []
    for entry in _entries(folder):
        budget[0] -= 1
        if budget[0] < 0:
            return
        if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
            below.append(Path(entry.path))
    yield from below
    if depth > 1:
        for each in below:
            yield from _folders(each, depth - 1, budget)


def _count(folder: Path, budget: list[int]) -> int:
    """Files in a folder that can be read, as far as there is time to look."""
    count = 0
    for _, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        budget[0] -= len(files)
        count += sum(os.path.splitext(name)[1].lower() in _WRITTEN for name in files)  # noqa: PTH122
        if budget[0] < 0:
            break
    return count


def _exports(folder: Path) -> Iterator[tuple[Path, str]]:
    for entry in _entries(folder):
        name = entry.name.lower()
        what = _EXPORTS.get(name) or _ENDINGS.get(Path(name).suffix)
        if name.startswith("whatsapp chat") and name.endswith(".txt"):
            what = "a chat, exported"
        if what and entry.is_file():
            yield Path(entry.path), what
