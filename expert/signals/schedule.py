"""What the learning rate, the loss scaler and the batches did over the run."""

from __future__ import annotations

import numpy as np

from expert.signals.curve import Curve
from expert.signals.gradients import needed, ratio, sampled
from expert.signals.noise import second_half_residuals
from expert.signals.signal import Reading, Signal, Unknown, View

ADAPTIVE = ("adam", "adamw", "nadam", "radam", "adamax", "rmsprop")
"""A step of these moves no weight by much more than the learning rate, whatever the gradient."""
COLLAPSED = 1e-3
JUMP = 1.5
SETTLING_STEPS = 200.0

RECORD_RATE = 'log "optimizer.learning_rate" at each epoch, or at each step if it changes there'
RECORD_SKIPPED = 'log "scaler.skipped": 1 for each step the loss scaler skipped, else 0'
RECORD_LOSSES = 'log "batch.loss_std" now and then: the standard deviation of the loss over samples / sqrt(batch size)'
RECORD_LABELS = "log \"batch.label_entropy\": the entropy of a batch's labels as a share of the set's"


def _rate(view: View) -> Curve | Unknown:
    return needed(view, "optimizer.learning_rate", RECORD_RATE, 2)


def _highest(curve: Curve) -> float:
    return float(curve.bins.maximum.max())


def _last_over_max(view: View) -> Reading | Unknown:
    curve = _rate(view)
    if isinstance(curve, Unknown):
        return curve
    last, highest = float(curve.points[-1]), _highest(curve)
    return Reading(ratio(last, highest), detail={"last": last, "highest": highest})


def _steps(view: View) -> float | None:
    """How many steps the loss tells of, or None where it does not count them."""
    loss = view.curve("train.loss")
    if loss is None or not len(loss.points):
        return None
    last = float(loss.at[len(loss.points) - 1])
    if loss.clock == "step":
        return last
    each = view.config.steps_per_epoch
    return last * each if loss.clock == "epoch" and each else None


def _adaptive_reach(view: View) -> Reading | Unknown:
    if (view.config.optimizer or "").lower() not in ADAPTIVE:
        return Unknown("the optimizer is not known, or its steps have no length of their own")
    steps, curve = _steps(view), view.curve("optimizer.learning_rate")
    if steps is None:
        return Unknown("the number of steps is not known", 'advise(..., config={"steps_per_epoch": ...})')
    rate = view.config.learning_rate
    if curve is not None and len(curve.points):
        rate = float(curve.points.mean()) if len(curve.points) > 2 else _highest(curve)
    if rate is None:
        return Unknown("the learning rate is not known", RECORD_RATE)
    return Reading(rate * steps, detail={"steps": steps, "rate": rate})


def _collapse_at(view: View) -> Reading | Unknown:
    curve = _rate(view)
    if isinstance(curve, Unknown):
        return curve
    alive = curve.points >= COLLAPSED * _highest(curve)
    last_alive = len(alive) - 1 - int(alive[::-1].argmax())
    if last_alive == len(alive) - 1:
        return Reading(1.0, detail={"rate": float(curve.points[-1])})
    at = curve.at[: len(alive)]
    share = float(at[last_alive + 1] - at[0]) / float(at[-1] - at[0])
    return Reading(share, float(at[last_alive + 1]), curve.clock, {"rate": float(curve.points[last_alive + 1])})


def _jumps(view: View) -> Reading | Unknown:
    curve = _rate(view)
    if isinstance(curve, Unknown):
        return curve
    rates = curve.points
    # Up to its first maximum the rate is warming up; what rises again afterwards is a restart or a cycle.
    start = int(rates.argmax())
    later = rates[start:]
    up = np.flatnonzero(later[1:] > later[:-1])
    rises = 0
    if len(up):
        # A cycle climbs over many steps: successive rises make one jump.
        ends = np.append(up[1:] > up[:-1] + 1, True)
        begins = np.append(True, ends[:-1])
        low, high = later[up[begins]], later[up[ends] + 1]
        rises = int(np.count_nonzero(high > JUMP * low))
    first = float(curve.at[start + int(up[0]) + 1]) if rises else None
    return Reading(float(rises), first, curve.clock if rises else None)


