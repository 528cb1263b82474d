"""Points of names that count each for themselves become the rows of one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from expert.adapters.tables.counting import clocks_of
from expert.adapters.tables.points import Points, cuts, in_one_order
from expert.adapters.tables.shared_rows import SharedRows, Stack
from expert.adapters.tables.table import Table
from expert.errors import SourceError
from expert.history import Clock, Ignored
from expert.history.roles import Match, match_columns

MOST_CELLS = 1 << 26
"""Rows times columns of the table they make."""


def table_of_points(
    writers: Sequence[Mapping[str, Points]],
    source: str,
    columns: Mapping[str, str],
    clocks: Mapping[str, Clock] | None = None,
) -> tuple[Table, Mapping[str, str]]:
    """Return the points of one run as a table, and which of its columns are clocks, with what the caller says of them.

    ``writers`` wrote side by side, each name once among them; ``clocks`` says which clock a name counts, where that is
    known. Where a name starts to count again, the rows do, too: they stand in the order in which they were written,
    part by part, and in each part in the order of their steps. Names that count epochs while others count steps get
    rows of their own, and the step at which an epoch ended names that epoch. Raises `SourceError` if it is too large.
    """
    curves = in_one_order(writers)
    notes: list[str] = []
    counted = clocks_of(curves, columns, clocks or {}, notes)
    between = np.array(cuts(curves), dtype=np.int64)
    by_step = Stack.of([curve for curve in curves if counted[curve.name] == "step"], between)
    by_epoch = Stack.of([curve for curve in curves if counted[curve.name] == "epoch"], between)
    rows = SharedRows(by_step, by_epoch)
    ignored: list[Ignored] = []
    if rows.length * len(curves) > MOST_CELLS:
        matches = match_columns([curve.name for curve in curves], columns)
        ignored = [Ignored(name=name, reason=match.reason) for name, match in matches.items() if not _is_used(match)]
        curves = [curve for curve in curves if _is_used(matches[curve.name])]
    if rows.length * len(curves) > MOST_CELLS:
        raise SourceError(
            f"{source}: {len(curves)} names with {rows.length:,} different steps make a table too large to judge; "
            "pass a part of them: a dict of lists such as {'train.loss': [...], 'val.loss': [...]}."
        )
    cells = {curve.name: rows.cells(curve.name) for curve in curves}
    stated = dict(columns)
    for clock, column in rows.clocks().items():
        if clock not in stated:
            name: str = clock
            while name in cells:
                name = f"{name} of the log"
            cells[name], stated[clock] = column, name
    return Table(cells, rows.length, source, starts=rows.starts, ignored=ignored, notes=notes), stated


def _is_used(match: Match) -> bool:
    return match.role is not None or match.clock_column is not None
