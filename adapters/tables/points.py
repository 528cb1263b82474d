"""Names that are logged each for itself, with a step and a time of their own, become the rows of one table."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from expert.adapters.tables.numbers import Floats
from expert.adapters.tables.table import Cells, Table
from expert.errors import SourceError
from expert.history import Clock, Ignored
from expert.history.building import MANY_EPOCHS, MANY_EPOCHS_PER_VALIDATION
from expert.history.roles import match_columns

MOST_POINTS = 10_000_000
"""Points of one source that are read at most."""
MOST_CELLS = 1 << 26
"""Rows times columns of the table they make."""
MANY_EPOCHS_WITHOUT_VALIDATION = 100
"""A logger that is given a step is mostly given the iteration; so many of them, never validated, are no epochs."""

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


class _Curve(NamedTuple):
    """The points of one name; ``order`` is comparable between all names of the run."""

    name: str
    steps: Whole
    seconds: Floats
    values: Floats
    order: Whole


def table_of_points(
    writers: Sequence[Mapping[str, Points]],
    source: str,
    columns: Mapping[str, str],
    clocks: Mapping[str, Clock] | None = None,
) -> tuple[Table, Mapping[str, str]]:
    """Return the points of one run as a table, and which of its columns are clocks, with what the caller says of them.

    ``writers`` wrote side by side, each name once among them; ``clocks`` says which clock a name counts, where that is
    known. Where a name starts to count again, the rows do, too: they stand in the order in which they were written, part
    by part, and in each part in the order of their steps. Names that count epochs while others count steps get rows of
    their own, and the step at which an epoch ended names that epoch. Raises `SourceError` for a table too large.
    """
    curves = _in_one_order(writers)
    notes: list[str] = []
    counted = _clocks(curves, columns, clocks or {}, notes)
    cuts = np.array(_cuts(curves), dtype=np.int64)
    by_step = _Stack.of([curve for curve in curves if counted[curve.name] == "step"], cuts)
    by_epoch = _Stack.of([curve for curve in curves if counted[curve.name] == "epoch"], cuts)
    rows = _Rows(by_step, by_epoch)
    ignored: list[Ignored] = []
    if rows.length * len(curves) > MOST_CELLS:
        matches = match_columns([curve.name for curve in curves], columns)
        ignored = [Ignored(name=name, reason=match.reason) for name, match in matches.items() if not _is_used(match)]
        curves = [curve for curve in curves if _is_used(matches[curve.name])]
    if rows.length * len(curves) > MOST_CELLS:
        raise SourceError(
            f"{source}: {len(curves)} names with {rows.length:,} different steps make a table too large to judge; pass a "
            "part of them: a dict of lists such as {'train.loss': [...], 'val.loss': [...]}."
        )
    cells = {curve.name: rows.cells(curve.name) for curve in curves}
    taken = set(cells)
    stated = dict(columns)
    for clock, column in rows.clocks().items():
        if clock not in stated:
            name = next(
                name for name in (clock, f"{clock} of the log", f"{clock} of the log's own") if name not in taken
            )
            cells[name], stated[clock] = column, name
    return Table(cells, rows.length, source, ignored=ignored, notes=notes), stated


def _is_used(match: object) -> bool:
    return getattr(match, "role", None) is not None or getattr(match, "clock_column", None) is not None


def _in_one_order(writers: Sequence[Mapping[str, Points]]) -> list[_Curve]:
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
    owner, own, time = np.concatenate(owners), np.concatenate(order), np.concatenate(seconds)
    reached = np.empty_like(time)
    for number in range(len(writers)):
        mine = np.flatnonzero(owner == number)
        mine = mine[np.argsort(own[mine], kind="stable")]
        # A clock that was set back does not undo the order of what one writer wrote.
        reached[mine] = np.maximum.accumulate(np.nan_to_num(time[mine], nan=0.0))
    rank = np.empty(len(own), dtype=np.int64)
    rank[np.lexsort((own, owner, reached))] = np.arange(len(own))
    curves, start = [], 0
    for name, points in names:
        at = rank[start : start + len(points)]
        start += len(points)
        written = np.argsort(at, kind="stable")
        curves.append(
            _Curve(
                name,
                np.array(points.steps, dtype=np.int64)[written],
                np.array(points.seconds, dtype=np.float64)[written],
                np.array(points.values, dtype=np.float64)[written],
                at[written],
            )
        )
    return curves


def _cuts(curves: Iterable[_Curve]) -> list[int]:
    """The fewest places in the order of writing between which the steps of every name rise."""
    setbacks = []
    for curve in curves:
        back = np.flatnonzero(curve.steps[1:] < curve.steps[:-1])
        setbacks += list(zip(curve.order[back + 1].tolist(), curve.order[back].tolist(), strict=True))
    cuts: list[int] = []
    for behind, before in sorted(setbacks):
        if not cuts or cuts[-1] <= before:
            cuts.append(behind)
    return cuts


def _clocks(
    curves: Sequence[_Curve], columns: Mapping[str, str], stated: Mapping[str, Clock], notes: list[str]
) -> dict[str, Clock]:
    """Which clock every name counts: steps and epochs are both called steps in such logs."""
    found: dict[str, Clock] = {curve.name: stated[curve.name] for curve in curves if curve.name in stated}
    rest = [curve for curve in curves if curve.name not in stated]
    if not rest:
        return found
    candidates = [curve for curve in curves if stated.get(curve.name) != "epoch"]
    reference = max(candidates, key=lambda curve: (int(curve.steps.max()), len(curve.steps)))
    epochs = [curve for curve in rest if curve is not reference and _counts_less(curve, reference)]
    steps = [curve for curve in rest if curve not in epochs]
    if epochs:
        names = ", ".join(repr(curve.name) for curve in epochs[:3]) + (" and others" if len(epochs) > 3 else "")
        notes.append(
            f"{names} count{'s' * (len(epochs) == 1)} to {max(int(one.steps.max()) for one in epochs):,} while "
            f"{reference.name!r} counts to {int(reference.steps.max()):,}: epochs and steps."
        )
    clock: Clock = "step" if epochs or "step" in stated.values() else _guess(steps, columns, stated, notes)
    return (
        found | dict.fromkeys((one.name for one in epochs), "epoch") | dict.fromkeys((one.name for one in steps), clock)
    )


def _counts_less(curve: _Curve, reference: _Curve) -> bool:
    """Whether a name counts far less than another that is logged beside it: epochs, where that counts steps."""
    highest = int(curve.steps.max())
    if len(curve.steps) < 2 or highest > MANY_EPOCHS or highest < 1:
        return False
    place = np.searchsorted(reference.order, curve.order) - 1
    if place[-1] > max(place[0], 0):
        beside = reference.steps[np.maximum(place, 0)]
        return bool(np.median(beside + 1) > 2 * np.median(curve.steps + 1) and np.mean(beside > curve.steps) > 0.5)
    # One list was written after the other, so that only their lengths compare.
    return bool((np.diff(curve.steps) == 1).all()) and int(reference.steps.max()) + 1 >= 2 * (highest + 1)


def _guess(
    curves: Sequence[_Curve], columns: Mapping[str, str], stated: Mapping[str, Clock], notes: list[str]
) -> Clock:
    """What names count that all count alike and do not say it."""
    if "epoch" in stated.values():
        return "epoch"
    matches = match_columns([curve.name for curve in curves], columns)
    longest = max(curves, key=lambda curve: len(curve.steps))
    different = np.unique(longest.steps)
    by_one = len(different) > 1 and float(np.median(np.diff(different))) == 1.0
    if not by_one or any(match.clock_column == "epoch" for match in matches.values()):
        return "step"
    validated = max((len(curve.steps) for curve in curves if matches[curve.name].phase == "val"), default=0)
    limit = MANY_EPOCHS_PER_VALIDATION * validated if validated else MANY_EPOCHS_WITHOUT_VALIDATION
    if len(different) > limit:
        return "step"
    notes.append("The steps of this log rise by one, and are few enough to be read as epochs.")
    return "epoch"


class _Stack(NamedTuple):
    """The points of several names one under the other.

    ``again`` counts the points of a name that have the same step in the same part: 0 the last of them, -1 the one before.
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
    def of(cls, curves: Sequence[_Curve], cuts: Whole) -> _Stack:
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


