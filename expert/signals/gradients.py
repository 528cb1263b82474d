"""Gradients and updates as series over steps: their size, growth and direction."""

from __future__ import annotations

import numpy as np

from expert.signals.curve import Curve, Floats, edges
from expert.signals.estimators import median
from expert.signals.signal import WATCHED, Reading, Signal, Unknown, View

FIRST_STEPS = 30
SAMPLED = 8192
LARGEST_RATIO = 1e12
BEFORE = 50.0
RMSPROP_RHO = 0.99
"""Decay of RMSprop's mean of squares, as PyTorch sets it."""
EVEN = 1.5
"""Positions whose widest gap is no more than so many times the narrowest count as evenly spaced."""

RECORD_NORM = 'log "gradient.norm": the norm of all gradients after backward, before clipping, at each step' + WATCHED
RECORD_RATIO = (
    'log "update.ratio": the median over weight tensors of |new - old| / |old|, at each of the first steps' + WATCHED
)
RECORD_COSINE = 'log "gradient.cosine": the cosine of the raw gradients of two successive steps' + WATCHED
RECORD_CLIPPED = 'log "gradient.clipped": 1 for each step whose gradient was clipped, else 0'


def ratio(numerator: float, denominator: float) -> float:
    """Their quotient, at most 1e12, which also stands for a positive number over 0; 1 for 0 over 0."""
    if denominator == 0.0:
        return 1.0 if numerator == 0.0 else LARGEST_RATIO
    return min(numerator / denominator, LARGEST_RATIO)


def needed(view: View, role: str, record: str, fewest: int = 1) -> Curve | Unknown:
    """The series with this role if it has at least ``fewest`` finite values before a non-finite one."""
    curve = view.curve(role)
    if curve is None:
        return Unknown(f"no {role} was recorded", record)
    if len(curve.points) < fewest:
        return Unknown(f"{role} has {len(curve.points)} finite values; {fewest} are needed", record)
    return curve


def sampled(values: Floats) -> Floats:
    """At most 8192 of the values, evenly placed."""
    return values if len(values) <= SAMPLED else values[edges(len(values), SAMPLED)]


def held(at: Floats, values: Floats) -> Floats:
    """The values as they stood at evenly spaced positions, at most 8192: each counts until the next was recorded.

    Collectors look often at first and ever more rarely later; without this the first steps would outvote the run.
    """
    gaps = np.diff(at)
    if len(gaps) == 0 or gaps.max() <= EVEN * gaps.min():
        return sampled(values)
    count = min(SAMPLED, round(float((at[-1] - at[0]) / gaps.min())) + 1)
    places = np.searchsorted(at, np.linspace(at[0], at[-1], count), side="right") - 1
    return values[places]


def stood(at: Floats) -> Floats:
    """The share of the steps that each position stands for, until the next one; they add up to 1."""
    gaps = np.diff(at)
    gaps = np.append(gaps, gaps.min() if len(gaps) else 1.0)
    return np.asarray(gaps / gaps.sum(), dtype=np.float64)


def _late(curve: Curve) -> tuple[Floats, Floats]:
    """Positions and values after the first twentieth of the run."""
    at = curve.at[: len(curve.points)]
    start = int(np.searchsorted(at, at[0] + (at[-1] - at[0]) / 20.0))
    return at[start:], curve.points[start:]


def _held(curve: Curve) -> Floats:
    return held(curve.at[: len(curve.points)], curve.points)


def _update_ratio(view: View) -> Reading | Unknown:
    curve = needed(view, "update.ratio", RECORD_RATIO, 3)
    if isinstance(curve, Curve):
        return Reading(median(_held(curve)))
    layers = view.layers("update_ratio")
    if layers is None or not np.isfinite(layers.values).any():
        return curve
    values = layers.values[np.isfinite(layers.values)]
    return Reading(median(sampled(values)))


def _weight_travel(view: View) -> Reading | Unknown:
    curve = needed(view, "update.ratio", RECORD_RATIO, 3)
    if isinstance(curve, Unknown):
        return curve
    if curve.clock != "step":
        return Unknown("the updates were not counted in steps", RECORD_RATIO)
    held_ratios = _held(curve)
    steps = float(curve.at[len(curve.points) - 1] - curve.at[0]) + 1.0
    return Reading(min(float(held_ratios.mean()) * steps, LARGEST_RATIO), detail={"steps": steps})


