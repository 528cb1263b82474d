"""Columns with clock columns beside them become series, layer statistics and clock marks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from expert.errors import SourceError, nearest, sentence
from expert.history.arrays import read_only
from expert.history.clock import ClockMarks
from expert.history.columns import Column
from expert.history.layers import LayerStatistics
from expert.history.record import Record, nothing_known
from expert.history.series import Clock, Ignored, Provenance, Series

if TYPE_CHECKING:
    from expert.history.roles import Match

Floats = NDArray[np.float64]
Profile = TypeVar("Profile", bound=Record)
CLOCKS: tuple[Clock, ...] = ("step", "epoch", "seconds")


class Placing:
    """The rows of one table on their clocks: ``clocks[c][i]`` is the position of row i, NaN where it has none."""

    def __init__(self, clocks: Mapping[Clock, Floats], source: str | None) -> None:
        self.clocks = {clock: clocks[clock] for clock in CLOCKS if clock in clocks}
        self.unknown = {clock: ~np.isfinite(column) for clock, column in self.clocks.items()}
        self.gaps = frozenset(clock for clock, unknown in self.unknown.items() if unknown.any())
        """The clocks that do not place every row."""
        self.source = source
        # Whole columns of one length without gaps share one array of positions.
        self._whole: dict[int, tuple[Clock, Floats, Any]] = {}
        self.notes: list[str] = []
        self.ignored: list[Ignored] = []

    def series(self, columns: Iterable[Column], matches: Mapping[str, Match]) -> tuple[Series, ...]:
        """Place every column that holds a number, as its match says; list the others as ignored."""
        placed = []
        for column in columns:
            match = matches[column.name]
            if len(column.values) == 0:
                self.ignored.append(Ignored(name=column.name, reason="holds no value"))
                continue
            clock, at, kept = self.positions(column.name, column.rows, len(column.values))
            if len(at) == 0:
                self.ignored.append(Ignored(name=column.name, reason="stands only in rows without a step or epoch"))
                continue
            # Made of what was checked on the way here: to validate it again would cost as much as all the rest.
            placed.append(
                Series.model_construct(
                    name=column.name,
                    role=match.role,
                    at=read_only(at),
                    values=read_only(column.values[kept]),
                    clock=clock,
                    phase=match.phase,
                    reduction=match.reduction or "unknown",
                    direction=match.direction,
                    unit=match.unit,
                    source=Provenance.model_construct(path=self.source, column=column.name, reason=match.reason),
                )
            )
        return tuple(placed)

    def layers(
        self, quantity: str, names: Sequence[str], values: Floats, rows: NDArray[np.intp] | None
    ) -> LayerStatistics:
        """Place the rows x layers ``values`` of one layer statistic."""
        clock, at, kept = self.positions(quantity, rows, len(values))
        return LayerStatistics(quantity=quantity, layers=tuple(names), at=at, values=values[kept], clock=clock)

    def positions(self, name: str, rows: NDArray[np.intp] | None, length: int) -> tuple[Clock, Floats, Any]:
        """Return the clock that places most of these rows, rising positions on it, and the index of the values kept."""
        if rows is None and length in self._whole:
            return self._whole[length]
        take: Any = slice(length) if rows is None else rows
        kept: Any = slice(None)
        missing = {
            clock: int(np.count_nonzero(self.unknown[clock][take])) if clock in self.gaps else 0
            for clock in self.clocks
        }
        clock = min(missing, key=missing.__getitem__)
        at = self.clocks[clock][take]
        if missing[clock]:
            self.notes.append(f"{missing[clock]} of {length} values of {name!r} have no {clock} and were left out.")
            kept = np.flatnonzero(~self.unknown[clock][take])
            at = at[kept]
        if (at[1:] > at[:-1]).all():
            if rows is None and not missing[clock]:
                self._whole[length] = clock, at, kept
            return clock, at, kept
        if (at[1:] < at[:-1]).any():
            index = int(np.argmax(at[1:] < at[:-1]))
            before, behind = at[index : index + 2].tolist()
            raise SourceError(
                f"{self.source or 'The log'}: {clock} goes back from {before:g} to {behind:g} in {name!r} "
                f"(value {index + 2}); if several runs were written to one log, make one history of each."
            )
        last = np.flatnonzero(np.append(at[1:] > at[:-1], True))
        self.notes.append(
            f"{name!r} has several values at {len(at) - len(last)} position{'s' * (len(at) - len(last) > 1)} "
            f"of the {clock} clock; the last one counts."
        )
        return clock, at[last], last if isinstance(kept, slice) else kept[last]

    def marks(self) -> ClockMarks | None:
        """Return how the clocks lie on each other, or None when rows never name two of them."""
        if len(self.clocks) < 2:
            return None
        base = next(iter(self.clocks))
        take: Any = slice(None)  # the usual case, in which nothing need be copied
        if self.gaps:
            known = np.asarray(np.sum([~unknown for unknown in self.unknown.values()], axis=0, dtype=np.int8))
            take = np.flatnonzero(known >= 2)
        at = self.clocks[base][take]
        if not (at[1:] >= at[:-1]).all():
            order = np.argsort(at, kind="stable")
            take = take[order] if self.gaps else order
        columns = {
            clock: np.where(self.unknown[clock][take], np.nan, column[take]) if clock in self.gaps else column[take]
            for clock, column in self.clocks.items()
        }
        for clock in tuple(columns):
            if clock != base and goes_back(columns[clock]):
                self.notes.append(f"The {clock} goes back while the {base} rises, so it is not used to place anything.")
                del columns[clock]
        if len(columns) < 2 or len(at) == 0:
            return None
        needed = _corners(list(columns.values()))
        empty = np.full(len(needed), np.nan)
        return ClockMarks(
            step=columns["step"][needed] if "step" in columns else empty,
            epoch=columns["epoch"][needed] if "epoch" in columns else empty,
            seconds=columns["seconds"][needed] if "seconds" in columns else None,
        )


def profile(kind: type[Profile], given: Profile | Mapping[str, Any] | None) -> Profile:
    """Return the profile given, or made of the mapping given; a field it does not have is a ``SourceError``."""
    if given is None:
        return nothing_known(kind)
    if isinstance(given, kind):
        return given
    fields = dict(given)
    for name in fields:
        if name not in kind.model_fields:
            raise SourceError(f"{kind.__name__} has no field {name!r}.{nearest(str(name), kind.model_fields)}")
    try:
        return kind(**fields)
    except ValidationError as error:
        raise SourceError(f"{kind.__name__}: {sentence(error)}") from None


def goes_back(column: Floats) -> bool:
    """Whether a known entry is followed by a lower one."""
    unknown = np.isnan(column)
    known = column[~unknown] if unknown.any() else column
    return bool((known[1:] < known[:-1]).any())


def _corners(columns: list[Floats]) -> NDArray[np.intp]:
    """Return the rows interpolation needs: inside a stretch where only the first column moves a row adds nothing."""
    length = len(columns[0])
    inner = np.ones(max(length - 2, 0), dtype=bool)
    for column in columns[1:]:
        inner &= (column[1:-1] == column[:-2]) & (column[1:-1] == column[2:])
    inner &= ~np.isnan(columns[0][1:-1])
    return np.flatnonzero(~np.concatenate(([False], inner, [False]))[:length])
