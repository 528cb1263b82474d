"""A mapping of names to sequences: ``History.history`` of Keras, or any dict of lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from expert.adapters.tables.assembling import histories
from expert.adapters.tables.corrections import corrected
from expert.adapters.tables.numbers import NotANumber, entry
from expert.adapters.tables.table import table_of_columns
from expert.adapters.tables.words import holds_words
from expert.adapters.text.naming import listed
from expert.errors import SourceError
from expert.history import History
from expert.history.roles import match_columns
from expert.reading import Reader, ReadRequest


def is_table(source: object) -> bool:
    """Whether this maps names to sequences of numbers (at least one of them)."""
    if not isinstance(source, Mapping) or not source or not all(isinstance(name, str) for name in source):
        return False
    return any(_is_column(column) for column in source.values())


def _is_column(column: object) -> bool:
    if (
        isinstance(column, str | bytes | Mapping)
        or not hasattr(column, "__len__")
        or not hasattr(column, "__getitem__")
    ):
        return False
    if getattr(column, "ndim", 1) != 1:
        return False
    sequence = cast("Sequence[object]", column)
    if len(sequence) == 0:
        return True
    try:
        entry(sequence[0])
    except (NotANumber, KeyError, IndexError, TypeError):
        return False
    return True


def histories_of_columns(
    table: Mapping[str, Any], columns: Mapping[str, str], source: str | None = None
) -> tuple[History, ...]:
    """Return the runs in a mapping of names to sequences. Raises `SourceError`."""
    usable = {
        str(name): column
        for name, column in table.items()
        if isinstance(column, Mapping) or _is_column(column) or _says_what(name, column)
    }
    plain = {name: column for name, column in usable.items() if not isinstance(column, Mapping)}
    matches = match_columns(list(plain), columns)
    if not any(match.role for match in matches.values()) and len(plain) == len(usable):
        raise SourceError(
            f"{source or 'The table'}: no column is a loss, an accuracy or another known measurement of training; the "
            f"columns are {listed([str(name) for name in table])}. If one of them is, say which: "
            f"columns={{'train.loss': '...'}}."
        )
    lengths = {len(column) for column in plain.values() if len(column)}
    if len(plain) == len(usable) and len(lengths) == 1:
        return histories(
            table_of_columns({name: column for name, column in plain.items() if len(column)}, source), columns
        )
    # Columns of several lengths (validation_freq, TerminateOnNaN) have no rows; the history knows where they belong.
    run = corrected(
        History.from_columns(
            {name: _numbers(column) for name, column in usable.items()}, columns=columns, source=source
        )
    )
    if not run.series and not run.layers:
        raise SourceError(f"{source or 'The table'}: no measurement that counts stands in it.")
    return (run,)


def _says_what(name: object, column: object) -> bool:
    """Whether a column of words says what the others hold, such as the phase of each row."""
    return holds_words(str(name)) and isinstance(column, list) and all(isinstance(word, str) for word in column)


def _numbers(column: Any) -> Any:
    if isinstance(column, Mapping | np.ndarray):
        return column
    try:
        return [entry(value) for value in column]
    except NotANumber:
        return column


def _recognizes(source: object) -> float:
    return 0.7 if is_table(source) else 0.0


def _read(source: object, request: ReadRequest) -> tuple[History, ...]:
    return histories_of_columns(cast("Mapping[str, Any]", source), request.columns)


READER = Reader(
    id="columns",
    title="a dict of lists such as History.history of Keras",
    gives="run",
    recognizes=_recognizes,
    read=_read,
)
