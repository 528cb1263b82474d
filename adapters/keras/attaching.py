"""Puts watches on the optimizers of a model for the time of a training, or says why that is not possible."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import keras

from expert.adapters.keras.choosing import ChosenStep
from expert.adapters.keras.graph_steps import GraphWatch
from expert.adapters.keras.jax_steps import StatelessWatch
from expert.adapters.keras.stepping import EagerWatch, Failed, PacedWatch, StepWatch

DISTRIBUTED = "the training is distributed"
TORCH_COMPILED = "the step is compiled by torch.compile"
NO_OPTIMIZER = "the model has no optimizer of Keras"
CHANGED = "which layers are trained was changed since it was compiled, which has no effect before it is compiled again"
OWN_FUNCTION = "the model makes its training function in a way of its own"


class Attachment:
    """The watches of one model and its optimizers, over one or several calls of ``fit``."""

    def __init__(self, model: Any, failed: Failed) -> None:
        """``why_not``: why steps cannot be looked at; None where they can."""
        self._model = model
        self.optimizers = optimizers_of(model)
        self.why_not = _why_not(model, self.optimizers)
        self.watches: list[StepWatch] = []
        self._ours: Any = None
        self._theirs: Any = None
        self._chosen: ChosenStep | None = None
        if self.why_not is None:
            make = _kind(model)
            tracker = loss_tracker(model)
            self.watches = [make(one, model, tracker, failed) for one in self.optimizers]
        graphs = [one for one in self.watches if isinstance(one, GraphWatch)]
        if graphs:
            steps, own = int(model.steps_per_execution), has_own_step(model)
            self._chosen = self._ours = ChosenStep(graphs, steps=steps, always=own, failed=failed)

    def is_for(self, model: Any) -> bool:
        """Whether this is still the same model with the same optimizers."""
        mine = [id(one) for one in self.optimizers]
        return model is self._model and mine == [id(one) for one in optimizers_of(model)]

    def install(self) -> None:
        """Stand in front of the optimizers; a step that was compiled before is compiled anew, with us in it."""
        for watch in self.watches:
            watch.install()
        if not self.watches or isinstance(self.watches[0], EagerWatch):
            return
        compiled = self._model.train_function
        if self._ours is None or self._theirs is None or compiled is not self._theirs:
            self._model.make_train_function(force=True)
            self._theirs, made = compiled, self._model.train_function
            if self._chosen is None:
                self._ours = made
            else:
                self._chosen.bare, self._chosen.seen = compiled, made
        self._model.train_function = self._ours

    def begin_epoch(self, shortest: int, longest: int, *, alarm: bool) -> None:
        """Begin an epoch with bounds for the distance of looks; ``alarm``: look closely at its first steps."""
        if self._chosen is not None:
            self._chosen.begin_epoch(shortest, longest, alarm=alarm)
        for watch in self.watches:
            if isinstance(watch, PacedWatch):
                watch.begin_epoch(shortest, longest, alarm=alarm)

    def look_closely(self) -> None:
        """Look at the steps that come, for there is trouble; may be called by another thread."""
        if self._chosen is not None:
            self._chosen.look_closely()

    def remove(self) -> None:
        """Leave optimizers and compiled step as they were."""
        for watch in self.watches:
            watch.remove()
        if self._ours is not None and self._model.train_function is self._ours:
            self._model.train_function = self._theirs


def optimizers_of(model: Any) -> list[Any]:
    """The optimizer the model was compiled with, then those it keeps as attributes, as one with a loop of its own."""
    found = [one for one in (getattr(model, "optimizer", None), *_attributes(model)) if _is_optimizer(one)]
    inner = {id(getattr(one, "inner_optimizer", None)) for one in found}
    unique = {id(one): one for one in found if id(one) not in inner}
    # Only the state of the compiled one is handed through a step of JAX.
    return list(unique.values())[: 1 if keras.backend.backend() == "jax" else None]


def loss_tracker(model: Any) -> Any:
    """The running mean that is logged as the loss; None where there is none.

    Its count is of the samples seen in this epoch, if the step is that of Keras.
    """
    try:
        # Of several of that name the last one is logged.
        last = next((one for one in reversed(model.metrics) if one.name == "loss"), None)
    except Exception:  # a property of the user's own
        return None
    known = isinstance(last, keras.metrics.Mean) and isinstance(getattr(last, "count", None), keras.Variable)
    return last if known else None


def has_own_step(model: Any) -> bool:
    """Whether the model trains by a ``train_step`` of the user's own, whose logs may be anything."""
    return type(model).train_step is not keras.Model.train_step or "train_step" in vars(model)


def _attributes(model: Any) -> Iterable[Any]:
    for value in list(vars(model).values()):
        yield value
        if isinstance(value, list | tuple):
            yield from value
        elif isinstance(value, dict):
            yield from value.values()


def _is_optimizer(value: Any) -> bool:
    return isinstance(value, keras.optimizers.Optimizer)


def _kind(model: Any) -> Callable[..., StepWatch]:
    backend = keras.backend.backend()
    if backend == "jax":
        return StatelessWatch
    return GraphWatch if backend == "tensorflow" and not model.run_eagerly else EagerWatch


def _why_not(model: Any, optimizers: list[Any]) -> str | None:
    if not optimizers:
        return NO_OPTIMIZER
    backend = keras.backend.backend()
    if keras.distribution.distribution() is not None or _has_strategy(model):
        return DISTRIBUTED
    if backend == "torch" and model.jit_compile and not model.run_eagerly:
        return TORCH_COMPILED
    if backend != "torch" and type(model).make_train_function is not keras.Model.make_train_function:
        return OWN_FUNCTION
    if _trains_others(model):
        return CHANGED
    if backend == "jax" and not optimizers[0].built:
        return "the optimizer is not built"
    return None


def _trains_others(model: Any) -> bool:
    """Whether a step that is compiled already trains other variables than one that is compiled now would."""
    optimizer = model.optimizer
    if has_own_step(model) or not getattr(optimizer, "built", False) or model.run_eagerly:
        return False
    held = {id(one) for one in getattr(optimizer, "_trainable_variables", ())}
    return held != {id(one) for one in model.trainable_variables}


def _has_strategy(model: Any) -> bool:
    """Whether a strategy of TensorFlow other than the default one, which does nothing, is at work."""
    if keras.backend.backend() != "tensorflow":
        return False
    return type(model.distribute_strategy).__name__ != "_DefaultDistributionStrategy"
