from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from expert.adapters.keras.profile.model import READER
from expert.adapters.torch.profile import model as torch_model
from expert.history import History
from expert.reading import ReadRequest
from tests.adapters.keras_framework import keras

layers = keras.layers
schedules = keras.optimizers.schedules


def read(model: Any) -> History:
    assert READER.recognizes(model) == 1.0
    (history,) = READER.read(model, ReadRequest())
    return history


def sequence(*parts: Any, shape: tuple[int, ...] = (8,)) -> Any:
    return keras.Sequential([layers.Input(shape), *parts])


def test_a_sequential_model_is_known_completely() -> None:
    model = sequence(
        layers.Dense(16),
        layers.BatchNormalization(),
        layers.LeakyReLU(),
        layers.Dropout(0.4),
        layers.Dense(8, activation="leaky_relu"),
        layers.Dense(5, activation="softmax"),
    )
    found = read(model).model
    assert found.parameters == model.count_params()
    assert found.trainable_parameters == model.count_params() - 32
    assert (found.depth, found.activation, found.normalization, found.dropout) == (3, "leaky_relu", "batch", 0.4)
    assert (found.output_activation, found.output_units) == ("softmax", 5)
    assert (found.residual, found.recurrent, found.linear, found.embedding) == (False, "none", False, False)
    assert (found.initialization, found.frozen) == ("glorot_uniform", ())
    assert found.layers is not None
    assert [(layer.kind, layer.units, layer.activation) for layer in found.layers] == [
        ("linear", 16, "leaky_relu"),
        ("batch_norm", None, None),
        ("linear", 8, "leaky_relu"),
        ("linear", 5, "softmax"),
    ]


def test_dense_layers_without_activation_are_linear() -> None:
    found = read(sequence(layers.Dense(4), layers.Dense(1))).model
    assert (found.linear, found.activation, found.output_activation) == (True, "none", "none")


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        (layers.SimpleRNN(4), "rnn"),
        (layers.Bidirectional(layers.GRU(4)), "gru"),
        (layers.RNN(layers.LSTMCell(4)), "lstm"),
        (layers.ConvLSTM1D(4, 3), "lstm"),
    ],
)
def test_recurrent_layers(layer: Any, name: str) -> None:
    shape = (17, 9, 2) if isinstance(layer, layers.ConvLSTM1D) else (17, 3)
    found = read(sequence(layer, layers.Flatten(), layers.Dense(1, activation="sigmoid"), shape=shape)).model
    assert (found.recurrent, found.output_activation, found.depth, found.linear) == (name, "sigmoid", 2, False)
    if len(shape) == 2:
        assert found.sequence_length == 17


def test_a_functional_model_shows_its_branches_and_its_head() -> None:
    start = keras.Input((8,))
    hidden = keras.ops.relu(layers.Dense(8)(start))
    end = layers.Softmax()(layers.Dense(3)(layers.Add()([start, hidden])))
    found = read(keras.Model(start, end)).model
    assert (found.residual, found.activation, found.output_activation, found.output_units) == (
        True,
        "relu",
        "softmax",
        3,
    )
    plain = read(keras.Model(start, layers.Dense(2)(layers.Dense(4, "tanh")(start)))).model
    assert (plain.residual, plain.activation, plain.output_activation) == (False, "tanh", "none")


def test_a_bare_operation_that_bends_leaves_linearity_open() -> None:
    start = keras.Input((8,))
    assert read(keras.Model(start, layers.Dense(2)(keras.ops.sin(layers.Dense(4)(start))))).model.linear is None


def test_models_inside_models() -> None:
    body = sequence(layers.Dense(16, activation="relu"), layers.Dense(4, activation="relu"))
    model = sequence(body, layers.Dense(1))
    found = read(model).model
    assert (found.depth, found.activation, found.parameters) == (3, "relu", model.count_params())
    body.trainable = False
    frozen = read(model).model
    assert frozen.frozen == tuple(layer.name for layer in body.layers)
    assert frozen.trainable_parameters == 5


