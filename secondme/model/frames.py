"""The frames in which a model worker and the process that uses it talk, over the worker's pipes.

A frame is `[u32 header length][u32 payload length][JSON header][payload]`, little-endian.

- To the worker: an opening frame `{"open": {"role", "spec"}}`, then requests `{"id", "method",
  "params"}` with a payload, and `{"id", "cancel": true}`.
- From it: `{"is": "ready", "info"}` once the model is loaded; for each request `{"is": "start"}` when
  its turn comes, any number of `{"is": "part", "value"}`, and one `{"is": "done", "value"}` with a
  payload or `{"is": "error", "kind", "message", "hint"}`, all with the request's id. An error without
  an id, or with `"fatal": true`, is the worker's last word.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping
from typing import IO, Any

from secondme.errors import BadInputError

HEADER_LIMIT = 16 << 20
PAYLOAD_LIMIT = 256 << 20
_LENGTHS = struct.Struct("<II")


class FrameError(Exception):
    """Bytes on a pipe that are not a frame."""


def encode_frame(header: Mapping[str, Any], payload: bytes = b"") -> bytes:
    """One frame as bytes. Raises `BadInputError` when it is larger than a frame may be."""
    head = json.dumps(header, default=os.fspath, separators=(",", ":")).encode("ascii")
    if len(head) > HEADER_LIMIT or len(payload) > PAYLOAD_LIMIT:
        raise BadInputError(
            f"{(len(head) + len(payload)) >> 20} MB are too much for one request to a model",
            hint=f"at most {HEADER_LIMIT >> 20} MB of text at once",
        )
    return _LENGTHS.pack(len(head), len(payload)) + head + payload


def read_frame(pipe: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    """The next frame's header and payload, or None at the end of the pipe.

    Raises `FrameError` for lengths beyond the limits and for a header that is not a JSON object.
    """
    lengths = pipe.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    head_length, payload_length = _LENGTHS.unpack(lengths)
    if head_length > HEADER_LIMIT or payload_length > PAYLOAD_LIMIT:
        raise FrameError(f"a frame of {head_length} + {payload_length} bytes")
    head, payload = pipe.read(head_length), pipe.read(payload_length)
    if len(head) < head_length or len(payload) < payload_length:
        return None
    try:
        header = json.loads(head)
    except (ValueError, RecursionError):
        raise FrameError("a header that is not JSON") from None
    if not isinstance(header, dict):
        raise FrameError("a header that is not a JSON object")
    return header, payload
