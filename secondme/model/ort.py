"""ONNX Runtime as every model here uses it: on the CPU, one thread for each text, quiet, and without
telemetry."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from secondme.errors import ModelError

# Before it is loaded: otherwise it sends word of its use to its makers, under an id that it keeps.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime

_SEPARATELY = ["SkipLayerNormFusion"]
"""Add and LayerNormalization apart are faster, with an embedder's graph four times."""


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def opened(graph: Path | bytes, name: str) -> Any:
    """A session for a graph, a file or its bytes; `name` is what an error calls it.

    Raises `ModelError` when it cannot be loaded.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.enable_mem_pattern = False  # It would keep a plan for each length.
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(
            graph if isinstance(graph, bytes) else str(graph),
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=_SEPARATELY,
        )
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise ModelError(f"{name} cannot be loaded: {reason}", hint="remove it") from None
