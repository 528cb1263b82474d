"""What the batches were: whether one came twice in an epoch, and whether their size fits the rate."""

from __future__ import annotations

from expert.signals.curve import Curve
from expert.signals.gradients import needed
from expert.signals.signal import WATCHED, Reading, Signal, Unknown, View

RECORD_REPEATED = (
    'log "batch.repeated": 1 for each step whose batch was given earlier in the same epoch, else 0' + WATCHED
)
RECORD_TUNED = 'advise(..., config={"batch_size": ..., "tuned_batch_size": ...})'
RECORD_SEEN = 'advise(..., config={"batch_size": ..., "steps_per_epoch": ...}, data={"samples": ...})'


def _repeated(view: View) -> Curve | Unknown:
    return needed(view, "batch.repeated", RECORD_REPEATED, 2)


def _repeated_batches(view: View) -> Reading | Unknown:
    curve = _repeated(view)
    if isinstance(curve, Unknown):
        return curve
    repeated = curve.points > 0.5
    count = int(repeated.sum())
    first = int(repeated.argmax())
    detail = {"looked": float(len(repeated))}
    return Reading(float(count), float(curve.at[first]) if count else None, curve.clock if count else None, detail)


def _repeated_batch_share(view: View) -> Reading | Unknown:
    curve = _repeated(view)
    return curve if isinstance(curve, Unknown) else Reading(float((curve.points > 0.5).mean()))


def _batch_over_tuned(view: View) -> Reading | Unknown:
    size, tuned = view.config.batch_size, view.config.tuned_batch_size
    if not size or not tuned or size < 0 or tuned < 0:
        return Unknown("it is not known for which batch size the learning rate was chosen", RECORD_TUNED)
    factor = max(size / tuned, tuned / size)
    return Reading(factor, detail={"batch_size": float(size), "tuned": float(tuned)})


def _seen_share(view: View) -> Reading | Unknown:
    size, steps, samples = view.config.batch_size, view.config.steps_per_epoch, view.data.samples
    if not size or not steps or not samples or min(size, steps, samples) < 0:
        return Unknown("batch size, steps in an epoch or number of samples is not known", RECORD_SEEN)
    return Reading(min(size * steps / samples, 1.0), detail={"seen": float(size * steps), "samples": float(samples)})


SIGNALS: tuple[Signal, ...] = (
    Signal(
        id="repeated_batches",
        title="Batches that were given earlier in the same epoch",
        unit="batches among those looked at",
        grade="proof",
        reads="of {looked:.0f} batches that were looked at {value:.0f} had been given earlier in the same epoch",
        compute=_repeated_batches,
        arguments=0,
        record=RECORD_REPEATED,
    ),
    Signal(
        id="repeated_batch_share",
        title="Share of batches that were given earlier in the same epoch",
        unit="share of the batches looked at",
        grade="proof",
        reads="{value:.0%} of the batches had been given earlier in the same epoch",
        compute=_repeated_batch_share,
        arguments=0,
        record=RECORD_REPEATED,
    ),
    Signal(
        id="batch_over_tuned",
        title="Batch size against the one the learning rate was chosen for, the larger over the smaller",
        unit="ratio, 1 or more",
        grade="config",
        reads="a batch has {batch_size:.0f} samples, and the rate was chosen for {tuned:.0f}: {value:.3g}-fold",
        compute=_batch_over_tuned,
        arguments=0,
        record=RECORD_TUNED,
    ),
    Signal(
        id="seen_share",
        title="Share of the training samples that an epoch can show",
        unit="share of samples, at most 1",
        grade="config",
        reads="the steps of an epoch take {seen:.0f} samples, {value:.0%} of the {samples:.0f} there are",
        compute=_seen_share,
        arguments=0,
        record=RECORD_SEEN,
    ),
)
