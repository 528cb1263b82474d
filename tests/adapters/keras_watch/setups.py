"""Models, data and trainings for the tests of the Keras collector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from expert.adapters.keras import ExpertCallback
from expert.history import History
from tests.adapters.keras_framework import keras

FEATURES, CLASSES = 12, 4


def samples(count: int = 192) -> tuple[Any, Any]:
    random = np.random.default_rng(0)
    x = random.standard_normal((count, FEATURES)).astype("float32")
    return x, (x @ random.standard_normal((FEATURES, CLASSES))).argmax(1)


X, Y = samples()


def network(optimizer: Any = None, **compiled: Any) -> Any:
    """A compiled network with dropout and batch normalization: both hold state that a watcher could disturb."""
    keras.utils.set_random_seed(7)
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((FEATURES,)),
            layers.Dense(16, "relu", name="first"),
            layers.BatchNormalization(),
            layers.Dropout(0.2),
            layers.Dense(16, "tanh", name="second"),
            layers.Dense(CLASSES, name="head"),
        ]
    )
    return compile_model(model, optimizer, **compiled)


def compile_model(model: Any, optimizer: Any = None, **compiled: Any) -> Any:
    settings = {"jit_compile": False, "loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True)} | compiled
    model.compile(optimizer or keras.optimizers.Adam(0.01), **settings)
    return model


def fit(model: Any, *callbacks: Any, **arguments: Any) -> Any:
    settings = {"x": X, "y": Y, "batch_size": 32, "epochs": 2, "verbose": 0} | arguments
    return model.fit(callbacks=list(callbacks), **settings)


def watched(model: Any, *callbacks: Any, watcher: ExpertCallback | None = None, **arguments: Any) -> History:
    """The history of a training that is watched, which must have failed in nothing."""
    watcher = watcher or ExpertCallback(quiet=True)
    fit(model, watcher, *callbacks, **arguments)
    history = watcher.history()
    assert not [note for note in history.notes if "failed" in note]
    return history


def values(history: History, role: str) -> tuple[list[float], list[float]]:
    series = history.get(role)
    assert series is not None, f"no {role}"
    return series.at.tolist(), series.values.tolist()


def row(history: History, quantity: str, step: int) -> dict[str, float]:
    """The values of the layers at one step."""
    table = history.layer(quantity)
    assert table is not None, f"no {quantity}"
    index = table.at.tolist().index(step)
    return dict(zip(table.layers, table.values[index].tolist(), strict=True))


class Reference(keras.callbacks.Callback):  # type: ignore[misc]
    """Weights after each step, and the gradients of each, taken outside of the step on the same batch.

    For models without dropout and normalization, whose data come in the order they are given.
    """

    def __init__(
        self, batch_size: int = 32, loss: Callable[[Any, Any], Any] | None = None, count: int = len(X)
    ) -> None:
        super().__init__()
        self.batch_size, self.loss, self.count = batch_size, loss, count
        self.gradients: list[list[np.ndarray[Any, Any]]] = []
        self.weights: list[list[np.ndarray[Any, Any]]] = []
        self.losses: list[float] = []

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        import tensorflow as tf

        start = batch * self.batch_size
        chosen = slice(start, min(start + self.batch_size, self.count))
        with tf.GradientTape() as tape:
            outputs = self.model(X[chosen], training=True)
            loss = (self.loss or self.model.loss)(Y[chosen], outputs)
        variables = self.model.trainable_variables
        found = tape.gradient(loss, [one.value for one in variables])
        self.gradients.append([tf.convert_to_tensor(one).numpy() for one in found])
        self.weights.append([one.numpy() for one in variables])
        self.losses.append(float(loss))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Being there makes Keras tell of batches as they come."""

    def on_train_end(self, logs: Any = None) -> None:
        self.weights.append([one.numpy() for one in self.model.trainable_variables])


def plain(optimizer: Any = None, **compiled: Any) -> Any:
    """A network without anything random, so that its gradients can be taken again."""
    keras.utils.set_random_seed(3)
    layers = keras.layers
    model = keras.Sequential(
        [layers.Input((FEATURES,)), layers.Dense(8, "tanh", name="first"), layers.Dense(CLASSES, name="head")]
    )
    return compile_model(model, optimizer, **compiled)