def _early_update_ratio(view: View) -> Reading | Unknown:
    curve = needed(view, "update.ratio", RECORD_RATIO)
    if isinstance(curve, Curve):
        at, values = curve.at, curve.values
    else:
        layers = view.layers("update_ratio")
        if layers is None or len(layers.at) == 0 or len(layers.layers) == 0:
            return curve
        at = layers.at
        values = np.array(
            [median(row[~np.isnan(row)]) if (~np.isnan(row)).any() else np.nan for row in layers.values[:64]]
        )
        at = at[: len(values)]
    early = values[: int(np.searchsorted(at, at[0] + FIRST_STEPS))]
    if at[0] > FIRST_STEPS:
        return Unknown(
            f"the update ratio was first recorded at step {at[0]:g}, after the first {FIRST_STEPS}", RECORD_RATIO
        )
    if (view.config.optimizer or "").lower() == "rmsprop":
        # Its mean of squares starts at zero and is not corrected for it: the first steps are too long by design.
        early = early * np.sqrt(1.0 - (view.config.rho or RMSPROP_RHO) ** (at[: len(early)] - at[0] + 1.0))
    early = early[~np.isnan(early)]
    if len(early) == 0:
        return Unknown("no update ratio of the first steps is a number", RECORD_RATIO)
    index = int(early.argmax())
    return Reading(min(float(early[index]), LARGEST_RATIO), float(at[index]), "step")


def _gradient_cosine(view: View) -> Reading | Unknown:
    curve = needed(view, "gradient.cosine", RECORD_COSINE, 3)
    return curve if isinstance(curve, Unknown) else Reading(float(_held(curve).mean()))


def _gradient_agreement(view: View) -> Reading | Unknown:
    curve = needed(view, "gradient.cosine", RECORD_COSINE, 3)
    if isinstance(curve, Unknown):
        return curve
    cosines, weights = curve.points, stood(curve.at[: len(curve.points)])
    mean = float(weights @ cosines)
    # Few looks that stand for many steps each leave more to chance than as many that stand for few.
    error = float(np.sqrt(weights**2 @ (cosines - mean) ** 2 * len(cosines) / (len(cosines) - 1)))
    sureness = np.sign(mean) * ratio(abs(mean), error) if mean else 0.0
    return Reading(float(sureness), detail={"mean": mean})


def _aligned_gradients_share(view: View) -> Reading | Unknown:
    curve = needed(view, "gradient.cosine", RECORD_COSINE, 3)
    return curve if isinstance(curve, Unknown) else Reading(float(np.mean(_held(curve) > 0.9)))


def _gradient_spike_ratio(view: View) -> Reading | Unknown:
    curve = needed(view, "gradient.norm", RECORD_NORM, 10)
    if isinstance(curve, Unknown):
        return curve
    at, late = _late(curve)
    index = int(late.argmax())
    return Reading(ratio(float(late[index]), median(held(at, late))), float(at[index]), curve.clock)


