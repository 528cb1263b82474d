"""In which mode a model is validated: seen in the forward passes between an epoch's last step and its report."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from expert.adapters.torch.forwards import hook_forwards

ENOUGH = 8
"""So many forward passes tell; then the hook comes off."""


class ModeLook:
    """Watches forward passes without gradients of the whole model. ``roots``: ids of the model and its wrappers."""

    def __init__(self, roots: set[int]) -> None:
        self._roots = roots
        self._handle: Any = None
        self._modes: list[bool] = []

    def arm(self) -> None:
        """Start watching."""
        if self._handle is None:
            self._modes.clear()
            self._handle = hook_forwards(self._hook)

    def disarm(self) -> bool | None:
        """Stop watching. Whether any pass was in evaluation mode; None where none was seen."""
        if self._handle is not None:
            self._handle.remove()
            self._handle = None
        # One pass in evaluation mode shows that the user knows of it; the others may be meant.
        seen = any(not training for training in self._modes) if self._modes else None
        self._modes.clear()
        return seen

    def _hook(self, module: nn.Module, _inputs: Any, _output: Any) -> None:
        if torch.compiler.is_compiling() or id(module) not in self._roots:
            return
        if torch.is_grad_enabled():
            return
        self._modes.append(module.training)
        if len(self._modes) >= ENOUGH and self._handle is not None:
            self._handle.remove()
            self._handle = None
