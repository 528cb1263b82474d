"""A `History` that the caller already has."""

from __future__ import annotations

from typing import cast

from expert.history import History
from expert.history.roles import match_columns
from expert.reading import Reader, ReadRequest


def _recognizes(source: object) -> float:
    return 1.0 if isinstance(source, History) else 0.0


def _read(source: object, request: ReadRequest) -> tuple[History, ...]:
    history = cast("History", source)
    if not request.columns:
        return (history,)
    stated = set(request.columns.values())
    matches = match_columns([one.name for one in history.series], request.columns)
    series = []
    for one in history.series:
        if one.name in stated:
            match = matches[one.name]
            update = {"role": match.role, "phase": match.phase, "direction": match.direction or one.direction}
            series.append(one.model_copy(update=update))
        elif one.role in request.columns:
            series.append(one.model_copy(update={"role": None}))
        else:
            series.append(one)
    return (history.model_copy(update={"series": tuple(series)}),)


READER = Reader(id="history", title="a History", gives="run", recognizes=_recognizes, read=_read)
