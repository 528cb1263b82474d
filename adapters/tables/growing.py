"""A column that grows piece by piece while a long table is read."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from expert.adapters.tables.cells import Cells
from expert.adapters.tables.numbers import Flags, Floats

Parsed = tuple[Floats, Flags | None]
"""Values of some rows, and which of them are recorded (None: all)."""


class GrowingColumn:
    """The recorded values of the rows read so far, in one array with room for more: pieces are copied once and can be
    forgotten.

    Room that is never filled costs nothing, as the system gives memory only to what is written.
    """

    def __init__(self) -> None:
        self.length = 0
        """Rows so far."""
        self.count = 0
        """Values so far."""
        self._values: Floats = np.empty(0)
        self._rows: NDArray[np.int32] | None = None
        """The rows of the values (None: all); no file that is read has more than 32 bits count."""

    def append(self, piece: Parsed, expected: int) -> None:
        """Add rows. ``expected`` is how many the column will have in the end, as far as one can tell."""
        values, recorded = piece
        if recorded is not None and recorded.all():
            recorded = None
        known = values if recorded is None else values[recorded]
        count = self.count + len(known)
        if count > len(self._values):
            room = max(count, expected, 3 * len(self._values) // 2)
            self._values = _moved(self._values[: self.count], room)
        self._values[self.count : count] = known
        if recorded is not None and self._rows is None:
            self._rows = _moved(np.arange(self.count, dtype=np.int32), len(self._values))
        if self._rows is not None:
            if count > len(self._rows):
                self._rows = _moved(self._rows[: self.count], len(self._values))
            here = np.arange(len(values)) if recorded is None else np.flatnonzero(recorded)
            self._rows[self.count : count] = here + self.length
        self.count = count
        self.length += len(values)

    def pad(self, length: int) -> None:
        """Add rows in which nothing was recorded, up to this many."""
        if length > self.length:
            if self._rows is None:
                self._rows = np.arange(self.count, dtype=np.int32)
            self.length = length

    def cells(self) -> Cells:
        """The column so far."""
        rows = None if self._rows is None else self._rows[: self.count]
        return Cells.in_rows(self._values[: self.count], rows, self.length)


def _moved(old: NDArray[Any], room: int) -> NDArray[Any]:
    new = np.empty(room, dtype=old.dtype)
    new[: len(old)] = old
    return new
