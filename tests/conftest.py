"""Fixtures of all tests: the real models, fetched once to where they are kept, and the demo life."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from secondme import config
from secondme.model import catalog
from secondme.model.fetch import fetch
from tests.home import Done, Home

if (
    sys.platform == "linux"
):  # each model in a budget takes a heap of its own, and here there are many
    ctypes.CDLL(None).mallopt(-8, 1 << 20)

DEMO = Path(__file__).parents[1] / "assets" / "demo"


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """Where fetched models are kept; `SECONDME_MODELS_DIR` moves it."""
    return config.load().models_dir


@pytest.fixture(scope="session")
def smollm(models_dir: Path) -> Path:
    """The small language model."""
    return fetch(catalog.find("smollm2-135m"), models_dir)


@pytest.fixture(scope="session")
def qwen(models_dir: Path) -> Path:
    """The default language model."""
    return fetch(catalog.find("default"), models_dir)


@pytest.fixture(scope="session")
def e5_packed(models_dir: Path) -> Path:
    """The default embedder, packed."""
    return fetch(catalog.find("e5-small"), models_dir)


@pytest.fixture(scope="session")
def parser_packed(models_dir: Path) -> Path:
    """The parser of English, packed."""
    return fetch(catalog.find("en-core-web-sm"), models_dir)


@pytest.fixture(scope="session")
def taken_in(
    tmp_path_factory: pytest.TempPathFactory,
    models_dir: Path,
    e5_packed: Path,
    qwen: Path,
    parser_packed: Path,
) -> Iterator[tuple[Home, Done]]:
    """A memory with the demo life and the default models, and what the command said that took it in."""
    home = Home(tmp_path_factory.mktemp("demo"), models=str(models_dir))
    try:
        yield home, home.run("add", "--wait", "--json", str(DEMO), timeout=600)
    finally:
        home.stop()


@pytest.fixture(scope="session")
def demo(taken_in: tuple[Home, Done]) -> Home:
    """The demo life, taken in once for all tests that leave it as it is."""
    return taken_in[0]
