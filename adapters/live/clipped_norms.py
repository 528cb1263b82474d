"""Tells from norms of gradients alone, whatever the framework, to what norm they were clipped."""

from __future__ import annotations

import math

SAME, TURNED, OFTEN = 2e-5, 0.99, 4
"""Norms that agree so closely while the cosine of the directions is below this, so many times, were clipped."""
AGREES = 0.02
"""Clipping by norm gives all tensors the same factor, but for rounding in low precision."""


class Shrunk:
    """The norms after the steps at which the gradients were made smaller: one norm if they were clipped to it."""

    def __init__(self) -> None:
        self.count = 0
        self._low, self._high = math.inf, 0.0

    def add(self, norm: float) -> None:
        """Take in the norm after one such step."""
        if math.isfinite(norm):
            self.count += 1
            self._low, self._high = min(self._low, norm), max(self._high, norm)

    @property
    def bound(self) -> float | None:
        """The norm they were clipped to; None where they differ, as after dividing the gradients by a number."""
        return self._high if self._high - self._low <= AGREES * self._high else None


class Ceiling:
    """Tells clipping from the norms after it alone: they stop at one value again and again while directions change."""

    def __init__(self) -> None:
        self._norm, self._count = 0.0, 0

    def add(self, norm: float, cosine: float | None) -> float | None:
        """Take in a gradient, by its norm and its direction against the one before; the ceiling once it is sure."""
        if not math.isfinite(norm) or norm < self._norm * (1.0 - SAME):
            return None
        if norm > self._norm * (1.0 + SAME):
            self._norm, self._count = norm, 0
        # Gradients that hardly change have one norm, too.
        self._count += cosine is not None and cosine < TURNED
        return self._norm if self._count >= OFTEN else None
