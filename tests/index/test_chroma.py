"""The vector index finds what is in it, survives what befalls its files, and says when it is broken."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secondme.errors import BadInputError, CoreError, IndexDamagedError
from secondme.index import chroma, chroma_child
from secondme.index.chroma import VectorIndex, discard_aside, expected_bytes, probe, set_aside

DIMENSIONS = 32
COUNT = 1500
EMBEDDER = "e5-small"
FILES = (
    "chroma.sqlite3",
    "data_level0.bin",
    "header.bin",
    "length.bin",
    "link_lists.bin",
    "index_metadata.pickle",
)


def make_vectors(count: int, seed: int = 0, dimensions: int = DIMENSIONS) -> np.ndarray:
    """Unit vectors in loose clusters, as texts give."""
    random = np.random.default_rng(seed)
    topics = np.random.default_rng(7).standard_normal((40, dimensions))
    rows = topics[random.integers(0, 40, count)] + 0.7 * random.standard_normal((count, dimensions))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


VECTORS = make_vectors(COUNT)
NUMBERS = list(range(1, COUNT + 1))
SAMPLE = [(n, VECTORS[n - 1].astype("<f2").astype(np.float32)) for n in NUMBERS[::12]]


def open_index(directory: Path, embedder: str = EMBEDDER, server_url: str = "") -> VectorIndex:
    return VectorIndex.open(
        directory, embedder=embedder, dimensions=DIMENSIONS, server_url=server_url
    )


def probe_index(
    directory: Path, expected: int = COUNT, sample: list | None = None, **options: object
) -> chroma.Health:
    given_options = {"embedder": EMBEDDER, "dimensions": DIMENSIONS, "timeout": 60.0, **options}
    return probe(directory, SAMPLE if sample is None else sample, expected, **given_options)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("pristine") / "chroma"
    with open_index(directory) as index:
        index.upsert(NUMBERS, VECTORS)
    return directory


@pytest.fixture
def directory(pristine: Path, tmp_path: Path) -> Path:
    """A copy of an index of 1,500 vectors, at rest."""
    shutil.copytree(pristine, tmp_path / "chroma")
    return tmp_path / "chroma"


# -- what it is for ---------------------------------------------------------------------------


def test_finds_the_nearest_with_their_cosines(directory: Path) -> None:
    with open_index(directory) as index:
        for question in make_vectors(20, seed=5):
            numbers, cosines = index.nearest(question, 50)
            exact = VECTORS @ question
            assert numbers[0] == int(exact.argmax()) + 1
            assert len(set(numbers) & set((np.argsort(-exact)[:50] + 1).tolist())) >= 48
            np.testing.assert_allclose(cosines, exact[np.array(numbers) - 1], atol=1e-4)
            assert (np.diff(cosines) <= 0).all()


def test_is_the_same_after_reopening(directory: Path) -> None:
    with open_index(directory) as index:
        assert index.count() == COUNT
        assert index.numbers() == set(NUMBERS)
        first = index.nearest(VECTORS[3], 10)[0]
    with open_index(directory) as index:
        assert index.nearest(VECTORS[3], 10)[0] == first


def test_an_empty_index_answers_with_nothing(tmp_path: Path) -> None:
    with open_index(tmp_path / "chroma") as index:
        assert index.count() == 0
        assert index.numbers() == set()
        assert index.nearest(VECTORS[0], 5)[0] == []
        index.upsert([], np.empty((0, DIMENSIONS), np.float32))
        index.remove([])
        assert index.nearest(VECTORS[0], 5)[0] == []


def test_asked_for_more_than_it_holds_it_gives_all(tmp_path: Path) -> None:
    with open_index(tmp_path / "chroma") as index:
        index.upsert([7, 9], VECTORS[:2])
        assert index.nearest(VECTORS[0], 100)[0] == [7, 9]
        assert index.nearest(VECTORS[0], 0)[0] == []


def test_a_changed_vector_replaces_the_old_one(directory: Path) -> None:
    fresh = make_vectors(1, seed=99)[0]
    with open_index(directory) as index:
        index.upsert([5], fresh[None])
        assert index.nearest(fresh, 1)[0] == [5]
        assert index.nearest(VECTORS[4], 1)[0] != [5]
        assert index.count() == COUNT


def test_removed_numbers_are_found_no_more(directory: Path) -> None:
    with open_index(directory) as index:
        index.remove(range(1, 1001))
        index.remove([1, 2, 987654])
        assert index.numbers() == set(range(1001, COUNT + 1))
        for n in range(1, 1000, 100):
            numbers, _ = index.nearest(VECTORS[n - 1], 100)
            assert len(numbers) == 100
            assert min(numbers) > 1000


def test_clear_begins_again(directory: Path) -> None:
    with open_index(directory) as index:
        index.clear()
        assert index.count() == 0
        index.upsert([3], VECTORS[:1])
        assert index.nearest(VECTORS[0], 5)[0] == [3]


@pytest.mark.parametrize(
    ("numbers", "vectors"),
    [
        ([1], np.zeros((1, 3), np.float32)),
        ([1, 2], VECTORS[:1]),
        ([1], np.full((1, DIMENSIONS), np.nan, np.float32)),
    ],
    ids=["wrong length", "too few", "not a number"],
)
def test_refuses_vectors_that_are_none(
    tmp_path: Path, numbers: list[int], vectors: np.ndarray
) -> None:
    with open_index(tmp_path / "chroma") as index:
        with pytest.raises(BadInputError):
            index.upsert(numbers, vectors)
        assert index.count() == 0


def test_a_closed_index_says_so(directory: Path) -> None:
    index = open_index(directory)
    index.close()
    index.close()
    with pytest.raises(IndexDamagedError, match="closed"):
        index.nearest(VECTORS[0], 1)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VectorIndex]:
    with open_index(tmp_path_factory.mktemp("scratch") / "chroma") as index:
        yield index


@settings(max_examples=15, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.booleans(), st.lists(st.integers(1, 40), min_size=1, max_size=12)), max_size=8
    )
)
def test_holds_what_was_written_and_not_removed(
    scratch: VectorIndex, steps: list[tuple[bool, list[int]]]
) -> None:
    scratch.remove(scratch.numbers())
    held: dict[int, np.ndarray] = {}
    for step, (write, numbers) in enumerate(steps):
        unique = sorted(set(numbers))
        if write:
            rows = make_vectors(len(unique), seed=step)
            scratch.upsert(unique, rows)
            held.update(zip(unique, rows, strict=True))
        else:
            scratch.remove(unique)
            held = {n: row for n, row in held.items() if n not in unique}
        assert scratch.numbers() == set(held)
        assert scratch.count() == len(held)
        numbers_found, cosines = scratch.nearest(VECTORS[step], 50)
        for n, cosine in zip(numbers_found, cosines, strict=True):
            assert abs(float(held[n] @ VECTORS[step]) - cosine) < 1e-4


def test_questions_are_answered_while_another_thread_writes(directory: Path) -> None:
    rows = make_vectors(1200, seed=3)
    with open_index(directory) as index:
        writer = threading.Thread(target=index.upsert, args=(range(5000, 6200), rows))
        writer.start()
        answered = 0
        while writer.is_alive():
            assert index.nearest(VECTORS[answered % 50], 5)[0][0] == answered % 50 + 1
            answered += 1
        writer.join()
        assert answered > 3
        assert index.count() == COUNT + 1200


# -- one folder an embedder, one owner --------------------------------------------------------


def test_another_embedder_has_an_index_of_its_own(directory: Path) -> None:
    with open_index(directory) as old, open_index(directory, "other/model v2") as new:
        new.upsert([1], VECTORS[7:8])
        assert old.count() == COUNT
        assert new.nearest(VECTORS[7], 3)[0] == [1]
        old.close()
        new.drop(EMBEDDER)
        assert new.count() == 1
    assert probe_index(directory, 0, []).ok
    assert probe_index(directory, 1, [(1, VECTORS[7])], embedder="other/model v2").ok
    with open_index(directory) as again:
        assert again.count() == 0


def test_a_damaged_index_does_not_take_the_other_embedders_along(directory: Path) -> None:
    with open_index(directory, "other") as new:
        new.upsert([1], VECTORS[:1])
    damage_zeroed(find(directory, "data_level0.bin", "e5-small*"))
    assert not probe_index(directory).ok
    set_aside(directory, EMBEDDER)
    assert probe_index(directory, 1, [(1, VECTORS[0])], embedder="other").ok


def test_an_index_has_one_owner(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chroma_child, "_LOCK_SECONDS", 0.1)
    with open_index(directory) as index:
        with pytest.raises(CoreError, match="another process"):
            open_index(directory)
        with pytest.raises(CoreError, match="another process"):
            probe_index(directory)
        with pytest.raises(CoreError, match="open"):
            set_aside(directory)
        assert index.count() == COUNT
    assert probe_index(directory).ok


def test_the_other_dimensions_of_a_changed_embedder_are_damage(directory: Path) -> None:
    health = probe_index(directory, sample=[], dimensions=16)
    assert not health.ok
    assert "32 numbers, not of 16" in health.reason


# -- private, alone, light --------------------------------------------------------------------


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with open_index(tmp_path / "chroma") as index:
            index.upsert(NUMBERS, VECTORS)
            for path in [tmp_path / "chroma", *(tmp_path / "chroma").rglob("*")]:
                mode = stat.S_IMODE(path.stat().st_mode)
                assert mode == (0o700 if path.is_dir() else 0o600), path
    finally:
        os.umask(before)


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_opens_no_socket(tmp_path: Path) -> None:
    script = f"""
        import numpy as np
        from pathlib import Path
        from secondme.index.chroma import VectorIndex, probe
        where = Path({str(tmp_path / "chroma")!r})
        with VectorIndex.open(where, embedder="e", dimensions=4) as index:
            index.upsert([1, 2], np.eye(4, dtype=np.float32)[:2])
            index.nearest(np.ones(4, np.float32), 2)
        assert probe(where, [], 2, embedder="e", dimensions=4, timeout=60).ok
    """
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-e", "trace=socket,connect,bind", "-o", str(trace)]
    subprocess.run([*command, sys.executable, "-c", textwrap.dedent(script)], check=True)
    calls = [line for line in trace.read_text().splitlines() if "(" in line and "SIG" not in line]
    assert calls == []


def test_loads_neither_chromas_python_nor_its_models(directory: Path) -> None:
    script = f"""
        import sys
        from pathlib import Path
        from secondme.index.chroma import VectorIndex
        index = VectorIndex.open(Path({str(directory)!r}), embedder="e5-small", dimensions=32)
        maps = Path(f"/proc/{{index.pid}}/maps")
        loaded = maps.read_text() if maps.exists() else ""
        index.close()
        heavy = ("onnxruntime", "grpc", "tokenizers", "opentelemetry", "pydantic")
        assert not [name for name in heavy if name in loaded or name in sys.modules]
        assert not [name for name in sys.modules if name.startswith("chromadb")]
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True)


