"""Fixtures of all tests: the real models, fetched once to where they are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from secondme import config
from secondme.model import catalog
from secondme.model.fetch import fetch


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
