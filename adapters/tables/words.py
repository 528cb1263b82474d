"""Columns that hold words in place of numbers: each word gets a number, so that a long column stays small."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from expert.adapters.tables.numbers import Flags, Floats, is_missing
from expert.adapters.tables.spoken import NAME_FIELDS, PHASE_FIELDS
from expert.history.roles import snake

NAMES = frozenset({*NAME_FIELDS, "variable"})
"""Names of a column that says what the number in its row is; ``variable`` is what pandas calls it when it melts."""
WORD_FIELDS = frozenset(PHASE_FIELDS) | NAMES
MOST_WORDS = 500
"""A column with more different words holds texts."""


class Words(NamedTuple):
    """A column of words: the different ones, and which of them each row holds (-1: nothing)."""

    different: list[str]
    places: NDArray[np.integer[Any]]


def holds_words(name: str) -> bool:
    """Whether a column of this name may say what the others hold."""
    return snake(name) in WORD_FIELDS


def coded(cells: Sequence[object], codes: dict[str, int]) -> tuple[Floats, Flags] | None:
    """Return a column of words as numbers of words, and add new ones to ``codes``; None where it holds texts."""
    try:
        different = dict.fromkeys(cells)
    except TypeError:  # lists and the like
        return None
    if len(different) > 2 * MOST_WORDS:
        return None
    numbers = {
        cell: codes.setdefault(cell.strip(), len(codes)) if isinstance(cell, str) and not is_missing(cell) else np.nan
        for cell in different
    }
    if len(codes) > MOST_WORDS:
        return None
    values = np.fromiter(map(numbers.__getitem__, cells), dtype=np.float64, count=len(cells))
    return values, ~np.isnan(values)


def numbered(words: Words, codes: dict[str, int]) -> tuple[Floats, Flags] | None:
    """Return words as numbers of words, as ``coded`` would, row by row."""
    order = list(range(len(words.different)))
    if any(word.strip() not in codes for word in words.different):  # new ones are numbered as they come
        places, first = np.unique(words.places, return_index=True)
        order = [place for place in places[np.argsort(first)].tolist() if place >= 0]
    found = coded([words.different[place] for place in order], codes)
    if found is None:
        return None
    number = np.full(len(words.different) + 1, np.nan)
    number[order] = found[0]
    values = number[words.places]
    return values, ~np.isnan(values)
