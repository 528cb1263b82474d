"""Most steps are made by the function that Keras compiles, some by another one that is looked into."""

from __future__ import annotations

import random
import time
from typing import Any

import numpy as np
import pytest

from expert.adapters.keras import ExpertCallback
from expert.adapters.keras.pacing import ROWS, UNBOUNDED, distances
from tests.adapters.keras_framework import keras
from tests.adapters.keras_watch.setups import CLASSES, FEATURES, compile_model, fit, network, plain, values, watched

OPTIMIZERS = keras.optimizers


def assert_equal(one: Any, other: Any) -> None:
    for first, second in zip(
        (*one.variables, *one.optimizer.variables), (*other.variables, *other.optimizer.variables), strict=True
    ):
        np.testing.assert_array_equal(first.numpy(), second.numpy(), err_msg=first.path)


@pytest.mark.parametrize("steps", [1, 4], ids=["single", "several"])
@pytest.mark.parametrize("accumulated", [None, 2], ids=["plain", "accumulating"])
def test_steps_of_two_functions_make_the_training_of_one(steps: int, accumulated: int | None) -> None:
    def trained(*callbacks: Any) -> Any:
        adam = OPTIMIZERS.Adam(0.01, gradient_accumulation_steps=accumulated)
        model = network(adam, steps_per_execution=steps)
        fit(model, *callbacks, epochs=8)
        return model

    watcher = ExpertCallback(every=9, quiet=True)
    assert_equal(trained(), trained(watcher))
    at = values(watcher.history(), "gradient.norm")[0]
    assert 10 <= len(at) < 30
    assert at == sorted(set(at))
    assert at[-1] > 36


class Drawing(keras.layers.Layer):  # type: ignore[misc]
    """Draws numbers, in one of three ways that a second graph of the same step would not share."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.way = way

    def call(self, inputs: Any) -> Any:
        import tensorflow as tf

        if self.way == "in the graph":
            return inputs + tf.random.normal(tf.shape(inputs), stddev=0.1)
        if self.way == "in a function":
            return inputs + tf.function(lambda: tf.random.uniform(()))()
        return inputs * (np.random.uniform(0.5, 1.5) if self.way == "by NumPy" else random.uniform(0.5, 1.5))


@pytest.mark.parametrize("way", ["in the graph", "in a function", "by NumPy", "by Python"])
def test_a_step_that_draws_numbers_is_made_by_one_function(way: str) -> None:
    def trained(*callbacks: Any) -> Any:
        keras.utils.set_random_seed(5)
        model = keras.Sequential([keras.layers.Input((FEATURES,)), Drawing(way), keras.layers.Dense(CLASSES)])
        fit(compile_model(model), *callbacks, epochs=4)
        return model, random.random(), np.random.random()

    (bare, *numbers), (seen, *numbers_too) = trained(), trained(ExpertCallback(every=5, quiet=True))
    assert_equal(bare, seen)
    assert numbers == numbers_too


def test_the_step_is_traced_once_more() -> None:
    calls: list[int] = []

    class Counted(keras.layers.Dense):  # type: ignore[misc]
        def call(self, inputs: Any, training: Any = None) -> Any:
            calls.append(1)
            return super().call(inputs)

    def traced(*callbacks: Any) -> int:
        model = compile_model(keras.Sequential([keras.layers.Input((FEATURES,)), Counted(CLASSES)]))
        calls.clear()
        for _ in range(3):
            fit(model, *callbacks, epochs=6)
        return len(calls)

    assert traced(ExpertCallback(every=5, quiet=True)) == traced() + 1


def test_trouble_in_an_epoch_is_looked_at_closely() -> None:
    class Trouble(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if batch == 100:
                self.model.layers[0].kernel.assign(float("nan") * self.model.layers[0].kernel)

    history = watched(plain(), Trouble(), watcher=ExpertCallback(every=1000, quiet=True), batch_size=1, epochs=1)
    at = values(history, "gradient.norm")[0]
    assert at[:10] == list(range(1, 11))
    assert 100 < at[10] < 120
    assert at[10:] == [at[10] + number for number in range(10)]


def test_the_last_steps_of_data_of_unknown_length_are_counted() -> None:
    import tensorflow as tf

    data = tf.data.Dataset.from_tensors((np.ones((4, FEATURES)), np.ones(4))).repeat(7).filter(lambda x, y: True)
    watcher = ExpertCallback(every=4, quiet=True)
    history = watched(plain(), watcher=watcher, x=data, y=None, batch_size=None, epochs=5)
    assert values(history, "gradient.norm")[0] == [*range(1, 11), 14, 15, 19, 20, 24, 25, 29, 30, 34, 35]
    assert history.steps == 35


@pytest.mark.parametrize("eager", [False, True])
def test_which_steps_are_looked_at_does_not_depend_on_how_long_they_take(eager: bool) -> None:
    class Busy(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            time.sleep(0.005)

    def looked_at(*callbacks: Any) -> list[float]:
        history = watched(plain(run_eagerly=eager), *callbacks, batch_size=4, epochs=3)
        return values(history, "gradient.norm")[0]

    at = looked_at()
    assert len(at) > 15
    assert looked_at(Busy()) == at


def test_looks_stand_evenly_in_a_long_training_and_cost_a_share_of_it() -> None:
    short, long = distances(every=None, steps=500, budget=0.01)
    assert short < long == 400
    assert distances(every=None, steps=500, budget=0.04)[1] == 100
    assert distances(every=None, steps=None, budget=0.01)[1] == UNBOUNDED
    # An epoch of a million steps has room for its looks.
    assert 2 * 1_000_000 / distances(every=None, steps=1_000_000, budget=0.5)[1] < ROWS
