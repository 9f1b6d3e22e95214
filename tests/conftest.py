"""Fixtures of all tests: the real models, fetched once to where they are kept, and the demo life."""

from __future__ import annotations

import ctypes
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from secondme import config
from secondme.model import catalog
from secondme.model.fetch import fetch
from tests.home import Done, Home

if (
    sys.platform == "linux"
):  # each model in a budget takes a heap of its own, and here there are many
    ctypes.CDLL(None).mallopt(-8, 1 << 20)


_TOGETHER = {
    "tests/memory/test_facts_parsed.py": "tests/e2e/test_with_models.py",
    "tests/tui/test_moment_flows.py": "tests/tui/test_flows.py",
}
"""Files that share a memory with the demo life with another."""


def pytest_configure() -> None:
    """Let what tests start be stopped with Ctrl-C: the processes that share the tests out ignore it, and
    their children would inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that have slow tests go first, so that none is still at it when all else is done."""
    slow = {_file(item.nodeid) for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: _file(item.nodeid) not in slow)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each process whole files: what the tests of a file share is made once."""
    from xdist.scheduler import LoadScopeScheduling

    class Files(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _file(nodeid)

    return Files(config, log)


def _file(nodeid: str) -> str:
    file = nodeid.partition("::")[0]
    return _TOGETHER.get(file, file)


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
def ranker_packed(models_dir: Path) -> Path:
    """The models that rank, packed."""
    return fetch(catalog.find("ranker"), models_dir)


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
