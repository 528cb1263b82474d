"""From what a logger left in a column to numbers and the rows they stand in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Column(NamedTuple):
    """The recorded numbers of one column: ``values[i]`` stands in row ``rows[i]``, or in row i if ``rows`` is None."""

    name: str
    values: NDArray[np.float64]
    rows: NDArray[np.intp] | None = None

    def spread(self, length: int) -> NDArray[np.float64]:
        """Return one entry per row of a table with ``length`` rows, NaN where nothing was recorded."""
        if self.rows is None and len(self.values) == length:
            return self.values
        result = np.full(length, np.nan)
        result[slice(len(self.values)) if self.rows is None else self.rows] = self.values
        return result


class NotNumeric(Exception):
    """A column that holds something else than numbers; the message is the reason to ignore it."""


def read_column(name: str, raw: Any, rows: Sequence[int] | None = None) -> Column:
    """Read entries as numbers, in any spelling Python's ``float`` knows; None and ``""`` are entries not recorded.

    Float64 arrays are taken without a copy. Raises ``NotNumeric``.
    """
    if isinstance(raw, (str, bytes)) or not hasattr(raw, "__len__"):
        raise NotNumeric(f"is not a sequence of numbers but {_excerpt(raw)}")
    try:
        array = np.asarray(raw)
    except (TypeError, ValueError, RuntimeError):
        array = np.empty(len(raw), dtype=object)
        array[:] = list(raw)
    if array.ndim != 1:
        raise NotNumeric(f"has {array.ndim} axes, expected one number per entry")
    index = None if rows is None else np.asarray(rows, dtype=np.intp)
    if array.dtype.kind in "biuf":
        return Column(name, array.astype(np.float64, copy=False), index)
    numbers = [_number(entry) for entry in array.tolist()]
    recorded = np.array([number is not None for number in numbers], dtype=bool)
    values = np.array([number for number in numbers if number is not None], dtype=np.float64)
    if recorded.all():
        return Column(name, values, index)
    return Column(name, values, np.flatnonzero(recorded) if index is None else index[recorded])


def _number(entry: Any) -> float | None:
    if entry is None or (isinstance(entry, str) and not entry.strip()):
        return None
    try:
        return float(entry)
    except (TypeError, ValueError, OverflowError):
        raise NotNumeric(f"holds {_excerpt(entry)}, not a number") from None


def _excerpt(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
