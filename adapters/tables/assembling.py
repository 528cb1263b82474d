"""A table becomes the histories of the runs it holds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from expert.adapters.tables.cells import Cells
from expert.adapters.tables.corrections import corrected
from expert.adapters.tables.impossible_counts import leave_out_impossible
from expert.adapters.tables.numbers import Floats
from expert.adapters.tables.ranks import only_one_rank
from expert.adapters.tables.runs import Segment, segments, spans, superseded
from expert.adapters.tables.shifted import Shift, shifts
from expert.adapters.tables.table import Table
from expert.adapters.tables.word_columns import spread
from expert.adapters.text.naming import listed
from expert.errors import SourceError
from expert.history import Clock, Event, History, Ignored, RunConfig
from expert.history.building import MANY_EPOCHS, MANY_EPOCHS_PER_VALIDATION
from expert.history.columns import Column
from expert.history.placing import Placing
from expert.history.roles import Match, match_columns


def histories(
    table: Table, columns: Mapping[str, str] | None = None, *, config: RunConfig | None = None, sum_parts: bool = True
) -> tuple[History, ...]:
    """Return one history for every run in the table, oldest first. Raises `SourceError` if nothing in it is known."""
    spread(table)
    stated = set((columns or {}).values())
    for name in [name for name, cells in table.columns.items() if cells.count == 0 and name not in stated]:
        del table.columns[name]
        table.ignored.append(Ignored(name=name, reason="no row has a value"))
    matches = _matches(table, columns)
    if not table.mappings and not any(match.role for match in matches.values()):
        raise SourceError(_nothing_known(table))
    leave_out_impossible(table, [name for name, match in matches.items() if match.clock_column])
    only_one_rank(table, matches)
    count_steps_over_epochs(table, matches)
    parts = spans(table, matches)
    shifted = {} if {"train.loss", "val.loss"} & set(columns or {}) else shifts(table, matches, parts)
    losses = {
        row: next((twin for twin, name in shift.stands_for.items() if matches[name].role == "train.loss"), None)
        for row, shift in shifted.items()
    }
    chains: list[list[Segment]] = []
    for segment in segments(table, matches, parts, losses):
        if segment.seam in ("first", "restart"):
            chains.append([])
        chains[-1].append(segment)

    def read(chain: list[Segment], number: int, of: int) -> History:
        one = _run(table, matches, chain, shifted)
        one.source = table.source
        if of > 1:
            one.notes.append(f"This is run {number} of {of} in the log: the clock starts again at its first row.")
            one.source = f"{table.source or 'log'}, run {number}"
        renamed = _renamed(matches, shifted.get(chain[0].start))
        history = _history(one, renamed, _events(table, matches, chain), config)
        return corrected(history, table.percent, sum_parts=sum_parts)

    runs = [read(chain, number, len(chains)) for number, chain in enumerate(chains, 1)]
    full = [chain for chain, run in zip(chains, runs, strict=True) if run.series or run.layers]
    if not full:
        raise SourceError(
            f"{table.source or 'The table'}: no measurement that counts stands in it at a step or an epoch."
        )
    if len(full) < len(chains):
        empty = len(chains) - len(full)
        often = "One part" if empty == 1 else f"{empty} parts"
        table.notes.append(f"{often} of the log without a measurement at a step or an epoch: left out.")
        runs = [read(chain, number, len(full)) for number, chain in enumerate(full, 1)]
    return tuple(runs)


def _nothing_known(table: Table) -> str:
    names = [*table.columns, *(one.name for one in table.ignored)]
    return (
        f"{table.source or 'The table'}: no column is a loss, an accuracy or another known measurement of "
        f"training; the columns are {listed(names)}. If one of them is, say which: columns={{'train.loss': '...'}}."
    )


def _matches(table: Table, columns: Mapping[str, str] | None) -> dict[str, Match]:
    matches = match_columns(list(table.columns), columns)
    # Where two columns count the same thing, the better name may stand in few rows only (W&B: _step is in all of them).
    better = dict(columns or {})
    for clock in ("step", "epoch"):
        chosen = next((name for name, match in matches.items() if match.clock_column == clock), None)
        if chosen is None or clock in better:
            continue
        others = [
            name
            for name, match in matches.items()
            if match.role is None and match.reason.endswith(f"gives the {clock}")
        ]
        fullest = max(others, key=lambda name: table.columns[name].count, default=chosen)
        if table.columns[fullest].count > 1.2 * table.columns[chosen].count:
            better[clock] = fullest
            table.notes.append(f"{fullest!r} counts the {clock}s, because {chosen!r} is missing in many rows.")
    return match_columns(list(table.columns), better) if better != (columns or {}) else matches


def count_steps_over_epochs(table: Table, matches: dict[str, Match]) -> None:
    """Make a step that starts again in every epoch count through (``iter`` of older mmcv logs)."""
    names = {match.clock_column: name for name, match in matches.items() if match.clock_column}
    if "epoch" not in names:
        return
    epoch = table.columns[names["epoch"]]
    if "step" not in names:
        return
    step = table.columns[names["step"]]
    whole = epoch.rows is None and step.rows is None
    rows = slice(None) if whole else np.flatnonzero(epoch.recorded & step.recorded)
    at, within = epoch.values[rows], step.values[rows]
    back = np.flatnonzero(within[1:] < within[:-1]) + 1
    if len(back) == 0 or not (at[back] > at[back - 1]).all() or (at[1:] < at[:-1]).any():
        return
    offset = np.zeros(len(at))
    offset[back] = np.maximum(within[back - 1] - within[back] + 1, within[back - 1])
    values = step.values.copy()
    values[rows] = within + np.cumsum(offset)
    table.columns[names["step"]] = Cells(values, step.recorded)
    table.notes.append(f"{names['step']!r} starts again in every epoch; it is counted through.")


def _run(table: Table, matches: Mapping[str, Match], chain: list[Segment], shifted: Mapping[int, Shift]) -> Table:
    """Return the rows of one run as a table whose clocks rise."""
    void = superseded(table, matches, chain)
    first, stop = chain[0].start, chain[-1].stop
    one = table.rows(first, stop)
    one.notes += dict.fromkeys(shifted[part.start].note for part in chain if part.start in shifted)
    clocks = [name for name, match in matches.items() if match.clock_column and name in one.columns]
    again: set[Segment] = set()  # continuations whose clock starts again; that of others goes on behind a new header
    kept = ~void[first:stop]
    for name in clocks if len(chain) > 1 else ():
        values, recorded = one.columns[name].values.copy(), one.columns[name].recorded
        # Taken up from a checkpoint, steps may go on where it was while epochs are counted from the beginning again.
        for part in chain[1:]:
            before, here = slice(part.start - first), slice(part.start - first, part.stop - first)
            known, now = values[before][recorded[before] & kept[before]], values[here][recorded[here]]
            if len(known) and len(now) and now[0] <= known[-1]:
                spacing = now[1] - now[0] if len(now) > 1 and now[1] > now[0] else 1.0
                values[here] += known[-1] - now[0] + spacing
                again |= {part} if part.seam == "continuation" else set()
        one.columns[name] = Cells(values, recorded)
    if again:
        often = "once" if len(again) == 1 else f"{len(again)} times"
        one.notes.append(
            f"The clock starts again {often} while the loss goes on where it was: the parts are read as one run, "
            f"counted through."
        )
    if not kept.all():
        one.notes.append(
            f"{int((~kept).sum())} rows were written again after an earlier checkpoint was taken up; the later "
            f"rows count."
        )
        one.keep(kept)
    return one


def _events(table: Table, matches: Mapping[str, Match], chain: list[Segment]) -> list[tuple[int, str]]:
    """Rows of the run's own table at which a part after the first begins, and how."""
    void = superseded(table, matches, chain)
    first = chain[0].start
    return [(int((~void[first : part.start]).sum()), part.seam) for part in chain[1:]]


