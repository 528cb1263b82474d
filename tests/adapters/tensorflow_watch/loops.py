"""Loops with ``tf.GradientTape`` of real shapes, with a watch beside them and without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

from expert.adapters.tensorflow import Run, watch
from tests.adapters.keras_framework import keras

layers = keras.layers
X = np.random.default_rng(0).standard_normal((256, 12)).astype("float32")
Y = (X[:, 0] > 0).astype("int64") + 2 * (X[:, 1] > 0)
TOKENS = np.random.default_rng(1).integers(0, 40, (256, 9))


def dense(units: int = 24) -> Any:
    return keras.Sequential(
        [layers.Input((12,)), layers.Dense(units, "relu"), layers.Dense(16, "relu"), layers.Dense(4)]
    )


def text() -> Any:
    """With a table, whose gradients are sparse, and dropout, which draws numbers."""
    pooled = [layers.Conv1D(8, 3, activation="relu"), layers.GlobalMaxPooling1D()]
    body = [layers.Embedding(40, 8), *pooled, layers.Dropout(0.3), layers.Dense(4)]
    return keras.Sequential([layers.Input((9,), dtype="int64"), *body])


@dataclass
class Loop:
    """One training. ``after`` says whether the run is told of a step after the update."""

    model: Any = None
    optimizer: Any = field(default_factory=lambda: keras.optimizers.SGD(0.05))
    x: Any = None
    graph: bool = True
    after: bool = True
    clip: float | None = None
    batch_size: int = 32
    steps: int = 0

    def __post_init__(self) -> None:
        self.model = dense() if self.model is None else self.model
        self.x = X if self.x is None else self.x
        self.loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.compiled: Callable[..., Any] = tf.function(self.forward) if self.graph else self.forward

    def forward(self, x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = self.loss_fn(y, self.model(x, training=True))
            scaled = self.optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled, self.model.trainable_variables)
        if self.clip is not None:
            gradients, norm = tf.clip_by_global_norm(gradients, self.clip)
        else:
            norm = None
        if self.after:
            self.optimizer.apply(gradients, self.model.trainable_variables)
        return loss, gradients, norm

    def batches(self, epochs: int) -> Iterator[tuple[Any, Any]]:
        order = np.random.default_rng(7)
        for _ in range(epochs):
            rows = order.permutation(len(Y))
            for start in range(0, len(Y), self.batch_size):
                part = rows[start : start + self.batch_size]
                yield tf.constant(self.x[part]), tf.constant(Y[part])

    def train(self, epochs: int = 2, run: Run | None = None, tell: Callable[..., None] | None = None) -> list[Any]:
        """Train; ``tell`` is called for each step in place of the plain call of ``run.step``."""
        for x, y in self.batches(epochs):
            loss, gradients, norm = self.compiled(x, y)
            self.steps += 1
            if tell is not None:
                tell(loss, gradients, norm)
            elif run is not None:
                run.step(loss=loss, gradients=gradients)
            if not self.after:
                self.optimizer.apply(gradients, self.model.trainable_variables)
            if run is not None and self.steps % (len(Y) // self.batch_size) == 0:
                run.epoch(val_loss=self.loss_fn(Y, self.model(self.x)))
        weights: list[Any] = self.model.get_weights()
        return weights

    def watched(self, **settings: Any) -> Run:
        return watch(self.model, self.optimizer, loss_fn=self.loss_fn, **{"every": 10, **settings})
