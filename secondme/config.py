"""Settings: one TOML file, environment variables over it, every field documented here.

`SECONDME_HOME` moves everything (configuration, data, models, socket) into one folder. Otherwise each
lies where the platform keeps such things. A variable `SECONDME_<FIELD>` overrides the file's field.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

from secondme.errors import BadInputError

APP = "secondme"
_SOCKET_PATH_LIMIT = 100  # sun_path holds 108 bytes on Linux, 104 on macOS


def _doc(text: str, default: Any) -> Any:
    return field(default=default, metadata={"doc": text})


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Every setting, with its default. Paths are absolute."""

    data_dir: Path = field(
        metadata={"doc": "The memory itself: the SQLite record and its indexes."}
    )
    models_dir: Path = field(
        metadata={"doc": "Fetched model files and what is converted from them."}
    )
    run_dir: Path = field(metadata={"doc": "The core's socket, in a folder of mode 0700."})
    log_dir: Path = field(metadata={"doc": "The core's log; no content and no secrets in it."})
    config_file: Path = field(metadata={"doc": "The TOML file that these settings are read from."})

    language_model: str = _doc("Catalog name or GGUF path of the model that answers.", "default")
    embedder: str = _doc(
        "Catalog name of the embedder that gives moments their vectors.", "e5-small"
    )
    me: str = _doc(
        "Your name, as chats and mails have it; empty takes whoever speaks in most of what came in.",
        "",
    )
    unconfirmed: str = _doc(
        "What becomes of sensitive or doubtful facts that you have not confirmed: used, or held.",
        "used",
    )
    parser: str = _doc("Catalog name of the parser that facts are found with.", "en-core-web-sm")
    threads: int = _doc("Processor threads for each model worker; 0 takes all cores.", 0)
    context: int = _doc("Tokens of context that the language model is loaded with.", 4096)
    memory: int = _doc(
        "Megabytes (10^6 bytes) that the language model may take in memory; 0 is no limit.", 0
    )
    memory_floor: int = _doc(
        "Megabytes that shall stay free on this machine: while they do not, a language model with a limit "
        "takes less than that; 0 is never.",
        0,
    )
    idle_exit: float = _doc("Minutes without a request until the core ends; 0 is never.", 30.0)
    worker_idle: float = _doc(
        "Minutes without use until a model worker is unloaded; 0 is never.", 5.0
    )
    request_timeout: float = _doc(
        "Seconds until a model that does not answer counts as hung.", 120.0
    )
    max_file_mb: int = _doc("Files larger than this are skipped, with a reason.", 200)
    settle: float = _doc("Seconds that a watched file must be quiet before it is read.", 1.0)
    undo_days: int = _doc("Days for which forgotten moments can be brought back.", 30)
    chroma_url: str = _doc(
        "A Chroma server to use instead of the embedded one; empty is embedded.", ""
    )
    transport: str = _doc(
        "How clients reach the core: auto, unix (a socket), or tcp (loopback and a token).", "auto"
    )
    theme: str = _doc(
        "Colours of the app: night, dusk, moss, day, linen or contrast (high contrast).", "night"
    )
    zone: str = _doc("Time zone for times that carry none; empty is the system's.", "")

    @property
    def database(self) -> Path:
        return self.data_dir / "memory.sqlite3"

    @property
    def chroma_dir(self) -> Path:
        return self.data_dir / "chroma"

    @property
    def lock_file(self) -> Path:
        return self.data_dir / "core.lock"

    @property
    def socket(self) -> Path:
        return self.run_dir / "core.sock"

    @property
    def uses_tcp(self) -> bool:
        """Whether the core listens on loopback with a token, for want of Unix sockets."""
        return self.transport == "tcp" or (
            self.transport == "auto" and not hasattr(socket, "AF_UNIX")
        )

    @property
    def tcp_file(self) -> Path:
        """Where the core writes its port and token (mode 0600) when it uses loopback."""
        return self.run_dir / "core.json"

    @property
    def address(self) -> Path:
        """The file by which clients find the core."""
        return self.tcp_file if self.uses_tcp else self.socket

    @property
    def places(self) -> dict[str, Path]:
        """Where everything lies, by what it is."""
        return {
            "data": self.data_dir,
            "models": self.models_dir,
            "log": self.log_dir,
            "socket": self.address,
            "settings": self.config_file,
        }


PATHS = ("data_dir", "models_dir", "run_dir", "log_dir", "config_file")
SETTINGS = {f.name: f for f in fields(Config) if f.name not in PATHS}
"""The fields a person sets, by name; paths other than `models_dir` follow from the home."""
_READABLE = {**SETTINGS, "models_dir": next(f for f in fields(Config) if f.name == "models_dir")}


