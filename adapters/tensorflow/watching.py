"""`watch`: put a collector beside a loop with ``tf.GradientTape``."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import keras

from expert.adapters.keras.profile.decay import decays_norm_and_bias
from expert.adapters.keras.profile.loss import read_loss
from expert.adapters.keras.profile.optimizer import is_keras_optimizer, read_optimizer
from expert.adapters.keras.profile.pipeline import is_pipeline, is_py_dataset, read_pipeline
from expert.adapters.keras.profile.profiles import read_profiles
from expert.adapters.keras.profile.tree import is_keras_model
from expert.adapters.live.findings import FindingWatch
from expert.adapters.live.options import check_options, open_journal, read_config
from expert.adapters.live.sampling import Sampling
from expert.adapters.live.telemetry import Telemetry
from expert.adapters.tensorflow.reads import DeferredReads
from expert.adapters.tensorflow.run import Run
from expert.adapters.tensorflow.stepping import CALLS, StepWatch
from expert.errors import SourceError
from expert.history import History, RunConfig

if TYPE_CHECKING:
    from expert import Finding

BY_COMPILE = set(RunConfig.model_fields) - {"framework", "precision", "l2_penalty", "augmentation", "mixup"}
"""What ``compile`` fixes for ``fit`` is not what a loop of the user's own does."""


def watch(
    model: Any,
    optimizer: Any = None,
    *,
    variables: Sequence[Any] | None = None,
    path: str | os.PathLike[str] | None = None,
    loss_fn: Any = None,
    loader: Any = None,
    config: RunConfig | Mapping[str, Any] | None = None,
    every: int | None = None,
    budget: float = 0.01,
    on_finding: Callable[[Finding], object] | None = None,
    stop_on: str | None = None,
) -> Run:
    """Watch a training without changing it; returns the `Run` to tell of steps and epochs.

    ``model``: a ``keras.Model``; for several models that are trained in turns make a run for each. ``optimizer``: the
    Keras optimizer that applies the gradients; None where they are applied by hand. ``variables``: those that gradients
    are taken of, in order, where they are not ``model.trainable_variables``. ``path``: an append-only file of the
    record, any beginning of which can be read; a file that is already there is kept under another name. ``loss_fn`` and
    ``loader`` (a ``tf.data.Dataset``, never iterated) are asked what they are. ``config`` adds fields of `RunConfig`
    that cannot be seen.

    ``budget``: share of the run's time that looking may take (0.01 is one per cent). ``every=k`` looks at steps 1 to
    10, then at every k-th and the one after it, whatever that costs, so that a run can be repeated exactly.
    ``on_finding`` is called once with each finding that has become certain; ``stop_on`` ("error", "fatal" …) lets
    ``run.should_stop`` turn True.

    Raises `SourceError` with one sentence for arguments that are something else.
    """
    _check_parts(model, optimizer, variables, loss_fn, loader)
    check_options("watch", path=path, every=every, budget=budget, on_finding=on_finding, stop_on=stop_on)
    known = read_config("watch", config)
    telemetry = Telemetry("the watched run" if path is None else os.fspath(path), journaled=path is not None)
    _profiles(telemetry, model, optimizer, loss_fn=loss_fn, loader=loader)
    telemetry.know("config", **{name: value for name, value in known if value is not None})
    journal = open_journal("watch", path)
    reads = DeferredReads()
    steps = StepWatch(
        model,
        optimizer,
        telemetry,
        reads,
        sampling=Sampling(every, budget, CALLS),
        variables=None if variables is None else list(variables),
    )
    return Run(telemetry, steps, reads, FindingWatch(on_finding, stop_on), journal)


def _check_parts(model: Any, optimizer: Any, variables: Any, loss_fn: Any, loader: Any) -> None:
    if not is_keras_model(model):
        raise SourceError(f"watch: model is {type(model).__name__}; expected a keras.Model.")
    if keras.backend.backend() != "tensorflow":
        raise SourceError(
            f"watch: Keras runs on {keras.backend.backend()} here; expected TensorFlow, as tf.GradientTape has it."
        )
    if optimizer is not None and not is_keras_optimizer(optimizer):
        several = isinstance(optimizer, list | tuple)
        hint = "; make a run for each model with its optimizer" if several else ""
        raise SourceError(f"watch: optimizer is {type(optimizer).__name__}; expected one Keras optimizer{hint}.")
    if variables is not None and not all(isinstance(one, keras.Variable) for one in variables):
        raise SourceError("watch: variables holds something that is no Keras variable; expected those of the model.")
    if loss_fn is not None and not callable(loss_fn) and not isinstance(loss_fn, str):
        raise SourceError(f"watch: loss_fn is {type(loss_fn).__name__}; expected a loss of Keras or a function.")
    if loader is not None and not is_pipeline(loader) and not is_py_dataset(loader):
        raise SourceError(f"watch: loader is {type(loader).__name__}; expected a tf.data.Dataset or a PyDataset.")


def _profiles(telemetry: Telemetry, model: Any, optimizer: Any, *, loss_fn: Any, loader: Any) -> None:
    """What model, optimizer, loss and loader tell of themselves."""
    told = read_profiles(model)
    config = told.config.model_copy(update=dict.fromkeys(BY_COMPILE))
    _merge(telemetry, told.model_copy(update={"config": config}))
    if optimizer is not None:
        # Without a schedule of the optimizer's own the loop may still set the rate, which the looks will see.
        telemetry.know("config", **read_optimizer(optimizer))
        telemetry.know("config", decay_on_norm_and_bias=decays_norm_and_bias(model, optimizer))
    if loss_fn is not None:
        telemetry.know("config", **{name: value for name, value in read_loss(loss_fn).items() if value is not None})
    if loader is not None:
        _merge(telemetry, read_pipeline(loader))
    # A tape begins each step with gradients of its own.
    telemetry.know("config", gradients_zeroed=True)


def _merge(telemetry: Telemetry, told: History) -> None:
    for record, profile in (("config", told.config), ("model", told.model), ("data", told.data)):
        telemetry.know(record, **{name: value for name, value in profile if value is not None})
    for note in told.notes:
        telemetry.note(note)
