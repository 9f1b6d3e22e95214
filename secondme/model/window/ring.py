"""Weights on their way: read in a circle into a ring of memory, as far ahead of their use as it reaches.

The ring's memory is touched once and kept: giving pages back and having them anew for each read takes
longer than the reading itself.
"""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Iterator, Sequence

from secondme.model.window import native
from secondme.model.window.disk import AT_ONCE, LARGE, PAGE, PIECE, Piece, Reader, memory
from secondme.model.window.spans import Span, length


class Ring:
    """Reads parts of a file in a circle. For one thread; reading goes on while that computes.

    `most` is the most memory that it may ever be given, in bytes.
    """

    def __init__(self, reader: Reader, most: int) -> None:
        self._reader = reader
        self._most = most
        self._memory = memory(most + 2 * LARGE)  # touched as far as it is used
        start = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        self._base = -(-start // LARGE) * LARGE
        self._parts: list[list[Span]] = []
        self.size = self.bytes_read = self.taken = 0
        self._begin_anew()

    def arrange(self, parts: Sequence[list[Span]], size: int) -> None:
        """Read these parts, each some ranges of whole pages, with so many bytes of memory, or as many as
        the largest part has. Nothing of what was read before is there any more."""
        self._reader.settle()
        self._parts = list(parts)
        largest = max(map(length, parts), default=0)
        size = max(min(size, self._most) // PAGE * PAGE, largest) if parts else 0
        if size < self.size:
            native.release(self._base + size, self.size - size)
        elif size > self.size:
            native.prefer_large(self._base, size // LARGE * LARGE)
            ctypes.memset(self._base + self.size, 0, size - self.size)
        self.size = size
        self._begin_anew()

    def again(self) -> None:
        """Begin the circle anew."""
        self._reader.settle()
        self._begin_anew()

    def take(self) -> list[int]:
        """Wait for the next part; where its ranges lie until the next call. Raises `OSError`."""
        number, self.taken = self.taken, self.taken + 1
        self._places.pop(number - 1, None)
        self._read_on()
        while self._missing[number]:
            for mark in self._reader.ended():
                self._missing[mark] -= 1
            self._read_on()
        del self._missing[number]
        at = self._base + self._places[number] % self.size
        sizes = [end - start for start, end in self._parts[number % len(self._parts)]]
        return [at + before for before in itertools.accumulate(sizes[:-1], initial=0)]

    def give(self) -> None:
        """The part taken last has been used."""
        if self._places.pop(self.taken - 1, None) is not None:
            self._read_on()

    def close(self) -> None:
        """Give the file back."""
        self._reader.close()

    def ahead(self) -> range:
        """The numbers, counted on around the circle, of the parts in use, read and being read."""
        return range(max(self.taken - 1, 0), self._begun)

    def _begin_anew(self) -> None:
        self.taken = self._begun = 0
        self._places: dict[
            int, int
        ] = {}  # of parts in memory: how far along the ring, laps counted
        self._missing: dict[int, int] = {}  # pieces that are to come
        self._pieces = self._circle() if self._parts else iter(())
        self._next = next(self._pieces, None)

    def _read_on(self) -> None:
        """Begin the reads for which there is room."""
        pieces: list[Piece] = []
        floor = min(self._places.values(), default=0)
        room = AT_ONCE - self._reader.flying
        while self._next is not None and len(pieces) < room:
            piece = self._next
            if piece.address + piece.size > floor + self.size:
                break
            self._begun = piece.mark + 1
            pieces.append(piece._replace(address=self._base + piece.address % self.size))
            self.bytes_read += piece.size
            self._next = next(self._pieces)
        self._reader.begin(pieces)

    def _circle(self) -> Iterator[Piece]:
        """Pieces without end; their addresses are how far along the ring they lie, laps counted."""
        at = 0
        for number in itertools.count():
            spans = self._parts[number % len(self._parts)]
            size = length(spans)
            left = self.size - at % self.size
            if size > left:  # a part lies in one piece
                at += left
            self._places[number] = at
            self._missing[number] = sum(-(-(end - start) // PIECE) for start, end in spans)
            for start, end in spans:
                for offset in range(start, end, PIECE):
                    piece = Piece(number, offset, at, min(PIECE, end - offset))
                    yield piece
                    at += piece.size
