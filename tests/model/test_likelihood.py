"""How likely a text is after passages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from secondme.errors import ModelError
from secondme.model.clients import RankerClient
from secondme.model.likelihood import Likelihood

PAINTED = "Ana: I painted the lake at sunset.\nQuestion:"
BAKED = "Ben: The bread burnt again, and the oven is broken.\nQuestion:"
ASKED = " What did Ana paint?"


@pytest.fixture(scope="module")
def model(smollm: Path) -> Likelihood:
    return Likelihood(smollm, 1)


@pytest.mark.models
def test_a_question_is_likelier_after_what_answers_it(model: Likelihood) -> None:
    painted, baked = model.after([PAINTED, BAKED], ASKED)
    assert painted.sum() > baked.sum() + 3


@pytest.mark.models
def test_passages_read_together_come_out_as_each_by_itself(model: Likelihood) -> None:
    passages = [PAINTED, BAKED, "Question:", "Ana: " + "and so on " * 400, *[PAINTED] * 20]
    together = model.after(passages, ASKED)
    assert len(together) == len(passages) > 16, "more than are computed at once"
    for passage, odds in [*zip(passages, together, strict=True)][:4]:
        assert odds == pytest.approx(model.after([passage], ASKED)[0], abs=0.6)
    for odds in together[4:]:
        assert odds == pytest.approx(together[0], abs=0.6)


@pytest.mark.models
def test_a_long_text_is_cut_and_one_of_a_letter_is_read(model: Likelihood) -> None:
    assert len(model.after([PAINTED], " why?" * 1000)[0]) < 1000
    assert len(model.after([PAINTED], "y")[0]) == 1


@pytest.mark.models
def test_the_worker_makes_its_quicker_copy_once(smollm: Path, tmp_path: Path) -> None:
    quick = tmp_path / "converted" / "quick.gguf"
    spec = {"name": "small", "path": str(smollm), "quick": str(quick), "threads": 1}
    client = RankerClient(spec, timeout=60, idle_after=60)
    try:
        odds = client.after([PAINTED, BAKED], ASKED)
    finally:
        client.close()
    assert odds.shape[0] == 2
    assert np.isfinite(odds).all()
    assert [path.name for path in quick.parent.iterdir()] == ["quick.gguf"]


@pytest.mark.models
def test_a_damaged_file_is_one_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + b"\0" * 100)
    spec = {"name": "b", "path": str(broken), "quick": str(tmp_path / "q.gguf"), "threads": 1}
    client = RankerClient(spec, timeout=60, idle_after=60)
    try:
        with pytest.raises(ModelError, match=r"broken\.gguf"):
            client.after([PAINTED], ASKED)
    finally:
        client.close()
    assert not (tmp_path / "q.gguf").exists()
