"""What is known of the data: the order of seeded runs, and the samples where the user shows them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from expert import advise
from expert.adapters.keras import ExpertCallback, profile_data
from expert.errors import SourceError
from tests.adapters.keras_framework import keras
from tests.adapters.keras_watch.setups import FEATURES, X, Y, compile_model, fit, plain, watched

ORDER = np.argsort(Y, kind="stable")
SORTED = {"x": X[ORDER], "y": Y[ORDER]}


def test_a_seed_alone_is_no_fault() -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 6, 1500)
    inputs = 0.5 * random.standard_normal((6, 20))[labels] + random.standard_normal((1500, 20))
    keras.utils.set_random_seed(0)
    hidden = [keras.layers.Input((20,)), keras.layers.Dense(64, "relu"), keras.layers.Dropout(0.3)]
    watcher = ExpertCallback(quiet=True)
    fit(compile_model(keras.Sequential([*hidden, keras.layers.Dense(6)])), watcher, x=inputs, y=labels, epochs=8)
    history = watcher.history()
    assert (history.config.shuffle, history.config.order_redrawn) == (True, None)
    assert any("same order in each epoch" in note for note in history.notes)
    # The losses show the order that repeats, so it is mentioned; it is no warning.
    assert advise(watcher).verdict == "healthy"


def test_without_being_asked_the_data_are_not_looked_into() -> None:
    history = watched(plain(), validation_split=0.25, **SORTED)
    assert (history.data.samples, history.data.classes, history.config.validation_split) == (144, None, 0.25)


def test_the_trap_of_a_split_of_sorted_rows_is_found_where_the_callback_may_look() -> None:
    watcher = ExpertCallback(data=True, quiet=True)
    history = watched(plain(), watcher=watcher, validation_split=0.25, epochs=8, **SORTED)
    assert history.data == profile_data((SORTED["x"], SORTED["y"]), validation_split=0.25)
    assert (history.data.samples, history.data.validation_samples, history.data.sorted_by_label) == (144, 48, True)
    assert advise(watcher).is_found("ordered-tail-validation-split")


def test_so_it_is_where_advise_is_given_the_arrays() -> None:
    watcher = ExpertCallback(quiet=True)
    watched(plain(), watcher=watcher, validation_split=0.25, epochs=8, **SORTED)
    assert not advise(watcher).is_found("ordered-tail-validation-split")
    assert advise(watcher, data=(SORTED["x"], SORTED["y"])).is_found("ordered-tail-validation-split")
    shown = profile_data((SORTED["x"], SORTED["y"]), validation_split=0.25)
    assert advise(watcher, data=shown).is_found("ordered-tail-validation-split")


def test_what_fit_was_given_is_compared_with_the_validation_data() -> None:
    watcher = ExpertCallback(data=True, quiet=True)
    history = watched(plain(), watcher=watcher, validation_data=(X[:40], Y[:40], np.ones(40)))
    assert (history.data.samples, history.data.validation_samples, history.data.train_val_overlap) == (192, 40, 1.0)


def test_arrays_behind_a_pipeline_are_given_to_the_callback() -> None:
    import tensorflow as tf

    pipeline = tf.data.Dataset.from_tensor_slices((X, Y)).map(lambda x, y: (2.0 * x, y)).batch(32)
    shown = watched(plain(), watcher=ExpertCallback(data=(X, Y), quiet=True), x=pipeline, y=None, batch_size=None)
    assert (shown.data.samples, shown.data.features, shown.data.classes) == (192, FEATURES, 4)
    watcher = ExpertCallback(data=True, quiet=True)
    fit(plain(), watcher, x=pipeline, y=None, batch_size=None)
    notes = watcher.history().notes
    assert any("cannot be looked at without iterating it" in note for note in notes)


def test_a_pipeline_of_samples_in_memory_is_read_and_not_iterated() -> None:
    import tensorflow as tf

    def trained(*callbacks: Any) -> list[Any]:
        pipeline = tf.data.Dataset.from_tensor_slices((X, Y)).shuffle(192, seed=3).batch(32)
        model = plain()
        fit(model, *callbacks, x=pipeline, y=None, batch_size=None, validation_data=(X[:20], Y[:20]))
        return [one.numpy() for one in model.weights]

    watcher = ExpertCallback(data=True, quiet=True)
    for one, other in zip(trained(), trained(watcher), strict=True):
        np.testing.assert_array_equal(one, other)
    assert (watcher.history().data.classes, watcher.history().data.validation_samples) == (4, 20)


@pytest.mark.parametrize("data", [3, "train.csv", object()])
def test_data_that_are_something_else(data: Any) -> None:
    with pytest.raises(SourceError, match="ExpertCallback: data is "):
        ExpertCallback(data=data)
