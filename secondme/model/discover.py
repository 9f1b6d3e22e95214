"""Language models that other programs have already put on this machine.

Looks in the model folders of Ollama, LM Studio and the Hugging Face cache, and in any other folder,
for GGUF files that can be used where they lie. Reads their headers only; changes nothing.
"""

from __future__ import annotations

import json
import mmap
import os
import re
import stat
import struct
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from secondme.model.catalog import GGUF_MAGIC

Tool = Literal["ollama", "lm-studio", "hub", "folder"]

_HEADER_LIMIT = 256 << 20  # bytes; the longest tokenizers known take some 30 MB
_STRING_LIMIT = 16 << 20  # bytes; chat templates are the longest that matter
_COUNT_LIMIT = 1 << 24  # metadata fields, array elements and tensors
_DEPTH_LIMIT = 4  # arrays in arrays
_MANIFEST_LIMIT = 1 << 20  # bytes
_SPLIT = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf", re.IGNORECASE)
_SCALARS = {
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
}  # fmt: skip
_STRING, _ARRAY = 8, 9
_NOT_LANGUAGE = {
    "clip": "an image encoder that goes with another model",
    "bert": "an embedder",
    "modern-bert": "an embedder",
    "nomic-bert": "an embedder",
    "nomic-bert-moe": "an embedder",
    "jina-bert-v2": "an embedder",
    "jina-bert-v3": "an embedder",
    "gemma-embedding": "an embedder",
    "t5encoder": "an embedder",
    "wavtokenizer-dec": "a speech decoder",
}


@dataclass(frozen=True, slots=True)
class Header:
    """What a GGUF file says of itself.

    `parameters` counts the weights in this file, `context` is the longest text it was trained on in
    tokens; 0 where the file does not say. `kind` is "model", "adapter" or another word of the format.
    """

    name: str
    architecture: str
    parameters: int
    context: int
    kind: str = "model"
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A model that can be used where it lies: `size` in bytes, of all pieces of a split one."""

    tool: Tool
    name: str
    path: Path
    size: int
    header: Header


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that looked like a model and is not used, with the reason in a few words."""

    tool: Tool
    name: str
    path: Path
    reason: str


class BadHeaderError(Exception):
    """The file is no GGUF that can be read; the message is a short clause."""


def discover(
    folder: Path | None = None, *, environ: Mapping[str, str] | None = None
) -> tuple[list[Found], list[Skipped]]:
    """Models on this machine by name, and what was passed over; with `folder`, only those in it.

    Honours `OLLAMA_MODELS`, `HF_HUB_CACHE`, `HF_HOME` and `XDG_CACHE_HOME`. A file that several
    programs share is listed once.
    """
    env = os.environ if environ is None else environ
    home = Path(env.get("HOME") or env.get("USERPROFILE") or Path.home())
    candidates = _everywhere(env, home) if folder is None else _in_folder("folder", folder)
    found: list[Found] = []
    skipped: list[Skipped] = []
    seen: set[Path] = set()
    for tool, name, path in candidates:
        real = Path(os.path.realpath(path))
        if real in seen:
            continue
        seen.add(real)
        one = _examine(tool, name, path)
        if isinstance(one, Found):
            found.append(one)
        elif one is not None:
            skipped.append(one)
    return sorted(found, key=lambda f: (f.tool, f.name)), skipped


