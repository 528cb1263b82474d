"""Counts of steps and epochs that can be none, as damaged or misread lines hold them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from expert.adapters.tables.table import Cells, Table

LARGEST_COUNT = 1e15
"""No training takes more steps, or has so many seconds; beyond it numbers of floating point are no longer whole."""


def leave_out_impossible(table: Table, names: Iterable[str]) -> None:
    """Take cells of the columns that count for not recorded where they hold no count, and note how many there are."""
    for name in names:
        cells = table.columns[name]
        possible = np.abs(cells.values) <= LARGEST_COUNT  # NaN compares as False
        wrong = cells.recorded & ~possible
        if not wrong.any():
            continue
        table.columns[name] = Cells(cells.values, cells.recorded & possible)
        first = float(cells.values[np.argmax(wrong)])
        often = int(np.count_nonzero(wrong))
        table.notes.append(f"{name!r} is no count in {often} rows (the first says {first:g}); it is not used there.")
