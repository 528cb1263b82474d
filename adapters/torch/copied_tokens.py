"""How often a model of tokens answers with the very token it is given, on the steps that are looked at."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from expert.adapters.live.telemetry import Telemetry
from expert.adapters.torch.deferred import DeferredReads

MOST_SEQUENCES = 8
MOST_SCORES = 1 << 22
"""So many scores are searched for the largest at most: 64 places of a vocabulary of 65 536."""


class CopiedTokens:
    """Measures the share of places where the likeliest token is the one that stands there."""

    def __init__(self, telemetry: Telemetry, reads: DeferredReads) -> None:
        self._telemetry, self._reads = telemetry, reads
        self._share: Tensor | None = None

    @torch.no_grad()
    def see(self, inputs: Any, output: Any) -> None:
        """A model was given ``inputs`` and returned ``output``: tokens (n, places), and scores (n, places, tokens)."""
        tokens = inputs[0] if isinstance(inputs, tuple) and inputs else None
        if not isinstance(tokens, Tensor) or not isinstance(output, Tensor) or not output.is_floating_point():
            return
        if tokens.is_floating_point() or tokens.is_complex() or tokens.dtype == torch.bool or tokens.is_nested:
            return
        if tokens.dim() != 2 or output.dim() != 3 or output.shape[:2] != tokens.shape or not output.numel():
            return
        places = max(1, MOST_SCORES // (MOST_SEQUENCES * output.shape[2]))
        scores, given = output.detach()[:MOST_SEQUENCES, :places], tokens[:MOST_SEQUENCES, :places]
        self._share = (scores.argmax(2) == given).float().mean()

    def hand_over(self, at: int | None) -> None:
        """Record what was seen in step ``at`` (None: the step did not take place) and forget it."""
        share, self._share = self._share, None
        if share is not None and at is not None:
            column = self._telemetry.column("output.copied_share")
            self._reads.read(share.reshape(1), lambda numbers: column.append(at, numbers[0]))