def read_header(path: Path) -> Header:
    """The header of a GGUF file, version 2 or 3. Raises `BadHeaderError` and `OSError`.

    Reads no more than the header, whatever lengths it claims.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise BadHeaderError("not a plain file")
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < 24:
            raise BadHeaderError("too short to be a model")
        with mmap.mmap(file.fileno(), min(size, _HEADER_LIMIT), access=mmap.ACCESS_READ) as data:
            return _Reader(data).header()


class _Reader:
    """Walks a GGUF header; each step checks that it stays within the bytes there are."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = 0

    def header(self) -> Header:
        if self._take(4) != GGUF_MAGIC:
            raise BadHeaderError("not a GGUF file")
        version = self._number("I")
        if version in (0x02000000, 0x03000000):
            raise BadHeaderError("made for a big-endian machine")
        if version not in (2, 3):
            raise BadHeaderError(f"GGUF version {version}, and 2 and 3 can be read")
        tensors, fields = self._count(), self._count()
        said: dict[str, Any] = {}
        for _ in range(fields):
            key = self._string()
            said[key] = self._value(self._number("I"), 0)
        parameters = sum(self._tensor() for _ in range(tensors))
        architecture = _text(said.get("general.architecture"))
        if not architecture:
            raise BadHeaderError("it names no architecture")
        return Header(
            name=_text(said.get("general.name")),
            architecture=architecture,
            parameters=parameters,
            context=_whole(said.get(f"{architecture}.context_length")),
            kind=_text(said.get("general.type")) or "model",
            licence=_text(said.get("general.license")),
        )

    def _take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._data):
            raise BadHeaderError("cut short")
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def _number(self, code: str) -> Any:
        layout = "<" + code
        return struct.unpack(layout, self._take(struct.calcsize(layout)))[0]

    def _count(self) -> int:
        count = int(self._number("Q"))
        if count > _COUNT_LIMIT:
            raise BadHeaderError("damaged: a count is beyond all bounds")
        return count

    def _skip(self, count: int) -> None:
        if self._at + count > len(self._data):
            raise BadHeaderError("cut short")
        self._at += count

    def _string(self) -> str:
        length = int(self._number("Q"))
        if length > _STRING_LIMIT:
            raise BadHeaderError("damaged: a text is beyond all bounds")
        return self._take(length).decode("utf-8", errors="replace")

    def _value(self, kind: int, depth: int) -> Any:
        """A scalar or text; of an array only the place after it."""
        if kind in _SCALARS:
            return self._number(_SCALARS[kind])
        if kind == _STRING:
            return self._string()
        if kind != _ARRAY or depth >= _DEPTH_LIMIT:
            raise BadHeaderError("damaged: an unknown kind of value")
        inner, count = int(self._number("I")), self._count()
        if inner in _SCALARS:
            self._skip(count * struct.calcsize("<" + _SCALARS[inner]))
        elif inner == _STRING:
            for _ in range(count):
                self._skip(int(self._number("Q")))
        else:
            for _ in range(count):
                self._value(inner, depth + 1)
        return None

    def _tensor(self) -> int:
        """The number of weights in the next tensor's description."""
        self._string()
        dimensions = int(self._number("I"))
        if dimensions > 8:
            raise BadHeaderError("damaged: a tensor of too many dimensions")
        weights = 1
        for _ in range(dimensions):
            weights *= int(self._number("Q"))
        self._skip(12)  # kind and offset
        return weights


def _examine(tool: Tool, name: str, path: Path) -> Found | Skipped | None:
    """A usable model, a reason against it, or None for the later pieces of a split one."""
    split = _SPLIT.fullmatch(path.name)
    if split and int(split["number"]) != 1:
        return None
    try:
        pieces = _pieces(path, split)
        header = read_header(path)
        parameters = header.parameters + sum(read_header(p).parameters for p in pieces[1:])
        size = sum(piece.stat().st_size for piece in pieces)
    except BadHeaderError as error:
        return Skipped(tool, name, path, str(error))
    except FileNotFoundError:
        return Skipped(
            tool, name, path, "a piece of it is missing" if split else "the file is gone"
        )
    except OSError as error:
        return Skipped(tool, name, path, f"cannot be read: {error.strerror or error}")
    if header.architecture in _NOT_LANGUAGE:
        return Skipped(tool, name, path, _NOT_LANGUAGE[header.architecture])
    if header.kind != "model":
        return Skipped(tool, name, path, f"not a whole model but of the kind {header.kind!r}")
    whole = Header(
        header.name, header.architecture, parameters, header.context, header.kind, header.licence
    )
    return Found(tool, name, path, size, whole)


def _pieces(path: Path, split: re.Match[str] | None) -> list[Path]:
    if split is None:
        return [path]
    count = int(split["count"])
    if count > 999:
        raise BadHeaderError("damaged: too many pieces")
    return [
        path.with_name(f"{split['stem']}-{number:05}-of-{split['count']}{path.suffix}")
        for number in range(1, count + 1)
    ]


