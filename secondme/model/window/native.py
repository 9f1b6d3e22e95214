"""The calls of ggml and of Linux that the window needs, through ctypes; nothing else knows of either."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
import numpy.typing as npt

from secondme.errors import ModelError
from secondme.model.window.disk import PAGE, SUPPORTED, memory

F32, Q4_0, Q8_0 = 0, 2, 8
_SOURCES = 10
_HEADER = 512
"""Bytes at the beginning of llama.cpp's context in which its parameters lie."""
_MAP_FIXED, _DONTNEED, _FREE = 0x10, 4, 8
_HUGEPAGE, _NOHUGEPAGE, _COLLAPSE = 14, 15, 25
_P, _Z, _I, _L = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int64

Floats = npt.NDArray[np.float32]

Callback = llama_cpp.ggml_backend_sched_eval_callback


class _InitParams(ctypes.Structure):
    _fields_ = [("size", _Z), ("buffer", _P), ("no_alloc", ctypes.c_bool)]


def _library(name: str) -> ctypes.CDLL:
    folder = Path(llama_cpp.__file__).parent / "lib"
    found = sorted(folder.glob(f"*{name}.*"), key=lambda path: len(path.name))
    if not found:
        raise ModelError(f"the library {name} of llama.cpp is not in {folder}")
    return ctypes.CDLL(str(found[0]))


def _declare(library: ctypes.CDLL, name: str, result: Any, *arguments: Any) -> Any:
    function = getattr(library, name)
    function.restype, function.argtypes = result, list(arguments)
    return function


_base, _cpu = _library("ggml-base"), _library("ggml-cpu")
_libc = ctypes.CDLL(None, use_errno=True)
_init = _declare(_base, "ggml_init", _P, _InitParams)
_free = _declare(_base, "ggml_free", None, _P)
_reset = _declare(_base, "ggml_reset", None, _P)
_new_2d = _declare(_base, "ggml_new_tensor_2d", _P, _P, _I, _L, _L)
_data = _declare(_base, "ggml_get_data", _P, _P)
_mul_mat = _declare(_base, "ggml_mul_mat", _P, _P, _P, _P)
_cast = _declare(_base, "ggml_cast", _P, _P, _P, _I)
_new_graph = _declare(_base, "ggml_new_graph", _P, _P)
_expand = _declare(_base, "ggml_build_forward_expand", None, _P, _P)
_compute = _declare(_cpu, "ggml_graph_compute_with_ctx", _I, _P, _P, _I)
_quantize = _declare(_base, "ggml_quantize_chunk", _Z, _I, _P, _P, _L, _L, _L, _P)
_tensor_get = _declare(_base, "ggml_backend_tensor_get", None, _P, _P, _Z, _Z)
data_of = _data
name_of = _declare(_base, "ggml_get_name", ctypes.c_char_p, _P)
bytes_of = _declare(_base, "ggml_nbytes", _Z, _P)
row_bytes = _declare(_base, "ggml_row_size", _Z, _I, _L)
if SUPPORTED:
    _mmap = _declare(_libc, "mmap", _P, _P, _Z, _I, _I, _I, ctypes.c_long)
    _malloc = _declare(_libc, "malloc", _P, _Z)
    _madvise = _declare(_libc, "madvise", _I, _P, _Z, _I)


