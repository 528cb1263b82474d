"""How much of the gradient of a recurrent layer reaches each time step of its input."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from expert.adapters.live.telemetry import Telemetry
from expert.adapters.torch.deferred import DeferredReads


class GradientThroughTime:
    """Measures ‖∂loss/∂x_t‖ for the time steps t of what goes into the first recurrent layer of a forward pass, and
    tells how many steps there are.

    The former needs an input which itself depends on parameters, as behind an embedding or a linear layer; raw data
    get no gradient, and nothing is changed to make them get one.
    """

    def __init__(self, telemetry: Telemetry, reads: DeferredReads) -> None:
        self._telemetry, self._reads = telemetry, reads
        self._norms: Tensor | None = None
        self._handle: Any = None

    def watch(self, module: nn.Module, inputs: Any) -> None:
        """Ask the input of a recurrent layer for its gradient, once a step."""
        x = inputs[0] if inputs else None
        if self._telemetry.model.sequence_length is None and (steps := _time_steps(module, x)):
            self._telemetry.know("model", sequence_length=steps)
        if self._handle is not None or not isinstance(x, Tensor) or not x.requires_grad or x.dim() != 3 or x.is_leaf:
            return
        time_axis = 1 if getattr(module, "batch_first", False) else 0
        tensor: Any = x  # its method for hooks has no types
        self._handle = tensor.register_hook(lambda gradient: self._take(gradient, time_axis))

    def hand_over(self, at: int | None) -> None:
        """Record what was measured in step ``at`` (None: the step did not take place) and forget it."""
        norms, self._norms = self._norms, None
        if self._handle is not None:
            self._handle.remove()
            self._handle = None
        if norms is not None and at is not None:
            self._reads.read(norms, lambda numbers: self._record(at, numbers))

    def _record(self, at: int, numbers: list[float]) -> None:
        self._telemetry.row("time_step_gradient_norm", at, {f"t{time}": norm for time, norm in enumerate(numbers)})

    @torch.no_grad()
    def _take(self, gradient: Tensor, time_axis: int) -> None:
        self._norms = torch.linalg.vector_norm(gradient.float().movedim(time_axis, 0).flatten(1), dim=1)


def _time_steps(module: nn.Module, x: Any) -> int | None:
    """Of the longest sequence that a recurrent layer was given."""
    if isinstance(x, PackedSequence):
        return len(x.batch_sizes)
    if not isinstance(x, Tensor) or x.dim() not in (2, 3):
        return None
    return int(x.shape[1 if x.dim() == 3 and getattr(module, "batch_first", False) else 0])
