"""The rows that points of many names share: one for every step or epoch at which something was logged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from expert.adapters.tables.cells import Cells
from expert.adapters.tables.numbers import Floats
from expert.adapters.tables.points import Curve, Whole
from expert.history import Clock


class Stack(NamedTuple):
    """The points of several names one under the other.

    ``again`` counts the points of a name that have the same step in the same part: 0 the last one, -1 the one
    before it.
    """

    names: tuple[str, ...]
    name: Whole
    part: Whole
    at: Whole
    again: Whole
    order: Whole
    seconds: Floats
    values: Floats

    @classmethod
    def of(cls, curves: Sequence[Curve], cuts: Whole) -> Stack:
        """Put the points of these names one under the other; parts lie between the ``cuts``."""
        columns: list[list[NDArray[np.generic]]] = [[] for _ in range(7)]
        for number, curve in enumerate(curves):
            part = np.searchsorted(cuts, curve.order, side="right").astype(np.int64)
            # Steps rise within a part, so equal ones stand together.
            starts = np.flatnonzero(np.append(True, (np.diff(curve.steps) != 0) | (np.diff(part) != 0)))
            sizes = np.diff(np.append(starts, len(part)))
            again = np.arange(len(part)) - np.repeat(starts + sizes - 1, sizes)
            label = np.full(len(part), number, dtype=np.int64)
            found = (label, part, curve.steps, again, curve.order, curve.seconds, curve.values)
            for column, entries in zip(columns, found, strict=True):
                column.append(entries)
        whole = [np.concatenate(column) if column else np.empty(0, dtype=np.int64) for column in columns]
        return cls(tuple(curve.name for curve in curves), *whole)  # type: ignore[arg-type]


class SharedRows:
    """The rows of both clocks: part by part, steps in their order, and each epoch behind the step at which it ended."""

    def __init__(self, by_step: Stack, by_epoch: Stack) -> None:
        self._stacks = (by_step, by_epoch)
        self._marked = self._steps_of_epochs()
        place = np.where(self._marked >= 0, by_step.at[self._marked] if len(by_step.at) else 0, 0)
        keys = np.vstack(
            [
                np.concatenate((by_step.part, by_epoch.part)),
                np.concatenate((by_step.at, place)),
                np.repeat((0, 1), (len(by_step.at), len(by_epoch.at))),
                np.concatenate((by_step.at, by_epoch.at)),
                np.concatenate((by_step.again, by_epoch.again)),
            ]
        )
        sorted_ = np.lexsort(keys[::-1])
        ordered = keys[:, sorted_]
        new = np.append(True, (np.diff(ordered, axis=1) != 0).any(axis=0)) if keys.shape[1] else np.empty(0, dtype=bool)
        row = np.empty(keys.shape[1], dtype=np.intp)
        row[sorted_] = np.cumsum(new) - 1
        self.length = int(new.sum())
        self._row = (row[: len(by_step.at)], row[len(by_step.at) :])
        self._part = np.empty(self.length, dtype=np.int64)
        self._part[row] = keys[0]

    def _steps_of_epochs(self) -> NDArray[np.intp]:
        """For every point that counts epochs, the one with the highest step that was written before it in its part,
        else the one with the lowest step of its part, else -1.
        """
        by_step, by_epoch = self._stacks
        if not len(by_step.at):
            return np.full(len(by_epoch.at), -1)
        written = np.argsort(by_step.order, kind="stable")
        rising = np.lexsort((by_step.at, by_step.part))
        rank = np.empty(len(rising), dtype=np.intp)
        rank[rising] = np.arange(len(rising))
        # Parts follow on each other in the order of writing, so the highest rank so far is in the part at hand.
        highest = rising[np.maximum.accumulate(rank[written])]
        last = highest[np.searchsorted(by_step.order[written], by_epoch.order) - 1]
        place = np.minimum(np.searchsorted(by_step.part[rising], by_epoch.part), len(rising) - 1)
        first = rising[place]
        # A point that comes before all others has been given the very last one, which is of its part or a later time.
        earlier = (by_step.part[last] == by_epoch.part) & (by_step.order[last] < by_epoch.order)
        return np.where(earlier, last, np.where(by_step.part[first] == by_epoch.part, first, -1))

    @property
    def starts(self) -> tuple[int, ...]:
        """The rows at which epochs start again while steps go on: the steps do not show it."""
        step = self.clocks().get("step")
        if step is None or not len(self._stacks[1].at):
            return ()
        counted = np.flatnonzero(step.recorded)
        first = np.flatnonzero(np.diff(self._part)) + 1
        here = np.searchsorted(counted, first)
        found = []
        for row, place, stop in zip(first.tolist(), here.tolist(), [*first.tolist(), self.length][1:], strict=True):
            inside = place < len(counted) and counted[place] < stop
            if not inside or place == 0 or step.values[counted[place]] >= step.values[counted[place - 1]]:
                found.append(row)
        return tuple(found)

    def cells(self, name: str) -> Cells:
        """The column of one name."""
        stack, row = next((one, row) for one, row in zip(self._stacks, self._row, strict=True) if name in one.names)
        mine = stack.name == stack.names.index(name)
        return self._cells(row[mine], stack.values[mine])

    def clocks(self) -> dict[Clock, Cells]:
        """The columns that count, as far as there are any: a step that is the same throughout counts nothing."""
        found: dict[Clock, Cells] = {}
        (by_step, by_epoch), (step_row, epoch_row) = self._stacks, self._row
        if _counts(by_step):
            found["step"] = self._cells(step_row, by_step.at)
        if _counts(by_epoch):
            # Of several epochs that would name one step, the earliest does, so that rows do not go back.
            marking = np.argsort(-by_epoch.at, kind="stable")
            marking = marking[self._marked[marking] >= 0]
            found["epoch"] = self._cells(
                np.concatenate((epoch_row, step_row[self._marked[marking]])),
                np.concatenate((by_epoch.at, by_epoch.at[marking])),
            )
        stack, row = (by_step, step_row) if len(by_step.at) else (by_epoch, epoch_row)
        if not found or ("step" not in found and stack.again.min() < 0):
            return found  # rows that share a position are told apart by their number only
        seconds = self._cells(row, stack.seconds - np.min(stack.seconds, initial=np.inf))
        passing = np.diff(seconds.values[seconds.recorded])
        same = np.diff(self._part[seconds.recorded]) == 0
        if len(passing) and np.isfinite(passing).all() and (passing[same] >= 0).all() and passing.any():
            found["seconds"] = seconds
        return found

    def _cells(self, row: NDArray[np.intp], values: NDArray[np.generic]) -> Cells:
        filled = np.full(self.length, np.nan)
        filled[row] = values
        recorded = np.zeros(self.length, dtype=np.bool_)
        recorded[row] = True
        return Cells(filled, recorded)


def _counts(stack: Stack) -> bool:
    return len(stack.at) > 0 and (stack.at.min() < stack.at.max() or stack.again.min() == 0)
