"""What names count that all call it a step: steps, or epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from expert.adapters.tables.points import Curve
from expert.history import Clock
from expert.history.building import MANY_EPOCHS, MANY_EPOCHS_PER_VALIDATION
from expert.history.roles import match_columns

MANY_EPOCHS_WITHOUT_VALIDATION = 100
"""A logger that is given a step is mostly given the iteration; so many of them, never validated, are no epochs."""


def clocks_of(
    curves: Sequence[Curve], columns: Mapping[str, str], stated: Mapping[str, Clock], notes: list[str]
) -> dict[str, Clock]:
    """Return which clock every name counts, and add to ``notes`` what was guessed; ``stated`` is known already."""
    found: dict[str, Clock] = {curve.name: stated[curve.name] for curve in curves if curve.name in stated}
    rest = [curve for curve in curves if curve.name not in stated]
    if not rest:
        return found
    candidates = [curve for curve in curves if stated.get(curve.name) != "epoch"]
    reference = max(candidates, key=lambda curve: (int(curve.steps.max()), len(curve.steps)))
    epochs = [curve for curve in rest if curve is not reference and _counts_less(curve, reference)]
    steps = [curve for curve in rest if curve not in epochs]
    if epochs:
        names = ", ".join(repr(curve.name) for curve in epochs[:3]) + (" and others" if len(epochs) > 3 else "")
        notes.append(
            f"{names} count{'s' * (len(epochs) == 1)} to {max(int(one.steps.max()) for one in epochs):,} while "
            f"{reference.name!r} counts to {int(reference.steps.max()):,}: epochs and steps."
        )
    clock: Clock = "step" if epochs or "step" in stated.values() else _guess(steps, columns, stated, notes)
    return (
        found | dict.fromkeys((one.name for one in epochs), "epoch") | dict.fromkeys((one.name for one in steps), clock)
    )


def _counts_less(curve: Curve, reference: Curve) -> bool:
    """Whether a name counts far less than another that is logged beside it: epochs, where that counts steps."""
    highest = int(curve.steps.max())
    if len(curve.steps) < 2 or highest > MANY_EPOCHS or highest < 1:
        return False
    place = np.searchsorted(reference.order, curve.order) - 1
    if place[-1] > max(place[0], 0):
        beside = reference.steps[np.maximum(place, 0)]
        return bool(np.median(beside + 1) > 2 * np.median(curve.steps + 1) and np.mean(beside > curve.steps) > 0.5)
    # One list was written after the other, so that only their lengths compare.
    return bool((np.diff(curve.steps) == 1).all()) and int(reference.steps.max()) + 1 >= 2 * (highest + 1)


def _guess(curves: Sequence[Curve], columns: Mapping[str, str], stated: Mapping[str, Clock], notes: list[str]) -> Clock:
    """What names count that all count alike and do not say it."""
    if "epoch" in stated.values():
        return "epoch"
    matches = match_columns([curve.name for curve in curves], columns)
    longest = max(curves, key=lambda curve: len(curve.steps))
    different = np.unique(longest.steps)
    by_one = len(different) > 1 and float(np.median(np.diff(different))) == 1.0
    if not by_one or any(match.clock_column == "epoch" for match in matches.values()):
        return "step"
    validated = max((len(curve.steps) for curve in curves if matches[curve.name].phase == "val"), default=0)
    limit = MANY_EPOCHS_PER_VALIDATION * validated if validated else MANY_EPOCHS_WITHOUT_VALIDATION
    if len(different) > limit:
        return "step"
    notes.append("The steps of this log rise by one, and are few enough to be read as epochs.")
    return "epoch"