class _Rows:
    """The rows that points of both clocks share."""

    def __init__(self, by_step: _Stack, by_epoch: _Stack) -> None:
        self._stacks = (by_step, by_epoch)
        self._marking = self._steps_of_epochs()
        place = np.where(
            self._marking >= 0, by_step.at[self._marking] if len(by_step.at) else 0, np.iinfo(np.int64).min
        )
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
        """For every point that counts epochs, the point that counted a step last before it in its part, or -1."""
        by_step, by_epoch = self._stacks
        written = np.argsort(by_step.order, kind="stable")
        last = np.searchsorted(by_step.order[written], by_epoch.order) - 1
        found = np.where(last >= 0, written[last], -1) if len(written) else np.full(len(last), -1)
        same = (found >= 0) & (by_step.part[found] == by_epoch.part) if len(written) else found >= 0
        return np.where(same, found, -1).astype(np.intp)

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
            marked = self._marking >= 0
            found["epoch"] = self._cells(
                np.concatenate((epoch_row, step_row[self._marking[marked]])),
                np.concatenate((by_epoch.at, by_epoch.at[marked])),
            )
        stack, row = (by_step, step_row) if len(by_step.at) else (by_epoch, epoch_row)
        if not found or stack.again.min() < 0:
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


def _counts(stack: _Stack) -> bool:
    return len(stack.at) > 0 and (stack.at.min() < stack.at.max() or stack.again.min() == 0)
