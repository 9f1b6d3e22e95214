"""The packed file of an embedder: whatever is wrong with it is one line, never a crash."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secondme.errors import ModelError
from secondme.model.e5_packed import PackedModel, Tokenizer
from secondme.model.embed import Embedder
from tests.model.packed_file import tiny_model


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("tiny") / "tiny.bin")


NOT_MODELS = {
    "empty": b"",
    "one byte": b"E",
    "only the magic": b"E5S1",
    "a text": b"Dear diary, " * 500,
    "a GGUF": b"GGUF" + bytes(5000),
    "zeros": b"E5S1" + bytes(5000),
    "ones": b"E5S1" + b"\xff" * 5000,
}


@pytest.mark.parametrize("data", NOT_MODELS.values(), ids=NOT_MODELS.keys())
def test_a_file_that_is_no_model_is_one_line(tmp_path: Path, data: bytes):
    path = tmp_path / "model.bin"
    path.write_bytes(data)
    with pytest.raises(ModelError) as caught:
        Embedder.open(path, tmp_path / "graphs", 1)
    assert str(path) in caught.value.line()
    assert "\n" not in caught.value.line()
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_file_or_a_folder_is_one_line(tmp_path: Path):
    for path in (tmp_path / "none.bin", tmp_path):
        with pytest.raises(ModelError, match="cannot be read"):
            PackedModel(path)


@pytest.mark.parametrize(
    "header",
    [
        {"width": 33},
        {"width": 64},
        {"layers": 2},
        {"heads": 5},
        {"inner": 32},
        {"vocabulary": 7},
        {"vocabulary": 41},
        {"positions": 2},
        {"positions": 17},
        {"types": 1},
        {"layers": -1},
        {"inner": 1 << 30},
    ],
    ids=str,
)
def test_a_header_that_does_not_fit_the_tensors_is_one_line(tmp_path: Path, header: dict[str, int]):
    path = tiny_model(tmp_path / "tiny.bin")
    data = bytearray(path.read_bytes())
    fields = ["width", "layers", "heads", "inner", "vocabulary", "positions", "types"]
    for name, value in header.items():
        struct.pack_into("<i", data, 8 + 4 * fields.index(name), value)
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"tiny\.bin"):
        Embedder.open(path, tmp_path / "graphs", 1)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    place=st.floats(0, 1, exclude_max=True),
    bits=st.integers(1, 255),
    cut=st.booleans(),
    head=st.booleans(),
)
@pytest.mark.filterwarnings("error")
def test_a_damaged_model_is_an_error_or_gives_vectors_and_nothing_else(
    tiny: Path, tmp_path: Path, place: float, bits: int, cut: bool, head: bool
):
    data = bytearray(tiny.read_bytes())
    at = int(place * (1200 if head else len(data)))
    if cut:
        del data[at:]
    else:
        data[at] ^= bits
    path = tmp_path / "damaged.bin"
    path.unlink(missing_ok=True)
    path.write_bytes(data)
    message, vectors = "", np.zeros(1)
    try:
        vectors = Embedder.open(path, tmp_path / "graphs", 1).passages(["ab a\tc", ""])
    except ModelError as error:
        message = error.line()
    assert np.isfinite(vectors).all()
    assert str(path) in message or not (cut or message)


def test_words_become_the_most_probable_pieces(tiny: Path):
    tokenizer = Tokenizer(PackedModel(tiny))
    mark, a, b, marked_a, unknown = 4, 5, 6, 7, 3
    assert tokenizer.ids("ab", 99) == [marked_a, b]
    assert tokenizer.ids("ba  a\ta", 99) == [mark, b, a, marked_a, marked_a]
    assert tokenizer.ids(" axa ", 99) == [marked_a, unknown, a, mark]
    assert tokenizer.ids("</s>", 99) == [mark, 2]
    assert tokenizer.ids("<unk>", 99) == [mark, *[unknown] * 5]
    assert tokenizer.ids("a a a a", 3) == [marked_a] * 3
