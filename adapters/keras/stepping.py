"""Watches one optimizer: a function in front of its ``apply`` that looks at some steps and hands all of them on.

The function stands on the instance, so it is traced into the compiled step where there is one. What it sees is kept in
variables of its own and read once an epoch. Three ways, by how a backend steps: `GraphWatch` (TensorFlow), `EagerWatch`
(PyTorch, and TensorFlow where the user runs eagerly) and `StatelessWatch` (JAX).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from keras import ops

from expert.adapters.keras.looks import Layout, Seen, Surroundings
from expert.adapters.keras.pacing import PLAIN, ROWS, Arithmetic, Pace, called, is_due, looked
from expert.adapters.keras.variables import watched_variables

UPDATES, NEXT_LOOK = Pace._fields.index("updates"), Pace._fields.index("next_look")
TENSORS = Arithmetic(ops.where, ops.minimum, ops.maximum)
Failed = Callable[[str, Exception], None]


class StepWatch(ABC):
    """Watches the steps of ``optimizer``, which trains some of ``model``'s variables."""

    def __init__(self, optimizer: Any, model: Any, tracker: Any, failed: Failed) -> None:
        """``tracker``: the running mean of the loss, whose count of samples is of this epoch; None where none is."""
        self.optimizer, self._model, self._tracker, self._failed = optimizer, model, tracker, failed
        self.inner = getattr(optimizer, "inner_optimizer", None) or optimizer
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
    def begin_epoch(self, shortest: int, longest: int, *, alarm: bool) -> None:
        """Begin an epoch with bounds for the distance of looks; ``alarm``: look closely at its first steps."""

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
        own = getattr(self.inner, "_learning_rate", None)
        # A function of the user's own is not called once more than they expect.
        known = isinstance(own, keras.Variable | keras.optimizers.schedules.LearningRateSchedule)
        rate = ops.convert_to_tensor(self.inner.learning_rate) if known else math.nan
        samples = math.nan if self._tracker is None else self._tracker.count.value
        return Surroundings(rate, self._scale(), samples)

    def _weights(self) -> list[Any]:
        return [variable.value for variable in self._variables]


class EagerWatch(StepWatch):
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
        """See `StepWatch`."""
        self._pace = _next_epoch(self._pace, shortest, longest, alarm=alarm)
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


class GraphWatch(StepWatch):
    """Looks from inside a function of TensorFlow, under a condition of its graph, into variables of its own."""

    def install(self) -> None:
        """Stand in front of ``apply``."""
        self._original = self.optimizer.apply
        self._put("apply", self._apply)

    def remove(self) -> None:
        """Leave ``apply`` as it was."""
        self._take_off("apply", self._apply)

    def _make_state(self) -> None:
        import tensorflow as tf

        layout = self.layout
        assert layout is not None
        # The first step may be the one that is being traced; the state outlives the graph.
        with tf.init_scope():
            self._control = _variable("control", np.array(self._pending, dtype="int64"))
            self._ring = _variable("looks", np.zeros((ROWS, layout.width), dtype="float32"))
            self._row = _variable("look", np.zeros(layout.before, dtype="float32"))
            self._sample = _variable("weights", np.zeros(layout.sample, dtype="float32"))
            self._earlier = _variable("gradients", np.zeros(layout.sample, dtype="float32"))

    def __init__(self, optimizer: Any, model: Any, tracker: Any, failed: Failed) -> None:
        super().__init__(optimizer, model, tracker, failed)
        self._pending = Pace()
        """The pace to begin with, until there is a variable for it."""

    def begin_epoch(self, shortest: int, longest: int, *, alarm: bool) -> None:
        """See `StepWatch`."""
        if self.layout is None:
            self._pending = _next_epoch(self._pending, shortest, longest, alarm=alarm)
        else:
            pace = _next_epoch(_pace_of(self._control), shortest, longest, alarm=alarm)
            self._control.assign(np.array(pace, dtype="int64"))

    def read(self) -> tuple[int, list[Seen]]:
        """See `StepWatch`."""
        if self.layout is None:
            return 0, []
        pace = _pace_of(self._control)
        rows = ops.convert_to_numpy(self._ring.value)[: pace.used] if pace.used else ()
        return pace.calls, [self.layout.seen(row) for row in rows]

    def _apply(self, *args: Any, **named: Any) -> Any:
        before = None
        if not self.broken:
            try:
                before = self._before(*args, **named)
            except Exception as error:  # the step must be traced
                self._fail("looking into the step", error)
        result = self._original(*args, **named)
        if before is not None:
            try:
                self._after(*before)
            except Exception as error:  # the step is traced
                self._fail("looking into the step", error)
        return result

    def _before(self, grads: Sequence[Any], trainable_variables: Any = None) -> tuple[Any, Any, Any] | None:
        variables = self._own_variables(trainable_variables)
        if not self._prepare(variables):
            return None
        if self.accumulates > 1 and not self.optimizer.built:
            # What `apply` does first; the sums of gradients are needed before it.
            with keras.name_scope(self.optimizer.name, caller=self.optimizer):
                self.optimizer.build(variables)
        layout = self.layout
        assert layout is not None
        # On most steps this is all there is to do: three operations here, and one to count.
        control, is_update = self._control.value, self._is_update()
        due = is_due(Pace(updates=control[UPDATES], next_look=control[NEXT_LOOK]))
        if self.accumulates > 1:
            due = due & (is_update > 0)

        def look() -> Any:
            pace = Pace(*ops.unstack(control))
            row, sample, direction = layout.measure(
                self._gradients([_made_again(one) for one in grads], variables),
                self._weights(),
                self._around(),
                self._earlier.value,
                pace.last_look == pace.updates - 1,
            )
            self._row.assign(row)
            self._sample.assign(sample)
            self._earlier.assign(direction)
            return ops.zeros(())

        ops.cond(due, look, lambda: ops.zeros(()))
        return control, due, is_update

    def _after(self, control: Any, due: Any, is_update: Any) -> None:
        layout = self.layout
        assert layout is not None

        def keep() -> Any:
            pace = Pace(*ops.unstack(control))
            step = ops.cast(pace.calls + 1, "float32")
            row = layout.complete(self._row.value, self._sample.value, self._weights(), step)
            self._ring.assign(_placed(self._ring.value, row, pace.used))
            broken = _is_broken(row, layout) if not self.scales else ops.zeros((), dtype="bool")
            self._control.assign(_packed(looked(pace, broken, TENSORS), self._control.dtype))
            return ops.zeros(())

        ops.cond(due, keep, lambda: ops.zeros(()))
        counted: Any = np.array(called(Pace(*[0] * len(Pace())), 1), dtype="int64")
        if self.accumulates > 1:
            counted = _packed(called(Pace(*[0] * len(Pace())), is_update), self._control.dtype)
        self._control.assign_add(counted)


