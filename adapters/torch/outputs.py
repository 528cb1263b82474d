"""How much the outputs of a model differ from sample to sample on the steps that are looked at."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from expert.adapters.live.telemetry import Telemetry
from expert.adapters.torch.deferred import DeferredReads

FEWEST_SAMPLES = 4
MOST_SAMPLES = 64
MOST_NUMBERS = 256
"""So many numbers of each sample, evenly placed, tell how it differs from the others."""


class OutputSpread:
    """Measures the standard deviation over samples of what a model returns, as a share of its size: both are root mean
    squares over all numbers. It is 0 where every sample gets the same output.
    """

    def __init__(self, telemetry: Telemetry, reads: DeferredReads) -> None:
        self._telemetry, self._reads = telemetry, reads
        self._spread: Tensor | None = None

    @torch.no_grad()
    def see(self, outputs: Iterable[Tensor]) -> None:
        """Measure the first output that holds real numbers of several samples, which lie along its first axis."""
        found = next((one for one in outputs if _tells(one)), None)
        if found is None:
            return
        numbers = found.detach()[:MOST_SAMPLES].flatten(1)
        numbers = numbers[:, :: -(-numbers.shape[1] // MOST_NUMBERS)].float()
        varying = numbers.var(0, correction=0).mean()
        self._spread = (varying / numbers.square().mean()).sqrt()

    def hand_over(self, at: int | None) -> None:
        """Record what was seen in step ``at`` (None: the step did not take place) and forget it."""
        spread, self._spread = self._spread, None
        if spread is not None and at is not None:
            self._reads.read(spread.reshape(1), lambda numbers: self._record(at, numbers[0]))

    def _record(self, at: int, spread: float) -> None:
        if not math.isnan(spread):  # outputs that are all 0 have no size
            self._telemetry.column("output.spread").append(at, spread)


def _tells(output: Tensor) -> bool:
    return (
        output.layout is torch.strided
        and not output.is_nested
        and output.is_floating_point()
        and output.dim() >= 2
        and output.shape[0] >= FEWEST_SAMPLES
        and output.numel() > 0
    )


def tensors_of(output: Any, depth: int = 2) -> Iterator[Tensor]:
    """The tensors of what a model returns: one, or some in tuples, lists and mappings."""
    if isinstance(output, Tensor):
        yield output
    elif depth and isinstance(output, tuple | list | Mapping):
        for part in output.values() if isinstance(output, Mapping) else output:
            yield from tensors_of(part, depth - 1)