def load(environ: Mapping[str, str] | None = None) -> Config:
    """The settings in force: defaults, then the TOML file, then `SECONDME_*` variables.

    Raises `BadInputError` for a file that is not TOML, an unknown field, or a value of the wrong kind.
    """
    env = os.environ if environ is None else environ
    paths = _paths(env)
    values: dict[str, Any] = dict(paths)
    file = paths["config_file"]
    for name, value in stored_settings(file).items():
        values[name] = _convert(
            name, value, str(file), f"`secondme config unset {name}` takes it out"
        )
    for name in _READABLE:
        variable = f"SECONDME_{name.upper()}"
        if variable in env:
            values[name] = _convert(name, env[variable], f"the variable {variable}")
    return Config(**values)


def config_file(environ: Mapping[str, str] | None = None) -> Path:
    """Where the settings file lies, or would lie; it need not be readable."""
    return _paths(os.environ if environ is None else environ)["config_file"]


def documented() -> list[tuple[str, Any, str]]:
    """Each settable field with its default and what it means."""
    return [
        (f.name, None if f.default is MISSING else f.default, f.metadata["doc"])
        for f in _READABLE.values()
    ]


def private_dir(path: Path) -> Path:
    """Make the folder if need be, for this person only (mode 0700), and return it."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    if os.name == "posix" and path.stat().st_mode & 0o077 and path.stat().st_uid == os.getuid():
        path.chmod(0o700)
    return path


def write_setting(file: Path, name: str, value: str | None) -> Any:
    """Set one field in the TOML file, or with None take it out; returns the value as converted.

    A field that does not exist, such as a mistyped one, can only be taken out.
    """
    stored = stored_settings(file)
    if name not in _READABLE and (value is not None or name not in stored):
        raise BadInputError(
            f"there is no setting named {name!r}", hint="`secondme config` lists them"
        )
    converted = None if value is None else _convert(name, value, "the command line")
    stored.pop(name, None)
    if converted is not None:
        stored[name] = str(converted) if isinstance(converted, Path) else converted
    private_dir(file.parent)
    text = "".join(f"{key} = {_toml(item)}\n" for key, item in sorted(stored.items()))
    temporary = file.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.chmod(0o600)
    temporary.replace(file)
    return converted


def _toml(value: Any) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    return repr(value)


def _paths(env: Mapping[str, str]) -> dict[str, Path]:
    home = env.get("SECONDME_HOME")
    if home:
        root = Path(home).expanduser().absolute()
        data, models, run, log = root / "data", root / "models", root / "run", root / "log"
        file = root / "config.toml"
    else:
        import platformdirs

        data = platformdirs.user_data_path(APP)
        models = platformdirs.user_cache_path(APP) / "models"
        # Without a runtime folder of the session's, the one beside the data is as private.
        runtime = "XDG_RUNTIME_DIR" in env or sys.platform != "linux"
        run = platformdirs.user_runtime_path(APP) if runtime else data / "run"
        log = platformdirs.user_log_path(APP)
        file = platformdirs.user_config_path(APP) / "config.toml"
    if len(os.fsencode(run / "core.sock")) > _SOCKET_PATH_LIMIT or not _creatable(run):
        import hashlib
        import tempfile

        digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
        owner = os.getuid() if hasattr(os, "getuid") else "user"
        run = Path(tempfile.gettempdir()) / f"{APP}-{owner}-{digest}"
    return {
        "data_dir": data,
        "models_dir": models,
        "run_dir": run,
        "log_dir": log,
        "config_file": file,
    }


def _creatable(folder: Path) -> bool:
    """Whether the folder exists or its nearest existing parent can be written."""
    for parent in (folder, *folder.parents):
        if parent.exists():
            return os.access(parent, os.W_OK)
    return False


def stored_settings(file: Path) -> dict[str, Any]:
    """What stands in the settings file, right or not. Raises `BadInputError` for one that is not TOML."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError as error:
        raise _not_toml(file, error) from None
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(file, error) from None


def _not_toml(file: Path, error: Exception) -> BadInputError:
    return BadInputError(f"{file} is not valid TOML: {error}", hint="mend or remove it")


def _convert(name: str, value: Any, where: str, hint: str = "") -> Any:
    if name not in _READABLE:
        raise BadInputError(f"{where} sets {name!r}, which does not exist", hint=hint)
    if name == "models_dir":
        return Path(str(value)).expanduser().absolute()
    kind: type = type(_READABLE[name].default)
    try:
        converted = kind(value)
    except (TypeError, ValueError):
        raise BadInputError(
            f"{where} sets {name} to {value!r}, which is not a number", hint=hint
        ) from None
    if kind in (int, float) and converted < 0:
        raise BadInputError(
            f"{where} sets {name} to {value!r}, which must not be negative", hint=hint
        )
    return converted