class StatelessWatch(StepWatch):
    """Looks from inside a step of JAX, whose state is handed in and out: what is seen travels with the optimizer's.

    The variables are the optimizer's own for as long as it is watched. Files saved meanwhile hold none of them.
    """

    def __init__(self, optimizer: Any, model: Any, tracker: Any, failed: Failed) -> None:
        super().__init__(optimizer, model, None, failed)
        self._state: list[Any] = []
        self._wrapped: dict[str, Callable[..., Any]] = {
            "stateless_apply": self._stateless_apply,
            "save_own_variables": self._save_own_variables,
            "load_own_variables": self._load_own_variables,
        }

    def install(self) -> None:
        """Stand in front of ``stateless_apply``; the optimizer must be built."""
        self._originals = {name: getattr(self.optimizer, name) for name in self._wrapped}
        if self._state:
            for one in self._state:
                self.optimizer._track_variable(one)
        else:
            self._prepare(self.optimizer._trainable_variables)
        for name, function in self._wrapped.items():
            self._put(name, function)

    def remove(self) -> None:
        """Leave the optimizer as it was, with no variable more."""
        for name, function in self._wrapped.items():
            self._take_off(name, function)
        for one in self._state:
            self.optimizer._untrack_variable(one)

    def _make_state(self) -> None:
        layout = self.layout
        assert layout is not None
        about = {"control": (len(Pace()),), "looks": (ROWS, layout.width), "gradients": (layout.sample,)}
        for name, shape in about.items():
            kind = "int32" if name == "control" else "float32"
            self._state.append(self.optimizer.add_variable(shape, dtype=kind, name=f"training_expert_{name}"))
        self._state[0].assign(np.array(Pace(), dtype="int32"))

    def begin_epoch(self, shortest: int, longest: int, *, alarm: bool) -> None:
        """See `StepWatch`; to be called where the state is the host's, as between epochs."""
        pace = _next_epoch(_pace_of(self._state[0]), shortest, longest, alarm=alarm)
        self._state[0].assign(np.array(pace, dtype="int32"))

    def read(self) -> tuple[int, list[Seen]]:
        """See `StepWatch`; what was seen arrives at the end of an epoch."""
        layout = self.layout
        assert layout is not None
        pace = _pace_of(self._state[0])
        rows = ops.convert_to_numpy(self._state[1].value)[: pace.used] if pace.used else ()
        return pace.calls, [layout.seen(row) for row in rows]

    def _stateless_apply(self, optimizer_variables: Any, grads: Any, trainable_variables: Any) -> Any:
        before = None
        if not self.broken:
            try:
                before = self._before(optimizer_variables, grads, trainable_variables)
            except Exception as error:  # the step must be traced
                self._fail("looking into the step", error)
        result = self._originals["stateless_apply"](optimizer_variables, grads, trainable_variables)
        if before is not None:
            try:
                return self._after(before, *result)
            except Exception as error:  # the step is traced
                self._fail("looking into the step", error)
        return result

    def _before(self, optimizer_variables: Any, grads: Any, trainable_variables: Any) -> tuple[Any, ...]:
        layout, own = self.layout, self.optimizer._trainable_variables
        assert layout is not None
        mapping = [*zip(own, trainable_variables, strict=True)]
        mapping += zip(self.optimizer.variables, optimizer_variables, strict=True)
        with keras.StatelessScope(state_mapping=mapping, initialize_variables=False):
            control, ring, earlier = (one.value for one in self._state)
            pace, is_update = Pace(*ops.unstack(control)), self._is_update()
            due = is_due(pace) & (is_update > 0)

            def look() -> tuple[Any, Any, Any]:
                return layout.measure(
                    self._gradients(grads, own),
                    self._weights(),
                    self._around(),
                    earlier,
                    pace.last_look == pace.updates - 1,
                )

            nothing = ops.zeros((layout.before,)), ops.zeros((layout.sample,)), earlier
            row, sample, direction = _either(due, look, lambda: nothing)
        return pace, is_update, due, ring, row, sample, direction

    def _after(self, before: tuple[Any, ...], trainable_variables: Any, optimizer_variables: Any) -> Any:
        pace, is_update, due, ring, row, sample, direction = before
        layout = self.layout
        assert layout is not None
        kind = self._state[0].dtype
        mapping = [*zip(self.optimizer._trainable_variables, trainable_variables, strict=True)]
        with keras.StatelessScope(state_mapping=mapping, initialize_variables=False):

            def keep() -> tuple[Any, Any]:
                whole = layout.complete(row, sample, self._weights(), ops.cast(pace.calls + 1, "float32"))
                broken = _is_broken(whole, layout) if not self.scales else ops.zeros((), dtype="bool")
                later = called(looked(pace, broken, TENSORS), is_update)
                return _placed(ring, whole, pace.used), _packed(later, kind)

            kept, control = _either(due, keep, lambda: (ring, _packed(called(pace, is_update), kind)))
        ours = {id(one): value for one, value in zip(self._state, (control, kept, direction), strict=True)}
        named = zip(self.optimizer.variables, optimizer_variables, strict=True)
        return trainable_variables, [ours.get(id(one), value) for one, value in named]

    def _save_own_variables(self, store: Any) -> Any:
        with self._hidden():
            return self._originals["save_own_variables"](store)

    def _load_own_variables(self, store: Any) -> Any:
        with self._hidden():
            return self._originals["load_own_variables"](store)

    @contextmanager
    def _hidden(self) -> Iterator[None]:
        """The optimizer has none of our variables, as far as files are concerned."""
        held = self.optimizer._variables
        everything, ours = list(held), {id(one) for one in self._state}
        held[:] = [one for one in everything if id(one) not in ours]
        try:
            yield
        finally:
            held[:] = everything


