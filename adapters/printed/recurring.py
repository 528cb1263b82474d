"""Rows of lines that nobody has described: whether they are the course of a training, and what their columns are."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from expert.adapters.printed.format import Meaning
from expert.adapters.tables.cells import Cells
from expert.adapters.tables.impossible_counts import leave_out_impossible
from expert.adapters.tables.table import Table
from expert.history import Ignored
from expert.history.role_table import EVERYDAY_WORDS
from expert.history.roles import Match, match_columns

FEWEST_WITHOUT_CLOCK = 6
"""Losses that a log must hold where nothing in it counts."""
_PLAIN_LOSS = re.compile(
    r"(?:(?:train(?:ing)?|val(?:id(?:ation)?)?|eval(?:uation)?|test|dev)[ _./]+)?"
    r"(?:(?:avg|average|mean|total|epoch|running)[ _.]+)?loss",
    re.IGNORECASE,
)


def set_right(table: Table, lines: int, finished_runs: int, stated: Mapping[str, str]) -> str | None:
    """Keep what recurs, count steps through; return why the lines are no log of a training, if they are none."""
    nothing = "no line recurs in it that names a step or an epoch and a loss or another measurement of training"
    leave_out_impossible(table, [name for name in ("epoch", "step") if name in table.columns])
    for name in ("epoch", "step"):
        if name in table.columns and table.columns[name].count == 0:
            del table.columns[name]
    matches = match_columns(list(table.columns), {role: name for role, name in stated.items() if name in table.columns})
    measured = [name for name, match in matches.items() if _measures(match, stated, name)]
    most = max((table.columns[name].count for name in measured), default=0)
    if most < 2 or _rare(table, measured, lines):
        return nothing
    for name in [name for name, cells in table.columns.items() if cells.count == 1 < most - 1]:
        if name not in stated.values():
            del table.columns[name]
            table.ignored.append(Ignored(name=name, reason="stands in one line only"))
    if finished_runs > table.length // 2:
        return "its lines tell of finished runs, one after the other, and not of the course of one"
    counted = [name for name in ("epoch", "step") if name in table.columns]
    if not counted:
        losses = [name for name in measured if name in table.columns and _PLAIN_LOSS.fullmatch(name)]
        if not stated and max((table.columns[name].count for name in losses), default=0) < FEWEST_WITHOUT_CLOCK:
            return nothing
        return None
    _count_through(table)
    for name in counted:
        known = table.columns[name].known
        if np.count_nonzero(np.diff(known) < 0) > max(2, len(known) // 5):
            return f"the numbers after {name!r} go back and forth, so its lines are not moments of one training"
    return None


def _rare(table: Table, measured: list[str], lines: int) -> bool:
    """Whether next to no line of a text measures something at a place of its own, as in sources and in prose."""
    rows = np.zeros(table.length, dtype=np.bool_)
    for name in measured:
        rows |= table.columns[name].recorded
    places = [table.columns[name].values[rows] for name in ("epoch", "step") if name in table.columns]
    several = max((len(np.unique(values[np.isfinite(values)])) for values in places), default=int(rows.sum()))
    return several < 3 and int(rows.sum()) < lines // 10


def _measures(match: Match, stated: Mapping[str, str], name: str) -> bool:
    """Whether a column is surely a measurement: a phase and a quantity that is no everyday word."""
    if name in stated.values():
        return True
    words = (match.role or "").replace(".", "_").split("_")
    return (
        match.role is not None and match.phase is not None and not set(words) & EVERYDAY_WORDS and bool(match.direction)
    )


def _count_through(table: Table) -> None:
    """Make a step that starts again in every epoch count through, run by run."""
    if not {"epoch", "step"} <= set(table.columns):
        return
    epochs, steps = table.columns["epoch"], table.columns["step"]
    rows = np.flatnonzero(epochs.recorded & steps.recorded)
    at, within = epochs.values[rows], steps.values[rows]
    turns = np.flatnonzero(np.diff(at) != 0) + 1
    rising = turns[at[turns] > at[turns - 1]]
    if not len(rising) or not (within[rising] <= within[rising - 1]).all():
        return
    values, offset = steps.values.copy(), 0.0
    for start, stop in zip([0, *turns], [*turns, len(rows)], strict=True):
        if start and at[start] > at[start - 1]:
            offset += max(within[start - 1] - within[start] + 1, within[start - 1])
        else:
            offset = 0.0
        values[rows[start:stop]] = within[start:stop] + offset
    table.columns["step"] = Cells(values, steps.recorded)
    table.notes.append("The step starts again in every epoch; it is counted through.")


def twins(table: Table, stated: Mapping[str, str]) -> dict[str, Meaning]:
    """``loss`` of every few steps and ``train loss`` of every epoch are two series of one quantity."""
    found: dict[str, Meaning] = {}
    for name, match in match_columns(list(table.columns), stated).items():
        winner = re.search(r"'(.+)' gives (train\.(?:loss|accuracy))$", match.reason)
        if winner is None or winner[2] in stated or winner[1] in found:
            continue
        seldom, often = sorted((name, winner[1]), key=lambda one: table.columns[one].count)
        if table.columns[often].count < 2 * table.columns[seldom].count:
            continue
        found[seldom] = Meaning(winner[2], reason=f"is printed less often than {often!r}")
        found[often] = Meaning(f"{winner[2]}_step", reason=f"is printed more often than {seldom!r}")
    return found
