"""The losses of the steps, kept without making a device wait."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expert.adapters.live.telemetry import Telemetry
from expert.adapters.tensorflow.reads import DeferredReads


class Losses:
    """Losses by step. ``broken`` is the first (step, loss) that is not finite, until somebody takes it."""

    def __init__(self, telemetry: Telemetry, reads: DeferredReads) -> None:
        self._telemetry, self._reads = telemetry, reads
        self._column = telemetry.column("train.loss", phase="train", reduction="last_batch", direction="lower")
        self._ever_broken = False
        self.broken: tuple[int, float] | None = None

    def take(self, at: int, loss: Any) -> None:
        """Take a number, a tensor of one number or the losses of the samples, whose mean and spread are taken."""
        self._reads.read(loss, lambda numbers: self._arrived(at, numbers))

    def _arrived(self, at: int, losses: NDArray[np.float64]) -> None:
        if not losses.size:
            return
        if losses.size > 1:
            spread = float(losses.std(ddof=1)) / math.sqrt(losses.size)
            self._telemetry.column("batch.loss_std").append(at, spread)
        value = float(losses.mean())
        self._column.append(at, value)
        if not math.isfinite(value) and not self._ever_broken:
            self._ever_broken = True
            self.broken = at, value
