"""What can be seen between epochs only: how far weights moved, and what an adaptive optimizer kept of the gradients."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from expert.adapters.keras.rates import inner_of
from expert.adapters.keras.variables import Watched, watched_variables
from expert.adapters.live.telemetry import Telemetry

STEPS_UNSEEN = "Gradients and updates of single steps were not looked at: {why}."
FROM_MOMENTS = (
    "The gradient norms of layers are means over many steps, from the second moments that {optimizer} keeps, as they "
    "stood at the ends of epochs."
)


class EpochEnds:
    """Looks at weights and at the optimizer's moments when an epoch ends, without touching the step."""

    def __init__(self, model: Any, optimizer: Any, telemetry: Telemetry) -> None:
        self._model, self._telemetry = model, telemetry
        self._optimizer = inner_of(optimizer)
        self._watched: tuple[Watched, ...] = ()
        self._variables: list[Any] = []
        self._before: list[NDArray[np.float32]] = []

    def begin(self) -> None:
        """Remember a sample of the weights that an epoch begins with; nothing where the model has none yet."""
        variables = list(self._model.trainable_variables)
        by_key = {id(one): one for one in variables}
        self._watched = tuple(one for one in watched_variables(variables, self._model) if one.is_weight)
        self._variables = [by_key[one.key] for one in self._watched]
        self._before = [_numbers(v)[:: w.stride].copy() for v, w in zip(self._variables, self._watched, strict=True)]

    def end(self, at: int) -> None:
        """Record the epoch that ended at step ``at``, and begin the next."""
        sizes, moved = {}, {}
        for one, variable, old in zip(self._watched, self._variables, self._before, strict=True):
            now = _numbers(variable)
            sizes[one.name] = _norm(now)
            whole = _norm(old)
            moved[one.name] = _norm(now[:: one.stride] - old) / whole if whole else math.nan
        self._telemetry.row("weight_norm", at, sizes)
        self._telemetry.row("epoch_update_ratio", at, moved)
        layers = [sizes[one.name] for one in self._watched if one.is_layer]
        if layers:
            self._telemetry.column("weight.norm").append(at, math.hypot(*layers))
        self._moments(at)
        self.begin()

    def _moments(self, at: int) -> None:
        """Root mean square gradients, out of the second moments of Adam and its kin; of unclipped gradients only."""
        optimizer = self._optimizer
        moments = getattr(optimizer, "_velocities", None)
        decay = getattr(optimizer, "beta_2", None) or getattr(optimizer, "rho", None)
        clips = any(getattr(optimizer, name, None) for name in ("clipnorm", "clipvalue", "global_clipnorm"))
        if not moments or not isinstance(decay, float) or clips or not optimizer.built:
            return
        steps = int(ops.convert_to_numpy(optimizer.iterations))
        if not steps:
            return
        known = 1.0 - decay**steps
        norms = {}
        for one, variable in zip(self._watched, self._variables, strict=True):
            moment = moments[optimizer._get_variable_index(variable)]
            if moment is not None:
                norms[one.name] = math.sqrt(max(0.0, float(_numbers(moment).sum(dtype=np.float64))) / known)
        self._telemetry.row("gradient_norm", at, norms)
        self._telemetry.note(FROM_MOMENTS.format(optimizer=type(optimizer).__name__))


def _numbers(variable: Any) -> NDArray[np.float32]:
    return np.asarray(ops.convert_to_numpy(variable.value), dtype=np.float32).reshape(-1)


def _norm(numbers: NDArray[np.float32]) -> float:
    return float(np.linalg.norm(numbers.astype(np.float64)))