def _gradient_growth(view: View) -> Reading | Unknown:
    curve = needed(view, "gradient.norm", RECORD_NORM, 10)
    if isinstance(curve, Unknown):
        return curve
    last = min(20, len(curve.points) // 2)
    return Reading(ratio(float(curve.points[-last:].mean()), float(curve.points[:5].mean())))


def _gradient_growth_before_nonfinite(view: View) -> Reading | Unknown:
    loss = view.curve("train.loss")
    if loss is None:
        return Unknown("no training loss was recorded", "log the loss at every step")
    if loss.first_nonfinite is None:
        return Unknown("the training loss is finite throughout")
    curve = needed(view, "gradient.norm", RECORD_NORM)
    if isinstance(curve, Unknown):
        return curve
    broke = loss.first_nonfinite
    if curve.clock != loss.clock:
        marks = view.history.marks
        converted = None if marks is None else marks.convert([broke], loss.clock, curve.clock)
        if converted is None or not np.isfinite(converted[0]):
            return Unknown("gradient norm and loss were not logged on the same clock", RECORD_NORM)
        broke = float(converted[0])
    before = curve.points[: int(np.searchsorted(curve.at[: len(curve.points)], broke))]
    if len(before) < 3:
        return Unknown(f"{len(before)} gradient norms were recorded before the loss broke; 3 are needed", RECORD_NORM)
    recent = int(np.searchsorted(curve.at[: len(before)], broke - BEFORE))
    recent = min(recent, len(before) - 1)
    usual = before[:recent] if recent >= 3 else before[: max(len(before) // 2, 1)]
    index = recent + int(before[recent:].argmax())
    value = ratio(float(before[index]), median(sampled(usual)))
    return Reading(value, float(curve.at[index]), curve.clock, {"largest": float(before[index])})


def _clipped_share(view: View) -> Reading | Unknown:
    curve = view.curve("gradient.clipped")
    if curve is not None and len(curve.points):
        return Reading(float(np.mean(held(*_late(curve)) > 0.5)))
    bound = view.config.clip_norm
    norm = view.curve("gradient.norm")
    if bound is None or norm is None or len(norm.points) < 10:
        return Unknown("which steps were clipped was not recorded", RECORD_CLIPPED)
    return Reading(float(np.mean(held(*_late(norm)) > bound)))


def _bound_share(view: View) -> Reading | Unknown:
    record = 'log "gradient.at_bound_share": the share of gradient entries that equal a clip bound'
    curve = needed(view, "gradient.at_bound_share", record)
    return curve if isinstance(curve, Unknown) else Reading(median(_held(curve)))


SIGNALS: tuple[Signal, ...] = (
    Signal(
        id="update_ratio",
        title="Median size of an update relative to the weights",
        unit="norm of the update over norm of the weights",
        grade="internal",
        reads="an update moves the weights by {value:.2g} of their norm",
        compute=_update_ratio,
        arguments=0,
        record=RECORD_RATIO,
    ),
    Signal(
        id="weight_travel",
        title="Sum of all update ratios: how far the weights can have come at most",
        unit="norms of the weights",
        grade="internal",
        reads="in {steps:.0f} updates the weights can have moved by {value:.2g} of their norm at most",
        compute=_weight_travel,
        arguments=0,
        record=RECORD_RATIO,
    ),
    Signal(
        id="early_update_ratio",
        title="Largest relative update in the first 30 steps",
        unit="norm of the update over norm of the weights",
        grade="internal",
        reads="the largest of the first updates, at {at}, moves the weights by {value:.2g} of their norm",
        compute=_early_update_ratio,
        arguments=0,
        record=RECORD_RATIO,
    ),
    Signal(
        id="gradient_cosine",
        title="Mean cosine of successive gradients",
        unit="cosine",
        grade="internal",
        reads="successive gradients have a mean cosine of {value:+.2f}",
        compute=_gradient_cosine,
        arguments=0,
        record=RECORD_COSINE,
    ),
    Signal(
        id="gradient_agreement",
        title="Mean cosine of successive gradients over its standard error",
        unit="standard errors",
        grade="internal",
        reads="successive gradients have a mean cosine of {mean:+.2f}, {value:+.1f} standard errors from none",
        compute=_gradient_agreement,
        arguments=0,
        record=RECORD_COSINE,
    ),
    Signal(
        id="aligned_gradients_share",
        title="Share of steps whose gradient points where the last one did",
        unit="share of steps with a cosine above 0.9",
        grade="internal",
        reads="{value:.0%} of the gradients point where the one before did",
        compute=_aligned_gradients_share,
        arguments=0,
        record=RECORD_COSINE,
    ),
    Signal(
        id="gradient_spike_ratio",
        title="Largest gradient norm over the median, after the first twentieth",
        unit="ratio",
        grade="internal",
        reads="the largest gradient norm, at {at}, is {value:.3g} times the median",
        compute=_gradient_spike_ratio,
        arguments=0,
        record=RECORD_NORM,
    ),
    Signal(
        id="gradient_growth",
        title="Mean gradient norm of the last 20 steps over that of the first 5",
        unit="ratio",
        grade="internal",
        reads="the gradient norm of the last steps is {value:.3g} times that of the first",
        compute=_gradient_growth,
        arguments=0,
        record=RECORD_NORM,
    ),
    Signal(
        id="gradient_growth_before_nonfinite",
        title="Largest gradient norm in the 50 steps before the loss broke, over the median before",
        unit="ratio",
        grade="internal",
        reads="before the loss broke the gradient norm reached {largest:.3g} at {at}, {value:.3g} times its median",
        compute=_gradient_growth_before_nonfinite,
        arguments=0,
        record=RECORD_NORM,
    ),
    Signal(
        id="clipped_share",
        title="Share of clipped steps, after the first twentieth",
        unit="share of steps",
        grade="internal",
        reads="{value:.0%} of the steps were clipped",
        compute=_clipped_share,
        arguments=0,
        record=RECORD_CLIPPED,
    ),
    Signal(
        id="bound_share",
        title="Median share of gradient entries that equal a clip bound",
        unit="share of entries",
        grade="internal",
        reads="{value:.0%} of the gradient entries equal a clip bound",
        compute=_bound_share,
        arguments=0,
        record='log "gradient.at_bound_share": the share of gradient entries that equal a clip bound',
    ),
)
