"""The shape of a series over its epochs: where it started, its best, its end, how far it fell, how noisy it is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from expert.signals.curve import Curve, Floats
from expert.signals.estimators import Trend, median, noise, smoothed, trend
from expert.signals.signal import Unknown

SIGNIFICANT = 2.0
LEAST_SHARE_OF_FALL = 0.1


class Shape(NamedTuple):
    """A series over n epochs, turned so that lower is better.

    ``x`` positions on the epoch clock, ``y`` values, ``smooth`` smoothed values, each of n; ``end`` the median of the
    last ``window`` values; ``best`` the smallest smoothed value, at ``best_index``; ``noise`` relative to the level;
    ``fall`` how far it came down: from the higher of start and highest smoothed value before the best, to the best.
    """

    x: Floats
    y: Floats
    smooth: Floats
    first: float
    end: float
    window: int
    best: float
    best_index: int
    fall: float
    noise: float

    @property
    def rise(self) -> float:
        """How far the end stands above the best, at least 0; both ways to smooth the end must agree that it does."""
        rise = min(self.end, float(self.smooth[-1])) - self.best
        # Smoothing rounds: what it adds to a constant is no rise.
        return rise if rise > 1e-9 * abs(self.best) else 0.0

    @property
    def scale(self) -> float:
        """What a change near the best is measured against: the best level, but no less than a tenth of the fall.

        Without that floor any ratio explodes for a loss that comes down to nearly nothing.
        """
        return max(abs(self.best), LEAST_SHARE_OF_FALL * self.fall)

    def deviation(self, level: float) -> float:
        """Standard deviation of one value at this level."""
        return self.noise * abs(level)


def shape_of(x: Floats, y: Floats) -> Shape | None:
    """The shape of n >= 3 values at positions x (lower is better); None for fewer."""
    count = len(y)
    if count < 3:
        return None
    smooth = smoothed(y)
    window = max(1, min(2, count // 4), count // 10)
    best_index = int(smooth.argmin())
    best = float(smooth[best_index])
    fall = max(float(y[0]), float(smooth[: best_index + 1].max())) - best
    end = median(y[-window:])
    return Shape(x, y, smooth, float(y[0]), end, window, min(best, end), best_index, max(fall, 0.0), noise(x, y))


def shape(curve: Curve) -> Shape | None:
    """The shape of a curve's epochs, lower is better; use through ``curve.derive``."""
    return shape_of(curve.epoch_numbers, curve.sign * curve.epochs)


def overall(curve: Curve) -> Trend:
    """Trend of all epochs, as logged."""
    return trend(curve.epoch_numbers, curve.epochs)


def recent_window(count: int) -> int:
    """How many epochs at the end are "recent": a fifth, at least 5."""
    return max(5, count // 5)


def recent(curve: Curve) -> Trend:
    """Trend of the recent epochs, as logged."""
    window = recent_window(len(curve.epochs))
    return trend(curve.epoch_numbers[-window:], curve.epochs[-window:])


def recent_level(curve: Curve) -> float:
    """Size of the recent epochs, at least a thousandth of the largest ever."""
    size = np.abs(curve.epochs)
    return max(median(size[-recent_window(len(size)) :]), 1e-3 * float(size.max()))


def too_few(curve: Curve, needed: int) -> Unknown | None:
    """Says that a curve has fewer than the needed values, or None."""
    count = len(curve.epochs)
    if count >= needed:
        return None
    cut = "" if curve.finite else " before its first non-finite one"
    what = "value" if count == 1 else "values"
    return Unknown(f"{curve.name} has {count} {what}{cut}; {needed} are needed", "record more epochs")