# -- weight -----------------------------------------------------------------------------------


def test_writing_the_same_again_does_not_grow_it(directory: Path) -> None:
    before = probe_index(directory).bytes_on_disk
    with open_index(directory) as index:
        for _ in range(10):
            index.upsert(NUMBERS, VECTORS)
    after = probe_index(directory)
    assert after.ok
    assert after.bytes_on_disk <= 1.05 * before


def test_writing_other_vectors_again_and_again_stays_bounded(tmp_path: Path) -> None:
    numbers = list(range(300))
    with open_index(tmp_path / "chroma") as index:
        for seed in range(8):
            index.upsert(numbers, make_vectors(300, seed))
        assert index.count() == 300
    sample = list(zip(numbers, make_vectors(300, 7), strict=True))
    health = probe_index(tmp_path / "chroma", 300, sample)
    assert health.ok, health.reason
    assert health.bytes_on_disk < expected_bytes(300, DIMENSIONS)


def test_an_index_as_it_should_be_weighs_what_is_due(directory: Path) -> None:
    health = probe_index(directory)
    assert health == chroma.Health(True, "", COUNT, health.bytes_on_disk, health.expected_bytes)
    assert health.expected_bytes / 8 < health.bytes_on_disk < health.expected_bytes


@pytest.mark.parametrize("name", ["link_lists.bin", "data_level0.bin", "chroma.sqlite3"])
def test_a_file_that_ran_away_is_not_even_opened(directory: Path, name: str) -> None:
    with find(directory, name).open("r+b") as file:
        file.truncate(1 << 40)
    health = probe_index(directory)
    assert not health.ok
    assert "MB are due" in health.reason


