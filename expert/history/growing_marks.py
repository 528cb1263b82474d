"""Clock marks that grow at their end, fragment by fragment, and may go back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from expert.history.arrays import read_only
from expert.history.clock import ClockMarks
from expert.history.placing import CLOCKS
from expert.history.series import Clock

Floats = NDArray[np.float64]


class GrowingMarks:
    """Rows of step, epoch and seconds, NaN where unknown. ``blanked`` names clocks of which earlier marks had to go."""

    def __init__(self) -> None:
        self.parts: list[Floats] = []
        self.last = np.full(len(CLOCKS), np.nan)
        self.any_seconds = False
        self.blanked: dict[Clock, None] = {}

    def add(self, marks: ClockMarks) -> float | None:
        """Continue with these marks; return the step they go back to, if they do."""
        self.any_seconds |= marks.seconds is not None
        seconds = np.full(len(marks), np.nan) if marks.seconds is None else marks.seconds
        rows = np.column_stack([marks.step, marks.epoch, seconds])
        first = np.fmin.reduce(rows, axis=0, initial=np.nan)
        back = None
        if (first < self.last).any():
            whole = self._whole().copy()
            if first[0] < self.last[0]:
                back = float(first[0])
                whole = whole[: _first_true(whole[:, 0] > first[0])]
            for index in (1, 2):
                beyond = whole[:, index] > first[index]
                if beyond.any():
                    whole[beyond, index] = np.nan
                    self.blanked[CLOCKS[index]] = None
            self._replace(whole)
        self.parts.append(rows)
        self.last = np.fmax(self.last, np.fmax.reduce(rows, axis=0, initial=np.nan))
        return back

    def reaches(self, clock: Clock, position: float) -> bool:
        """Whether a mark stands at this position or later."""
        return bool(self.last[CLOCKS.index(clock)] >= position)

    def placed(self, clock: Clock, position: float) -> dict[Clock, float]:
        """Return the position on every clock that the marks place it on, its own included."""
        marks = self.joined()
        limits = {clock: position}
        for other in CLOCKS:
            converted = None if marks is None or other == clock else marks.convert([position], clock, other)
            if converted is not None and np.isfinite(converted[0]):
                limits[other] = float(converted[0])
        return limits

    def cut(self, limits: dict[Clock, float]) -> None:
        """Leave out the first row that stands at one of these positions or later, and all behind it."""
        if not self.parts:
            return
        whole = self._whole()
        beyond = [column >= limits[clock] for clock, column in zip(CLOCKS, whole.T, strict=True) if clock in limits]
        self._replace(whole[: _first_true(np.logical_or.reduce(beyond))])

    def joined(self) -> ClockMarks | None:
        """Return all in one record; None where there never were any."""
        if not self.parts:
            return None
        step, epoch, seconds = (read_only(column) for column in self._whole().T)
        return ClockMarks.model_construct(step=step, epoch=epoch, seconds=seconds if self.any_seconds else None)

    def _whole(self) -> Floats:
        self.parts = [np.concatenate(self.parts)]
        return self.parts[0]

    def _replace(self, rows: Floats) -> None:
        self.parts = [rows]
        self.last = np.fmax.reduce(rows, axis=0, initial=np.nan)


def _first_true(flags: NDArray[np.bool_]) -> int:
    return int(np.argmax(flags)) if flags.any() else len(flags)
