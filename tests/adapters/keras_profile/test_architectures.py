from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from expert.adapters.keras.profile.model import _read_model, read_model
from expert.adapters.keras.profile.profiles import profiles_of, read_profiles
from expert.history import ModelProfile
from tests.adapters.keras_framework import keras

layers, ops = keras.layers, keras.ops


def profile(model: Any) -> ModelProfile:
    found = _read_model(model)  # as read_model, but what goes wrong is seen
    assert found == read_model(model)
    return found


def test_a_network_of_branches_is_as_deep_as_its_longest_one() -> None:
    model = keras.applications.MobileNetV2(input_shape=(32, 32, 3), weights=None, classes=10, alpha=0.35)
    found = profile(model)
    assert (found.depth, found.activation, found.output_activation, found.output_units) == (53, "relu", "softmax", 10)
    assert (found.residual, found.normalization, found.convolutional) == (True, "batch", True)
    assert found.parameters == model.count_params()
    assert found.largest_gain == pytest.approx(1.0, abs=0.2)  # Glorot draws a little smaller or larger than He


class Block(layers.Layer):  # type: ignore[misc]
    """As the transformer of Keras' examples."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = layers.MultiHeadAttention(2, 8)
        self.forward = keras.Sequential([layers.Dense(32, "relu"), layers.Dense(16)])
        self.norms = [layers.LayerNormalization(), layers.LayerNormalization()]
        self.drop = layers.Dropout(0.2)

    def call(self, x: Any, training: bool = False) -> Any:
        x = self.norms[0](x + self.drop(self.attention(x, x), training=training))
        return self.norms[1](x + self.drop(self.forward(x), training=training))


class Positions(layers.Layer):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.places = layers.Embedding(50, 16), layers.Embedding(40, 16)

    def call(self, x: Any) -> Any:
        return self.tokens(x) + self.places(ops.arange(0, ops.shape(x)[-1], 1))


def test_a_transformer_of_layers_of_ones_own() -> None:
    start = keras.Input((40,))
    end = layers.Dense(2, "softmax")(layers.GlobalAveragePooling1D()(Block()(Positions()(start))))
    found = profile(keras.Model(start, end))
    assert (found.transformer, found.embedding, found.residual, found.normalization) == (True, True, True, "layer")
    assert (found.depth, found.dropout, found.sequence_length) == (5, 0.2, 40)
    assert (found.output_activation, found.output_units, found.activation) == ("softmax", 2, "relu")


def test_shared_layers_count_once_and_are_passed_twice() -> None:
    start = keras.Input((8,))
    shared = layers.Dense(8, "tanh")
    model = keras.Model(start, layers.Dense(1)(shared(shared(start))))
    found = profile(model)
    assert (found.depth, found.parameters) == (3, model.count_params())
    assert found.layers is not None
    assert len(found.layers) == 2


def test_several_outputs_have_a_common_activation_or_none_that_is_known() -> None:
    start = keras.Input((8,))
    body = layers.Dense(8, "relu")(start)
    alike = keras.Model(start, [layers.Dense(3, "softmax")(body), layers.Dense(4, "softmax")(body)])
    assert (profile(alike).output_activation, profile(alike).output_units) == ("softmax", None)
    mixed = keras.Model(start, [layers.Dense(3, "softmax")(body), layers.Dense(1)(body)])
    assert profile(mixed).output_activation is None


class Guide(keras.Model):  # type: ignore[misc]
    """As the model of Keras' guide, with a layer that is never called and a metric among its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.head = layers.Dense(8, "relu"), layers.Dense(4, "softmax")
        self.forgotten, self.drop = layers.Dense(3), layers.Dropout(0.3)
        self.loss_tracker = keras.metrics.Mean()

    def call(self, x: Any, training: bool = False) -> Any:
        x = self.first(x)
        if training:
            x = self.drop(x, training=training)
        return self.head(x)


def test_code_of_ones_own_shows_ends_depth_and_what_is_never_called() -> None:
    model = Guide()
    model.forgotten.build((None, 5))
    model(np.zeros((1, 5), "float32"))
    history = read_profiles(model)
    found = history.model
    assert (found.depth, found.activation, found.output_activation, found.output_units) == (2, "relu", "softmax", 4)
    assert (found.dropout, found.residual, found.recurrent, found.linear) == (0.3, False, "none", False)
    assert history.notes == ("The code of the model never calls dense_N.".replace("dense_N", model.forgotten.name),)
    assert found.parameters == model.count_params()


