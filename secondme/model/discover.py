"""Language models that other programs have already put on this machine.

Looks in the model folders of Ollama, LM Studio and the Hugging Face cache, and in any other folder,
for GGUF files that can be used where they lie. Reads their headers only; changes nothing.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from secondme.model.gguf import BadHeaderError, Header, read_header

Tool = Literal["ollama", "lm-studio", "hub", "folder"]

_MANIFEST_LIMIT = 1 << 20  # bytes
_SPLIT = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf", re.IGNORECASE)
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
