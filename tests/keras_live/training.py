"""A call of ``model.fit`` as a user writes it, with the faults of a `Program` in it, under `ExpertCallback`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expert.adapters.keras import ExpertCallback
from expert.history import History
from tests.keras_live.networks import build, keras
from tests.scenarios import data
from tests.scenarios.program import Program

ELSEWHERE = (
    "penalty_in_gradient", "averaging", "pretraining", "ascent", "batch_change", "rate_change", "decay_per_epoch",
    "validation_reduction", "clip_from_epoch", "clip_value", "gradients_zeroed",
)  # fmt: skip
"""Options of a program that a call of ``fit`` has no place for."""
PROBED = 256
"""Validation samples that are passed through the model for its activations."""

Pair = tuple[NDArray[Any], NDArray[Any]]


@dataclass(frozen=True)
class Arrays:
    """Inputs and labels, for training and for validation."""

    train: Pair
    validation: Pair
    classes: int


@dataclass(frozen=True)
class Trained:
    """A finished training: the callback that watched it, the arrays it was trained on, and how it ended."""

    watcher: ExpertCallback
    arrays: Arrays
    model: Any

    @property
    def data(self) -> tuple[Pair, Pair]:
        """What a user hands to `advise(watcher, data=...)`."""
        return self.arrays.train, self.arrays.validation

    @cached_property
    def measures(self) -> dict[str, float]:
        """How the training ended, under the names that the cures of the scenarios are measured by."""
        return _measures(self.watcher.history(), self.model, self.arrays)


def draw(program: Program, seed: int) -> Arrays:
    """The samples of the scenario as arrays; pictures with their channels last."""
    samples = data.draw(program, seed, task=seed)
    x, x_val = (np.moveaxis(one.numpy(), 1, -1) if program.model == "cnn" else one.numpy()
                for one in (samples.x, samples.x_val))  # fmt: skip
    return Arrays((x, samples.y.numpy()), (x_val, samples.y_val.numpy()), samples.classes)


def train(
    program: Program, seed: int, told: Mapping[str, object] | None = None, *, probe: bool = False, **fit: Any
) -> Trained:
    """Train the program. ``told``: what the user adds as ``config``; ``fit``: further arguments of ``fit``."""
    unknown = [name for name in ELSEWHERE if getattr(program, name) != getattr(Program(), name)]
    assert not unknown, f"fit has no place for {unknown}"
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    arrays = draw(program, seed)
    policy = {"float16": "mixed_float16", "bfloat16": "mixed_bfloat16", "float32": "float32"}[program.precision]
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = build(program, arrays.train[0].shape[1:], arrays.classes)
        # On JAX a step is either compiled this way or runs operation by operation, which nobody wants to wait for.
        compiled = keras.backend.backend() == "jax"
        model.compile(optimizer_of(program), loss_of(program), metrics=["accuracy"], jit_compile=compiled)
    finally:
        keras.config.set_dtype_policy(before)
    watcher = ExpertCallback(quiet=True, config=told, probe=arrays.validation[0][:PROBED] if probe else None)
    arguments = (
        {
            "epochs": program.epochs,
            "validation_data": arrays.validation,
            "validation_batch_size": 400,
            "class_weight": _class_weight(program, arrays),
            "callbacks": [*_callbacks(program), watcher],
            "verbose": 0,
        }
        | _samples(program, arrays, seed)
        | fit
    )
    model.fit(**arguments)
    return Trained(watcher, arrays, model)


def _samples(program: Program, arrays: Arrays, seed: int) -> dict[str, Any]:
    """The training set as arguments of ``fit``.

    A pipeline where the order is drawn anew: of arrays TensorFlow, which has a seed, would repeat one order.
    """
    x, y = arrays.train
    if program.order != "redrawn" or keras.backend.backend() != "tensorflow":
        return {"x": x, "y": y, "batch_size": program.batch, "shuffle": program.order != "sorted"}
    import tensorflow as tf

    return {"x": tf.data.Dataset.from_tensor_slices((x, y)).shuffle(len(y), seed=seed).batch(program.batch)}


def optimizer_of(program: Program) -> Any:
    """The program's optimizer, with the clipping that Keras leaves to it."""
    settings: dict[str, Any] = {"learning_rate": program.rate}
    if program.weight_decay:
        settings["weight_decay"] = program.weight_decay
    if program.clip_norm is not None:
        settings["global_clipnorm"] = program.clip_norm
    if program.optimizer == "sgd":
        return keras.optimizers.SGD(momentum=program.momentum, **settings)
    kinds = {"adam": keras.optimizers.Adam, "adamw": keras.optimizers.AdamW, "adadelta": keras.optimizers.Adadelta}
    return kinds[program.optimizer](**settings)


