"""How steps, epochs and seconds lie on each other."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import model_validator

from expert.history.arrays import FloatArray
from expert.history.record import Record
from expert.history.series import Clock


class ClockMarks(Record):
    """Rows that name one moment on several clocks: ``step[i]``, ``epoch[i]`` and ``seconds[i]``, NaN where unknown.

    All columns have the same length; the known entries of each must not go down.
    """

    step: FloatArray
    epoch: FloatArray
    seconds: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.step)

    @model_validator(mode="after")
    def _check(self) -> Self:
        for clock in ("epoch", "seconds"):
            column = getattr(self, clock)
            if column is not None and len(column) != len(self.step):
                raise ValueError(f"clock marks have {len(self.step)} steps but {len(column)} entries of {clock}.")
        for clock in ("step", "epoch", "seconds"):
            column = getattr(self, clock)
            if column is None:
                continue
            known = column[~np.isnan(column)]
            if not np.isfinite(known).all():
                raise ValueError(f"clock marks hold an infinite {clock}.")
            if (known[1:] < known[:-1]).any():
                index = int(np.argmax(known[1:] < known[:-1]))
                raise ValueError(f"clock marks go back from {clock} {known[index]:g} to {known[index + 1]:g}.")
        return self

    def convert(self, positions: ArrayLike, from_: Clock, to: Clock) -> NDArray[np.float64] | None:
        """Return ``positions`` of clock ``from_`` on clock ``to``, or None when the marks cannot tell.

        Between marks by linear interpolation. A position named by several marks is its last one: an epoch number stands
        for the end of that epoch. Beyond the outermost marks the nearest pace is continued, but no farther than
        the marks themselves reach; what lies farther is NaN. Fewer than two different marks tell nothing.
        """
        positions = np.asarray(positions, dtype=np.float64)
        if from_ == to:
            return positions
        known = self._pairs(from_, to)
        if known is None:
            return None
        x, y = known
        span = x[-1] - x[0]
        # Two outer points carry the pace of the nearest marks on, as far as the marks reach.
        before = y[0] - span * (y[1] - y[0]) / (x[1] - x[0])
        behind = y[-1] + span * (y[-1] - y[-2]) / (x[-1] - x[-2])
        x = np.concatenate(([x[0] - span], x, [x[-1] + span]))
        y = np.concatenate(([before], y, [behind]))
        return np.asarray(np.interp(positions, x, y, left=np.nan, right=np.nan))

    def reach(self, from_: Clock, to: Clock) -> tuple[float, float] | None:
        """Return the first and last position of ``from_`` that ``convert`` can place on ``to``, or None."""
        known = self._pairs(from_, to)
        if known is None:
            return None
        first, last = float(known[0][0]), float(known[0][-1])
        return 2 * first - last, 2 * last - first

    def _pairs(self, from_: Clock, to: Clock) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        x, y = getattr(self, from_), getattr(self, to)
        if x is None or y is None:
            return None
        both = ~(np.isnan(x) | np.isnan(y))
        x, y = x[both], y[both]
        if len(x) < 2 or x[0] == x[-1]:
            return None
        last = np.append(x[1:] > x[:-1], True)
        return x[last], y[last]
