"""The numbers out of the compiled step are those of gradients and weights taken outside of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from expert.adapters.keras import ExpertCallback
from tests.adapters.keras_framework import keras
from tests.adapters.keras_watch.setups import (
    CLASSES,
    FEATURES,
    Reference,
    X,
    Y,
    compile_model,
    plain,
    row,
    values,
    watched,
)

OPTIMIZERS = keras.optimizers


def total(arrays: Any) -> float:
    return math.sqrt(sum(float(np.sum(np.square(one, dtype=np.float64))) for one in arrays))


@pytest.mark.parametrize("compiled", [{}, {"run_eagerly": True}, {"jit_compile": True}], ids=["graph", "eager", "jit"])
def test_norms_updates_and_directions_are_those_of_the_steps(compiled: Any) -> None:
    reference = Reference()
    history = watched(plain(OPTIMIZERS.SGD(0.1, momentum=0.9), **compiled), reference, shuffle=False)
    steps, norms = values(history, "gradient.norm")
    assert steps[:10] == list(range(1, 11))
    for step, norm in zip(steps, norms, strict=True):
        gradients = reference.gradients[int(step) - 1]
        assert norm == pytest.approx(total(gradients), rel=1e-4)
        first = row(history, "gradient_norm", int(step))
        assert first == pytest.approx({"first": total(gradients[:1]), "head": total(gradients[2:3])}, rel=1e-4)
        means = row(history, "gradient_mean_abs", int(step))
        assert means["first"] == pytest.approx(float(np.abs(gradients[0]).mean()), rel=1e-4)
        before, after = reference.weights[int(step) - 1], reference.weights[int(step)]
        assert row(history, "weight_norm", int(step))["head"] == pytest.approx(total(before[2:3]), rel=1e-5)
        moved = row(history, "update_ratio", int(step))["first"]
        assert moved == pytest.approx(total([after[0] - before[0]]) / total(before[:1]), rel=1e-3)
    at, cosines = values(history, "gradient.cosine")
    assert at[0] == 2
    one, two = (np.concatenate([reference.gradients[i][j].ravel() for j in (0, 2)]) for i in (0, 1))
    assert cosines[0] == pytest.approx(float(one @ two) / (total([one]) * total([two])), abs=1e-4)


def test_the_loss_of_each_batch_is_worked_out_of_the_running_mean() -> None:
    reference = Reference(count=170)
    history = watched(plain(), reference, x=X[:170], y=Y[:170], shuffle=False, epochs=2)
    at, losses = values(history, "train.loss")
    assert at == list(range(1, 13))
    assert losses == pytest.approx(reference.losses, rel=1e-4)
    series = history.get("train.loss")
    assert series is not None
    assert series.reduction == "last_batch"
    assert history.config.batch_size == 32
    means = next(one for one in history.series if one.role == "train.loss" and one.clock == "epoch")
    assert means.reduction == "epoch_mean"


@pytest.mark.parametrize(
    ("setting", "after"),
    [
        ({"clipnorm": 0.05}, lambda gradients: total([g * min(1.0, 0.05 / total([g])) for g in gradients])),
        ({"global_clipnorm": 0.05}, lambda gradients: min(0.05, total(gradients))),
        ({"clipvalue": 0.01}, lambda gradients: total([np.clip(g, -0.01, 0.01) for g in gradients])),
    ],
)
def test_norms_before_and_after_clipping(setting: dict[str, float], after: Any) -> None:
    reference = Reference()
    history = watched(plain(OPTIMIZERS.SGD(0.1, **setting)), reference, shuffle=False)
    for role, expected in (("gradient.norm", total), ("gradient.norm_after_clipping", after)):
        steps, norms = values(history, role)
        assert norms == pytest.approx([expected(reference.gradients[int(step) - 1]) for step in steps], rel=1e-4)
    assert set(values(history, "gradient.clipped")[1]) == {1.0}
    if "clipvalue" in setting:
        at_bound = np.concatenate([np.abs(g).ravel() >= 0.01 for g in reference.gradients[0]])
        assert values(history, "gradient.at_bound_share")[1][0] == pytest.approx(at_bound.mean())


def test_the_rate_of_a_schedule_is_that_of_the_step() -> None:
    schedule = OPTIMIZERS.schedules.ExponentialDecay(0.1, 1, 0.5)
    history = watched(plain(OPTIMIZERS.SGD(schedule)))
    steps, rates = values(history, "optimizer.learning_rate")
    assert rates == pytest.approx([0.1 * 0.5 ** (step - 1) for step in steps], rel=1e-4)


def test_the_rate_at_the_end_of_an_epoch_is_known_though_no_step_there_is_looked_at() -> None:
    schedule = OPTIMIZERS.schedules.PiecewiseConstantDecay([17, 23], [0.1, 0.01, 0.0])
    watcher = ExpertCallback(every=1000, quiet=True)
    steps, rates = values(
        watched(plain(OPTIMIZERS.SGD(schedule)), watcher=watcher, epochs=5), "optimizer.learning_rate"
    )
    assert steps == [*range(1, 11), 12, 18, 24, 30]
    assert rates == pytest.approx([0.1] * 12 + [0.01, 0.0])


def test_the_rate_of_an_epoch_is_not_the_one_that_a_callback_sets_after_it() -> None:
    lowering = keras.callbacks.ReduceLROnPlateau("loss", factor=0.1, patience=1, min_delta=1e9)
    history = watched(plain(OPTIMIZERS.SGD(0.1)), lowering, epochs=3)
    steps, rates = values(history, "optimizer.learning_rate")
    assert rates == pytest.approx([0.1 if step <= 12 else 0.01 for step in steps])


def test_a_rate_that_a_callback_changes() -> None:
    def rate(epoch: int) -> float:
        return 0.1 / (epoch + 1)

    history = watched(plain(OPTIMIZERS.SGD(0.5)), keras.callbacks.LearningRateScheduler(rate), epochs=2)
    steps, rates = values(history, "optimizer.learning_rate")
    assert rates == pytest.approx([0.1 if step <= 6 else 0.05 for step in steps])


@pytest.mark.parametrize("eager", [False, True])
def test_accumulated_gradients_are_looked_at_where_they_are_applied(eager: bool) -> None:
    optimizer = OPTIMIZERS.SGD(0.1, gradient_accumulation_steps=3)
    reference = Reference()
    model = plain(optimizer, run_eagerly=eager)
    optimizer.build(model.trainable_variables)
    history = watched(model, reference, shuffle=False)
    steps, norms = values(history, "gradient.norm")
    assert steps == [3, 6, 9, 12]
    for step, norm in zip(steps, norms, strict=True):
        three = reference.gradients[int(step) - 3 : int(step)]
        assert norm == pytest.approx(total([sum(one) / 3 for one in zip(*three, strict=True)]), rel=1e-4)
    assert row(history, "update_ratio", 3)["first"] > 0


def test_accumulation_by_an_optimizer_that_is_not_built_yet() -> None:
    history = watched(plain(OPTIMIZERS.SGD(0.1, gradient_accumulation_steps=3)), epochs=3)
    assert set(values(history, "gradient.norm")[0]) <= {3, 6, 9, 12, 15, 18}
    assert len(values(history, "gradient.norm")[0]) >= 5


def test_a_scaled_loss_is_told_apart_from_large_gradients() -> None:
    reference = Reference()
    scaled = OPTIMIZERS.LossScaleOptimizer(OPTIMIZERS.SGD(0.1), initial_scale=1024.0, dynamic_growth_steps=4)
    history = watched(plain(scaled), reference, shuffle=False)
    steps, norms = values(history, "gradient.norm")
    assert norms == pytest.approx([total(reference.gradients[int(step) - 1]) for step in steps], rel=1e-3)
    _, scales = values(history, "scaler.scale")
    assert scales[:6] == [1024.0] * 4 + [2048.0] * 2
    assert set(values(history, "scaler.skipped")[1]) == {0.0}


def test_steps_that_a_loss_scale_skips() -> None:
    def large(labels: Any, outputs: Any) -> Any:
        return 1e3 * keras.losses.sparse_categorical_crossentropy(labels, outputs, from_logits=True)

    scaled = OPTIMIZERS.LossScaleOptimizer(OPTIMIZERS.SGD(1e-4), initial_scale=2.0**125)
    history = watched(plain(scaled, loss=large))
    _, skipped = values(history, "scaler.skipped")
    assert skipped[0] == 1.0
    assert skipped[-1] == 0.0
    assert all(map(math.isfinite, values(history, "gradient.norm")[1]))
    assert next(event.at for event in history.events if event.kind == "skipped_step") == 1
    assert not [event for event in history.events if event.kind == "nonfinite_gradient"]


def test_a_fixed_scale_of_the_loss() -> None:
    reference = Reference()
    history = watched(plain(OPTIMIZERS.SGD(0.1, loss_scale_factor=256.0)), reference, shuffle=False)
    assert values(history, "gradient.norm")[1][0] == pytest.approx(total(reference.gradients[0]), rel=1e-4)


@pytest.mark.parametrize("jit", [False, True])
def test_sparse_gradients_of_rows_that_occur_more_than_once(jit: bool) -> None:
    layers = keras.layers
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            layers.Input((5,)),
            layers.Embedding(50, 6, name="table"),
            layers.GlobalAveragePooling1D(),
            layers.Dense(CLASSES, name="head"),
        ]
    )
    compile_model(model, OPTIMIZERS.SGD(0.1), jit_compile=jit)
    x = np.random.default_rng(0).integers(0, 8, (96, 5))
    seen: list[float] = []

    class Dense(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            import tensorflow as tf

            with tf.GradientTape() as tape:
                table = tf.convert_to_tensor(model.layers[0].embeddings.value)
                tape.watch(table)
                chosen = slice(32 * batch, 32 * batch + 32)
                pooled = tf.reduce_mean(tf.matmul(tf.one_hot(x[chosen], 50), table), axis=1)
                loss = model.loss(Y[chosen], model.layers[2](pooled))
            seen.append(float(tf.norm(tape.gradient(loss, table))))

    history = watched(model, Dense(), x=x, y=Y[:96], epochs=1, shuffle=False)
    table = [row(history, "gradient_norm", step)["table"] for step in (1, 2, 3)]
    assert table == pytest.approx(seen, rel=1e-4)
    ratios = history.layer("update_ratio")
    assert ratios is not None
    assert ratios.layers == ("head",)


def test_the_norm_of_a_large_table_is_taken_from_a_sample_of_all_its_columns() -> None:
    layers = keras.layers
    table = layers.Embedding(2**17, 16, name="table")
    model = keras.Sequential([layers.Input((5,)), table, layers.GlobalAveragePooling1D(), layers.Dense(CLASSES)])
    columns = np.arange(16)
    table.embeddings.assign(np.random.default_rng(0).standard_normal((2**17, 16)) * columns)
    x = np.random.default_rng(0).integers(0, 2**17, (96, 5))
    history = watched(compile_model(model, OPTIMIZERS.SGD(0.1)), x=x, y=Y[:96], epochs=1)
    exact = math.sqrt(2**17 * float(columns @ columns))
    assert row(history, "weight_norm", 3)["table"] == pytest.approx(exact, rel=0.05)


def test_several_steps_in_one_execution() -> None:
    history = watched(plain(steps_per_execution=3), epochs=2)
    assert values(history, "gradient.norm")[0][:10] == list(range(1, 11))
    at, losses = values(history, "train.loss")
    assert at == [3, 6, 9, 12]
    series = history.get("train.loss")
    assert series is not None
    assert series.reduction == "interval_mean"
    means = next(one for one in history.series if one.role == "train.loss" and one.clock == "epoch")
    assert sum(losses[:2]) / 2 == pytest.approx(means.values[0], rel=1e-5)


def test_batches_of_changing_size_have_no_losses_of_their_own() -> None:
    import tensorflow as tf

    def batches() -> Any:
        for size in (8, 16, 24, 32):
            yield X[:size], Y[:size]

    shapes = tf.TensorSpec((None, FEATURES)), tf.TensorSpec((None,), tf.int64)
    data = tf.data.Dataset.from_generator(batches, output_signature=shapes)
    history = watched(plain(), x=data, y=None, batch_size=None)
    assert history.get("train.loss").clock == "epoch"  # type: ignore[union-attr]
    assert any("not of one known size" in note for note in history.notes)
    assert history.config.batch_size is None


def test_a_data_set_of_equal_batches_tells_their_losses() -> None:
    import tensorflow as tf

    reference = Reference()
    data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(32)
    history = watched(plain(), reference, x=data, y=None, batch_size=None)
    assert values(history, "train.loss")[1] == pytest.approx(reference.losses, rel=1e-4)


def test_a_fixed_stride() -> None:
    history = watched(plain(), watcher=ExpertCallback(every=20, quiet=True), epochs=10)
    assert values(history, "gradient.norm")[0] == [*range(1, 11), 30, 31, 51, 52]
