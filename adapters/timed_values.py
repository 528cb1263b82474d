"""A mapping of names to (moment, value) pairs, as Composer's ``InMemoryLogger.data`` holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from expert.adapters.records import histories_of_records
from expert.adapters.tables.numbers import NotANumber, entry
from expert.history import History
from expert.reading import Reader, ReadRequest

CLOCKS = {"batch": "step", "step": "step", "iteration": "step", "epoch": "epoch"}
"""What a moment may count, the surest first, and our word for it."""
LOOKED_AT = 5


def is_timed(source: object) -> bool:
    """Whether names are mapped to sequences of pairs of a moment and a number, and to nothing else."""
    if not isinstance(source, Mapping) or not source or not all(isinstance(name, str) for name in source):
        return False
    return any(source.values()) and all(_is_timed_column(column) for column in source.values())


def _is_timed_column(column: object) -> bool:
    if not isinstance(column, list | tuple):
        return False
    return all(_is_pair(pair) for pair in column[:LOOKED_AT])


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list | tuple) and len(pair) == 2 and bool(_moment(pair[0])) and _is_value(pair[1])


def _is_value(value: object) -> bool:
    try:
        entry(value)
    except NotANumber:
        return False
    return not isinstance(value, str)


def _moment(moment: object) -> dict[str, float]:
    """The clocks of a moment: a number counts steps; a mapping or a ``Timestamp`` says what it counts."""
    if isinstance(moment, int | float) and not isinstance(moment, bool):
        return {"step": float(moment)}
    found: dict[str, float] = {}
    for name, clock in CLOCKS.items():
        count = moment.get(name) if isinstance(moment, Mapping) else getattr(moment, name, None)
        count = getattr(count, "value", count)  # Composer's Time
        if isinstance(count, int | float) and not isinstance(count, bool):
            found.setdefault(clock, float(count))
    return found


def rows_of_timed(source: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], list[str]]:
    """Return the pairs as records in the order of their moments, and what is to be said of others.

    Values of one moment share a record.
    """
    notes: list[str] = []
    rows: dict[tuple[tuple[str, float], ...], dict[str, Any]] = {}
    for name, column in source.items():
        pairs = [pair for pair in column if _is_pair(pair)]
        for moment, value in pairs:
            clocks = _moment(moment)
            rows.setdefault(tuple(sorted(clocks.items(), reverse=True)), {**clocks})[name] = value
        if len(pairs) < len(column):
            left = len(column) - len(pairs)
            notes.append(f"{left} of {len(column)} entries of {name!r} are no moment with a number, and were left out.")
    return [row for _, row in sorted(rows.items(), key=lambda one: one[0])], notes


def _recognizes(source: object) -> float:
    return 0.75 if is_timed(source) else 0.0


def _read(source: object, request: ReadRequest) -> tuple[History, ...]:
    rows, notes = rows_of_timed(cast("Mapping[str, Sequence[Any]]", source))
    runs = histories_of_records(rows, request.columns)
    return tuple(run.model_copy(update={"notes": (*run.notes, *notes)}) for run in runs)


READER = Reader(
    id="timed-values",
    title="a dict of (moment, value) lists such as InMemoryLogger.data of Composer",
    gives="run",
    recognizes=_recognizes,
    read=_read,
)
