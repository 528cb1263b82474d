"""The learning rate of an optimizer of Keras, as far as it can be asked for without calling code of the user's own."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops


def inner_of(optimizer: Any) -> Any:
    """The optimizer that a ``LossScaleOptimizer`` scales the gradients for; any other one itself."""
    return getattr(optimizer, "inner_optimizer", None) or optimizer


def coming_rate(optimizer: Any) -> Any:
    """The rate of the step that comes, as a tensor; NaN where a function of the user's own gives it.

    Such a function is not called once more than they expect.
    """
    inner = inner_of(optimizer)
    own = getattr(inner, "_learning_rate", None)
    known = isinstance(own, keras.Variable | keras.optimizers.schedules.LearningRateSchedule)
    return ops.convert_to_tensor(inner.learning_rate) if known else math.nan


def last_rate(optimizer: Any) -> float | None:
    """The rate of the step that was made last; None where there was none, or a function of the user's own gives it.

    Waits for the device.
    """
    inner = inner_of(optimizer)
    own, made = getattr(inner, "_learning_rate", None), getattr(inner, "_iterations", None)
    steps = 0 if made is None else int(ops.convert_to_numpy(made.value))
    if not steps:
        return None
    if isinstance(own, keras.optimizers.schedules.LearningRateSchedule):
        return float(ops.convert_to_numpy(own(steps - 1)))
    return float(ops.convert_to_numpy(own.value)) if isinstance(own, keras.Variable) else None
