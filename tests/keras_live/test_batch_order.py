"""The order in which ``fit`` gives arrays: with a seed TensorFlow repeats it, and that is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from expert import advise
from expert.adapters.keras import ExpertCallback
from tests.keras_live.networks import keras

ROWS, BATCH, EPOCHS = 96, 8, 5


class Noting(keras.layers.Layer):
    """Notes the first feature of what passes through; for models that run eagerly."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[float, ...]] = []

    def call(self, x: Any) -> Any:
        if hasattr(x, "numpy") and len(self.seen) < EPOCHS * ROWS // BATCH:
            self.seen.append(tuple(x.numpy()[:, 0].tolist()))
        return x


@pytest.fixture
def seeds() -> Any:
    import tensorflow as tf

    yield keras.utils.set_random_seed
    tf.random.set_seed(None)


def trained(**fit: Any) -> tuple[ExpertCallback, list[list[tuple[float, ...]]]]:
    """The watcher of a training on arrays, and the batches of each epoch."""
    noting = Noting()
    model = keras.Sequential([keras.Input((2,)), noting, keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    x = np.arange(2.0 * ROWS, dtype="float32").reshape(ROWS, 2) / ROWS
    watcher = ExpertCallback(quiet=True)
    model.fit(x, x[:, :1], batch_size=BATCH, epochs=EPOCHS, verbose=0, callbacks=[watcher], **fit)
    count = len(noting.seen) // EPOCHS
    return watcher, [noting.seen[epoch * count : (epoch + 1) * count] for epoch in range(EPOCHS)]


@pytest.mark.parametrize("more", [{}, {"steps_per_epoch": ROWS // BATCH}], ids=["whole", "steps"])
def test_a_seed_makes_every_epoch_the_same(seeds: Any, more: dict[str, int]) -> None:
    seeds(3)
    watcher, epochs = trained(**more)
    assert all(epoch == epochs[0] for epoch in epochs)
    assert epochs[0] != sorted(epochs[0])
    history = watcher.history()
    assert (history.config.shuffle, history.config.order_redrawn) == (True, None)
    assert any("same order" in note for note in history.notes)
    # Here the losses show the order, too; a sound run is not blamed for its seed alone.
    assert advise(watcher).is_found("DAT302")


def test_without_a_seed_the_order_is_drawn_anew(seeds: Any) -> None:
    watcher, epochs = trained()
    assert epochs[0] != epochs[1]
    history = watcher.history()
    assert (history.config.shuffle, history.config.order_redrawn) == (True, True)
    assert history.notes == ()
    assert not advise(watcher).is_found("DAT302")


def test_arrays_that_are_not_shuffled_are_nobodys_seed(seeds: Any) -> None:
    seeds(3)
    watcher, epochs = trained(shuffle=False)
    assert epochs[0] == sorted(epochs[0])
    assert not any("same order" in note for note in watcher.history().notes)
