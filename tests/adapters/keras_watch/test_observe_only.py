"""A training that is watched is the same training: weights to the last bit, state of random generators, saved files."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from expert.adapters.keras import ExpertCallback
from tests.adapters.keras_framework import keras
from tests.adapters.keras_watch.setups import X, Y, compile_model, fit, network, plain, watched

OPTIMIZERS = {
    "adam": lambda: keras.optimizers.Adam(0.01, clipnorm=0.5),
    "momentum": lambda: keras.optimizers.SGD(0.05, momentum=0.9, weight_decay=0.01, use_ema=True),
    "accumulating": lambda: keras.optimizers.RMSprop(0.01, gradient_accumulation_steps=2),
    "scaling": lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.01), dynamic_growth_steps=3),
}


def trained(watch: bool, optimizer: Any, held_out: float = 0.25, **compiled: Any) -> tuple[Any, Any]:
    model = network(optimizer(), metrics=["accuracy"], **compiled)
    callbacks = [ExpertCallback(quiet=True)] if watch else []
    history = fit(model, *callbacks, epochs=3, validation_split=held_out)
    return model, history


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())
@pytest.mark.parametrize("eager", [False, True], ids=["graph", "eager"])
def test_weights_and_logs_are_equal_to_the_last_bit(optimizer: Any, eager: bool) -> None:
    bare, told = trained(False, optimizer, run_eagerly=eager)
    model, told_too = trained(True, optimizer, run_eagerly=eager)
    assert told.history == told_too.history
    for one, other in zip(bare.weights, model.weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy(), err_msg=one.path)
    for one, other in zip(bare.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy(), err_msg=one.path)


def test_compiled_by_xla_the_weights_differ_by_rounding_at_most() -> None:
    # Batches of one size, for each other one is compiled anew.
    bare, _ = trained(False, OPTIMIZERS["adam"], 1 / 3, jit_compile=True)
    model, _ = trained(True, OPTIMIZERS["adam"], 1 / 3, jit_compile=True)
    for one, other in zip(bare.weights, model.weights, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-4, atol=1e-5)


def test_random_generators_and_names_of_layers_are_as_without() -> None:
    def left_behind(*callbacks: Any) -> tuple[Any, ...]:
        model = plain()
        fit(model, *callbacks)
        import tensorflow as tf

        return random.random(), np.random.random(), float(tf.random.uniform(())), float(keras.random.uniform(()))

    assert left_behind() == left_behind(ExpertCallback(quiet=True))


def test_the_optimizer_and_the_model_carry_nothing_after_the_training() -> None:
    model = plain()
    fit(model)
    before, function = set(vars(model.optimizer)), model.train_function
    variables = [one.path for one in model.optimizer.variables]
    own = set(vars(model))
    watched(model)
    assert set(vars(model.optimizer)) == before
    assert set(vars(model)) == own
    assert model.train_function is function
    assert [one.path for one in model.optimizer.variables] == variables


def test_files_saved_during_the_training_are_those_of_one_that_is_not_watched(tmp_path: Path) -> None:
    def files(folder: str, *callbacks: Any) -> list[list[Any]]:
        model = plain()
        checkpoint = keras.callbacks.ModelCheckpoint(str(tmp_path / folder / "{epoch}.keras"))
        (tmp_path / folder).mkdir()
        fit(model, *callbacks, checkpoint)
        loaded = [keras.models.load_model(file) for file in sorted((tmp_path / folder).iterdir())]
        return [[one.numpy() for one in (*model.weights, *model.optimizer.variables)] for model in loaded]

    for bare, seen in zip(files("bare"), files("seen", ExpertCallback(quiet=True)), strict=True):
        assert len(bare) == len(seen)
        for one, other in zip(bare, seen, strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_step_compiled_before_is_used_again_after() -> None:
    model = plain()
    calls: list[int] = []
    call = model.layers[0].call

    def counted(inputs: Any, training: Any = None) -> Any:
        calls.append(1)
        return call(inputs)

    model.layers[0].__dict__["call"] = counted
    fit(model)
    traced = len(calls)
    watcher = ExpertCallback(quiet=True)
    fit(model, watcher)
    traced_again = len(calls) - traced
    fit(model, watcher)
    fit(model)
    assert traced_again <= traced
    assert len(calls) == traced + traced_again
    assert watcher.history().steps == 24


def test_logs_are_handed_on_unchanged() -> None:
    seen: list[dict[str, float]] = []

    class After(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seen.append(dict(logs))

    model = plain(metrics=["accuracy"])
    result = fit(model, ExpertCallback(quiet=True), After(), validation_data=(X, Y))
    assert [set(one) for one in seen] == [{"loss", "accuracy", "val_loss", "val_accuracy"}] * 2
    assert result.history["loss"] == [one["loss"] for one in seen]


def test_a_copy_of_the_callback_is_a_fresh_one() -> None:
    watcher = ExpertCallback(every=7, quiet=True)
    fit(plain(), watcher)
    other = copy.deepcopy(watcher)
    assert "no training" in repr(other)
    fit(plain(), other, epochs=1)
    assert other.history().steps == 6
    assert watcher.history().steps == 12


def test_frozen_layers_are_left_out() -> None:
    model = plain()
    model.get_layer("first").trainable = False
    compile_model(model)
    history = watched(model)
    table = history.layer("gradient_norm")
    assert table is not None
    assert table.layers == ("head",)
