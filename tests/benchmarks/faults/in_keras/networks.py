"""The networks of the problems in Keras, with what a `Setup` says of activation, width, depth and so on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from tests.benchmarks.faults.architectures import (
    Architecture,
    Convolutional,
    ConvolutionalRecurrent,
    Dense,
    Embedded,
    Recurrent,
    ResidualConvolutional,
    TimeConvolutional,
    Transformer,
)
from tests.benchmarks.faults.setup import Setup

layers = keras.layers
HEAD = "head"
CELLS = {"rnn": layers.SimpleRNN, "gru": layers.GRU, "lstm": layers.LSTM}


def build(architecture: Architecture, setup: Setup, shape: Sequence[int], *, logits: bool = True) -> Any:
    """The network for inputs of this shape (without the samples' axis), freshly initialized as Keras does it.

    ``logits``: the loss expects them, whatever the head gives.
    """
    inputs = keras.Input(tuple(shape), dtype="int32" if isinstance(architecture, Embedded | Transformer) else None)
    x = layers.GaussianNoise(setup.input_noise)(inputs) if setup.input_noise else inputs
    outputs = _head(setup, _body(architecture, setup, x), architecture.outputs)
    if logits and setup.head_activation in ("softmax", "sigmoid"):
        # Right before the loss Keras would take it away again, in a step that TensorFlow compiles.
        outputs = layers.Reshape(outputs.shape[1:])(outputs)
    model = keras.Model(inputs, outputs)
    for layer in model.layers:
        layer.trainable = not setup.frozen or layer.name == HEAD
    return model


def _body(architecture: Architecture, setup: Setup, x: Any) -> Any:
    match architecture:
        case Dense():
            return _dense(setup, x, architecture.widths)
        case Convolutional():
            for width in architecture.widths:
                x = layers.MaxPooling2D(2)(_finished(setup, _convolution(setup, x, _wide(setup, width))))
            for _ in range(setup.extra_layers):
                x = _block(setup, x)
            return layers.Flatten()(x)
        case ResidualConvolutional():
            x = _finished(setup, _convolution(setup, x, _wide(setup, architecture.width)))
            for number in range(architecture.blocks + setup.extra_layers):
                x = _block(setup, x)
                x = layers.MaxPooling2D(2)(x) if number < 2 else x
            return layers.GlobalAveragePooling2D()(x)
        case TimeConvolutional():
            for width, apart in architecture.layers(setup.extra_layers):
                made = layers.Conv1D(_wide(setup, width), 5, padding="same", dilation_rate=apart, **_weights(setup))
                x = _finished(setup, made(x))
            return layers.GlobalAveragePooling1D()(x)
        case Recurrent():
            width = _wide(setup, architecture.width)
            reader = CELLS[setup.recurrence or architecture.cell](
                width, return_sequences=architecture.attentive, **_penalty(setup)
            )
            x = layers.Bidirectional(reader)(x) if architecture.bidirectional else reader(x)
            return _dense(setup, _weighted(setup, x) if architecture.attentive else x, architecture.hidden)
        case ConvolutionalRecurrent():
            strides = [(width, 2) for width in architecture.convolutions]
            for width, stride in strides + [(architecture.convolutions[-1], 1)] * setup.extra_layers:
                made = layers.Conv1D(_wide(setup, width), 5, strides=stride, padding="same", **_weights(setup))
                x = _finished(setup, made(x))
            return CELLS[setup.recurrence or architecture.cell](_wide(setup, architecture.width), **_penalty(setup))(x)
        case Embedded():
            x = layers.GlobalAveragePooling1D()(layers.Embedding(architecture.vocabulary, architecture.width)(x))
            return _dense(setup, x, architecture.hidden)
    return _transformer(setup, architecture, x)


def _dense(setup: Setup, x: Any, widths: Sequence[int]) -> Any:
    for width in (*widths, *widths[-1:] * setup.extra_layers):
        out = _finished(setup, layers.Dense(_wide(setup, width), **_weights(setup))(x))
        x = layers.Add()([x, out]) if setup.residual and x.shape[-1] == out.shape[-1] else out
    return x


def _convolution(setup: Setup, x: Any, width: int) -> Any:
    return layers.Conv2D(width, 3, padding="same", **_weights(setup))(x)


def _block(setup: Setup, x: Any) -> Any:
    out = _finished(setup, _convolution(setup, x, x.shape[-1]))
    return layers.Add()([x, out]) if setup.residual else out


def _finished(setup: Setup, x: Any) -> Any:
    """What follows a weight layer: normalization, activation, dropout."""
    if setup.normalization == "batch":
        x = layers.BatchNormalization()(x)
    elif setup.normalization == "layer":
        x = layers.LayerNormalization()(x)
    if setup.activation != "none":
        x = layers.Activation(setup.activation)(x)
    return _dropped(setup, x)


def _dropped(setup: Setup, x: Any) -> Any:
    if not setup.dropout:
        return x
    # `training=True` is how dropout is left on when a model is validated.
    return layers.Dropout(setup.dropout)(x, **({} if setup.evaluation_mode else {"training": True}))


class Positions(layers.Layer):
    """Adds a learned vector to each place of a sequence."""

    def build(self, shape: tuple[int, ...]) -> None:
        self.table = self.add_weight(shape=shape[1:], initializer="uniform")

    def call(self, x: Any) -> Any:
        return x + self.table


def _transformer(setup: Setup, network: Transformer, x: Any) -> Any:
    width = max(4, 4 * (_wide(setup, network.width) // 4))
    x = Positions()(layers.Embedding(network.vocabulary, width)(x))
    for _ in range(network.blocks + setup.extra_layers):
        seen = layers.LayerNormalization()(x)
        attention = layers.MultiHeadAttention(4, width // 4, **_penalty(setup))
        x = layers.Add()([x, _dropped(setup, attention(seen, seen, use_causal_mask=network.causal))])
        up = layers.Dense(4 * width, activation=setup.activation, **_penalty(setup))(layers.LayerNormalization()(x))
        x = layers.Add()([x, _dropped(setup, layers.Dense(width, **_penalty(setup))(up))])
    x = layers.LayerNormalization()(x)
    return x if network.causal else layers.GlobalAveragePooling1D()(x)


def _weighted(setup: Setup, states: Any) -> Any:
    """The mean of (batch, time, features) over time, by weights that are made of the states."""
    weights = layers.Softmax(axis=1)(layers.Dense(1, **_penalty(setup))(states))
    return layers.Flatten()(layers.Dot(axes=1)([weights, states]))


def _head(setup: Setup, x: Any, outputs: int) -> Any:
    kind = None if setup.head_activation == "none" else setup.head_activation
    start = {"kernel_initializer": "zeros"} if setup.initialization == "zeros" else {}
    return layers.Dense(outputs, activation=kind, name=HEAD, **start, **_penalty(setup))(x)


def _wide(setup: Setup, width: int) -> int:
    return max(1, round(setup.width * width))


def _weights(setup: Setup) -> dict[str, Any]:
    """Initializers and penalty of a hidden layer; those of Keras where the setup names none."""
    given: dict[str, Any] = {}
    if setup.initialization in ("zeros", "constant"):
        given["kernel_initializer"] = keras.initializers.Constant(0.1 if setup.initialization == "constant" else 0.0)
    elif setup.gain != 1.0 or setup.initialization == "glorot":
        given["kernel_initializer"] = keras.initializers.VarianceScaling(
            setup.gain**2, mode="fan_avg", distribution="uniform"
        )
    elif setup.initialization == "he":
        given["kernel_initializer"] = "he_normal"
    if setup.hidden_bias is not None:
        given["bias_initializer"] = keras.initializers.Constant(setup.hidden_bias)
    return given | _penalty(setup)


def _penalty(setup: Setup) -> dict[str, Any]:
    """PyTorch's optimizers but AdamW add the decay to the gradient; what does so in Keras is a penalty."""
    decays = setup.weight_decay > 0.0 and setup.optimizer != "adamw"
    return {"kernel_regularizer": keras.regularizers.L2(setup.weight_decay / 2)} if decays else {}