def test_a_file_that_runs_away_in_use_is_noticed(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chroma, "_WEIGH_EVERY", 100)
    with open_index(directory) as index:
        with find(directory, "link_lists.bin").open("r+b") as file:
            file.truncate(1 << 40)
        with pytest.raises(IndexDamagedError, match="MB are due"):
            index.upsert(range(5000, 5100), make_vectors(100, seed=1))


# -- damage -----------------------------------------------------------------------------------


def find(directory: Path, name: str, embedder: str = "*") -> Path:
    (path,) = directory.glob(f"{embedder}/**/{name}")
    return path


def damage_cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def damage_zeroed(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.write(bytes(size))


def damage_removed(path: Path) -> None:
    path.unlink()


def damage_grown(path: Path) -> None:
    with path.open("ab") as file:
        file.write(os.urandom(50_000))


DAMAGES = [damage_cut, damage_zeroed, damage_removed, damage_grown]


def is_whole(directory: Path) -> bool:
    """Whether vectors all over it find themselves."""
    with open_index(directory) as index:
        found = all(index.nearest(VECTORS[n - 1], 1)[0] == [n] for n in NUMBERS[::5])
        return found and index.numbers() == set(NUMBERS)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", DAMAGES, ids=lambda d: d.__name__[7:])
def test_damage_at_rest_is_found_or_does_no_harm(
    directory: Path, damage: Callable[[Path], None], name: str
) -> None:
    damage(find(directory, name))
    health = probe_index(directory)
    assert "\n" not in health.reason
    assert bool(health.reason) == (not health.ok)
    if health.ok:
        assert is_whole(directory)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", DAMAGES, ids=lambda d: d.__name__[7:])
def test_damage_in_use_gives_right_answers_or_an_error_and_is_found_later(
    directory: Path, damage: Callable[[Path], None], name: str
) -> None:
    numbers, rows = range(10_000, 11_100), make_vectors(1100, seed=8)
    sample = [*SAMPLE, *zip(numbers[::50], rows[::50], strict=True)]
    index = open_index(directory)
    damage(find(directory, name))
    try:
        assert index.nearest(VECTORS[10], 1)[0] == [11]
        index.upsert(numbers, rows)  # enough that the graph is flushed to its files
        assert index.nearest(VECTORS[10], 1)[0] == [11]
        assert index.nearest(rows[10], 1)[0] == [10_010]
    except IndexDamagedError:
        pass
    finally:
        index.close()
    health = probe_index(directory, COUNT + 1100, sample)
    if health.ok:
        with open_index(directory) as again:
            assert all(again.nearest(row, 1)[0] == [n] for n, row in sample)


def test_a_missing_index_is_found(directory: Path) -> None:
    shutil.rmtree(directory)
    assert not probe_index(directory).ok
    assert probe_index(directory, 0, []).ok


def test_a_few_more_or_less_are_left_to_reconciling(directory: Path) -> None:
    with open_index(directory) as index:
        index.remove(NUMBERS[:20])
    health = probe_index(directory)
    assert health.ok, health.reason
    assert health.count == COUNT - 20
    with open_index(directory) as index:
        index.remove(NUMBERS[: COUNT // 2])
    assert "not 1,500" in probe_index(directory).reason


def test_writes_that_are_never_taken_up_are_found(directory: Path) -> None:
    with closing(sqlite3.connect(find(directory, "chroma.sqlite3"))) as database, database:
        database.executemany(
            "insert into embeddings_queue (operation, topic, id) values (0, 'stuck', ?)",
            [(str(n),) for n in range(2500)],
        )
    assert "not taken up" in probe_index(directory).reason


def test_a_file_in_the_folders_place_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "chroma").write_text("not a folder")
    with pytest.raises(IndexDamagedError, match="cannot be used"):
        open_index(tmp_path / "chroma")


def test_vectors_that_answer_with_anothers_place_are_found(directory: Path) -> None:
    swapped = [(n, VECTORS[-n]) for n, _ in SAMPLE]
    assert "do not find themselves" in probe_index(directory, sample=swapped).reason


def test_exact_copies_stand_for_each_other(tmp_path: Path) -> None:
    numbers = list(range(600))
    rows = np.repeat(make_vectors(300), 2, axis=0)
    rows[:100] = rows[0]
    rows[100] = 0.0
    with open_index(tmp_path / "chroma") as index:
        index.upsert(numbers, rows)
    health = probe_index(tmp_path / "chroma", 600, list(zip(numbers, rows, strict=True)))
    assert health.ok, health.reason


def test_a_hanging_index_is_found(directory: Path) -> None:
    path = find(directory, "index_metadata.pickle")
    path.unlink()
    os.mkfifo(path)  # opening it waits for a writer that never comes
    began = time.monotonic()
    health = probe_index(directory, timeout=1.5)
    assert not health.ok
    assert "did not answer" in health.reason
    assert time.monotonic() - began < 30


def test_a_process_that_hangs_in_use_is_given_up(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chroma, "_ANSWER_SECONDS", 0.5)
    with open_index(directory) as index:
        assert index.pid is not None
        os.kill(index.pid, signal.SIGSTOP)
        with pytest.raises(IndexDamagedError, match="did not answer"):
            index.count()


def test_broken_it_is_set_aside_and_rebuilt(directory: Path) -> None:
    for _ in range(2):
        damage_zeroed(find(directory, "link_lists.bin"))
        assert not probe_index(directory).ok
        aside = set_aside(directory)
        assert aside.name.startswith("chroma.broken-")
        assert [p.name for p in directory.parent.iterdir()] == [aside.name]
        with open_index(directory) as index:
            index.upsert(NUMBERS, VECTORS)
        assert probe_index(directory).ok
        assert is_whole(directory)
    discard_aside(directory)
    assert [p.name for p in directory.parent.iterdir()] == ["chroma"]


# -- killed -----------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [0.05, 0.15, 0.35])
def test_chroma_killed_while_writing(directory: Path, after: float) -> None:
    numbers, rows = list(range(5000, 7500)), make_vectors(2500, seed=4)
    index = open_index(directory)
    acknowledged: set[int] = set()

    def write() -> None:
        for start in range(0, len(numbers), 64):
            try:
                index.upsert(numbers[start : start + 64], rows[start : start + 64])
            except IndexDamagedError:
                return
            acknowledged.update(numbers[start : start + 64])

    writer = threading.Thread(target=write)
    writer.start()
    time.sleep(after)
    assert index.pid is not None
    os.kill(index.pid, signal.SIGKILL)
    writer.join()
    index.close()
    assert len(acknowledged) < len(numbers)
    known = [*SAMPLE, *((n, rows[n - 5000]) for n in sorted(acknowledged)[::20])]
    health = probe_index(directory, COUNT + len(acknowledged), known)
    if not health.ok:
        set_aside(directory)
    with open_index(directory) as again:
        if health.ok:
            assert again.numbers() >= acknowledged | set(NUMBERS)
        again.upsert(NUMBERS, VECTORS)
        again.upsert(numbers, rows)
    known = [*SAMPLE, *((n, rows[n - 5000]) for n in numbers[::20])]
    health = probe_index(directory, COUNT + 2500, known)
    assert health.ok, health.reason


def test_its_owner_killed_while_writing_tears_nothing(directory: Path) -> None:
    script = f"""
        import numpy as np
        from pathlib import Path
        from secondme.index.chroma import VectorIndex
        index = VectorIndex.open(Path({str(directory)!r}), embedder="e5-small", dimensions=32)
        print("open", flush=True)
        rows = np.random.default_rng(1).standard_normal((100_000, 32)).astype(np.float32)
        index.upsert(range(100_000, 200_000), rows)
    """
    for _ in range(2):
        owner = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE
        )
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"open\n"
        time.sleep(0.5)
        owner.kill()
        owner.wait()
        with open_index(directory) as index:  # waits until the last owner has let go
            assert index.numbers() >= set(NUMBERS)
            count = index.count()
        health = probe_index(directory, count)
        assert health.ok, health.reason


# -- a Chroma server --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    command = Path(sys.executable).with_name("chroma")
    if not command.exists():
        pytest.skip("the chroma command is not installed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    home = tmp_path_factory.mktemp("server")
    process = subprocess.Popen(
        [command, "run", "--path", home / "data", "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=home,
    )
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            break
        except OSError:
            assert process.poll() is None, "the server ended at once"
            time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(20)


def test_a_server_does_as_the_embedded_one_does(server: str, tmp_path: Path) -> None:
    directory = tmp_path / "chroma"
    assert probe_index(directory, 0, [], server_url=server).ok
    with open_index(directory, server_url=server) as index:
        index.upsert(NUMBERS[:500], VECTORS[:500])
        index.upsert(NUMBERS[:500], VECTORS[:500])
        assert index.count() == 500
        assert index.numbers() == set(NUMBERS[:500])
        numbers, cosines = index.nearest(VECTORS[9], 20)
        assert numbers[0] == 10
        np.testing.assert_allclose(cosines, VECTORS[np.array(numbers) - 1] @ VECTORS[9], atol=1e-4)
        index.remove([10])
        assert index.nearest(VECTORS[9], 1)[0] != [10]
    health = probe_index(directory, 499, SAMPLE[1:30], server_url=server)
    assert health == chroma.Health(True, "", 499, 0, 0)
    swapped = [(n, VECTORS[-n]) for n, _ in SAMPLE[1:30]]
    assert not probe_index(directory, 499, swapped, server_url=server).ok
    with open_index(directory, server_url=server) as index:
        index.clear()
        assert index.count() == 0
    assert not list(directory.glob("**/*.bin"))


def test_memories_that_share_a_server_do_not_mix(server: str, tmp_path: Path) -> None:
    with (
        open_index(tmp_path / "mine", server_url=server) as mine,
        open_index(tmp_path / "yours", server_url=server) as yours,
        open_index(tmp_path / "mine", "other", server_url=server) as other,
    ):
        mine.upsert([1], VECTORS[:1])
        yours.upsert([1, 2], VECTORS[1:3])
        other.upsert([8], VECTORS[:1])
        assert mine.numbers() == {1}
        assert yours.numbers() == {1, 2}
        mine.drop("other")
        assert mine.numbers() == {1}
        with pytest.raises(IndexDamagedError):
            other.count()


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://host", "http://host/path"])
def test_a_server_address_that_is_none(tmp_path: Path, url: str) -> None:
    with pytest.raises(BadInputError, match="chroma_url"):
        open_index(tmp_path / "chroma", server_url=url)


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CoreError, match="does not answer"):
        open_index(tmp_path / "chroma", server_url="http://127.0.0.1:9")
