"""How a loss breaks: which one and when, how it grew before, and whether a clamp holds its worst mistakes."""

from __future__ import annotations

import math

import numpy as np

from expert.signals.curve import Curve
from expert.signals.estimators import median
from expert.signals.gradients import ratio, sampled
from expert.signals.signal import Reading, Signal, Unknown, View

LOSSES = ("train.loss", "val.loss")
USUAL_CLAMPS = (1e-10, 1e-7, 1e-12, 1e-8, 1e-15)
LAST = 3
"""So many last values have to cost what a clamp costs."""
FIRST_STEP = 1
BEFORE = 50.0
LOG = "log the loss at every step, as it is"


def zero_for_nan(view: View, loss: Curve) -> float | None:
    """Where a loss drops at once to exactly 0 and stays, as a logger writes that filters NaN; None where it does not.

    The gradient norm must be broken from there on, or not recorded.
    """
    points = loss.points
    zero = np.flatnonzero(points == 0.0)
    if len(zero) == 0 or zero[0] == 0 or (points[zero[0] :] != 0.0).any():
        return None
    first = int(zero[0])
    if abs(points[first - 1]) <= 0.05 * abs(points[0]):
        return None
    norm = view.curve("gradient.norm")
    if norm is not None and norm.finite and len(norm.points):
        return None
    return float(loss.at[first])


def _broken_loss(view: View) -> Reading | Unknown:
    curves = [curve for role in LOSSES if (curve := view.curve(role)) is not None and len(curve.values)]
    if not curves:
        return Unknown("no loss was recorded", LOG)
    for curve in curves:
        if not curve.finite:
            detail: dict[str, float | str] = {"which": curve.name, "what": _what_broke(curve)}
            return Reading(True, curve.first_nonfinite, curve.clock, detail)
    zero = zero_for_nan(view, curves[0]) if curves[0].role == "train.loss" else None
    if zero is not None:
        what = f"exactly 0 from {curves[0].clock} {zero:g} on, as loggers write that filter NaN"
        return Reading(True, zero, curves[0].clock, {"which": curves[0].name, "what": what})
    return Reading(False, detail={"which": curves[0].name, "what": "finite throughout"})


def _what_broke(curve: Curve) -> str:
    after = curve.values[len(curve.points) :]
    bad = int(np.count_nonzero(~np.isfinite(after)))
    what, place = "NaN" if math.isnan(float(after[0])) else "infinite", f"{curve.clock} {curve.first_nonfinite:g}"
    if bad == len(after):
        return f"{what} from {place} on"
    return f"{what} at {place}, and finite afterwards" if bad == 1 else f"{what} at {place}, the first of {bad} times"


def _broken_share(view: View) -> Reading | Unknown:
    curves = [curve for role in LOSSES if (curve := view.curve(role)) is not None and not curve.finite]
    if not curves:
        return Unknown("no loss holds a value that is NaN or infinite")
    rest = [~np.isfinite(curve.values[len(curve.points) :]) for curve in curves]
    worst = max(rest, key=lambda bad: float(bad.mean()))
    return Reading(float(worst.mean()), detail={"finite": float(np.count_nonzero(~worst))})


def _broke_at_once(view: View, loss: Curve) -> Reading | Unknown:
    if loss.clock != "step":
        return Unknown(f"{loss.name} was not logged step by step", "log the loss of every step")
    if not len(loss.at) or loss.at[0] > FIRST_STEP:
        return Unknown(f"{loss.name} does not show the first step", "log the loss of the first step")
    return Reading(len(loss.points) == 0 and not loss.finite, float(loss.at[0]), loss.clock)


def _growth_before_break(view: View, loss: Curve) -> Reading | Unknown:
    if loss.finite:
        return Unknown(f"{loss.name} is finite throughout")
    points = loss.points
    if len(points) < 3:
        return Unknown(f"{loss.name} has {len(points)} values before it breaks; 3 are needed", LOG)
    recent = int(np.searchsorted(loss.at[: len(points)], float(loss.at[len(points)]) - BEFORE))
    recent = min(max(recent, len(points) // 2), len(points) - 1)
    usual = median(np.abs(sampled(points[:recent])))
    index = recent + int(points[recent:].argmax())
    largest = float(points[index])
    return Reading(ratio(max(largest, 0.0), usual), float(loss.at[index]), loss.clock, {"largest": largest})


def _clamp_match(view: View, loss: Curve, accuracy: Curve) -> Reading | Unknown:
    count = min(len(loss.points), len(accuracy.points))
    if count == 0 or not np.array_equal(loss.at[:count], accuracy.at[:count]):
        return Unknown(f"{loss.name} and {accuracy.name} were not recorded together", "log both at every epoch")
    # By accident one value is near one of the ceilings now and then; several in a row are not.
    last = slice(max(0, count - LAST), count)
    values = loss.points[last]
    errors = 1.0 - accuracy.points[last] / (100.0 if float(accuracy.points.max()) > 1.5 else 1.0)
    if not (errors > 0.01).all() or not (values > 0.0).all():
        return Unknown("hardly any sample is classified wrongly at the end")
    told = view.config.probability_clamp
    clamps = (told,) if told is not None and 0.0 < told < 1.0 else USUAL_CLAMPS
    each = values / errors
    distances = {one: float(np.abs(each + math.log(one)).max()) / -math.log(one) for one in clamps}
    clamp = min(distances, key=lambda one: distances[one])
    detail = {"per_error": float(each[-1]), "clamp": clamp, "ceiling": -math.log(clamp)}
    return Reading(distances[clamp], detail=detail)


SIGNALS: tuple[Signal, ...] = (
    Signal(
        id="broken_loss",
        title="The training or validation loss becomes NaN, infinite or a filtered 0",
        unit="yes or no",
        grade="proof",
        reads="{which} is {what}",
        compute=_broken_loss,
        arguments=0,
        record=LOG,
    ),
    Signal(
        id="broken_share",
        title="Share of values that are not finite, from the first such of a loss on",
        unit="share of values; of training and validation the larger",
        grade="proof",
        reads="from the first such value on {value:.0%} of the values are not finite",
        compute=_broken_share,
        arguments=0,
        record=LOG,
    ),
    Signal(
        id="broke_at_once",
        title="The loss is NaN or infinite in its very first step",
        unit="yes or no",
        grade="proof",
        reads="whether {series} breaks in its very first step: {value}",
        compute=_broke_at_once,
        record=LOG,
    ),
    Signal(
        id="loss_growth_before_break",
        title="Largest loss shortly before it breaks over the median before",
        unit="ratio",
        grade="curve",
        reads="before it broke {series} reached {largest:.4g} at {at}, {value:.3g} times its median",
        compute=_growth_before_break,
        record=LOG,
    ),
    Signal(
        id="clamp_match",
        title="Distance of the loss of one wrong sample from the ceiling of a clamped probability",
        unit="share of -ln(clamp)",
        grade="proof",
        reads="a wrong sample costs {per_error:.2f}; a probability clamped at {clamp:g} costs at most {ceiling:.2f}",
        compute=_clamp_match,
        arguments=2,
        record="log loss and accuracy of the validation set at every epoch",
    ),
)