def _skipped_step_share(view: View) -> Reading | Unknown:
    curve = view.curve("scaler.skipped")
    if curve is not None and len(curve.points):
        at = curve.at[: len(curve.points)]
        settled = int(np.searchsorted(at, at[0] + SETTLING_STEPS)) if curve.clock == "step" else 0
        # A short record is judged whole: the first skips of a healthy run are a handful.
        late = curve.points[settled:] if len(at) - settled >= SETTLING_STEPS / 4 else curve.points
        return Reading(float(np.mean(late > 0.5)))
    skipped = sum(1 for event in view.history.events if event.kind == "skipped_step")
    steps = view.history.steps if skipped else None
    if not steps:
        return Unknown("which steps were skipped was not recorded", RECORD_SKIPPED)
    return Reading(min(skipped / steps, 1.0))


def _sampling_noise_ratio(view: View) -> Reading | Unknown:
    loss = needed(view, "train.loss", "log the loss of each step")
    if isinstance(loss, Unknown):
        return loss
    expected = needed(view, "batch.loss_std", RECORD_LOSSES)
    if isinstance(expected, Unknown):
        return expected
    off = loss.derive(second_half_residuals)
    if isinstance(off, Unknown):
        return off
    late = sampled(expected.points[len(expected.points) // 2 :])
    return Reading(ratio(float(off.std()), float(np.sqrt(np.mean(late**2)))))


def _batch_label_entropy(view: View) -> Reading | Unknown:
    curve = view.curve("batch.label_entropy")
    if curve is not None and len(curve.points):
        return Reading(float(curve.points.mean()))
    known = view.data.batch_label_entropy
    return Unknown("the labels of a batch were not recorded", RECORD_LABELS) if known is None else Reading(float(known))


SIGNALS: tuple[Signal, ...] = (
    Signal(
        id="learning_rate_last_over_max",
        title="Last learning rate over the highest",
        unit="ratio",
        grade="proof",
        reads="the learning rate ends at {last:.2g}, {value:.2g} times its highest",
        compute=_last_over_max,
        arguments=0,
        record=RECORD_RATE,
    ),
    Signal(
        id="adaptive_reach",
        title="Learning rate times steps: how far an adaptive optimizer can have moved any weight",
        unit="units of the weights",
        grade="curve",
        reads="{steps:.0f} steps at {rate:.2g} can have moved no weight by much more than {value:.2g}",
        compute=_adaptive_reach,
        arguments=0,
        record=RECORD_RATE,
    ),
    Signal(
        id="learning_rate_collapse_at",
        title="Share of the run after which the rate stays below a thousandth of its highest",
        unit="share of the run; 1 if it never does",
        grade="proof",
        reads="after {value:.0%} of the run the learning rate has come down to {rate:.2g}",
        compute=_collapse_at,
        arguments=0,
        record=RECORD_RATE,
    ),
    Signal(
        id="learning_rate_jumps",
        title="Rises of the learning rate by half or more after its warm-up",
        unit="rises",
        grade="proof",
        reads="rises of the learning rate after its first maximum: {value:.0f}",
        compute=_jumps,
        arguments=0,
        record=RECORD_RATE,
    ),
    Signal(
        id="skipped_step_share",
        title="Share of steps skipped by the loss scaler, after the first 200",
        unit="share of steps",
        grade="internal",
        reads="the loss scaler skipped {value:.0%} of the steps",
        compute=_skipped_step_share,
        arguments=0,
        record=RECORD_SKIPPED,
    ),
    Signal(
        id="sampling_noise_ratio",
        title="Scatter of the step loss over what sampling a batch explains",
        unit="ratio of standard deviations",
        grade="internal",
        reads="the step loss scatters {value:.2f} times as much as the choice of samples explains",
        compute=_sampling_noise_ratio,
        arguments=0,
        record=RECORD_LOSSES,
    ),
    Signal(
        id="batch_label_entropy",
        title="Label variety of a batch",
        unit="share of the set's label entropy",
        grade="proof",
        reads="a batch holds {value:.0%} of the label variety of the set",
        compute=_batch_label_entropy,
        arguments=0,
        record=RECORD_LABELS,
    ),
)
