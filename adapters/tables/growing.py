"""A column that grows piece by piece while a long table is read."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from expert.adapters.tables.numbers import Flags, Floats
from expert.adapters.tables.table import Cells

Parsed = tuple[Floats, Flags | None]
"""Values of some rows, and which of them are recorded (None: all)."""


class GrowingColumn:
    """Values of the rows read so far, in one array with room for more: pieces are copied once and can be forgotten.

    Room that is never filled costs nothing, as the system gives memory only to what is written.
    """

    def __init__(self) -> None:
        self.length = 0
        self._values: Floats = np.empty(0)
        self._recorded: Flags | None = None

    def append(self, piece: Parsed, expected: int) -> None:
        """Add rows. ``expected`` is how many the column will have in the end, as far as one can tell."""
        values, recorded = piece
        length = self.length + len(values)
        if length > len(self._values):
            self._values = _moved(self._values[: self.length], max(length, expected, 3 * len(self._values) // 2))
        self._values[self.length : length] = values
        if recorded is not None and self._recorded is None:
            self._recorded = _moved(np.ones(self.length, dtype=np.bool_), len(self._values))
        if self._recorded is not None:
            if length > len(self._recorded):
                self._recorded = _moved(self._recorded[: self.length], len(self._values))
            self._recorded[self.length : length] = True if recorded is None else recorded
        self.length = length

    def pad(self, length: int) -> None:
        """Add rows in which nothing was recorded, up to this many."""
        missing = length - self.length
        if missing > 0:
            self.append((np.full(missing, np.nan), np.zeros(missing, dtype=np.bool_)), length)

    def cells(self, everywhere: Flags) -> Cells:
        """The column; ``everywhere`` is the array, shared with others, that says that every row is recorded."""
        recorded = everywhere if self._recorded is None else self._recorded[: self.length]
        return Cells(self._values[: self.length], recorded)


def _moved(old: NDArray[Any], room: int) -> NDArray[Any]:
    new = np.empty(room, dtype=old.dtype)
    new[: len(old)] = old
    return new
