"""Models that other programs have put on the machine are found where those programs keep them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secondme.model.discover import discover
from secondme.model.gguf import BadHeaderError, read_header
from tests.model.gguf_file import gguf, write_gguf


def environment(home: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(home), "OLLAMA_MODELS": str(home / ".ollama" / "models"), **more}


def put_in_ollama(root: Path, name: str, data: bytes, *, manifests: str = "manifests") -> Path:
    digest = hashlib.sha256(data).hexdigest()
    blob = write_gguf(root / "blobs" / f"sha256-{digest}", data)
    manifest = root / manifests / name
    manifest.parent.mkdir(parents=True, exist_ok=True)
    layers = [
        {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}"},
        {"mediaType": "application/vnd.ollama.image.license", "digest": "sha256:" + "0" * 64},
    ]
    manifest.write_text(json.dumps({"schemaVersion": 2, "layers": layers}))
    return blob


def test_a_header_says_what_the_model_is(tmp_path):
    header = read_header(write_gguf(tmp_path / "m.gguf"))
    assert header.name == "Tiny"
    assert header.architecture == "llama"
    assert header.parameters == 64 * 3 + 64
    assert header.context == 8192


def test_ollama_models_are_found_through_their_manifests(tmp_path):
    root = tmp_path / ".ollama" / "models"
    blob = put_in_ollama(root, "registry.ollama.ai/library/llama3.2/1b", gguf())
    other = gguf({"general.architecture": "qwen2", "general.name": "Q"})
    put_in_ollama(root, "hf.co/someone/tuned/latest", other)
    found, skipped = discover(environ=environment(tmp_path))
    assert [f.name for f in found] == ["hf.co/someone/tuned:latest", "llama3.2:1b"]
    assert found[1].path == blob
    assert found[1].tool == "ollama"
    assert found[1].size == blob.stat().st_size
    assert skipped == []


def test_newer_ollama_manifests_that_list_others_are_followed(tmp_path):
    root = tmp_path / ".ollama" / "models"
    blob = put_in_ollama(root, "h/library/kept/child", gguf())
    child = (root / "manifests/h/library/kept/child").read_bytes()
    digest = hashlib.sha256(child).hexdigest()
    (root / "blobs" / f"sha256-{digest}").write_bytes(child)
    shutil.rmtree(root / "manifests")
    listing = root / "manifests-v2/registry.ollama.ai/library/new/4b"
    listing.parent.mkdir(parents=True)
    listing.write_text(
        json.dumps(
            {
                "mediaType": "application/vnd.ollama.manifest.list.v2+json",
                "manifests": [{"digest": digest, "runner": "llamacpp"}, {"runner": "mlx"}],
            }
        )
    )
    found, _ = discover(environ=environment(tmp_path))
    assert [(f.name, f.path) for f in found] == [("new:4b", blob)]


def test_ollama_models_lie_where_its_variable_says(tmp_path):
    put_in_ollama(tmp_path / "elsewhere", "registry.ollama.ai/library/a/b", gguf())
    env = environment(tmp_path, OLLAMA_MODELS=str(tmp_path / "elsewhere"))
    assert [f.name for f in discover(environ=env)[0]] == ["a:b"]


@pytest.mark.parametrize("folder", [".lmstudio/models", ".cache/lm-studio/models"])
def test_lm_studio_models_are_found(tmp_path, folder):
    path = write_gguf(tmp_path / folder / "publisher" / "repo" / "m-Q4_K_M.gguf")
    found, _ = discover(environ=environment(tmp_path))
    assert [(f.tool, f.name, f.path) for f in found] == [
        ("lm-studio", "publisher/repo/m-Q4_K_M.gguf", path)
    ]


def test_lm_studio_may_have_moved_its_home(tmp_path):
    (tmp_path / ".lmstudio-home-pointer").write_text(f"{tmp_path / 'big disk'}\n")
    write_gguf(tmp_path / "big disk" / "models" / "p" / "r" / "m.gguf")
    assert [f.name for f in discover(environ=environment(tmp_path))[0]] == ["p/r/m.gguf"]


@pytest.mark.parametrize(
    ("variable", "value", "root"),
    [
        ("", "", ".cache/huggingface/hub"),
        ("HF_HOME", "hf", "hf/hub"),
        ("HF_HUB_CACHE", "cache", "cache"),
        ("XDG_CACHE_HOME", "xdg", "xdg/huggingface/hub"),
    ],
)
def test_the_hub_cache_is_found_wherever_it_is(tmp_path, variable, value, root):
    repo = tmp_path / root / "models--Qwen--Qwen3-4B-GGUF"
    blob = write_gguf(repo / "blobs" / "abc")
    link = repo / "snapshots" / "0123" / "sub" / "q4.gguf"
    link.parent.mkdir(parents=True)
    link.symlink_to(blob)
    env = environment(tmp_path) | ({variable: str(tmp_path / value)} if variable else {})
    found, _ = discover(environ=env)
    assert [(f.tool, f.name, f.path) for f in found] == [
        ("hub", "Qwen/Qwen3-4B-GGUF/q4.gguf", link)
    ]


def test_a_given_folder_alone_is_searched(tmp_path):
    write_gguf(tmp_path / ".lmstudio/models/p/r/m.gguf")
    write_gguf(tmp_path / "mine" / "deep" / "x.gguf")
    found, _ = discover(tmp_path / "mine", environ=environment(tmp_path))
    assert [(f.tool, f.name) for f in found] == [("folder", "deep/x.gguf")]


def test_a_file_that_several_programs_share_is_listed_once(tmp_path):
    path = write_gguf(tmp_path / ".lmstudio/models/p/r/m.gguf")
    (path.parent / "again.gguf").symlink_to(path)
    assert len(discover(environ=environment(tmp_path))[0]) == 1


def test_a_model_in_pieces_is_one_model(tmp_path):
    for number in (1, 2, 3):
        write_gguf(tmp_path / f"big-0000{number}-of-00003.gguf", gguf(body=bytes([number]) * 100))
    found, skipped = discover(tmp_path)
    assert [f.path.name for f in found] == ["big-00001-of-00003.gguf"]
    assert found[0].size == sum(p.stat().st_size for p in tmp_path.iterdir())
    assert found[0].header.parameters == 3 * (64 * 3 + 64)
    assert skipped == []


def test_what_cannot_be_used_is_passed_over_with_a_reason(tmp_path):
    whole = gguf()
    write_gguf(tmp_path / "big-endian.gguf", b"GGUF" + struct.pack(">I", 3) + whole[8:])
    write_gguf(tmp_path / "cut.gguf", whole[:80])
    write_gguf(tmp_path / "empty.gguf", b"")
    write_gguf(tmp_path / "old.gguf", b"GGUF" + struct.pack("<I", 1) + whole[8:])
    write_gguf(tmp_path / "part-00001-of-00002.gguf")
    write_gguf(tmp_path / "text.gguf", b"this is not a model at all, it is a text")
    write_gguf(tmp_path / "vast.gguf", b"GGUF" + struct.pack("<IQQ", 3, 1, 2**63) + b"\0" * 50)
    write_gguf(tmp_path / "vision.gguf", gguf({"general.architecture": "clip"}))
    write_gguf(tmp_path / "embedder.gguf", gguf({"general.architecture": "nomic-bert"}))
    lora = {"general.architecture": "llama", "general.type": "adapter"}
    write_gguf(tmp_path / "lora.gguf", gguf(lora))
    write_gguf(tmp_path / "nameless.gguf", gguf({}))
    (tmp_path / "gone.gguf").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder.gguf").mkdir()
    os.mkfifo(tmp_path / "pipe.gguf")
    found, skipped = discover(tmp_path)
    assert found == []
    assert {s.name.removesuffix(".gguf"): s.reason for s in skipped} == {
        "big-endian": "made for a big-endian machine",
        "cut": "cut short",
        "empty": "too short to be a model",
        "old": "GGUF version 1, and 2 and 3 can be read",
        "part-00001-of-00002": "a piece of it is missing",
        "text": "not a GGUF file",
        "vast": "damaged: a count is beyond all bounds",
        "vision": "an image encoder that goes with another model",
        "embedder": "an embedder",
        "lora": "not a whole model but of the kind 'adapter'",
        "nameless": "it names no architecture",
        "gone": "the file is gone",
        "folder": "not a plain file",
        "pipe": "not a plain file",
    }


def test_damaged_manifests_do_not_stop_the_search(tmp_path):
    root = tmp_path / ".ollama" / "models"
    put_in_ollama(root, "registry.ollama.ai/library/good/1", gguf())
    for name, text in {
        "bad1": "not json",
        "bad2": "[]",
        "bad3": '{"layers": [3, {"mediaType": "application/vnd.ollama.image.model"}]}',
        "bad4": '{"layers": [{"mediaType": "application/vnd.ollama.image.model", "digest": "../../x"}]}',
    }.items():
        manifest = root / "manifests/registry.ollama.ai/library" / name / "1"
        manifest.parent.mkdir()
        manifest.write_text(text)
    found, _ = discover(environ=environment(tmp_path))
    assert [f.name for f in found] == ["good:1"]


def test_nothing_installed_is_nothing_found(tmp_path):
    assert discover(tmp_path / "absent") == ([], [])


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_header_is_a_reason_and_never_worse(tmp_path_factory, data):
    whole = bytearray(gguf())
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    path = tmp_path_factory.getbasetemp() / "damaged.gguf"
    path.write_bytes(bytes(whole[:cut]))
    with suppress(BadHeaderError):
        read_header(path)


def test_what_a_model_says_of_itself_cannot_reach_the_terminal(tmp_path):
    fields = {"general.architecture": "llama", "general.name": "a\x1b[31mb\n" + "c" * 999}
    header = read_header(write_gguf(tmp_path / "m.gguf", gguf(fields)))
    assert header.name.startswith("a[31mbccc")
    assert len(header.name) == 200
