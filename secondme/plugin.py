"""The public surface for plugins: one page of hooks and the dataclasses that they pass.

A plugin is a package with an entry point in the group `secondme.plugins` that names a module (or an
object) with functions marked `@hookimpl`. So far a plugin can add importers: readers of one or more
file types. The importers that come with Second Me are plugins like any other and use this page alone.

    from secondme.plugin import Document, Importer, Moment, hookimpl

    class Org(Importer):
        name = "org"
        suffixes = (".org",)
        media_type = "text/org"

        def read(self, document):
            for start, end in paragraphs(document.data):
                yield Moment(text=document.data[start:end].decode(), span=(start, end))

    @hookimpl
    def secondme_importers():
        return [Org()]
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

import pluggy

GROUP = "secondme.plugins"
"""Entry point group in which plugins are found."""

hookspec = pluggy.HookspecMarker("secondme")
hookimpl = pluggy.HookimplMarker("secondme")


class UnreadableError(Exception):
    """Raised by an importer for a document that it cannot read at all.

    The message is one short clause for a person ("the PDF is cut short", "needs a password"); the
    document is listed with it and the rest of the import goes on.
    """


@dataclass(frozen=True, slots=True)
class Document:
    """One thing to read, whole.

    `data` are its bytes and `name` its file name or another short label. `path` is where it lies, if
    it lies anywhere. `modified` is the file's own time, aware, in the person's zone; `zone` is that
    zone, for times in the document that carry none.
    """

    data: bytes
    name: str
    modified: datetime
    zone: tzinfo
    path: str | None = None


@dataclass(slots=True)
class Moment:
    """The unit of recall: one chat turn, mail, event or paragraph.

    `text` is what was said or written, as a person would read it: no markup that carries no meaning.
    `time` is when; naive times are taken in the document's zone, and None means the document's own
    time. `speaker` is who said, wrote or sent it, as the document names them. `session` groups
    moments that belong to one conversation or section: neighbours within a session give a moment its
    context. `external_id` is the source's own id for the message and stays the same when the
    document is read again. `span` is the half-open range of bytes in `Document.data` that the moment
    comes from. `meta` holds whatever else is worth keeping, as JSON values (a subject, a place,
    recipients).
    """

    text: str
    time: datetime | None = None
    speaker: str | None = None
    session: str = ""
    external_id: str | None = None
    span: tuple[int, int] | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Skipped:
    """A part of a document that could not be read, with its reason; yielded among the moments.

    `where` says which part, in the document's own terms ("line 12", "message 3").
    """

    where: str
    reason: str


class Importer:
    """Reads documents of one kind into moments.

    `name` is short and unique, `suffixes` are lower-case file endings with their dot, `media_type`
    the kind's IANA name. `probe` decides between importers that share a suffix: it gets the whole
    document and the first that says yes reads it.
    """

    name: str = ""
    suffixes: tuple[str, ...] = ()
    media_type: str = "application/octet-stream"

    def probe(self, document: Document) -> bool:
        """Whether this importer reads this document, whose suffix is one of its own.

        Instead of a bare no it may raise `UnreadableError` that says what it looked for and missed;
        when no other importer reads the document either, the person gets to see that.
        """
        return True

    def title(self, document: Document) -> str | None:
        """The document's own title, or None for its file name."""
        return None

    def read(self, document: Document) -> Iterator[Moment | Skipped]:
        """The document's moments in order, and what had to be skipped.

        Raises `UnreadableError` when nothing can be read. Content is data: nothing in it is run,
        fetched or followed.
        """
        raise NotImplementedError


class Hooks:
    """The hooks that a plugin may implement."""

    @hookspec
    def secondme_importers(self) -> Iterable[Importer]:  # type: ignore[empty-body]
        """Importers to register. Called once, when the core starts."""


@dataclass(frozen=True, slots=True)
class PluginFault:
    """A plugin that could not be loaded or raised: its entry point's name and the reason."""

    plugin: str
    reason: str


def load_plugins() -> tuple[pluggy.PluginManager, list[PluginFault]]:
    """A plugin manager with every installed plugin, and those that failed to load.

    A plugin that raises while it is imported is named and left out; the others load.
    `SECONDME_DISABLE_PLUGINS` (names, comma-separated) leaves plugins out on purpose.
    """
    from importlib.metadata import entry_points

    manager = pluggy.PluginManager("secondme")
    manager.add_hookspecs(Hooks)
    faults: list[PluginFault] = []
    off = {n.strip() for n in os.environ.get("SECONDME_DISABLE_PLUGINS", "").split(",")}
    for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name):
        if entry.name in off:
            continue
        try:
            manager.register(entry.load(), name=entry.name)
        except Exception as error:
            faults.append(PluginFault(entry.name, f"{type(error).__name__}: {error}"))
    return manager, faults
