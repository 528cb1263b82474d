"""Counts of steps and epochs that can be none, as damaged or misread lines hold them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from expert.adapters.tables.table import Table

LARGEST_COUNT = 1e15
"""No training takes more steps, or has so many seconds; beyond it numbers of floating point are no longer whole."""


def leave_out_impossible(table: Table, names: Iterable[str]) -> None:
    """Take cells of the columns that count for not recorded where they hold no count, and note how many there are."""
    for name in names:
        cells = table.columns[name]
        known = cells.known
        if not len(known) or (known.min() >= -LARGEST_COUNT and known.max() <= LARGEST_COUNT):
            continue
        wrong = np.flatnonzero(~(np.abs(known) <= LARGEST_COUNT))  # NaN compares as False
        rows = wrong if cells.rows is None else cells.rows[wrong]
        possible = np.ones(cells.length, dtype=np.bool_)
        possible[rows] = False
        table.columns[name] = cells.where(possible)
        first, often = float(known[wrong[0]]), len(wrong)
        table.notes.append(f"{name!r} is no count in {often} rows (the first says {first:g}); it is not used there.")
