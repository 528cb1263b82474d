from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from expert import advise
from expert.adapters.keras.profile.profiles import profiles_of, read_profiles
from expert.history import RunConfig
from tests.adapters.keras_framework import keras

layers, schedules, callbacks = keras.layers, keras.optimizers.schedules, keras.callbacks


def compiled(optimizer: Any = "sgd", loss: Any = "mse", *parts: Any, **settings: Any) -> Any:
    model = keras.Sequential([layers.Input((8,)), *(parts or (layers.Dense(4),))])
    model.compile(optimizer, loss, **settings)
    return model


def config(model: Any, fit: dict[str, Any] | None = None) -> RunConfig:
    return profiles_of(model, fit)[1]


class Noam(schedules.LearningRateSchedule):  # type: ignore[misc]
    """As in the tutorial on transformers; it cannot be written to a configuration."""

    def __init__(self) -> None:
        self.warmup_steps, self.called = 4000, 0

    def __call__(self, step: Any) -> Any:
        self.called += 1
        return keras.ops.minimum(1.0 / keras.ops.sqrt(step + 1.0), step / self.warmup_steps)


@pytest.mark.parametrize(
    ("schedule", "name", "rate", "warmup", "restarts"),
    [
        (schedules.ExponentialDecay(0.1, 100, 0.9), "exponential_decay", 0.1, 0, False),
        (schedules.PiecewiseConstantDecay([10, 20], [0.1, 0.01, 0.001]), "piecewise_constant_decay", 0.1, 0, False),
        (schedules.PiecewiseConstantDecay([10, 20], [0.01, 0.1, 0.05]), "piecewise_constant_decay", 0.1, None, False),
        (schedules.PiecewiseConstantDecay([10, 20], [0.1, 0.01, 0.1]), "piecewise_constant_decay", 0.1, None, True),
        (schedules.PolynomialDecay(0.1, 50), "polynomial_decay", 0.1, 0, False),
        (schedules.PolynomialDecay(0.1, 50, cycle=True), "polynomial_decay", 0.1, 0, True),
        (schedules.PolynomialDecay(0.0, 50, end_learning_rate=0.1), "polynomial_decay", 0.1, 50, False),
        (schedules.InverseTimeDecay(0.1, 50, 0.5), "inverse_time_decay", 0.1, 0, False),
        (schedules.CosineDecay(0.001, 50, warmup_target=0.1, warmup_steps=20), "cosine_decay", 0.1, 20, False),
        (schedules.CosineDecayRestarts(0.1, 50), "cosine_decay_restarts", 0.1, 0, True),
    ],
)
def test_schedules(schedule: Any, name: str, rate: float, warmup: int | None, restarts: bool) -> None:
    found = config(compiled(keras.optimizers.Adam(schedule)), {"callbacks": None})
    assert (found.schedule, found.learning_rate) == (name, rate)
    assert (found.warmup_steps, found.warm_restarts) == (warmup, restarts)
    steps = [float(schedule(step)) for step in range(200)]
    assert max(steps) == pytest.approx(rate, rel=1e-4)  # what is told of the course is what it does
    if warmup is not None:
        assert int(np.argmax(steps)) == pytest.approx(warmup, abs=1)
    falls = np.flatnonzero(np.diff(steps) < 0)
    rises = np.flatnonzero(np.diff(steps) > 1e-9)
    assert bool(len(falls) and len(rises) and rises.max() > falls.min()) == restarts


def test_a_schedule_of_ones_own_is_asked_nothing_but_what_it_holds() -> None:
    schedule = Noam()
    found = config(compiled(keras.optimizers.Adam(schedule, beta_2=0.98)))
    assert (found.schedule, found.warmup_steps, found.learning_rate) == ("noam", 4000, None)
    assert (found.optimizer, found.beta2) == ("adam", 0.98)
    assert schedule.called == 0


def test_a_rate_that_is_a_function_is_not_called() -> None:
    found = config(compiled(keras.optimizers.SGD(lambda: 1 / 0)))
    assert (found.optimizer, found.learning_rate, found.schedule) == ("sgd", None, "function")


