"""Where in a JSON document the run lies: an object of lists, a list of records, or either of them further inside."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from expert.adapters.columns import is_table
from expert.adapters.records import is_records
from expert.adapters.timed_values import is_timed, rows_of_timed
from expert.history.roles import match_columns, snake

WRAPPERS = frozenset({"history", "logs", "log", "log_history", "metrics", "results", "data", "records", "training"})
"""Names that hold the run and say nothing about it."""
DEEPEST = 6
_NUMBERED = re.compile(r"(?:(epoch|step|iteration|iter)[ _-]?)?(\d{1,12})", re.IGNORECASE)


class Shape(NamedTuple):
    """A run as columns or as records; exactly one of the two is not None."""

    columns: Mapping[str, Any] | None = None
    records: list[Mapping[str, Any]] | None = None
    notes: tuple[str, ...] = ()


def shape_of(document: object) -> Shape | None:
    """Return the run that a document holds, or None if there is none in it."""
    if isinstance(document, list):
        return Shape(records=document) if is_records(document) else None
    if not isinstance(document, dict):
        return None
    if is_timed(document):
        rows, notes = rows_of_timed(document)
        return Shape(records=rows, notes=tuple(notes))
    numbered = _numbered(document)
    if numbered is not None:
        return Shape(records=numbered)
    columns: dict[str, Any] = {}
    lists: list[list[Mapping[str, Any]]] = []
    inner: list[Shape] = []
    for name, value in _leaves(document):
        if isinstance(value, list) and is_records(value):
            lists.append(value)
        elif isinstance(value, dict):
            found = shape_of(value)
            inner += [found] if found is not None else []
        elif isinstance(value, list):
            columns.setdefault(name, value)
    if is_table(columns) and (not (lists or inner) or _tells(columns)):
        return Shape(columns=columns)
    if lists:
        return Shape(records=max(lists, key=len))
    if inner:
        return inner[0]
    return Shape(columns=columns) if is_table(columns) else None


def _leaves(document: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Everything that is no plain group of names, under its names joined by ``/``; wrappers leave no trace."""
    for name, value in document.items():
        if isinstance(value, dict) and depth < DEEPEST and not is_timed(value) and _numbered(value) is None:
            yield from _leaves(value, prefix if snake(name) in WRAPPERS else f"{prefix}{name}/", depth + 1)
        else:
            yield f"{prefix}{name}", value


def _tells(columns: Mapping[str, Any]) -> bool:
    return any(match.role for match in match_columns(list(columns)).values())


def _numbered(document: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    """``{"0": {"loss": ...}, "1": {...}}`` or ``{"epoch_1": {...}}`` as records that name their epoch."""
    if len(document) < 2:
        return None
    rows: list[tuple[float, Mapping[str, Any]]] = []
    for name, row in document.items():
        match = _NUMBERED.fullmatch(name)
        if match is None or not isinstance(row, dict) or any(isinstance(value, list) for value in row.values()):
            return None
        clock = {"step": "step", "iter": "step", "iteration": "step"}.get((match[1] or "").lower(), "epoch")
        taken = {snake(key) for key in row}
        rows.append((int(match[2]), row if taken & {"epoch", "step"} else {clock: int(match[2]), **row}))
    return [row for _, row in sorted(rows, key=lambda one: one[0])]
