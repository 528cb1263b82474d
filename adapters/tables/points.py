"""Names that are logged each for itself, with a step and a time of their own: their points, put in one order."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from expert.adapters.tables.numbers import Floats

MOST_POINTS = 10_000_000
"""Points of one source that are read at most."""

Whole = NDArray[np.int64]


@dataclass
class Points:
    """What was logged under one name, in the order in which it was written."""

    steps: array[int] = field(default_factory=lambda: array("q"))
    seconds: array[float] = field(default_factory=lambda: array("d"))
    """Moments of writing, in seconds since 1970."""
    values: array[float] = field(default_factory=lambda: array("d"))
    order: array[int] = field(default_factory=lambda: array("q"))
    """Places among everything that the same writer wrote."""

    def __len__(self) -> int:
        return len(self.values)

    def add(self, step: int, seconds: float, value: float, order: int) -> None:
        """Add the next point."""
        self.steps.append(step)
        self.seconds.append(seconds)
        self.values.append(value)
        self.order.append(order)

    def drop_from(self, step: int) -> int:
        """Take out the points at this step and behind it; return how many they were."""
        kept = [index for index, at in enumerate(self.steps) if at < step]
        dropped = len(self) - len(kept)
        if dropped:
            for name in ("steps", "seconds", "values", "order"):
                column = getattr(self, name)
                setattr(self, name, array(column.typecode, [column[index] for index in kept]))
        return dropped


class Curve(NamedTuple):
    """The points of one name; ``order`` is comparable between all names of the run."""

    name: str
    steps: Whole
    seconds: Floats
    values: Floats
    order: Whole


def in_one_order(writers: Sequence[Mapping[str, Points]]) -> list[Curve]:
    """Number the points of all writers through: each writer's in its own order, those of several by their times."""
    names, owners, order, seconds = [], [], [], []
    for owner, writer in enumerate(writers):
        for name, points in writer.items():
            if len(points):
                names.append((name, points))
                owners.append(np.full(len(points), owner, dtype=np.int64))
                order.append(np.array(points.order, dtype=np.int64))
                seconds.append(np.array(points.seconds, dtype=np.float64))
    if not names:
        return []
    by, own, time = np.concatenate(owners), np.concatenate(order), np.concatenate(seconds)
    reached = np.empty_like(time)
    for number in range(len(writers)):
        mine = np.flatnonzero(by == number)
        mine = mine[np.argsort(own[mine], kind="stable")]
        # A clock that was set back does not undo the order of what one writer wrote.
        reached[mine] = np.maximum.accumulate(np.nan_to_num(time[mine], nan=0.0))
    rank = np.empty(len(own), dtype=np.int64)
    rank[np.lexsort((own, by, reached))] = np.arange(len(own))
    curves, start = [], 0
    for name, points in names:
        at = rank[start : start + len(points)]
        start += len(points)
        written = np.argsort(at, kind="stable")
        curves.append(
            Curve(
                name,
                np.array(points.steps, dtype=np.int64)[written],
                np.array(points.seconds, dtype=np.float64)[written],
                np.array(points.values, dtype=np.float64)[written],
                at[written],
            )
        )
    return curves


def cuts(curves: Sequence[Curve]) -> list[int]:
    """The fewest places in the order of writing between which the steps of every name rise.

    Of the places that do, the one at which nothing was written for the longest time is where something ended.
    """
    if not curves:
        return []
    order = np.concatenate([curve.order for curve in curves])
    written = np.empty(len(order))
    written[order] = np.concatenate([curve.seconds for curve in curves])
    setbacks = []
    for curve in curves:
        back = np.flatnonzero(curve.steps[1:] < curve.steps[:-1])
        setbacks += list(zip(curve.order[back + 1].tolist(), curve.order[back].tolist(), strict=True))
    spans: list[tuple[int, int]] = []
    for behind, before in sorted(setbacks):
        if spans and before < spans[-1][1]:
            spans[-1] = max(before, spans[-1][0]), spans[-1][1]
        else:
            spans.append((before, behind))
    return [before + 1 + int(np.argmax(np.diff(written[before : behind + 1]))) for before, behind in spans]