def test_what_fit_fixes() -> None:
    given = {
        "epochs": 5,
        "steps": 12,
        "batch_size": 32,
        "validation_split": 0.25,
        "shuffle": False,
        "class_weight": {0: 1.0, 1: 9.0},
        "callbacks": [
            callbacks.EarlyStopping(restore_best_weights=True),
            callbacks.ReduceLROnPlateau(),
            callbacks.ModelCheckpoint("last.keras"),
        ],
    }
    found = config(compiled(), given)
    assert (found.epochs, found.steps_per_epoch, found.batch_size) == (5, 12, 32)
    assert (found.validation_split, found.shuffle, found.order_redrawn, found.class_weights) == (
        0.25,
        False,
        False,
        True,
    )
    assert (found.early_stopping, found.checkpoint_best, found.schedule) == (True, True, "reduce_lr_on_plateau")
    assert (found.gradients_zeroed, found.evaluation_mode_in_validation) == (True, True)


def test_the_order_is_that_of_what_is_trained_on() -> None:
    x = np.zeros((70, 8), "float32")
    for form in (x, [x, x], {"a": x}, tf.constant(x)):
        history = read_profiles(compiled(), {"x": form, "shuffle": True, "batch_size": 32})
        assert (history.config.shuffle, history.config.last_batch_size, history.data.samples) == (True, 6, 70)
    # fit says shuffle=True of a pipeline, too, and does nothing about it.
    pipeline = tf.data.Dataset.from_tensor_slices((x, x[:, 0])).batch(16)
    history = read_profiles(compiled(), {"x": pipeline, "shuffle": True, "batch_size": None})
    assert (history.config.shuffle, history.config.batch_size, history.data.samples) == (False, 16, 70)
    for unseen in ({"x": iter([1]), "shuffle": True}, {"shuffle": True}):
        assert config(compiled(), unseen).shuffle is None


def test_what_is_not_told_of_fit_is_unknown() -> None:
    found = config(compiled(), {"epochs": 5, "steps": None})
    assert (found.early_stopping, found.checkpoint_best, found.schedule, found.class_weights) == (None,) * 4
    assert (found.validation_split, found.shuffle, found.steps_per_epoch, found.batch_size) == (None,) * 4
    none = config(compiled(), {"callbacks": None, "class_weight": None, "validation_data": (1, 2)})
    assert (none.early_stopping, none.checkpoint_best, none.schedule) == (False, False, "none")
    assert (none.class_weights, none.validation_split) == (False, 0.0)
    assert config(compiled()).gradients_zeroed is None  # a loop of ones own


def test_a_checkpoint_of_the_best_and_a_rate_set_by_a_callback() -> None:
    best = callbacks.ModelCheckpoint("best.keras", save_best_only=True)
    halved = callbacks.LearningRateScheduler(lambda epoch, rate: rate)
    found = config(compiled(), {"callbacks": callbacks.CallbackList([best, halved])})
    assert (found.checkpoint_best, found.early_stopping, found.schedule) == (True, False, "learning_rate_scheduler")
    assert found.warm_restarts is None


def test_clipping_accumulation_averages_and_scaling() -> None:
    optimizer = keras.optimizers.Adam(1e-3, clipnorm=0.5, gradient_accumulation_steps=4, use_ema=True)
    found = config(compiled(keras.optimizers.LossScaleOptimizer(optimizer)))
    assert (found.clip_norm, found.gradient_accumulation_steps, found.weight_averaging) == (0.5, 4, True)
    assert (found.loss_scaling, found.learning_rate) == (True, 0.001)


def test_a_decay_on_gains_and_biases() -> None:
    parts = layers.Dense(4), layers.LayerNormalization(), layers.Dense(2)
    assert config(compiled(keras.optimizers.SGD(0.1), "mse", *parts)).decay_on_norm_and_bias is None
    optimizer = keras.optimizers.AdamW(weight_decay=0.1)
    model = compiled(optimizer, "mse", *parts)
    assert config(model).decay_on_norm_and_bias is True
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    assert config(model).decay_on_norm_and_bias is True  # gamma and beta are left
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    assert config(model).decay_on_norm_and_bias is False
    optimizer.exclude_from_weight_decay(var_list=[one for one in model.trainable_variables if len(one.shape) == 1])
    assert config(model).decay_on_norm_and_bias is False


def test_layers_that_augment_and_penalties() -> None:
    augmenting = keras.Sequential(
        [layers.Input((8, 8, 3)), layers.RandomFlip(), layers.Flatten(), layers.Dense(2, kernel_regularizer="l2")]
    )
    augmenting.compile("sgd", "mse")
    found = config(augmenting)
    assert (found.augmentation, found.l2_penalty, found.penalty_in_loss, found.penalty_in_gradient) == (
        True,
        0.01,
        True,
        True,
    )


