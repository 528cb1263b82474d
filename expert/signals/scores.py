"""How high a score stands: early in the run, against that of the training samples, and against the loss."""

from __future__ import annotations

import math

from expert.signals.chance import ENTROPY_LOSSES, TELL_CLASSES, class_count
from expert.signals.curve import Curve
from expert.signals.gap import pair
from expert.signals.shape import shape, too_few
from expert.signals.signal import Reading, Signal, Unknown, View
from expert.signals.trend import clock_of

FIRST = 3
"""So many epochs are early."""
PERCENT = 1.5
"""Accuracies above this are given in percent."""
STARTS = (0.5, 1.5)
"""A loss that nobody names is a cross entropy if it starts at the loss of guessing, within these factors."""
FAULTLESS = 1e12
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


def _errors_left(view: View, curve: Curve) -> Reading | Unknown:
    form = curve.derive(shape)
    if form is None:
        return too_few(curve, FIRST) or Unknown("too few values")
    if curve.sign > 0:
        return Unknown(f"{curve.name} is an error already, of which the largest possible is not known")
    score = curve.sign * form.end / _unit(curve)
    return Reading(max(0.0, 1.0 - score), detail={"score": score})


def _score_lead(view: View, first: Curve, second: Curve) -> Reading | Unknown:
    both = first.derive(pair, second)
    if isinstance(both, Unknown):
        return both
    unit = max(_unit(first), _unit(second))
    detail = {"first": first.sign * both.first.end / unit, "second": second.sign * both.second.end / unit}
    return Reading((both.second.end - both.first.end) / unit, detail=detail)


def _loss_over_least(view: View, loss: Curve, accuracy: Curve) -> Reading | Unknown:
    """A wrong answer gives the right class one half at most, so it costs ln 2 at least."""
    named = view.config.loss
    if named not in (*ENTROPY_LOSSES, "custom"):
        return Unknown(f"a wrong answer costs no fixed part of the loss {named}")
    if named in (None, "custom"):
        classes, course = class_count(view), view.curve("train.loss")
        if classes is None or course is None or not len(course.points):
            return Unknown("the loss function is not known, nor what guessing costs", TELL_CLASSES)
        if not STARTS[0] <= float(course.points[0]) / math.log(classes) <= STARTS[1]:
            return Unknown("the loss function is not known, and the loss does not start at that of guessing")
    both = loss.derive(pair, accuracy)
    if isinstance(both, Unknown):
        return both
    level, score = loss.sign * both.first.end, accuracy.sign * both.second.end / _unit(accuracy)
    if level < 0.0 or not 0.0 <= score <= 1.0:
        return Unknown(f"{loss.name} or {accuracy.name} is nothing that a cross entropy or an accuracy can be")
    wrong = 1.0 - score
    detail = {"level": level, "score": score, "least": wrong * math.log(2.0)}
    return Reading(level / detail["least"] if wrong > 0.0 else FAULTLESS, detail=detail)


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
        id="errors_left",
        title="What a score at the end lacks of a perfect one",
        unit="share of samples",
        grade="curve",
        reads="{series} ends at {score:.1%}, {value:.1%} short of all that can be reached",
        compute=_errors_left,
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
    Signal(
        id="loss_over_least",
        title="Loss over the least that so many wrong answers cost",
        unit="ratio: below 1 no mean cross entropy of the same answers can lie",
        grade="curve",
        reads="{series} ends at {level:.3g}, while {score:.1%} right answers leave a mean cross entropy {least:.3g} "
        "at least",
        compute=_loss_over_least,
        arguments=2,
        record="log loss and accuracy of the validation set at every epoch",
    ),
)