def _renamed(matches: Mapping[str, Match], shift: Shift | None) -> dict[str, Match]:
    if shift is None:
        return dict(matches)
    result = dict(matches)
    for name in shift.columns:
        result[name] = Match(reason="its column no longer fits the header")
    for twin, name in shift.stands_for.items():
        result[twin] = matches[name]._replace(reason=f"held the same numbers as {name!r} before the columns shifted")
    return result


def _history(
    table: Table, matches: Mapping[str, Match], seams: list[tuple[int, str]], config: RunConfig | None
) -> History:
    clocks = _clocks(table, matches)
    placing = Placing(clocks, table.source)
    measured = (
        Column(name, cells.known, None if cells.rows is None else cells.rows.astype(np.intp, copy=False))
        for name, cells in table.columns.items()
        if matches[name].role is not None
    )
    series = placing.series(measured, matches)
    layers = []
    for quantity, by_row in table.mappings.items():
        names = list(dict.fromkeys(str(name) for found in by_row.values() for name in found))
        matrix = np.array([[float(found.get(name, np.nan)) for name in names] for found in by_row.values()])
        if len(matrix):
            layers.append(placing.layers(quantity, names, matrix, np.array(list(by_row), dtype=np.intp)))
    events = []
    for row, seam in seams:
        clock = next((clock for clock, column in clocks.items() if np.isfinite(column[row:]).any()), None)
        if clock is not None:
            at = clocks[clock][row:]
            text = "fit was called again" if seam == "continuation" else "taken up from an earlier checkpoint"
            events.append(Event(kind="resume", at=float(at[np.isfinite(at)][0]), clock=clock, text=text))
    for row, kind, text in table.happenings:
        clock = next((clock for clock, column in clocks.items() if np.isfinite(column[:row]).any()), None)
        if clock is not None:
            at = clocks[clock][:row]
            events.append(Event(kind=kind, at=float(at[np.isfinite(at)][-1]), clock=clock, text=text))
    skipped = [
        Ignored(name=name, reason=matches[name].reason)
        for name in table.columns
        if matches[name].clock_column is None and matches[name].role is None
    ]
    return History(
        series=series,
        layers=tuple(layers),
        marks=placing.marks(),
        events=tuple(events),
        config=config or RunConfig(),
        ignored=(*table.ignored, *skipped, *placing.ignored),
        notes=(*table.notes, *placing.notes),
        source=table.source,
    )


