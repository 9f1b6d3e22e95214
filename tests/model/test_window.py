"""The flash window: a model in a memory budget says the same words."""

from __future__ import annotations

import ctypes
import itertools
import multiprocessing
import os
import queue
import random
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from secondme.config import private_dir
from secondme.errors import BadInputError, ModelError, WorkerError
from secondme.model.chat import ChatTemplate, Completion, Message, Token
from secondme.model.clients import LanguageClient
from secondme.model.llama import LanguageModel
from secondme.model.window import disk, native, pressure
from secondme.model.window.layout import read_layout
from secondme.model.window.measured import Kept, remove_measured
from secondme.model.window.plan import Plan, foresee, ways_of
from secondme.model.window.shelf import Shelf
from tests.model.random_model import INNER, USED, VOCABULARY, WIDTH, WORDS, write_random_model

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the window works on Linux only")

KINDS = ("llama", "qwen2", "qwen3moe")
CONTEXT = 512
ASKED = [Message("user", " ".join(WORDS * 3))]
OTHER = [Message("user", "stone river letter letter lamp")]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small model of each kind with random weights."""
    folder = tmp_path_factory.mktemp("random")
    return {kind: write_random_model(folder / f"{kind}.gguf", kind, layers=6) for kind in KINDS}


@pytest.fixture(scope="module")
def plain(files: dict[str, Path]) -> dict[str, LanguageModel]:
    """The same models as llama.cpp has them, all in memory."""
    return {
        kind: LanguageModel(path, name=kind, threads=1, context=CONTEXT)
        for kind, path in files.items()
    }


def windowed(path: Path, budget: int = 0, context: int = CONTEXT) -> LanguageModel:
    """The model in a budget; without one, in the smallest that works."""
    budget = budget or smallest(path, context)
    return LanguageModel(
        path, name="w", threads=1, context=context, memory=budget, folder=path.parent / "kept"
    )


def let_win(way: str, path: Path) -> None:
    """Let it be measured that the next token is found faster by the "screen" or by the whole "matrix"."""
    kept = private_dir(path.parent / "kept")
    found = Kept(kept, path, threads=1)
    if not found.speeds:
        windowed(path)
    times = (
        {"screen": 1e-4, "product": 1.0} if way == "screen" else {"screen": 1.0, "product": 1e-4}
    )
    Kept(kept, path, threads=1).note(times)


def smallest(path: Path, context: int = CONTEXT) -> int:
    """The smallest budget that works, as the refusal of a smaller one says it."""
    with pytest.raises(BadInputError) as caught:
        LanguageModel(
            path, name="w", threads=1, context=context, memory=1_000_000, folder=path.parent / "k"
        )
    return int(caught.value.hint.split()[-2]) * 1_000_000


def say(model: LanguageModel, messages: list[Message] = ASKED, **options: Any) -> str:
    """The answer, to a prompt of which nothing is known from before: that is computed at once, and
    llama.cpp rounds otherwise for one token than for many."""
    list(model.chat([Message("user", "lamp" if messages is OTHER else "stone")], max_tokens=1))
    *_, last = model.chat(messages, **{"max_tokens": 40, **options})
    assert isinstance(last, Completion)
    return last.text


@pytest.mark.parametrize("way", ["screen", "matrix"])
@pytest.mark.parametrize("kind", KINDS)
class TestSameWords:
    @pytest.fixture(autouse=True)
    def _way(self, way: str, kind: str, files: dict[str, Path]) -> None:
        let_win(way, files[kind])

    def test_in_the_smallest_budget_and_in_a_large_one(
        self, kind: str, way: str, files: dict[str, Path], plain: dict[str, LanguageModel]
    ) -> None:
        expected = say(plain[kind])
        small = windowed(files[kind])
        assert say(small) == expected
        assert small.window is not None
        report = small.window.report()
        streams = any(cell["state"] != "stays" for cell in report["cells"])
        assert streams or report["experts"]["loaded"] < report["experts"]["all"]
        large = windowed(files[kind], 400_000_000)
        assert say(large) == expected
        assert large.window is not None
        assert large.window.plan.screened == (way == "screen")
        assert all(cell["state"] == "stays" for cell in large.window.report()["cells"])

    def test_drawn_by_chance_and_by_a_grammar(
        self, kind: str, files: dict[str, Path], plain: dict[str, LanguageModel]
    ) -> None:
        model = windowed(files[kind])
        for options in (
            {"temperature": 0.8, "seed": 3},
            {"grammar": 'root ::= (" river" | " stone" | " w5" [0-9])+'},
        ):
            assert say(model, **options) == say(plain[kind], **options)

    def test_while_the_budget_moves_at_random(
        self, kind: str, way: str, files: dict[str, Path], plain: dict[str, LanguageModel]
    ) -> None:
        model = windowed(files[kind])
        say(model, OTHER, max_tokens=1)
        assert model.window is not None
        least, chance = model.window.plan.smallest, random.Random(5)
        text, seen = "", set[bool]()
        for event in model.chat(ASKED, max_tokens=40):
            if isinstance(event, Token):
                text += event.text
                model.window.set_budget(least + chance.choice([0, 300_000, 900_000, 50_000_000]))
                seen.add(model.window.plan.screened)
        assert seen == ({True} if way == "screen" else {True, False})
        assert text == say(plain[kind])

    def test_however_long_the_prompt_is(
        self, kind: str, way: str, files: dict[str, Path], plain: dict[str, LanguageModel]
    ) -> None:
        model = windowed(files[kind])
        for words in (8, 14, 20, 25, 40, 55, 75):  # of some six tokens each
            text = " ".join(WORDS[n * n % len(WORDS)] for n in range(words))
            asked = [Message("user", text)]
            assert say(model, asked, max_tokens=8) == say(plain[kind], asked, max_tokens=8)

    def test_in_turn_and_after_one_was_cancelled(self, kind: str, files: dict[str, Path]) -> None:
        alone = LanguageModel(files[kind], name=kind, threads=1, context=CONTEXT)
        said = []
        for model in (windowed(files[kind]), alone):
            cancel, events = threading.Event(), []
            for event in model.chat(ASKED, max_tokens=40, cancel=cancel):
                events.append(event)
                if len(events) == 5:
                    cancel.set()
            assert isinstance(events[-1], Completion)
            assert events[-1].finish == "cancelled"
            said.append([say(model, messages) for messages in (OTHER, ASKED, OTHER)])
        assert said[0] == said[1]


def test_experts_that_are_not_chosen_are_not_read(files: dict[str, Path]) -> None:
    path = files["qwen3moe"]
    let_win("matrix", path)
    model = windowed(path, smallest(path) + VOCABULARY * WIDTH * 34 // 32)  # whose output can stay
    assert model.window is not None
    question = [Message("user", "river")]
    say(model, question, max_tokens=1)
    before = model.window.report()
    *_, last = model.chat(question, max_tokens=3, temperature=0)
    assert isinstance(last, Completion)
    assert last.reused_tokens == last.prompt_tokens - 1
    slices = 3 * (INNER * WIDTH * 34 // 32 + 2 * disk.PAGE)  # three matrices of 8 bits, at most
    matrix = VOCABULARY * WIDTH * 34 // 32
    others = sum(cell["bytes"] for cell in before["cells"]) + matrix + 2_000_000
    read = model.window.report()["bytes_read"] - before["bytes_read"]
    assert read <= 3 * (len(before["cells"]) * USED * slices + others)
    assert before["experts"]["all"] * slices > 3 * read


def test_a_lower_budget_is_obeyed_at_once(files: dict[str, Path]) -> None:
    model = windowed(files["llama"], 400_000_000)
    assert model.window is not None
    before = model.window.report()
    model.window.set_budget(before["smallest"])
    after = model.window.report()
    kept = [sum(c["bytes"] for c in r["cells"] if c["state"] == "stays") for r in (before, after)]
    assert kept[1] < kept[0] / 2
    assert after["used"] < before["used"]


def test_where_all_of_it_fits_llama_cpp_is_left_alone(files: dict[str, Path]) -> None:
    let_win("matrix", files["qwen2"])
    model = windowed(files["qwen2"], 400_000_000)
    assert model.window is not None
    list(model.chat(ASKED, max_tokens=1))
    before = model.window.report()
    list(model.chat(ASKED, max_tokens=20))
    after = model.window.report()
    assert after["screen"] is None
    assert after["bytes_read"] == before["bytes_read"]  # the embedding is the output matrix
    assert model.window.watch.asked == 0
    assert [after[part]["state"] for part in ("output", "embedding")] == ["stays", "stays"]


def test_a_file_in_pieces_says_what_to_do(tmp_path: Path, files: dict[str, Path]) -> None:
    path = shutil.copy(files["llama"], tmp_path / "m-00001-of-00002.gguf")
    with pytest.raises(ModelError, match="split into several files"):
        windowed(path, 100_000_000)


def test_what_is_measured_is_for_this_person_only(files: dict[str, Path]) -> None:
    windowed(files["llama"])
    kept = list((files["llama"].parent / "kept").iterdir())
    assert {p.suffix for p in kept} >= {".sketch", ".json"}
    assert all(p.stat().st_mode & 0o077 == 0 for p in kept)


def test_what_is_measured_goes_with_the_model(tmp_path: Path, files: dict[str, Path]) -> None:
    path = Path(shutil.copy(files["llama"], tmp_path / "model.gguf"))
    kept = tmp_path / "kept"
    windowed(path)
    size = sum(p.stat().st_size for p in kept.iterdir())
    assert remove_measured(kept, path) == size > 0
    assert list(kept.iterdir()) == []
    assert remove_measured(kept, path) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_plan_says_from_which_budget_on_all_of_the_model_stays(
    kind: str, files: dict[str, Path], tmp_path: Path
) -> None:
    layout = read_layout(files[kind])

    def planned(budget: int) -> Plan:
        return foresee(layout, budget, tmp_path, threads=1, context=128).plan

    most = planned(10_000_000_000)
    assert most.everything
    assert most.used <= most.whole
    assert planned(most.whole).used == most.used
    assert planned(most.whole).everything
    assert not planned(most.whole - 1_200_000).everything


def test_a_matrix_that_is_little_of_its_model_is_not_sketched(files: dict[str, Path]) -> None:
    layout = read_layout(files["llama"])
    assert ways_of(layout, True) == (True, False)
    assert ways_of(layout, False) == (False,)
    assert ways_of(replace(layout, size=20 * layout.output.size), True) == (False,)


def test_fixed_beginnings_are_kept_within_the_budget(
    files: dict[str, Path], tmp_path: Path
) -> None:
    beginning = Message("system", " ".join(WORDS * 4))
    said = []
    for budget in (0, 60_000_000):
        model = LanguageModel(
            files["llama"],
            name="w",
            threads=1,
            context=CONTEXT,
            memory=budget,
            folder=tmp_path / str(budget),
        )
        source = "{% for m in messages %}{{ m['content'] }}</s>{% endfor %}"
        model.template = ChatTemplate(source, model.vocabulary)
        for word in ("river", "stone", "river"):
            asked = [beginning, Message("user", word)]
            *_, last = model.chat(asked, max_tokens=5, fixed=1)
            assert isinstance(last, Completion)
            said.append((last.text, last.reused_tokens))
            list(model.chat(OTHER, max_tokens=3))
    assert said[:3] == said[3:]
    assert said[0][1] == 0
    assert said[2][1] >= 40
    assert model.window is not None
    assert model.window.report()["parts"]["states"] > 0
    assert model.window.plan.used <= model.window.budget


def start_and_end_threads(count: int) -> None:
    """Threads that allocate, all at once, and end: each leaves a heap to be used again."""
    together = threading.Barrier(count)

    def allocate() -> None:
        native.allocated(10_000)
        together.wait()

    threads = [threading.Thread(target=allocate) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def lie_on_the_shelf(folder: Path) -> None:
    """In a process of its own, as a worker is: in one with many threads a thread may share its heap."""

    def allocate() -> list[int]:
        places = [native.allocated(10_000) for _ in range(4000)]
        for n, place in enumerate(places):
            ctypes.memset(place, n % 251, 10_000)
        return places

    start_and_end_threads(6)
    before = native.anonymous_bytes()
    shelf = Shelf(folder)
    places = shelf.put(allocate)
    shelf.tidy()
    assert native.anonymous_bytes() - before < 5_000_000
    assert list(folder.iterdir()) == []
    for n, place in enumerate(places):
        assert ctypes.string_at(place, 10_000) == bytes([n % 251]) * 10_000
    ctypes.memset(places[7], 255, 10_000)
    shelf.tidy()
    assert ctypes.string_at(places[7], 10_000) == b"\xff" * 10_000
    assert ctypes.string_at(places[8], 10_000) == bytes([8]) * 10_000


class TestShelf:
    def test_what_lies_there_takes_no_memory_and_stays_what_it_is(self, tmp_path: Path) -> None:
        process = multiprocessing.get_context("spawn").Process(
            target=lie_on_the_shelf, args=(tmp_path,)
        )
        process.start()
        process.join(60)
        assert process.exitcode == 0

    def test_an_error_comes_through(self, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match="no model"):
            Shelf(tmp_path).put(lambda: failing("no model"))


def failing(text: str) -> None:
    raise ModelError(text)


class TestPressure:
    def test_the_budget_gives_way_and_comes_back(self, tmp_path: Path) -> None:
        path = write_random_model(tmp_path / "deep.gguf", "llama", layers=16)
        alone = LanguageModel(path, name="deep", threads=1, context=CONTEXT)
        model = windowed(path, 60_000_000)
        assert model.window is not None
        assert all(cell["state"] == "stays" for cell in model.window.report()["cells"])
        model.window.press(50_000_000)
        pressed = model.window.report()
        assert pressed["budget"] == 60_000_000
        assert pressed["smallest"] <= pressed["limit"] < 40_000_000
        assert any(cell["state"] != "stays" for cell in pressed["cells"])
        assert say(model) == say(alone)
        model.window.press(-500_000_000)
        assert model.window.report()["limit"] == 60_000_000
        assert all(cell["state"] == "stays" for cell in model.window.report()["cells"])

    def test_it_is_told_what_is_missing(self) -> None:
        told: queue.Queue[int] = queue.Queue()
        there, ended = iter([900, None, 1500]), threading.Event()
        thread = pressure.watch(
            1000, told.put, available=lambda: next(there, 1000), ended=ended, every=0.001
        )
        assert [told.get(timeout=30) for _ in range(3)] == [100, -500, 0]
        ended.set()
        thread.join(30)
        assert not thread.is_alive()

    def test_the_system_says_what_is_available(self) -> None:
        available = pressure.available_bytes()
        assert available is not None
        assert 0 < available < 1 << 50


class TestWorker:
    @pytest.fixture
    def path(self, tmp_path: Path, files: dict[str, Path]) -> Path:
        return Path(shutil.copy(files["llama"], tmp_path / "model.gguf"))

    @pytest.fixture
    def client(self, path: Path) -> Iterator[LanguageClient]:
        spec = {
            "name": "random",
            "path": str(path),
            "threads": 1,
            "context": CONTEXT,
            "budget_mb": smallest(path) / 1e6 + 1,
            "cache_dir": str(path.parent / "kept"),
        }
        with LanguageClient(spec, timeout=60, idle_after=0) as client:
            yield client

    def test_killed_while_it_streams_it_starts_again(self, client: LanguageClient) -> None:
        expected = client.complete_text(ASKED, max_tokens=20).text
        answer = client.chat(ASKED, max_tokens=400)
        next(answer)
        pid = client.status().pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(WorkerError, match="killed"):
            list(answer)
        assert client.complete_text(ASKED, max_tokens=20).text == expected

    def test_a_file_cut_short_fails_one_answer(self, client: LanguageClient, path: Path) -> None:
        expected = client.complete_text(ASKED, max_tokens=20).text
        whole = path.read_bytes()
        answer = client.chat(ASKED, max_tokens=400)
        next(answer)
        os.truncate(path, len(whole) // 3)
        with pytest.raises(WorkerError, match=r"cannot be read|has changed") as caught:
            list(itertools.chain(answer, client.chat(OTHER, max_tokens=40)))
        assert "\n" not in caught.value.line()
        path.write_bytes(whole)
        assert client.complete_text(ASKED, max_tokens=20).text == expected

    def test_its_memory_moves_while_it_runs(self, client: LanguageClient) -> None:
        client.complete_text(ASKED, max_tokens=3)
        pid = client.status().pid
        client.set_memory(300)
        assert client.status().budget_mb == 300
        residency = client.residency()
        assert residency is not None
        assert residency["budget"] == 300_000_000
        assert client.status().pid == pid
        with pytest.raises(BadInputError, match="too little"):
            client.set_memory(1)


@pytest.mark.models
@pytest.mark.slow
def test_a_real_model_stays_in_its_budget_and_says_the_same(smollm: Path, tmp_path: Path) -> None:
    spec = {"name": "small", "path": str(smollm), "threads": 1, "context": 1024}
    limited = {**spec, "budget_mb": 95, "cache_dir": str(tmp_path)}
    question = [Message("user", "Write three sentences about a ship and its crew.")]
    with (
        LanguageClient(spec, timeout=120, idle_after=0) as plain,
        LanguageClient(limited, timeout=120, idle_after=0) as client,
    ):
        client.complete_text(question, max_tokens=1)
        report = client.residency()
        assert report is not None
        highest, done = 0.0, threading.Event()

        def watch() -> None:
            nonlocal highest
            while not done.wait(0.01):
                highest = max(highest, client.status().anonymous_mb or 0.0)

        watching = threading.Thread(target=watch)
        watching.start()
        text = client.complete_text(question, max_tokens=40).text
        done.set()
        watching.join()
        assert text == plain.complete_text(question, max_tokens=40).text
        assert highest * 2**20 - report["interpreter"] <= 95_000_000
