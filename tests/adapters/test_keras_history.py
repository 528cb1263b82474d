from __future__ import annotations

import pickle
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from expert.adapters.keras_history import READER
from expert.adapters.plugin import expert_readers
from expert.errors import SourceError
from expert.history import History
from expert.reading import ReadRequest
from tests.adapters.keras_framework import keras

RNG = np.random.default_rng(0)
X = RNG.standard_normal((64, 8)).astype("float32")
Y = (X[:, 0] > 0).astype("float32")


def fit(**settings: Any) -> Any:
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.layers.Input((8,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(1, "sigmoid")]
    )
    model.compile(keras.optimizers.SGD(0.1), "binary_crossentropy", metrics=["accuracy"])
    return model.fit(X, Y, batch_size=16, verbose=0, **settings)


def read(source: Any, **columns: str) -> History:
    assert READER.recognizes(source) > 0
    (history,) = READER.read(source, ReadRequest(columns=columns))
    return history


def values(history: History, role: str) -> tuple[list[float], list[float]]:
    series = history.get(role)
    assert series is not None
    return series.at.tolist(), series.values.tolist()


def test_a_run_of_fit() -> None:
    result = fit(epochs=3, validation_data=(X, Y))
    history = read(result)
    assert READER.recognizes(result) == 1.0
    assert history.roles == ("train.accuracy", "train.loss", "val.accuracy", "val.loss")
    assert values(history, "train.loss") == ([1, 2, 3], result.history["loss"])
    assert values(history, "val.accuracy") == ([1, 2, 3], result.history["val_accuracy"])
    assert {series.reduction for series in history.series} == {"epoch_mean"}
    assert (history.epochs, history.steps) == (3, 12)
    assert (history.config.epochs, history.config.steps_per_epoch, history.config.framework) == (3, 4, "keras")
    assert (history.notes, history.events, history.ignored) == ((), (), ())


def test_the_model_behind_it_tells_for_free() -> None:
    history = read(fit(epochs=1))
    assert (history.model.activation, history.model.output_activation, history.model.depth) == ("relu", "sigmoid", 2)
    assert (history.config.optimizer, history.config.learning_rate, history.config.loss) == ("sgd", 0.1, "bce")
    assert history.config.evaluation_mode_in_validation is True


def test_a_resumed_run_keeps_its_numbers() -> None:
    history = read(fit(epochs=5, initial_epoch=3))
    assert values(history, "train.loss")[0] == [4, 5]
    assert [(event.kind, event.at) for event in history.events] == [("resume", 4)]


@pytest.mark.parametrize(
    ("settings", "at", "noted"),
    [
        ({"epochs": 4, "validation_freq": 2}, [2, 4], False),
        ({"epochs": 8, "validation_freq": 2, "initial_epoch": 3}, [4, 6, 8], False),
        ({"epochs": 5, "validation_freq": 2}, [2, 4], False),
        ({"epochs": 7, "validation_freq": 3}, [3, 6], False),
        ({"epochs": 8, "validation_freq": 4}, [4, 8], True),
    ],
)
def test_validation_every_few_epochs_stands_where_it_ran(settings: dict[str, int], at: list[int], noted: bool) -> None:
    history = read(fit(validation_data=(X, Y), **settings))
    assert values(history, "val.loss")[0] == at
    assert any("every" in note for note in history.notes) is noted


def test_a_frequency_that_cannot_be_told_is_noted() -> None:
    result = SimpleNamespace(
        history={"loss": [3.0, 2.0, 1.0], "val_loss": [3.0, 2.0]}, epoch=[0, 1, 2], params={"epochs": 3, "steps": None}
    )
    history = read(result)
    assert values(history, "val.loss")[0] == [1, 2]
    assert any("placed from the first" in note for note in history.notes)
    assert history.marks is None


class Break(keras.callbacks.Callback):  # type: ignore[misc]
    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if epoch == 2:
            self.model.layers[-1].kernel.assign(np.full((4, 1), np.nan))


