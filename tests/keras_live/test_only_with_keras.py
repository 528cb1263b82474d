"""What only Keras has: the split of the last rows, a softmax that is taken away again, options of ``fit``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from expert import Advice, advise
from expert.adapters.keras import ExpertCallback
from tests.keras_live.networks import keras
from tests.keras_live.training import draw
from tests.scenarios.judging import serious
from tests.scenarios.program import Program

SEEDS = [0, pytest.param(3, marks=pytest.mark.slow), pytest.param(4, marks=pytest.mark.slow)]
ROWS = Program(samples=1600, data="blobs", spread=1.0)
layers, optimizers = keras.layers, keras.optimizers
CLASSES = 4


def network(*outputs: Any) -> Any:
    hidden = [layers.Dense(32, "relu"), layers.Dense(32, "relu")]
    return keras.Sequential([keras.Input((10,)), *hidden, *(outputs or (layers.Dense(CLASSES),))])


def recurrent() -> Any:
    """The features one after the other, read by a gated recurrence."""
    read = [layers.Reshape((10, 1)), layers.GRU(24)]
    return keras.Sequential([keras.Input((10,)), *read, layers.Dense(CLASSES)])


def fitted(
    model: Any, seed: int, optimizer: Any = None, *, sort: bool = False, callbacks: Any = (), **fit: Any
) -> tuple[ExpertCallback, dict[str, list[float]], Any]:
    """The watcher of a training on arrays, the logs, and the arrays."""
    x, y = draw(ROWS, seed).train
    if sort:
        order = np.argsort(y, kind="stable")
        x, y = x[order], y[order]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer or optimizers.Adam(3e-3), loss, metrics=["accuracy"], jit_compile=False)
    watcher = ExpertCallback(quiet=True, probe=x[:128])
    arguments = {"epochs": 8, "batch_size": 32, "verbose": 0, "callbacks": [*callbacks, watcher]} | fit
    if "validation_split" not in arguments:
        arguments["validation_data"] = draw(ROWS, seed).validation
    logs = model.fit(x, y, **arguments).history
    assert not [note for note in watcher.history().notes if "failed" in note]
    return watcher, logs, (x, y)


@pytest.fixture(autouse=True)
def seeded(request: pytest.FixtureRequest) -> None:
    """Seeds for weights and order; none for TensorFlow, which would repeat one order of the arrays."""
    import tensorflow as tf

    keras.utils.set_random_seed(request.node.callspec.params["seed"])
    tf.random.set_seed(None)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_split_of_sorted_rows_is_named_and_mixing_them_first_helps(seed: int) -> None:
    # All of the last class: where some is left to train on, what the split costs depends on how easy that class is.
    watcher, sick, data = fitted(network(), seed, sort=True, validation_split=0.3)
    advice = advise(watcher, data=data)
    assert "DAT406" in [one.rule for one in advice.findings[:3]]
    assert next(one.remedy for one in advice.recommendations if one.kind == "change") == "FX112"
    _, cured, _ = fitted(network(), seed, validation_split=0.3)
    assert cured["val_accuracy"][-1] > sick["val_accuracy"][-1] + 0.05


def mended(build: Callable[[], Any], seed: int) -> tuple[Advice, float]:
    watcher, logs, _ = fitted(build(), seed)
    return advise(watcher), logs["loss"][-1]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_softmax_before_a_loss_of_logits_is_named_where_it_acts(seed: int) -> None:
    advice, sick = mended(lambda: network(layers.Dense(CLASSES, "softmax"), layers.Reshape((CLASSES,))), seed)
    assert advice.findings[0].rule == "MOD101"
    assert advice.recommendations[0].remedy == "FX501"
    assert mended(network, seed)[1] < sick - 0.1


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_a_function_that_keras_takes_away_again_is_no_fault(activation: str, seed: int) -> None:
    with pytest.warns(UserWarning, match="from_logits=True"):
        advice, _ = mended(lambda: network(layers.Dense(CLASSES, activation)), seed)
    assert serious(advice) == []


def with_policy(name: str, build: Callable[[], Any]) -> Any:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        return build()
    finally:
        keras.config.set_dtype_policy(before)


SOUND: dict[str, Callable[[], tuple[Any, Any, dict[str, Any]]]] = {
    "rmsprop": lambda: (network(), optimizers.RMSprop(1e-3), {}),
    "nadam with clipping": lambda: (network(), optimizers.Nadam(1e-3, clipnorm=1.0), {}),
    "cosine decay": lambda: (network(), optimizers.SGD(optimizers.schedules.CosineDecay(0.1, 400), 0.9), {}),
    "a rate that is lowered": lambda: (
        network(), None, {"callbacks": [keras.callbacks.ReduceLROnPlateau(patience=3)]},
    ),
    "weights of classes": lambda: (network(), None, {"class_weight": dict.fromkeys(range(CLASSES), 1.0)}),
    "float16": lambda: (with_policy("mixed_float16", network), None, {}),
    "accumulation": lambda: (network(), optimizers.Adam(3e-3, gradient_accumulation_steps=2), {}),
    "averages": lambda: (network(), optimizers.Adam(3e-3, use_ema=True), {}),
    "gated recurrence": lambda: (recurrent(), optimizers.Adam(1e-2), {}),
    "split": lambda: (network(), None, {"validation_split": 0.2}),
}  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("made", SOUND.values(), ids=SOUND.keys())
def test_sound_options_are_met_with_silence(made: Callable[[], tuple[Any, Any, dict[str, Any]]], seed: int) -> None:
    model, optimizer, fit = made()
    watcher, _, data = fitted(model, seed, optimizer, **fit)
    assert serious(advise(watcher)) == []
    assert serious(advise(watcher, data=data)) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_decay_over_too_few_steps_is_named_and_one_over_all_of_them_helps(seed: int) -> None:
    def decaying(steps: int) -> tuple[ExpertCallback, float]:
        decay = optimizers.schedules.CosineDecay(0.01, steps)
        watcher, logs, _ = fitted(network(), seed, optimizers.SGD(decay))
        return watcher, logs["loss"][-1]

    watcher, sick = decaying(100)
    advice = advise(watcher)
    assert advice.findings[0].rule == "OPT201"
    assert advice.recommendations[0].remedy == "FX309"
    assert decaying(400)[1] < sick - 0.1


@pytest.mark.parametrize("seed", SEEDS)
def test_dropout_that_is_never_off_is_named(seed: int) -> None:
    inputs = keras.Input((10,))
    noisy = layers.Dropout(0.5, name="noisy")(layers.Dense(32, "relu")(inputs), training=True)
    watcher, _, _ = fitted(keras.Model(inputs, layers.Dense(CLASSES)(noisy)), seed)
    assert watcher.history().config.evaluation_mode_in_validation is False
    assert any("training=True" in note and "noisy" in note for note in watcher.history().notes)
    assert advise(watcher).is_found("RUN102")
