"""Values that are no numbers, and values a loss should not have."""

from __future__ import annotations

import numpy as np

from expert.signals.curve import Curve
from expert.signals.signal import Reading, Signal, Unknown, View

SUDDEN = 0.05


def _has_nonfinite(view: View, curve: Curve) -> Reading | Unknown:
    if len(curve.values) == 0:
        return Unknown(f"{curve.name} has no values")
    at = curve.first_nonfinite
    if at is None:
        return Reading(False, detail={"what": "none"})
    # ``points`` ends where the first bad value stands.
    value = float(curve.values[len(curve.points)])
    what = "NaN" if np.isnan(value) else "infinity"
    return Reading(True, at, curve.clock, {"what": f"{what} at {curve.clock} {at:g}"})


def minimum(curve: Curve) -> Reading | Unknown:
    """The smallest finite value before the first non-finite one, and where it stands."""
    if len(curve.points) == 0:
        return Unknown(f"{curve.name} has no finite value before its first non-finite one")
    bins = curve.bins
    lowest = int(bins.minimum.argmin())
    start = int(bins.start[lowest])
    index = start + int(curve.points[start : start + int(bins.count[lowest])].argmin())
    return Reading(float(curve.points[index]), float(curve.at[index]), curve.clock)


def _minimum_value(view: View, curve: Curve) -> Reading | Unknown:
    return minimum(curve)


def _last_value(view: View, curve: Curve) -> Reading | Unknown:
    if len(curve.points) == 0:
        return Unknown(f"{curve.name} has no finite value before its first non-finite one")
    index = len(curve.points) - 1
    return Reading(float(curve.points[index]), float(curve.at[index]), curve.clock)


def _lowest_value_is_negative(view: View, curve: Curve) -> Reading | Unknown:
    found = minimum(curve)
    if isinstance(found, Unknown):
        return found
    return Reading(float(found.value) < 0.0, found.at, found.clock, {"lowest": float(found.value)})


def _exactly_zero_loss(view: View, curve: Curve) -> Reading | Unknown:
    points, bins = curve.points, curve.bins
    if len(points) == 0:
        return Unknown(f"{curve.name} has no finite value before its first non-finite one")
    never = Reading(False, detail={"where": "none"})
    if not (bins.minimum <= 0.0).any():
        return never
    zero = points == 0.0
    if not zero.any() or zero[0]:
        return never
    first = int(zero.argmax())
    # A loss that came down to nothing and was rounded is not meant: the value before must still have been a real one.
    sudden = bool(np.abs(points[first - 1]) > SUDDEN * np.abs(points[0]))
    at = float(curve.at[first])
    return Reading(True, at, curve.clock, {"where": f"at {curve.clock} {at:g}"}) if sudden else never


SIGNALS: tuple[Signal, ...] = (
    Signal(
        id="has_nonfinite",
        title="Holds a value that is NaN or infinite",
        unit="yes or no",
        grade="proof",
        reads="first value of {series} that is not finite: {what}",
        compute=_has_nonfinite,
        record="log the loss at every step, as it is",
    ),
    Signal(
        id="minimum_value",
        title="Smallest value",
        unit="units of the series",
        grade="curve",
        reads="the smallest {series} is {value:.4g}, at {at}",
        compute=_minimum_value,
    ),
    Signal(
        id="last_value",
        title="Last finite value",
        unit="units of the series",
        grade="curve",
        reads="the last {series} is {value:.4g}, at {at}",
        compute=_last_value,
    ),
    Signal(
        id="lowest_value_is_negative",
        title="Falls below zero",
        unit="yes or no",
        grade="proof",
        reads="the smallest {series} is {lowest:.4g}, at {at}",
        compute=_lowest_value_is_negative,
    ),
    Signal(
        id="exactly_zero_loss",
        title="Drops to exactly zero at once",
        unit="yes or no",
        grade="curve",
        reads="sudden drop of {series} to exactly 0, as loggers write that filter NaN: {where}",
        compute=_exactly_zero_loss,
    ),
)
