"""Files from a model hub, over HTTP: resumable, and checked against the hub's own hash.

Speaks the protocol of the Hugging Face hub: `GET {endpoint}/{repo}/resolve/{revision}/{file}`
answers with a redirect to where the bytes lie and names their SHA-256 in `X-Linked-Etag` and their
length in `X-Linked-Size`. `HF_ENDPOINT` names another hub or a mirror, `HF_TOKEN` signs in; the
token goes to the endpoint alone, over TLS or loopback, and into no message.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from secondme.errors import FetchError
from secondme.model.entries import Entry, HubSource
from secondme.model.gguf import GGUF_MAGIC
from secondme.model.transfer import Growing, Meter, require_space

if TYPE_CHECKING:
    import httpx2

_ENDPOINT = "https://huggingface.co"
_CHUNK = 1 << 16
_CHECKPOINT = 32 << 20  # bytes between two moments at which what has come is made safe
_TRIES = 4  # in a row without a byte
_BACKOFF = 0.5  # seconds before the second try, doubled for each further one
_PATIENCE = 60  # the longest wait, in seconds, that a busy hub is granted
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_BUSY = (408, 429, 500, 502, 503, 504)


class _Again(Exception):
    """This try came to nothing, the next may succeed; after `wait` seconds, if the hub said so."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


def download(source: HubSource, entry: Entry, folder: Path, meter: Meter) -> tuple[Growing, str]:
    """The file in `folder`, going on from what is there already, and the SHA-256 that it must have.

    Returns the grown file, open; comparing its digest is the caller's. Raises `FetchError`, and
    `Stopped` when asked to stop; what has come by then stays for the next time.
    """
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        raise FetchError("the hub is not asked while HF_HUB_OFFLINE is set")
    grown = Growing(folder, "hf", str(source))
    try:
        grown.open(meter)
        return grown, _persist(source, entry, grown, meter)
    except BaseException:
        grown.close()
        raise


def _persist(source: HubSource, entry: Entry, grown: Growing, meter: Meter) -> str:
    """Try until the file is whole. Gives up after `_TRIES` in a row that brought nothing."""
    import httpx2

    url = f"{_endpoint()}/{source.repo}/resolve/{quote(source.revision, safe='')}/{quote(source.file)}"
    failures = 0
    with httpx2.Client(follow_redirects=True, timeout=httpx2.Timeout(30, connect=10)) as client:
        while True:
            before = grown.size
            try:
                return _attempt(client, url, source, entry, grown, meter)
            except _Again as again:
                reason, wait = str(again), again.wait
            except httpx2.TransportError as error:
                reason, wait = _unreachable(url, error), None
            except (httpx2.HTTPError, httpx2.InvalidURL) as error:
                raise FetchError(f"{_host(url)} cannot be used: {type(error).__name__}") from None
            failures = 1 if grown.size > before else failures + 1
            if failures >= _TRIES or (wait or 0) > _PATIENCE:
                hint = "try again later; what has come is kept" if grown.size else "try again later"
                raise FetchError(f"{source.file}: {reason}", hint=hint)
            meter.sleep(_BACKOFF * 2 ** (failures - 1) if wait is None else wait)


def _attempt(
    client: httpx2.Client,
    url: str,
    source: HubSource,
    entry: Entry,
    grown: Growing,
    meter: Meter,
) -> str:
    """One request for the rest of the file; returns the SHA-256 it must have once it is whole."""
    headers = {"Accept-Encoding": "identity", "User-Agent": "secondme"} | _authorization(url)
    if grown.size:
        headers["Range"] = f"bytes={grown.size}-"
        if etag := grown.facts.get("etag"):
            headers["If-Range"] = etag
    with client.stream("GET", url, headers=headers) as answer:
        total = _total(answer)
        if answer.status_code == 416 and grown.size and grown.size == grown.facts.get("size"):
            return str(grown.facts["sha256"])
        if answer.status_code == 416 and grown.size:
            grown.restart()
            raise _Again("what had come did not fit the file on the hub")
        if answer.status_code not in (200, 206):
            _refuse(answer, source)
        sha256 = _expected(answer, source, entry, grown)
        if entry.size and total and total != entry.size:
            grown.discard()
            raise FetchError(
                f"{source.repo} has {source.file} with {total:,} bytes, expected {entry.size:,}"
            )
        if not (total or entry.size):
            raise FetchError(f"the hub names no length for {source.file}")
        _align(answer, sha256, grown)
        require_space(grown.path.parent, max((total or entry.size) - grown.size, 0), entry.name)
        grown.facts = {"sha256": sha256, "size": total, "etag": _strong_etag(answer)}
        meter.stage("downloading", total or entry.size, grown.size)
        _receive(answer, entry, grown, meter)
    if total and grown.size < total:
        raise _Again("the connection broke off")
    return sha256


def _align(answer: httpx2.Response, sha256: str, grown: Growing) -> None:
    """Make sure that the bytes to come continue those that are there."""
    if not grown.size:
        if answer.status_code == 206:
            raise _Again("the hub sent a part that was not asked for")
        return
    same = grown.facts.get("sha256") == sha256
    start = re.match(r"bytes (\d+)-", answer.headers.get("content-range", ""))
    continues = answer.status_code == 206 and start is not None and int(start[1]) == grown.size
    if not (same and continues):
        grown.restart()
        if answer.status_code == 206:
            raise _Again("the file on the hub has changed", wait=0)