class Opaque(keras.Model):  # type: ignore[misc]
    def __init__(self, something: Any) -> None:
        super().__init__()
        self.body, self.something = layers.Dense(4), something

    def call(self, x: Any) -> Any:
        return self.something(self.body(x))


def test_what_code_hides_is_unknown() -> None:
    model = Opaque(lambda x: x)
    model(np.zeros((1, 5), "float32"))
    found = profile(model)
    assert (found.output_activation, found.residual, found.linear, found.normalization) == (None, None, None, None)


def test_a_pair_of_models_inside_one_that_is_not_built() -> None:
    class Encoder(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.encoder = keras.Sequential([layers.Dense(8, "relu"), layers.Dense(2)])
            self.decoder = keras.Sequential([layers.Dense(8, "relu"), layers.Dense(20, "sigmoid")])

        def call(self, x: Any) -> Any:
            return self.decoder(self.encoder(x))

    model = Encoder()
    found = profile(model)
    assert (found.depth, found.output_activation, found.output_units, found.parameters) == (4, "sigmoid", 20, None)
    assert not model.encoder.built


@pytest.mark.parametrize(
    ("layer", "kind", "depth"),
    [
        (layers.RNN([layers.GRUCell(4), layers.GRUCell(4)]), "gru", 3),
        (layers.Bidirectional(layers.LSTM(4, dropout=0.2)), "lstm", 2),
    ],
)
def test_stacked_and_wrapped_recurrence(layer: Any, kind: str, depth: int) -> None:
    model = keras.Sequential([layers.Input((12, 3)), layer, layers.Dense(1)])
    found = profile(model)
    assert (found.recurrent, found.depth, found.sequence_length) == (kind, depth, 12)


def test_units_that_are_alike_are_found_in_the_weights_whatever_the_initializer_says() -> None:
    model = keras.Sequential([layers.Input((6,)), layers.Dense(4, "relu"), layers.Dense(4, "relu"), layers.Dense(1)])
    assert profile(model).initialization == "glorot_uniform"
    model.layers[0].kernel.assign(np.full((6, 4), 0.1))
    assert profile(model).initialization == "constant"
    model.layers[0].kernel.assign(np.zeros((6, 4)))
    assert profile(model).initialization == "zeros"


@pytest.mark.parametrize(
    ("initializer", "name", "gain"),
    [
        ("he_normal", "he_normal", 1.0),
        (keras.initializers.VarianceScaling(2.0, "fan_in", "untruncated_normal"), "he_normal", 1.0),
        (keras.initializers.RandomNormal(stddev=1.0), "random_normal", np.sqrt(128)),
        ("orthogonal", "orthogonal", np.sqrt(0.5)),
    ],
)
def test_the_scheme_and_the_gain_of_fresh_weights(initializer: Any, name: str, gain: float) -> None:
    hidden = [layers.Dense(256, "relu", kernel_initializer=initializer) for _ in range(2)]
    found = profile(keras.Sequential([layers.Input((256,)), *hidden, layers.Dense(1)]))
    assert found.initialization == name
    assert found.largest_gain == pytest.approx(gain, rel=0.03)


def test_each_unit_of_a_depthwise_convolution_sees_one_channel() -> None:
    hidden = layers.DepthwiseConv2D(3, depthwise_initializer=keras.initializers.RandomNormal(stddev=1.0))
    model = keras.Sequential([layers.Input((8, 8, 64)), hidden, layers.Flatten(), layers.Dense(2)])
    assert profile(model).largest_gain == pytest.approx(np.sqrt(4.5), rel=0.1)


def test_frozen_layers_are_named() -> None:
    body = keras.Sequential([layers.Input((6,)), layers.Dense(4, "relu", name="old")], name="body")
    body.trainable = False
    model = keras.Sequential([body, layers.Dense(2, name="new")])
    found = profile(model)
    assert found.frozen == ("old",)
    assert found.trainable_parameters == 10


def test_nothing_is_drawn_or_changed() -> None:
    keras.utils.set_random_seed(3)
    model = keras.Sequential([layers.Input((6,)), layers.Dense(4, "relu"), layers.Dropout(0.5), layers.Dense(2)])
    model.compile("adam", "mse")
    keras.utils.set_random_seed(5)
    expected = keras.random.normal((3,)), np.random.rand()
    keras.utils.set_random_seed(5)
    before = model.get_weights()
    profiles_of(model, {"epochs": 2})
    assert (np.array(keras.random.normal((3,))) == np.array(expected[0])).all()
    assert np.random.rand() == expected[1]
    assert all((one == other).all() for one, other in zip(before, model.get_weights(), strict=True))
    assert not model.optimizer.built
    assert model.train_function is None
