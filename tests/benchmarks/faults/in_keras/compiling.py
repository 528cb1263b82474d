"""What a model is compiled with: the optimizer, its schedule, the loss and the metrics that a `Setup` says."""

from __future__ import annotations

from typing import Any

from tests.benchmarks.faults.in_keras.networks import keras
from tests.benchmarks.faults.samples import Task
from tests.benchmarks.faults.setup import Setup

CLAMP = 1e-7
OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "rmsprop": keras.optimizers.RMSprop,
    "adadelta": keras.optimizers.Adadelta,
}
"""Those without momentum of their own."""

schedules = keras.optimizers.schedules


def optimizer_of(setup: Setup, updates: int) -> Any:
    """The optimizer, for so many updates in all."""
    settings: dict[str, Any] = {"learning_rate": _rate(setup, updates)}
    if setup.optimizer == "adamw":
        settings["weight_decay"] = setup.weight_decay
    if setup.clip_norm is not None:
        settings["global_clipnorm"] = setup.clip_norm
    if setup.accumulation > 1:
        settings["gradient_accumulation_steps"] = setup.accumulation
    if setup.epsilon != Setup().epsilon:
        settings["epsilon"] = setup.epsilon
    if setup.optimizer == "sgd":
        return keras.optimizers.SGD(momentum=setup.momentum, **settings)
    return OPTIMIZERS[setup.optimizer](**settings)


class WarmUp(schedules.LearningRateSchedule):  # type: ignore[misc]  # Keras has no types
    """The rate rises to that of another schedule, as people write it themselves."""

    def __init__(self, initial_learning_rate: float, after: Any, warmup_steps: int) -> None:
        super().__init__()
        self.initial_learning_rate, self.after, self.warmup_steps = initial_learning_rate, after, warmup_steps

    def __call__(self, step: Any) -> Any:
        rate = self.after(step) if callable(self.after) else self.after
        return rate * keras.ops.minimum(1.0, (keras.ops.cast(step, "float32") + 1.0) / self.warmup_steps)


def _rate(setup: Setup, updates: int) -> Any:
    """The rate, or what changes it from update to update."""
    rate, rising = setup.rate, round(setup.warmup * updates)
    if setup.schedule == "cosine" and rising:
        start = rate / rising
        return schedules.CosineDecay(start, updates - rising, alpha=0.01, warmup_target=rate, warmup_steps=rising)
    planned: Any = rate
    if setup.schedule == "cosine":
        planned = schedules.CosineDecay(rate, updates, alpha=0.01)
    elif setup.schedule == "restarts":
        planned = schedules.CosineDecayRestarts(rate, max(1, updates // 3), t_mul=1.0, alpha=0.01)
    elif setup.schedule == "step":
        thirds = [updates // 3, 2 * updates // 3]
        planned = schedules.PiecewiseConstantDecay(thirds, [rate, 0.2 * rate, 0.04 * rate])
    elif setup.schedule == "ends_early":
        planned = schedules.PolynomialDecay(rate, max(1, round(0.12 * updates)), end_learning_rate=0.0)
    return WarmUp(rate, planned, rising) if rising else planned


def wants_one_hot(setup: Setup) -> bool:
    """Whether the loss takes the classes of labels as vectors."""
    return setup.loss == "squared" or setup.label_smoothing > 0.0


def loss_of(setup: Setup, task: Task) -> Any:
    """The loss: an object or a name where it is Keras' own, else a function."""
    if setup.loss in ("log_of_softmax", "clamped"):
        return _by_hand(task, CLAMP if setup.loss == "clamped" else 0.0)
    if setup.loss == "negated":
        return _negated(task)
    reduction = "sum" if setup.reduction == "sum" else "sum_over_batch_size"
    if task in ("regression", "autoencoder") or setup.loss == "squared":
        return keras.losses.MeanSquaredError(reduction=reduction)
    if task == "binary":
        return keras.losses.BinaryCrossentropy(from_logits=True, reduction=reduction)
    if setup.label_smoothing:
        smoothing = setup.label_smoothing
        return keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing, reduction=reduction)
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=reduction)


def metrics_of(setup: Setup, task: Task) -> list[Any]:
    """The metrics that people watch beside the loss of such a task."""
    if task == "classification":
        return ["accuracy"]
    if task == "binary":
        threshold = 0.5 if setup.head_activation == "sigmoid" else 0.0
        return [keras.metrics.BinaryAccuracy("accuracy", threshold=threshold)]
    return ["mae"] if task == "regression" else []


def _negated(task: Task) -> Any:
    def negated(labels: Any, outputs: Any) -> Any:
        if task == "binary":
            return -keras.ops.mean(keras.ops.binary_crossentropy(labels, outputs, from_logits=True), axis=-1)
        return -keras.ops.sparse_categorical_crossentropy(labels, outputs, from_logits=True)

    return negated


def _by_hand(task: Task, least: float) -> Any:
    """Losses whose logarithms are taken of probabilities; NaN or infinite where those reach zero and ``least`` is 0."""

    def of_two(labels: Any, outputs: Any) -> Any:
        p = keras.ops.clip(keras.ops.sigmoid(outputs), least, 1.0 - least)
        terms = labels * keras.ops.log(p) + (1.0 - labels) * keras.ops.log(1.0 - p)
        return -keras.ops.mean(terms, axis=-1)

    def of_many(labels: Any, outputs: Any) -> Any:
        p = keras.ops.maximum(keras.ops.softmax(outputs), least)
        wanted = keras.ops.one_hot(keras.ops.cast(labels, "int32"), outputs.shape[-1])
        return -keras.ops.sum(wanted * keras.ops.log(p), axis=-1)

    return of_two if task == "binary" else of_many
