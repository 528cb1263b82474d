"""How large the numbers are that a model is given and that it is to give, on the first steps that are looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from expert.adapters.live.seen_samples import MOST_COLUMNS, SeenInputs, SeenTargets
from expert.adapters.live.telemetry import Telemetry
from expert.adapters.torch.deferred import DeferredReads
from expert.adapters.torch.loss_graph import LossGraph

COMPARED = 3
"""So many batches are compared with their targets."""
MOST_SAMPLES = 64
"""Of one batch so many samples are looked at."""
MOST_PLACES = 32
"""Of each axis of places, as height and width, so many or fewer than twice as many, evenly placed."""
AXES = {nn.Conv1d: 3, nn.Conv2d: 4, nn.Conv3d: 5}
TARGET_LOSSES = frozenset({nn.MSELoss, nn.L1Loss, nn.SmoothL1Loss, nn.HuberLoss, nn.BCELoss, nn.BCEWithLogitsLoss})
"""Losses whose second argument holds the numbers that the model is to give."""


class InputWatch:
    """Looks at what the first layer of weights in a forward pass is given, where that comes from the data.

    What a model does to its inputs before, as normalizing them, has been done there.
    """

    def __init__(self, telemetry: Telemetry, reads: DeferredReads) -> None:
        self._seen, self._reads = SeenInputs(telemetry), reads
        self._first = True
        """No layer was called yet in this forward pass."""

    def begin(self) -> None:
        """A forward pass begins, or has ended."""
        self._first = True

    def pass_by(self) -> None:
        """A layer was called that is not looked at, as one that is not trained: what follows sees no inputs."""
        self._first = False

    @torch.no_grad()
    def see(self, layer: nn.Module, inputs: Any) -> None:
        """A layer with weights was called with these inputs."""
        first, self._first = self._first, False
        if not first or not self._seen.wanted or not isinstance(inputs, tuple) or not inputs:
            return
        x = inputs[0]
        axes = AXES.get(type(layer))  # type: ignore[arg-type]
        if not _tells(x) or x.requires_grad or (axes is not None and x.dim() != axes):
            return
        columns = _table(x, 1 if axes is not None else -1)
        samples, cells = len(_evenly(x)), len(columns)
        zeros = (columns == 0.0).double().mean()
        told = torch.cat([columns.mean(0), columns.var(0, correction=0), zeros.reshape(1)])
        width = columns.shape[1]
        self._reads.read(
            told,
            lambda numbers: self._seen.take(samples, cells, numbers[:width], numbers[width:-1], numbers[-1]),
        )


class TargetWatch:
    """Looks at the targets that a loss is given or, where that is not seen, at those of the batch."""

    def __init__(self, telemetry: Telemetry, reads: DeferredReads) -> None:
        self._telemetry, self._reads = telemetry, reads
        self._seen = SeenTargets(telemetry)

    def see_loss(self, inputs: Any) -> None:
        """A loss of `TARGET_LOSSES` was called with outputs and targets."""
        if isinstance(inputs, tuple) and len(inputs) > 1:
            self._take(inputs[1], sure=True)

    def see_batch(self, targets: Any) -> None:
        """A batch with these targets was handed over."""
        if not self._seen.from_loss:
            self._take(targets, sure=False)

    @torch.no_grad()
    def _take(self, targets: Any, *, sure: bool) -> None:
        if not self._seen.wanted or not _tells(targets) or targets.requires_grad:
            return
        columns = _table(targets if targets.dim() > 1 else targets[:, None], -1)
        samples, cells, width = len(_evenly(targets)), len(columns), columns.shape[1]
        ends = torch.stack([columns.min(), columns.max(), (columns == columns.round()).all().double()])
        told = torch.cat([columns.mean(0), columns.var(0, correction=0), ends])

        def use(numbers: list[float]) -> None:
            low, high, whole = numbers[-3:]
            means, variances = numbers[:width], numbers[width:-3]
            self._seen.take(samples, cells, means, variances, (low, high, whole > 0.5), sure=sure)

        self._reads.read(told, use)


class CopyWatch:
    """Tells whether the targets of batches are their own tokens, place for place."""

    def __init__(self, telemetry: Telemetry, reads: DeferredReads, loss_graph: LossGraph) -> None:
        self._telemetry, self._reads, self._loss_graph = telemetry, reads, loss_graph
        self._left = COMPARED if telemetry.data.targets_are_inputs is None else 0

    @torch.no_grad()
    def see(self, batch: Any, x: Any, y: Any) -> None:
        """A batch with these inputs and targets was handed over."""
        if not self._left or not isinstance(x, Tensor) or not isinstance(y, Tensor):
            return
        whole = not (x.is_floating_point() or x.is_complex() or y.is_floating_point() or y.is_complex())
        if not whole or x.dim() < 2 or x.shape != y.shape or x.device != y.device or not x.numel() or x.is_nested:
            return
        self._left -= 1
        # Models that are given a mapping like this one shift the labels themselves, as does who compares fewer.
        rows = self._loss_graph.rows
        if (isinstance(batch, Mapping) and "input_ids" in batch) or (rows is not None and rows < y.numel()):
            self._left = 0
            return
        self._reads.read((x == y).all().float().reshape(1), self._compared)

    def _compared(self, numbers: list[float]) -> None:
        same = numbers[0] > 0.5
        if not same or self._telemetry.data.targets_are_inputs is None:
            self._telemetry.know("data", targets_are_inputs=same)
        self._left = self._left if same else 0


def _tells(numbers: Any) -> bool:
    return (
        isinstance(numbers, Tensor)
        and numbers.layout is torch.strided
        and not numbers.is_nested
        and numbers.is_floating_point()
        and numbers.dim() >= 1
        and numbers.numel() > 0
        and numbers.device.type in ("cpu", "cuda")
    )


def _evenly(numbers: Tensor) -> Tensor:
    """At most `MOST_SAMPLES` of the samples, evenly placed: the first ones of an ordered batch do not stand for it."""
    return numbers[:: -(-len(numbers) // MOST_SAMPLES)]


def _table(numbers: Tensor, axis: int) -> Tensor:
    """(cells, columns) in double precision: of some samples, at some places, the columns along ``axis``."""
    few = _evenly(numbers.detach()).movedim(axis, -1)
    for middle in range(1, few.dim() - 1):
        few = few.transpose(0, middle)[:: max(1, few.shape[middle] // MOST_PLACES)].transpose(0, middle)
    few = few[..., :: -(-few.shape[-1] // MOST_COLUMNS)]
    return few.reshape(-1, few.shape[-1]).double()
