"""`core`, `config`, `doctor`, `index`: the process, its settings and its health."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.home import COMMAND, Home

HomeMaker = Callable[..., Home]


def test_the_core_starts_stops_and_restarts(cold: Home) -> None:
    absent = cold.run("core", "status")
    assert (absent.code, absent.out) == (1, "")
    assert absent.err.startswith("the core is not running")
    assert cold.run("core", "stop").out == "the core was not running\n"

    started = cold.run("core", "start").out
    assert started.startswith("the core is running, process ")
    assert cold.run("core", "start").out == started
    restarted = cold.run("core", "restart").out
    assert restarted != started
    assert restarted.split()[-1] in cold.run("core", "status").out
    assert cold.run("core", "stop").out == "the core has ended\n"
    assert cold.client.running() is None


def test_commands_at_the_same_time_start_one_core(cold: Home) -> None:
    running = [
        subprocess.Popen(
            [COMMAND, "note", f"umbrella {i}"],
            env=cold.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for i in range(3)
    ]
    ended = [(process.communicate(timeout=60), process.returncode)[1] for process in running]
    assert ended == [0, 0, 0]
    assert len(cold.run("recall", "umbrella", "--json").json["hits"]) == 3
    log = (cold.config.log_dir / "core.log").read_text()
    assert log.count(" serves ") == 1


def test_a_core_that_was_killed_is_replaced(fresh: Home) -> None:
    fresh.run("note", "a lighthouse")
    fresh.kill()
    while fresh.client.running():
        time.sleep(0.02)
    assert fresh.run("recall", "lighthouse").code == 0


def test_a_core_of_another_version_is_named_and_can_be_restarted(cold: Home) -> None:
    code = (
        "import secondme; secondme.__version__ = '0.0.9'\n"
        "import sys, secondme.core.__main__ as core; sys.exit(core.main())"
    )
    old = subprocess.Popen(
        [Path(COMMAND).parent / "python", "-c", code],
        env=cold.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while cold.client.running() is None:
        time.sleep(0.05)
    for arguments in (("recall", "x"), ("core", "start")):
        done = cold.run(*arguments)
        assert done.code == 3
        assert "0.0.9" in done.err
        assert "`secondme core restart` starts the right one" in done.err
    assert cold.run("core", "restart").code == 0
    assert old.wait(30) == 0
    assert cold.run("status").code == 0


def test_a_core_that_cannot_start_is_one_line(new_home: HomeMaker, tmp_path: Path) -> None:
    home = new_home()
    home.config.data_dir.mkdir(parents=True)
    home.config.database.write_bytes(b"this is no database" * 100)
    done = home.run("recall", "x")
    assert done.code == 3
    assert done.err.startswith(f"error: the record {home.config.database} cannot be opened: ")
    assert done.err.count("\n") == 1


def test_an_unexpected_fault_is_one_line_and_a_traceback_on_request(cold: Home) -> None:
    cold.config.run_dir.mkdir(parents=True)
    cold.config.log_dir.parent.mkdir(parents=True, exist_ok=True)
    cold.config.log_dir.write_text("a file where a folder should be")
    done = cold.run("recall", "x")
    assert done.code == 3
    assert done.err.count("\n") == 1
    cold.env["SECONDME_DEBUG"] = "1"
    assert "Traceback" in cold.run("recall", "x").err


def test_settings_are_listed_changed_and_told_to_the_core(new_home: HomeMaker) -> None:
    home = new_home()
    del home.env["SECONDME_IDLE_EXIT"]
    assert home.run("config", "path").out == f"{home.config.config_file}\n"
    assert home.run("config", "get", "undo_days").out == "30\n"
    assert home.run("config", "set", "undo_days", "7").out == "undo_days = 7\n"
    home.run("note", "a kettle")
    assert "for 7 days" in home.run("forget", "--query", "kettle", "--yes").out
    home.run("config", "set", "undo_days", "9")
    home.run("note", "a kettle")
    assert "for 9 days" in home.run("forget", "--query", "kettle", "--yes").out

    assert "`secondme core restart`" in home.run("config", "set", "max_file_mb", "10").out
    (listed,) = [
        each
        for each in home.run("config", "list", "--json").json["settings"]
        if each["name"] == "max_file_mb"
    ]
    assert (listed["value"], listed["default"], listed["from"]) == (10, 200, "the file")
    assert home.run("config", "unset", "max_file_mb").out.startswith("max_file_mb = 200\n")
    assert home.run("config", "unset", "max_file_mb").code == 1
    assert home.run("config", "set", "idle_exit", "soon").code == 2
    assert home.run("config", "set", "colour", "red").code == 2


def test_it_says_where_everything_lies(fresh: Home) -> None:
    fresh.run("note", "a kettle")
    listed = fresh.run("config", "list", "--json").json["places"]
    assert sorted(listed) == ["data", "log", "models", "settings", "socket"]
    assert (Path(listed["data"]) / "memory.sqlite3").exists()
    assert (Path(listed["log"]) / "core.log").exists()
    assert Path(listed["socket"]).is_socket()
    assert f"settings  {fresh.config.config_file}\n" in fresh.run("config").out
    assert fresh.run("config", "--json").json["places"] == listed


def test_what_is_wrong_in_the_settings_can_be_taken_out(cold: Home) -> None:
    file = cold.config.config_file
    file.parent.mkdir(parents=True, exist_ok=True)
    for line, name in (('colour = "red"', "colour"), ('undo_days = "soon"', "undo_days")):
        file.write_text(f"threads = 1\n{line}\n")
        done = cold.run("recall", "x")
        assert done.code == 2
        assert done.err.endswith(f" — `secondme config unset {name}` takes it out\n")
        assert cold.run("config", "unset", name).code == 0
        assert file.read_text() == "threads = 1\n"
    assert cold.run("config", "unset", "colour").code == 2


def test_a_variable_goes_before_the_file_and_it_says_so(cold: Home) -> None:
    done = cold.run("config", "set", "idle_exit", "9")
    assert "the variable SECONDME_IDLE_EXIT goes before it" in done.out
    assert cold.run("config", "get", "idle_exit").out == "1.0\n"


def test_broken_settings_are_one_line_and_the_doctor_sets_them_aside(cold: Home) -> None:
    file = cold.config.config_file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("idle_exit = = 3\n")
    file.chmod(0o600)
    done = cold.run("recall", "x")
    assert done.code == 2
    assert done.err.startswith(f"error: {file} is not valid TOML: ")
    assert cold.run("config", "path").out == f"{file}\n"
    examined = cold.run("doctor", "--json")
    assert examined.code == 1
    assert [check["name"] for check in examined.json["checks"]] == ["settings"]
    cold.run("doctor", "--fix")
    assert cold.run("config", "get", "undo_days").out == "30\n"


def test_the_doctor_finds_and_mends_what_a_crash_leaves(fresh: Home) -> None:
    fresh.run("note", "a bicycle")
    fresh.kill()
    while fresh.client.running():
        time.sleep(0.02)
    left, loose = fresh.config.socket, fresh.config.database
    loose.chmod(0o644)
    checks = {check["name"]: check for check in fresh.run("doctor", "--json").json["checks"]}
    assert "left over from a core that crashed" in checks["socket"]["detail"]

    fresh.run("core", "stop")
    bare = socket.socket(socket.AF_UNIX)
    left.unlink(missing_ok=True)
    bare.bind(str(left))
    bare.close()
    done = fresh.run("doctor", "--fix")
    assert f"mended  socket: {left} is left over" in done.out
    assert f"mended  permissions: {loose} can be read by others" in done.out
    assert loose.stat().st_mode & 0o777 == 0o600
    after = {check["name"]: check["ok"] for check in fresh.run("doctor", "--json").json["checks"]}
    assert all(after[name] for name in ("settings", "folders", "socket", "core", "record"))


@pytest.mark.slow
def test_a_core_that_hangs_is_found_and_ended(fresh: Home) -> None:
    fresh.run("note", "an umbrella")
    pid = (fresh.client.running() or {})["pid"]
    os.kill(pid, signal.SIGSTOP)
    mended = fresh.run("doctor", "--fix").out
    assert f"mended  socket: process {pid} holds the lock but does not answer" in mended
    assert fresh.run("recall", "umbrella").code == 0


def test_indexes_are_made_anew(fresh: Home) -> None:
    fresh.run("note", "a violin")
    done = fresh.run("index", "rebuild")
    assert done.out.startswith("rebuilt for 1 moment in ")
    assert fresh.run("recall", "violin").code == 0


def test_an_export_comes_back_whole(new_home: HomeMaker, life: Path, tmp_path: Path) -> None:
    first, second = new_home(), new_home()
    first.run("add", str(life))
    folder = tmp_path / "backup"
    exported = first.run("export", str(folder))
    assert exported.out == f"exported 5 moments in 2 items to {folder}\n"
    again = first.run("export", str(folder))
    assert again.code == 1
    assert "exists already" in again.err

    assert second.run("import", str(folder)).out.startswith("imported 5 moments in 2 items from ")
    hits = [home.run("recall", "the flat", "--json").json["hits"] for home in (first, second)]
    assert [h["id"] for h in hits[0]] == [h["id"] for h in hits[1]]
    assert second.run("import", str(tmp_path)).code != 0
