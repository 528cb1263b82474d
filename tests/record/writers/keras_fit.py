"""Keras: one ``fit`` with CSVLogger and TensorBoard, what it prints, and its History as JSON and pickled."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pickle

os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}

import keras  # after its backend is chosen
import numpy as np
from recording import Recording

recording = Recording("keras.Model.fit", "keras", "tensorflow-cpu")
EPOCHS = 8
keras.utils.set_random_seed(0)
x = np.random.default_rng(0).normal(size=(144, 4)).astype("float32")
y = (x[:, 0] + 0.5 * x[:, 1] > 0).astype("int32")
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(2)])
model.compile(
    optimizer=keras.optimizers.SGD(0.5),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
callbacks = [
    keras.callbacks.CSVLogger(str(recording.folder / "training.csv")),
    keras.callbacks.TensorBoard(str(recording.folder / "tensorboard"), write_graph=False),
]
printed = io.StringIO()
with contextlib.redirect_stdout(printed):
    history = model.fit(
        x[:96], y[:96], 16, EPOCHS, validation_data=(x[96:], y[96:]), callbacks=callbacks, verbose=1
    ).history
(recording.folder / "fit.log").write_text(printed.getvalue(), encoding="utf-8")
(recording.folder / "history.json").write_text(json.dumps(history), encoding="utf-8")
(recording.folder / "history.pkl").write_bytes(pickle.dumps(history))

ROLES = {"loss": "train.loss", "accuracy": "train.accuracy", "val_loss": "val.loss", "val_accuracy": "val.accuracy"}


def told(first: int) -> dict[str, tuple[list[float], list[float]]]:
    """The numbers of the History, with epochs counted from 0 or from 1."""
    at = [float(epoch) for epoch in range(first, first + EPOCHS)]
    return {role: (at, [float(value) for value in history[name]]) for name, role in ROLES.items()}


recording.log("training.csv", told(0))
recording.log("tensorboard", told(0))
recording.log("history.json", told(1))
recording.log("history.pkl", told(1))
recording.log("fit.log", told(1), digits=2e-3)
recording.save()
