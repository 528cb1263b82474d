"""What the first steps tell of the initialization, and which weights no gradient ever reaches."""

from __future__ import annotations

import math

import numpy as np

from expert.signals.gradients import RECORD_NORM, needed, ratio
from expert.signals.layers import RECORD_GRADIENTS, column_medians, declared_frozen, table
from expert.signals.signal import WATCHED, Reading, Signal, Unknown, View

RECORD_WEIGHTS = 'record "weight_norm" per layer: {name: p.norm() for the weight tensors}, after each step' + WATCHED
LOG_LOSS = "log the loss of every step"
TELL_BATCH = 'advise(..., config={"batch_size": ...})'
RECORD_TIME = (
    'record "time_step_gradient_norm", time steps as layers: the norm of the loss\'s gradient with respect to the '
    "input of each time step"
)

FIRST_STEPS = 3.0
FEWEST_PER_EPOCH = 4.0
"""With fewer points in an epoch the first one comes after, or averages over, many updates."""


def _first_gradient_per_error(view: View) -> Reading | Unknown:
    norm = needed(view, "gradient.norm", RECORD_NORM)
    if isinstance(norm, Unknown):
        return norm
    start = float(norm.at[0])
    if norm.clock == "step" and start > FIRST_STEPS:
        return Unknown(f"the gradient norm was first recorded at step {start:g}", RECORD_NORM)
    if norm.clock == "epoch" and (norm.points_per_epoch or 0.0) < FEWEST_PER_EPOCH:
        return Unknown("the first gradient norm is that of a whole epoch of updates", RECORD_NORM)
    config, first = view.config, float(norm.points[0])
    if config.loss in ("huber", "custom"):
        return Unknown(f"how the gradient of the loss {config.loss} grows with the error is not known")
    summed = float(config.batch_size or 0) if config.loss_reduction == "sum" else 1.0
    if not summed:
        return Unknown("the loss is a sum over a batch of unknown size", TELL_BATCH)
    per_error = 1.0
    if config.loss in ("mse", None):
        # Its gradient grows with the error itself; that of a cross entropy or an absolute error does not.
        loss = view.curve("train.loss")
        known = loss is not None and len(loss.points) > 0 and loss.clock == norm.clock and float(loss.at[0]) == start
        if loss is not None and known:
            error = 2.0 * math.sqrt(abs(float(loss.points[0])) / summed)
            per_error = error if config.loss else max(error, per_error)
        elif config.loss:
            return Unknown("no finite training loss was recorded where the gradient norm was first", LOG_LOSS)
    per_error *= summed
    return Reading(ratio(first, per_error), start, norm.clock, {"norm": first})


def _zero_weight_share(view: View) -> Reading | Unknown:
    found = table(view, "weight_norm", RECORD_WEIGHTS)
    if isinstance(found, Unknown):
        return found
    known = ~np.isnan(found.values).all(axis=0)
    if len(found.at) < 3 or not known.any():
        return Unknown(f"the weights were recorded at {len(found.at)} steps; 3 are needed", RECORD_WEIGHTS)
    zero = known & ~(np.nan_to_num(found.values) != 0.0).any(axis=0)
    names = [name for name, stands in zip(found.layers, zero.tolist(), strict=True) if stands]
    return Reading(len(names) / int(known.sum()), detail={"layers": ", ".join(names[:5]) or "none"})


def _without_gradient_share(view: View) -> Reading | Unknown:
    weights, found = table(view, "weight_norm", RECORD_WEIGHTS), table(view, "gradient_norm", RECORD_GRADIENTS)
    if isinstance(weights, Unknown):
        return weights
    if isinstance(found, Unknown):
        return found
    meant = ~declared_frozen(view, weights.layers) & np.isfinite(weights.values[0])
    # Only what was never once recorded counts: a NaN later on is a gradient that broke, not one that is missing.
    reached = {found.layers[index] for index in np.flatnonzero((~np.isnan(found.values)).any(axis=0))}
    if not reached or not meant.any():
        return Unknown("no gradient of any layer was recorded", RECORD_GRADIENTS)
    named = [name for name, trained in zip(weights.layers, meant.tolist(), strict=True) if trained]
    # Look-up tables and the like have no column in the tables of layers.
    bare = view.model.without_gradient or ()
    missing = [*(name for name in named if name not in reached), *bare]
    return Reading(len(missing) / (len(named) + len(bare)), detail={"layers": ", ".join(missing[:5]) or "none"})


def _first_to_last_time_step(view: View) -> Reading | Unknown:
    found = table(view, "time_step_gradient_norm", RECORD_TIME)
    if isinstance(found, Unknown):
        return found
    medians = column_medians(found.values)
    medians = medians[~np.isnan(medians)]
    if len(medians) < 2:
        return Unknown(f"{len(medians)} time steps have a gradient; 2 are needed", RECORD_TIME)
    value = ratio(float(medians[0]), float(medians[-1]))
    return Reading(value, detail={"length": float(len(medians))})


SIGNALS: tuple[Signal, ...] = (
    Signal(
        id="first_gradient_per_error",
        title="Gradient norm of the first steps for an error of one",
        unit="norm of the gradient per unit of error",
        grade="internal",
        reads="at {at}, when hardly an update was made, the gradient norm is {norm:.3g}, {value:.3g} per unit of error",
        compute=_first_gradient_per_error,
        arguments=0,
        record=RECORD_NORM,
    ),
    Signal(
        id="zero_weight_share",
        title="Share of layers whose weights are all 0 throughout",
        unit="share of layers",
        grade="proof",
        reads="{value:.0%} of the layers have weights that are 0 and stay 0: {layers}",
        compute=_zero_weight_share,
        arguments=0,
        record=RECORD_WEIGHTS,
    ),
    Signal(
        id="without_gradient_share",
        title="Share of trained layers that never get a gradient",
        unit="share of layers not declared frozen",
        grade="proof",
        reads="{value:.0%} of the layers never get a gradient: {layers}",
        compute=_without_gradient_share,
        arguments=0,
        record=RECORD_GRADIENTS,
    ),
    Signal(
        id="first_to_last_time_step",
        title="Gradient that reaches the first time step over that of the last",
        unit="ratio of median norms",
        grade="internal",
        reads="over {length:.0f} time steps the gradient shrinks to {value:.2g} of its size",
        compute=_first_to_last_time_step,
        arguments=0,
        record=RECORD_TIME,
    ),
)
