"""A header that lies: appended runs whose columns hold other quantities than the header written by the first run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from expert.adapters.tables.table import Table
from expert.history.roles import Match

Rows = tuple[int, int]
"""First row of a part, and the row behind its last."""
FEWEST = 3
"""Values a segment needs before its direction is believed."""


class Shift(NamedTuple):
    """Columns of one segment that no longer hold what the header says, and what stands for them where that is known."""

    columns: tuple[str, ...]
    stands_for: dict[str, str]
    """Name of the column that holds it now → name in the header."""
    note: str


def shifts(table: Table, matches: Mapping[str, Match], parts: Sequence[Rows]) -> dict[int, Shift]:
    """Return, by the start of the segment, where the losses break from the earlier runs in scale *and* in direction."""
    losses = [
        name for name, match in matches.items() if match.role in ("train.loss", "val.loss") and name in table.columns
    ]
    found: dict[int, Shift] = {}
    reference: Rows | None = None
    for number, part in enumerate(parts, 1):
        broken = [name for name in losses if reference is not None and _breaks(table, name, reference, part)]
        if not broken or reference is None:
            if any(len(table.columns[name][slice(*part)].known) >= FEWEST for name in losses):
                reference = part
            continue
        old, new = (table.columns[broken[0]][slice(*rows)].known for rows in (reference, part))
        # The metrics changed for the run, so what one loss column lost the other has lost too.
        stands = {twin: name for name in losses if (twin := _twin(table, matches, name, reference, part)) is not None}
        note = (
            f"From part {number} of the log on (row {part[0] + 1}) the columns seem to have shifted under the "
            f"old header: "
            f"{broken[0]!r} fell from {old[0]:.4g} to {old[-1]:.4g} in an earlier part and here starts at "
            f"{new[0]:.4g} and rises to {new[-1]:.4g}. "
        )
        if stands:
            pairs = " and ".join(f"{twin!r} in place of {name!r}" for twin, name in stands.items())
            note += f"Where they agreed before, {pairs} is read as the loss."
        else:
            note += (
                "The losses of this part are not used; say with columns={'train.loss': ...} which column holds them."
            )
        found[part[0]] = Shift(tuple(losses), stands, note)
    return found


def _breaks(table: Table, name: str, reference: Rows, part: Rows) -> bool:
    old = table.columns[name][slice(*reference)].known
    new = table.columns[name][slice(*part)].known
    if len(old) < FEWEST or len(new) < FEWEST or not (np.isfinite(old).all() and np.isfinite(new).all()):
        return False
    falls, rises = old[-1] < 0.9 * old[0], new[-1] > 1.1 * new[0]
    return bool(falls and rises and (new[0] > 2 * old.max() or new.max() < 0.5 * old.min()))


def _twin(table: Table, matches: Mapping[str, Match], name: str, reference: Rows, part: Rows) -> str | None:
    """The column that held the same numbers as ``name`` in the earlier run and still falls in this one."""
    old = table.columns[name][slice(*reference)].known
    for other, cells in table.columns.items():
        if other == name or matches[other].phase != matches[name].phase:
            continue
        same = cells[slice(*reference)].known
        now = cells[slice(*part)].known
        if len(same) == len(old) and np.allclose(same, old) and len(now) and now[0] <= 2 * old.max():
            return other
    return None
