"""Several processes of one training that wrote to one log: the rows of one of them are the run."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from expert.adapters.tables.numbers import Floats
from expert.adapters.tables.runs import clock_of
from expert.adapters.tables.table import Table
from expert.history.roles import Match, snake

RANKS = frozenset({"rank", "local_rank", "global_rank", "world_rank", "process_rank", "process_index", "proc_rank"})
"""Names of a column that says which process wrote a row."""
FEWEST_SETBACKS = 4
SETBACKS = 0.1
"""Share of rows at which the clock goes back where writers take turns; of runs one after the other it is far lower."""


def only_one_rank(table: Table, matches: Mapping[str, Match]) -> None:
    """Leave the rows of one process, where a column names it or where several wrote the same steps in turns."""
    named = next((name for name in table.columns if snake(name) in RANKS), None)
    if named is not None:
        _of_named_rank(table, matches, named)
        return
    clock = clock_of(table, matches)
    if clock is None or clock.rows is not None:
        return
    turns = _turns(clock.known)
    if turns is not None and int(turns.max()) > 0:
        table.keep(turns == 0)
        table.notes.append(
            f"Each step is written up to {int(turns.max()) + 1} times in changing order, as several processes do that "
            f"write to one log; only the first row of each step is used."
        )


def _of_named_rank(table: Table, matches: Mapping[str, Match], named: str) -> None:
    cells = table.columns[named]
    ranks = np.unique(cells.known)
    if len(ranks) < 2 or not np.isfinite(ranks).all():
        return
    loss = next((table.columns[name] for name, match in matches.items() if match.role == "train.loss"), cells)
    telling = [rank for rank in ranks if (loss.recorded & cells.recorded & (cells.values == rank)).any()]
    chosen = telling[0] if telling else ranks[0]
    # A row without a rank was written for all of them.
    table.keep(~cells.recorded | (cells.values == chosen))
    table.notes.append(f"{len(ranks)} ranks write to this log ({named!r}); only the rows of rank {chosen:g} are used.")


def _turns(clock: Floats) -> NDArray[np.intp] | None:
    """How often the step of each row was written before, or None where the rows are not those of writers in turns."""
    back = int(np.count_nonzero(clock[1:] < clock[:-1]))
    if back < max(FEWEST_SETBACKS, SETBACKS * len(clock)):
        return None
    order = np.argsort(clock, kind="stable")
    rising = clock[order]
    first = np.flatnonzero(np.append(True, rising[1:] != rising[:-1]))
    turns = np.empty(len(clock), dtype=np.intp)
    turns[order] = np.arange(len(clock)) - np.repeat(first, np.diff(np.append(first, len(clock))))
    times = np.diff(np.append(first, len(clock)))
    writers = int(times.max())
    # Each of them counts on, none is far behind the others, and nearly every step is written by all of them.
    if back <= 2 * (writers - 1):
        return None  # as often as there are runs, one after the other
    counts_on = all((np.diff(clock[turns == turn]) > 0).all() for turn in range(writers))
    return turns if counts_on and writers > 1 and np.mean(times == writers) > 0.8 else None
