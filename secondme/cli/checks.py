"""What `doctor` can see without a core; then what the core sees itself."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from secondme.config import Config, config_file, load
from secondme.core.client import CoreClient, lock_holder
from secondme.errors import SecondMeError

Check = dict[str, Any]
_LOW_DISK = 1_000_000_000
_END_SECONDS = 3.0


def examine(fix: bool) -> list[Check]:
    """Every check in order; with `fix`, after mending. Without settings or a core it ends there."""
    checks = [_settings(fix)]
    if not checks[0]["ok"]:
        return checks
    config = load()
    checks += [_folders(config, fix), _socket(config, fix), _disk(config)]
    if not checks[2]["ok"]:
        return checks
    done = {check["name"] for check in checks}
    return checks + [check for check in _core(fix) if check["name"] not in done]


def _check(name: str, detail: str | None, *, fixed: bool = False) -> Check:
    return {"name": name, "ok": detail is None or fixed, "detail": detail or "", "fixed": fixed}


def _settings(fix: bool) -> Check:
    """The settings file can be read; a broken one is set aside, so that the defaults hold."""
    try:
        load()
    except SecondMeError as error:
        file = config_file()
        if not fix or not file.exists():
            return _check("settings", error.line())
        aside = file.with_suffix(".broken")
        file.replace(aside)
        try:
            load()
        except SecondMeError as again:
            return _check("settings", again.line())
        return _check("settings", f"{error}; set aside as {aside}", fixed=True)
    return _check("settings", None)


def _folders(config: Config, fix: bool) -> Check:
    """Folders are 0700 and the files in them 0600; what lies in the data folder the core checks."""
    if os.name != "posix":
        return _check("folders", None)
    loose = list(_readable_by_others(config))
    if not loose:
        return _check("folders", None)
    detail = f"{loose[0]} can be read by others" + (
        f", and {len(loose) - 1:,} more" if loose[1:] else ""
    )
    if fix:
        for path in loose:
            path.chmod(0o700 if path.is_dir() else 0o600)
    return _check("folders", detail, fixed=fix)


def _readable_by_others(config: Config) -> Iterator[Path]:
    folders = [f for f in (config.data_dir, config.run_dir, config.log_dir) if f.is_dir()]
    own = [f for f in folders if f != config.data_dir]
    within = [path for folder in own for path in folder.iterdir() if not path.is_dir()]
    for path in (*folders, *within, config.config_file):
        info = path.lstat() if path.exists() else None
        if info and info.st_mode & 0o077 and not path.is_symlink() and info.st_uid == os.getuid():
            yield path


def _socket(config: Config, fix: bool) -> Check:
    """A core answers where its lock is held, and nothing is left where it is not."""
    running, holder = CoreClient(config).running(), lock_holder(config)
    left = config.address
    if running is not None:
        return _check("socket", None)
    if holder is not None:
        ended = fix and _end(holder, config)
        return _check("socket", f"process {holder} holds the lock but does not answer", fixed=ended)
    if not left.exists():
        return _check("socket", None)
    if fix:
        left.unlink(missing_ok=True)
    return _check("socket", f"{left} is left over from a core that crashed", fixed=fix)


def _end(pid: int, config: Config) -> bool:
    """End a core that hangs, by force if need be; what was acknowledged is safe either way."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            if pid > 0:
                os.kill(pid, number)
        deadline = time.monotonic() + _END_SECONDS
        while time.monotonic() < deadline:
            if lock_holder(config) is None:
                return True
            time.sleep(0.05)
    return False


def _disk(config: Config) -> Check:
    """There is room to write."""
    folder = next(p for p in (config.data_dir, *config.data_dir.parents) if p.exists())
    free = shutil.disk_usage(folder).free
    low = f"only {free / 1e6:.0f} MB are free on the disk of {folder}" if free < _LOW_DISK else None
    return _check("free disk", low)


def _core(fix: bool) -> list[Check]:
    """What the core finds in the record, the indexes and the models; or why there is no core."""
    from secondme.cli.link import call

    try:
        return [_check("core", None), *call("doctor", fix=fix)["checks"]]
    except SecondMeError as error:
        return [_check("core", error.line())]
