from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from expert.adapters.tensorflow.looks import Looker
from tests.adapters.keras_framework import keras
from tests.adapters.tensorflow_watch.loops import TOKENS, Loop, dense, text


def loop(kind: str) -> Loop:
    keras.utils.set_random_seed(3)
    optimizers = keras.optimizers
    match kind:
        case "dense":
            return Loop()
        case "dense, told before the update":
            return Loop(after=False)
        case "dense, eager":
            return Loop(graph=False)
        case "text with a table and dropout":
            return Loop(text(), optimizers.Adam(1e-2), TOKENS)
        case "scaled losses":
            return Loop(optimizer=optimizers.LossScaleOptimizer(optimizers.Adam(1e-2)))
        case "a schedule and averages":
            return Loop(optimizer=optimizers.SGD(optimizers.schedules.CosineDecay(0.1, 16), momentum=0.9, use_ema=True))
        case _:
            return Loop(optimizer=optimizers.AdamW(1e-2, gradient_accumulation_steps=3, clipnorm=0.1))


KINDS = [
    "dense",
    "dense, told before the update",
    "dense, eager",
    "text with a table and dropout",
    "scaled losses",
    "a schedule and averages",
    "accumulation and clipping",
]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_weights_to_the_last_bit(kind: str) -> None:
    alone = loop(kind)
    expected = alone.train()
    drawn = keras.random.normal((3,)), tf.random.normal((3,)), np.random.rand()
    watched = loop(kind)
    with watched.watched() as run:
        found = watched.train(run=run)
    again = keras.random.normal((3,)), tf.random.normal((3,)), np.random.rand()
    assert all(np.array_equal(one, other) for one, other in zip(expected, found, strict=True))
    assert all(np.array_equal(one, other) for one, other in zip(drawn, again, strict=True))
    states = [[np.asarray(one) for one in each.optimizer.variables] for each in (alone, watched)]
    assert all(np.array_equal(one, other) for one, other in zip(*states, strict=True))
    assert not any("failed" in note for note in run.history().notes)
    assert run.history().get("gradient.norm") is not None


def test_the_compiled_step_is_traced_once() -> None:
    one = loop("dense")
    with one.watched() as run:
        one.train(run=run)
    assert one.compiled.experimental_get_tracing_count() == 1  # type: ignore[attr-defined]


def test_an_error_of_ours_does_not_break_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(Looker, "read", fail)
    one = loop("dense")
    with one.watched() as run:
        one.train(run=run)
    history = run.history()
    assert any("out of memory" in note for note in history.notes)
    assert len(history.get("train.loss").values) == 16


def test_whatever_is_handed_over_raises_nothing() -> None:
    one = Loop(dense())
    run = one.watched()
    strange: list[Any] = ["text", object(), [None], {"a": 1}, (1, 2, 3), [[1.0]], np.array(["x"])]
    for thing in strange:
        run.step(loss=thing, gradients=thing, batch=thing, gradient_norm=thing, accuracy=thing)
        run.epoch(val_loss=thing)
        run.validation(val_loss=thing)
    run.close()
    run.step(loss=1.0)
    assert run.history().notes