class Penalizing(layers.Layer):  # type: ignore[misc]
    def call(self, x: Any) -> Any:
        self.add_loss(keras.ops.sum(keras.ops.square(x)))
        return x


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((layers.Dense(3), layers.Dense(2)), 0.0),
        ((layers.Embedding(9, 4), layers.LSTM(3)), 0.0),
        ((layers.Embedding(9, 4), layers.LSTM(3, recurrent_regularizer=keras.regularizers.L2(0.3))), 0.3),
        ((layers.Dense(2, kernel_regularizer=lambda weights: keras.ops.sum(weights**2)),), None),
        ((layers.Dense(2), Penalizing()), None),
    ],
)
def test_no_penalty_is_known_where_no_layer_could_have_one(parts: tuple[Any, ...], expected: float | None) -> None:
    model = keras.Sequential([layers.Input((8,)), *parts])
    model.compile("sgd", "mse")
    found = config(model)
    assert found.l2_penalty == expected
    assert found.penalty_in_loss is (True if expected else None)


class OwnStep(keras.Model):  # type: ignore[misc]
    def train_step(self, data: Any) -> Any:
        return {"loss": 0.0}


def test_a_training_step_of_ones_own_may_leave_penalties_out() -> None:
    start = keras.Input((8,))
    model = OwnStep(start, layers.Dense(2, kernel_regularizer="l2")(start))
    model.compile("sgd", "mse")
    found = config(model)
    assert (found.l2_penalty, found.penalty_in_loss, found.penalty_in_gradient) == (0.01, None, None)
    assert profiles_of(model, {})[0].not_optimized is None
    assert profiles_of(compiled(), {})[0].not_optimized == ()


def own_loss(y: Any, p: Any) -> Any:
    return keras.ops.mean(y - p)


class Weighted(keras.losses.MeanSquaredError):  # type: ignore[misc]
    def call(self, y: Any, p: Any) -> Any:
        return 2.0 * super().call(y, p)


class Renamed(keras.losses.MeanSquaredError):  # type: ignore[misc]
    pass


@pytest.mark.parametrize(
    ("loss", "name"), [(own_loss, "custom"), (Weighted(), "custom"), (Renamed(), "mse"), ("poisson", "custom")]
)
def test_a_loss_of_ones_own_is_not_taken_for_one_of_keras(loss: Any, name: str) -> None:
    assert config(compiled("sgd", loss)).loss == name


def fitted(head: Any, from_logits: bool) -> float:
    keras.utils.set_random_seed(0)
    model = compiled("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits), *head())
    x = np.random.default_rng(0).standard_normal((64, 8)).astype("float32")
    losses: list[float] = model.fit(x, x[:, 0] > 0, epochs=3, verbose=0).history["loss"]
    return losses[-1]


@pytest.mark.parametrize(
    ("head", "undone"),
    [
        (lambda: (layers.Dense(4, "softmax"),), True),
        (lambda: (layers.Dense(4), layers.Softmax()), True),
        (lambda: (layers.Dense(4, "softmax"), layers.Reshape((4,))), False),
    ],
)
def test_a_softmax_that_keras_itself_undoes_is_not_told_as_applied_twice(head: Any, undone: bool) -> None:
    with pytest.warns(UserWarning, match="received `from_logits=True`") if undone else _quiet():
        assert (fitted(head, True) == pytest.approx(fitted(head, False), rel=1e-6)) == undone
    model = compiled("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), *head())
    history = read_profiles(model, {})
    assert history.model.output_activation == "softmax"
    assert history.config.loss_from_logits is not undone
    names = [finding.name for finding in advise({"loss": [1.0, 0.9]}, model=model).findings]
    assert ("double-softmax-or-sigmoid" in names) is not undone
    assert any("not applied twice" in note for note in history.notes) == undone


def _quiet() -> Any:
    from contextlib import nullcontext

    return nullcontext()


def test_half_precision_keeps_keras_from_undoing_it() -> None:
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        model = compiled("adam", keras.losses.CategoricalCrossentropy(from_logits=True), layers.Dense(4, "softmax"))
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert (config(model).loss_from_logits, config(model).precision) == (True, "bfloat16")


@pytest.mark.parametrize(("axis", "right"), [(-1, True), (1, True), (0, False)])
def test_the_axis_of_a_softmax_at_the_end(axis: int, right: bool) -> None:
    model = compiled("sgd", "sparse_categorical_crossentropy", layers.Dense(4), layers.Softmax(axis=axis))
    assert config(model).softmax_over_classes is right
    assert config(compiled("sgd", "mse", layers.Dense(4, activation="softmax"))).softmax_over_classes is None
    found = advise(config=config(model)).is_found("MOD109")
    assert found is not right
