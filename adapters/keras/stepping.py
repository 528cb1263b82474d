"""Watches one optimizer: a function in front of its ``apply`` that looks at some steps and hands all of them on.

The function stands on the instance, so it is traced into the compiled step where there is one. What it sees is read
once an epoch. Three ways, by how a backend steps: `EagerWatch` here (PyTorch, and TensorFlow where the user runs
eagerly), `GraphWatch` (TensorFlow, compiled) and `StatelessWatch` (JAX).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from keras import ops

from expert.adapters.keras.looks import Layout, Seen, Surroundings
from expert.adapters.keras.pacing import PLAIN, Pace, called, is_due, looked, next_epoch
from expert.adapters.keras.rates import coming_rate, inner_of
from expert.adapters.keras.variables import watched_variables

Failed = Callable[[str, Exception], None]


class StepWatch(ABC):
    """Watches the steps of ``optimizer``, which trains some of ``model``'s variables."""

    by_call = True
    """Looks are numbered by calls of the optimizer, of which a batch may take several; otherwise by batches."""

    def __init__(self, optimizer: Any, model: Any, tracker: Any, failed: Failed) -> None:
        """``tracker``: the running mean of the loss, whose count of samples is of this epoch; None where none is."""
        self.optimizer, self._model, self._tracker, self._failed = optimizer, model, tracker, failed
        self.inner = inner_of(optimizer)
        """The optimizer that a ``LossScaleOptimizer`` scales the gradients for."""
        self.scales = self.inner is not optimizer
        """Whether steps with gradients that are not finite are skipped, and the scale of the loss changes."""
        self.accumulates = int(getattr(self.inner, "gradient_accumulation_steps", None) or 1)
        self.layout: Layout | None = None
        self.broken = False
        """Whether looking failed: the steps are only handed on."""
        self._variables: list[Any] = []
        self._original: Any = None

    @abstractmethod
    def install(self) -> None:
        """Stand in front of the optimizer."""

    @abstractmethod
    def remove(self) -> None:
        """Leave the optimizer as it was."""

    @abstractmethod
    def read(self) -> tuple[int, list[Seen]]:
        """How often the optimizer was called in this epoch so far, and what was seen; may wait for the device."""

    def _put(self, name: str, function: Callable[..., Any]) -> None:
        # Not by setattr, which tracks what it is given.
        self.optimizer.__dict__[name] = function

    def _take_off(self, name: str, function: Callable[..., Any]) -> None:
        # What somebody else put there since is theirs; ours is still inside, and only hands on.
        if self.optimizer.__dict__.get(name) == function:
            del self.optimizer.__dict__[name]

    def _fail(self, doing: str, error: Exception) -> None:
        self.broken = True
        self._failed(doing, error)

    def _prepare(self, variables: Sequence[Any]) -> bool:
        """Choose the variables to watch at the first step; False where none of them is among these."""
        if self.layout is None:
            watched = watched_variables(variables, self._model)
            clip = getattr(self.inner, "clipvalue", None)
            self.layout = Layout(watched, float(clip) if clip else None)
            by_key = {id(one): one for one in variables}
            self._variables = [by_key[one.key] for one in watched]
            self._make_state()
        known = {one.key for one in self.layout.watched}
        return any(id(one) in known for one in variables)

    @abstractmethod
    def _make_state(self) -> None:
        """Make what is needed to keep looks in, now that their width is known."""

    def _own_variables(self, given: Any) -> list[Any]:
        return list(self.optimizer._trainable_variables if given is None else given)

    def _is_update(self) -> Any:
        """1 where this call changes the weights, 0 where it only adds to the gradients accumulated so far."""
        if self.accumulates == 1:
            return 1
        number = self.inner._iterations + 1
        return ops.cast(number % self.accumulates == 0, self.inner._iterations.dtype)

    def _gradients(self, grads: Sequence[Any], variables: Sequence[Any]) -> list[Any]:
        """The gradient that each watched variable is updated with, before clipping, multiplied by the loss's scale."""
        given = {id(variable): gradient for variable, gradient in zip(variables, grads, strict=True)}
        found = [given.get(id(variable)) for variable in self._variables]
        factor = getattr(self.inner, "loss_scale_factor", None)
        if factor:
            found = [None if one is None else ops.convert_to_tensor(one) / factor for one in found]
        if self.accumulates > 1:
            found = [self._accumulated(*pair) for pair in zip(found, self._variables, strict=True)]
        return found

    def _accumulated(self, gradient: Any, variable: Any) -> Any:
        if gradient is None:
            return None
        so_far = self.inner._accumulated_gradients[self.inner._get_variable_index(variable)]
        # The sum so far is of gradients that are unscaled.
        return (ops.convert_to_tensor(gradient) + so_far.value * self._scale()) / self.accumulates

    def _scale(self) -> Any:
        if not self.scales:
            return 1.0
        scale = getattr(self.optimizer, "dynamic_scale", None)
        return float(self.optimizer.initial_scale) if scale is None else scale.value

    def _around(self) -> Surroundings:
        samples = math.nan if self._tracker is None else self._tracker.count.value
        return Surroundings(coming_rate(self.inner), self._scale(), samples)

    def _weights(self) -> list[Any]:
        return [variable.value for variable in self._variables]


