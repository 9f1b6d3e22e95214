"""Run a command that is killed at once if it, or any child, opens an internet socket (Linux).

    python -m tests.e2e.sealed COMMAND [ARGUMENT ...]

A seccomp filter, which children inherit and nobody can take off again: native code cannot get past it.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

_NUMBERS = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}  # audit arch, socket(2)
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_AF_INET, _AF_INET6 = 2, 10
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER = 38, 22, 2


def available() -> bool:
    """Whether this machine has such filters."""
    return sys.platform == "linux" and platform.machine() in _NUMBERS


def seal() -> None:
    """Put the filter on this process. Raises `OSError` when the system does not allow it."""
    arch, number = _NUMBERS[platform.machine()]
    program = [
        (_LOAD, 0, 0, 4),  # the architecture
        (_EQUAL, 0, 5, arch),
        (_LOAD, 0, 0, 0),  # the call
        (_EQUAL, 0, 3, number),
        (_LOAD, 0, 0, 16),  # its first argument, the address family
        (_EQUAL, 2, 0, _AF_INET),
        (_EQUAL, 1, 0, _AF_INET6),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _KILL),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *step) for step in program))
    filter_ = ctypes.create_string_buffer(
        struct.pack("<HxxxxxxQ", len(program), ctypes.addressof(code))
    )
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in (
        (_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (_PR_SET_SECCOMP, _FILTER, filter_, 0, 0),
    ):
        if libc.prctl(*arguments):
            raise OSError(ctypes.get_errno(), "no seccomp filter can be set here")


if __name__ == "__main__":
    seal()
    os.execv(sys.argv[1], sys.argv[1:])
