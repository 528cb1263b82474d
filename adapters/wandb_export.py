"""What W&B gives out of a run: the CSV of its web pages, with a group of columns for every run (``<run> - <metric>``),
and rows of ``run.history()``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from expert.adapters.tables.cells import Cells
from expert.adapters.tables.table import Table
from expert.errors import SourceError
from expert.history import Ignored
from expert.history.roles import match_columns

JOINT = " - "
EXTREMES = ("__MIN", "__MAX")
STEP = "_step"
SAMPLED = 500
"""Rows that ``run.history()`` gives of a longer run where no other number is asked for."""


def is_export(names: Sequence[str]) -> bool:
    """Whether these are the columns of an export: a clock, and runs with their extremes beside them."""
    grouped = [name for name in names if JOINT in name]
    return len(grouped) >= len(names) - 1 > 0 and any(name.endswith(EXTREMES) for name in grouped)


def split_export(table: Table) -> Iterator[Table]:
    """Yield one table for every run, oldest first: W&B lists the newest first."""
    clock = next((name for name in table.columns if JOINT not in name), None)
    if clock is None:
        raise SourceError(f"{table.source}: no column of this chart of W&B says the step of its rows.")
    runs: dict[str, dict[str, Cells]] = {}
    for name, cells in table.columns.items():
        # Names of runs hold " - " themselves, names of metrics hardly ever do.
        run, joint, metric = name.rpartition(JOINT)
        if joint and not name.endswith(EXTREMES):
            runs.setdefault(run, {})[metric] = cells
    for run, metrics in reversed(runs.items()):
        rows = np.flatnonzero(np.logical_or.reduce([cells.recorded for cells in metrics.values()]))
        columns = {clock: table.columns[clock], **metrics}
        yield Table(
            columns={name: cells.at(rows) for name, cells in columns.items()},
            length=len(rows),
            source=f"{table.source}: {run}",
            ignored=[
                Ignored(name=f"{metric}{end}", reason="extreme of a bin of the exported chart")
                for metric in metrics
                for end in EXTREMES
            ],
            notes=[
                *table.notes,
                f"{clock!r} of a W&B export counts calls of the logger, which need not be training steps.",
                *([f"The file holds {len(runs)} runs, the newest first as W&B lists them."] if len(runs) > 1 else []),
            ],
        )


def notes_on_history(table: Table) -> list[str]:
    """What is to be said of rows of ``run.history()``; nothing of any other table."""
    if STEP not in table.columns:
        return []
    notes = []
    if table.length == SAMPLED:
        notes.append(
            f"These are {SAMPLED} rows, as many as run.history() of W&B draws from a longer run; "
            "run.scan_history() gives all of them."
        )
    if match_columns(list(table.columns))[STEP].clock_column is not None:
        notes.append(f"{STEP!r} counts calls of W&B's logger, which need not be training steps.")
    return notes
