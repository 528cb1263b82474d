"""Watches an optimizer from inside a step of JAX."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from keras import ops

from expert.adapters.keras.looks import Layout, Seen, placed
from expert.adapters.keras.pacing import ROWS, Arithmetic, Pace, called, is_due, looked, next_epoch
from expert.adapters.keras.stepping import Failed, PacedWatch

TENSORS = Arithmetic(ops.where, ops.minimum, ops.maximum)


class StatelessWatch(PacedWatch):
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
        """See `PacedWatch`; to be called where the state is the host's, as between epochs."""
        pace = next_epoch(_pace_of(self._state[0]), shortest, longest, alarm=alarm)
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
                return placed(ring, whole, pace.used), _packed(later, kind)

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


def _either(condition: Any, yes: Callable[[], Any], no: Callable[[], Any]) -> Any:
    """``ops.cond``, which a step of JAX that is not compiled would compile at each step."""
    import jax

    if isinstance(condition, jax.core.Tracer):
        return ops.cond(condition, yes, no)
    return yes() if condition else no()


def _pace_of(control: Any) -> Pace:
    return Pace(*(int(number) for number in ops.convert_to_numpy(control.value)))


def _packed(pace: Pace, kind: str) -> Any:
    return ops.stack([ops.cast(one, kind) for one in pace])


def _is_broken(row: Any, layout: Layout) -> Any:
    """Whether a gradient is not finite."""
    return ops.logical_not(ops.all(ops.isfinite(row[: layout.parts["gradient"]])))
