"""Where a series goes: how far it came, how it goes on, whether that can be told from noise."""

from __future__ import annotations

from expert.signals.curve import Curve
from expert.signals.estimators import Trend
from expert.signals.shape import SIGNIFICANT, Shape, overall, recent, recent_level, recent_window, shape, too_few
from expert.signals.signal import Reading, Signal, Unknown, View

LARGEST_SIGNIFICANCE = 1000.0


def improvement(form: Shape, course: Trend) -> float:
    """Fall from the first value to the end; where the noise of these two may feign it, that of the Theil-Sen line.

    The less significant the trend of the whole, the more the two ends must differ to be believed.
    """
    change = form.first - form.end
    doubt = form.noise * (form.first**2 + form.end**2 / form.window) ** 0.5
    needed = 3.0 if abs(course.z) < SIGNIFICANT else 2.0 if abs(course.z) < SIGNIFICANT + 1.0 else 0.0
    return change if abs(change) > needed * doubt else -course.slope * float(form.x[-1] - form.x[0])


def overall_improving(curve: Curve) -> Trend:
    """The trend of all epochs, turned so that lower is better."""
    found = curve.derive(overall)
    return Trend(curve.sign * found.z, curve.sign * found.tau, curve.sign * found.slope)


def standard_errors(form: Shape, rise: float) -> float:
    """A rise above the best level in standard errors of the difference of two window means, at most 1000."""
    level = (abs(form.best) + abs(form.best + rise)) / 2.0
    error = form.deviation(level) * (1.0 / form.window + 1.0 / max(3, len(form.y) // 10)) ** 0.5
    if rise <= 0.0:
        return 0.0
    return min(rise / error, LARGEST_SIGNIFICANCE) if error > 0.0 else LARGEST_SIGNIFICANCE


def _relative_improvement(view: View, curve: Curve) -> Reading | Unknown:
    form = curve.derive(shape)
    if form is None:
        return too_few(curve, 3) or Unknown("too few values")
    if form.first == 0.0:
        return Unknown(f"{curve.name} starts at exactly 0")
    change = improvement(form, overall_improving(curve))
    return Reading(change / abs(form.first), detail={"first": curve.sign * form.first, "end": curve.sign * form.end})


def _best_improvement(view: View, curve: Curve) -> Reading | Unknown:
    form = curve.derive(shape)
    if form is None:
        return too_few(curve, 3) or Unknown("too few values")
    if form.first == 0.0:
        return Unknown(f"{curve.name} starts at exactly 0")
    at = float(form.x[form.best_index])
    return Reading((form.first - form.best) / abs(form.first), at, clock_of(curve), {"best": curve.sign * form.best})


def _rise_above_start(view: View, curve: Curve) -> Reading | Unknown:
    form = curve.derive(shape)
    if form is None:
        return too_few(curve, 3) or Unknown("too few values")
    start = curve.sign * float(curve.points[0])
    if start == 0.0:
        return Unknown(f"{curve.name} starts at exactly 0")
    detail = {"start": curve.sign * start, "end": curve.sign * form.end}
    return Reading((form.end - start) / abs(start), detail=detail)


def _rise_from_minimum(view: View, curve: Curve) -> Reading | Unknown:
    form = curve.derive(shape)
    if form is None:
        return too_few(curve, 3) or Unknown("too few values")
    detail = {"best": curve.sign * form.best, "end": curve.sign * form.end}
    at = float(form.x[form.best_index])
    return Reading(form.rise / form.scale if form.scale > 0.0 else 0.0, at, clock_of(curve), detail)


def _rise_significance(view: View, curve: Curve) -> Reading | Unknown:
    form = curve.derive(shape)
    if form is None:
        return too_few(curve, 3) or Unknown("too few values")
    return Reading(standard_errors(form, form.rise), float(form.x[form.best_index]), clock_of(curve))


def _recent_change(view: View, curve: Curve) -> Reading | Unknown:
    pace = _recent_pace(view, curve)
    if isinstance(pace, Unknown):
        return pace
    window = recent_window(len(curve.epochs))
    span = float(curve.epoch_numbers[-1] - curve.epoch_numbers[-window])
    return Reading(float(pace.value) * span, pace.at, pace.clock, {"epochs": span})


def _recent_pace(view: View, curve: Curve) -> Reading | Unknown:
    short = too_few(curve, 5)
    if short is not None:
        return short
    level = curve.derive(recent_level)
    at = float(curve.epoch_numbers[-recent_window(len(curve.epochs))])
    return Reading(curve.derive(recent).slope / level if level > 0.0 else 0.0, at, clock_of(curve))


def _recent_trend(view: View, curve: Curve) -> Reading | Unknown:
    short = too_few(curve, 5)
    if short is not None:
        return short
    found = curve.derive(recent)
    at = float(curve.epoch_numbers[-recent_window(len(curve.epochs))])
    return Reading(found.z, at, clock_of(curve), {"tau": found.tau})


def _overall_trend(view: View, curve: Curve) -> Reading | Unknown:
    short = too_few(curve, 4)
    if short is not None:
        return short
    found = curve.derive(overall)
    return Reading(found.z, detail={"tau": found.tau})


def clock_of(curve: Curve) -> str:
    """The clock of ``epoch_numbers`` as a sentence names it."""
    return "epoch" if curve.real_epochs or curve.known_epochs is not None else "window"


LOG = "log the loss at least once per epoch"

SIGNALS: tuple[Signal, ...] = (
    Signal(
        id="relative_improvement",
        title="Improvement since the first epoch",
        unit="share of the first value",
        grade="curve",
        reads="{series} improved by {value:.1%} of its first value, from {first:.4g} to {end:.4g}",
        compute=_relative_improvement,
        record=LOG,
    ),
    Signal(
        id="best_improvement",
        title="Improvement from the first epoch to the best",
        unit="share of the first value",
        grade="curve",
        reads="{series} improved by {value:.1%} of its first value at its best, {best:.4g} at {at}",
        compute=_best_improvement,
        record=LOG,
    ),
    Signal(
        id="rise_above_start",
        title="End above the start",
        unit="share of the first recorded point",
        grade="curve",
        reads="{series} ends {value:+.0%} from where it started: {start:.4g} at first, {end:.4g} at the end",
        compute=_rise_above_start,
        record=LOG,
    ),
    Signal(
        id="rise_from_minimum",
        title="Worsening since the best epoch",
        unit="share of the best level, or of a tenth of the fall where that is larger",
        grade="curve",
        reads="{series} has worsened by {value:.0%} since its best, {best:.4g} at {at}, and ends at {end:.4g}",
        compute=_rise_from_minimum,
        record=LOG,
    ),
    Signal(
        id="rise_significance",
        title="Significance of the worsening since the best epoch",
        unit="standard errors",
        grade="curve",
        reads="{series} stands {value:.1f} standard errors of its noise above its best of {at}",
        compute=_rise_significance,
        record=LOG,
    ),
    Signal(
        id="recent_change",
        title="Change over the last fifth of the run",
        unit="share of the level there",
        grade="curve",
        reads="{series} changed by {value:+.1%} since {at}",
        compute=_recent_change,
        record=LOG,
    ),
    Signal(
        id="recent_pace",
        title="Change per epoch over the last fifth of the run",
        unit="share of the level per epoch",
        grade="curve",
        reads="{series} has changed by {value:+.2%} per epoch since {at}",
        compute=_recent_pace,
        record=LOG,
    ),
    Signal(
        id="recent_trend",
        title="Significance of the trend over the last fifth of the run",
        unit="Mann-Kendall z: beyond ±2 is hardly chance",
        grade="curve",
        reads="the trend of {series} since {at} stands {value:+.1f} standard deviations from no trend",
        compute=_recent_trend,
        record=LOG,
    ),
    Signal(
        id="overall_trend",
        title="Significance of the trend over the whole run",
        unit="Mann-Kendall z: beyond ±2 is hardly chance",
        grade="curve",
        reads="the trend of {series} over the run stands {value:+.1f} standard deviations from no trend",
        compute=_overall_trend,
        record=LOG,
    ),
)
