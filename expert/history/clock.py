"""How steps, epochs and seconds lie on each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import ValidationInfo, field_validator

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

    @field_validator("step", "epoch", "seconds")
    @classmethod
    def _forward(cls, column: NDArray[np.float64] | None, info: ValidationInfo) -> NDArray[np.float64] | None:
        if column is None:
            return None
        if len(column) != len(info.data.get("step", column)):
            steps = len(info.data["step"])
            raise ValueError(f"clock marks have {steps} steps but {len(column)} entries of {info.field_name}.")
        known = column[~np.isnan(column)]
        if not np.isfinite(known).all():
            raise ValueError(f"clock marks hold an infinite {info.field_name}.")
        falls = known[1:] < known[:-1]
        if falls.any():
            before, behind = known[int(np.argmax(falls)) :][:2].tolist()
            raise ValueError(f"clock marks go back from {info.field_name} {before:g} to {behind:g}.")
        return column

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
