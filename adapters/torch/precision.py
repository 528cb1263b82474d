"""What a gradient scaler does: its scale at each step and the steps it skipped."""

from __future__ import annotations

import sys
from typing import Any

from torch import Tensor

from expert.adapters.live.telemetry import Telemetry
from expert.adapters.torch.deferred import DeferredReads

MOST_FRAMES = 12


def scaler_at_work() -> Any:
    """The gradient scaler whose call takes this step of an optimizer; None where there is none."""
    frame = sys._getframe(1)
    for _ in range(MOST_FRAMES):
        if frame.f_back is None:
            return None
        frame = frame.f_back
        if frame.f_code.co_filename.endswith("grad_scaler.py"):
            return frame.f_locals.get("self")
    return None


class ScalerWatch:
    """Follows a ``torch.amp.GradScaler`` without asking it anything that would make the host wait.

    A skipped step shows as a scale that fell; with optimizers that are not fused it also shows in that the scaler was
    updated although the optimizer took no step.
    """

    def __init__(self, scaler: Any, telemetry: Telemetry, reads: DeferredReads) -> None:
        self._scaler, self._telemetry, self._reads = scaler, telemetry, reads
        self._states = getattr(scaler, "_per_optimizer_states", None)
        self._last = float(scaler.get_scale())

    @property
    def enabled(self) -> bool:
        """Whether it scales at all."""
        return bool(self._scaler.is_enabled())

    @property
    def scale(self) -> Tensor | None:
        """The current scale on its device, as it is: it changes in place."""
        scale = getattr(self._scaler, "_scale", None)
        return scale if isinstance(scale, Tensor) else None

    def was_updated(self) -> bool:
        """Whether ``scaler.update()`` ran since the last call: it leaves fresh books behind."""
        states = getattr(self._scaler, "_per_optimizer_states", None)
        changed = states is not self._states
        self._states = states
        return changed

    def record(self, at: int) -> None:
        """Record the scale after the update of step ``at``, and whether it fell, which means a skipped step."""
        if self.scale is not None:
            self._reads.read(self.scale.detach().clone().reshape(1), lambda numbers: self._take(at, numbers[0]))

    def _take(self, at: int, scale: float) -> None:
        skipped = scale < self._last
        self._last = scale
        self._telemetry.column("scaler.scale").append(at, scale)
        self._telemetry.column("scaler.skipped").append(at, float(skipped))
        if skipped:
            self._telemetry.event("skipped_step", at, f"the gradients were not finite; the scale fell to {scale:g}")
