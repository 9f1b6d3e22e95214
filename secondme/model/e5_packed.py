"""The packed file of an E5 embedder ("E5S1"): its header, its word pieces, its tensors, its tokenizer.

One file holds all of a multilingual-e5 model: a header, the pieces of its Unigram vocabulary with
their scores, a map of characters to their normal form, a directory, and the tensors as float32 or
Q4_0 (blocks of 32 weights: a float16 scale and 32 nibbles, the low ones first). It is read through a
memory map: of the word table, three quarters of the file, only rows in use are ever loaded.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import mmap
import re
import struct
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt

from secondme.errors import ModelError

Floats = npt.NDArray[np.float32]

_MAGIC = b"E5S1"
_BLOCK = 32
_Q4 = np.dtype([("scale", "<f2"), ("nibbles", "u1", _BLOCK // 2)])
_FLOAT32, _Q4_0 = 0, 1
_HEADER = ("width", "layers", "heads", "inner", "vocabulary", "positions", "types")
_MOST = 1 << 20
"""No number in the header of a model that fits this program is larger."""
_LARGEST = 1e6
"""No weight of a model that is whole is larger."""
_SPACES = re.compile(" {2,}")
_MARK = "\u2581"
"""Stands for the space before a word; a piece has it in front or not at all."""
_UNKNOWN_PENALTY = 10.0
_CACHED_WORDS, _CACHED_BYTES = 16_384, 64


class _Tensor(NamedTuple):
    kind: int
    weights: int
    offset: int
    size: int


class PackedModel:
    """An open packed file. Sizes are attributes, tensors come by name.

    `width` (of a vector), `layers`, `heads`, `inner` (of the feed-forward part) and `positions`
    (tokens that one pass can take) are the model's own; `bos`, `eos` and `unk` are token ids.
    Raises `ModelError` for a file that is missing, cut short, damaged where that can be seen, or no
    such file at all.
    """

    width: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    types: int

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {error.strerror or error}") from None
        except ValueError:
            self._refuse("it is empty")
        if self._data[:4] != _MAGIC:
            self._refuse("it does not begin like a packed E5 model")
        self._at = 8
        self._read_header()
        self._read_pieces()
        self._read_normal_forms()
        self._read_directory()
        self._words = self._q4("emb.word", self.vocabulary, self.width)
        places = self.floats("emb.pos", self.positions, self.width)
        self._places: Floats = places + self.floats("emb.type", self.types, self.width)[0]

    def floats(self, name: str, *shape: int) -> Floats:
        """A float32 tensor of this shape, read-only, as it lies in the file."""
        entry = self._entry(name, _FLOAT32, shape)
        values = np.frombuffer(self._data, "<f4", entry.weights, entry.offset)
        if not (np.abs(values) < _LARGEST).all():
            self._refuse(f"its tensor {name} is damaged")
        return values.reshape(shape)

    def matrix(self, name: str, rows: int, columns: int) -> Floats:
        """A Q4_0 matrix of this shape as float32."""
        return self._dequantised(self._q4(name, rows, columns))

    def rows(self, ids: list[int]) -> Floats:
        """The encoder's input for these token ids: words and places added, (len(ids), width)."""
        rows = self._dequantised(self._words[ids])
        rows += self._places[: len(ids)]
        return rows

    def pieces(self) -> tuple[dict[bytes, int], Floats]:
        """The vocabulary: UTF-8 of each piece → its id, and the scores (log probabilities) by id."""
        blob = self._text.tobytes()
        pairs = itertools.pairwise(self._offsets.tolist())
        return {blob[a:b]: number for number, (a, b) in enumerate(pairs)}, self._scores

    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, of all but the word table: what an encoder is made from."""
        digest = hashlib.sha256(self._data[: self._at])
        for name, tensor in self._entries.items():
            if name != "emb.word":
                digest.update(self._data[tensor.offset : tensor.offset + tensor.size])
        return digest.hexdigest()

    def release(self) -> None:
        """Take the file's pages out of this process's memory; the system's cache still has them."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self._data.madvise(mmap.MADV_DONTNEED)

    def _refuse(self, reason: str) -> NoReturn:
        raise ModelError(
            f"{self.path} cannot be used as an embedder: {reason}",
            hint="remove the model and fetch it again",
        )

    def _take(self, layout: str) -> tuple[Any, ...]:
        """The next values; `layout` is one of `struct`, little-endian without padding."""
        size = struct.calcsize("<" + layout)
        return struct.unpack_from("<" + layout, self._data, self._skip(size))

    def _array(self, kind: str, count: int) -> npt.NDArray[Any]:
        """The next `count` numbers, as they lie in the file."""
        dtype = np.dtype(kind)
        return np.frombuffer(self._data, dtype, count, self._skip(dtype.itemsize * count))

    def _skip(self, size: int) -> int:
        """Go on by this many bytes; returns where they begin."""
        if self._at + size > len(self._data):
            self._refuse("it is cut short")
        self._at += size
        return self._at - size

    def _read_header(self) -> None:
        for name, value in zip(_HEADER, self._take("7i"), strict=True):
            if not 0 < value <= _MOST:
                self._refuse(f"its {name} is {value}")
            setattr(self, name, value)
        self.epsilon, block = self._take("fi")
        if block != _BLOCK or self.width % _BLOCK or self.inner % _BLOCK:
            self._refuse("its weights are not in blocks of 32")
        if self.width % self.heads or self.positions < 3 or not 0 <= self.epsilon < 1:
            self._refuse("its header makes no sense")

    def _read_pieces(self) -> None:
        count, self.bos, self.eos, self._pad, self.unk, length = self._take("5iQ")
        special = (self.bos, self.eos, self._pad, self.unk)
        if not 0 < count <= self.vocabulary or not all(0 <= i < count for i in special):
            self._refuse("its vocabulary makes no sense")
        self._offsets = self._array("<u4", count + 1)
        self._scores: Floats = self._array("<f4", count)
        self._text = self._array("u1", length)
        sizes = np.diff(self._offsets.astype(np.int64))
        if self._offsets[0] != 0 or self._offsets[-1] != length or sizes.min() < 1:
            self._refuse("its word pieces are damaged")
        if not np.isfinite(self._scores).all() or not self._marks_lead():
            self._refuse("its word pieces are damaged")

    def _marks_lead(self) -> bool:
        """Whether the pieces are UTF-8 and none goes beyond a word, so that words stand alone."""
        text = self._text
        first, second, third = _MARK.encode()
        found = (text[:-2] == first) & (text[1:-1] == second) & (text[2:] == third)
        starts = np.zeros(len(text) + 1, bool)
        starts[self._offsets] = True
        cut = text[self._offsets[:-1]] & 0xC0 == 0x80
        try:
            text.tobytes().decode()
        except UnicodeDecodeError:
            return False
        return bool(starts[:-3][found].all()) and not cut.any()

    def _read_normal_forms(self) -> None:
        count, size = self._take("iI")
        end = self._at + size
        self.normal_forms: dict[int, str] = {0: ""}
        for _ in range(count):
            character, length = self._take("IB")
            form = self._take(f"{length}I")
            if max((character, *form)) > 0x10FFFF or self._at > end:
                self._refuse("its map of normal forms is damaged")
            self.normal_forms[character] = "".join(map(chr, form))
        if self._at != end:
            self._refuse("its map of normal forms is damaged")

    def _read_directory(self) -> None:
        self._entries: dict[str, _Tensor] = {}
        (count,) = self._take("i")
        for _ in range(count):
            name = self._array("u1", *self._take("H")).tobytes().decode("ascii", "replace")
            tensor = _Tensor(*self._take("BIQQ"))
            if tensor.offset + tensor.size > len(self._data):
                self._refuse("it is cut short")
            self._entries[name] = tensor

    def _entry(self, name: str, kind: int, shape: tuple[int, ...]) -> _Tensor:
        """The directory's entry, if it is of this kind and shape."""
        entry = self._entries.get(name)
        if entry is None:
            self._refuse(f"it has no tensor {name}")
        count = math.prod(shape)
        size = 4 * count if kind == _FLOAT32 else count // _BLOCK * _Q4.itemsize
        if (entry.kind, entry.weights, entry.size) != (kind, count, size):
            self._refuse(f"its tensor {name} is not of the size that its header says")
        return entry

    def _q4(self, name: str, rows: int, columns: int) -> npt.NDArray[Any]:
        entry = self._entry(name, _Q4_0, (rows, columns))
        blocks = np.frombuffer(self._data, _Q4, entry.weights // _BLOCK, entry.offset)
        return blocks.reshape(rows, columns // _BLOCK)

    def _dequantised(self, blocks: npt.NDArray[Any]) -> Floats:
        """Blocks of Q4_0, (rows, n), as float32, (rows, 32 n)."""
        rows, count = blocks.shape
        scales = blocks["scale"].astype(np.float32)
        if not np.isfinite(scales).all():
            self._refuse("its weights are damaged")
        weights = np.empty((rows, count, _BLOCK), np.float32)
        weights[..., : _BLOCK // 2] = blocks["nibbles"] & 15
        weights[..., _BLOCK // 2 :] = blocks["nibbles"] >> 4
        weights -= 8
        weights *= scales[..., None]
        return weights.reshape(rows, count * _BLOCK)


class Tokenizer:
    """Text to token ids: the most probable pieces of each word (Kudo 2018, Unigram).

    A general Unigram tokenizer takes 280 MB for these 250,000 pieces; here they are one dictionary
    of 35 MB, and words seen before are remembered, since no piece reaches beyond a word.
    """

    def __init__(self, packed: PackedModel) -> None:
        self._pieces, scores = packed.pieces()
        self._scores = scores.data
        self._unk = packed.unk
        self._pieces.pop(b"<unk>", None)
        self._unk_score = float(scores.min()) - _UNKNOWN_PENALTY
        self._longest = max(map(len, self._pieces))
        self._normal_forms = packed.normal_forms
        self._cache: dict[str, tuple[int, ...]] = {}

    def ids(self, text: str, limit: int) -> list[int]:
        """The first `limit` token ids of the text, without the marks of its begin and end."""
        try:
            text.encode()
        except UnicodeEncodeError:
            # Halves of a surrogate pair: two that belong together are joined, lone ones replaced.
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        words = _SPACES.sub(" ", text.translate(self._normal_forms)).removeprefix(" ").split(" ")
        ids: list[int] = []
        for word in words:
            ids += self._cache.get(word) or self._word(word)
            if len(ids) >= limit:
                return ids[:limit]
        return ids

    def _word(self, word: str) -> tuple[int, ...]:
        data = (_MARK + word).encode()
        ids = self._best(data)
        if len(data) <= _CACHED_BYTES:
            if len(self._cache) >= _CACHED_WORDS:
                self._cache.clear()
            self._cache[word] = ids
        return ids

    def _best(self, word: bytes) -> tuple[int, ...]:
        """The pieces with the greatest sum of scores (Viterbi); an unknown character is `unk`."""
        find, scores, longest = self._pieces.get, self._scores, self._longest
        cuts = [i for i, byte in enumerate(word) if byte & 0xC0 != 0x80]
        cuts.append(len(word))
        last = len(cuts) - 1
        best = [0.0] + [-float("inf")] * last
        chosen = [(0, self._unk)] * (last + 1)
        for i in range(last):
            start, here = cuts[i], best[i]
            for j in range(i + 1, last + 1):
                if cuts[j] - start > longest:
                    break
                piece = find(word[start : cuts[j]])
                if piece is not None and here + scores[piece] > best[j]:
                    best[j], chosen[j] = here + scores[piece], (i, piece)
            if here + self._unk_score > best[i + 1]:
                best[i + 1], chosen[i + 1] = here + self._unk_score, (i, self._unk)
        ids = []
        while last:
            last, piece = chosen[last]
            ids.append(piece)
        return tuple(reversed(ids))
