"""A DataFrame of pandas or polars, known by its behavior: neither is imported here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from expert.adapters import polars_frame
from expert.adapters.tables.assembling import histories
from expert.adapters.tables.cells import Cells
from expert.adapters.tables.numbers import Flags
from expert.adapters.tables.table import Table, table_of_columns
from expert.adapters.wandb_export import notes_on_history
from expert.errors import SourceError
from expert.history import History
from expert.history.roles import match_columns
from expert.reading import Reader, ReadRequest

COMPANION = 0.9
"""Share of a companion's rows in which a column must have been recorded for its absence to be a NaN."""


def _recognizes(source: object) -> float:
    if isinstance(source, Mapping):
        return 0.0
    behaves = all(hasattr(source, name) for name in ("iloc", "index", "columns", "to_numpy", "dtypes"))
    return 0.9 if behaves or polars_frame.is_lazy(source) or polars_frame.is_polars(source) else 0.0


def _read(source: Any, request: ReadRequest) -> tuple[History, ...]:
    if not hasattr(source, "iloc"):
        return polars_frame.read(source, request)
    if len(source) == 0:
        raise SourceError(
            f"The DataFrame has no rows; its columns are {', '.join(map(repr, source.columns)) or 'none'}."
        )
    columns: dict[str, Any] = {}
    if source.index.name is not None and source.index.name not in source.columns:
        columns[str(source.index.name)] = source.index.to_numpy()
    for place, name in enumerate(source.columns):
        label = "/".join(map(str, name)) if isinstance(name, tuple) else str(name)
        column = source.iloc[:, place]
        if getattr(column.dtype, "kind", "O") in "biuf":
            columns[label] = column.to_numpy(dtype=np.float64, na_value=np.nan)
        else:
            # Text tells a NaN that was written ("NaN") from a cell that is empty; numbers do not.
            columns[label] = [None if is_absent(value) else value for value in column.to_numpy(dtype=object)]
    table = table_of_columns(columns)
    _absent(table, {name for name, column in columns.items() if isinstance(column, np.ndarray)})
    table.notes += notes_on_history(table)
    return histories(table, request.columns)


def is_absent(value: object) -> bool:
    """Whether an entry is None, NaN or pandas' NA: a float that is NaN is the one thing unequal to itself."""
    return (
        value is None
        or type(value).__name__ in ("NAType", "NaTType")
        or (isinstance(value, float) and math.isnan(value))
    )


def _absent(table: Table, numeric: set[str]) -> None:
    """Tell a cell where nothing was recorded from a NaN that was: a DataFrame writes both as NaN.

    A column is recorded together with its companions. Where these go on and it ends in NaN, the value was NaN; but not
    in rows of a validation that stands apart.
    """
    matches = match_columns(list(table.columns))
    finite = {name: cells.recorded & ~np.isnan(cells.values) for name, cells in table.columns.items()}
    summary = finite.get("train_runtime", np.zeros(table.length, dtype=np.bool_))
    # Clocks and what loggers count stand in every row, whatever it measures.
    measured = {name: mark for name, mark in finite.items() if matches[name].role is not None}
    for name, cells in list(table.columns.items()):
        known = finite[name]
        if name not in numeric:
            continue
        if known.all() or matches[name].clock_column is not None or not known.any():
            table.columns[name] = Cells(cells.values, known)
            continue
        last = int(np.flatnonzero(known)[-1])
        before, behind = slice(0, last + 1), slice(last + 1, table.length)
        apart = summary.copy()
        real: Flags = np.zeros(table.length, dtype=np.bool_)
        for other, mark in measured.items():
            if other == name:
                continue
            together = np.count_nonzero(mark[before] & known[before])
            if together and together >= COMPANION * max(np.count_nonzero(mark[before]), np.count_nonzero(known)):
                real[behind] |= mark[behind]
            elif matches[other].phase != matches[name].phase and 2 * together < np.count_nonzero(mark[before]):
                apart |= mark
        real &= ~apart & cells.recorded
        table.columns[name] = Cells(cells.values, known | real)
        if real.any():
            table.notes.append(
                f"{name!r} is NaN in its last {int(real.sum())} rows while what is logged with it goes on: read "
                f"as values of NaN."
            )


READER = Reader(
    id="dataframe", title="a DataFrame of pandas or polars", gives="run", recognizes=_recognizes, read=_read
)