def _made_again(tensor: Any, depth: int = 8) -> Any:
    """The same numbers as those of a tensor of a TensorFlow graph, without a further reader of products and sums.

    TensorFlow changes the order of a product's factors where the product is read once, as by the optimizer alone. To
    read it, too, would change the last bits of an update.
    """
    if type(tensor).__name__ != "SymbolicTensor" or not depth:
        return tensor
    import tensorflow as tf

    make = {"Mul": tf.multiply, "AddV2": tf.add, "Add": tf.add}.get(tensor.op.type)
    if make is not None:
        return make(*(_made_again(one, depth - 1) for one in tensor.op.inputs))
    if tensor.op.type == "AddN":
        return tf.add_n([_made_again(one, depth - 1) for one in tensor.op.inputs])
    return tensor


def _either(condition: Any, yes: Callable[[], Any], no: Callable[[], Any]) -> Any:
    """``ops.cond``, which a step of JAX that is not compiled would compile at each step."""
    import jax

    if isinstance(condition, jax.core.Tracer):
        return ops.cond(condition, yes, no)
    return yes() if condition else no()


def _variable(name: str, values: Any) -> Any:
    return keras.Variable(values, dtype=str(values.dtype), trainable=False, name=f"training_expert_{name}")


def _pace_of(control: Any) -> Pace:
    return Pace(*(int(number) for number in ops.convert_to_numpy(control.value)))


def _next_epoch(pace: Pace, shortest: int, longest: int, *, alarm: bool) -> Pace:
    later = pace._replace(calls=0, used=0, shortest=shortest, longest=longest)
    # What was planned with other bounds may be far too late now.
    following = later.updates if pace.used >= ROWS else min(later.next_look, later.updates + longest)
    later = later._replace(next_look=following)
    if alarm:
        later = later._replace(next_look=later.updates, dense_until=later.updates + AFTER_ALARM)
    return later


AFTER_ALARM = 10
"""So many steps are looked at closely at the beginning of an epoch that follows on trouble."""


def _packed(pace: Pace, kind: str) -> Any:
    return ops.stack([ops.cast(one, kind) for one in pace])


def _placed(ring: Any, row: Any, place: Any) -> Any:
    here = ops.expand_dims(ops.cast(ops.arange(ROWS), place.dtype) == place, 1)
    return ops.where(here, row, ring)


def _is_broken(row: Any, layout: Layout) -> Any:
    """Whether a gradient is not finite."""
    return ops.logical_not(ops.all(ops.isfinite(row[: layout.parts["gradient"]])))
