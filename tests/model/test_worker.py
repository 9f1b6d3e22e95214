"""Supervised model workers: what a caller sees of them, whatever happens to their process."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondme.errors import BadInputError, ModelError, NotFoundError, WorkerError
from secondme.model.frames import HEADER_LIMIT, FrameError, encode_frame, read_frame
from secondme.model.worker import Worker

HERE = Path(__file__).parent
linux = pytest.mark.skipif(sys.platform != "linux", reason="the system has nothing of the kind")
MakeWorker = Callable[..., Worker]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeWorker]:
    """Make workers of the test's own role, closed when the test ends."""
    monkeypatch.setenv("PYTHONPATH", str(HERE))
    made: list[Worker] = []

    def make(factory: str = "toy", spec: dict[str, Any] | None = None, **limits: Any) -> Worker:
        settings = {"timeout": 60.0, "idle_after": 0.0, "log_file": tmp_path / "log" / "worker.log"}
        made.append(Worker("toy", toy_spec(factory, **(spec or {})), **{**settings, **limits}))
        return made[-1]

    yield make
    for worker in made:
        worker.close()


def toy_spec(factory: str = "toy", **spec: Any) -> dict[str, Any]:
    return {"factory": f"worker_roles:{factory}", "name": "one", **spec}


def pid_of(worker: Worker) -> int:
    return int(worker.call("name", {})[0]["pid"])


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and is not yet buried does not."""
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return bool(listed.stdout.strip()) and not listed.stdout.strip().startswith("Z")


def eventually(condition: Callable[[], bool]) -> bool:
    for _ in range(600):
        if condition():
            return True
        time.sleep(0.05)
    return False


class TestRequests:
    def test_a_worker_starts_with_its_first_request(self, make: MakeWorker) -> None:
        worker = make()
        assert worker.status().state == "off"
        assert worker.call("echo", {"text": "señor \ud800"}, b"\x00\xff") == (
            {"text": "señor \ud800"},
            b"\x00\xff",
        )
        assert worker.status().state == "ready"

    def test_it_can_be_loaded_ahead(self, make: MakeWorker) -> None:
        worker = make()
        worker.start()
        assert worker.status().state in ("starting", "ready")
        assert eventually(lambda: worker.status().state == "ready")

    def test_its_status_says_what_it_costs(self, make: MakeWorker) -> None:
        worker = make(spec={"budget_mb": 300})
        pid = pid_of(worker)
        status = worker.status()
        assert (status.role, status.pid, status.model, status.budget_mb) == ("toy", pid, "one", 300)
        assert status.resident_mb is not None
        assert 5 < status.resident_mb < 300

    def test_what_a_role_says_about_its_model(self, make: MakeWorker) -> None:
        assert make(spec={"size": 7}).loaded() == {"size": 7}

    def test_each_of_many_threads_gets_its_own_answer(self, make: MakeWorker) -> None:
        worker = make()
        with ThreadPoolExecutor(8) as pool:
            answers = pool.map(lambda n: worker.call("echo", {"n": n}, bytes([n]) * n), range(100))
            assert [(a["n"], p) for a, p in answers] == [(n, bytes([n]) * n) for n in range(100)]
            pids = set(pool.map(lambda _: pid_of(worker), range(8)))
        assert len(pids) == 1

    def test_a_query_is_answered_while_a_batch_runs(self, make: MakeWorker, tmp_path: Path) -> None:
        worker, done = make(), tmp_path / "done"
        with ThreadPoolExecutor(3) as pool:
            batches = [pool.submit(worker.call, "batch", {"until": str(done)}) for _ in range(3)]
            assert worker.call("echo", {"n": 1})[0] == {"n": 1}
            assert not any(batch.done() for batch in batches)
            assert worker.status().state == "busy"
            done.touch()
            for batch in batches:
                batch.result()

    @linux
    def test_batches_give_way_to_everything_else(self, make: MakeWorker) -> None:
        worker = make()
        quick = worker.call("nice_of_quick", {})[0]["nice"]
        assert worker.call("nice_of_background", {})[0]["nice"] > quick

    def test_a_request_that_is_too_large_is_refused_alone(self, make: MakeWorker) -> None:
        worker = make()
        pid = pid_of(worker)
        with pytest.raises(BadInputError, match="too much for one request"):
            worker.call("echo", {"text": "x" * HEADER_LIMIT})
        assert pid_of(worker) == pid

    def test_an_unknown_method_is_an_error(self, make: MakeWorker) -> None:
        with pytest.raises(WorkerError, match="no method 'fly'"):
            make().call("fly", {})


class TestStreams:
    def test_parts_come_in_order(self, make: MakeWorker) -> None:
        assert [p["n"] for p in make().stream("count", {"to": 50})] == list(range(50))

    def test_two_streams_at_once_do_not_mix(self, make: MakeWorker) -> None:
        worker = make()
        first = worker.stream("count", {"to": 3, "pause": 0.01})
        second = worker.stream("count", {"to": 3, "pause": 0.01})
        both = [(a["n"], b["n"]) for a, b in zip(first, second, strict=True)]
        assert both == [(0, 0), (1, 1), (2, 2)]

    def test_a_cancelled_stream_ends_with_what_it_still_says(self, make: MakeWorker) -> None:
        cancel = threading.Event()
        parts = make().stream("count", {"to": 10_000, "pause": 0.02}, cancel=cancel)
        assert next(parts) == {"n": 0}
        cancel.set()
        rest = list(parts)
        assert "stopped_at" in rest[-1]
        assert len(rest) < 1000

    def test_cancelled_before_it_began_it_is_empty(self, make: MakeWorker) -> None:
        cancel = threading.Event()
        cancel.set()
        worker = make()
        assert list(worker.stream("count", {"to": 10}, cancel=cancel)) == []
        assert worker.status().state == "off"

    def test_an_abandoned_stream_frees_the_worker(self, make: MakeWorker) -> None:
        worker = make()
        parts = worker.stream("count_in_turn", {"to": 100_000, "pause": 0.02})
        assert next(parts) == {"n": 0}
        parts.close()  # type: ignore[attr-defined]
        assert worker.status().state == "ready"
        assert list(worker.stream("count_in_turn", {"to": 2})) == [{"n": 0}, {"n": 1}]

    def test_waiting_for_its_turn_is_not_hanging(self, make: MakeWorker) -> None:
        worker = make(timeout=2.0)
        first = worker.stream("count_in_turn", {"to": 30, "pause": 0.1})
        next(first)
        second = worker.stream("count_in_turn", {"to": 1})
        assert next(second) == {"n": 0}  # more than the timeout later
        assert [part["n"] for part in first] == list(range(1, 30))


class TestEnds:
    def test_killed_in_the_middle_of_a_stream(self, make: MakeWorker) -> None:
        worker = make()
        pid = pid_of(worker)
        parts = worker.stream("count", {"to": 1000, "pause": 0.05})
        next(parts)
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(WorkerError) as caught:
            list(parts)
        assert str(caught.value) == (
            "the toy worker was killed, probably out of memory; the next request starts it again"
        )
        assert pid_of(worker) != pid

    def test_killed_while_idle_it_costs_nothing(self, make: MakeWorker) -> None:
        worker = make()
        pid = pid_of(worker)
        os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: worker.status().state == "off")
        assert pid_of(worker) != pid

    @pytest.mark.parametrize(
        ("how", "words"),
        [({"signal": "SIGSEGV"}, "ended by SIGSEGV"), ({"status": 3}, "ended with exit status 3")],
    )
    def test_a_crash_is_named(self, make: MakeWorker, how: dict[str, Any], words: str) -> None:
        worker = make()
        with pytest.raises(WorkerError, match=words) as caught:
            worker.call("die", how)
        assert "worker.log" in caught.value.hint
        assert worker.call("echo", {"n": 1})[0] == {"n": 1}

    def test_hung_it_is_stopped(self, make: MakeWorker) -> None:
        worker = make()
        pid = pid_of(worker)
        with pytest.raises(WorkerError) as caught:
            worker.call("sleep", {"seconds": 600}, timeout=0.3)
        assert str(caught.value) == (
            "the toy worker did not answer in 0.3 s; it was stopped, the next request starts it again"
        )
        assert eventually(lambda: not alive(pid))
        assert worker.call("echo", {"n": 1})[0] == {"n": 1}

    def test_frozen_it_is_stopped_even_while_a_request_is_written(self, make: MakeWorker) -> None:
        worker = make()
        os.kill(pid_of(worker), signal.SIGSTOP)
        with pytest.raises(WorkerError, match="did not answer"):
            worker.call("echo", {}, bytes(8 << 20), timeout=0.3)
        assert worker.call("echo", {"n": 1})[0] == {"n": 1}

    def test_what_else_was_in_flight_fails_as_well(self, make: MakeWorker) -> None:
        worker = make()
        worker.start()
        with ThreadPoolExecutor(2) as pool:
            slow = pool.submit(worker.call, "sleep", {"seconds": 600})
            assert eventually(lambda: worker.status().state == "busy")
            with pytest.raises(WorkerError):
                worker.call("die", {"signal": "SIGABRT"})
            with pytest.raises(WorkerError, match="SIGABRT"):
                slow.result()

    @linux
    def test_out_of_memory_it_starts_afresh(self, make: MakeWorker) -> None:
        worker = make()
        pid = pid_of(worker)
        with pytest.raises(WorkerError, match="ran out of memory"):
            worker.call("give_up", {"reason": "memory"})
        assert pid_of(worker) != pid

    @linux
    def test_memory_is_taken_from_it_before_others(self, make: MakeWorker) -> None:
        score = Path(f"/proc/{pid_of(make())}/oom_score_adj").read_text()
        assert int(score) > int(Path("/proc/self/oom_score_adj").read_text())

    @pytest.mark.parametrize(
        "noise", [b"\xff" * 64, encode_frame({"odd": 1}), b"\2\0\0\0\0\0\0\0[]"]
    )
    def test_garbage_instead_of_frames(self, make: MakeWorker, noise: bytes) -> None:
        worker = make()
        with pytest.raises(WorkerError, match="not a message"):
            worker.call("garbage", {}, noise)
        assert worker.call("echo", {"n": 1})[0] == {"n": 1}

    def test_stray_prints_go_to_the_log(self, make: MakeWorker, tmp_path: Path) -> None:
        assert make().call("noise", {})[0] == {"stdin": ""}
        log = (tmp_path / "log" / "worker.log").read_text()
        assert "from Python" in log
        assert "from below" in log

    def test_without_a_log_it_works_as_well(self, make: MakeWorker) -> None:
        assert make(log_file=None).call("noise", {})[0] == {"stdin": ""}


class TestErrors:
    def test_errors_keep_their_kind_and_hint(self, make: MakeWorker) -> None:
        with pytest.raises(NotFoundError) as caught:
            make().call("give_up", {"reason": "typed"})
        assert caught.value.line() == "no such thing — look elsewhere"

    def test_an_unexpected_one_is_a_line_and_its_place_is_in_the_log(
        self, make: MakeWorker, tmp_path: Path
    ) -> None:
        worker = make()
        with pytest.raises(WorkerError) as caught:
            worker.call("give_up", {"reason": "unexpected", "words": "a private\nword"})
        assert str(caught.value) == "the toy worker failed: RuntimeError: a private word"
        log = tmp_path / "log" / "worker.log"
        assert "in give_up" in log.read_text()
        assert "a private" not in log.read_text()
        assert log.stat().st_mode & 0o777 == 0o600
        assert worker.status().state == "ready"

    def test_the_log_does_not_grow_for_ever(self, make: MakeWorker, tmp_path: Path) -> None:
        log = tmp_path / "log" / "worker.log"
        log.parent.mkdir()
        log.write_bytes(bytes(3 << 20))
        make().call("noise", {})
        assert log.stat().st_size < 1 << 20

    def test_a_model_that_cannot_be_loaded(self, make: MakeWorker) -> None:
        worker = make("broken", {"path": "/nowhere/x.gguf"})
        worker.start()
        for _ in range(2):
            with pytest.raises(ModelError) as caught:
                worker.call("echo", {})
            assert caught.value.line() == "/nowhere/x.gguf is not a model — fetch it again"
        assert worker.status().state == "off"

    def test_everyone_who_waited_for_it_is_told(self, make: MakeWorker) -> None:
        worker = make("broken", {"path": "x"})
        with ThreadPoolExecutor(4) as pool:
            calls = [pool.submit(worker.call, "echo", {}) for _ in range(4)]
            assert all(isinstance(call.exception(), ModelError) for call in calls)

    def test_a_model_that_takes_too_long_to_load(self, make: MakeWorker) -> None:
        worker = make(spec={"load_seconds": 600}, load_timeout=0.3)
        with pytest.raises(WorkerError, match=r"did not load its model in 0\.3 s"):
            worker.call("echo", {})

    def test_a_role_that_does_not_exist(self) -> None:
        with (
            Worker("juggler", {}, timeout=30, idle_after=0) as worker,
            pytest.raises(BadInputError, match="role 'juggler'"),
        ):
            worker.call("echo", {})


class TestLife:
    def test_unused_it_is_unloaded(self, make: MakeWorker) -> None:
        worker = make(idle_after=0.2)
        pid = pid_of(worker)
        assert eventually(lambda: worker.status().state == "off")
        assert eventually(lambda: not alive(pid))
        assert pid_of(worker) != pid

    def test_in_use_it_is_not(self, make: MakeWorker) -> None:
        assert make(idle_after=0.2).call("sleep", {"seconds": 0.6}) == ({}, b"")

    def test_another_model_waits_for_what_runs_on_the_old_one(self, make: MakeWorker) -> None:
        worker = make()
        old = pid_of(worker)
        parts = worker.stream("count", {"to": 20, "pause": 0.02})
        assert next(parts) == {"n": 0}
        worker.reconfigure(toy_spec(name="two"))
        assert worker.name == "two"
        with ThreadPoolExecutor(1) as pool:
            after = pool.submit(worker.call, "name", {})
            assert [part["n"] for part in parts] == list(range(1, 20))
            answer = after.result()[0]
        assert answer["name"] == "two"
        assert answer["pid"] != old
        assert not alive(old)

    def test_another_model_while_the_old_one_loads(self, make: MakeWorker) -> None:
        worker = make(spec={"load_seconds": 600})
        worker.start()
        worker.reconfigure(toy_spec(name="two"))
        assert worker.call("name", {})[0]["name"] == "two"

    def test_a_closed_worker_ends_what_runs_and_refuses_more(self, make: MakeWorker) -> None:
        worker = make()
        pid = pid_of(worker)
        with ThreadPoolExecutor(1) as pool:
            slow = pool.submit(worker.call, "sleep", {"seconds": 600})
            assert eventually(lambda: worker.status().state == "busy")
            worker.close()
            with pytest.raises(WorkerError, match="closed"):
                slow.result()
        with pytest.raises(WorkerError, match="closed"):
            worker.call("echo", {})
        assert not alive(pid)

    def test_it_outlives_the_thread_that_started_it(self, make: MakeWorker) -> None:
        worker = make()
        pids: list[int] = []
        thread = threading.Thread(target=lambda: pids.append(pid_of(worker)))
        thread.start()
        thread.join()
        time.sleep(0.1)
        assert [pid_of(worker)] == pids

    @pytest.mark.parametrize("doing", ['w.call("name", {})', 'w.call("sleep", {"seconds": 600})'])
    def test_it_dies_with_the_process_it_works_for(self, make: MakeWorker, doing: str) -> None:
        script = f"""
            import threading, time
            from secondme.model.worker import Worker
            spec = {{"factory": "worker_roles:toy", "name": "one"}}
            w = Worker("toy", spec, timeout=600, idle_after=0)
            print(w.call("name", {{}})[0]["pid"], flush=True)
            threading.Thread(target=lambda: {doing}).start()
            time.sleep(600)
        """
        command = [sys.executable, "-c", textwrap.dedent(script)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
            assert parent.stdout is not None
            pid = int(parent.stdout.readline())
            assert alive(pid)
            parent.kill()
        assert eventually(lambda: not alive(pid))

    def test_it_loads_nothing_of_the_core(self, make: MakeWorker) -> None:
        modules = make().call("seen", {})[0]["modules"]
        assert [m for m in modules if m.startswith(("secondme.core", "secondme.memory"))] == []
        assert {"chromadb", "numpy", "llama_cpp"} & set(modules) == set()

    def test_modules_in_the_current_folder_are_not_run(
        self, make: MakeWorker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "json.py").write_text("raise SystemExit(9)")
        monkeypatch.chdir(tmp_path)
        assert make().call("echo", {"n": 1})[0] == {"n": 1}


class TestFrames:
    JSON = st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=4,
    )

    @given(
        st.lists(
            st.tuples(st.dictionaries(st.text(max_size=8), JSON, max_size=3), st.binary()),
            max_size=4,
        )
    )
    def test_frames_come_out_as_they_went_in(
        self, frames: list[tuple[dict[str, Any], bytes]]
    ) -> None:
        pipe = io.BytesIO(b"".join(encode_frame(*frame) for frame in frames))
        assert [read_frame(pipe) for _ in frames] == frames
        assert read_frame(pipe) is None

    @given(st.binary(), st.integers(min_value=0))
    def test_any_other_bytes_are_an_end_or_an_error(self, noise: bytes, cut: int) -> None:
        whole = encode_frame({"id": 1}, b"payload")
        for data in (noise, whole[: cut % len(whole)], b"\1\0\0\0\1\0\0\0" + noise):
            try:
                frame = read_frame(io.BytesIO(data))
            except FrameError:
                continue
            assert frame is None or isinstance(frame[0], dict)