@keras.saving.register_keras_serializable(package="tests")
class OwnBlock(layers.Layer):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.attention = layers.MultiHeadAttention(2, 4)
        self.dense = layers.Dense(8, "gelu")
        self.norm = layers.LayerNormalization()

    def build(self, shape: Any) -> None:
        self.scale = self.add_weight(shape=(8,), name="scale")
        super().build(shape)

    def call(self, x: Any) -> Any:
        return self.norm(x + self.dense(self.attention(x, x)) * self.scale)


class OwnModel(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.embed = layers.Embedding(20, 8)
        self.block = OwnBlock()
        self.head = layers.Dense(20)

    def call(self, x: Any) -> Any:
        return self.head(self.block(self.embed(x)))


def test_the_source_of_a_call_of_ones_own_shows_shortcuts_and_the_head() -> None:
    model = OwnModel()
    model(np.zeros((2, 5), "int32"))
    found = read(model).model
    assert found.parameters == model.count_params()
    assert (found.transformer, found.embedding, found.normalization, found.activation) == (True, True, "layer", "gelu")
    assert (found.output_activation, found.output_units, found.residual, found.recurrent) == ("none", 20, True, "none")
    assert found.depth == 4  # two of the attention, the block's own and the head


def test_zero_kernels_are_named() -> None:
    model = sequence(layers.Dense(4, "relu", kernel_initializer="zeros"), layers.Dense(1))
    assert read(model).model.initialization == "zeros"
    head = sequence(layers.Dense(4, "relu"), layers.Dense(1, kernel_initializer="zeros"))
    assert read(head).model.initialization == "glorot_uniform"


def test_the_statistics_of_a_normalization_are_not_frozen_weights() -> None:
    scaler = layers.Normalization()
    scaler.adapt(np.random.default_rng(0).standard_normal((20, 8)))
    assert read(sequence(scaler, layers.Dense(1))).model.frozen == ()


def test_a_model_without_weights_shows_its_layers() -> None:
    model = keras.Sequential([layers.Dense(8, "tanh"), layers.Dropout(0.1), layers.Dense(3, "softmax")])
    history = read(model)
    found = history.model
    assert (found.parameters, found.trainable_parameters, found.largest_gain) == (None, None, None)
    assert (found.activation, found.output_activation, found.output_units, found.depth) == ("tanh", "softmax", 3, 2)
    assert "has no weights yet" in history.notes[0]
    assert not model.built


def test_optimizer_clipping_and_loss() -> None:
    model = sequence(layers.Dense(3))
    assert read(model).config.model_dump(exclude_none=True) == {"framework": "keras", "precision": "float32"}
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True, weight_decay=1e-3, clipvalue=0.5)
    model.compile(optimizer, keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1))
    assert read(model).config.model_dump(exclude_none=True) == {
        "framework": "keras",
        "task": "classification",
        "precision": "float32",
        "optimizer": "sgd",
        "learning_rate": 0.1,
        "momentum": 0.9,
        "nesterov": True,
        "weight_decay": 1e-3,
        "decoupled_weight_decay": True,
        "decay_on_norm_and_bias": True,
        "l2_penalty": 0.0,
        "clip_value_low": -0.5,
        "clip_value_high": 0.5,
        "weight_averaging": False,
        "loss": "cross_entropy",
        "loss_from_logits": True,
        "loss_formula": "fused",
        "loss_reduction": "mean",
        "label_smoothing": 0.1,
    }


