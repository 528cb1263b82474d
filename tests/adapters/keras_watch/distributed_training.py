"""A training on two replicas, watched and not, run as a program: a process has its devices made only once."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import tensorflow as tf

processor = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)

import keras  # noqa: E402  (after the devices)

from expert import advise  # noqa: E402
from expert.adapters.keras import ExpertCallback  # noqa: E402


def trained(*callbacks: Any) -> list[Any]:
    """All variables after a training on two replicas."""
    keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    x = random.standard_normal((192, 8)).astype("float32")
    y = (x @ random.standard_normal((8, 3))).argmax(1)
    with tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"]).scope():
        layers = [keras.layers.Input((8,)), keras.layers.Dense(16, "relu", name="first"), keras.layers.Dropout(0.1)]
        model = keras.Sequential([*layers, keras.layers.Dense(3, name="head")])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    assert model.distribute_strategy.num_replicas_in_sync == 2
    model.fit(x, y, batch_size=32, epochs=3, validation_split=0.25, verbose=0, callbacks=list(callbacks))
    return [one.numpy() for one in (*model.variables, *model.optimizer.variables)]


def main() -> None:
    """Print what was seen as JSON."""
    watcher = ExpertCallback(quiet=True)
    bare, seen = trained(), trained(watcher)
    history = watcher.history()
    norms, moved = history.layer("gradient_norm"), history.layer("epoch_update_ratio")
    losses = history.get("train.loss")
    assert norms is not None
    assert moved is not None
    assert losses is not None
    told = {
        "equal": all(np.array_equal(one, other) for one, other in zip(bare, seen, strict=True)),
        "notes": history.notes,
        "norms": [norms.at.tolist(), float(np.nanmin(norms.values))],
        "moved": [moved.at.tolist(), float(np.nanmin(moved.values))],
        "losses": [losses.at.tolist(), losses.values.tolist()],
        "findings": [one.name for one in advise(watcher).findings if one.severity in {"error", "fatal"}],
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
