"""Scales, ranges and shares that a training with Keras tells of the samples it is given, without being shown them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from expert import Advice
from expert.adapters.keras import ExpertCallback
from expert.history import DataProfile
from tests.adapters.keras_framework import keras

layers = keras.layers


def fitted(x: Any, y: Any, model: Any, loss: Any, *, epochs: int = 1, **arguments: Any) -> ExpertCallback:
    keras.utils.set_random_seed(0)
    model.compile(optimizer=keras.optimizers.Adam(0.005), loss=loss, metrics=arguments.pop("metrics", None))
    watcher = ExpertCallback(quiet=True, **{key: arguments.pop(key) for key in ("data",) if key in arguments})
    model.fit(x, y, epochs=epochs, verbose=0, callbacks=[watcher], **arguments)
    return watcher


def told(*arguments: Any, **more: Any) -> DataProfile:
    return fitted(*arguments, **more).history().data


def net(shape: tuple[int, ...], *parts: Any, units: int = 1) -> Any:
    return keras.Sequential([keras.Input(shape), *parts, layers.Dense(units)])


def columns(count: int = 600, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    x = np.stack([rng.normal(0, 1, count), rng.normal(40, 5, count)], 1).astype("float32")
    return x, (10.0 + 3.0 * x[:, :1]).astype("float32")


def test_scales_of_inputs_and_targets() -> None:
    x, y = columns()
    data = told(x, y, net((2,), layers.Dense(8, activation="relu")), "mse")
    assert data.largest_mean == pytest.approx(40.0, rel=0.05)
    assert data.largest_std == pytest.approx(5.0, rel=0.15)
    assert data.target_mean == pytest.approx(10.0, rel=0.05)
    assert data.target_std == pytest.approx(3.0, rel=0.15)
    assert data.label_minimum == pytest.approx(float(y.min()), abs=3.0)
    assert data.samples_seen == 512


def test_what_a_model_normalizes_itself_tells_no_scale_of_what_it_is_given() -> None:
    x, y = columns()
    assert told(x, y, net((2,), layers.Rescaling(0.1), layers.Dense(8)), "mse").largest_mean is None
    assert told(x, y, net((2,), layers.BatchNormalization(), layers.Dense(8)), "mse").largest_mean is None
    tokens = net((2,), layers.Embedding(99, 4), layers.Flatten())
    assert told(np.abs(x), y, tokens, "mse").largest_mean is None


def test_bytes_of_pictures_are_numbers_and_channels_columns() -> None:
    x = np.random.default_rng(0).integers(0, 255, (64, 12, 12, 3)).astype("uint8")
    model = net((12, 12, 3), layers.Conv2D(2, 3), layers.Flatten(), units=2)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    data = told(x, np.arange(64) % 2, model, loss)
    assert data.largest_mean == pytest.approx(127.0, rel=0.1)
    assert data.largest_std == pytest.approx(74.0, rel=0.1)
    assert data.seen_shares is None  # of so few labels


def test_what_is_shown_wins() -> None:
    x, y = columns()
    data = told(x, y, net((2,), layers.Dense(8)), "mse", data=True)
    assert data.samples_seen is None
    assert data.largest_mean == pytest.approx(float(x[:, 1].mean()), rel=1e-4)


def test_generators_are_left_alone() -> None:
    x, y = columns()
    drawn = []

    def batches() -> Any:
        for start in range(0, 600, 100):
            drawn.append(start)
            yield x[start : start + 100], y[start : start + 100]

    data = told(batches(), None, net((2,), layers.Dense(8)), "mse", steps_per_epoch=5)
    assert data.largest_mean is None
    assert len(drawn) <= 6


def advice_on(x: Any, y: Any, model: Any, loss: Any, **more: Any) -> Advice:
    return fitted(x, y, model, loss, epochs=8, validation_split=0.2, **more).advise()


def test_a_head_that_cannot_reach_the_targets_is_named() -> None:
    x = np.random.default_rng(1).normal(0, 1, (500, 2)).astype("float32")
    model = keras.Sequential([keras.Input((2,)), layers.Dense(16, activation="relu"), layers.Dense(1, "relu")])
    advice = advice_on(x, x[:, :1] - 1.0, model, "mse")
    assert advice.findings[0].rule == "MOD103"


def test_a_rare_class_is_named() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(0, 1, (2000, 4)).astype("float32"), (np.arange(2000) % 30 == 0).astype("float32")
    model = keras.Sequential([keras.Input((4,)), layers.Dense(8, activation="relu"), layers.Dense(1, "sigmoid")])
    advice = advice_on(x, y, model, "binary_crossentropy", metrics=["accuracy"])
    assert {"GEN109", "DAT401"} <= {one.rule for one in advice.findings}
