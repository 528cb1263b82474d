"""How high a score stands: early in the run, and against that of the training samples."""

from __future__ import annotations

from expert.signals.curve import Curve
from expert.signals.gap import pair
from expert.signals.shape import shape, too_few
from expert.signals.signal import Reading, Signal, Unknown, View
from expert.signals.trend import clock_of

FIRST = 3
"""So many epochs are early."""
PERCENT = 1.5
"""Accuracies above this are given in percent."""
LOG = "log the accuracy of training and validation at every epoch"


def _unit(curve: Curve) -> float:
    """What one accuracy is measured in: 1, or 100 where they are given in percent."""
    return 100.0 if len(curve.epochs) and float(curve.epochs.max()) > PERCENT else 1.0


def _early_score(view: View, curve: Curve) -> Reading | Unknown:
    form = curve.derive(shape)
    if form is None:
        return too_few(curve, FIRST) or Unknown("too few values")
    if clock_of(curve) != "epoch":
        return Unknown(f"the epochs of {curve.name} are not known", LOG)
    early = curve.epochs[:FIRST]
    index = int((curve.sign * early).argmin())
    return Reading(float(early[index]) / _unit(curve), float(curve.epoch_numbers[index]), "epoch")


def _score_lead(view: View, first: Curve, second: Curve) -> Reading | Unknown:
    both = first.derive(pair, second)
    if isinstance(both, Unknown):
        return both
    unit = max(_unit(first), _unit(second))
    detail = {"first": first.sign * both.first.end / unit, "second": second.sign * both.second.end / unit}
    return Reading((both.second.end - both.first.end) / unit, detail=detail)


SIGNALS: tuple[Signal, ...] = (
    Signal(
        id="early_score",
        title="Best accuracy of the first three epochs",
        unit="share of samples",
        grade="curve",
        reads="{series} is {value:.1%} at {at} already",
        compute=_early_score,
        record=LOG,
    ),
    Signal(
        id="score_lead",
        title="How far one accuracy ends above the other",
        unit="share of samples",
        grade="curve",
        reads="{series} ends at {first:.1%}, {other} at {second:.1%}",
        compute=_score_lead,
        arguments=2,
        record=LOG,
    ),
)