def loss_of(program: Program) -> Any:
    """The program's loss."""
    fused = keras.losses.SparseCategoricalCrossentropy(
        from_logits=True, reduction="sum" if program.reduction == "sum" else "sum_over_batch_size"
    )
    if program.loss == "fused":
        return fused

    def negated(labels: Any, outputs: Any) -> Any:
        return -keras.ops.sparse_categorical_crossentropy(labels, outputs, from_logits=True)

    def by_hand(labels: Any, outputs: Any) -> Any:
        probabilities = keras.ops.softmax(outputs)
        if program.loss == "clamped_softmax":
            probabilities = keras.ops.clip(probabilities, 1e-10, 1.0)
        wanted = keras.ops.one_hot(keras.ops.cast(labels, "int32"), outputs.shape[-1])
        return -keras.ops.sum(wanted * keras.ops.log(probabilities), axis=-1)

    return negated if program.loss == "negated" else by_hand


def _callbacks(program: Program) -> list[Any]:
    found: list[Any] = []
    if program.rate_per_epoch != 1.0:
        found.append(keras.callbacks.LearningRateScheduler(lambda epoch: program.rate * program.rate_per_epoch**epoch))
    if program.checkpoint_best:
        # A patience that is never out: the best weights are what is kept.
        found.append(keras.callbacks.EarlyStopping("val_loss", patience=program.epochs, restore_best_weights=True))
    return found


def _class_weight(program: Program, arrays: Arrays) -> dict[int, float] | None:
    if not program.class_weights:
        return None
    counts = np.bincount(arrays.train[1], minlength=arrays.classes)
    return {label: len(arrays.train[1]) / (arrays.classes * int(count)) for label, count in enumerate(counts)}


def _measures(history: History, model: Any, arrays: Arrays) -> dict[str, float]:
    last = {one.role: float(one.values[-1]) for one in history.series if one.clock == "epoch" and len(one.values)}
    x, y = arrays.validation
    outputs = np.asarray(model.predict(x, batch_size=400, verbose=0), dtype=np.float64)
    guesses = outputs.argmax(-1)
    epoch_means = next(one for one in history.series if one.role == "train.loss" and one.clock == "epoch")
    val_losses = history.get("val.loss")
    assert val_losses is not None
    kept = dict(zip(("kept_loss", "kept_accuracy"), model.evaluate(x, y, batch_size=400, verbose=0), strict=True))
    return kept | {
        "train_loss": last["train.loss"],
        "val_loss": last["val.loss"],
        "val_accuracy": last["val.accuracy"],
        "kept_train_loss": float(model.evaluate(*arrays.train, batch_size=400, verbose=0)[0]),
        "balanced_accuracy": float(np.mean([(guesses[y == label] == label).mean() for label in np.unique(y)])),
        "gap_shown": float(np.mean(np.abs(val_losses.values - epoch_means.values))),
        "gap_in_epochs": abs(last["val.loss"] - last["train.loss"]),
        "validation_error": math.sqrt(0.25 / len(y)),
        "jitter": _jitter(history),
        "spike": _spike(history),
        "epoch_echo": _echo(history),
    }


def _steps(history: History) -> NDArray[np.float64]:
    found = [one for one in history.series if one.role == "train.loss" and one.clock == "step"]
    return np.asarray(found[0].values, dtype=np.float64) if found else np.empty(0)


def _jitter(history: History) -> float:
    """Standard deviation of the step losses about their running median in the second half, over their mean."""
    half = _steps(history)
    half = half[len(half) // 2 :]
    if not len(half):
        return math.nan
    smooth = np.array([np.median(half[max(0, i - 10) : i + 11]) for i in range(len(half))])
    return float(np.std(half - smooth) / abs(np.mean(half)))


def _spike(history: History) -> float:
    norms = history.get("gradient.norm")
    return math.nan if norms is None else float(np.max(norms.values) / max(np.median(norms.values), 1e-30))


def _echo(history: History) -> float:
    """Correlation of the step losses of successive epochs, each freed of its own quadratic trend."""
    steps, count = _steps(history), history.config.steps_per_epoch or 0
    table = steps[: len(steps) // max(count, 1) * count].reshape(-1, count)[2:] if count else steps.reshape(0, 0)
    if len(table) < 3 or count < 8 or not np.isfinite(table).all():
        return math.nan
    place = np.arange(count)
    rest = np.array([row - np.polyval(np.polyfit(place, row, 2), place) for row in table])
    rest /= rest.std(1, keepdims=True) + 1e-12
    return float(np.mean(rest[1:] * rest[:-1]))
