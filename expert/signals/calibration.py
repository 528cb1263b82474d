"""Whether a loss fits the accuracy it comes with."""

from __future__ import annotations

import math

from expert.signals.chance import ENTROPY_LOSSES, TELL_CLASSES, USUAL_CLASSES, class_count
from expert.signals.curve import Curve
from expert.signals.nonfinite import minimum
from expert.signals.shape import Shape, shape, too_few
from expert.signals.signal import Reading, Signal, Unknown, View

LEAST_WRONG = 0.005
"""An accuracy nearer to 1 is taken as this far from it: so few errors tell nothing of the probabilities."""
SKILLED = 1.2
"""So many times the share of right answers of guessing is the least that something was learned."""
RECORD = "log loss and accuracy of the training set at every epoch"


def _ends(view: View, loss: Curve, accuracy: Curve) -> tuple[Shape, float] | Unknown:
    """The course of a cross entropy, and the share of right answers that it ends with."""
    if view.config.loss not in ENTROPY_LOSSES or view.config.loss_reduction == "sum":
        return Unknown("the loss is no mean cross entropy", RECORD)
    form, score = loss.derive(shape), accuracy.derive(shape)
    if form is None or score is None:
        return too_few(loss, 3) or too_few(accuracy, 3) or Unknown("too few values", RECORD)
    right = abs(score.end) / (100.0 if abs(score.end) > 1.5 else 1.0)
    if right > 1.0 or form.end <= 0.0:
        return Unknown("the accuracy is no share, or the loss is not positive", RECORD)
    return form, right


def even_doubt(right: float, guess: float) -> float:
    """Cross entropy of a classifier that is as sure of every answer as it is right, and holds every other class for
    equally likely; ``guess`` is the logarithm of how many others there are.
    """
    wrong = max(1.0 - right, LEAST_WRONG)
    return -wrong * math.log(wrong) - (1.0 - wrong) * math.log(1.0 - wrong) + wrong * guess


def _loss_over_calibrated(view: View, loss: Curve, accuracy: Curve) -> Reading | Unknown:
    ends = _ends(view, loss, accuracy)
    if isinstance(ends, Unknown):
        return ends
    form, right = ends
    if right < 0.5:
        return Unknown("the accuracy is below one half", RECORD)
    classes = class_count(view)
    # Before it learns a classifier guesses among all classes: the first loss stands in for ln C.
    guess = math.log(max(classes - 1, 1)) if classes is not None else max(form.first, math.log(2.0))
    calibrated = even_doubt(right, guess)
    return Reading(form.end / calibrated, detail={"loss": form.end, "accuracy": right, "calibrated": calibrated})


def _loss_over_even_doubt(view: View, loss: Curve, accuracy: Curve) -> Reading | Unknown:
    ends = _ends(view, loss, accuracy)
    if isinstance(ends, Unknown):
        return ends
    form, right = ends
    classes = class_count(view)
    if classes is None:
        return Unknown("the number of classes is not known", TELL_CLASSES)
    if right < SKILLED / classes:
        return Unknown("hardly more answers are right than guessing gives")
    doubt = even_doubt(right, math.log(max(classes - 1, 1)))
    return Reading(form.end / doubt, detail={"loss": form.end, "accuracy": right, "doubt": doubt, "classes": classes})


def softmax_floor(classes: int) -> float:
    """Smallest cross entropy that a softmax of a softmax over this many classes can reach, in nats."""
    return math.log(1.0 + (classes - 1) / math.e)


def _nearest_softmax_floor(view: View, curve: Curve) -> Reading | Unknown:
    if view.config.loss not in ENTROPY_LOSSES or view.config.loss_reduction == "sum":
        return Unknown("the loss is no mean cross entropy", RECORD)
    lowest = minimum(curve)
    if isinstance(lowest, Unknown):
        return lowest
    told, level = class_count(view), float(lowest.value)
    # A doubled softmax starts no higher than ln C, which rules the smaller numbers of classes out.
    start = float(curve.points[0])
    usual = [number for number in USUAL_CLASSES if math.log(number) >= 0.95 * start] or USUAL_CLASSES[-1:]
    classes = min((told,) if told else usual, key=lambda number: abs(level / softmax_floor(number) - 1.0))
    floor = softmax_floor(classes)
    detail = {"lowest": level, "classes": float(classes), "floor": floor}
    return Reading(abs(level / floor - 1.0), lowest.at, lowest.clock, detail)


SIGNALS: tuple[Signal, ...] = (
    Signal(
        id="loss_over_calibrated",
        title="Loss over that of a calibrated classifier of the same accuracy",
        unit="ratio",
        grade="curve",
        reads="the loss is {loss:.3g} at an accuracy of {accuracy:.3f}; honest probabilities give {calibrated:.3g}",
        compute=_loss_over_calibrated,
        arguments=2,
        record=RECORD,
    ),
    Signal(
        id="loss_over_even_doubt",
        title="Loss over that of one and the same doubt about every sample",
        unit="ratio",
        grade="curve",
        reads="the loss is {loss:.3g} at an accuracy of {accuracy:.3f}; the same doubt about every sample gives "
        "{doubt:.3g}",
        compute=_loss_over_even_doubt,
        arguments=2,
        record=RECORD,
    ),
    Signal(
        id="nearest_softmax_floor",
        title="Distance of the smallest loss from the floor of a doubled softmax over a usual number of classes",
        unit="share of the floor ln(1 + (C - 1)/e)",
        grade="curve",
        reads="the smallest {series}, {lowest:.4g}, is {value:.1%} from {floor:.4g}, where a doubled softmax over "
        "{classes:.0f} classes must stop",
        compute=_nearest_softmax_floor,
        record=RECORD,
    ),
)
