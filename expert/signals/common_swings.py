"""Swings of the model itself: those that two losses, measured on different samples, share; or that follow a pattern."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from expert.signals.courses import FEWEST, as_share, course, together
from expert.signals.curve import Curve, Floats
from expert.signals.estimators import median
from expert.signals.shape import too_few
from expert.signals.signal import Reading, Signal, Unknown, View

LONG = 30
"""From so many epochs on swings are judged on the second half: they are a state to be in, not a way to start."""
FEWEST_PREDICTED = 16
CAUTION = 0.5
"""In standard errors of Fisher's z."""


class Swings(NamedTuple):
    """How two losses swing together, on the scale of ratios: deviation of the common part, correlation, mean fall."""

    common: float
    correlation: float
    fall: float


def late(count: int) -> slice:
    """The epochs of n that swings are judged on."""
    return slice(count // 2 if count >= LONG else 0, None)


def correlation(a: Floats, b: Floats) -> float:
    """Correlation of two arrays around 0; 0 where one holds nothing but rounding."""
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 1e-9 * len(a) else 0.0


def at_least(found: float, count: int) -> float:
    """What a correlation of ``count`` pairs is at least, either way: nearer to none by half a standard error, as
    Fisher's z has it. Few pairs of noise easily agree by chance.
    """
    z = float(np.arctanh(min(abs(found), 1.0 - 1e-9))) - CAUTION / max(count - 3, 1) ** 0.5
    return float(np.copysign(np.tanh(max(z, 0.0)), found))


def around_median(values: Floats) -> Floats:
    """Values minus their median."""
    return np.asarray(values - median(values), dtype=np.float64)


def swings(first: Curve, second: Curve) -> Swings | None:
    """What two curves swing together around their courses; use through ``derive``."""
    both = first.derive(together, second)
    if both is None:
        return None
    one, other = both
    window = late(len(one.y))
    a, b = one.off[window], other.off[window]
    # Steps must agree as well as distances: where the fit is off for a while it is off for both.
    steps = correlation(*(around_median(np.diff(form.y[window])) for form in both))
    fall = sum(float(form.falling[window][0] - form.falling[-1]) for form in both) / 2.0
    agreement = at_least(min(correlation(a, b), steps), len(a))
    return Swings(max(float(a @ b) / len(a), 0.0) ** 0.5, agreement, fall)


def predictability(off: Floats) -> float:
    """Share of the variance of n >= 16 values that the two before each, and the square of the last, predict.

    Adjusted for the four terms. Swings, even chaotic ones, follow from what was before; noise does not.
    """
    target, last = off[2:], off[1:-1]
    terms = np.stack([np.ones(len(target)), last, off[:-2], last**2], axis=1)
    rest = target - terms @ np.linalg.lstsq(terms, target, rcond=None)[0]
    total = float(((target - target.mean()) ** 2).sum())
    return 1.0 - float(rest @ rest) / total * (len(target) - 1) / (len(target) - 4) if total > 0.0 else 0.0


def _found(first: Curve, second: Curve) -> Swings | Unknown:
    found = first.derive(swings, second)
    return found or Unknown(f"{first.name} and {second.name} have fewer than {FEWEST} epochs in common")


def _common_swing(view: View, first: Curve, second: Curve) -> Reading | Unknown:
    found = _found(first, second)
    return found if isinstance(found, Unknown) else Reading(as_share(found.common))


def _common_swing_correlation(view: View, first: Curve, second: Curve) -> Reading | Unknown:
    found = _found(first, second)
    return found if isinstance(found, Unknown) else Reading(found.correlation)


def _common_swing_over_fall(view: View, first: Curve, second: Curve) -> Reading | Unknown:
    found = _found(first, second)
    if isinstance(found, Unknown):
        return found
    return Reading(found.common / (found.common + found.fall) if found.common > 0.0 else 0.0)


def _own_swing(view: View, curve: Curve) -> Reading | Unknown:
    found = curve.derive(course)
    if found is None:
        return too_few(curve, FEWEST) or Unknown("too few values")
    off = found.off[late(len(found.y))]
    return Reading(as_share(float(off @ off / len(off)) ** 0.5))


def _own_swing_over_fall(view: View, curve: Curve) -> Reading | Unknown:
    found = curve.derive(course)
    if found is None:
        return too_few(curve, FEWEST) or Unknown("too few values")
    window = late(len(found.y))
    off = found.off[window]
    swing = float(off @ off / len(off)) ** 0.5
    fall = float(found.falling[window][0] - found.falling[-1])
    return Reading(swing / (swing + fall) if swing > 0.0 else 0.0)


def _swing_predictability(view: View, curve: Curve) -> Reading | Unknown:
    found = curve.derive(course)
    if found is None or len(found.y) < FEWEST_PREDICTED:
        return too_few(curve, FEWEST_PREDICTED) or Unknown(f"{curve.name} has too few values", LOG)
    off = found.off[-max(len(found.off[late(len(found.y))]), FEWEST_PREDICTED) :]
    return Reading(predictability(off) if float(np.abs(off).max()) > 1e-9 else 0.0)


LOG = "log the loss at least once per epoch"
LOG_BOTH = "log training and validation loss at every epoch"

SIGNALS: tuple[Signal, ...] = (
    Signal(
        id="common_swing",
        title="Swing that both share, around their own courses",
        unit="share of the level",
        grade="curve",
        reads="{series} and {other} swing together by ±{value:.1%} of their level",
        compute=_common_swing,
        arguments=2,
        record=LOG_BOTH,
    ),
    Signal(
        id="common_swing_correlation",
        title="Correlation of the swings of both: of their distances from their courses and of their steps",
        unit="correlation",
        grade="curve",
        reads="the swings of {series} and {other} agree with a correlation of at least {value:.2f}",
        compute=_common_swing_correlation,
        arguments=2,
        record=LOG_BOTH,
    ),
    Signal(
        id="common_swing_over_fall",
        title="Swing that both share against what they fell meanwhile",
        unit="swing over swing plus fall",
        grade="curve",
        reads="the common swing of {series} and {other} makes up {value:.0%} of swing and fall together",
        compute=_common_swing_over_fall,
        arguments=2,
        record=LOG_BOTH,
    ),
    Signal(
        id="own_swing",
        title="Swing around its own course",
        unit="share of the level",
        grade="curve",
        reads="{series} swings by ±{value:.1%} around its course",
        compute=_own_swing,
        record=LOG,
    ),
    Signal(
        id="own_swing_over_fall",
        title="Swing around its own course against what it fell meanwhile",
        unit="swing over swing plus fall",
        grade="curve",
        reads="the swing of {series} makes up {value:.0%} of swing and fall together",
        compute=_own_swing_over_fall,
        record=LOG,
    ),
    Signal(
        id="swing_predictability",
        title="Share of the swings that follows from the epochs before",
        unit="share of the variance",
        grade="curve",
        reads="{value:.0%} of the swings of {series} follow from the epochs before, as noise does not",
        compute=_swing_predictability,
        record=LOG,
    ),
)
