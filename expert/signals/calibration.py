"""Whether a loss fits the accuracy it comes with."""

from __future__ import annotations

import math

from expert.signals.chance import ENTROPY_LOSSES, class_count
from expert.signals.curve import Curve
from expert.signals.shape import shape, too_few
from expert.signals.signal import Reading, Signal, Unknown, View

LEAST_WRONG = 0.005
"""An accuracy nearer to 1 is taken as this far from it: so few errors tell nothing of the probabilities."""
RECORD = "log loss and accuracy of the training set at every epoch"


def _loss_over_calibrated(view: View, loss: Curve, accuracy: Curve) -> Reading | Unknown:
    if view.config.loss not in ENTROPY_LOSSES or view.config.loss_reduction == "sum":
        return Unknown("the loss is no mean cross entropy", RECORD)
    form, score = loss.derive(shape), accuracy.derive(shape)
    if form is None or score is None:
        return too_few(loss, 3) or too_few(accuracy, 3) or Unknown("too few values", RECORD)
    right = abs(score.end) / (100.0 if abs(score.end) > 1.5 else 1.0)
    if not 0.5 <= right <= 1.0 or form.end <= 0.0:
        return Unknown("the accuracy is no share of at least one half, or the loss is not positive", RECORD)
    classes = class_count(view)
    # Before it learns a classifier guesses among all classes: the first loss stands in for ln C.
    guess = math.log(max(classes - 1, 1)) if classes is not None else max(form.first, math.log(2.0))
    wrong = max(1.0 - right, LEAST_WRONG)
    calibrated = -wrong * math.log(wrong) - (1.0 - wrong) * math.log(1.0 - wrong) + wrong * guess
    return Reading(form.end / calibrated, detail={"loss": form.end, "accuracy": right, "calibrated": calibrated})


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
)
