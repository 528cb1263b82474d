"""What a collector keeps of a live run: growing columns of its own, turned into a `History` on demand."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from expert.history import Event, History, LayerStatistics, ModelProfile, RunConfig, Series
from expert.history.clock import ClockMarks
from expert.history.profiles import DataProfile

if TYPE_CHECKING:
    from expert.history import Clock, Direction, Phase, Reduction

MOST_ROWS = 512
"""So many rows of a layer statistic are kept in memory; beyond them every other one of the middle is given up."""
FIRST_ROWS = 64
LAST_ROWS = 128
"""Of the rows so many first and last ones are never given up: the start and the present decide most."""


@dataclass(slots=True)
class Column:
    """One series that grows: positions and values as float64, 16 bytes a point."""

    name: str
    role: str | None = None
    clock: Clock = "step"
    phase: Phase | None = None
    reduction: Reduction = "unknown"
    direction: Direction | None = None
    labels: tuple[tuple[str, str], ...] = ()
    at: array[float] = field(default_factory=lambda: array("d"))
    values: array[float] = field(default_factory=lambda: array("d"))
    written: int = 0
    """So many points are in the journal already."""

    def append(self, at: float, value: float) -> None:
        """Add a point; one at or before the last position replaces the last value, so that positions rise."""
        if self.at and at <= self.at[-1]:
            self.values[-1] = value
            return
        self.at.append(at)
        self.values.append(value)

    def series(self, start: int = 0) -> Series:
        """The points from index ``start`` on, as a copy: the column goes on growing."""
        return Series(
            name=self.name,
            role=self.role,
            clock=self.clock,
            phase=self.phase,
            reduction=self.reduction,
            direction=self.direction,
            labels=self.labels,
            at=np.array(self.at[start:], dtype=np.float64),
            values=np.array(self.values[start:], dtype=np.float64),
        )


@dataclass(slots=True)
class Table:
    """One statistic of every layer that grows by rows, kept as float32: (position, value of each layer)."""

    quantity: str
    clock: Clock = "step"
    layers: dict[str, int] = field(default_factory=dict)
    at: list[float] = field(default_factory=list)
    rows: list[array[float]] = field(default_factory=list)
    unwritten: list[int] = field(default_factory=list)
    """Indices of the rows that are not in the journal yet."""

    def append(self, at: float, values: Mapping[str, float]) -> None:
        """Add a row; what it does not name is NaN there. A row at the last position joins the one that is there."""
        for name in values:
            self.layers.setdefault(name, len(self.layers))
        if self.at and at <= self.at[-1]:
            row = self.rows[-1]
            row.extend([np.nan] * (len(self.layers) - len(row)))
        else:
            row = array("f", [np.nan]) * len(self.layers)
            self.unwritten.append(len(self.at))
            self.at.append(at)
            self.rows.append(row)
        for name, value in values.items():
            row[self.layers[name]] = _single(value)

    def thin(self) -> None:
        """Give up every other row of the middle where there are too many. Call it once all rows are written."""
        if len(self.at) <= MOST_ROWS:
            return
        kept = [i for i in range(len(self.at)) if i < FIRST_ROWS or i >= len(self.at) - LAST_ROWS or i % 2 == 0]
        self.at = [self.at[i] for i in kept]
        self.rows = [self.rows[i] for i in kept]

    def statistics(self, indices: Sequence[int] | None = None) -> LayerStatistics:
        """The rows with these indices (all where none are given)."""
        chosen = range(len(self.at)) if indices is None else indices
        values = np.full((len(chosen), len(self.layers)), np.nan)
        for number, index in enumerate(chosen):
            row = self.rows[index]
            values[number, : len(row)] = row
        at = np.array([self.at[index] for index in chosen], dtype=np.float64)
        return LayerStatistics(
            quantity=self.quantity, layers=tuple(self.layers), at=at, values=values, clock=self.clock
        )


@dataclass(frozen=True, slots=True)
class _Written:
    """How many events, marks and notes, and which profiles, the journal holds."""

    events: int = 0
    marks: int = 0
    notes: int = 0
    profiles: tuple[RunConfig, ModelProfile, DataProfile] | None = None


class Telemetry:
    """Everything recorded of one run so far, and how much of it a journal holds already."""

    def __init__(self, source: str, *, journaled: bool = False) -> None:
        self.source = source
        self.journaled = journaled
        self.columns: dict[tuple[object, ...], Column] = {}
        self.tables: dict[str, Table] = {}
        self.events: list[Event] = []
        self.marks: list[tuple[float, float, float]] = []
        self.notes: dict[str, None] = {}
        self.given: set[str] = set()
        """Roles that the user measures, which nobody else records then."""
        self.config = RunConfig()
        self.model = ModelProfile()
        self.data = DataProfile()
        self._written = _Written()

    def column(self, role: str, *, labels: tuple[tuple[str, str], ...] = (), **about: Any) -> Column:
        """The series of this role and these labels; made with ``about`` (fields of `Column`) at the first call."""
        key = (role, labels)
        if key not in self.columns:
            self.columns[key] = Column(**({"name": role, "role": role, "labels": labels} | about))
        return self.columns[key]

    def row(self, quantity: str, at: float, values: Mapping[str, float]) -> None:
        """Add the values of some layers at one step to a layer statistic."""
        if values:
            self.tables.setdefault(quantity, Table(quantity)).append(at, values)

    def event(self, kind: str, at: float, text: str = "") -> None:
        """Note that something happened at this step."""
        self.events.append(Event(kind=kind, at=at, text=text))

    def mark(self, step: float, epoch: float, seconds: float) -> None:
        """Place a step on the clocks of epochs and of seconds."""
        self.marks.append((step, epoch, seconds))

    def note(self, sentence: str) -> None:
        """Keep a sentence for the reader of the advice, once."""
        self.notes.setdefault(sentence)

    def know(self, record: str, **fields: Any) -> None:
        """Set fields of the profile ``record`` (``config``, ``model`` or ``data``)."""
        setattr(self, record, getattr(self, record).model_copy(update=fields))

    def forget(self) -> None:
        """Let go of what was recorded, but not of what is known: the run goes on from another record."""
        for column in self.columns.values():
            del column.at[:], column.values[:]  # in place: others keep hold of them
            column.written = 0
        self.tables.clear()
        self.events.clear()
        self.marks.clear()
        self._written = replace(self._written, events=0, marks=0)

    def history(self) -> History:
        """Everything kept in memory."""
        return self._history(
            [column.series() for column in self.columns.values() if column.at],
            [table.statistics() for table in self.tables.values() if table.at],
            self.events,
            self.marks,
            self.notes,
        )

    def fragment(self) -> History | None:
        """What was recorded since the last call, for the journal; None where there is nothing new."""
        series = [c.series(c.written) for c in self.columns.values() if len(c.at) > c.written]
        layers = [table.statistics(table.unwritten) for table in self.tables.values() if table.unwritten]
        events, marks = self.events[self._written.events :], self.marks[self._written.marks :]
        notes = list(islice(self.notes, self._written.notes, None))
        profiles = (self.config, self.model, self.data)
        news = profiles != self._written.profiles
        for column in self.columns.values():
            column.written = len(column.at)
        for table in self.tables.values():
            table.unwritten.clear()
        self._written = _Written(len(self.events), len(self.marks), len(self.notes), profiles)
        self.thin()
        if not (series or layers or events or marks or notes or news):
            return None
        return self._history(series, layers, events, marks, notes, profiles=news)

    def thin(self) -> None:
        """Keep the memory bounded: of layer statistics the start, the present and a thinning past."""
        for table in self.tables.values():
            if not self.journaled:
                table.unwritten.clear()
            if not table.unwritten:
                table.thin()

    def _history(
        self,
        series: Sequence[Series],
        layers: Sequence[LayerStatistics],
        events: Sequence[Event],
        marks: Sequence[tuple[float, float, float]],
        notes: Iterable[str],
        *,
        profiles: bool = True,
    ) -> History:
        steps = np.array(marks, dtype=np.float64).reshape(-1, 3)
        known: dict[str, Any] = {"config": self.config, "model": self.model, "data": self.data} if profiles else {}
        return History(
            series=tuple(series),
            layers=tuple(layers),
            marks=ClockMarks(step=steps[:, 0], epoch=steps[:, 1], seconds=steps[:, 2]) if len(marks) else None,
            events=tuple(events),
            notes=tuple(notes),
            source=self.source,
            **known,
        )


def _single(value: float) -> float:
    """A number that float32 can hold, infinite beyond its range as arithmetic has it."""
    if abs(value) > 3.4e38:
        return float("inf") if value > 0 else float("-inf")
    return value
