"""Models of all shapes: what is seen of them, and what is said where little is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from expert import advise
from expert.adapters.keras import ExpertCallback
from tests.adapters.keras_framework import keras
from tests.adapters.keras_watch.setups import CLASSES, FEATURES, X, Y, compile_model, fit, plain, values, watched

layers = keras.layers


class Subclassed(keras.Model):  # type: ignore[misc]
    """A model whose layers have no weights before the first batch."""

    def __init__(self) -> None:
        super().__init__(name="subclassed")
        self.hidden = layers.Dense(8, "relu", name="hidden")
        self.head = layers.Dense(CLASSES, name="head")

    def call(self, inputs: Any) -> Any:
        return self.head(self.hidden(inputs))


def layers_of(history: Any, quantity: str = "gradient_norm") -> tuple[str, ...]:
    table = history.layer(quantity)
    assert table is not None
    return tuple(table.layers)


@pytest.mark.parametrize("jit", [False, True])
def test_a_model_without_weights_before_the_first_batch(jit: bool) -> None:
    history = watched(compile_model(Subclassed(), jit_compile=jit))
    assert layers_of(history) == ("hidden", "head")
    # the first ten steps are looked at in any case, what follows as the time allows
    assert values(history, "gradient.norm")[0][:10] == list(range(1, 11))


def test_a_sequential_model_without_an_input() -> None:
    model = compile_model(keras.Sequential([layers.Dense(8, name="first"), layers.Dense(CLASSES, name="head")]))
    history = watched(model)
    assert layers_of(history) == ("first", "head")


def test_several_outputs_with_their_losses() -> None:
    inputs = layers.Input((FEATURES,))
    hidden = layers.Dense(8, "relu", name="shared")(inputs)
    model = keras.Model(
        inputs, {"kind": layers.Dense(CLASSES, name="kind")(hidden), "size": layers.Dense(1, name="size")(hidden)}
    )
    losses = {"kind": keras.losses.SparseCategoricalCrossentropy(from_logits=True), "size": "mse"}
    compile_model(model, loss=losses)
    targets = {"kind": Y, "size": X[:, :1]}
    history = watched(model, y=targets, validation_data=(X, targets))
    assert layers_of(history) == ("shared", "kind", "size")
    assert {"train.loss", "val.loss"} <= set(history.roles)
    assert values(history, "train.loss")[0] == list(range(1, 13))


def test_weights_of_classes_and_of_samples() -> None:
    for extra in ({"class_weight": {0: 3.0, 1: 1.0, 2: 1.0, 3: 1.0}}, {"sample_weight": np.linspace(0.1, 2, len(X))}):
        history = watched(plain(), **extra)
        means = next(one for one in history.series if one.role == "train.loss" and one.clock == "epoch")
        _, losses = values(history, "train.loss")
        assert np.mean(losses[:6]) == pytest.approx(means.values[0], rel=1e-5)


def test_layers_stand_in_forward_order_with_names_to_read() -> None:
    inputs = layers.Input((10, 3))
    inner = keras.Sequential([layers.Conv1D(4, 3, name="conv"), layers.BatchNormalization()], name="inner")
    hidden = layers.LSTM(5, name="lstm")(inner(inputs))
    attended = layers.Dense(5, name="mixer")(hidden)
    model = compile_model(keras.Model(inputs, layers.Dense(CLASSES, name="head")(attended)))
    x = np.random.default_rng(0).standard_normal((64, 10, 3)).astype("float32")
    history = watched(model, x=x, y=Y[:64])
    assert layers_of(history) == (
        "inner/conv",
        "lstm/lstm_cell/kernel",
        "lstm/lstm_cell/recurrent_kernel",
        "mixer",
        "head",
    )


def test_the_weights_of_attention_and_not_its_biases() -> None:
    inputs = layers.Input((6, 4))
    attended = layers.MultiHeadAttention(2, 4, name="attention")(inputs, inputs)
    model = compile_model(keras.Model(inputs, layers.Dense(CLASSES, name="head")(layers.Flatten()(attended))))
    history = watched(model, x=np.random.default_rng(0).standard_normal((64, 6, 4)), y=Y[:64])
    parts = ["query", "key", "value", "attention_output"]
    assert layers_of(history) == (*(f"attention/{part}" for part in parts), "head")


def test_half_precision() -> None:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = plain()
    finally:
        keras.config.set_dtype_policy(before)
    history = watched(model)
    assert type(model.optimizer).__name__ == "LossScaleOptimizer"
    assert history.config.precision == "float16"
    assert set(values(history, "scaler.scale")[1]) == {32768.0}
    assert max(values(history, "gradient.norm")[1]) < 100


class Adversaries(keras.Model):  # type: ignore[misc]
    """Two networks, each with an optimizer of its own, in a step of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.maker = keras.Sequential([layers.Input((4,)), layers.Dense(FEATURES, name="maker")], name="making")
        self.judge = keras.Sequential([layers.Input((FEATURES,)), layers.Dense(1, name="judge")], name="judging")

    def compile(self, maker: Any, judge: Any) -> None:
        super().compile(jit_compile=False)
        self.maker_optimizer, self.judge_optimizer = maker, judge

    def train_step(self, data: Any) -> dict[str, Any]:
        import tensorflow as tf

        real = data[0] if isinstance(data, tuple) else data
        noise = tf.random.normal((tf.shape(real)[0], 4), seed=1)
        with tf.GradientTape() as tape:
            judged = tf.reduce_mean(self.judge(self.maker(noise))) - tf.reduce_mean(self.judge(real))
        weights = self.judge.trainable_weights
        self.judge_optimizer.apply_gradients(zip(tape.gradient(judged, weights), weights, strict=True))
        with tf.GradientTape() as tape:
            made = -tf.reduce_mean(self.judge(self.maker(noise)))
        weights = self.maker.trainable_weights
        self.maker_optimizer.apply_gradients(zip(tape.gradient(made, weights), weights, strict=True))
        return {"d_loss": judged, "g_loss": made}


