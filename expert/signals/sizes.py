"""How large a recorded quantity is at the end, and how it grew: for what has a scale of its own, such as logits."""

from __future__ import annotations

import numpy as np

from expert.signals.curve import Curve, Floats
from expert.signals.estimators import median
from expert.signals.gradients import held, ratio
from expert.signals.signal import Reading, Signal, Unknown, View

FEWEST = 3
THIRDS = 3


def _sizes(curve: Curve) -> Floats | Unknown:
    """Absolute values as they stood at evenly spaced positions; use through ``derive``."""
    if len(curve.points) < FEWEST:
        return Unknown(f"{curve.name} has {len(curve.points)} finite values; {FEWEST} are needed")
    return np.asarray(held(curve.at[: len(curve.points)], np.abs(curve.points)))


def _late_size(view: View, curve: Curve) -> Reading | Unknown:
    sizes = curve.derive(_sizes)
    return sizes if isinstance(sizes, Unknown) else Reading(median(sizes[-(len(sizes) // THIRDS) :]))


def _size_growth(view: View, curve: Curve) -> Reading | Unknown:
    sizes = curve.derive(_sizes)
    if isinstance(sizes, Unknown):
        return sizes
    third = len(sizes) // THIRDS
    before, late = median(sizes[-2 * third : -third]), median(sizes[-third:])
    return Reading(ratio(late, before), detail={"before": before, "late": late})


SIGNALS: tuple[Signal, ...] = (
    Signal(
        id="late_size",
        title="Median size over the last third of the record",
        unit="the series' own unit, without sign",
        grade="internal",
        reads="over the last third of the record {series} has a size of {value:.3g}",
        compute=_late_size,
    ),
    Signal(
        id="size_growth",
        title="Median size over the last third of the record against the third before",
        unit="ratio",
        grade="internal",
        reads="{series} went from {before:.3g} to {late:.3g} over the last two thirds of the record",
        compute=_size_growth,
    ),
)