def _receive(answer: httpx2.Response, entry: Entry, grown: Growing, meter: Meter) -> None:
    """Write what comes; whatever ends it, what was written is made safe for the next try."""
    limit = grown.facts["size"] or entry.size
    safe = grown.size
    try:
        for chunk in answer.iter_raw(_CHUNK):
            if entry.sha256 is None and grown.size == 0 and not chunk.startswith(GGUF_MAGIC):
                raise FetchError(f"{entry.name} is not a GGUF file")
            grown.write(chunk)
            if limit and grown.size > limit:
                grown.restart()
                raise FetchError(f"the hub sent more of {entry.name} than there should be")
            meter.at(grown.size)
            if grown.size - safe >= _CHECKPOINT:
                grown.checkpoint()
                safe = grown.size
    finally:
        if grown.size > safe:
            grown.checkpoint()


def _expected(answer: httpx2.Response, source: HubSource, entry: Entry, grown: Growing) -> str:
    """The SHA-256 that the file must have: the catalog's, else the hub's own."""
    hub = None
    for hop in (*answer.history, answer):
        tag = hop.headers.get("x-linked-etag") or (
            hop.headers.get("etag") if _origin(str(hop.url)) == _origin(_endpoint()) else None
        )
        tag = (tag or "").removeprefix("W/").strip('"').lower()
        if _SHA256.fullmatch(tag):
            hub = tag
            break
    if entry.sha256 is None and hub is None:
        raise FetchError(f"the hub names no SHA-256 for {source.file}, so it cannot be checked")
    if entry.sha256 is not None and hub not in (None, entry.sha256):
        grown.discard()
        raise FetchError(
            f"{source.repo} has another {source.file} than the catalog (SHA-256 {hub})",
            hint="it may have been replaced; an update of Second Me would know the new one",
        )
    return entry.sha256 or str(hub)


def _total(answer: httpx2.Response) -> int:
    """The whole file's length in bytes, 0 when nothing says it."""
    for hop in (*answer.history, answer):
        if (linked := hop.headers.get("x-linked-size", "")).isdigit():
            return int(linked)
    if answer.status_code == 206:
        whole = answer.headers.get("content-range", "").rpartition("/")[2]
    else:
        whole = answer.headers.get("content-length", "")
    return int(whole) if whole.isdigit() else 0


def _refuse(answer: httpx2.Response, source: HubSource) -> None:
    """Raises what an answer without the file means: `FetchError`, or `_Again` when it may pass."""
    status, code = answer.status_code, answer.headers.get("x-error-code", "")
    if status in _BUSY:
        said = answer.headers.get("retry-after", "")
        what = "is asked too often" if status == 429 else f"answers with an error ({status})"
        raise _Again(f"{_host(str(answer.url))} {what}", float(said) if said.isdigit() else None)
    if code == "GatedRepo":
        raise FetchError(
            f"{source.repo} is open only to those who have accepted its terms",
            hint="accept them on the hub's page and set HF_TOKEN",
        )
    if status == 404 and code != "RepoNotFound":
        what = f"revision {source.revision}" if code == "RevisionNotFound" else source.file
        raise FetchError(f"{source.repo} has no {what} (404)")
    if code == "RepoNotFound" or status == 404:
        raise FetchError(f"the hub has no {source.repo}, or it is private ({status})")
    if status in (401, 403):
        hint = "does HF_TOKEN still hold?" if os.environ.get("HF_TOKEN") else "set HF_TOKEN"
        raise FetchError(f"the hub does not give {source.repo} to you ({status})", hint=hint)
    raise FetchError(f"{_host(str(answer.url))} answered {status} for {source.file}")


def _authorization(url: str) -> dict[str, str]:
    token = os.environ.get("HF_TOKEN", "").strip()
    parts = urlsplit(url)
    safe = parts.scheme == "https" or parts.hostname in _LOOPBACK
    # httpx2 drops this header when a redirect leads to another host
    return {"Authorization": f"Bearer {token}"} if token and safe else {}


def _unreachable(url: str, error: httpx2.TransportError) -> str:
    import httpx2

    if isinstance(error, httpx2.ConnectError | httpx2.ProxyError):
        return f"{_host(url)} cannot be reached: {error}"
    if isinstance(error, httpx2.TimeoutException):
        return f"{_host(url)} does not answer in time"
    # the text of other errors may quote what was sent, and with it the token
    return f"the connection to {_host(url)} broke off ({type(error).__name__})"


def _strong_etag(answer: httpx2.Response) -> str | None:
    etag = str(answer.headers.get("etag", ""))
    return etag if etag.startswith('"') else None


def _endpoint() -> str:
    endpoint = os.environ.get("HF_ENDPOINT", "").strip().rstrip("/") or _ENDPOINT
    if urlsplit(endpoint).scheme not in ("http", "https"):
        raise FetchError(f"HF_ENDPOINT is not an address: {endpoint!r}")
    return endpoint


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _host(url: str) -> str:
    return urlsplit(url).hostname or "the hub"
