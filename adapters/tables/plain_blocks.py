"""Many well-formed rows at once, by the parser of pandas; whatever is not well-formed is left to those who look closer.

What is taken here comes out as it would cell by cell: a number means the same, and so do "missing" and "not a number".
"""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from expert.adapters.tables.growing import Parsed
from expert.adapters.tables.numbers import MISSING
from expert.adapters.tables.words import Words
from expert.adapters.text.lines import occurrences

Column = Parsed | Words | list[str]

SPELLINGS = sorted({form for word in MISSING for form in (word, word.upper(), word.capitalize(), word.title())})
"""How missing is usually written; a spelling that is not among them is seen when the cells are read as text."""
_LINE_END = np.uint8(ord("\n"))
_LOWER = np.uint8(ord("a") - ord("A"))
"""The bit that makes a letter a small one."""
IN_CACHE = 1 << 16
"""Characters looked at together where several steps are taken over them."""
NANS = ["nan", "NaN", "NAN", "Nan", "-nan", "-NaN", "-NAN"]


class Layout(NamedTuple):
    """What is known of the rows of a table before they are read."""

    separator: str
    cells: int
    """Cells of a row."""
    skipped: Collection[int] = ()
    """Places that hold no numbers and are left out."""
    spoken: Collection[int] = ()
    """Places of words that say what the numbers beside them are."""
    decimal_comma: bool | None = False
    """Whether numbers have one; None where that is not certain yet."""


def columns_of(block: bytes, layout: Layout) -> Mapping[int, Column] | None:
    """Return the columns of whole lines by their place: values with what is recorded (None: all), words, or cells as
    text. None where the lines are not all rows of such cells, or where that is not certain at once.
    """
    separator, count = layout.separator, layout.cells
    lines = occurrences(block, b"\n")
    if count < 2 or occurrences(block, separator.encode()) != lines * (count - 1):
        return None  # some row is longer or shorter than the header
    if any(mark in block for mark in (b'"', b"#")) or (separator != "\t" and b"\t" in block):
        return None
    pointed = separator != "," and b"." in block
    if separator != "," and not layout.decimal_comma and (b"," in block or (pointed and layout.decimal_comma is None)):
        return None  # a comma may group thousands, and a point tell that it does
    if b"\r" in block and occurrences(block, b"\r") != block.count(b"\r\n"):
        return None
    nans = np.empty(0, dtype=np.intp)
    characters = np.frombuffer(block, dtype=np.uint8)
    if layout.decimal_comma and not _between_digits(characters, ","):
        return None
    pointed = pointed and bool(layout.decimal_comma)
    # One character is found many times faster than a word.
    if layout.skipped or pointed or b"a" in block or b"A" in block:
        ends = np.flatnonzero((characters == ord(separator)) | (characters == _LINE_END))
        if not (characters[ends[count - 1 :: count]] == _LINE_END).all():
            return None
        if pointed and not _all_in(layout.skipped, characters, ends, count):
            return None  # beside a decimal comma, a point may group thousands
        nans = _nans(characters, ends)
    frame = _frame(block, layout, has_nan=len(nans) > 0)
    if frame is None or len(frame) != lines:
        return None
    found = {}
    for place in frame.columns:
        column = _column(frame[place], nans[nans % count == place] // count, spoken=place in layout.spoken)
        if column is None:
            return None
        found[place] = column
    return None if _has_empty_row(found, lines) else found


def _between_digits(characters: NDArray[np.uint8], mark: str) -> bool:
    """Whether a mark stands between two digits wherever it stands."""
    if characters[0] == ord(mark):
        return False
    for start in range(0, len(characters) - 2, IN_CACHE):
        piece = characters[start : start + IN_CACHE + 2]
        digit = piece - np.uint8(ord("0")) <= 9  # what comes before "0" is above 9, too
        if ((piece[1:-1] == ord(mark)) & ~(digit[:-2] & digit[2:])).any():
            return False
    return True  # the last character ends the last line


def _all_in(places: Collection[int], characters: NDArray[np.uint8], ends: NDArray[np.intp], count: int) -> bool:
    """Whether all points stand in cells of these places."""
    cells = np.searchsorted(ends, np.flatnonzero(characters == ord(".")))
    return bool(np.isin(cells % count, list(places)).all())


def _nans(characters: NDArray[np.uint8], ends: NDArray[np.intp]) -> NDArray[np.intp]:
    """The cells that hold the word NaN, counted from the first of the block; ``ends`` are where the cells end."""
    first = np.append(0, ends[:-1] + 1)
    cells = np.flatnonzero((characters[first] | _LOWER == ord("n")) | (characters[first] <= ord("-")))
    at = first[cells]
    while (blank := characters[at] == ord(" ")).any():
        at += blank
    at += (characters[at] == ord("-")) | (characters[at] == ord("+"))
    behind = ends[cells] - (characters[ends[cells] - 1] == ord("\r"))
    long_enough = behind - at == len(NANS[0])
    cells, at = cells[long_enough], at[long_enough]
    spelled = [characters[at + place] | _LOWER == ord(letter) for place, letter in enumerate("nan")]
    found: NDArray[np.intp] = cells[np.all(spelled, axis=0)]
    return found


def _frame(block: bytes, layout: Layout, *, has_nan: bool) -> Any:
    """The block as a DataFrame, or None if pandas finds a row that is none."""
    import pandas

    places = [place for place in range(layout.cells) if place not in layout.skipped]
    try:
        frame = pandas.read_csv(
            io.BytesIO(block),
            sep=layout.separator,
            decimal="," if layout.decimal_comma else ".",
            header=None,
            names=range(layout.cells),
            dtype=dict.fromkeys(layout.spoken, "category"),
            usecols=places if layout.skipped else None,
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


def _column(column: Any, nans: NDArray[np.intp], *, spoken: bool) -> Column | None:
    """One column of a frame; ``nans`` are the rows that hold the word. None for one of yes and no."""
    if spoken:
        different = column.cat.categories.tolist()
        if len(nans) or not all(isinstance(word, str) for word in different):  # pandas makes numbers of numbers
            return None
        return Words(different, column.cat.codes.to_numpy())
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


def _has_empty_row(columns: Mapping[int, Column], lines: int) -> bool:
    """Whether some row may hold nothing: such a row is passed over, as it says nothing."""
    empty = np.ones(lines, dtype=np.bool_)
    for column in columns.values():
        if isinstance(column, Words):
            empty &= column.places < 0
        elif isinstance(column, list):
            empty &= np.fromiter((not cell for cell in column), dtype=np.bool_, count=lines)
        elif column[1] is None:
            return False
        else:
            empty &= ~column[1]
    return bool(empty.any())
