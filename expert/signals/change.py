"""Where a series breaks: jumps to another level, changes of pace, isolated spikes."""

from __future__ import annotations

import numpy as np

from expert.signals.curve import Curve, Floats, Indices, edges
from expert.signals.estimators import median, spread
from expert.signals.shape import shape, too_few
from expert.signals.signal import Reading, Signal, Unknown, View
from expert.signals.trend import LARGEST_SIGNIFICANCE, clock_of

NEIGHBORS = 8
FEWEST = 5
"""With fewer values none stands out of its neighbors."""
SPIKE_DEVIATIONS = 6.0
SPIKE_RATIO = 1.5
SCANNED_BINS = 32
SCANNED_CANDIDATES = 1024


def level_jumps(values: Floats, width: int) -> Floats:
    """Median of the ``width`` values from i on minus that of the ``width`` before i, for i = width … n - width."""
    windows = np.sort(np.lib.stride_tricks.sliding_window_view(values, width), axis=1)
    middle = (windows[:, (width - 1) // 2] + windows[:, width // 2]) / 2.0
    return np.asarray(middle[width:] - middle[:-width], dtype=np.float64)


def pace_break(values: Floats) -> tuple[float, int] | None:
    """Where the relative pace of n >= 8 values changes most: significance, index of the first value after it.

    Cumulative sum of the relative differences, scaled to a Brownian bridge: steps that are independent exceed 1.36 in
    one series of twenty, 1.63 in one of a hundred; noise around a smooth course far more seldom. A fall by a constant
    share per epoch has a constant pace. None without any noise.
    """
    size = np.abs(values)
    level = np.maximum((size[1:] + size[:-1]) / 2.0, 1e-3 * size.max())
    pace = np.diff(values) / np.where(level > 0, level, 1.0)
    doubt = spread(pace - np.append(pace[1:], pace[-2])) / 2.0**0.5
    if doubt <= 0.0:
        return None
    # A single wild difference is a jump, not another pace.
    pace = np.clip(pace, median(pace) - 4.0 * doubt, median(pace) + 4.0 * doubt)
    count = len(pace)
    bridge = np.cumsum(pace - pace.mean())[:-1]
    split = int(np.abs(bridge).argmax())
    return float(abs(bridge[split])) / (doubt * count**0.5), split + 1


def spikes(values: Floats, candidates: Indices | None = None) -> Indices:
    """Indices of upward spikes of n >= 5 values, among the candidates where given.

    A spike exceeds the median of its up to 8 neighbors on either side by six of their robust deviations and by half,
    and the median of those before it by half as well, so that the start of a steep descent is none.
    """
    count = len(values)
    reach = min(NEIGHBORS, (count - 1) // 2)
    # The first value repeated on the left: what comes before a start cannot make it a spike.
    padded = np.concatenate([np.full(reach, values[0]), values, values[-2 : -2 - reach : -1]])
    where = np.arange(count) if candidates is None else candidates
    offsets = np.concatenate([np.arange(reach), np.arange(reach + 1, 2 * reach + 1)])
    around = padded[where[:, np.newaxis] + offsets]
    before = np.sort(around[:, :reach], axis=1)[:, reach // 2]
    high = values[where] - before > (SPIKE_RATIO - 1.0) * np.abs(before)
    where, around = where[high], around[high]
    around.sort(axis=1)
    middle = (around[:, reach - 1] + around[:, reach]) / 2.0
    off = np.sort(np.abs(around - middle[:, np.newaxis]), axis=1)
    deviation = 1.4826 * (off[:, reach - 1] + off[:, reach]) / 2.0
    here = values[where]
    above = (here > middle + SPIKE_DEVIATIONS * deviation) & (here - middle > (SPIKE_RATIO - 1.0) * np.abs(middle))
    return np.asarray(where[above], dtype=np.intp)


def spikes_of(curve: Curve) -> tuple[float, Indices]:
    """Number of spikes among the points and the indices of those that were found, in order; the number is estimated
    from 32 bins where many may hold one.

    Use through ``derive``. Long series are searched only where a bin's maximum stands out of its mean.
    """
    points, bins = curve.points, curve.bins
    count = len(points)
    if count < FEWEST:
        return 0.0, np.empty(0, dtype=np.intp)
    if count <= SCANNED_CANDIDATES:
        found = spikes(points)
        return float(len(found)), found
    suspicious = np.flatnonzero(bins.maximum - bins.mean > 0.5 * (SPIKE_RATIO - 1.0) * np.abs(bins.mean))
    chosen = suspicious[edges(len(suspicious), min(SCANNED_BINS, len(suspicious)))]
    total, places = 0.0, []
    for index in chosen.tolist():
        start, size = int(bins.start[index]), int(bins.count[index])
        low, high = max(0, start - NEIGHBORS), min(count, start + size + NEIGHBORS)
        mean = float(bins.mean[index])
        above = np.flatnonzero(points[start : start + size] - mean > 0.5 * (SPIKE_RATIO - 1.0) * abs(mean))
        kept = above[edges(len(above), min(64, len(above)))]
        found = spikes(points[low:high], kept + start - low) + low
        total += len(found) * (len(above) / max(len(kept), 1))
        places.append(found)
    if not places:
        return 0.0, np.empty(0, dtype=np.intp)
    return total * len(suspicious) / len(places), np.concatenate(places)


def _largest_jump(view: View, curve: Curve) -> Reading | Unknown:
    form = curve.derive(shape)
    if form is None or len(form.y) < 6:
        return too_few(curve, 6) or Unknown("too few values")
    width = max(2, min(8, len(form.y) // 8))
    jumps = level_jumps(form.y, width)
    index = int(jumps.argmax())
    size, before = float(jumps[index]), median(form.y[index : index + width])
    at = float(form.x[index + width])
    if size <= 0.0:
        return Reading(0.0, at, clock_of(curve), {"size": 0.0})
    doubt = form.deviation((abs(before) + abs(before + size)) / 2.0) * (np.pi / width) ** 0.5
    value = min(size / doubt, LARGEST_SIGNIFICANCE) if doubt > 0 else LARGEST_SIGNIFICANCE
    relative = size / abs(before) if before else LARGEST_SIGNIFICANCE
    return Reading(float(value), at, clock_of(curve), {"size": relative})


def _change_point(view: View, curve: Curve) -> Reading | Unknown:
    short = too_few(curve, 12)
    if short is not None:
        return short
    values = curve.epochs
    found = pace_break(values)
    if found is None:
        return Unknown(f"{curve.name} has no noise to measure a change against")
    value, index = found
    scale = median(np.abs(values)) or 1.0
    before = float(values[index] - values[0]) / index / scale
    after = float(values[-1] - values[index]) / (len(values) - 1 - index) / scale
    at = float(curve.epoch_numbers[index])
    return Reading(value, at, clock_of(curve), {"before": before, "after": after})


def _spike_count(view: View, curve: Curve) -> Reading | Unknown:
    if len(curve.points) < FEWEST:
        return Unknown(f"{curve.name} has {len(curve.points)} values; {FEWEST} are needed")
    number, places = curve.derive(spikes_of)
    at = float(curve.at[places[curve.points[places].argmax()]]) if len(places) else None
    return Reading(float(round(number)), at, curve.clock)


def _spike_share(view: View, curve: Curve) -> Reading | Unknown:
    found = _spike_count(view, curve)
    if isinstance(found, Unknown):
        return found
    return Reading(float(found.value) / len(curve.points), found.at, found.clock, {"spikes": float(found.value)})


LOG = "log it at least once per epoch"

SIGNALS: tuple[Signal, ...] = (
    Signal(
        id="largest_jump",
        title="Largest jump to a worse level",
        unit="standard errors",
        grade="curve",
        reads="the largest rise of {series} at once, {size:.0%} at {at}, is {value:.1f} standard errors of its noise",
        compute=_largest_jump,
        record=LOG,
    ),
    Signal(
        id="change_point",
        title="Largest change of pace",
        unit="scaled cumulative sum: beyond 1.63 is hardly chance",
        grade="curve",
        reads="the pace of {series} changed at {at} from {before:+.2%} to {after:+.2%} per epoch",
        compute=_change_point,
        record=LOG,
    ),
    Signal(
        id="spike_count",
        title="Isolated spikes",
        unit="points",
        grade="curve",
        reads="isolated spikes of {series}: {value:.0f}",
        compute=_spike_count,
        record="log the loss of each step",
    ),
    Signal(
        id="spike_share",
        title="Share of isolated spikes",
        unit="share of points",
        grade="curve",
        reads="{value:.2%} of the points of {series} are isolated spikes",
        compute=_spike_share,
        record="log the loss of each step",
    ),
)
