"""Reads a document through its importer and holds every moment to what the plugin page promises."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from itertools import chain
from pathlib import PurePath
from zoneinfo import ZoneInfo

from secondme.plugin import Document, Importer, Moment, Skipped
from secondme_importers import (
    calendar,
    chat,
    contacts,
    docx,
    html,
    mail,
    markdown,
    pdf,
    plaintext,
)

ZONE = ZoneInfo("Europe/Lisbon")
MODULES = (calendar, chat, contacts, docx, html, mail, markdown, pdf, plaintext)
IMPORTERS: list[Importer] = list(chain(*(module.secondme_importers() for module in MODULES)))
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\u202a-\u202e]")


def importer(name: str) -> Importer:
    """The importer for a file of this name."""
    suffix = PurePath(name).suffix.lower()
    return next(one for one in IMPORTERS if suffix in one.suffixes)


def document(data: bytes | str, name: str, path: str | None = None) -> Document:
    data = data.encode() if isinstance(data, str) else data
    return Document(data, name, datetime(2025, 6, 1, 12, tzinfo=ZONE), ZONE, path)


def everything(data: bytes | str, name: str, path: str | None = None) -> list[Moment | Skipped]:
    """All that the document yields, each moment checked."""
    given = document(data, name, path)
    found = list(importer(name).read(given))
    for one in found:
        if isinstance(one, Moment):
            check(one, given)
        else:
            assert one.where
            assert one.reason
            assert "\n" not in one.where + one.reason
    return found


def read(data: bytes | str, name: str, path: str | None = None) -> list[Moment]:
    return [one for one in everything(data, name, path) if isinstance(one, Moment)]


def skipped(data: bytes | str, name: str) -> list[tuple[str, str]]:
    found = everything(data, name)
    return [(one.where, one.reason) for one in found if isinstance(one, Skipped)]


def passage(data: bytes | str, moment: Moment) -> bytes:
    """The bytes that the moment says it comes from."""
    assert moment.span is not None
    return (data.encode() if isinstance(data, str) else data)[slice(*moment.span)]


def check(moment: Moment, given: Document) -> None:
    """What holds for every moment of every importer."""
    assert moment.text.strip(), "a moment says something"
    assert not UNSEEN.search(moment.text), "and nothing that nobody can see"
    assert len(moment.text) <= 4_500
    if moment.span is not None:
        start, end = moment.span
        assert 0 <= start < end <= len(given.data)
    if moment.time is not None:
        assert 1900 <= moment.time.year <= 2200
        aware = moment.time if moment.time.tzinfo else moment.time.replace(tzinfo=given.zone)
        assert aware.astimezone(UTC)
    assert moment.speaker is None or moment.speaker.strip()
    assert moment.external_id is None or moment.external_id.strip()
    assert isinstance(moment.session, str)
    json.dumps(dict(moment.meta), allow_nan=False).encode()
