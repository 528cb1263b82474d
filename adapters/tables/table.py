"""A table of logged numbers, as columns, in which "not recorded" and "recorded as NaN" are two things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from expert.adapters.tables.cells import Cells
from expert.adapters.tables.numbers import Flags, NotANumber, entry
from expert.adapters.tables.words import coded, holds_words
from expert.history import Ignored

PLAIN = frozenset({float, int})
"""What is a number as it stands."""
LARGEST_PLAIN = 1e300


@dataclass
class Table:
    """Rows of one log in the order they were written."""

    columns: dict[str, Cells]
    length: int
    source: str | None = None
    percent: frozenset[str] = frozenset()
    """Columns whose cells carry a percent sign."""
    starts: tuple[int, ...] = ()
    """Rows before which the log itself says that something new begins: a header was written again."""
    words: dict[str, list[str]] = field(default_factory=dict)
    """Columns that hold words: name → the words, of which the column has the numbers, counted from 0."""
    mappings: dict[str, dict[int, Mapping[str, Any]]] = field(default_factory=dict)
    """Layer statistics: quantity → row → layer → number."""
    happenings: list[tuple[int, str, str]] = field(default_factory=list)
    """What the log tells besides numbers: rows before it, kind of event, text."""
    ignored: list[Ignored] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def rows(self, start: int, stop: int) -> Table:
        """Return the rows from ``start`` up to ``stop`` as a table of their own."""
        return Table(
            columns={name: cells[start:stop] for name, cells in self.columns.items()},
            length=stop - start,
            source=self.source,
            percent=self.percent,
            mappings={
                name: {row - start: layers for row, layers in rows.items() if start <= row < stop}
                for name, rows in self.mappings.items()
            },
            # What stands behind a row belongs to it: the run that breaks off, not the one started after it.
            happenings=[(row - start, kind, text) for row, kind, text in self.happenings if start < row <= stop],
            ignored=list(self.ignored),
            notes=list(self.notes),
        )

    def leave_out(self, name: str, reason: str) -> None:
        """Leave a column out, and say why."""
        del self.columns[name]
        self.ignored.append(Ignored(name=name, reason=reason))

    def keep(self, kept: Flags) -> None:
        """Leave only the rows where ``kept`` is True."""
        rows = np.flatnonzero(kept)
        place = {int(row): index for index, row in enumerate(rows)} if self.mappings else {}
        self.columns = {name: cells.at(rows) for name, cells in self.columns.items()}
        self.mappings = {
            name: {place[row]: layers for row, layers in found.items() if row in place}
            for name, found in self.mappings.items()
        }
        self.happenings = [(int(kept[:row].sum()), kind, text) for row, kind, text in self.happenings]
        self.starts = tuple(dict.fromkeys(int(kept[:start].sum()) for start in self.starts))
        self.length = len(rows)


class TableBuilder:
    """Collects rows whose keys may differ from row to row."""

    def __init__(self, source: str | None = None) -> None:
        self.length = 0
        self.source = source
        self._entries: dict[str, tuple[list[int], list[float]]] = {}
        self._refused: dict[str, tuple[str, int]] = {}
        """The first word where a number should be, and in how many rows there is one."""
        self._mappings: dict[str, dict[int, Mapping[str, Any]]] = {}

    def add(self, record: Mapping[str, Any], *, flatten: bool) -> None:
        """Add one row. A nested mapping becomes names joined by ``/`` (``flatten``) or a layer statistic."""
        row = self.length
        self.length += 1
        for name, value in _flat(record) if flatten else record.items():
            if type(value) in PLAIN and abs(value) < LARGEST_PLAIN:
                found: float | None = float(value)  # most values by far; NaN and very large ones go the long way
            elif isinstance(value, Mapping):
                self._mappings.setdefault(str(name), {})[row] = value
                continue
            else:
                try:
                    found = entry(value)
                except NotANumber as other:
                    first, count = self._refused.get(str(name), (str(other), 0))
                    self._refused[str(name)] = first, count + 1
                    continue
            rows, values = self._entries.setdefault(str(name), ([], []))
            if found is not None:
                rows.append(row)
                values.append(found)

    def table(self) -> Table:
        """Return the rows collected so far."""
        columns = {}
        for name, (rows, values) in self._entries.items():
            places = None if len(rows) == self.length else np.array(rows, dtype=np.intp)
            columns[name] = Cells.in_rows(np.array(values, dtype=np.float64), places, self.length)
        ignored, notes = [], []
        for name, (first, count) in self._refused.items():
            said = f"{first!r:.60}, which is no number"
            if name not in columns:
                ignored.append(Ignored(name=name, reason=f"holds {said}"))
            elif columns[name].count:
                notes.append(f"{name!r} is {said}, in {count} of {self.length} rows; nothing is read there.")
        return Table(columns, self.length, self.source, mappings=self._mappings, ignored=ignored, notes=notes)


def _flat(record: Mapping[str, Any], prefix: str = "", depth: int = 0) -> list[tuple[str, Any]]:
    items: list[tuple[str, Any]] = []
    for name, value in record.items():
        if type(value) not in PLAIN and isinstance(value, Mapping):
            if depth < 4:
                items += _flat(value, f"{prefix}{name}/", depth + 1)
        else:
            items.append((f"{prefix}{name}", value))
    return items


def table_of_columns(columns: Mapping[str, Sequence[Any]], source: str | None = None) -> Table:
    """Return columns of equal length as a table; a column that holds no numbers is listed as ignored."""
    length = max((len(column) for column in columns.values()), default=0)
    cells: dict[str, Cells] = {}
    words: dict[str, list[str]] = {}
    ignored: list[Ignored] = []
    for name, column in columns.items():
        if isinstance(column, np.ndarray) and column.dtype.kind in "biuf" and column.ndim == 1:
            cells[str(name)] = Cells.in_rows(column.astype(np.float64, copy=False), None, length)
            continue
        if isinstance(column, list) and PLAIN.issuperset(map(type, column)):
            cells[str(name)] = Cells.in_rows(np.array(column, dtype=np.float64), None, length)
            continue
        try:
            found = [entry(value) for value in column]
        except NotANumber as other:
            codes: dict[str, int] = {}
            spoken = coded(column, codes) if holds_words(str(name)) else None
            if spoken is None or not codes:
                ignored.append(Ignored(name=str(name), reason=f"holds {str(other)!r:.60}, which is no number"))
            else:
                cells[str(name)], words[str(name)] = Cells(*spoken), list(codes)
            continue
        recorded = np.array([value is not None for value in found], dtype=np.bool_)
        values = np.array([np.nan if value is None else value for value in found], dtype=np.float64)
        cells[str(name)] = Cells(values, recorded)
    return Table(cells, length, source, words=words, ignored=ignored)
