"""Where one run in a log ends and the next begins, and whether the next goes on where the last one stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from expert.adapters.tables.cells import Cells
from expert.adapters.tables.numbers import Flags, Floats
from expert.adapters.tables.table import Table
from expert.history.roles import Match

Seam = Literal["first", "restart", "continuation", "resume"]


class Segment(NamedTuple):
    """Rows ``start`` up to ``stop``, and how they follow on the segment before."""

    start: int
    stop: int
    seam: Seam

    @property
    def rows(self) -> tuple[int, int]:
        """First row, and the row behind the last."""
        return self.start, self.stop


def spans(table: Table, matches: Mapping[str, Match]) -> list[tuple[int, int]]:
    """Cut the rows where the clock goes back or the log wrote its header again."""
    clock = clock_of(table, matches)
    cuts = sorted({0, *table.starts, *(_setbacks(clock) if clock is not None else ())} - {table.length})
    return list(zip(cuts, [*cuts[1:], table.length], strict=True))


def segments(
    table: Table, matches: Mapping[str, Match], parts: Sequence[tuple[int, int]], losses: Mapping[int, str | None]
) -> list[Segment]:
    """Say of every part how it follows on the one before.

    A clock that returns to its beginning is a new run (``restart``), unless the loss goes on where it was
    (``continuation``: another call of fit with the same weights); one that goes back part of the way took up an earlier
    checkpoint (``resume``). ``losses`` names, by the first row of a part, the column that holds its loss where that is
    not the one the header says; such a part never goes on from one in other columns.
    """
    clock = clock_of(table, matches)
    by_header = next((name for name, match in matches.items() if match.role == "train.loss"), None)
    found: list[Segment] = []
    chain = 0  # the row at which the weights of the current run were new
    column = by_header
    for start, stop in parts:
        before, column = column, losses.get(start, by_header)
        seam: Seam = "first"
        if found:
            seam = "restart"
            if before == column:
                loss = table.columns.get(column) if column is not None else None
                seam = _seam(clock, loss, (chain, *found[-1].rows), (start, stop), declared=start in table.starts)
        if seam in ("first", "restart"):
            chain = start
        found.append(Segment(start, stop, seam))
    return found


def clock_of(table: Table, matches: Mapping[str, Match]) -> Cells | None:
    """The column that counts steps, else epochs, else seconds."""
    for clock in ("step", "epoch", "seconds"):
        name = next((name for name, match in matches.items() if match.clock_column == clock), None)
        if name in table.columns and table.columns[name].count:
            return table.columns[name]
    return None


def _setbacks(clock: Cells) -> list[int]:
    back = np.flatnonzero(clock.known[1:] < clock.known[:-1]) + 1
    return [int(row) for row in (back if clock.rows is None else clock.rows[back])]


def _seam(
    clock: Cells | None, loss: Cells | None, before: tuple[int, int, int], here: tuple[int, int], *, declared: bool
) -> Seam:
    first, *last = before
    if clock is not None:
        old, new = clock[slice(*last)].known, clock[slice(*here)].known
        if len(old) and len(new) and old[0] < new[0] <= old[-1] and not declared:
            return "resume"
        if len(old) and len(new) and declared and new[0] > old[-1]:
            return "continuation"  # a header written again between rows that go on counting
    if loss is None:
        return "restart"
    earlier, later = _finite(loss, first, last[1]), _finite(loss, *here)
    return "continuation" if len(earlier) and len(later) and goes_on(earlier[0], earlier[-1], later[0]) else "restart"


def _finite(cells: Cells, start: int, stop: int) -> Floats:
    known = cells[slice(start, stop)].known
    return known[np.isfinite(known)]


def goes_on(first: float, last: float, following: float) -> bool:
    """Whether a loss that went from ``first`` to ``last`` goes on: less than half of the gain is lost."""
    gain = first - last
    return following - last < 0.5 * gain if gain > 0 else following < last


def superseded(table: Table, matches: Mapping[str, Match], chain: list[Segment]) -> Flags:
    """Rows that a later resume from an earlier checkpoint made void: True where a row no longer counts."""
    void = np.zeros(table.length, dtype=np.bool_)
    clock = clock_of(table, matches)
    if clock is None:
        return void
    for segment in chain:
        if segment.seam == "resume":
            first = clock[slice(segment.start, segment.stop)].known[0]
            before = slice(chain[0].start, segment.start)
            known = clock[before].values
            # Rows without a clock cell of their own belong to the last row that has one.
            filled = (
                known[np.maximum.accumulate(np.where(np.isnan(known), 0, np.arange(len(known))))]
                if len(known)
                else known
            )
            void[before] |= filled >= first
    return void
