"""A loss and two ideal courses through it: the best that never rises, and the best that falls to a bottom, then rises.

Both are least-squares fits with no shape but their direction (isotonic regression), on a scale where equal steps are
equal ratios. A healthy loss may fall in any way it likes, but beyond its noise it does not rise again.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from expert.signals.curve import Curve, Floats, edges
from expert.signals.estimators import Direction, direction, median, residuals
from expert.signals.gap import places

FEWEST = 6
FAR_APART = 10.0
MOST_FITTED = 256
ALMOST_NOTHING = 0.003
"""A loss below this share of its start is as good as zero: what it does down there is neither rise nor swing."""


class Course(NamedTuple):
    """A loss at n positions ``x``, as ``y`` on a scale of ratios, and the courses fitted to it; arrays of length n.

    ``turn`` is the index from which the valley rises. ``gain`` is the squared error that the rise saves over never
    rising, ``noise`` the robust standard deviation of one value.
    """

    x: Floats
    y: Floats
    falling: Floats
    valley: Floats
    turn: int
    gain: float
    noise: float

    @property
    def rise(self) -> float:
        """From the bottom of the valley to its end, or to the median of the last tenth (3 at least) if lower."""
        end = min(float(self.valley[-1]), median(self.y[-max(3, len(self.y) // 10) :]))
        return max(0.0, end - float(self.valley.min()))

    @property
    def off(self) -> Floats:
        """How far each value lies from the valley."""
        return np.asarray(self.y - self.valley, dtype=np.float64)

    @property
    def turned_at(self) -> float:
        """The position from which the valley rises, or the last one."""
        return float(self.x[min(self.turn, len(self.x) - 1)])

    def since(self, turn: int) -> Direction:
        """Which way the values go from an index on; no way for fewer than 3."""
        return direction(self.y[turn:]) if len(self.y) - turn >= 3 else Direction(0.0, 0.0)


def first_level(values: Floats) -> float:
    """The highest of the first tenth of n >= 1 values."""
    return float(values[: max(1, len(values) // 10)].max())


def ratio_scale(values: Floats, start: float | None = None) -> Floats:
    """The n values on a scale where equal steps are equal ratios; of values below 0, as shares of their usual size.

    ``start`` is what a loss is next to nothing against, usually its own first level.
    """
    if values.min() < 0.0:
        return np.asarray(values / (median(np.abs(values)) or 1.0), dtype=np.float64)
    floor = ALMOST_NOTHING * ((first_level(values) if start is None else start) or 1.0)
    return np.asarray(np.log(values + floor), dtype=np.float64)


def as_share(step: float) -> float:
    """A step on the scale of ratios as the share by which a level grows, -1 to very much."""
    return float(np.expm1(min(step, 100.0)))


def rising_fit(values: Floats) -> tuple[Floats, Floats]:
    """The best course that never falls through n values, and the squared error of such a fit to the first 1, 2 … n.

    Pool adjacent violators (Barlow et al. 1972).
    """
    means: list[float] = []
    sizes: list[int] = []
    prefix: list[float] = []
    error, last = 0.0, -math.inf
    for value in values.tolist():
        mean, size = value, 1
        while last >= mean and means:
            other, count = means.pop(), sizes.pop()
            both = size + count
            error += (mean - other) ** 2 * size * count / both
            mean = (mean * size + other * count) / both
            size = both
            last = means[-1] if means else -math.inf
        last = mean
        means.append(mean)
        sizes.append(size)
        prefix.append(error)
    return np.repeat(np.asarray(means, dtype=np.float64), sizes), np.asarray(prefix, dtype=np.float64)


def course_of(x: Floats, values: Floats, start: float | None = None) -> Course:
    """The course of n >= 3 finite values at rising positions x (lower is better); above 256 that of 256 means."""
    y = ratio_scale(values, start)
    if len(y) > MOST_FITTED:
        groups = edges(len(y), MOST_FITTED)
        size = np.diff(np.append(groups, len(y)))
        x, y = np.add.reduceat(x, groups) / size, np.add.reduceat(y, groups) / size
    risen, before = rising_fit(-y)
    after = rising_fit(-y[::-1])[1][::-1]
    error = np.append(0.0, before) + np.append(after, 0.0)
    turn = int(error.argmin())
    # What lies before the stretch that the whole fit levels across the turn is fitted alike with and without the rest.
    level = int(risen.searchsorted(risen[turn])) if turn < len(y) else turn
    valley = np.concatenate([-risen[:level], -rising_fit(-y[level:turn])[0], rising_fit(y[turn:])[0]])
    gain = max(0.0, float(before[-1] - error[turn]))
    return Course(x, y, -risen, valley, turn, gain, 1.4826 * median(np.abs(residuals(x, y))))


def course(curve: Curve) -> Course | None:
    """The course of a curve's epochs, None for fewer than 6; use through ``derive``."""
    return course_of(curve.epoch_numbers, curve.sign * curve.epochs) if len(curve.epochs) >= FEWEST else None


def together(first: Curve, second: Curve) -> tuple[Course, Course] | None:
    """The courses of two curves at the positions of the one with fewer epochs; use through ``derive``."""
    if min(len(first.epochs), len(second.epochs)) < FEWEST:
        return None
    x, z = places(first, second)
    a, b = first.sign * first.epochs, second.sign * second.epochs
    starts = first_level(a), first_level(b)
    # Where one starts far below the other, what is next to nothing for that one is for this one too.
    start = None if max(starts) <= FAR_APART * min(starts) else max(starts)
    if start is None and len(x) == len(z) and np.array_equal(x, z):
        one, other = first.derive(course), second.derive(course)
        return None if one is None or other is None else (one, other)
    if len(x) < len(z):
        common = (x >= z[0]) & (x <= z[-1])
        a, b, x = a[common], np.interp(x[common], z, b), x[common]
    elif len(x) > len(z) or not np.array_equal(x, z):
        common = (z >= x[0]) & (z <= x[-1])
        a, b, x = np.interp(z[common], x, a), b[common], z[common]
    return (course_of(x, a, start), course_of(x, b, start)) if len(x) >= FEWEST else None
