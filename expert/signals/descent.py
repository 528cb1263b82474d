"""Whether the loss left the level it started from, and whether it came up again: against its best falling course."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from expert.signals.chance import COMMON_CLASSES, ENTROPY_LOSSES, USUAL_CLASSES, chance_loss
from expert.signals.courses import FEWEST, Course, as_share, course, ratio_scale, rising_fit, together
from expert.signals.curve import Curve
from expert.signals.shape import shape, too_few
from expert.signals.signal import Reading, Signal, Unknown, View
from expert.signals.trend import LARGEST_SIGNIFICANCE, clock_of

FEIGNED_FALL = 2.0
"""The best falling course through a flat loss comes down by less than so many deviations of its noise, in 9 of 10."""
LEAST_NOISE = 1e-3
ACCURACY_OF_GUESSING = 0.15
"""An accuracy of C classes this close to 1/C, in shares of it, is that of guessing."""
DISTANCES = ("mae", "mse", "rmse", "r2")
LEFT = 0.15
"""A loss that fell by more has left the level it started from."""
NEAR = 0.1
"""Only a level this close to that of guessing, in shares of it, is compared with it where no classes are known."""


def net_fall(found: Course) -> float:
    """Fall of the course that never rises, on the scale of ratios, less what noise feigns."""
    return max(0.0, float(found.falling[0] - found.falling[-1]) - FEIGNED_FALL * found.noise)


def gain(found: Course) -> float:
    """How much of the error of never rising a rise explains, in variances of the noise."""
    return min(found.gain / max(found.noise, LEAST_NOISE) ** 2, LARGEST_SIGNIFICANCE**2)


def losses(view: View) -> Sequence[tuple[Curve, Course]] | Unknown:
    """The training and the validation loss with their courses, those that have at least 6 epochs."""
    curves = [curve for role in ("train.loss", "val.loss") if (curve := view.curve(role)) is not None]
    if not curves:
        return Unknown("no loss was recorded", LOG)
    found = [(curve, fitted) for curve in curves if (fitted := curve.derive(course)) is not None]
    return found or too_few(curves[0], FEWEST) or Unknown("too few values", LOG)


def _loss_fall(view: View) -> Reading | Unknown:
    found = losses(view)
    if isinstance(found, Unknown):
        return found
    curve, largest = max(found, key=lambda pair: net_fall(pair[1]))
    detail: dict[str, float | str] = {
        "name": curve.name,
        "first": float(curve.epochs[0]),
        "end": float(curve.epochs[-1]),
    }
    return Reading(-as_share(-net_fall(largest)), detail=detail)


def _loss_fall_trend(view: View) -> Reading | Unknown:
    found = losses(view)
    return found if isinstance(found, Unknown) else Reading(min(one.since(0).z for _, one in found))


def _loss_late_fall(view: View) -> Reading | Unknown:
    found = losses(view)
    if isinstance(found, Unknown):
        return found
    courses = [one.falling for _, one in found]
    whole = sum(float(one[0] - one[-1]) for one in courses)
    late = sum(float(one[len(one) // 2] - one[-1]) for one in courses)
    return Reading(late / whole if whole > 0.0 else 0.0)


def _loss_rise(view: View) -> Reading | Unknown:
    found = losses(view)
    if isinstance(found, Unknown):
        return found
    curve, smallest = min(found, key=lambda pair: pair[1].rise)
    return Reading(as_share(smallest.rise), smallest.turned_at, clock_of(curve), {"name": curve.name})


def _loss_rise_steadiness(view: View) -> Reading | Unknown:
    found = losses(view)
    return found if isinstance(found, Unknown) else Reading(min(one.since(one.turn).tau for _, one in found))


def _loss_rise_gain(view: View) -> Reading | Unknown:
    found = losses(view)
    return found if isinstance(found, Unknown) else Reading(sum(gain(one) for _, one in found))


def _measures_distances(view: View) -> bool:
    """Whether a measure of regressions was logged, so that the loss is no entropy of classes."""
    return any(view.curve(f"{phase}.{name}") is not None for phase in ("train", "val") for name in DISTANCES)


def _distance_from_chance(view: View, curve: Curve) -> Reading | Unknown:
    found, form = curve.derive(course), curve.derive(shape)
    if found is None or form is None:
        return too_few(curve, FEWEST) or Unknown("too few values")
    chance, level, left = chance_loss(view), curve.sign * form.end, 0.0
    if isinstance(chance, Unknown):
        # An untrained model guesses; what the loss was at first stands for chance where no number of classes can.
        chance = curve.sign * form.first
        left = -as_share(-net_fall(found))
        if view.config.loss in ENTROPY_LOSSES and not _measures_distances(view):
            classes = _nearest(level, USUAL_CLASSES)
            if _guesses(view, classes):
                chance, left = math.log(classes), 0.0
            elif abs(level / math.log(common := _nearest(level, COMMON_CLASSES)) - 1.0) < NEAR:
                chance = math.log(common)
    if chance <= 0.0:
        return Unknown(f"{curve.name} has no positive level that guessing would give")
    away = abs(level / chance - 1.0)
    return Reading(max(away, left) if left > LEFT else away, detail={"level": level, "chance": chance})


def _nearest(level: float, numbers: Sequence[int]) -> int:
    """The number of classes among which guessing comes nearest to a level."""
    return min(numbers, key=lambda number: abs(math.log(number) - level) / math.log(number))


def _guesses(view: View, classes: int) -> bool:
    """Whether the recorded accuracy, too, is that of guessing one of so many classes."""
    curve = view.curve("train.accuracy")
    form = curve.derive(shape) if curve is not None else None
    return form is not None and abs(abs(form.end) * classes - 1.0) < ACCURACY_OF_GUESSING


def _first_epoch_burst(view: View, curve: Curve) -> Reading | Unknown:
    if len(curve.epochs) < FEWEST:
        return too_few(curve, FEWEST) or Unknown("too few values")
    size = np.abs(curve.epochs)
    first, highest = float(size[0]), float(size[1:].max())
    if highest == 0.0:
        return Unknown(f"{curve.name} is 0 from the second epoch on")
    return Reading(min(first / highest, LARGEST_SIGNIFICANCE**2), detail={"first": first, "highest": highest})


def _fall_after_first(view: View, curve: Curve) -> Reading | Unknown:
    if len(curve.epochs) <= FEWEST:
        return too_few(curve, FEWEST + 1) or Unknown("too few values")
    later = -rising_fit(-ratio_scale(curve.sign * curve.epochs[1:]))[0]
    detail = {"second": float(curve.epochs[1]), "end": float(curve.epochs[-1])}
    return Reading(-as_share(float(later[-1] - later[0])), detail=detail)


def _valley_rise(view: View, curve: Curve) -> Reading | Unknown:
    found = curve.derive(course)
    if found is None:
        return too_few(curve, FEWEST) or Unknown("too few values")
    return Reading(as_share(found.rise), found.turned_at, clock_of(curve))


def _valley_steadiness(view: View, curve: Curve) -> Reading | Unknown:
    found = curve.derive(course)
    if found is None:
        return too_few(curve, FEWEST) or Unknown("too few values")
    return Reading(found.since(found.turn).tau, found.turned_at, clock_of(curve))


def _valley_gain(view: View, curve: Curve) -> Reading | Unknown:
    found = curve.derive(course)
    return too_few(curve, FEWEST) or Unknown("too few values") if found is None else Reading(gain(found))


def _parting_trend(view: View, first: Curve, second: Curve) -> Reading | Unknown:
    both = first.derive(together, second)
    if both is None:
        return Unknown(f"{first.name} and {second.name} have fewer than {FEWEST} epochs in common")
    one, other = both
    z = (one.since(one.turn).z - other.since(one.turn).z) / 2.0**0.5
    return Reading(z, one.turned_at, clock_of(first))


LOG = "log the loss at least once per epoch"

SIGNALS: tuple[Signal, ...] = (
    Signal(
        id="loss_fall",
        title="Fall of the loss from start to end beyond its noise; of training and validation the larger",
        unit="share of the first level",
        grade="curve",
        reads="{name} went from {first:.4g} to {end:.4g}; beyond its noise that is a fall by {value:.1%}",
        compute=_loss_fall,
        arguments=0,
        record=LOG,
    ),
    Signal(
        id="loss_fall_trend",
        title="Significance of the trend of the loss over the run; of training and validation the lower",
        unit="Mann-Kendall z: below -2 is hardly chance",
        grade="curve",
        reads="the trend of the loss stands {value:+.1f} standard deviations from no trend",
        compute=_loss_fall_trend,
        arguments=0,
        record=LOG,
    ),
    Signal(
        id="loss_late_fall",
        title="Share of the fall of the loss in the second half of the run; training and validation together",
        unit="share of the fall",
        grade="curve",
        reads="{value:.0%} of the fall of the loss came in the second half of the run",
        compute=_loss_late_fall,
        arguments=0,
        record=LOG,
    ),
    Signal(
        id="loss_rise",
        title="Rise of the loss from its bottom to the end; of training and validation the smaller",
        unit="share of the bottom level",
        grade="curve",
        reads="{name} rose by {value:.0%} from {at} on",
        compute=_loss_rise,
        arguments=0,
        record=LOG,
    ),
    Signal(
        id="loss_rise_steadiness",
        title="Steadiness of the rise of the loss since its bottom; of training and validation the smaller",
        unit="Kendall's tau",
        grade="curve",
        reads="since its bottom the loss rises with a steadiness of {value:.2f} (1: without exception)",
        compute=_loss_rise_steadiness,
        arguments=0,
        record=LOG,
    ),
    Signal(
        id="loss_rise_gain",
        title="What the rise of the loss explains, of training and validation together",
        unit="variances of the noise",
        grade="curve",
        reads="the rise of the loss explains {value:.3g} times the variance of its noise",
        compute=_loss_rise_gain,
        arguments=0,
        record=LOG,
    ),
    Signal(
        id="distance_from_chance",
        title="Distance of the end from chance level; of unknown classes from the nearest ln C it never left",
        unit="share of chance level",
        grade="curve",
        reads="{series} ends at {level:.4g}, {value:.1%} from the {chance:.4g} that guessing gives",
        compute=_distance_from_chance,
        record=LOG,
    ),
    Signal(
        id="first_epoch_burst",
        title="First epoch over the highest of all later ones",
        unit="ratio",
        grade="curve",
        reads="{series} is {first:.4g} in the first epoch and at most {highest:.4g} later",
        compute=_first_epoch_burst,
        record=LOG,
    ),
    Signal(
        id="fall_after_first",
        title="Fall from the second epoch to the end",
        unit="share of the second level",
        grade="curve",
        reads="after its first epoch {series} fell by {value:.1%}, from {second:.4g} to {end:.4g}",
        compute=_fall_after_first,
        record=LOG,
    ),
    Signal(
        id="valley_rise",
        title="Rise from the bottom to the end",
        unit="share of the bottom level",
        grade="curve",
        reads="{series} rose by {value:.0%} from {at} on",
        compute=_valley_rise,
        record=LOG,
    ),
    Signal(
        id="valley_steadiness",
        title="Steadiness of the rise since the bottom",
        unit="Kendall's tau",
        grade="curve",
        reads="since {at} {series} rises with a steadiness of {value:.2f} (1: without exception)",
        compute=_valley_steadiness,
        record=LOG,
    ),
    Signal(
        id="valley_gain",
        title="What the rise since the bottom explains",
        unit="variances of the noise",
        grade="curve",
        reads="the rise of {series} explains {value:.3g} times the variance of its noise",
        compute=_valley_gain,
        record=LOG,
    ),
    Signal(
        id="parting_trend",
        title="Significance of the first rising since its bottom while the second falls",
        unit="Mann-Kendall z: beyond 2 is hardly chance",
        grade="curve",
        reads="since {at} {series} rises and {other} falls, by {value:.1f} standard deviations",
        compute=_parting_trend,
        arguments=2,
        record="log training and validation loss at every epoch",
    ),
)
