"""Columns of words that say what the numbers beside them are: ``phase`` (train and val), or ``metric`` with ``value``.

Such a table is spread: the numbers of each word get columns of their own, in the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from expert.adapters.tables.cells import Cells
from expert.adapters.tables.numbers import Flags, Floats
from expert.adapters.tables.spoken import PHASE_FIELDS, VALUE_FIELD
from expert.adapters.tables.table import Table
from expert.adapters.tables.words import NAMES
from expert.history.role_table import PHASES
from expert.history.roles import match_columns, snake


def spread(table: Table) -> None:
    """Give the numbers that a word speaks of a column of their own; words that say nothing are left out."""
    named = next((name for name in table.words if snake(name) in NAMES), None)
    value = next((name for name in table.columns if snake(name) == VALUE_FIELD), None)
    if named is not None and value is not None:
        _by_name(table, named, value)
    for name in [name for name in table.words if snake(name) in PHASE_FIELDS]:
        words = [word.lower() for word in table.words[name]]
        if all(word in PHASES for word in words):
            _by_phase(table, name, words)
            break
    for name in table.words:
        table.leave_out(name, f"holds {table.words[name][0]!r:.60}, which is no number")
    table.words = {}


def _by_name(table: Table, named: str, value: str) -> None:
    words, codes, cells = table.words.pop(named), table.columns.pop(named), table.columns.pop(value)
    rows = {word: codes.recorded & (codes.values == code) for code, word in enumerate(words)}
    table.columns |= {word: cells.where(mask) for word, mask in rows.items()}
    _in_order(table, rows)


def _by_phase(table: Table, named: str, words: Sequence[str]) -> None:
    original, codes = table.words.pop(named), table.columns.pop(named)
    rows = {word: codes.recorded & (codes.values == code) for code, word in enumerate(words)}
    spoken: dict[str, Cells] = {}
    for name, cells in table.columns.items():
        match = match_columns([name])[name]
        if name in table.words or match.clock_column is not None or set(snake(name).split("_")) & PHASES.keys():
            spoken[name] = cells
            continue
        for word, mask in rows.items():
            # Names without a phase are those of the training where the others have one.
            given = name if PHASES[word] == "train" else f"{word}/{name}"
            spoken[given] = cells.where(mask)
    table.columns = spoken
    table.notes.append(f"{named!r} says whether a row is of {' or '.join(original)}; their numbers are read apart.")
    _in_order(table, rows)


def _in_order(table: Table, rows: Mapping[str, Flags]) -> None:
    """Bring together what was written word after word: rows of one clock that rises for each word."""
    matches = match_columns(list(table.columns))
    for clock in ("step", "epoch"):
        name = next((name for name, match in matches.items() if match.clock_column == clock), None)
        if name is None or table.columns[name].rows is not None:
            continue
        at = table.columns[name].known
        if _rises(at) or not all(_rises(at[mask]) for mask in rows.values()):
            return
        order = np.argsort(at, kind="stable")
        table.columns = {key: cells.at(order) for key, cells in table.columns.items()}
        table.starts = ()
        return


def _rises(at: Floats) -> bool:
    return bool((at[1:] >= at[:-1]).all())
