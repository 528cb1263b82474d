"""Whether a loss compares outputs and targets of one shape, or spreads the one over the other."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from expert.adapters.live.telemetry import Telemetry

ELEMENTWISE = frozenset({nn.MSELoss, nn.L1Loss, nn.SmoothL1Loss, nn.HuberLoss, nn.PoissonNLLLoss, nn.SoftMarginLoss})
"""Losses that compare number by number, and that PyTorch lets broadcast."""


class LossShapes:
    """Looks at what such a loss is given: N outputs in a column and N targets in a row make N x N differences."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry

    def see(self, inputs: Any) -> None:
        """A loss was called with outputs and targets."""
        if not isinstance(inputs, tuple) or len(inputs) < 2:
            return
        outputs, targets = inputs[:2]
        if not isinstance(outputs, Tensor) or not isinstance(targets, Tensor) or min(outputs.dim(), targets.dim()) < 1:
            return
        spread = outputs.shape != targets.shape and outputs.numel() > 1 and targets.numel() > 1
        if self._telemetry.config.loss_broadcast is not True:
            self._telemetry.know("config", loss_broadcast=spread)
