"""Nothing leaves the machine: the default paths open no internet socket at all."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e import sealed
from tests.home import COMMAND, Home, chat

pytestmark = pytest.mark.skipif(not sealed.available(), reason="needs Linux's seccomp filters")


def run_sealed(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.e2e.sealed", *map(str, arguments)],
        env=home.env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=Path(__file__).parents[2],
    )


def test_the_seal_holds(tmp_path: Path) -> None:
    """The proof's own proof: a sealed process that opens an internet socket is killed."""
    home = Home(tmp_path)
    for family in (socket.AF_INET, socket.AF_INET6):
        done = run_sealed(
            home, sys.executable, "-c", f"import socket; socket.socket({int(family)})"
        )
        assert done.returncode == -31, done  # SIGSYS
    done = run_sealed(home, sys.executable, "-c", "import socket; socket.socket(socket.AF_UNIX)")
    assert done.returncode == 0, done


@pytest.mark.slow
@pytest.mark.models
def test_taking_in_recalling_and_answering_open_no_internet_socket(
    tmp_path: Path, models_dir: Path, e5_packed: Path, smollm: Path
) -> None:
    """The core is started by a sealed command, so it and its workers are sealed as well."""
    home = Home(tmp_path / "home", models=str(models_dir), language_model="smollm2-135m")
    home.env["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    chat(tmp_path / "chat.jsonl", "ana", 40)
    try:
        for arguments in (
            ("add", "--wait", str(tmp_path / "chat.jsonl")),
            ("note", "The lighthouse key hangs behind the kettle"),
            ("recall", "Where is the lighthouse key?"),
            ("status",),
            ("doctor",),
        ):
            done = run_sealed(home, str(COMMAND), *arguments)
            assert done.returncode == 0, done
        answered = run_sealed(home, str(COMMAND), "ask", "Where does the lighthouse key hang?")
        assert answered.returncode in (0, 1), answered
        roles = {w["role"] for w in home.call("core-status")["workers"] if w["pid"]}
        assert {"embedder", "language"} <= roles
        assert not list(tmp_path.glob("cache/**/deviceid")), "a library keeps an id to report under"
    finally:
        home.stop()
