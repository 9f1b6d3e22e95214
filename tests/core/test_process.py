"""The core as a process: one a data directory, started on demand, private, ending when idle."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from secondme.core import client as core_client
from secondme.core.client import CoreClient, lock_holder
from secondme.errors import BadInputError, CoreError, NotFoundError, RecordError, SecondMeError
from tests.home import Home, chat, until


@pytest.fixture
def home(tmp_path: Path):
    home = Home(tmp_path / "home")
    yield home
    home.kill()


def test_any_call_starts_a_core(home: Home) -> None:
    assert home.client.running() is None
    assert home.call("status")["moments"] == 0
    assert home.client.running() is not None


def test_clients_that_start_at_once_end_up_with_one_core(home: Home) -> None:
    pids: list[int] = []
    env = {**home.env}
    code = (
        "from secondme import config; from secondme.core.client import CoreClient;"
        "print(CoreClient(config.load()).call('core-status')['pid'])"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for process in running:
        pids.append(int(process.communicate(timeout=120)[0]))
    assert len(set(pids)) == 1


def test_socket_folder_and_files_are_for_the_owner_alone(home: Home) -> None:
    home.call("note", text="private")
    assert stat.S_IMODE(home.config.socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.config.run_dir.stat().st_mode) == 0o700
    for path in [
        home.config.data_dir,
        *home.config.data_dir.rglob("*"),
        *home.config.log_dir.iterdir(),
    ]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_stale_socket_and_lock_file_are_recognised(home: Home) -> None:
    home.call("status")
    home.kill()
    until(lambda: lock_holder(home.config) is None)
    assert home.config.socket.exists()
    assert home.call("status")["moments"] == 0


def test_a_core_ends_when_idle(tmp_path: Path) -> None:
    home = Home(tmp_path, idle_exit="0.01")
    home.call("status")
    until(lambda: lock_holder(home.config) is None)
    assert not home.config.socket.exists()


def test_stopping_twice_is_no_error(home: Home) -> None:
    home.call("status")
    assert home.client.stop() is True
    assert home.client.stop() is False


def test_terminating_the_core_leaves_a_sound_record(home: Home) -> None:
    home.call("note", text="kept")
    os.kill(home.client.running()["pid"], signal.SIGTERM)
    until(lambda: lock_holder(home.config) is None)
    assert home.call("recall", question="kept")["hits"][0]["text"] == "kept"


def test_a_client_of_another_version_gets_the_command_that_helps(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.call("status")
    monkeypatch.setattr("secondme.core.client.__version__", "99.0")
    with pytest.raises(SecondMeError) as error:
        home.call("status")
    assert "core restart" in error.value.hint
    assert home.client.stop() is True  # restart works all the same


def test_a_request_that_does_not_fit_is_named(home: Home) -> None:
    with pytest.raises(NotFoundError, match="cannot 'fly'"):
        home.call("fly")
    with pytest.raises(BadInputError, match="recall: question"):
        home.call("recall")
    with pytest.raises(BadInputError, match="does not take colour"):
        home.call("recall", question="x", colour="red")
    with pytest.raises(BadInputError, match="recall: k"):
        home.call("recall", question="x", k="many")


def test_no_request_however_broken_harms_the_core(home: Home) -> None:
    home.call("status")
    for request in (
        b"\x00\x01\x02\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"POST /v1/recall HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{not json",
        b"POST /v1/recall HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n[]",
    ):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(5)
            s.connect(str(home.config.socket))
            s.sendall(request)
            s.shutdown(socket.SHUT_WR)
            s.recv(4096)
    assert home.call("status")["moments"] == 0


def test_without_unix_sockets_it_is_loopback_and_a_token(tmp_path: Path) -> None:
    home = Home(tmp_path, transport="tcp")
    try:
        home.call("note", text="over loopback")
        place = json.loads(home.config.tcp_file.read_text())
        assert stat.S_IMODE(home.config.tcp_file.stat().st_mode) == 0o600
        with socket.create_connection(("127.0.0.1", place["port"])) as s:
            s.sendall(b"POST /v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
            assert s.recv(65536).startswith(b"HTTP/1.1 409")
    finally:
        home.kill()


def test_a_record_that_cannot_be_opened_is_one_line_for_the_client(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.config.data_dir.mkdir(parents=True)
    home.config.database.write_bytes(b"not a database, but a letter to a friend" * 100)
    with pytest.raises((CoreError, RecordError), match="cannot be opened"):
        home.call("status")


def test_a_client_that_goes_away_stops_its_work_and_nothing_else(
    home: Home, tmp_path: Path
) -> None:
    for i in range(300):
        chat(tmp_path / "life" / f"{i}.jsonl", f"c{i}", 40)
    events = home.client.stream("add", paths=[str(tmp_path / "life")])
    next(e for e in events if e["event"] == "taken")
    events.close()
    until(lambda: home.call("log")["entries"][0]["summary"] != "under way")
    kept = home.call("status")["moments"]
    assert 0 < kept <= 300 * 40
    assert home.finish("add", paths=[str(tmp_path / "life")])["moments"]["added"] == 300 * 40 - kept


def test_a_call_while_the_core_is_ending_is_answered_by_the_next(home: Home) -> None:
    for pause in (0.0, 0.1, 0.2, 0.3):
        pid = home.call("core-status")["pid"]
        os.kill(pid, signal.SIGTERM)
        time.sleep(pause)
        assert home.call("status")["moments"] == 0


def test_a_core_that_hangs_is_one_line(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(100):
        chat(tmp_path / "life" / f"{i}.jsonl", f"c{i}", 40)
    pid = home.call("core-status")["pid"]
    monkeypatch.setattr(core_client, "_SILENCE", 3.0)
    events = home.client.stream("add", paths=[str(tmp_path / "life")])
    next(events)
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(CoreError, match="it hangs") as error:
        list(events)
    assert "secondme doctor --fix" in error.value.hint
    with pytest.raises(CoreError, match="it hangs"):
        home.call("status")


def test_a_core_that_works_for_long_is_waited_for(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.call("note", text="something")
    monkeypatch.setattr(core_client, "_SILENCE", 0.001)
    assert all(c["ok"] for c in home.call("doctor")["checks"] if c["name"] == "record")


def test_two_clients_at_once_lose_and_double_nothing(home: Home, tmp_path: Path) -> None:
    for i in range(20):
        chat(tmp_path / "life" / f"{i}.jsonl", f"c{i}", 50)
    home.client.ensure()
    threads = [
        threading.Thread(target=lambda: home.finish("add", paths=[str(tmp_path / "life")]))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert home.call("status")["moments"] == 1000


def test_nothing_of_what_is_remembered_stands_in_the_log(home: Home) -> None:
    home.call("note", text="xyzzy is my secret word")
    home.call("recall", question="xyzzy")
    home.client.stop()
    assert "xyzzy" not in (home.config.log_dir / "core.log").read_text()


def test_a_long_home_path_gets_its_socket_elsewhere(tmp_path: Path) -> None:
    home = Home(tmp_path / ("d" * 120))
    try:
        assert home.call("status")["moments"] == 0
        assert len(str(home.config.socket)) < 104
        assert stat.S_IMODE(home.config.run_dir.stat().st_mode) == 0o700
    finally:
        home.kill()


def test_the_client_imports_nothing_heavy() -> None:
    code = (
        "import sys, secondme.core.client, secondme.cli.main;"
        "print([m for m in ('numpy','chromadb','llama_cpp','onnxruntime','textual','httpx','httpx2','pydantic',"
        "'sqlite_utils','rich') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_client_class_is_all_that_a_front_needs(home: Home) -> None:
    client = CoreClient(home.config)
    home.client.ensure()
    assert client.call("status")["moments"] == 0