def _everywhere(env: Mapping[str, str], home: Path) -> Iterator[tuple[Tool, str, Path]]:
    for root in _ollama_roots(env, home):
        yield from _in_ollama(root)
    for root in _lm_studio_roots(home):
        yield from _in_folder("lm-studio", root)
    yield from _in_hub_cache(_hub_root(env, home))


def _ollama_roots(env: Mapping[str, str], home: Path) -> list[Path]:
    if own := env.get("OLLAMA_MODELS", "").strip("\"' "):
        return [Path(own).expanduser()]
    roots = [home / ".ollama" / "models"]
    if sys.platform.startswith("linux"):  # where its service keeps them
        roots += [Path("/usr/share/ollama/.ollama/models"), Path("/var/lib/ollama/models")]
    return roots


def _lm_studio_roots(home: Path) -> list[Path]:
    roots = [home / ".lmstudio" / "models", home / ".cache" / "lm-studio" / "models"]
    try:
        pointer = (home / ".lmstudio-home-pointer").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return roots
    return [*roots, Path(pointer) / "models"] if pointer else roots


def _hub_root(env: Mapping[str, str], home: Path) -> Path:
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if value := env.get(name):
            return Path(value).expanduser()
    cache = Path(env.get("XDG_CACHE_HOME") or home / ".cache")
    return Path(env.get("HF_HOME") or cache / "huggingface").expanduser() / "hub"


def _in_ollama(root: Path) -> Iterator[tuple[Tool, str, Path]]:
    """Ollama keeps `manifests/HOST/NAMESPACE/MODEL/TAG`, JSON that names blobs by their SHA-256.

    Newer versions write `manifests-v2` as well, where a manifest may list others by their blobs.
    """
    for manifests in (root / "manifests-v2", root / "manifests"):
        for path in sorted(_glob(manifests, "*/*/*/*")):
            host, namespace, model, tag = path.relative_to(manifests).parts
            name = f"{model}:{tag}"
            if namespace != "library":
                name = f"{namespace}/{name}"
            if host != "registry.ollama.ai":
                name = f"{host}/{name}"
            for digest in _ollama_weights(root, _manifest(path), 0):
                yield "ollama", name, root / "blobs" / digest


def _ollama_weights(root: Path, manifest: Mapping[str, Any], depth: int) -> Iterator[str]:
    """Names of the blobs that hold weights in GGUF."""
    layers, children = manifest.get("layers"), manifest.get("manifests")
    for layer in layers if isinstance(layers, list) else []:
        if (
            isinstance(layer, dict)
            and layer.get("mediaType") == "application/vnd.ollama.image.model"
        ):
            yield from _blob(layer.get("digest"))
    if depth or not isinstance(children, list):
        return
    for child in children:
        if isinstance(child, dict) and child.get("runner") != "mlx":
            yield from _ollama_weights(root, child, 1)
            for digest in [] if child.get("layers") else _blob(child.get("digest")):
                yield from _ollama_weights(root, _manifest(root / "blobs" / digest), 1)


def _blob(digest: object) -> list[str]:
    match = re.fullmatch(r"(?:sha256[:-])?([0-9a-fA-F]{64})", str(digest))
    return [f"sha256-{match[1].lower()}"] if match else []


def _manifest(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MANIFEST_LIMIT:
            return {}
        manifest = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def _in_hub_cache(root: Path) -> Iterator[tuple[Tool, str, Path]]:
    """The cache keeps `models--OWNER--REPO/snapshots/COMMIT/FILE`, links into its blobs."""
    for snapshots in sorted(_glob(root, "models--*/snapshots")):
        repo = snapshots.parent.name.removeprefix("models--").replace("--", "/")
        for path in sorted(_glob(snapshots, "*/**/*.gguf")):
            yield "hub", f"{repo}/{path.name}", path


def _in_folder(tool: Tool, root: Path) -> Iterator[tuple[Tool, str, Path]]:
    for path in sorted(_glob(root, "**/*.gguf")):
        yield tool, path.relative_to(root).as_posix(), path


def _glob(root: Path, pattern: str) -> list[Path]:
    try:
        return [path for path in root.glob(pattern) if not path.name.startswith(".")]
    except OSError:
        return []


def _text(value: object) -> str:
    """One line of a text field, without anything that a terminal would act on."""
    return "".join(c for c in value if c.isprintable())[:200] if isinstance(value, str) else ""


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
