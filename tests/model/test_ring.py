"""Reading in a circle into a ring of memory, whatever the sizes of parts and ring."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from secondme.model.window import disk, native
from secondme.model.window.disk import PAGE, PIECE, Reader
from secondme.model.window.ring import Ring
from secondme.model.window.spans import Span, length, merged, without

PAGES = 1200


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of random bytes that ends within a page."""
    path = tmp_path_factory.mktemp("ring") / "weights"
    path.write_bytes(os.urandom(PAGES * PAGE - 100))
    return path


@pytest.fixture(params=["by the system", "by threads"])
def reader(request: pytest.FixtureRequest, file: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    if request.param == "by threads":  # as where the system has no calls for it
        monkeypatch.setattr(disk, "_NUMBERS", {})
    return Reader(file)


def some_parts(chance: random.Random, count: int) -> list[list[Span]]:
    """Parts of one to three ranges of pages."""
    parts = []
    for _ in range(count):
        edges = sorted(chance.sample(range(PAGES + 1), 2 * chance.randint(1, 3)))
        pages = zip(edges[::2], edges[1::2], strict=True)
        parts.append([(a * PAGE, min(b, a + 300) * PAGE) for a, b in pages])
    return parts


def test_parts_come_in_turn_and_whole(file: Path, reader: Reader) -> None:
    data, chance = file.read_bytes() + bytes(100), random.Random(1)
    ring = Ring(reader, 16 << 20)
    for turn in range(12):
        parts = some_parts(chance, chance.randint(1, 9))
        size = max(map(length, parts)) + chance.choice([0, PAGE, PIECE, 4 * PIECE])
        ring.arrange(parts, size)
        for n in range(20):
            places = ring.take()
            for (start, end), at in zip(parts[n % len(parts)], places, strict=True):
                assert native.view(at, end - start).tobytes()[:-100] == data[start : end - 100]
            assert n in ring.ahead()
            if chance.random() < 0.5:
                ring.give()
        if turn % 3 == 0:
            ring.again()
            (start, end), *_ = parts[0]
            assert native.view(ring.take()[0], PAGE).tobytes() == data[start : start + PAGE]
    ring.close()


def test_it_reads_ahead_as_far_as_it_reaches(file: Path) -> None:
    reader = Reader(file)
    ring = Ring(reader, 16 << 20)
    ring.arrange([[(n * 10 * PAGE, (n + 1) * 10 * PAGE)] for n in range(100)], 70 * PAGE)
    ring.take()
    assert ring.ahead() == range(7)
    ring.give()
    assert ring.ahead() == range(8)
    ring.close()


def test_a_file_cut_short_is_an_error_and_the_ring_goes_on(
    tmp_path: Path, file: Path, reader: Reader
) -> None:
    path = tmp_path / "weights"
    path.write_bytes(file.read_bytes())
    reader.close()
    reader = Reader(path)
    ring = Ring(reader, 16 << 20)
    ring.arrange([[(0, 2 * PIECE)], [(2 * PIECE, 4 * PIECE)]], 2 * PIECE)
    os.truncate(path, PIECE)
    with pytest.raises(OSError, match="shorter"):
        ring.take()
    path.write_bytes(file.read_bytes())
    ring.again()
    assert len(ring.take()) == 1
    ring.close()


def test_ranges_without_others() -> None:
    chance = random.Random(2)
    for _ in range(200):
        sets = []
        for _ in range(2):
            edges = sorted(chance.sample(range(40), 8))
            sets.append(list(zip(edges[::2], edges[1::2], strict=True)))
        one, other = sets
        left = without(one, other)
        numbers = [{n for a, b in spans for n in range(a, b)} for spans in (one, other, left)]
        assert numbers[2] == numbers[0] - numbers[1]
        assert length(merged(one + other)) == len(numbers[0] | numbers[1])