def _clocks(table: Table, matches: Mapping[str, Match]) -> dict[Clock, Floats]:
    """The positions of the rows; where the log counts nothing, or several rows share an epoch, rows are counted."""
    clocks: dict[Clock, Floats] = {}
    for name, cells in table.columns.items():
        clock = matches[name].clock_column
        if clock is not None:
            clocks[clock] = cells.values
    measured = {name: cells for name, cells in table.columns.items() if matches[name].role is not None}
    if not clocks:
        validation = max((cells.count for name, cells in measured.items() if matches[name].phase == "val"), default=0)
        limit = MANY_EPOCHS_PER_VALIDATION * validation if validation else MANY_EPOCHS
        guess: Clock = "epoch" if table.length <= limit else "step"
        clocks[guess] = np.arange(1.0, table.length + 1)
        table.notes.append(f"The log counts neither steps nor epochs, so rows are counted as {guess}s 1, 2, ...")
    elif list(clocks) == ["epoch"]:
        for cells in measured.values():
            at = clocks["epoch"] if cells.rows is None else clocks["epoch"][cells.rows]
            at = at[np.isfinite(at)]
            if len(at) > 2 * (1 + np.count_nonzero(np.diff(at))):
                clocks["step"] = np.arange(1.0, table.length + 1)
                table.notes.append(
                    "Several rows share an epoch and no step is logged, so rows are counted as steps 1, 2, ..."
                )
                break
    return clocks
