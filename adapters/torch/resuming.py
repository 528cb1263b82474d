"""A run's record in a checkpoint, as a tensor of bytes, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from expert.adapters.live import resuming
from expert.history import History


def state_of(history: History, updates: int, epochs: int, seconds: float) -> dict[str, Any]:
    """The state as plain numbers and one tensor of bytes, which `torch.load(..., weights_only=True)` admits."""
    return resuming.state_of(history, updates, epochs, seconds, torch.from_numpy)


def restored(state: Mapping[str, Any]) -> tuple[History, int, int, float]:
    """History, steps, epochs and seconds out of a state; raises `SourceError` where it is something else."""
    return resuming.restored(state, lambda recorded: recorded.cpu().numpy())
