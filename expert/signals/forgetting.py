"""How long what the weights have learned outlives the weight decay."""

from __future__ import annotations

import numpy as np

from expert.signals.signal import Reading, Signal, Unknown, View

TELL = "advise(..., config={'optimizer': ..., 'learning_rate': ..., 'weight_decay': ...})"


def _steps_remembered(view: View) -> Reading | Unknown:
    config = view.config
    # The gradient of a penalty λ·w² is 2λ·w; one that is left out of the gradients pulls at nothing.
    penalty = 2.0 * (config.l2_penalty or 0.0) if config.penalty_in_gradient is not False else 0.0
    if config.optimizer is None or (config.weight_decay is None and not penalty > 0.0):
        return Unknown("the optimizer and its weight decay are not known", TELL)
    optimizer, decoupled = config.optimizer.lower(), bool(config.decoupled_weight_decay)
    decay = (config.weight_decay or 0.0) + penalty
    if not decay > 0.0:
        return Unknown("there is no weight decay")
    if optimizer == "sgd":
        # What momentum does to a gradient it does to the penalty in it.
        longer = 1.0 - (config.momentum or 0.0)
    elif (decoupled or optimizer == "adamw") and not penalty > 0.0:
        longer = 1.0
    else:
        return Unknown(f"{config.optimizer} divides the decay by the size of the gradients")
    curve = view.curve("optimizer.learning_rate")
    rates = curve.values[np.isfinite(curve.values)] if curve is not None else np.empty(0)
    rate = float(np.median(rates)) if len(rates) else config.learning_rate
    if rate is None or not rate > 0.0 or not longer > 0.0:
        return Unknown("the learning rate is not known, or not positive", TELL)
    return Reading(longer / (rate * decay), detail={"rate": rate, "decay": decay})


SIGNALS: tuple[Signal, ...] = (
    Signal(
        id="steps_remembered",
        title="Steps in which the weight decay alone takes a weight down to 37 % of what it was",
        unit="steps",
        grade="config",
        reads="a decay of {decay:g} at a rate of {rate:g} takes every weight down to 37 % within {value:.0f} steps",
        compute=_steps_remembered,
        arguments=0,
        record=TELL,
    ),
)
