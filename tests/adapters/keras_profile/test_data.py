from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from expert import advise
from expert.adapters.keras.profile.data import profile_data, read_data
from expert.adapters.keras.profile.profiles import read_profiles
from expert.errors import SourceError
from expert.history import History
from tests.adapters.keras_framework import keras

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.standard_normal((200, 5)).astype("float32"), np.arange(200) * 4 // 200


@pytest.mark.parametrize(
    "data",
    [
        (X, Y),
        (tf.constant(X), tf.constant(Y)),
        (pd.DataFrame(X), pd.Series(Y)),
        {"x": X, "y": Y},
        tf.data.Dataset.from_tensor_slices((X, Y)).shuffle(200).batch(32),
    ],
)
def test_forms_of_data(data: Any) -> None:
    found = profile_data(data)
    assert (found.samples, found.features, found.classes, found.sorted_by_label) == (200, 5, 4, True)
    assert found.class_counts == (50, 50, 50, 50)


def test_several_inputs() -> None:
    assert profile_data(([X, X[:, :2]], Y)).features == 7
    split = profile_data(({"a": X, "b": X[:, :2]}, Y), validation_split=0.25)
    assert (split.samples, split.validation_samples, split.features) == (150, 50, 7)


def test_a_pipeline_that_changes_its_samples_is_refused_in_one_sentence() -> None:
    mapped = tf.data.Dataset.from_tensor_slices((X, Y)).map(lambda x, y: (x * 2, y)).batch(32)
    with pytest.raises(SourceError, match=r"data: a tf.data pipeline that maps.*give the arrays behind it"):
        profile_data(mapped)


def test_a_pipeline_tells_of_batches_and_order_beside_its_samples() -> None:
    history = read_data(tf.data.Dataset.from_tensor_slices((X, Y)).batch(32))
    assert (history.config.batch_size, history.config.shuffle, history.data.sorted_by_label) == (32, False, True)


@pytest.mark.parametrize("as_kind", [np.asarray, tf.constant, pd.DataFrame])
def test_the_split_is_the_one_that_fit_makes(as_kind: Any) -> None:
    share = 0.15
    found = profile_data((as_kind(X), Y), validation_split=share)
    seen: list[int] = []

    class Count(keras.callbacks.Callback):  # type: ignore[misc]
        def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
            seen.append(batch)

    model = keras.Sequential([keras.layers.Input((5,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, Y, batch_size=1, validation_split=share, verbose=0, callbacks=[Count()])
    assert found.validation_samples == len(seen)
    assert found.label_shift == pytest.approx(150 / 170)  # the tail holds the last class alone


def test_a_split_of_sorted_rows_is_found() -> None:
    model = keras.Sequential([keras.layers.Input((5,)), keras.layers.Dense(4, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    result = model.fit(X, Y, validation_split=0.2, epochs=8, verbose=0)
    for mixed in (False, True):
        rows = RANDOM.permutation(200) if mixed else np.arange(200)
        told = read_profiles(model, {"validation_split": 0.2})
        data = read_data((X[rows], Y[rows]), validation_split=0.2)
        columns = History.from_columns(result.history)
        history = columns.model_copy(update={"config": told.config, "model": told.model, "data": data.data})
        assert ("ordered-tail-validation-split" in [one.name for one in advise(history).findings]) is not mixed


@pytest.mark.parametrize(
    ("data", "settings", "sentence"),
    [
        ((X, Y), {"validation_split": 1.5}, "validation_split: got 1.5; expected a share"),
        ((X[:1], Y[:1]), {"validation_split": 0.5}, "leaves one of the parts empty"),
        (((X, Y), (X, Y)), {"validation_split": 0.2}, "hold a validation set already"),
        ((X, Y), {"validation_split": 0.2, "validation": (X, Y)}, "there are validation data, too"),
    ],
)
def test_sentences(data: Any, settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SourceError, match=sentence):
        read_data(data, **settings)
