"""Many well-formed rows at once, by the parser of pandas; whatever is not well-formed is left to those who look closer.

What is taken here comes out as it would cell by cell: a number means the same, and so do "missing" and "not a number".
"""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expert.adapters.tables.growing import Parsed
from expert.adapters.tables.numbers import MISSING, Flags
from expert.adapters.text.opening import occurrences

SPELLINGS = sorted({form for word in MISSING for form in (word, word.upper(), word.capitalize(), word.title())})
"""How missing is usually written; a spelling that is not among them is seen when the cells are read as text."""
NANS = ["nan", "NaN", "NAN", "Nan", "-nan", "-NaN", "-NAN"]


def columns_of(
    block: bytes, separator: str, count: int, words: Collection[int] = ()
) -> Mapping[int, Parsed | list[str]] | None:
    """Return the columns of whole lines by their place: values with what is recorded (None: all), or cells as text.

    None where the lines are not all rows of ``count`` cells, or where that is not certain at once. ``words`` are places
    that hold no numbers; they are left out.
    """
    lines = occurrences(block, b"\n")
    if count < 2 or occurrences(block, separator.encode()) != lines * (count - 1):
        return None  # some row is longer or shorter than the header
    if any(mark in block for mark in (b'"', b"#")) or (separator != "\t" and b"\t" in block):
        return None
    if b"\r" in block and occurrences(block, b"\r") != block.count(b"\r\n"):
        return None
    bytes_of_block = np.frombuffer(block, dtype=np.uint8)
    if words and not (_ends(bytes_of_block, separator)[count - 1 :: count] == ord("\n")).all():
        return None
    # One character is found many times faster than a word.
    nans = _nans(bytes_of_block, separator) if b"a" in block or b"A" in block else np.empty(0, dtype=np.intp)
    places = [place for place in range(count) if place not in words]
    frame = _frame(block, separator, places, count, has_nan=len(nans) > 0)
    if frame is None or len(frame) != lines:
        return None
    found = {}
    for place in frame.columns:
        column = _column(frame[place], nans[nans % count == place] // count)
        if column is None:
            return None
        found[place] = column
    return None if _has_empty_row(found, lines) else found


def _is_end(bytes_of_block: NDArray[np.uint8], separator: str) -> Flags:
    """Where a cell ends: at every separator and every line break."""
    ends: Flags = (bytes_of_block == ord(separator)) | (bytes_of_block == ord("\n"))
    return ends


def _ends(bytes_of_block: NDArray[np.uint8], separator: str) -> NDArray[np.uint8]:
    """What the cells end with, one after the other."""
    return bytes_of_block[_is_end(bytes_of_block, separator)]


def _nans(bytes_of_block: NDArray[np.uint8], separator: str) -> NDArray[np.intp]:
    """The cells that hold the word NaN, counted from the first of the block."""
    letters = np.append(np.uint8(ord("\n")), bytes_of_block)
    n, a = (letters | 0x20) == ord("n"), (letters | 0x20) == ord("a")
    at = np.flatnonzero(n[:-3] & a[1:-2] & n[2:-1])
    behind, before = letters[at + 3], at - 1
    before -= (letters[before] == ord("-")) | (letters[before] == ord("+"))
    while (blank := letters[before] == ord(" ")).any():
        before -= blank
    ends = [ord(separator), ord("\n"), ord("\r")]
    whole = at[np.isin(behind, ends) & np.isin(letters[before], ends)]
    return np.searchsorted(np.flatnonzero(_is_end(bytes_of_block, separator)), whole)


def _frame(block: bytes, separator: str, places: list[int], count: int, *, has_nan: bool) -> Any:
    """The block as a DataFrame, or None if pandas finds a row that is none."""
    import pandas

    try:
        frame = pandas.read_csv(
            io.BytesIO(block),
            sep=separator,
            header=None,
            names=range(count),
            usecols=places if len(places) < count else None,
            skipinitialspace=b" " in block,
            na_values=[*SPELLINGS, *NANS] if has_nan else SPELLINGS,
            keep_default_na=False,
            low_memory=False,
            **_exact(),
        )
    except ValueError:  # pandas' errors of parsing are among them
        return None
    # A first row with too many cells makes an index; a later one is an error, and so none is too short, either.
    return frame if isinstance(frame.index, pandas.RangeIndex) else None


@lru_cache(maxsize=1)
def _exact() -> dict[str, Any]:
    """What makes pandas read numbers to the last digit: from 3.1 on it always does, and warns if it is asked to."""
    import pandas

    major, minor = (int(part) for part in pandas.__version__.split(".")[:2])
    return {} if (major, minor) >= (3, 1) else {"float_precision": "round_trip"}


def _column(column: Any, nans: NDArray[np.intp]) -> Parsed | list[str] | None:
    """One column of a frame; ``nans`` are the rows that hold the word. None for one of yes and no."""
    kind = getattr(column.dtype, "kind", "O")
    if kind == "f":
        values = column.to_numpy()
        recorded = ~np.isnan(values)
        recorded[nans] = True
        return values, None if recorded.all() else recorded
    if kind in "iu":
        return column.to_numpy().astype(np.float64), None
    if kind != "O" or len(nans):
        return None
    # A float is the NaN of an empty cell, and an integer one that needs more than 64 bits.
    return ["" if isinstance(cell, float) else str(cell) for cell in column.tolist()]


def _has_empty_row(columns: Mapping[int, Parsed | list[str]], lines: int) -> bool:
    """Whether some row may hold nothing: such a row is passed over, as it says nothing."""
    empty = np.ones(lines, dtype=np.bool_)
    for column in columns.values():
        if isinstance(column, list):
            empty &= np.fromiter((not cell for cell in column), dtype=np.bool_, count=lines)
        elif column[1] is None:
            return False
        else:
            empty &= ~column[1]
    return bool(empty.any())
