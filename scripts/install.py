"""Make a virtual environment and install Second Me into it, with progress.

    python3 scripts/install.py FOLDER REQUIREMENT

llama.cpp is compiled on the way, which takes about five minutes on two cores, once: pip keeps the
finished wheel in its cache.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SMALL_BUILD = " ".join(
    f"-D{option}=OFF"
    for option in (
        "LLAVA_BUILD",
        "LLAMA_BUILD_COMMON",
        "LLAMA_BUILD_TOOLS",
        "LLAMA_BUILD_EXAMPLES",
        "LLAMA_BUILD_TESTS",
        "LLAMA_BUILD_SERVER",
    )
)
STEP = re.compile(r"\[(\d+)/(\d+)\]|\[ *(\d+)%\]")


def main() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - run before the package's own check
        print(
            f"Second Me needs Python 3.11 or newer; this is {sys.version.split()[0]}",
            file=sys.stderr,
        )
        return 2
    folder, requirement = Path(sys.argv[1]).absolute(), sys.argv[2]
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not python.exists():
        say(f"making the virtual environment {folder.name}")
        venv.create(folder, with_pip=True)
        pip(python, "--upgrade", "pip")
    say(f"installing {requirement} (the first time llama.cpp is compiled: about five minutes)")
    return pip(
        python, "-c", str(ROOT / "constraints.txt"), "-e", f"{ROOT}{requirement.lstrip('.')}"
    )


def pip(python: Path, *arguments: str) -> int:
    """Run pip install, showing what it is at; its whole output goes to a log, shown if it fails."""
    environment = {"CMAKE_ARGS": SMALL_BUILD, **os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    log = python.parent.parent / "install.log"
    start = time.monotonic()
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [str(python), "-m", "pip", "install", "-v", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=environment,
            cwd=ROOT,
        )
        assert process.stdout is not None
        shown = 0.0
        for line in process.stdout:
            output.write(line)
            now = time.monotonic()
            what = doing(line)
            if what and now - shown > (0.5 if sys.stderr.isatty() else 20):
                shown = now
                progress(what, now - start)
    if sys.stderr.isatty():
        print(end="\r\x1b[K", file=sys.stderr)
    if process.wait():
        print(log.read_text(encoding="utf-8")[-4000:], file=sys.stderr)
        print(f"the installation failed; the whole log is {log}", file=sys.stderr)
    else:
        say(f"installed in {time.monotonic() - start:.0f} s")
    return process.returncode


def doing(line: str) -> str | None:
    """What a line of pip's output says it is at, in a few words."""
    step = STEP.search(line)
    if step:
        done = int(step[1]) / int(step[2]) if step[1] else int(step[3]) / 100
        return f"compiling llama.cpp, {done:.0%}"
    for sign in ("Collecting ", "Downloading ", "Installing collected packages", "Building wheel"):
        if line.strip().startswith(sign):
            return line.strip().split(" (")[0][:70]
    return None


def progress(what: str, seconds: float) -> None:
    text = f"  {what} ({seconds:.0f} s)"
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", flush=True, file=sys.stderr)
    else:
        print(text, flush=True, file=sys.stderr)


def say(text: str) -> None:
    print(text, flush=True, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
