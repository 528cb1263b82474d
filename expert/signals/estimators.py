"""Robust estimators all themes share, on plain arrays."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from expert.signals.curve import Flags, Floats, Indices, edges
from expert.signals.curve import median as median  # noqa: PLC0414  (offered with the other estimators)

MOST_TRENDED = 128
LEAST_LEVEL = 1e-3


def spread(values: Floats) -> float:
    """Robust standard deviation of n >= 1 values: 1.4826 times the median distance from their median."""
    return 1.4826 * median(np.abs(values - median(values)))


class Direction(NamedTuple):
    """Mann-Kendall alone: ``z`` is standard normal without a trend, ``tau`` -1 to 1."""

    z: float
    tau: float


class Trend(NamedTuple):
    """Mann-Kendall and Theil-Sen: ``z`` is standard normal without a trend, ``slope`` the median slope per unit."""

    z: float
    tau: float
    slope: float


@lru_cache(maxsize=64)
def _pairs(count: int) -> tuple[Indices, Indices]:
    first, second = np.triu_indices(count, 1)
    return first, second


def trend(x: Floats, y: Floats) -> Trend:
    """Trend of n >= 2 values at rising positions x; above 128 values that of 128 bin means.

    Mann-Kendall's z has the correction for ties and for continuity (Kendall 1975), tau is S over the number of pairs;
    the slope is Theil and Sen's.
    """
    if len(y) > MOST_TRENDED:
        start = edges(len(y), MOST_TRENDED)
        size = np.diff(np.append(start, len(y)))
        x, y = np.add.reduceat(x, start) / size, np.add.reduceat(y, start) / size
    first, second = _pairs(len(y))
    rise = y.take(second) - y.take(first)
    way = _direction(y, int(np.count_nonzero(rise > 0)), int(np.count_nonzero(rise < 0)))
    slopes = rise / (x.take(second) - x.take(first))
    middle = len(slopes) // 2
    if len(slopes) % 2:
        slope = float(np.partition(slopes, middle)[middle])
    else:
        lower, upper = np.partition(slopes, (middle - 1, middle))[middle - 1 : middle + 1].tolist()
        slope = lower / 2.0 + upper / 2.0
    return Trend(way.z, way.tau, slope)


def direction(y: Floats) -> Direction:
    """z and tau of n >= 2 values in order, as `trend` gives them; without the slope they cost a fifth."""
    if len(y) > MOST_TRENDED:
        start = edges(len(y), MOST_TRENDED)
        y = np.add.reduceat(y, start) / np.diff(np.append(start, len(y)))
    earlier, ahead = y[:, np.newaxis], _ahead(len(y))
    risen, fallen = (np.count_nonzero(change & ahead) for change in (y > earlier, y < earlier))
    return _direction(y, int(risen), int(fallen))


@lru_cache(maxsize=64)
def _ahead(count: int) -> Flags:
    """Which entries of an n x n matrix stand for a pair of an earlier (row) and a later value."""
    return np.triu(np.ones((count, count), dtype=np.bool_), 1)


def _direction(y: Floats, risen: int, fallen: int) -> Direction:
    count = len(y)
    pairs = count * (count - 1) // 2
    score = float(risen - fallen)
    variance = pairs * (2 * count + 5) / 9.0
    if risen + fallen < pairs:
        ties = np.unique(y, return_counts=True)[1].astype(np.float64)
        variance -= float((ties * (ties - 1) * (2 * ties + 5)).sum()) / 18.0
    z = (score - math.copysign(1.0, score)) / variance**0.5 if score and variance > 0 else 0.0
    return Direction(z, score / pairs)


def smoothed(values: Floats) -> Floats:
    """Running mean over a tenth of the n values (3 at least) of the running median of three; shorter at the ends.

    Summed window by window, not by differences of a running sum: one exploded value must not erase its neighbors.
    """
    count = len(values)
    width = 2 * (max(3, count // 10) // 2) + 1
    if count < width:
        return values
    left, middle, right = values[:-2], values[1:-1], values[2:]
    steady = values.copy()
    steady[1:-1] = np.maximum(np.minimum(left, middle), np.minimum(np.maximum(left, middle), right))
    ones = np.ones(width)
    return np.asarray(np.convolve(steady, ones, "same") / np.convolve(np.ones(count), ones, "same"), dtype=np.float64)


def residuals(x: Floats, y: Floats) -> Floats:
    """How far each inner value of n >= 3 lies from the line through its neighbors, scaled to the noise of one value.

    Blind to any trend that is straight over three values; for independent noise its standard deviation is the noise's.
    """
    weight = (x[1:-1] - x[:-2]) / (x[2:] - x[:-2])
    off = y[1:-1] - ((1.0 - weight) * y[:-2] + weight * y[2:])
    return np.asarray(off / np.sqrt(1.0 + weight**2 + (1.0 - weight) ** 2), dtype=np.float64)


def levels(y: Floats) -> Floats:
    """Mean size of each inner value and its two neighbors, at least a thousandth of the largest."""
    size = np.abs(y)
    local = (size[:-2] + size[1:-1] + size[2:]) / 3.0
    return np.asarray(np.maximum(local, LEAST_LEVEL * local.max(initial=0.0)), dtype=np.float64)


def noise(x: Floats, y: Floats) -> float:
    """Robust standard deviation of the residuals of n >= 3 values relative to the level there; 0 for zeros."""
    local = levels(y)
    off = np.abs(residuals(x, y))
    return 1.4826 * median(np.divide(off, local, out=np.zeros_like(off), where=local > 0))


def ranks(values: Floats) -> Floats:
    """Ranks from 1, ties sharing their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2.0)[inverse], dtype=np.float64)


def rank_correlation(x: Floats, y: Floats) -> float | None:
    """Spearman's rank correlation of two arrays of n >= 2 values; None where one of them is constant."""
    a, b = ranks(x), ranks(y)
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0 else None