class PacedWatch(StepWatch):
    """A watch that chooses by itself which steps it looks at."""

    @abstractmethod
    def begin_epoch(self, shortest: int, longest: int, *, alarm: bool) -> None:
        """Begin an epoch with bounds for the distance of looks; ``alarm``: look closely at its first steps."""


class EagerWatch(PacedWatch):
    """Looks at steps that run one operation after the other: nothing is compiled, so plain numbers count them."""

    def __init__(self, optimizer: Any, model: Any, tracker: Any, failed: Failed) -> None:
        super().__init__(optimizer, model, tracker, failed)
        self._pace = Pace()
        self._rows: list[Any] = []
        self._earlier: Any = None

    def install(self) -> None:
        """Stand in front of ``apply``."""
        self._original = self.optimizer.apply
        self._put("apply", self._apply)

    def remove(self) -> None:
        """Leave ``apply`` as it was."""
        self._take_off("apply", self._apply)

    def begin_epoch(self, shortest: int, longest: int, *, alarm: bool) -> None:
        """See `PacedWatch`."""
        self._pace = next_epoch(self._pace, shortest, longest, alarm=alarm)
        self._rows = []

    def read(self) -> tuple[int, list[Seen]]:
        """See `StepWatch`."""
        layout = self.layout
        rows = [] if layout is None else [layout.seen(ops.convert_to_numpy(row)) for row in list(self._rows)]
        return self._pace.calls, rows

    def _make_state(self) -> None:
        """Rows are kept in a list."""

    def _apply(self, *args: Any, **named: Any) -> Any:
        before = None
        if not self.broken:
            try:
                before = self._before(*args, **named)
            except Exception as error:  # the step must be taken
                self._fail("looking at a step", error)
        result = self._original(*args, **named)
        if before is not None:
            try:
                self._after(*before)
            except Exception as error:  # the step is taken
                self._fail("looking at a step", error)
        return result

    def _before(self, grads: Sequence[Any], trainable_variables: Any = None) -> tuple[Any, Any] | None:
        is_update = int(self._is_update())
        pace = self._pace
        self._pace = called(pace, is_update)
        if not (is_update and is_due(pace)):
            return None
        variables = self._own_variables(trainable_variables)
        if not self._prepare(variables):
            self._pace = pace
            return None
        layout = self.layout
        assert layout is not None
        earlier = ops.zeros((layout.sample,)) if self._earlier is None else self._earlier
        row, sample, self._earlier = layout.measure(
            self._gradients(grads, variables),
            self._weights(),
            self._around(),
            earlier,
            pace.last_look == pace.updates - 1,
        )
        self._pace = called(looked(pace, False, PLAIN), is_update)
        return row, sample

    def _after(self, row: Any, sample: Any) -> None:
        assert self.layout is not None
        self._rows.append(self.layout.complete(row, sample, self._weights(), float(self._pace.calls)))
