"""The names of the columns of a table in text, told from its rows."""

from __future__ import annotations

import csv
from collections.abc import Sequence

from expert.adapters.tables.numbers import is_missing, is_number
from expert.history.roles import match_columns

_DIGITS = frozenset("0123456789.-+")


def cells_of(line: str, separator: str) -> list[str]:
    """The cells of one line."""
    line = line.rstrip("\r\n")
    if separator == " ":
        return line.split()
    row = next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
    return [cell.strip() for cell in row]


def is_header(cells: Sequence[str]) -> bool:
    """Whether cells can be the names of columns: none of them is a number or says that something is missing."""
    if cells[0][:1] in _DIGITS:
        return False  # the usual row, told from a header at once
    filled = [cell for cell in cells if cell.strip()]
    return bool(filled) and not any(is_number(cell) or is_missing(cell) for cell in filled)


def renews(row: Sequence[str], names: Sequence[str]) -> bool:
    """Whether a row of words is another header and no row of text cells."""
    return bool(set(row) & set(names)) or any(
        match.role or match.clock_column for match in match_columns(unique(row)).values()
    )


def unique(names: Sequence[str]) -> list[str]:
    """The names with a number behind those that were there before, and one for what has none."""
    seen: dict[str, int] = {}
    result = []
    for place, given in enumerate(names):
        name = given.strip() or f"Unnamed: {place}"
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return result
