"""The networks of the scenarios in layers of Keras, built from a `Program`."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras

from tests.scenarios.program import Program

layers = keras.layers


def build(program: Program, shape: tuple[int, ...], classes: int) -> Any:
    """The program's network for inputs of this shape (without the samples' axis), freshly initialized."""
    inputs = keras.Input(shape)
    widths = list(program.hidden)
    x = inputs
    if program.model == "cnn":
        x = layers.Conv2D(8, 3, padding="same", activation=program.activation, name="conv1", **_weights(program))(x)
        x = layers.MaxPooling2D(2)(x)
        x = layers.Conv2D(16, 3, activation=program.activation, name="conv2", **_weights(program))(x)
        x = layers.Flatten()(x)
    elif program.model != "mlp":
        x = _sequence(program, x, widths.pop(0))
    for number, width in enumerate(widths, 1):
        x = _hidden(program, x, width, f"fc{number}")
    head = {} if program.initialization == "default" else _weights(program.but(weight_gain=1.0, hidden_bias=None))
    outputs = layers.Dense(classes, activation=_activation(program.output_activation), name="out", **head)(x)
    if program.output_activation in ("softmax", "sigmoid"):
        # Right before the loss it would be taken away again by Keras, in a step that TensorFlow compiles.
        outputs = layers.Reshape((classes,))(outputs)
    model = keras.Model(inputs, outputs)
    for layer in model.layers:
        layer.trainable = not (program.frozen and layer.name.startswith(program.frozen))
    return model


def _hidden(program: Program, x: Any, width: int, name: str) -> Any:
    same_width = x.shape[-1] == width
    out = layers.Dense(width, name=name, use_bias=True, **_weights(program), **_penalty(program))(x)
    if program.normalization == "batch":
        out = layers.BatchNormalization()(out)
    elif program.normalization == "layer":
        out = layers.LayerNormalization()(out)
    out = layers.Activation(_activation(program.activation), name=f"{name}_act")(out)
    if program.dropout:
        # `training=True` is how dropout is left on when the model is validated.
        always = {} if program.evaluation_mode else {"training": True}
        out = layers.Dropout(program.dropout)(out, **always)
    return layers.Add()([x, out]) if program.residual and same_width else out


def _sequence(program: Program, x: Any, width: int) -> Any:
    if program.model == "transformer":
        return _encoder(program, x, width)
    if program.model == "rnn":
        start = keras.initializers.Orthogonal(gain=program.recurrent_gain)
        return layers.SimpleRNN(width, activation=program.activation, recurrent_initializer=start, name="recurrence")(x)
    return layers.LSTM(width, name="recurrence", **_weights(program))(x)


class Positions(layers.Layer):
    """Adds a learned vector to each time step."""

    def build(self, shape: tuple[int, ...]) -> None:
        self.table = self.add_weight(shape=shape[1:], initializer=keras.initializers.RandomNormal(stddev=0.02))

    def call(self, x: Any) -> Any:
        return x + self.table


def _encoder(program: Program, x: Any, width: int) -> Any:
    """Two pre-norm blocks of attention, and the mean over time."""
    x = Positions(name="positions")(layers.Dense(width, name="embed", **_weights(program))(x))
    for number in (1, 2):
        seen = layers.LayerNormalization()(x)
        attention = layers.MultiHeadAttention(4, width // 4, dropout=program.dropout, name=f"attention{number}")
        x = layers.Add()([x, attention(seen, seen)])
        up = layers.Dense(2 * width, activation=program.activation, name=f"up{number}", **_weights(program))
        down = layers.Dense(width, name=f"down{number}", **_weights(program))
        x = layers.Add()([x, layers.Dropout(program.dropout)(down(up(layers.LayerNormalization()(x))))])
    return layers.GlobalAveragePooling1D()(layers.LayerNormalization()(x))


def _weights(program: Program) -> dict[str, Any]:
    """Initializers of a layer with weights; those of Keras where the program names none."""
    given: dict[str, Any] = {}
    kinds = {"default": "glorot_uniform", "glorot": "glorot_uniform", "he": "he_uniform", "zeros": "zeros"}
    if program.initialization == "constant":
        given["kernel_initializer"] = keras.initializers.Constant(0.1)
    elif program.weight_gain != 1.0:
        given["kernel_initializer"] = keras.initializers.VarianceScaling(
            program.weight_gain**2, mode="fan_avg", distribution="uniform"
        )
    elif program.initialization != "default":
        given["kernel_initializer"] = kinds[program.initialization]
    if program.initialization == "zeros" and program.model == "lstm":
        given["recurrent_initializer"] = "zeros"
    if program.hidden_bias is not None:
        given["bias_initializer"] = keras.initializers.Constant(program.hidden_bias)
    return given


def _penalty(program: Program) -> dict[str, Any]:
    return {"kernel_regularizer": keras.regularizers.L2(program.l2 / 2)} if program.l2 else {}


def _activation(name: str) -> str | None:
    return None if name == "none" else name
