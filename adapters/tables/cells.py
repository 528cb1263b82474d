"""One column of a table, of which only the cells are kept in which something was recorded."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from expert.adapters.tables.numbers import Flags, Floats

Rows = NDArray[np.integer[Any]]


class Cells:
    """The recorded cells of one column: ``known[i]`` stands in row ``rows[i]`` of ``length``, rows rising.

    ``rows`` is None where every row has a value. A long table often has columns that are empty in nearly all rows, so
    the views with one entry per row, ``values`` and ``recorded``, are made when they are asked for.
    """

    __slots__ = ("known", "length", "rows")

    def __init__(self, values: Floats, recorded: Flags) -> None:
        rows = None if recorded.all() else np.flatnonzero(recorded)
        self.known: Floats = values if rows is None else values[rows]
        self.rows: Rows | None = rows
        self.length = len(values)

    @classmethod
    def in_rows(cls, known: Floats, rows: Rows | None, length: int) -> Cells:
        """A column of ``length`` rows of which these are known; ``rows`` rise, None stands for all of them."""
        cells = cls.__new__(cls)
        cells.known, cells.rows, cells.length = known, rows, length
        return cells

    @property
    def count(self) -> int:
        """Number of recorded entries."""
        return len(self.known)

    @property
    def values(self) -> Floats:
        """One entry per row, NaN where nothing was recorded."""
        if self.rows is None:
            return self.known
        values = np.full(self.length, np.nan)
        values[self.rows] = self.known
        return values

    @property
    def recorded(self) -> Flags:
        """One flag per row."""
        if self.rows is None:
            return np.broadcast_to(np.True_, self.length)
        recorded = np.zeros(self.length, dtype=np.bool_)
        recorded[self.rows] = True
        return recorded

    def __getitem__(self, part: slice) -> Cells:
        """The rows from ``part.start`` up to ``part.stop``."""
        start, stop, _ = part.indices(self.length)
        stop = max(start, stop)
        if self.rows is None:
            return Cells.in_rows(self.known[start:stop], None, stop - start)
        if stop - start == self.length:
            return self
        # Of the same type, or all the rows would be copied to be compared.
        first, last = np.searchsorted(self.rows, np.array((start, stop), dtype=self.rows.dtype)).tolist()
        return _in_rows(self.known[first:last], self.rows[first:last] - start, stop - start)

    def where(self, kept: Flags) -> Cells:
        """As many rows, recorded only where ``kept`` is True, too."""
        if self.rows is None:
            return Cells(self.known, kept)
        among = kept[self.rows]
        return Cells.in_rows(self.known[among], self.rows[among], self.length)

    def at(self, rows: Rows) -> Cells:
        """The column of these rows, in this order."""
        if self.rows is None:
            return Cells.in_rows(self.known[rows], None, len(rows))
        place = np.full(self.length, -1, dtype=np.intp)
        place[self.rows] = np.arange(self.count)
        found = place[rows]
        recorded = np.flatnonzero(found >= 0)
        return _in_rows(self.known[found[recorded]], recorded, len(rows))


def _in_rows(known: Floats, rows: Rows, length: int) -> Cells:
    return Cells.in_rows(known, None if len(rows) == length else rows, length)
