"""What experiments told that were made beside the run: the same run without inputs."""

from __future__ import annotations

import math

from expert.signals.shape import shape
from expert.signals.signal import Reading, Signal, Unknown, View

RECORD_BLIND = 'repeat the run with all inputs set to zero: advise(..., config={"blind_loss": its last training loss})'


def _blind_loss_ratio(view: View) -> Reading | Unknown:
    blind, curve = view.config.blind_loss, view.curve("train.loss")
    if blind is None or not math.isfinite(blind):
        return Unknown("the training loss without inputs is not known", RECORD_BLIND)
    form = None if curve is None else curve.derive(shape)
    if form is None:
        return Unknown("no training loss of at least 3 epochs was recorded", "log the training loss at every epoch")
    if form.end <= 0.0 or blind <= 0.0:
        return Unknown("a training loss that is 0 or negative has no ratio to another", RECORD_BLIND)
    return Reading(blind / form.end, detail={"blind": blind, "real": form.end})


SIGNALS: tuple[Signal, ...] = (
    Signal(
        id="blind_loss_ratio",
        title="Training loss without inputs over that with them",
        unit="ratio",
        grade="proof",
        reads="without inputs the training loss ends at {blind:.4g}, with them at {real:.4g}",
        compute=_blind_loss_ratio,
        arguments=0,
        record=RECORD_BLIND,
    ),
)
