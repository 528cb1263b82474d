"""Two series side by side: validation against training, a score against a loss."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from expert.signals.curve import Curve, Floats
from expert.signals.estimators import rank_correlation, trend
from expert.signals.oscillation import without_parabolas
from expert.signals.shape import LEAST_SHARE_OF_FALL, SIGNIFICANT, Shape, shape_of
from expert.signals.signal import Reading, Signal, Unknown, View
from expert.signals.trend import clock_of, standard_errors

FEWEST = 4
BELOW = 0.95
LARGEST_RATIO = 100.0


class Pair(NamedTuple):
    """Two series at the same epochs, each turned so that lower is better."""

    first: Shape
    second: Shape
    below_zero: bool
    """Whether they are losses that fall below zero, so that a level close to zero is not a small loss."""

    @property
    def scale(self) -> float:
        """What their distance is measured against: the second's end, at least a tenth of what it fell.

        Of losses that fall below zero it is the largest level or fall there is.
        """
        if self.below_zero:
            return max(abs(self.first.end), abs(self.second.end), self.first.fall, self.second.fall)
        return max(abs(self.second.end), LEAST_SHARE_OF_FALL * self.second.fall)


def places(first: Curve, second: Curve) -> tuple[Floats, Floats]:
    """Positions of the epochs of both on one clock; without a common one, as shares of each series' span."""
    if first.clock == second.clock:
        return first.epoch_positions, second.epoch_positions
    if first.known_epochs is not None and second.known_epochs is not None:
        return first.epoch_numbers, second.epoch_numbers
    a, b = first.epoch_positions, second.epoch_positions
    return (a - a[0]) / (a[-1] - a[0]), (b - b[0]) / (b[-1] - b[0])


def pair(first: Curve, second: Curve) -> Pair | Unknown:
    """Both series at the epochs of the one that has fewer, within the stretch both cover; use through ``derive``."""
    fewer = min(len(first.epochs), len(second.epochs))
    if fewer < 2:
        return Unknown(f"{first.name} and {second.name} have fewer than 2 epochs in common")
    a, b = first.sign * first.epochs, second.sign * second.epochs
    x, z = places(first, second)
    if len(x) != len(z) or not np.array_equal(x, z):
        swapped = len(x) > len(z)
        if swapped:
            a, b, x, z = b, a, z, x
        spacing = (z[-1] - z[0]) / (len(z) - 1)
        common = (x >= z[0] - spacing) & (x <= z[-1] + spacing)
        a, x = a[common], x[common]
        b = np.interp(x, z, b)
        if swapped:
            a, b = b, a
        numbers = second.epoch_numbers[common] if swapped else first.epoch_numbers[common]
    else:
        numbers = first.epoch_numbers
    one, other = shape_of(numbers, a), shape_of(numbers, b)
    if one is None or other is None or len(numbers) < FEWEST:
        reason = f"{first.name} and {second.name} have {len(numbers)} epochs in common; {FEWEST} are needed"
        return Unknown(reason, "log both at every epoch")
    return Pair(one, other, first.sign > 0.0 and bool(min(a.min(), b.min()) < 0.0))


def _relative_gap(view: View, first: Curve, second: Curve) -> Reading | Unknown:
    both = first.derive(pair, second)
    if isinstance(both, Unknown):
        return both
    detail = {"first": first.sign * both.first.end, "second": second.sign * both.second.end}
    if both.scale == 0.0:
        return Unknown(f"{second.name} is 0 throughout")
    return Reading((both.first.end - both.second.end) / both.scale, detail=detail)


