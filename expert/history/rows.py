"""Rows for people: what was recorded at one position, and a table of all positions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from expert.history.layers import LayerStatistics
from expert.history.placing import CLOCKS
from expert.history.record import Record
from expert.history.series import Clock, Series

if TYPE_CHECKING:
    import pandas

    from expert.history.history import History

Floats = NDArray[np.float64]


class Row(Record):
    """What was recorded at one position: ``values`` by role (by name where there is none), a mapping for layers.

    ``step``, ``epoch`` and ``seconds`` are None where the position on that clock is not known.
    """

    step: float | None = None
    epoch: float | None = None
    seconds: float | None = None
    values: dict[str, float | dict[str, float]]

    def record(self) -> dict[str, Any]:
        """Return the row as a mapping ``History.from_records`` reads."""
        clocks = {str(clock): getattr(self, clock) for clock in CLOCKS if getattr(self, clock) is not None}
        return {**clocks, **self.values}


@dataclass(frozen=True)
class _Member:
    """One series or layer statistic on the clock of its block; ``layers`` names the columns of a statistic."""

    name: str
    at: Floats
    values: Floats
    layers: tuple[str, ...] | None


class _Block:
    """The rows of one clock."""

    def __init__(self, clock: Clock, members: list[_Member], history: History) -> None:
        self.members = members
        self.at = members[0].at
        for member in members[1:]:
            if not np.array_equal(self.at, member.at):
                self.at = np.union1d(self.at, member.at)
        self.positions: dict[Clock, Floats] = {clock: self.at}
        for other in CLOCKS:
            converted = None if history.marks is None else history.marks.convert(self.at, clock, other)
            if other != clock and converted is not None:
                self.positions[other] = converted

    def row(self, index: int) -> Row:
        position = self.at[index]
        values: dict[str, Any] = {}
        for member in self.members:
            found = int(np.searchsorted(member.at, position, side="right")) - 1
            if found >= 0 and member.at[found] == position:
                entry = member.values[found].tolist()
                values[member.name] = entry if member.layers is None else dict(zip(member.layers, entry, strict=True))
        clocks = {clock: float(at[index]) for clock, at in self.positions.items() if np.isfinite(at[index])}
        return Row(values=values, **clocks)


class Rows(Sequence[Row]):
    """A sequence with one ``Row`` for every position something was recorded at, made when asked for.

    Rows stand on the step clock if anything does, else on the epoch clock, else in seconds; what the clock marks
    cannot place there follows in rows of its own clock.
    """

    def __init__(self, history: History) -> None:
        records: list[Series | LayerStatistics] = [*history.series, *history.layers]
        main: Clock = min((record.clock for record in records), key=CLOCKS.index, default="step")
        members: dict[Clock, list[_Member]] = {clock: [] for clock in CLOCKS}
        for record, name in zip(records, column_names(history), strict=True):
            layers = None if isinstance(record, Series) else record.layers
            converted = record.at
            if record.clock != main:
                moved = None if history.marks is None else history.marks.convert(record.at, record.clock, main)
                converted = np.full(len(record.at), np.nan) if moved is None else moved
            placed = np.isfinite(converted)
            if placed.all():
                members[main].append(_Member(name, converted, record.values, layers))
                continue
            if placed.any():
                members[main].append(_Member(name, converted[placed], record.values[placed], layers))
            members[record.clock].append(_Member(name, record.at[~placed], record.values[~placed], layers))
        self.blocks = [_Block(clock, members[clock], history) for clock in CLOCKS if members[clock]]

    def __len__(self) -> int:
        return sum(len(block.at) for block in self.blocks)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(len(self)))]
        position = index + len(self) if index < 0 else index
        for block in self.blocks:
            if 0 <= position < len(block.at):
                return block.row(position)
            position -= len(block.at)
        raise IndexError(f"row {index} of a history of {len(self)} rows")

    def __iter__(self) -> Iterator[Row]:
        return (block.row(index) for block in self.blocks for index in range(len(block.at)))


def column_names(history: History) -> list[str]:
    """Return one name for each series, then each layer statistic: the role, or what else tells it from the others."""
    taken: set[str] = set(CLOCKS)
    names = []
    for series in history.series:
        labels = ",".join(f"{key}={value}" for key, value in series.labels)
        choices = [series.role or series.name, series.name, f"{series.name}[{labels}]"]
        names.append(_first_free(choices, taken))
    return names + [_first_free([layers.quantity], taken) for layers in history.layers]


def to_frame(history: History) -> pandas.DataFrame:
    """See ``History.to_frame``. NaN stands both for a NaN that was logged and for what was not recorded."""
    import pandas

    parts = []
    for block in Rows(history).blocks:
        columns: dict[str, Floats] = {clock: block.positions[clock] for clock in CLOCKS if clock in block.positions}
        for member in block.members:
            rows = np.searchsorted(block.at, member.at)
            values = member.values if member.layers is not None else member.values[:, None]
            for index, layer in enumerate(member.layers or ("",)):
                column = columns[f"{member.name}/{layer}" if layer else member.name] = np.full(len(block.at), np.nan)
                column[rows] = values[:, index]
        parts.append(pandas.DataFrame(columns, copy=False))
    return pandas.concat(parts, ignore_index=True) if parts else pandas.DataFrame()


def _first_free(choices: list[str], taken: set[str]) -> str:
    numbered = (f"{choices[0]}#{number}" for number in range(2, len(taken) + 3))
    name = next(choice for choice in (*choices, *numbered) if choice not in taken)
    taken.add(name)
    return name
