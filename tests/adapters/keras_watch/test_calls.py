"""What users do between and inside of calls of ``fit``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from expert.adapters.keras import ExpertCallback
from expert.errors import SourceError
from tests.adapters.keras_framework import keras
from tests.adapters.keras_watch.setups import X, Y, compile_model, fit, network, plain, row, values, watched

OPTIMIZERS = keras.optimizers


def assert_same_weights(one: Any, other: Any) -> None:
    for first, second in zip(one.variables, other.variables, strict=True):
        np.testing.assert_array_equal(first.numpy(), second.numpy(), err_msg=first.path)


class Asking(keras.callbacks.Callback):  # type: ignore[misc]
    """Evaluates and predicts in the middle of epochs and at their ends."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if batch == 2:
            self.model.predict(X[:10], verbose=0)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs["asked"] = self.model.evaluate(X, Y, verbose=0)


def test_evaluation_and_prediction_inside_of_a_training() -> None:
    bare, seen = network(), network()
    fit(bare, Asking(), epochs=4)
    history = watched(seen, Asking(), epochs=4)
    assert_same_weights(bare, seen)
    assert values(history, "train.loss")[0] == list(range(1, 25))
    assert history.epochs == 4


def test_the_watcher_goes_into_evaluation_and_prediction_too() -> None:
    watcher, model = ExpertCallback(quiet=True), plain()
    model.evaluate(X, Y, verbose=0, callbacks=[watcher])
    fit(model, watcher)
    model.evaluate(X, Y, verbose=0, callbacks=[watcher])
    model.predict(X, verbose=0, callbacks=[watcher])
    assert watcher.history().steps == 12
    assert not [note for note in watcher.history().notes if "failed" in note]


def test_a_model_compiled_again_goes_on_in_one_record() -> None:
    watcher, model = ExpertCallback(quiet=True), plain(OPTIMIZERS.SGD(0.1))
    fit(model, watcher)
    first = model.optimizer
    compile_model(model, OPTIMIZERS.SGD(0.02))
    fit(model, watcher)
    assert not {"apply"} & (set(vars(first)) | set(vars(model.optimizer)))
    history = watcher.history()
    steps, rates = values(history, "optimizer.learning_rate")
    assert rates == pytest.approx([0.1 if step <= 12 else 0.02 for step in steps])
    assert {step > 12 for step in values(history, "gradient.norm")[0]} == {False, True}
    assert history.config.learning_rate == pytest.approx(0.02)


def test_layers_frozen_before_a_model_is_compiled_again() -> None:
    watcher, model = ExpertCallback(quiet=True), plain()
    fit(model, watcher)
    model.get_layer("first").trainable = False
    compile_model(model)
    fit(model, watcher)
    history = watcher.history()
    before, after = row(history, "gradient_norm", 1), row(history, "gradient_norm", 13)
    assert before["first"] > 0
    assert np.isnan(after["first"])
    assert after["head"] > 0


def test_layers_frozen_without_compiling_are_trained_on_and_no_step_is_traced_anew() -> None:
    """Keras keeps to the step it has compiled, and so do we."""

    def trained(*callbacks: Any) -> Any:
        model = plain()
        fit(model)
        model.get_layer("first").trainable = False
        fit(model, *callbacks)
        return model

    watcher = ExpertCallback(quiet=True)
    assert_same_weights(trained(), trained(watcher))
    assert any("changed since it was compiled" in note for note in watcher.history().notes)


def test_a_list_of_callbacks_made_by_the_user() -> None:
    watcher, model = ExpertCallback(quiet=True), plain()
    callbacks = keras.callbacks.CallbackList([watcher], add_history=True, model=model, epochs=2, steps=6, verbose=0)
    model.fit(X, Y, batch_size=32, epochs=2, verbose=0, callbacks=callbacks)
    history = watcher.history()
    assert values(history, "train.loss")[0] == list(range(1, 13))
    assert len(values(history, "gradient.norm")[0]) >= 10
    assert not [note for note in history.notes if "failed" in note]


class Stairs(OPTIMIZERS.schedules.LearningRateSchedule):  # type: ignore[misc]
    """A schedule of the user's own."""

    def __call__(self, step: Any) -> Any:
        return 0.1 / (1.0 + keras.ops.floor(keras.ops.cast(step, "float32") / 4.0))


def test_a_schedule_of_the_users_own() -> None:
    steps, rates = values(watched(plain(OPTIMIZERS.SGD(Stairs()))), "optimizer.learning_rate")
    looked_at = [step for step in steps if step < 12]
    assert rates[: len(looked_at)] == pytest.approx([0.1 / (1 + (step - 1) // 4) for step in looked_at])


def test_averages_of_the_weights_are_swapped_in_and_out() -> None:
    def trained(*callbacks: Any) -> Any:
        model = plain(OPTIMIZERS.Adam(0.01, use_ema=True, ema_momentum=0.9))
        fit(model, *callbacks, keras.callbacks.SwapEMAWeights(swap_on_epoch=True), epochs=4, validation_data=(X, Y))
        return model

    watcher = ExpertCallback(every=5, quiet=True)
    assert_same_weights(trained(), trained(watcher))
    assert watcher.history().config.weight_averaging is True


def test_models_of_another_keras_are_refused_in_one_sentence() -> None:
    class Old:
        """As `tf_keras` makes them."""

    Old.__module__ = "tf_keras.src.engine.training"
    watcher = ExpertCallback()
    watcher.set_model(Old())
    with pytest.raises(SourceError, match=r"ExpertCallback: the model is of tf_keras.*expected a model of Keras 3"):
        watcher.on_train_begin()
    watcher.set_model(None)
    with pytest.raises(SourceError, match="ExpertCallback: there is no model"):
        watcher.on_train_begin()
