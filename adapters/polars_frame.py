"""A DataFrame of polars, which tells missing values from NaN; polars is not imported here."""

from __future__ import annotations

from typing import Any

from expert.adapters.tables.assembling import histories
from expert.adapters.tables.table import table_of_columns
from expert.errors import SourceError
from expert.history import History
from expert.reading import ReadRequest


def is_polars(source: object) -> bool:
    """Whether this behaves like a DataFrame of polars."""
    return all(hasattr(source, name) for name in ("get_column", "to_dicts", "height", "columns"))


def is_lazy(source: object) -> bool:
    """Whether this behaves like a LazyFrame of polars, which holds a query and no data."""
    return all(hasattr(source, name) for name in ("collect", "collect_schema", "explain"))


def read(source: Any, request: ReadRequest) -> tuple[History, ...]:
    """The runs in a frame. Raises `SourceError` for one without rows and for one that is not collected."""
    if is_lazy(source):
        raise SourceError("This LazyFrame holds a query and no data; pass source.collect().")
    if source.height == 0:
        raise SourceError(
            f"The DataFrame has no rows; its columns are {', '.join(map(repr, source.columns)) or 'none'}."
        )
    return histories(
        table_of_columns({name: _entries(source.get_column(name)) for name in source.columns}), request.columns
    )


def _entries(column: Any) -> Any:
    numeric = column.dtype.is_numeric() and column.null_count() == 0
    return column.to_numpy() if numeric else column.to_list()
