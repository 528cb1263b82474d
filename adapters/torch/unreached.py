"""Which parameters outside of layers no gradient ever reaches: look-up tables, positions, tokens."""

from __future__ import annotations

from collections.abc import Sequence

from expert.adapters.live.telemetry import Telemetry
from expert.adapters.torch.looks import Seen
from expert.adapters.torch.parameters import Watched

SURE = 3
"""So many looks must agree before parameters are told to be without a gradient."""


class Unreached:
    """Tells the model's profile of parameters that an optimizer holds and that never had a gradient.

    Those of layers have rows of their own in the record, which show the same.
    """

    def __init__(self, telemetry: Telemetry, watched: Sequence[Watched]) -> None:
        self._telemetry = telemetry
        bare = {place: one for place, one in enumerate(watched) if one.optimized and not one.is_weight}
        # Biases and gains share the fate of their layer's weights.
        self._left = {place: one for place, one in bare.items() if one.parameter.dim() > 1}
        self._own = {one.name for one in self._left.values()}
        self._looks = 0

    def see(self, seen: Seen) -> None:
        """Take the gradients of one look in, and tell what is still without one."""
        self._looks += 1
        self._left = {place: one for place, one in self._left.items() if place not in seen.gradient}
        if self._looks < SURE:
            return
        # Of several optimizers each tells of its own parameters.
        told = self._telemetry.model.without_gradient
        missing = tuple(one.name for one in self._left.values() if one.parameter.requires_grad)
        missing = (*(name for name in told or () if name not in self._own), *missing)
        if missing != told:
            self._telemetry.know("model", without_gradient=missing)