def test_two_optimizers_in_a_step_of_the_users_own() -> None:
    model = Adversaries()
    model.compile(keras.optimizers.SGD(0.01), keras.optimizers.SGD(0.02))
    history = watched(model)
    rates = {one.labels: one.values[0] for one in history.series if one.role == "optimizer.learning_rate"}
    assert list(rates.values()) == pytest.approx([0.01, 0.02])
    assert sorted(layers_of(history)) == ["judging/judge", "making/maker"]
    assert not any("not looked at" in note for note in history.notes)


class ByHand(Subclassed):
    """A step that changes the weights without any optimizer."""

    def train_step(self, data: Any) -> dict[str, Any]:
        import tensorflow as tf

        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x, y, self(x, training=True))
        for weight, gradient in zip(self.trainable_weights, tape.gradient(loss, self.trainable_weights), strict=True):
            weight.assign_sub(0.1 * gradient)
        return {"loss": loss}


def test_a_step_that_uses_no_optimizer_is_watched_between_epochs() -> None:
    history = watched(compile_model(ByHand()), epochs=3)
    assert any("no step of Adam was seen in the first epoch" in note for note in history.notes)
    assert history.layer("gradient_norm") is None
    weights = history.layer("weight_norm")
    assert weights is not None
    assert weights.at.tolist() == [12, 18]
    moved = history.layer("epoch_update_ratio")
    assert moved is not None
    assert (moved.values > 0).all()
    # Its logs are those of single batches.
    assert values(history, "train.loss")[0] == list(range(1, 19))
    assert min(values(history, "train.loss")[1]) > 0


def test_a_distributed_training_is_watched_between_epochs() -> None:
    import tensorflow as tf

    with tf.distribute.MirroredStrategy(["/cpu:0"]).scope():
        model = plain(keras.optimizers.Adam(0.01))
    history = watched(model, epochs=3)
    assert any("the training is distributed" in note for note in history.notes)
    assert history.layer("weight_norm").at.tolist() == [6, 12, 18]  # type: ignore[union-attr]
    norms = history.layer("gradient_norm")
    assert norms is not None
    assert (norms.values > 0).all()
    assert values(history, "optimizer.learning_rate")[1] == pytest.approx([0.01] * 3)


def test_a_look_that_fails_is_a_note_and_the_training_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    from expert.adapters.keras import looks

    def broken(*_: Any) -> Any:
        raise RuntimeError("no such luck")

    monkeypatch.setattr(looks, "norms_of", broken)
    watcher = ExpertCallback(quiet=True)
    model, bare = plain(), plain()
    fit(bare)
    fit(model, watcher)
    for one, other in zip(bare.weights, model.weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())
    notes = watcher.history().notes
    assert any("no such luck" in note for note in notes)
    assert sum("no such luck" in note for note in notes) == 1
    assert values(watcher.history(), "train.loss")[0] == list(range(1, 13))


def test_advice_on_a_training_that_diverges_names_the_rate() -> None:
    watcher = ExpertCallback(quiet=True)
    fit(plain(keras.optimizers.SGD(300.0), loss="mse"), watcher, y=np.eye(CLASSES)[Y], epochs=8)
    advice = advise(watcher)
    assert advice.findings[0].severity in {"error", "fatal"}
    events = [event.kind for event in watcher.history().events]
    assert "nonfinite_loss" in events