@pytest.mark.parametrize("validated", [True, False])
def test_a_run_stopped_by_nan(validated: bool) -> None:
    settings = {"validation_data": (X, Y)} if validated else {}
    result = fit(epochs=6, callbacks=[keras.callbacks.TerminateOnNaN(), Break()], **settings)
    history = read(result)
    at, losses = values(history, "train.loss")
    assert at == [1, 2, 3]
    assert np.isfinite(losses[:2]).all()
    assert np.isnan(losses[2])
    assert [(event.kind, event.at) for event in history.events] == [("stopped", 3)]


def test_the_validation_missing_after_a_nan_is_the_last() -> None:
    result = SimpleNamespace(
        history={"loss": [3.0, 2.0, float("nan")], "val_loss": [3.0, 2.5]}, epoch=[0, 1, 2], params={"epochs": 9}
    )
    history = read(result)
    assert values(history, "val.loss")[0] == [1, 2]
    assert history.notes == ()


def test_the_rate_is_the_first_one_where_a_callback_changed_it() -> None:
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2 if epoch else rate)
    history = read(fit(epochs=3, callbacks=[halve]))
    assert values(history, "optimizer.learning_rate")[1] == pytest.approx([0.1, 0.05, 0.025])
    assert history.config.learning_rate == 0.1
    rate = history.get("optimizer.learning_rate")
    assert rate is not None
    assert rate.reduction == "last_batch"


def test_an_early_stop_is_an_event() -> None:
    stop = keras.callbacks.EarlyStopping(monitor="loss", mode="max", patience=1)
    history = read(fit(epochs=9, callbacks=[stop]))
    assert [(event.kind, event.text) for event in history.events] == [("stopped", "fit ended after epoch 2 of 9")]


def test_a_column_can_be_given_its_role() -> None:
    result = SimpleNamespace(history={"loss": [2.0, 1.0], "head_b": [4.0, 3.0]}, epoch=[0, 1], params={})
    assert values(read(result, **{"val.loss": "head_b"}), "val.loss")[1] == [4, 3]


def test_a_kept_copy_without_the_model_is_read_too() -> None:
    result = fit(epochs=2)
    kept = pickle.loads(pickle.dumps({"history": result.history, "epoch": result.epoch, "params": result.params}))
    history = read(SimpleNamespace(**kept))
    assert values(history, "train.loss") == values(read(result), "train.loss")
    assert history.model.depth is None


def test_a_model_that_cannot_be_read_does_not_cost_the_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_model: object) -> None:
        raise RuntimeError("strange")

    monkeypatch.setattr("expert.adapters.keras.profile.model.read_model", fail)
    history = read(fit(epochs=1))
    assert history.roles
    assert any("strange" in note for note in history.notes)


def test_an_empty_history_is_refused() -> None:
    with pytest.raises(SourceError, match="fit has not completed an epoch"):
        READER.read(fit(epochs=0), ReadRequest())


def test_more_values_than_epochs_are_refused() -> None:
    result = SimpleNamespace(history={"loss": [1.0, 2.0]}, epoch=[0], params={})
    with pytest.raises(SourceError, match="1 epochs but 2 values of 'loss'"):
        READER.read(result, ReadRequest())


def test_other_sources_are_left_alone() -> None:
    for source in ({"loss": [1.0]}, History(), "history.json", None, SimpleNamespace(history=[1])):
        assert READER.recognizes(source) == 0.0


def test_no_other_reader_is_as_sure() -> None:
    result = fit(epochs=1)
    kept = SimpleNamespace(history=result.history, epoch=result.epoch, params=result.params)
    for source in (result, kept):
        scores = {reader.id: reader.recognizes(source) for reader in expert_readers() if reader.gives == "run"}
        assert max(scores, key=lambda name: scores[name]) == "keras-history"
        assert sum(score == scores["keras-history"] for score in scores.values()) == 1
