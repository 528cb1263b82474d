"""Whether the gradient was unusually large where the loss has a spike, against the gradients just before it."""

from __future__ import annotations

import numpy as np

from expert.signals.change import spikes_of
from expert.signals.curve import Curve
from expert.signals.estimators import median
from expert.signals.gradients import RECORD_NORM, needed, ratio
from expert.signals.signal import Reading, Signal, Unknown, View

LEADING_STEPS = 5.0
"""A gradient up to so many steps before a spike may have caused it."""
USUAL_STEPS = 60.0
"""What is usual is read from the norms of so many steps before these."""
FEWEST_BEFORE = 8


def _gradient_at_spikes(view: View, loss: Curve) -> Reading | Unknown:
    norm = needed(view, "gradient.norm", RECORD_NORM, FEWEST_BEFORE + 1)
    if isinstance(norm, Unknown):
        return norm
    if norm.clock != loss.clock:
        return Unknown("gradient norm and loss were not logged on the same clock", RECORD_NORM)
    places = loss.derive(spikes_of)[1]
    if not len(places):
        return Unknown(f"{loss.name} has no isolated spikes")
    at, where = norm.at[: len(norm.points)], loss.at[places]
    first = np.searchsorted(at, where - USUAL_STEPS)
    near = np.searchsorted(at, where - LEADING_STEPS)
    last = np.searchsorted(at, where, side="right")
    ratios = [
        ratio(float(norm.points[b:c].max()), median(norm.points[a:b]))
        for a, b, c in zip(first.tolist(), near.tolist(), last.tolist(), strict=True)
        if c > b and b - a >= FEWEST_BEFORE
    ]
    if not ratios:
        return Unknown("no gradient norm was recorded around the spikes of the loss", RECORD_NORM)
    return Reading(median(np.array(ratios)), detail={"spikes": float(len(ratios))})


SIGNALS: tuple[Signal, ...] = (
    Signal(
        id="gradient_at_spikes",
        title="Gradient norm around spikes of the loss over that of the steps before",
        unit="ratio, the median over the spikes",
        grade="internal",
        reads="around the spikes of {series} the gradient norm is {value:.3g} times that of the steps before",
        compute=_gradient_at_spikes,
        record=RECORD_NORM,
    ),
)