def _gap_growth(view: View, first: Curve, second: Curve) -> Reading | Unknown:
    both = first.derive(pair, second)
    if isinstance(both, Unknown):
        return both
    late = slice(-max(FEWEST, len(both.first.x) // 2), None)
    x = both.first.x[late]
    found = trend(x, both.first.y[late] - both.second.y[late])
    if abs(found.z) < SIGNIFICANT:
        return Reading(0.0, detail={"significance": found.z})
    if both.scale == 0.0:
        return Unknown(f"{second.name} is 0 throughout")
    change = found.slope * float(x[-1] - x[0]) / both.scale
    return Reading(change, float(x[0]), clock_of(first), {"significance": found.z})


def feigned_errors(count: int) -> float:
    """Standard errors by which noise alone may lift the end of n epochs above their best window.

    The expected maximum of as many standard normals as there are windows, and a little more.
    """
    return float(np.sqrt(2.0 * np.log(max(2.0, count / max(3, count // 10))))) + 0.4


def _validation_rise(view: View, first: Curve, second: Curve) -> Reading | Unknown:
    both = first.derive(pair, second)
    if isinstance(both, Unknown):
        return both
    one, other = both.first, both.second
    errors = standard_errors(one, one.rise)
    there = float(other.smooth[one.best_index])
    fell = (there - other.end) / abs(there) if there else 0.0
    at = float(one.x[one.best_index])
    detail = {
        "best": first.sign * one.best,
        "end": first.sign * one.end,
        "significance": errors,
        "other_fell": fell,
        "epochs_since": float(one.x[-1]) - at,
    }
    real = errors >= feigned_errors(len(one.y)) and fell > 0.0 and one.scale > 0.0
    return Reading(one.rise / one.scale if real else 0.0, at, clock_of(first), detail)


def _ratio_at_start(view: View, first: Curve, second: Curve) -> Reading | Unknown:
    both = first.derive(pair, second)
    if isinstance(both, Unknown):
        return both
    a, b = first.sign * both.first.first, second.sign * both.second.first
    if min(a, b) < 0.0:
        return Unknown(f"{first.name if a < b else second.name} starts below 0")
    return Reading(a / b, detail={"first": a, "second": b}) if b else Unknown(f"{second.name} starts at exactly 0")


def _validation_below_share(view: View, first: Curve, second: Curve) -> Reading | Unknown:
    both = first.derive(pair, second)
    if isinstance(both, Unknown):
        return both
    late = slice(len(both.first.y) // 2, None)
    a, b = both.first.y[late], both.second.y[late]
    return Reading(float(np.mean(a < b - (1.0 - BELOW) * np.abs(b))))


def _spread_ratio(view: View, first: Curve, second: Curve) -> Reading | Unknown:
    both = first.derive(pair, second)
    if isinstance(both, Unknown):
        return both
    a, b = both.first.noise, both.second.noise
    if b == 0.0:
        return Reading(1.0 if a == 0.0 else LARGEST_RATIO)
    return Reading(min(a / b, LARGEST_RATIO))


def _swing_agreement(view: View, first: Curve, second: Curve) -> Reading | Unknown:
    both = first.derive(pair, second)
    if isinstance(both, Unknown):
        return both
    count = len(both.first.y)
    if count < 6:
        return Unknown(f"{first.name} and {second.name} have {count} epochs in common; 6 are needed")
    late = slice(-max(count // 2, min(8, count - 1)), None)
    a, b = (_unbent(form.y[late]) for form in (both.first, both.second))
    size = float(np.sqrt((a @ a) * (b @ b)))
    return Reading(float(a @ b) / size if size > 0.0 else 0.0)


def _unbent(values: Floats) -> Floats:
    """Values without their trend, which is taken out of the logarithm of positive ones: descents are straight there."""
    values = np.log(values) if (values > 0).all() else values
    off = without_parabolas(values)
    # What rounding leaves of a smooth course agrees with nothing.
    return off if float(np.abs(off).max()) > 1e-6 * max(1.0, float(np.abs(values).max())) else np.zeros_like(off)


def _metric_loss_disagreement(view: View, loss: Curve, score: Curve) -> Reading | Unknown:
    both = loss.derive(pair, score)
    if isinstance(both, Unknown):
        return both
    late = slice(-max(FEWEST, len(both.first.y) // 2), None)
    agreement = rank_correlation(both.first.y[late], both.second.y[late])
    if agreement is None:
        return Unknown(f"{loss.name} or {score.name} does not change over the second half")
    return Reading(-agreement)


def _ratio_over_batch_size(view: View, first: Curve, second: Curve) -> Reading | Unknown:
    size = view.config.batch_size
    if not size or size < 2:
        return Unknown("the batch size is not known, or is 1", 'advise(..., config={"batch_size": ...})')
    found = _ratio_at_start(view, first, second)
    if isinstance(found, Unknown):
        return found
    ratio = abs(float(found.value))
    if ratio == 0.0:
        return Unknown(f"{first.name} starts at exactly 0")
    return Reading(max(ratio, 1.0 / ratio) / size, detail={"ratio": ratio, "batch_size": float(size)})


LOG = "log training and validation loss at every epoch"

SIGNALS: tuple[Signal, ...] = (
    Signal(
        id="relative_gap",
        title="Gap at the end",
        unit="share of the second's level, or of a tenth of its fall where that is larger",
        grade="curve",
        reads="at the end {series} is {first:.4g} and {other} {second:.4g}, a gap of {value:+.0%}",
        compute=_relative_gap,
        arguments=2,
        record=LOG,
    ),
    Signal(
        id="gap_growth",
        title="Growth of the gap over the second half",
        unit="share of the second's level; 0 where it is not significant",
        grade="curve",
        reads="over the second half the gap between {series} and {other} grew by {value:+.0%} of the level",
        compute=_gap_growth,
        arguments=2,
        record=LOG,
    ),
    Signal(
        id="validation_rise",
        title="Worsening of the first since its best while the second went on improving",
        unit="share of the best level, or of a tenth of the fall where that is larger; 0 where it is not significant",
        grade="curve",
        reads="{series} has worsened by {value:.0%} since its best, {best:.4g} at {at}, while {other} still improved",
        compute=_validation_rise,
        arguments=2,
        record=LOG,
    ),
    Signal(
        id="ratio_at_start",
        title="Ratio at the first common epoch",
        unit="first over second",
        grade="curve",
        reads="at first {series} is {first:.4g} and {other} {second:.4g}, a ratio of {value:.3g}",
        compute=_ratio_at_start,
        arguments=2,
        record=LOG,
    ),
    Signal(
        id="validation_below_share",
        title="Epochs of the second half at which the first is better than the second by 5 %",
        unit="share of epochs",
        grade="curve",
        reads="{series} is more than 5 % better than {other} in {value:.0%} of the later epochs",
        compute=_validation_below_share,
        arguments=2,
        record=LOG,
    ),
    Signal(
        id="spread_ratio",
        title="Noise of the first over noise of the second",
        unit="ratio of shares of the level",
        grade="curve",
        reads="{series} scatters {value:.1f} times as much as {other}",
        compute=_spread_ratio,
        arguments=2,
        record=LOG,
    ),
    Signal(
        id="swing_agreement",
        title="Agreement of the swings of both over the second half",
        unit="correlation around the trends",
        grade="curve",
        reads="the swings of {series} and {other} agree with a correlation of {value:.2f}",
        compute=_swing_agreement,
        arguments=2,
        record=LOG,
    ),
    Signal(
        id="metric_loss_disagreement",
        title="Disagreement of loss and score over the second half",
        unit="rank correlation, positive where one improves as the other worsens",
        grade="curve",
        reads="{series} and {other} go opposite ways with a rank correlation of {value:.2f}",
        compute=_metric_loss_disagreement,
        arguments=2,
        record="log loss and score of the validation set at every epoch",
    ),
    Signal(
        id="ratio_over_batch_size",
        title="Ratio at the first common epoch over the batch size",
        unit="1 where one loss is a sum over the batch and the other a mean",
        grade="curve",
        reads="{series} and {other} differ {ratio:.3g}-fold at first, {value:.2f} times the batch size",
        compute=_ratio_over_batch_size,
        arguments=2,
        record=LOG,
    ),
)
