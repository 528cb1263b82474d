"""What the samples that pass by tell of a set: how large inputs and targets are, and how often each class comes.

A few batches are enough for scales; of shares as many labels are needed as make them sure. What the user, a loader or
the data themselves have told already is left as it is.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expert.adapters.live.telemetry import Telemetry

ENOUGH = 512
"""So many samples give scales; more are not looked at."""
FEWEST = 32
"""Of fewer samples nothing is said."""
FEWEST_TARGETS = 128
"""Before so many samples the spread of a target, which losses are held against, is not said: it is sure to 6 %."""
MOST_COLUMNS = 1024
SPARSE = 0.5
"""Where more of the cells are 0, columns vary little in few samples, and their spread tells nothing."""
SURE = 0.01
"""The standard error that the share of the largest class may have."""
SEEN_OFTEN = 5
"""A class that came less often is counted so often: its share may be smaller, and is never said to be."""
PER_CLASS = 20
"""So many labels for each class must have been seen before a rare one is known to be rare."""
MUCH_SMALLER = 0.05
"""A first squared error this far below the squares of the targets is not of these targets, but of scaled ones."""
VALUE_LOSSES = ("mse", "mae", "huber")


class Columns:
    """Means and variances of columns, put together from those of batches (Chan et al. 1979)."""

    def __init__(self) -> None:
        self.samples, self.cells, self.zeros = 0, 0, 0.0
        self.means: NDArray[np.float64] = np.zeros(0)
        self._squares: NDArray[np.float64] = np.zeros(0)

    def take(self, samples: int, cells: int, means: Any, variances: Any, zeros: float) -> None:
        """Add a batch: ``samples``, cells in each column, mean and variance of each, and the share of cells that are 0.

        Batches of other columns, or with a value that is not finite, are left out.
        """
        mean, variance = np.asarray(means, dtype=np.float64), np.asarray(variances, dtype=np.float64)
        if not self.cells:
            self.means, self._squares = np.zeros(len(mean)), np.zeros(len(mean))
        if mean.shape != self.means.shape or not (np.isfinite(mean).all() and np.isfinite(variance).all()):
            return
        both = self.cells + cells
        apart = mean - self.means
        self.means = self.means + apart * (cells / both)
        self._squares = self._squares + variance * cells + np.square(apart) * (self.cells * cells / both)
        self.zeros += (zeros - self.zeros) * (cells / both)
        self.samples, self.cells = self.samples + samples, both

    @property
    def spreads(self) -> NDArray[np.float64]:
        """Standard deviation of each column."""
        return np.sqrt(self._squares / max(self.cells, 1))


class SeenInputs:
    """Tells how large the numbers are that a model is given."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._columns = Columns()
        self._free = telemetry.data.largest_mean is None and telemetry.data.largest_std is None

    @property
    def wanted(self) -> bool:
        """Whether more samples would tell more."""
        return self._free and self._columns.samples < ENOUGH

    def take(self, samples: int, cells: int, means: Any, variances: Any, zeros: float) -> None:
        """See `Columns.take`."""
        columns = self._columns
        columns.take(samples, cells, means, variances, zeros)
        if not self._free or columns.samples < FEWEST or not len(columns.means):
            return
        told: dict[str, Any] = {"largest_mean": float(np.abs(columns.means).max())}
        if columns.zeros <= SPARSE:
            told["largest_std"] = float(columns.spreads.max())
        self._telemetry.know("data", **told, samples_seen=columns.samples)


class SeenTargets:
    """Tells where the numbers lie that a model is to give."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._columns = Columns()
        self._low, self._high, self._whole = math.inf, -math.inf, True
        data = telemetry.data
        self._free = data.label_minimum is None and data.target_std is None
        self._sure = False

    @property
    def wanted(self) -> bool:
        """Whether more samples would tell more."""
        return self._free and self._columns.samples < ENOUGH

    @property
    def from_loss(self) -> bool:
        """Whether targets were taken where the loss gets them; those of a batch may be changed on the way there."""
        return self._sure

    def take(
        self, samples: int, cells: int, means: Any, variances: Any, ends: tuple[float, float, bool], *, sure: bool
    ) -> None:
        """See `Columns.take`. ``ends``: smallest and largest number, and whether all are whole; ``sure``: the loss was
        given these very numbers.
        """
        if sure and not self._sure:
            self._sure, self._columns = True, Columns()
            self._low, self._high, self._whole = math.inf, -math.inf, True
        if not self._free or sure < self._sure or not all(map(math.isfinite, ends[:2])):
            return
        columns = self._columns
        columns.take(samples, cells, means, variances, 0.0)
        self._low, self._high = min(self._low, ends[0]), max(self._high, ends[1])
        self._whole &= ends[2]
        if columns.samples >= FEWEST and (sure or self._of_the_loss()):
            self._tell()

    def _tell(self) -> None:
        columns = self._columns
        told: dict[str, Any] = {
            "label_minimum": self._low,
            "label_maximum": self._high,
            "labels_integer": self._whole,
            "samples_seen": columns.samples,
        }
        if columns.samples >= FEWEST_TARGETS and self._telemetry.config.loss in VALUE_LOSSES:
            # Of several targets their root mean squares, as a squared error weighs them.
            size = float(np.sqrt(np.square(columns.means).mean()))
            sign = -1.0 if float(columns.means[np.abs(columns.means).argmax()]) < 0.0 else 1.0
            told["target_mean"] = sign * size
            told["target_std"] = float(np.sqrt(np.square(columns.spreads).mean()))
        self._telemetry.know("data", **told)

    def _of_the_loss(self) -> bool:
        """Whether the first loss is as large as one of these targets would be, for a model that gives about 0."""
        loss, course = self._telemetry.config.loss, self._telemetry.column("train.loss")
        if loss not in VALUE_LOSSES or not len(course.values):
            return False
        squares = float((np.square(self._columns.means) + np.square(self._columns.spreads)).mean())
        least = MUCH_SMALLER * squares
        return float(course.values[0]) >= (least if loss == "mse" else math.sqrt(least))


class SeenShares:
    """Tells the share of each class, once enough labels were seen to be sure of it."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        data = telemetry.data
        self._free = data.target_prior is None and data.class_counts is None
        self._told_of = 0

    def tell(self, counts: Counter[float]) -> None:
        """Tell the shares of the classes that were seen, given how often each was."""
        total = sum(counts.values())
        if not self._free or total < 1.5 * self._told_of or len(counts) < 2:
            return
        largest = max(counts.values()) / total
        if total < PER_CLASS * len(counts) or math.sqrt(largest * (1.0 - largest) / total) > SURE:
            return
        seen = [max(counts[one], SEEN_OFTEN) for one in sorted(counts)]
        self._told_of = total
        self._telemetry.know("data", seen_shares=tuple(one / sum(seen) for one in seen))

    def withdraw(self) -> None:
        """What was seen was no classes after all."""
        if self._told_of:
            self._telemetry.know("data", seen_shares=None)
        self._free = False
