"""Two trainings to watch, steps that are tiny and steps of a small convolutional network, and ways to watch them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from expert.adapters.keras import ExpertCallback

layers = keras.layers


def mlp() -> Any:
    """64-128-128-128-10."""
    return keras.Sequential([keras.Input((64,)), *(layers.Dense(128, "relu") for _ in range(3)), layers.Dense(10)])


def cnn() -> Any:
    """Two convolutions of 32 and 64 filters with pooling over pictures of 28 x 28, and a linear head."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )


@dataclass(frozen=True)
class Kind:
    """A training: its network, the size of its batches, and how many steps make an epoch of the measurement."""

    name: str
    said: str
    network: Callable[[], Any]
    batch: int
    steps: int

    def model(self, *, eager: bool = False) -> Any:
        """A compiled model with fresh weights; the same at each call."""
        keras.utils.set_random_seed(0)
        model = self.network()
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(1e-4), loss, run_eagerly=eager, jit_compile=False)
        return model

    def data(self, shape: tuple[int, ...], steps: int | None = None) -> Any:
        """One batch, again and again: next to nothing of the time goes into the pipeline."""
        random = np.random.default_rng(0)
        x = random.standard_normal((self.batch, *shape)).astype("float32")
        y = random.integers(10, size=self.batch)
        return tf.data.Dataset.from_tensors((x, y)).cache().repeat(steps or self.steps)


MLP = Kind("MLP", "MLP 64-128-128-128-10, batch 32", mlp, 32, 200)
CNN = Kind("CNN", "CNN of 34,826 parameters on 28 x 28, batch 32", cnn, 32, 100)


@dataclass(frozen=True)
class Way:
    """How a training is watched: by which callbacks, compiled or step by step."""

    name: str
    callbacks: Callable[[], list[Any]]
    eager: bool = False


def _tensorboard() -> list[Any]:
    return [keras.callbacks.TensorBoard(tempfile.mkdtemp(), histogram_freq=1, write_graph=False)]


BARE = Way("bare", list)
BARE_AGAIN = Way("bare, a second time (the noise)", list)
EVERY_50 = Way("`ExpertCallback(every=50)`: two looks in 50 steps", lambda: [ExpertCallback(every=50, quiet=True)])
DEFAULT = Way("`ExpertCallback()`", lambda: [ExpertCallback(quiet=True)])
TENSORBOARD = Way("`TensorBoard(histogram_freq=1)`", _tensorboard)
EAGER = Way("bare, `run_eagerly=True`", list, eager=True)
COMPILED = (BARE, BARE_AGAIN, EVERY_50, DEFAULT, TENSORBOARD)
