"""Where a series stopped improving, and how its descent is spread over the run."""

from __future__ import annotations

import math

import numpy as np

from expert.signals.curve import Curve
from expert.signals.estimators import Trend, median, trend
from expert.signals.shape import SIGNIFICANT, Shape, overall, recent_level, recent_window, shape, too_few
from expert.signals.signal import Reading, Signal, Unknown, View
from expert.signals.trend import clock_of, standard_errors

SMALLEST_SHARE = 0.01
RISING = 3.0
LEAST_RISE = 0.05
LARGEST_STEP = 0.1
"""Among fewer than ten samples nothing is told apart."""


def plateau_start(form: Shape) -> int:
    """Index of the first epoch after which the smoothed values never improve significantly any more.

    An improvement counts if it exceeds five standard errors of a smoothed value and a hundredth of the whole fall.
    """
    width = max(3, len(form.y) // 10)
    tolerance = max(5.0 * form.deviation(form.best) / width**0.5, SMALLEST_SHARE * form.fall, 1e-9 * abs(form.best))
    still_to_come = form.smooth - np.minimum.accumulate(form.smooth[::-1])[::-1]
    improving = np.flatnonzero(still_to_come > tolerance)
    return min(int(improving[-1]) + 1, len(form.y) - 1) if len(improving) else 0


def settled_level(form: Shape) -> float:
    """Median since the plateau began, or of the last fifth where that is longer; the end's own of a series that rises.

    Where a series stands still, all that it did since tells its level more surely than its last few values.
    """
    if standard_errors(form, form.rise) > RISING and form.rise > LEAST_RISE * form.scale:
        return form.end
    start = min(plateau_start(form), len(form.y) - recent_window(len(form.y)))
    return median(form.y[max(start, 0) :])


def share_since(form: Shape, index: int) -> float:
    """Share of the run that lies after the epoch with this index."""
    span = float(form.x[-1] - form.x[0])
    return float(form.x[-1] - form.x[index]) / span if span > 0 else 0.0


def early_half(curve: Curve) -> Trend:
    """Trend of the first half of n >= 4 epochs, lower is better; use through ``derive``."""
    half = len(curve.epochs) // 2
    return trend(curve.epoch_numbers[:half], curve.sign * curve.epochs[:half])


def late_half(curve: Curve) -> Trend:
    """Trend of the second half of n >= 4 epochs, of at least 5 of them, lower is better; use through ``derive``."""
    count = len(curve.epochs)
    half = max(0, min(count // 2, count - 5))
    return trend(curve.epoch_numbers[half:], curve.sign * curve.epochs[half:])


def _form(curve: Curve, needed: int) -> Shape | Unknown:
    return too_few(curve, needed) or curve.derive(shape) or Unknown("too few values")


def _plateau_length(view: View, curve: Curve) -> Reading | Unknown:
    form = _form(curve, 4)
    if isinstance(form, Unknown):
        return form
    start = plateau_start(form)
    return Reading(share_since(form, start), float(form.x[start]), clock_of(curve))


def _plateau_started_at(view: View, curve: Curve) -> Reading | Unknown:
    form = _form(curve, 4)
    if isinstance(form, Unknown):
        return form
    at = float(form.x[plateau_start(form)])
    return Reading(at, at, clock_of(curve))


def _best_epoch_distance(view: View, curve: Curve) -> Reading | Unknown:
    form = _form(curve, 3)
    if isinstance(form, Unknown):
        return form
    at = float(form.x[form.best_index])
    return Reading(share_since(form, form.best_index), at, clock_of(curve), {"best": curve.sign * form.best})


def one_sample(curve: Curve) -> float:
    """What one sample more or less makes of a score, as it seems: the smallest step it was seen to take."""
    levels = np.unique(curve.epochs)
    if curve.sign > 0.0 or len(levels) < 2:
        return 0.0
    return min(float(np.diff(levels).min()), LARGEST_STEP * float(np.abs(levels).max()))


def _shortfall_from_best(view: View, curve: Curve) -> Reading | Unknown:
    form = _form(curve, 3)
    if isinstance(form, Unknown):
        return form
    detail = {"best": curve.sign * form.best, "end": curve.sign * form.end}
    lost = max(0.0, form.rise - curve.derive(one_sample))
    return Reading(lost, float(form.x[form.best_index]), clock_of(curve), detail)


def _early_fall_share(view: View, curve: Curve) -> Reading | Unknown:
    form = _form(curve, 6)
    if isinstance(form, Unknown):
        return form
    fall = form.first - form.best
    if fall <= SIGNIFICANT * form.deviation(form.first):
        return Unknown(f"{curve.name} did not fall by more than its noise")
    early = max(1, len(form.y) // 10)
    return Reading((form.first - float(form.smooth[early])) / fall, float(form.x[early]), clock_of(curve))


def _linear_descent(view: View, curve: Curve) -> Reading | Unknown:
    form = _form(curve, 6)
    if isinstance(form, Unknown):
        return form
    if curve.sign * curve.derive(overall).z > -SIGNIFICANT:
        return Reading(0.0)
    early, late = curve.derive(early_half).slope, curve.derive(late_half).slope
    return Reading(min(early / late, late / early) if early < 0 and late < 0 else 0.0)


def _descent_pace(view: View, curve: Curve) -> Reading | Unknown:
    form = _form(curve, 6)
    if isinstance(form, Unknown):
        return form
    level = curve.derive(recent_level)
    return Reading(-curve.derive(late_half).slope / level) if level > 0 else Unknown(f"{curve.name} is 0")


def _projected_epochs_to_halve(view: View, curve: Curve) -> Reading | Unknown:
    form = _form(curve, 6)
    if isinstance(form, Unknown):
        return form
    late = curve.derive(late_half)
    if late.slope >= 0.0 or late.z > -SIGNIFICANT:
        return Unknown(f"{curve.name} does not fall significantly over its second half")
    needed = math.log(2.0) * curve.derive(recent_level) / -late.slope
    return Reading(needed, detail={"runs": needed / max(float(form.x[-1] - form.x[0]), 1.0)})


LOG = "log it at least once per epoch"

SIGNALS: tuple[Signal, ...] = (
    Signal(
        id="plateau_length",
        title="Share of the run since the last significant improvement",
        unit="share of the run",
        grade="curve",
        reads="{series} has not improved beyond its noise since {at}, for {value:.0%} of the run",
        compute=_plateau_length,
        record=LOG,
    ),
    Signal(
        id="plateau_started_at",
        title="Start of the plateau",
        unit="epochs",
        grade="curve",
        reads="{series} has not improved beyond its noise since {at}",
        compute=_plateau_started_at,
        record=LOG,
    ),
    Signal(
        id="best_epoch_distance",
        title="Share of the run since the best epoch",
        unit="share of the run",
        grade="curve",
        reads="the best of {series}, {best:.4g}, was at {at}, {value:.0%} of the run ago",
        compute=_best_epoch_distance,
        record=LOG,
    ),
    Signal(
        id="shortfall_from_best",
        title="How far the end falls short of the best",
        unit="units of the series",
        grade="curve",
        reads="{series} ends at {end:.4g}, {value:.3g} short of its best, {best:.4g} at {at}",
        compute=_shortfall_from_best,
        record=LOG,
    ),
    Signal(
        id="early_fall_share",
        title="Share of the fall done in the first tenth of the run",
        unit="share of the fall",
        grade="curve",
        reads="{value:.0%} of the fall of {series} was done by {at}",
        compute=_early_fall_share,
        record=LOG,
    ),
    Signal(
        id="linear_descent",
        title="Evenness of the descent",
        unit="slower over faster pace of the two halves; 0 without a significant descent",
        grade="curve",
        reads="the two halves of {series} fall at paces whose ratio is {value:.2f}",
        compute=_linear_descent,
        record=LOG,
    ),
    Signal(
        id="descent_pace",
        title="Fall per epoch over the second half",
        unit="share of the level per epoch",
        grade="curve",
        reads="{series} falls by {value:.3%} per epoch over the second half",
        compute=_descent_pace,
        record=LOG,
    ),
    Signal(
        id="projected_epochs_to_halve",
        title="Epochs to halve it at the present pace",
        unit="epochs",
        grade="curve",
        reads="at its present pace {series} needs {value:.0f} more epochs to halve, {runs:.1f} times the run so far",
        compute=_projected_epochs_to_halve,
        record=LOG,
    ),
)
