"""Watched trainings on the backend that KERAS_BACKEND names, run as a program: prints what was seen as JSON."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from expert.adapters.keras import ExpertCallback

FOLDER = Path(tempfile.mkdtemp())


def optimizer(kind: str) -> Any:
    return {
        "plain": lambda: keras.optimizers.SGD(0.1, momentum=0.9, global_clipnorm=0.5),
        "accumulating": lambda: keras.optimizers.Adam(0.01, gradient_accumulation_steps=2),
        "scaling": lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.01), dynamic_growth_steps=5),
    }[kind]()


def trained(kind: str, jit: bool, watcher: ExpertCallback | None) -> Any:
    keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    x = random.standard_normal((192, 8)).astype("float32")
    y = (x @ random.standard_normal((8, 3))).argmax(1)
    layers = [keras.layers.Input((8,)), keras.layers.Dense(16, "relu", name="first"), keras.layers.BatchNormalization()]
    model = keras.Sequential([*layers, keras.layers.Dropout(0.1), keras.layers.Dense(3, name="head")])
    model.compile(optimizer(kind), keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=jit)
    folder = FOLDER / ("seen" if watcher else "bare")
    folder.mkdir(exist_ok=True)
    callbacks: list[Any] = [keras.callbacks.ModelCheckpoint(str(folder / f"{kind}.keras"))]
    if watcher is not None:
        callbacks.insert(0, watcher)
    for _ in range(2):
        model.fit(x, y, batch_size=32, epochs=2, verbose=0, callbacks=callbacks)
    if watcher is not None:
        assert not {"apply", "stateless_apply", "save_own_variables"} & set(vars(model.optimizer))
    return model, keras.models.load_model(folder / f"{kind}.keras")


def state(model: Any) -> list[Any]:
    return [*model.variables, *model.optimizer.variables]


def seen_of(kind: str, jit: bool) -> dict[str, Any]:
    """What is told of a training of this kind, and the variables that are not those of a training without a watcher."""
    watcher = ExpertCallback(quiet=True, probe=np.ones((4, 8), dtype="float32"))
    bare, bare_file = trained(kind, jit, None)
    seen, seen_file = trained(kind, jit, watcher)
    history = watcher.history()
    differing = [
        one.path
        for first, second in ((bare, seen), (bare_file, seen_file))
        for one, other in zip(state(first), state(second), strict=True)
        if not np.array_equal(keras.ops.convert_to_numpy(one), keras.ops.convert_to_numpy(other))
    ]
    table = history.layer("gradient_norm")
    assert table is not None
    return {
        "notes": history.notes,
        "differing": differing,
        "layers": table.layers,
        "least": float(np.nanmin(table.values)),
        "series": {one.role: [one.at.tolist(), one.values.tolist()] for one in history.series if not one.labels},
    }


if __name__ == "__main__":
    print(json.dumps({kind: seen_of(kind, sys.argv[1] == "jit") for kind in sys.argv[2:]}))
