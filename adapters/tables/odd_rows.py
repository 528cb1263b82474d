"""Rows with another number of cells than their header, where it is clear which cells they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from expert.history.roles import match_columns


class Fitted(NamedTuple):
    """A row as long as the header; ``short`` is whether cells of the validation were left out of it."""

    cells: list[str]
    short: bool = False


def fitted(row: list[str], names: Sequence[str], separator: str) -> Fitted | None:
    """The cells under the names, or None where that is not clear."""
    if len(row) > len(names) and not any(row[len(names) :]):
        return Fitted(row[: len(names)])
    joined = _joined_in_brackets(row, separator) if len(row) > len(names) else row
    if len(joined) == len(names) < len(row):
        return Fitted(joined)
    measured = [name for name, match in match_columns(names).items() if match.phase == "val"]
    if measured and len(row) == len(names) - len(measured):
        # fastai and timm leave the cells of the validation out when there was none, and the rest moves to the left.
        cells = iter(row)
        return Fitted(["" if name in measured else next(cells) for name in names], short=True)
    return None


def _joined_in_brackets(row: Sequence[str], separator: str) -> list[str]:
    """Put together what a separator inside brackets took apart: ``tensor(0.5, device='cuda:0')``."""
    cells: list[str] = []
    for cell in row:
        if cells and sum(map(cells[-1].count, "([")) > sum(map(cells[-1].count, ")]")):
            cells[-1] += separator + cell
        else:
            cells.append(cell)
    return cells
