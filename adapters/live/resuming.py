"""A run's record in a checkpoint, and back."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expert.errors import SourceError
from expert.history import History

FORMAT = "training-expert run"
VERSION = 1

Bytes = NDArray[np.uint8]


def state_of(
    history: History, updates: int, epochs: int, seconds: float, packed: Callable[[Bytes], Any] = np.asarray
) -> dict[str, Any]:
    """The state as plain numbers and the record's bytes (uint8), as an array or what ``packed`` makes of one."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "run.expert")
        history.save(file)
        recorded = np.frombuffer(bytearray(file.read_bytes()), dtype=np.uint8)
    return {
        "format": FORMAT,
        "version": VERSION,
        "updates": updates,
        "epochs": epochs,
        "seconds": seconds,
        "history": packed(recorded),
    }


def restored(
    state: Mapping[str, Any], unpacked: Callable[[Any], Bytes] = np.asarray
) -> tuple[History, int, int, float]:
    """History, steps, epochs and seconds out of a state; raises `SourceError` where it is something else."""
    if not isinstance(state, Mapping) or state.get("format") != FORMAT:
        raise SourceError(f"load_state_dict: expected what run.state_dict() returned, got {type(state).__name__}.")
    if state.get("version") != VERSION:
        raise SourceError(
            f"load_state_dict: the state has version {state.get('version')!r}, but this release reads {VERSION}."
        )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "run.expert")
        file.write_bytes(np.asarray(unpacked(state["history"]), dtype=np.uint8).tobytes())
        history = History.load(file)
    return history, int(state["updates"]), int(state["epochs"]), float(state["seconds"])