def contents(tensor: int, kind: Any) -> npt.NDArray[Any]:
    """A copy of what a computed tensor holds, as an array of one dimension."""
    size = bytes_of(tensor)
    out = np.empty(size // np.dtype(kind).itemsize, kind)
    _tensor_get(tensor, out.ctypes.data, 0, size)
    return out


def quantize(values: Floats, kind: int, address: int) -> None:
    """Write rows of floats as rows of a ggml type."""
    rows, columns = values.shape
    _quantize(kind, values.ctypes.data, address, 0, rows, columns, None)


def view(address: int, size: int) -> npt.NDArray[np.uint8]:
    """The bytes at an address."""
    pointer = ctypes.cast(address, ctypes.POINTER(ctypes.c_uint8))
    return np.ctypeslib.as_array(pointer, (size,))


def floats_at(address: int, size: int) -> Floats:
    """The floats at an address."""
    pointer = ctypes.cast(address, ctypes.POINTER(ctypes.c_float))
    return np.ctypeslib.as_array(pointer, (size,))


class Workbench:
    """Room for one small computation of ggml's at a time, with its own kernels.

    Weights lie where the caller has them; ggml's tensors only point there.
    """

    def __init__(self, room: int, threads: int) -> None:
        self._threads = threads
        self._memory = memory(room)
        start = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        self._context = _init(_InitParams(room, start, False))

    def product(self, weights: npt.NDArray[np.uint8], kind: int, vectors: Floats) -> Floats:
        """`weights` (rows, bytes of a row of type `kind`) times a vector: one float for each row. Of
        several vectors (count, columns) the result is (count, rows).

        It is a view, valid until the next computation.
        """
        _reset(self._context)
        columns = vectors.shape[-1]
        w = self._tensor(weights, kind, columns)
        x = _new_2d(self._context, F32, columns, vectors.size // columns)
        floats_at(_data(x), vectors.size)[:] = vectors.reshape(-1)
        size = vectors.size // columns * len(weights)
        out = self._run(_mul_mat(self._context, w, x), size)
        return out.reshape(*vectors.shape[:-1], len(weights))

    def floats(self, weights: npt.NDArray[np.uint8], kind: int, columns: int) -> Floats:
        """Rows of a ggml type as floats (rows, columns): a view, valid until the next computation."""
        _reset(self._context)
        w = self._tensor(weights, kind, columns)
        if kind == F32:
            return floats_at(_data(w), len(weights) * columns).reshape(-1, columns)
        out = self._run(_cast(self._context, w, F32), len(weights) * columns)
        return out.reshape(-1, columns)

    def close(self) -> None:
        """Give its memory back; what it computed last is no longer valid."""
        _free(self._context)
        self._memory.close()

    def _tensor(self, weights: npt.NDArray[np.uint8], kind: int, columns: int) -> int:
        tensor: int = _new_2d(self._context, kind, columns, 1)
        return _pointed(tensor, weights.ctypes.data, len(weights), columns, kind)

    def _run(self, result: int, size: int) -> Floats:
        graph = _new_graph(self._context)
        _expand(graph, result)
        if _compute(self._context, graph, self._threads) != 0:
            raise MemoryError
        return floats_at(_data(result), size)


def sources_of(tensor: int) -> Iterator[int]:
    """The tensors that a tensor is computed from."""
    for n in range(_SOURCES):
        source = ctypes.c_void_p.from_address(tensor + _OFFSETS["src"] + 8 * n).value
        if source:
            yield source


def place_of(tensor: int) -> ctypes.c_void_p:
    """Where a tensor's data lies; its `value` can be set."""
    return ctypes.c_void_p.from_address(tensor + _OFFSETS["data"])


def callback_in(context: int, callback: Any) -> ctypes.c_void_p | None:
    """Where a context of llama.cpp keeps its callback: with a `value` of None there, passes run without.
    None where that is not found beyond doubt."""
    wanted = ctypes.cast(callback, _P).value
    places = [_P.from_address(context + n) for n in range(0, _HEADER, 8)]
    found = [place for place in places if place.value == wanted]
    return found[0] if len(found) == 1 else None


def _pointed(tensor: int, address: int, rows: int, columns: int, kind: int) -> int:
    """Let a tensor of one row be one of many that lie elsewhere, without a copy."""
    size = row_bytes(kind, columns)
    _L.from_address(tensor + _OFFSETS["ne"] + 8).value = rows
    for n in (2, 3):
        _Z.from_address(tensor + _OFFSETS["nb"] + 8 * n).value = size * rows
    place_of(tensor).value = address
    return tensor


def _find_offsets() -> dict[str, int]:
    """Where ggml's tensors keep their shape, strides, sources and data, found by looking at one.

    Raises `ModelError` when they cannot be found: a llama.cpp that is made otherwise.
    """
    context = _init(_InitParams(1 << 16, None, False))
    try:
        a, b = _new_2d(context, F32, 7, 5), _new_2d(context, F32, 7, 3)
        y = _mul_mat(context, a, b)
        size = 320
        words = list(range(0, size, 8))

        def at(tensor: int, values: tuple[int, ...]) -> int:
            row = [_Z.from_address(tensor + n).value for n in words]
            for n in range(len(row) - len(values)):
                if tuple(row[n : n + len(values)]) == values:
                    return 8 * n
            raise ModelError("this version of llama.cpp is not one that a memory budget works with")

        return {
            "ne": at(a, (7, 5, 1, 1)),
            "nb": at(a, (4, 28, 140, 140)),
            "src": at(y, (a, b, 0, 0)),
            "data": at(a, (_data(a),)),
        }
    finally:
        _free(context)


_OFFSETS = _find_offsets()


def mappings(path: Path) -> set[int]:
    """Where this process has a file mapped: the addresses of its first byte."""
    inode = str(path.stat().st_ino)
    starts = set()
    for line in Path("/proc/self/maps").read_text(encoding="ascii", errors="replace").splitlines():
        parts = line.split()
        if len(parts) > 5 and parts[4] == inode:
            starts.add(int(parts[0].split("-")[0], 16) - int(parts[2], 16))
    return starts


def replace_mapping(path: Path, but: set[int]) -> int:
    """Put empty anonymous memory in the place of the mapping of a file, the one not in `but`; its
    address.

    Tensors that lie in the mapping keep their addresses, and read as zeros until they are filled.
    """
    starts = list(mappings(path) - but)
    if len(starts) != 1:
        raise ModelError(f"{path} is not mapped as one piece: a memory budget does not work here")
    length = -(-path.stat().st_size // PAGE) * PAGE
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _MAP_FIXED | getattr(mmap, "MAP_NORESERVE", 0)
    if _mmap(starts[0], length, mmap.PROT_READ | mmap.PROT_WRITE, flags, -1, 0) != starts[0]:
        raise MemoryError
    prefer_small(starts[0], length)
    return starts[0]


def release(address: int, size: int) -> None:
    """Give whole pages of anonymous memory back; they read as zeros afterwards."""
    if size > 0:
        _madvise(address, size, _DONTNEED)


def advise(address: int, size: int, advice: int) -> None:
    """Tell the system how memory is used; it may not listen."""
    _madvise(address, size, advice)


def prefer_large(address: int, size: int) -> None:
    """Ask for large pages where memory (whole large pages) is first touched: with these, computing with
    weights is about a tenth faster."""
    _madvise(address, size, _HUGEPAGE)


def make_large(address: int, size: int) -> None:
    """Put memory into large pages, as far as it is not; Linux 6.1 can."""
    _madvise(address, size, _COLLAPSE)


def split_large(address: int, size: int) -> None:
    """Let the large pages in which a range that is given back next begins and ends be small ones: else
    they would stay whole."""
    _madvise(address, size, _FREE)


def prefer_small(address: int, size: int) -> None:
    """Ask for no large pages, of which each takes what 512 small ones do."""
    _madvise(address, size, _NOHUGEPAGE)


def allocated(size: int = 64) -> int:
    """Where so many bytes have just been allocated for good by this thread."""
    return int(_malloc(size))


def exchange(library: ctypes.CDLL, address: int, size: int, file: int) -> None:
    """Write memory to an empty file and put a private mapping of that in its place. `library` is the C
    library by which it is done. Raises `OSError`."""
    write = _declare(library, "write", ctypes.c_ssize_t, _I, _P, _Z)
    remap = _declare(library, "mmap", _P, _P, _Z, _I, _I, _I, ctypes.c_long)
    os.posix_fallocate(file, 0, size)
    done = 0
    while done < size:
        count = write(file, address + done, size - done)
        if count < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        done += count
    protection, flags = mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_PRIVATE | _MAP_FIXED
    if remap(address, size, protection, flags, file, 0) != address:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    os.fdatasync(file)  # what is on disk already can leave memory at once


def anonymous_bytes() -> int:
    """Memory of this process that the system cannot drop: anonymous, shared and locked, resident."""
    total = 0
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(("RssAnon:", "RssShmem:", "VmLck:")):
            total += int(line.split()[1]) * 1024
    return total


def trim() -> None:
    """Give back what the C library keeps of freed memory."""
    with contextlib.suppress(AttributeError):
        _libc.malloc_trim(0)
