"""How much was recorded, and what the first steps did."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from expert.signals.curve import Curve, edges
from expert.signals.signal import Reading, Signal, Unknown, View

Floats = NDArray[np.float64]

FIRST_STEPS = 100
PAIRS = 4096
"""So many neighbors tell how much single batches differ, of however long a run."""
FEWEST_OF_THEM = 8
SCATTERS = 2.0
"""A rise counts beyond so many standard deviations of single batches."""
NORMAL_MEDIAN = 0.6745
"""Median distance from the mean of a normal variable, in standard deviations."""
LOG_STEPS = "log the loss of each of the first 100 steps"


def _steps_recorded(view: View, curve: Curve) -> Reading:
    return Reading(float(len(curve.points)))


def _epochs_recorded(view: View, curve: Curve) -> Reading | Unknown:
    known = curve.known_epochs
    if known is None:
        return Unknown(f"nothing says which steps of {curve.name} make an epoch", "log the epoch next to the step")
    return Reading(float(len(known.start)))


def _is_short(view: View, curve: Curve) -> Reading:
    known = curve.known_epochs
    epochs = 0.0 if known is None else float(len(known.start))
    return Reading(curve.short, detail={"points": float(len(curve.points)), "epochs": epochs})


def _early_rise(view: View, curve: Curve) -> Reading | Unknown:
    if curve.clock == "epoch" and (curve.points_per_epoch or 0.0) < FEWEST_OF_THEM:
        return Unknown(f"{curve.name} was not logged step by step", LOG_STEPS)
    if curve.reduction == "epoch_mean" or (curve.clock == "step" and len(curve.at) and curve.at[0] > FIRST_STEPS):
        return Unknown(f"{curve.name} does not show the first {FIRST_STEPS} steps", LOG_STEPS)
    points, at = curve.points, curve.at
    early = min(FIRST_STEPS, len(points))
    if curve.clock == "step":
        early = int(np.searchsorted(at[: len(points)], at[0] + FIRST_STEPS)) if len(points) else 0
    if early < (FEWEST_OF_THEM if curve.finite else 2):
        return Unknown(f"{curve.name} has {early} values in the first {FIRST_STEPS} steps", LOG_STEPS)
    first, rest = float(points[0]), points[1:early]
    if first == 0.0:
        return Unknown(f"{curve.name} starts at exactly 0")
    # The mean of three, so that one hard batch is no rise.
    course = np.convolve(rest, np.full(3, 1.0 / 3.0), "valid") if len(rest) >= 3 else rest
    index = int(course.argmax())
    # The first value is that of one batch as well, and may be an easy one.
    base = first + max(0.0, min(float(points[:3].mean()) - first, 2.0 * abs(first)))
    rise = (float(course[index]) - base) / abs(base) - math.expm1(SCATTERS * _scatter(points))
    return Reading(max(0.0, rise), float(at[min(index + 2, early - 1)]), curve.clock, {"first": first})


def _fall_since_first_step(view: View, curve: Curve) -> Reading | Unknown:
    started = _early_rise(view, curve)
    if isinstance(started, Unknown):
        return started
    first, level = float(curve.points[0]), float(np.median(curve.points[-max(1, len(curve.points) // 10) :]))
    return Reading((first - level) / abs(first), detail={"first": first, "level": level})


def _scatter(points: Floats) -> float:
    """Standard deviation of the logarithm of a value about those beside it: how much single batches differ."""
    if len(points) < FEWEST_OF_THEM:
        return 0.0
    at = np.arange(len(points) - 1) if len(points) <= PAIRS else edges(len(points) - 1, PAIRS)
    here, after = points[at], points[at + 1]
    level = np.abs(here) + np.abs(after)
    share = np.abs(after - here) / np.where(level > 0.0, level, 1.0)
    return float(2.0 * np.arctanh(min(0.999, np.median(share)))) / (math.sqrt(2.0) * NORMAL_MEDIAN)


SIGNALS: tuple[Signal, ...] = (
    Signal(
        id="steps_recorded",
        title="Number of finite values before the first non-finite one",
        unit="values",
        grade="proof",
        reads="{series} has {value:.0f} values",
        compute=_steps_recorded,
    ),
    Signal(
        id="epochs_recorded",
        title="Number of epochs recorded",
        unit="epochs",
        grade="proof",
        reads="{series} covers {value:.0f} epochs",
        compute=_epochs_recorded,
        record="log the epoch next to the step",
    ),
    Signal(
        id="is_short",
        title="Fewer than 6 epochs and fewer than 60 values",
        unit="yes or no",
        grade="proof",
        reads="{series} has {points:.0f} values in {epochs:.0f} known epochs",
        compute=_is_short,
    ),
    Signal(
        id="early_rise",
        title="Rise within the first 100 steps, beyond what single batches scatter",
        unit="share of the first value",
        grade="curve",
        reads="beyond its scatter {series} rises by {value:.0%} of its first value {first:.4g} in the first 100 steps",
        compute=_early_rise,
        record=LOG_STEPS,
    ),
    Signal(
        id="fall_since_first_step",
        title="Fall from the value of the first step to the median of the last tenth",
        unit="share of the first value",
        grade="curve",
        reads="{series} went from {first:.4g} at the first step to {level:.4g} at the end, down by {value:.0%}",
        compute=_fall_since_first_step,
        record=LOG_STEPS,
    ),
)
