"""Histories from rows and from columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from expert.errors import SourceError
from expert.history.columns import Column, NotNumeric, read_column
from expert.history.events import Event
from expert.history.placing import Floats, Placing, goes_back, profile
from expert.history.profiles import DataProfile, ModelProfile, RunConfig
from expert.history.series import Clock, Ignored

if TYPE_CHECKING:
    from expert.history.history import History
    from expert.history.roles import Match

Built = TypeVar("Built", bound="History")

# From this length on, a table without any clock and without validation is read as steps: no one trains so many epochs.
MANY_EPOCHS = 1000
# A column this many times longer than the validation column holds steps: no one validates so rarely.
MANY_EPOCHS_PER_VALIDATION = 20


def from_records(
    cls: type[Built],
    records: Iterable[Mapping[str, Any]],
    *,
    columns: Mapping[str, str] | None,
    layers: Sequence[str] | None,
    source: str | None,
    **rest: Any,
) -> Built:
    """See ``History.from_records``."""
    length, cells, mappings = _gathered(records, source)
    table = _Table({name: (entries, rows) for name, (rows, entries) in cells.items()}, length, columns)
    if table.lacks_positions and length:
        clock = table.guessed_clock()
        table.count(clock)
        table.notes.append(f"No step or epoch is recorded, so rows are counted as {clock}s 1, 2, ...")
    table.count_steps_where_epochs_repeat()
    placing = Placing(table.clocks, source)
    statistics = []
    for quantity, (rows, entries) in mappings.items():
        try:
            names, matrix = _matrix(entries, layers)
        except NotNumeric as reason:
            table.ignored.append(Ignored(name=quantity, reason=str(reason)))
            continue
        statistics.append(placing.layers(quantity, names, matrix, np.asarray(rows, dtype=np.intp)))
    return _history(cls, table, placing, layers=tuple(statistics), **rest)


def from_columns(
    cls: type[Built],
    columns_by_name: Mapping[str, Any],
    *,
    clock: Clock | None,
    epoch: Sequence[float] | Floats | None,
    columns: Mapping[str, str] | None,
    source: str | None,
    **rest: Any,
) -> Built:
    """See ``History.from_columns``."""
    plain = {str(name): entries for name, entries in columns_by_name.items() if not isinstance(entries, Mapping)}
    table = _Table({name: (entries, None) for name, entries in plain.items()}, None, columns)
    if epoch is not None:
        table.set_epochs(epoch, source)
    elif table.lacks_positions and clock is None:
        clock = table.guessed_clock()
        if clock == "step":
            table.notes.append("No step or epoch is given; so many values are taken as one per step, counted from 1.")
    if clock is not None and clock not in table.clocks:
        table.count(clock)
    table.check_positions(source)
    table.place_validation()
    table.count_steps_where_epochs_repeat()
    placing = Placing(table.clocks, source)
    statistics = []
    for quantity, by_layer in columns_by_name.items():
        if isinstance(by_layer, Mapping):
            try:
                read = [read_column(f"{quantity}: {layer}", entries) for layer, entries in by_layer.items()]
            except NotNumeric as reason:
                table.ignored.append(Ignored(name=str(quantity), reason=str(reason)))
                continue
            length = max((len(entries) for entries in by_layer.values()), default=0)
            matrix = np.column_stack([column.spread(length) for column in read])
            statistics.append(placing.layers(str(quantity), [str(layer) for layer in by_layer], matrix, None))
    return _history(cls, table, placing, layers=tuple(statistics), **rest)


class _Table:
    """Columns read as numbers, told apart into clocks and values."""

    def __init__(
        self,
        raw: Mapping[str, tuple[Any, list[int] | None]],
        length: int | None,
        corrections: Mapping[str, str] | None,
    ) -> None:
        from expert.history.roles import match_columns

        self.matches: dict[str, Match] = match_columns(list(raw), corrections)
        self.values: list[Column] = []
        self.ignored: list[Ignored] = []
        self.notes: list[str] = []
        self.lengths: dict[str, int] = {}
        found: dict[Clock, Column] = {}
        for name, (entries, rows) in raw.items():
            try:
                column = read_column(name, entries, rows)
            except NotNumeric as reason:
                self.ignored.append(Ignored(name=name, reason=str(reason)))
                continue
            clock = self.matches[name].clock_column
            self.lengths[name] = len(entries)
            if clock is None or clock in found or len(column.values) == 0:
                self.values.append(column)
            else:
                found[clock] = column
        self.clock_names = {clock: column.name for clock, column in found.items()}
        self.length = max(self.lengths.values(), default=0) if length is None else length
        self.clocks: dict[Clock, Floats] = {clock: column.spread(self.length) for clock, column in found.items()}

    @property
    def lacks_positions(self) -> bool:
        """Whether neither a step nor an epoch is given; seconds alone say nothing of the progress of training."""
        return not {"step", "epoch"} & self.clocks.keys()

    def guessed_clock(self) -> Clock:
        """Epochs, unless there are far too many entries for that."""
        validation = [self.lengths[column.name] for column in self.values if self._validates(column)]
        limit = MANY_EPOCHS_PER_VALIDATION * max(validation) if validation else MANY_EPOCHS
        return "epoch" if self.length <= limit else "step"

    def count(self, clock: Clock) -> None:
        """Number all entries 1, 2, ... on ``clock``."""
        self.clocks[clock] = np.arange(1.0, self.length + 1)

    def set_epochs(self, epoch: Sequence[float] | Floats, source: str | None) -> None:
        """Take the epoch of each entry from the caller."""
        try:
            column = read_column("epoch", epoch)
        except NotNumeric as reason:
            raise SourceError(f"{source or 'The table'}: the argument epoch {reason}.") from None
        self.lengths["epoch"] = len(epoch)
        self.clock_names["epoch"] = "epoch"
        self.length = max(self.length, len(epoch))
        self.clocks["epoch"] = column.spread(self.length)

    def check_positions(self, source: str | None) -> None:
        """Raise ``SourceError`` if a column has more values than there are positions for it."""
        longest = max(self.values, key=lambda column: self.lengths[column.name], default=None)
        for name in self.clock_names.values():
            if longest is not None and self.lengths[longest.name] > self.lengths[name]:
                raise SourceError(
                    f"{source or 'The table'}: column {longest.name!r} has {self.lengths[longest.name]} values, "
                    f"but {name!r} gives only {self.lengths[name]} positions."
                )

    def place_validation(self) -> None:
        """Move the entries of shorter validation columns to the ends of the intervals they validate."""
        full = max((self.lengths[column.name] for column in self.values), default=0)
        ends: dict[int, str] = {}
        for index, column in enumerate(self.values):
            length = self.lengths[column.name]
            if length in (0, full):
                continue
            every = full // length
            if every == 1 or full // every != length or not self._validates(column):
                self.notes.append(
                    f"{column.name!r} has {length} values where others have {full}; they are placed from the start."
                )
                continue
            ends[every] = column.name
            rows = np.arange(length) if column.rows is None else column.rows
            self.values[index] = Column(column.name, column.values, rows * every + every - 1)
        if ends and list(self.clocks) == ["step"]:
            every, name = min(ends.items())
            epochs = np.full(self.length, np.nan)
            epochs[every - 1 : full : every] = np.arange(1.0, full // every + 1)
            self.clocks["epoch"] = epochs
            self.notes.append(f"Each value of {name!r} is taken to end an epoch of {every} steps.")

    def count_steps_where_epochs_repeat(self) -> None:
        """Number the rows as steps where the only clock is an epoch that several rows share."""
        epochs = self.clocks.get("epoch")
        if epochs is None or "step" in self.clocks:
            return
        for column in self.values:
            at = epochs[: len(column.values)] if column.rows is None else epochs[column.rows]
            at = at[np.isfinite(at)]
            if len(at) > 2 * (1 + np.count_nonzero(np.diff(at))) and not goes_back(at):
                self.count("step")
                self.notes.append("Several rows share an epoch and have no step, so rows count as steps 1, 2, ...")
                return

    def _validates(self, column: Column) -> bool:
        return self.matches[column.name].phase in ("val", "test")


def _history(
    cls: type[Built],
    table: _Table,
    placing: Placing,
    *,
    config: Any,
    model: Any,
    data: Any,
    events: Iterable[Event],
    layers: tuple[Any, ...],
) -> Built:
    series, marks = placing.series(table.values, table.matches), placing.marks()
    events = tuple(events)
    # Only events and source come from the caller unchecked; without them there is nothing to validate.
    checked = not events and isinstance(placing.source, str | None)
    return (cls.model_construct if checked else cls)(
        series=series,
        layers=layers,
        marks=marks,
        events=events,
        config=profile(RunConfig, config),
        model=profile(ModelProfile, model),
        data=profile(DataProfile, data),
        ignored=(*table.ignored, *placing.ignored),
        notes=(*table.notes, *placing.notes),
        source=placing.source,
    )


_Cells = dict[str, tuple[list[int], list[Any]]]


def _gathered(records: Iterable[Mapping[str, Any]], source: str | None) -> tuple[int, _Cells, _Cells]:
    """Turn rows into, for each key, the rows it stands in and its entries; mappings apart from plain values."""
    cells: _Cells = {}
    mappings: _Cells = {}
    row = -1
    for row, record in enumerate(records):
        if not isinstance(record, Mapping):
            seen = f"row {row + 1} is {type(record).__name__}"
            raise SourceError(f"{source or 'The records'}: {seen}, expected a mapping of names to values.")
        for key, entry in record.items():
            rows, entries = (mappings if isinstance(entry, Mapping) else cells).setdefault(str(key), ([], []))
            rows.append(row)
            entries.append(entry)
    return row + 1, cells, mappings


def _matrix(entries: Sequence[Mapping[str, Any]], order: Sequence[str] | None) -> tuple[list[str], NDArray[np.float64]]:
    """Return the layers in forward order and the rows x layers values, NaN where a row leaves a layer out."""
    seen = dict.fromkeys(layer for entry in entries for layer in entry)
    names = [name for name in order or () if name in seen]
    names += [name for name in seen if name not in set(names)]
    matrix = np.full((len(entries), len(names)), np.nan)
    for row, entry in enumerate(entries):
        column = read_column("", [entry.get(name) for name in names])
        matrix[row, slice(None) if column.rows is None else column.rows] = column.values
    return [str(name) for name in names], matrix
