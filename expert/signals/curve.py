"""One series as signals read it: cut at the first non-finite value, averaged over epochs, summarized in bins, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from expert.history import ClockMarks, Series

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Flags = NDArray[np.bool_]
T = TypeVar("T")

MOST_BINS = 256
MOST_EPOCHS = 1024
MOST_COUNTED = 10_000_000
"""More epochs than any run has: their count is damaged."""
FEWEST_EPOCHS = 6
FEWEST_POINTS = 60
FEWEST_MEANS = 12
"""Points that stand for several steps each say more than steps do: so many are enough, if they cover 60 steps."""
HIGHER_IS_BETTER = frozenset({"accuracy", "score", "f1", "auc", "precision", "recall"})


@dataclass(frozen=True, slots=True)
class Bins:
    """Stretches of successive points, equal in number of points up to one: at most 256 of them.

    All arrays have one entry per bin: ``start`` is the index of its first point, ``at`` the position of its middle.
    """

    start: Indices
    count: Indices
    at: Floats
    mean: Floats
    minimum: Floats
    maximum: Floats


class Epochs(NamedTuple):
    """Successive points grouped by epoch: ``start`` indexes each group's first point, ``number`` is its epoch."""

    start: Indices
    number: Floats


class Curve:
    """The view of one series that signals read. Everything is computed at first use and kept."""

    def __init__(self, series: Series, marks: ClockMarks | None = None) -> None:
        self.series = series
        self.role = series.role
        self.name = series.name
        self.reduction = series.reduction
        self.clock = series.clock
        self.at: Floats = series.at
        self.values: Floats = series.values
        self._marks = marks
        self._derived: dict[tuple[object, ...], object] = {}

    def derive(self, function: Callable[..., T], *others: Curve) -> T:
        """What ``function`` makes of this curve (and others), computed once and shared by all signals that ask."""
        key = (function, *others)
        if key not in self._derived:
            self._derived[key] = function(self, *others)
        return cast("T", self._derived[key])

    @property
    def sign(self) -> float:
        """1 where lower is better, -1 where higher is: ``sign * values`` improves downwards."""
        direction = self.series.direction
        if direction is None and (self.role or "").rpartition(".")[2] in HIGHER_IS_BETTER:
            direction = "higher"
        return -1.0 if direction == "higher" else 1.0

    @cached_property
    def _length(self) -> int:
        """Number of points before the first non-finite one."""
        with np.errstate(all="ignore"):
            # A finite sum proves that all terms are finite, in one read; only else is it worth looking for the place.
            if np.isfinite(self.values.sum()):
                return len(self.values)
        bad = ~np.isfinite(self.values)
        return int(bad.argmax()) if bad.any() else len(self.values)

    @property
    def finite(self) -> bool:
        """Whether all values are finite."""
        return self._length == len(self.values)

    @property
    def first_nonfinite(self) -> float | None:
        """Position, on the series' own clock, of the first value that is NaN or infinite."""
        return None if self.finite else float(self.at[self._length])

    @property
    def first_nonfinite_epoch(self) -> float | None:
        """The same on the epoch clock; None where that cannot be told."""
        return None if self.first_nonfinite is None else self.to_epoch(self.first_nonfinite)

    @cached_property
    def points(self) -> Floats:
        """The values before the first non-finite one."""
        return self.values[: self._length]

    @cached_property
    def bins(self) -> Bins:
        """At most 256 bins of the points."""
        return binned(self.at[: self._length], self.points)

    @cached_property
    def known_epochs(self) -> Epochs | None:
        """Where each epoch starts among the points; None where the record does not tell."""
        at = self.at[: self._length]
        if self.clock == "epoch":
            spacing = np.diff(at[:MOST_EPOCHS])
            dense = len(spacing) > 0 and median(spacing) <= 0.5
            return _between_whole(at, at, at) if dense else Epochs(np.arange(len(at)), at)
        return None if self._marks is None else epochs_by_marks(at, self._marks, self.clock)

    @cached_property
    def _windows(self) -> Epochs:
        """The groups that ``epochs`` averages over: real epochs, or equal windows where those are unknown or few."""
        known, count = self.known_epochs, self._length
        if known is not None and (len(known.start) >= FEWEST_EPOCHS or not self._plentiful):
            if len(known.start) <= MOST_EPOCHS:
                return known
            kept = edges(len(known.start), MOST_EPOCHS // 2)
            return Epochs(known.start[kept], known.number[kept])
        if count == 0:
            return Epochs(np.arange(0), np.empty(0))
        windows = min(count, max(24, min(64, count // 10)))
        start = edges(count, windows)
        last = np.append(start[1:], count) - 1
        if self.clock == "epoch":
            return Epochs(start, self.at[last])
        converted = None if self._marks is None else self._marks.convert(self.at[last], self.clock, "epoch")
        if converted is not None and np.isfinite(converted).all() and (np.diff(converted) > 0.0).all():
            return Epochs(start, converted)
        if known is None:
            return Epochs(start, np.arange(1.0, windows + 1.0))
        # Marks that name the epoch a step lies in say the same of all its steps: windows lie evenly between them.
        bounds = np.append(known.start, count).astype(np.float64)
        numbers = np.append(known.number, known.number[-1] + 1.0)
        return Epochs(start, np.interp(last + 1.0, bounds, numbers))

    @cached_property
    def real_epochs(self) -> bool:
        """Whether ``epochs`` are epochs of the run, not windows of equal length."""
        return self.known_epochs is not None and len(self._windows.start) == len(self.known_epochs.start)

    @cached_property
    def epochs(self) -> Floats:
        """One value per epoch, in order: as logged or the mean of the epoch's points, before the first non-finite one.

        Where epochs are unknown, or fewer than 6 while points are plentiful, one value per window of 24 to 64 equal
        ones; of more than 1024 epochs, one value per window of a few.
        """
        start = self._windows.start
        if len(start) == self._length:
            return self.points
        count = np.diff(np.append(start, self._length))
        with np.errstate(all="ignore"):
            return np.asarray(np.add.reduceat(self.points, start) / count, dtype=np.float64)

    @property
    def epoch_numbers(self) -> Floats:
        """The position of each of ``epochs`` on the epoch clock; windows are counted from 1 where that is unknown."""
        return self._windows.number

    @cached_property
    def epoch_positions(self) -> Floats:
        """The position of the last point of each of ``epochs`` on the series' own clock."""
        return np.asarray(self.at[np.append(self._windows.start[1:], self._length) - 1], dtype=np.float64)

    @property
    def epoch_clock(self) -> str:
        """The clock of ``epoch_positions`` as a sentence names it."""
        return str(self.clock)

    @cached_property
    def points_per_epoch(self) -> float | None:
        """How many points an epoch has, usually; None where epochs are unknown."""
        known = self.known_epochs
        if known is None or len(known.start) == 0:
            return None
        return median(np.diff(np.append(known.start, self._length)))

    @property
    def short(self) -> bool:
        """Fewer than 6 epochs and fewer than 60 steps: too little to judge a curve by."""
        known = self.known_epochs
        return not self._plentiful and (known is None or len(known.start) < FEWEST_EPOCHS)

    @cached_property
    def _plentiful(self) -> bool:
        """Whether there are points enough without counting epochs: 60, or 12 that stand for 60 steps together."""
        count = self._length
        if count >= FEWEST_POINTS or self.clock != "step" or count < FEWEST_MEANS:
            return count >= FEWEST_POINTS
        return float(self.at[count - 1] - self.at[0]) >= FEWEST_POINTS

    def to_epoch(self, position: float) -> float | None:
        """A position of the series' own clock on the epoch clock, or None."""
        if self.clock == "epoch":
            return position
        converted = None if self._marks is None else self._marks.convert([position], self.clock, "epoch")
        return None if converted is None or not np.isfinite(converted[0]) else float(converted[0])


def median(values: Floats | Indices) -> float:
    """Median of n >= 1 finite values (np.median costs ten times more on short arrays)."""
    ordered = np.sort(values)
    count = len(ordered)
    return float(ordered[(count - 1) // 2] / 2.0 + ordered[count // 2] / 2.0)


def edges(count: int, groups: int) -> Indices:
    """First indices of ``groups`` groups of ``count`` entries, equal in size up to one."""
    return np.asarray(np.arange(groups) * count // max(groups, 1), dtype=np.intp)


def binned(at: Floats, values: Floats, most: int = MOST_BINS) -> Bins:
    """Bin successive values; positions and values have the same length n, the result min(n, most) bins."""
    count = len(values)
    if count <= most:
        ones = np.ones(count, dtype=np.intp)
        return Bins(np.arange(count), ones, at, values, values, values)
    start = edges(count, most)
    sizes = np.diff(np.append(start, count))
    with np.errstate(all="ignore"):
        mean = np.add.reduceat(values, start) / sizes
    lowest, highest = np.minimum.reduceat(values, start), np.maximum.reduceat(values, start)
    return Bins(start, sizes, at[start + sizes // 2], mean, lowest, highest)


def epochs_by_marks(at: Floats, marks: ClockMarks, clock: str) -> Epochs | None:
    """Group positions of a step or seconds clock by epoch, as the marks place them; None where they do not.

    Marks that repeat whole epoch numbers name the epoch a moment lies in; other marks say how many epochs were done.
    """
    moments = getattr(marks, clock)
    if moments is None or len(at) == 0:
        return None
    known = np.isfinite(moments) & np.isfinite(marks.epoch)
    moments, epochs = (moments, marks.epoch) if known.all() else (moments[known], marks.epoch[known])
    if len(epochs) < 2 or epochs[0] == epochs[-1]:
        return None
    changes = np.append(True, epochs[1:] > epochs[:-1])
    firsts, numbers = moments[changes], epochs[changes]
    if len(numbers) < len(epochs) and (numbers == np.floor(numbers)).all():
        return _grouped(at, np.searchsorted(at, firsts[1:], side="left"), numbers)
    return _between_whole(at, firsts, numbers)


def _between_whole(at: Floats, moments: Floats, epochs: Floats) -> Epochs:
    """Group by the moments at which the count of epochs done passes a whole number; that moment ends its epoch."""
    if len(epochs) == 0:
        return Epochs(np.arange(0), np.empty(0))
    if epochs[-1] - epochs[0] > MOST_COUNTED:
        return Epochs(np.arange(0), np.empty(0))  # a damaged count
    whole = np.arange(np.ceil(epochs[0]), np.floor(epochs[-1]) + 1.0)
    ends = np.searchsorted(at, np.interp(whole, epochs, moments), side="right")
    return _grouped(at, ends, np.append(whole, np.floor(epochs[-1]) + 1.0))


def _grouped(at: Floats, bounds: Indices, numbers: Floats) -> Epochs:
    """Groups between bounds, without empty ones; a fragment at either end joins its neighbor."""
    start = np.append(0, bounds)
    count = np.diff(np.append(start, len(at)))
    start, numbers, count = start[count > 0], numbers[count > 0], count[count > 0]
    if len(count) > 2:
        fragment = median(count) / 4.0
        if count[0] < fragment:
            start, numbers, count = np.append(0, start[2:]), numbers[1:], count[1:]
        if len(count) > 2 and count[-1] < fragment:
            start, numbers = start[:-1], numbers[:-1]
    return Epochs(start, numbers)
