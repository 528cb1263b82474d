"""Activations seen through a probe batch: they are those of the model, and the pass leaves no trace."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from expert.adapters.keras import ExpertCallback
from tests.adapters.keras_framework import keras
from tests.adapters.keras_watch.setups import CLASSES, FEATURES, X, compile_model, fit, network, plain, row

layers = keras.layers


def test_dead_and_saturated_units_are_counted() -> None:
    keras.utils.set_random_seed(0)
    inputs = layers.Input((FEATURES,))
    first = layers.Dense(8, "relu", name="first")(inputs)
    second = keras.ops.tanh(layers.Dense(6, name="second")(first))
    head = layers.Dense(CLASSES, "softmax", name="head")(second)
    model = compile_model(keras.Model(inputs, head), loss="sparse_categorical_crossentropy")
    kernel, bias = model.get_layer("first").get_weights()
    bias[:4] = -1000.0
    model.get_layer("first").set_weights([kernel, bias])
    model.get_layer("second").kernel.assign(20.0 * model.get_layer("second").kernel)
    watcher = ExpertCallback(probe=X[:50], quiet=True)
    fit(model, watcher, epochs=2)
    history = watcher.history()
    hidden = keras.Model(inputs, [first, second])(X[:50], training=False)
    relu, tanh = (np.asarray(one) for one in hidden)
    assert row(history, "zero_unit_share", 12) == {"first": pytest.approx((relu == 0).all(0).mean())}
    assert row(history, "zero_unit_share", 12)["first"] >= 0.5
    assert row(history, "zero_share", 12)["first"] == pytest.approx((relu == 0).mean(), abs=1e-6)
    (saturated,) = row(history, "saturated_share", 12).values()
    assert saturated == pytest.approx((np.abs(tanh) > 0.99).mean(), abs=1e-6)


def test_a_head_is_no_hidden_layer_though_something_stands_behind_it() -> None:
    inputs = layers.Input((FEATURES,))
    head = layers.Dense(CLASSES, "sigmoid", name="head")(layers.Dense(8, "tanh", name="hidden")(inputs))
    model = compile_model(keras.Model(inputs, layers.Reshape((CLASSES,))(head)), loss="sparse_categorical_crossentropy")
    watcher = ExpertCallback(probe=X[:50], quiet=True)
    fit(model, watcher, epochs=1)
    assert set(row(watcher.history(), "saturated_share", 6)) == {"hidden"}


class Noisy(layers.Layer):  # type: ignore[misc]
    """Draws random numbers in inference, too."""

    def __init__(self) -> None:
        super().__init__()
        self.seeds = keras.random.SeedGenerator(5)

    def call(self, inputs: Any) -> Any:
        return inputs + 0.01 * np.random.standard_normal() + keras.random.normal((1,), seed=self.seeds)


def test_the_pass_leaves_no_trace() -> None:
    def trained(*callbacks: Any) -> tuple[list[Any], float]:
        keras.utils.set_random_seed(1)
        model = keras.Sequential([layers.Input((FEATURES,)), layers.Dense(8, "relu"), Noisy(), layers.Dropout(0.5)])
        model.add(layers.BatchNormalization())
        model.add(layers.Dense(CLASSES))
        fit(compile_model(model), *callbacks)
        assert not any("call" in vars(layer) for layer in model.layers)
        return [one.numpy() for one in model.variables], float(np.random.random())

    bare, number = trained()
    seen, number_too = trained(ExpertCallback(probe=X[:20], quiet=True))
    assert number == number_too
    for one, other in zip(bare, seen, strict=True):
        np.testing.assert_array_equal(one, other)


def test_inputs_of_another_shape_are_a_note() -> None:
    watcher = ExpertCallback(probe=X[:20, :3], quiet=True)
    fit(plain(), watcher, epochs=3)
    notes = [note for note in watcher.history().notes if "passing the probe batch through the model" in note]
    assert len(notes) == 1
    assert watcher.history().epochs == 3


def test_without_a_probe_nothing_is_said_of_activations() -> None:
    watcher = ExpertCallback(quiet=True)
    fit(network(), watcher)
    assert watcher.history().layer("zero_unit_share") is None
