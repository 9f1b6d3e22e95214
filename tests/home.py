"""A memory of a test's own: a home folder, its core, and the installed command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from secondme import config
from secondme.core.client import CoreClient, lock_holder
from tests import warm

COMMAND = Path(sys.executable).parent / "secondme"


# Libraries hold their telemetry back where the first are set, and the last say how wide a terminal is:
# tests see what a person's machine sees.
_CI = frozenset({"CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "COLUMNS", "LINES"})


class Home:
    """One home: `client` talks to its core, `run` runs the command, `stop` ends the core."""

    def __init__(self, path: Path, **settings: str) -> None:
        self.path = path
        # Fetched models are shared by all tests; without `models` there are none in this home.
        models = settings.pop("models", "")
        self.env = {
            **{
                k: v
                for k, v in os.environ.items()
                if not k.startswith("SECONDME_") and k not in _CI
            },
            "SECONDME_HOME": str(path),
            "SECONDME_IDLE_EXIT": "5",
            **({"SECONDME_MODELS_DIR": models} if models else {}),
            **{f"SECONDME_{name.upper()}": value for name, value in settings.items()},
        }
        self.config = config.load(self.env)

    @property
    def client(self) -> CoreClient:
        return _Client(self.config, self.env)

    def call(self, use_case: str, /, **params: Any) -> dict[str, Any]:
        return self.client.call(use_case, **params)

    def finish(self, use_case: str, /, **params: Any) -> dict[str, Any]:
        """The result of a use case that streams."""
        return list(self.client.stream(use_case, **params))[-1]

    def run(self, *arguments: str, stdin: str | None = None, timeout: float = 120) -> Done:
        done = subprocess.run(
            [COMMAND, *arguments],
            env=self.env,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def kill(self) -> None:
        """End the core as a power cut would."""
        pid = lock_holder(self.config)  # told at once, however busy the core is
        if pid is not None and pid > 0:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        try:
            self.client.stop()
        finally:
            self.kill()


class Done:
    """A command that has ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def __repr__(self) -> str:
        return f"exit {self.code}\n{self.out}\n{self.err}"


class _Client(CoreClient):
    """A client whose core gets the home's own environment."""

    def __init__(self, settings: config.Config, env: Mapping[str, str]) -> None:
        super().__init__(settings, "test")
        self._env = env

    def _launch(self, log: Path) -> warm.Started:
        return warm.start(self._env, log)


def until(what: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something to come about."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def talk(path: Path, said: Iterable[tuple[str, str, str]]) -> None:
    """Write a chat of what was said, each with its day and speaker, at ten in the morning."""
    lines = [
        {
            "id": f"m{n}", "conversation": "c", "session": day, "time": f"{day}T10:00:00+00:00",
            "speaker": speaker, "text": text,
        }
        for n, (day, speaker, text) in enumerate(said)
    ]  # fmt: skip
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def chat(path: Path, name: str, count: int, first: int = 0) -> list[str]:
    """Write a chat of so many messages, each with words that stand nowhere else; returns their ids."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ids = [f"{name}-{i}" for i in range(first, first + count)]
    with path.open("a", encoding="utf-8") as file:
        for i, id_ in enumerate(ids):
            line = {
                "id": id_,
                "conversation": name,
                "session": i // 20,
                "time": f"2024-05-{1 + i % 28:02}T{i % 24:02}:00:00",
                "speaker": ("Ana", "Ben")[i % 2],
                "text": f"message marker{name}x{first + i} about the {THINGS[i % len(THINGS)]} in the garden",
            }
            file.write(json.dumps(line) + "\n")
    return ids


THINGS = "bicycle kettle lemon tree violin lighthouse umbrella train ticket recipe".split()
