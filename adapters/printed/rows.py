"""What was found in lines, as rows: text is turned into numbers many at a time, and numbers stand in arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from expert.adapters.tables.cells import Cells
from expert.adapters.tables.numbers import Floats, NotANumber, entry, numbers
from expert.adapters.tables.table import Table
from expert.history import Ignored

CHUNK = 20_000
"""Rows of the same names kept as text at a time."""


class Rows:
    """Collects rows whose names may differ from row to row."""

    def __init__(self) -> None:
        self.length = 0
        self.starts: list[int] = []
        """Rows before which the log says that something new begins."""
        self.happenings: list[tuple[int, str, str]] = []
        self.notes: list[str] = []
        self.logged: dict[str, str] = {}
        """Name of a column → name in the log, where the two differ."""
        self._told: dict[str, set[int]] = {}
        self._pending: dict[tuple[str, ...], list[tuple[int | str | None, ...]]] = {}
        self._columns: dict[str, list[tuple[NDArray[np.intp], Floats]]] = {}
        self._percent: set[str] = set()
        self._strange: dict[str, list[str]] = {}

    def add(self, names: tuple[str, ...], texts: Sequence[str | None]) -> None:
        """Add one row: ``texts[i]`` is what stands under ``names[i]``, None where nothing does."""
        kept = self._pending.get(names)
        if kept is None:
            kept = self._pending[names] = []
        kept.append((self.length, *texts))
        self.length += 1
        if len(kept) >= CHUNK:
            self._convert(names)

    def tell(self, field: str, value: int) -> None:
        """Note what a line tells of the configuration: ``epochs`` or ``steps_per_epoch``."""
        self._told.setdefault(field, set()).add(value)

    @property
    def config(self) -> dict[str, int]:
        """Fields of `RunConfig` of which all lines tell the same."""
        return {field: values.copy().pop() for field, values in self._told.items() if len(values) == 1}

    def _convert(self, names: tuple[str, ...]) -> None:
        rows, *columns = zip(*self._pending[names], strict=True)
        self._pending[names] = []
        places = np.array(rows, dtype=np.intp)
        for name, cells in zip(names, columns, strict=True):
            self._take(name, places, ["" if cell is None else str(cell) for cell in cells])

    def _take(self, name: str, places: NDArray[np.intp], cells: list[str]) -> None:
        if any(cell.endswith("%") for cell in cells[:100]):
            self._percent.add(name)
        try:
            values, recorded = numbers(cells)
        except NotANumber:
            values, recorded = self._one_by_one(name, cells)
        if recorded is not None:
            places, values = places[recorded], values[recorded]
        self._columns.setdefault(name, []).append((places, values))

    def _one_by_one(self, name: str, cells: list[str]) -> tuple[Floats, NDArray[np.bool_]]:
        values, recorded = np.full(len(cells), np.nan), np.zeros(len(cells), dtype=np.bool_)
        for index, cell in enumerate(cells):
            try:
                found = entry(cell)
            except NotANumber:
                self._strange.setdefault(name, []).append(cell[:40])
                continue
            if found is not None:
                values[index], recorded[index] = found, True
        return values, recorded

    def table(self, source: str) -> Table:
        """Return the rows collected so far."""
        for names in [names for names, kept in self._pending.items() if kept]:
            self._convert(names)
        columns, ignored = {}, []
        for name, parts in self._columns.items():
            places, values = (np.concatenate([part[side] for part in parts]) for side in (0, 1))
            if name in self._strange and not len(values):
                ignored.append(Ignored(name=name, reason=f"holds {self._strange[name][0]!r}, which is no number"))
                continue
            if not len(values):
                continue
            recorded, spread = np.zeros(self.length, dtype=np.bool_), np.full(self.length, np.nan)
            recorded[places], spread[places] = True, values
            columns[name] = Cells(spread, recorded)
        notes = list(self.notes)
        notes += [
            f"{len(cells)} values of {name!r} are no numbers (such as {cells[0]!r}) and were left out."
            for name, cells in self._strange.items()
            if name in columns
        ]
        return Table(
            columns,
            self.length,
            source,
            frozenset(self._percent),
            tuple(start for start in self.starts if 0 < start < self.length),
            happenings=list(self.happenings),
            ignored=ignored,
            notes=notes,
        )
