"""Two histories of one run in one; a history as it was at some moment, or since."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from expert.history.clock import ClockMarks
from expert.history.placing import CLOCKS
from expert.history.record import Record, same
from expert.history.series import Clock

if TYPE_CHECKING:
    from expert.history.history import History

ESTIMATED = ("largest_std", "target_std", "target_prior", "class_counts", "label_minimum")
"""Fields of `DataProfile` that batches tell as well; whoever gives one has looked at the set."""
Combined = TypeVar("Combined", bound="History")
Profile = TypeVar("Profile", bound=Record)
Kept = TypeVar("Kept")
Keeps = Callable[[Any, float], Any]


def merge(first: Combined, second: History) -> Combined:
    """See ``History.merge``."""
    notes: list[str] = []
    config = _merged(first.config, second.config, notes)
    model = _merged(first.model, second.model, notes)
    data = _merged(first.data, second.data, notes)
    marks = _merged_marks(first.marks, second.marks, notes)
    return first.model_copy(
        update={
            "series": _union(first.series, second.series),
            "layers": _union(first.layers, second.layers),
            "marks": marks,
            "events": _union(first.events, second.events),
            "config": config,
            "model": model,
            "data": data,
            "ignored": _union(first.ignored, second.ignored),
            "notes": _union(first.notes, (*second.notes, *notes)),
            "source": " + ".join(dict.fromkeys(filter(None, (first.source, second.source)))) or None,
        }
    )


def until(history: Combined, *, step: float | None, epoch: float | None) -> Combined:
    """See ``History.until``."""
    return _cut(history, step, epoch, np.less_equal, "until")


def after(history: Combined, *, step: float | None, epoch: float | None) -> Combined:
    """See ``History.after``."""
    return _cut(history, step, epoch, np.greater, "after")


def _union(first: tuple[Kept, ...], second: Iterable[Kept]) -> tuple[Kept, ...]:
    return first + tuple(record for record in second if record not in first)


def _merged(first: Profile, second: Profile, notes: list[str]) -> Profile:
    known: dict[str, Any] = {}
    # What a run's batches told gives way, without a word, to what is known of the whole set.
    estimated = getattr(first, "samples_seen", None) is not None
    for name in type(first).model_fields:
        mine, theirs = getattr(first, name), getattr(second, name)
        known[name] = mine if theirs is None else theirs
        if not estimated and mine is not None and theirs is not None and not same(mine, theirs):
            notes.append(
                f"{type(first).__name__}.{name} is {_short(mine)} in one source and {_short(theirs)} in the other; "
                f"{_short(theirs)} is used."
            )
    if estimated and any(getattr(second, name) is not None for name in ESTIMATED):
        known["samples_seen"] = None
    return type(first)(**known)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _merged_marks(first: ClockMarks | None, second: ClockMarks | None, notes: list[str]) -> ClockMarks | None:
    if first is None or second is None or first == second:
        return second if first is None else first
    columns = {clock: np.concatenate((_column(first, clock), _column(second, clock))) for clock in CLOCKS}
    order = np.lexsort((columns["epoch"], columns["step"]))
    try:
        return ClockMarks(
            step=columns["step"][order],
            epoch=columns["epoch"][order],
            seconds=columns["seconds"][order] if np.isfinite(columns["seconds"]).any() else None,
        )
    except ValidationError:
        notes.append("Two sources place steps on epochs differently; the second one is used.")
        return second


def _column(marks: ClockMarks, clock: Clock) -> NDArray[np.float64]:
    column: NDArray[np.float64] | None = getattr(marks, clock)
    return np.full(len(marks), np.nan) if column is None else column


def _cut(history: Combined, step: float | None, epoch: float | None, keeps: Keeps, word: str) -> Combined:
    if (step is None) == (epoch is None):
        raise ValueError(f"{word}() takes either step or epoch, got {'neither' if step is None else 'both'}.")
    given: Clock = "step" if step is not None else "epoch"
    limits = _limits(history.marks, given, float(step if step is not None else epoch or 0.0))
    unplaced: list[str] = []

    def cut(records: tuple[Any, ...], name: str) -> tuple[Any, ...]:
        kept = []
        for record in records:
            if record.clock not in limits:
                unplaced.append(repr(getattr(record, name)))
                continue
            inside = keeps(record.at, limits[record.clock])
            if np.ndim(inside) == 0:
                kept += [record] * bool(inside)
            elif inside.any():
                # Positions rise, so what is kept is one stretch and stays a view.
                stretch = slice(int(np.argmax(inside)), len(inside) - int(np.argmax(inside[::-1])))
                kept.append(record.model_copy(update={"at": record.at[stretch], "values": record.values[stretch]}))
        return tuple(kept)

    parts = {
        "series": cut(history.series, "name"),
        "layers": cut(history.layers, "quantity"),
        "events": cut(history.events, "kind"),
        "marks": None if history.marks is None else _cut_marks(history, history.marks, given, limits, keeps),
    }
    if unplaced:
        note = f"Left out of this part, as the {given} clock has no place for it: {', '.join(unplaced)}."
        parts["notes"] = (*history.notes, note)
    return history.model_copy(update=parts)


def _limits(marks: ClockMarks | None, given: Clock, position: float) -> dict[Clock, float]:
    """Return the position on every clock that can be known."""
    limits: dict[Clock, float] = {given: position}
    for clock in CLOCKS:
        reach = None if marks is None or clock == given else marks.reach(given, clock)
        if marks is not None and reach is not None:
            converted = marks.convert([min(max(position, reach[0]), reach[1])], given, clock)
            if converted is not None:
                limits[clock] = float(converted[0])
    return limits


def _cut_marks(
    history: History, marks: ClockMarks, given: Clock, limits: dict[Clock, float], keeps: Keeps
) -> ClockMarks | None:
    """Keep the marks of this part; where fewer than two are left, place its ends, so that its pace stays known."""
    inside = np.ones(len(marks), dtype=bool)
    for clock, limit in limits.items():
        column = _column(marks, clock)
        inside &= np.isnan(column) | keeps(column, limit)
    columns = {clock: _column(marks, clock)[inside] for clock in CLOCKS}
    if np.count_nonzero(inside) < 2 and len(limits) > 1:
        recorded = [series.at for series in history.series if series.clock == given and len(series.at)]
        ends = [end for at in recorded for end in (at[0], at[-1]) if keeps(end, limits[given])]
        known = columns[given][~np.isnan(columns[given])]
        positions = np.unique(
            [min(ends, default=limits[given]), limits[given], max(ends, default=limits[given]), *known]
        )
        converted = {clock: marks.convert(positions, given, clock) for clock in CLOCKS}
        columns = {clock: np.full(len(positions), np.nan) if at is None else at for clock, at in converted.items()}
    if len(columns[given]) == 0:
        return None
    return ClockMarks(
        step=columns["step"], epoch=columns["epoch"], seconds=None if marks.seconds is None else columns["seconds"]
    )
