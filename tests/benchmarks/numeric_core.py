"""The smallest numerics any diagnosis of one series needs: the yardstick `advise` is measured against.

Ten pieces, each in the form that is cheapest without losing what it is for: a search for non-finite values, bins,
exact Mann-Kendall and Theil-Sen on at most 256 bins, a least-squares line on logarithmic bins, the noise (MAD of
differences) of sampled blocks, the plateau (length since the running minimum last fell), lag-1 autocorrelation, the
spectrum of sampled windows, CUSUM, and binary segmentation of the bins.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BINS = 256
LOG_BINS = 48
BLOCKS, BLOCK = 64, 1024
WINDOWS, WINDOW = 32, 4096
MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True)
class Core:
    """What the numerics say about one series of finite values."""

    first_nonfinite: int
    kendall_s: float
    theil_sen: float
    slope: float
    noise: float
    plateau: int
    autocorrelation: float
    period: float
    cusum: float
    changes: tuple[int, ...]


def numeric_core(values: Array) -> Core:
    first = _first_nonfinite(values)
    means = _bin_means(values, BINS)
    kendall, theil_sen = _mann_kendall_and_theil_sen(means)
    return Core(
        first, kendall, theil_sen, _slope_on_log_bins(values), _noise(values), _plateau(means), _autocorrelation(means),
        _period(values), _cusum(means), _binary_segmentation(means),
    )  # fmt: skip


def _first_nonfinite(values: Array) -> int:
    # A sum is one read and is finite unless a value is not (or it overflows, which the search then settles).
    if np.isfinite(values.sum()):
        return -1
    bad = np.flatnonzero(~np.isfinite(values))
    return int(bad[0]) if len(bad) else -1


def _bin_means(values: Array, bins: int) -> Array:
    if len(values) <= bins:
        return values
    edges = np.linspace(0, len(values), bins + 1).astype(np.intp)
    return np.asarray(np.add.reduceat(values, edges[:-1]) / np.diff(edges))


@lru_cache(maxsize=8)
def _pairs(n: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Array]:
    i, j = np.triu_indices(n, 1)
    return i, j, 1.0 / (j - i)


def _mann_kendall_and_theil_sen(means: Array) -> tuple[float, float]:
    i, j, inverse_distance = _pairs(len(means))
    differences = means[j] - means[i]
    slopes = differences * inverse_distance
    return float(np.sign(differences).sum()), float(np.median(slopes))


@lru_cache(maxsize=8)
def _log_edges(n: int) -> tuple[NDArray[np.intp], Array, Array]:
    edges = np.unique(np.geomspace(1, n, LOG_BINS + 1).astype(np.intp)) - 1
    counts = np.diff(np.append(edges, n)).astype(np.float64)
    x = np.log1p(edges + 0.5 * counts)
    return edges, counts, x - x.mean()


def _slope_on_log_bins(values: Array) -> float:
    edges, counts, x = _log_edges(len(values))
    y = np.add.reduceat(values, edges) / counts
    return float(x @ y / (x @ x))


def _noise(values: Array) -> float:
    if len(values) <= BLOCKS * BLOCK:
        differences = np.diff(values)
    else:
        starts = np.linspace(0, len(values) - BLOCK, BLOCKS).astype(np.intp)
        differences = np.diff(values[starts[:, None] + np.arange(BLOCK)], axis=1).ravel()
    deviations = np.abs(differences - np.median(differences))
    return float(MAD_TO_SIGMA * np.median(deviations) / np.sqrt(2.0))


def _plateau(means: Array) -> int:
    lowest = np.minimum.accumulate(means)
    return int(len(means) - np.searchsorted(-lowest, -lowest[-1]))


def _autocorrelation(means: Array) -> float:
    centered = means - means.mean()
    power = float(centered @ centered)
    return float(centered[1:] @ centered[:-1]) / power if power else 0.0


def _period(values: Array) -> float:
    if len(values) <= WINDOW:
        windows = values[None, :]
    else:
        starts = np.linspace(0, len(values) - WINDOW, WINDOWS).astype(np.intp)
        windows = values[starts[:, None] + np.arange(WINDOW)]
    spectrum = np.abs(np.fft.rfft(windows - windows.mean(axis=1, keepdims=True), axis=1)) ** 2
    power = spectrum.mean(axis=0)[1:]
    return float(windows.shape[1] / (1.0 + int(power.argmax())))


def _cusum(means: Array) -> float:
    centered = means - means.mean()
    return float(np.abs(np.cumsum(centered)).max())


def _binary_segmentation(means: Array, most: int = 5, shortest: int = 4) -> tuple[int, ...]:
    """At most `most` changes of the mean, each where it lowers the squared error most (penalty 3 sigma^2 log n)."""
    n = len(means)
    sums = np.concatenate([[0.0], np.cumsum(means)])
    sigma = MAD_TO_SIGMA * np.median(np.abs(np.diff(means))) / np.sqrt(2.0)
    penalty = 3.0 * sigma * sigma * np.log(n)
    gains = {(0, n): _best_split(sums, 0, n, shortest)}
    changes: list[int] = []
    while gains and len(changes) < most:
        (start, stop), (gain, at) = max(gains.items(), key=lambda item: item[1][0])
        if gain <= penalty:
            break
        changes.append(at)
        del gains[start, stop]
        gains[start, at] = _best_split(sums, start, at, shortest)
        gains[at, stop] = _best_split(sums, at, stop, shortest)
    return tuple(sorted(changes))


def _best_split(sums: Array, start: int, stop: int, shortest: int) -> tuple[float, int]:
    """The gain in squared error of the best split of [start, stop), and where it is."""
    if stop - start < 2 * shortest:
        return -np.inf, start
    at = np.arange(start + shortest, stop - shortest + 1)
    left, right = at - start, stop - at
    jump = (sums[at] - sums[start]) / left - (sums[stop] - sums[at]) / right
    gain = jump * jump * left * right / (stop - start)
    best = int(gain.argmax())
    return float(gain[best]), int(at[best])