@pytest.mark.parametrize(
    ("loss", "name", "from_logits"),
    [
        ("sparse_categorical_crossentropy", "cross_entropy", False),
        ("categorical_crossentropy", "cross_entropy", False),
        ("binary_crossentropy", "bce", False),
        (keras.losses.BinaryCrossentropy(from_logits=True), "bce_with_logits", True),
        (keras.losses.sparse_categorical_crossentropy, "cross_entropy", False),
        ("mse", "mse", None),
        (keras.losses.MeanAbsoluteError(reduction="sum"), "mae", None),
        (keras.losses.Huber(), "huber", None),
        (lambda y, p: keras.ops.mean(y - p), "custom", None),
    ],
)
def test_losses(loss: Any, name: str, from_logits: bool | None) -> None:
    model = sequence(layers.Dense(3))
    model.compile("adam", loss)
    config = read(model).config
    assert (config.loss, config.loss_from_logits) == (name, from_logits)
    if name == "mae":
        assert config.loss_reduction == "sum"


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        ("adam", {"optimizer": "adam", "learning_rate": 0.001, "beta1": 0.9, "epsilon": 1e-07, "weight_decay": 0.0}),
        ("adadelta", {"optimizer": "adadelta", "learning_rate": 0.001, "rho": 0.95}),
        ("rmsprop", {"optimizer": "rmsprop", "rho": 0.9}),
        (keras.optimizers.AdamW(3e-4), {"optimizer": "adamw", "weight_decay": 0.004, "decoupled_weight_decay": True}),
        (keras.optimizers.Adam(global_clipnorm=1.0), {"clip_norm": 1.0, "clip_value_low": None}),
        (keras.optimizers.Adam(gradient_accumulation_steps=4), {"gradient_accumulation_steps": 4}),
        (
            keras.optimizers.Adam(schedules.CosineDecay(0.0, 100, warmup_target=0.01, warmup_steps=10)),
            {"learning_rate": 0.01, "schedule": "cosine_decay", "warmup_steps": 10, "warm_restarts": False},
        ),
        (
            keras.optimizers.Adam(schedules.CosineDecayRestarts(0.01, 100)),
            {"learning_rate": 0.01, "schedule": "cosine_decay_restarts", "warm_restarts": True},
        ),
        (keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1)), {"optimizer": "sgd", "loss_scaling": True}),
    ],
)
def test_optimizers(optimizer: Any, expected: dict[str, Any]) -> None:
    model = sequence(layers.Dense(3))
    model.compile(optimizer, "mse")
    config = read(model).config.model_dump()
    assert {name: config[name] for name in expected} == expected


def test_penalties_of_the_layers_are_part_of_the_loss() -> None:
    model = sequence(layers.Dense(3, kernel_regularizer=keras.regularizers.L2(0.01)))
    model.compile("sgd", "mse")
    config = read(model).config
    assert config.l2_penalty == pytest.approx(0.01)
    assert config.penalty_in_loss is True


def test_half_precision_is_the_policy_of_the_model() -> None:
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        model = sequence(layers.Dense(3))
        model.compile("adam", "mse")
    finally:
        keras.mixed_precision.set_global_policy("float32")
    config = read(model).config
    assert (config.precision, config.loss_scaling, config.optimizer) == ("float16", True, "adam")


def test_reading_changes_nothing() -> None:
    model = sequence(layers.Dense(4, "relu"), layers.Dropout(0.5), layers.Dense(1))
    model.compile("adam", "mse")
    weights, settings = [weight.copy() for weight in model.get_weights()], model.get_config()
    state = np.random.get_state()[1].copy()  # type: ignore[union-attr]
    read(model)
    assert all(np.array_equal(a, b) for a, b in zip(weights, model.get_weights(), strict=True))
    assert model.get_config() == settings
    assert np.array_equal(state, np.random.get_state()[1])  # type: ignore[arg-type]


def test_other_sources_are_left_alone() -> None:
    for source in (layers.Dense(1), keras.optimizers.Adam(), {"loss": [1]}, "model.keras", None):
        assert READER.recognizes(source) == 0.0
    assert torch_model.READER.recognizes(sequence(layers.Dense(1))) == 0.0
