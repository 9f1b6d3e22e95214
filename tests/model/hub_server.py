"""A model hub on loopback: one server that answers for files, another that holds their bytes."""

from __future__ import annotations

import hashlib
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote


@dataclass
class Asked:
    """One request as it came: which server, its path and its headers."""

    server: str
    path: str
    headers: dict[str, str]


@dataclass
class Hub:
    """What the servers have and how they behave; tests change it at will.

    `files` maps `owner/repo/file` to bytes. `answers` are statuses with headers that the hub gives
    before it serves again. `drops` are byte counts after which the byte server breaks connections.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    drops: list[int] = field(default_factory=list)
    ranges: bool = True
    heeds_if_range: bool = True
    names_hash: bool = True
    asked: list[Asked] = field(default_factory=list)
    endpoint: str = ""
    store: str = ""
    served: int = 0

    def add(self, name: str, data: bytes) -> str:
        self.files[name] = data
        return hashlib.sha256(data).hexdigest()

    def hash_of(self, name: str) -> str:
        return self.hashes.get(name) or hashlib.sha256(self.files[name]).hexdigest()

    def etag(self, name: str) -> str:
        return '"' + hashlib.md5(self.files[name]).hexdigest() + '"'

    def requests(self, server: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.server == server]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, format: str, *args: object) -> None:
        pass

    def reply(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def note(self, server: str) -> None:
        self.hub.asked.append(
            Asked(server, self.path, {k.lower(): v for k, v in self.headers.items()})
        )


class _Front(_Handler):
    """`/{repo}/resolve/{revision}/{file}` leads to the bytes and says what they hash to."""

    def do_GET(self) -> None:
        self.note("hub")
        hub = self.hub
        if hub.answers:
            status, headers = hub.answers.pop(0)
            self.reply(status, headers, b"no")
            return
        match = re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", self.path)
        repo, file = (match[1], unquote(match[3])) if match else ("", "")
        if repo in hub.moved:
            self.reply(307, {"Location": self.path.replace(repo, hub.moved[repo], 1)})
            return
        name = f"{repo}/{file}"
        if name not in hub.files:
            code = (
                "EntryNotFound"
                if any(n.startswith(repo + "/") for n in hub.files)
                else "RepoNotFound"
            )
            self.reply(404 if code == "EntryNotFound" else 401, {"X-Error-Code": code})
            return
        headers = {"Location": f"{hub.store}/{name}?signed=yes"}
        if hub.names_hash:
            headers |= {
                "X-Linked-Etag": f'"{hub.hash_of(name)}"',
                "X-Linked-Size": str(len(hub.files[name])),
                "X-Repo-Commit": "0" * 40,
            }
        self.reply(302, headers)


class _Store(_Handler):
    """Serves bytes, whole or from a place on, and breaks off where it is told to."""

    def do_GET(self) -> None:
        self.note("store")
        hub = self.hub
        name = unquote(self.path.partition("?")[0]).lstrip("/")
        data, etag = hub.files[name], hub.etag(name)
        start, status = 0, 200
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        unchanged = self.headers.get("If-Range", etag) == etag
        if hub.ranges and asked and (unchanged or not hub.heeds_if_range):
            start, status = int(asked[1]), 206
            if start >= len(data):
                self.reply(416, {"Content-Range": f"bytes */{len(data)}"})
                return
        rest = data[start:]
        self.send_response(status)
        self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(rest)))
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        if hub.drops:
            rest = rest[: hub.drops.pop(0)]
            self.close_connection = True
        self.wfile.write(rest)
        self.wfile.flush()
        hub.served += len(rest)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away in the middle are what the tests are about."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@contextmanager
def hub_server() -> Iterator[Hub]:
    """Both servers, running, until the block ends."""
    hub = Hub()
    servers = []
    for kind in (_Front, _Store):
        handler: Callable[..., BaseHTTPRequestHandler] = type("Handler", (kind,), {"hub": hub})
        server = _Server(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
    hub.endpoint, hub.store = (f"http://127.0.0.1:{s.server_address[1]}" for s in servers)
    try:
        yield hub
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
